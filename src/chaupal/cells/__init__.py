"""Several installations as one: the cells, how they call each other, and how the API root knows them."""
