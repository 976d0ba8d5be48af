"""How the Python client is written from the API's document; see `tools/write_sdk.py`."""
