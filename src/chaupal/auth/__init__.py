"""Who calls and what they may: signing keys and tokens, the permission table, access checks, the limiter."""
