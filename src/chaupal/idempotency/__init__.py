"""Answers that were given to an `Idempotency-Key`, so that a repeated call changes nothing and gets the same answer."""
