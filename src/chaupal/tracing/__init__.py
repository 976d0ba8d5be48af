"""Traces by OpenTelemetry: of calls, of the store's batches, of deliveries and of what is called outside."""
