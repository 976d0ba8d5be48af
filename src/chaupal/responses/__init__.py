"""Answers to actions, and their counts. Source: contract, section 8 (responses)."""
