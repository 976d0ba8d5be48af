"""Durable background work: queued in the transaction that wants it, claimed, finished, rescued after a crash."""
