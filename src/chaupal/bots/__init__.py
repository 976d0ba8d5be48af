"""Bots: senders that are programs, made by people, with tokens of their own. Source: contract, section 10."""
