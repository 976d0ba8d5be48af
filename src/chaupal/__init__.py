"""Chaupal: groups, messages and webhooks for organisations, over the Kaizala API."""

__version__ = "0.1.0"
