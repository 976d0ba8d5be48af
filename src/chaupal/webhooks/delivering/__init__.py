"""From the event log to the receivers: matching, claiming, sending, trying again."""
