"""The OpenAPI document: what it says of each call, built from the routes, their shapes and the tree of errors.

The server does not import this room; it serves `openapi.json`, which tools/write_docs.py writes with it.
"""
