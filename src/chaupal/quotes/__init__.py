"""Quoted replies: a message or action that answers an earlier one, and what readers are shown of that. Contract, 8."""
