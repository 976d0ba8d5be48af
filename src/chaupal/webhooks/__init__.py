"""Webhooks: programs that are called when something happens. Source: contract, section 11."""
