"""Media: files that are uploaded or fetched, kept once per tenant, and given out by signed links."""
