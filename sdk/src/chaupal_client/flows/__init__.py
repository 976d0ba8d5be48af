"""What takes more than one call, or is no JSON: written once, as flows. `tools/write_sdk.py` makes the methods of both
clients from them."""
