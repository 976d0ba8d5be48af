"""Commands for people and programs that use a server somewhere: they call its API, and open no installation.

They are made of `chaupal_client`, which is imported only where a call is made.
"""
