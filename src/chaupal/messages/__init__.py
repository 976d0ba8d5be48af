"""Text messages: sending, reading back, editing, retracting. Source: contract, section 6."""
