"""OAuth 2.0: a person signs in on a page of this server and lets a connector act for them. Contract, section 4."""
