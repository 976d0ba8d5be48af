"""Taking one tenant, whole, from one installation to another."""
