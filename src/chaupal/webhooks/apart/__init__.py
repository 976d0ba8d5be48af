"""Delivering in a process of its own, which sends and reads, and asks the server to write."""
