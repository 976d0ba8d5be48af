"""The connectors of a tenant: an integration's id, secret, permissions and redirect URLs."""
