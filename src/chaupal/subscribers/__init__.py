"""The subscribers of public groups. Source: contract, section 5 (subscribers)."""
