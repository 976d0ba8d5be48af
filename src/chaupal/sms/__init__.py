"""Sending short messages, which carry PINs: to the terminal, nowhere, or through a provider."""
