"""The people of a tenant: their number, name, role in the tenant, and what others may see of them."""
