"""The tenants of this installation."""
