"""What each event says to those outside: webhooks, live streams and synchronisation send the same forms."""
