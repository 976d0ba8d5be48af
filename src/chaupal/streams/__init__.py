"""What has happened, for whoever asks: as a live stream, or a page at a time."""
