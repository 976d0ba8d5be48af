"""Groups: making, finding, renaming, deleting and leaving them. Source: contract, section 5."""
