"""Groups below groups: linking, and what the hierarchy means for timelines and rights. Source: contract, section 5."""
