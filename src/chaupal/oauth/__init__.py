"""OAuth 2.0: people sign in on a page of this server and let a connector act for them. Source: contract, section 4."""
