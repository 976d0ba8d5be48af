"""PINs, refresh tokens and access tokens: how a client gets in, and how it is put out. Source: contract, section 4."""
