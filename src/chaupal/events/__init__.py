"""The event log: what can happen (catalogue), where it stands (tables), and reading it in order (log)."""
