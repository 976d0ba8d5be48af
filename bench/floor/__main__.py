"""Starts the floor: FLOOR_LISTEN=127.0.0.1:PORT FLOOR_DATABASE=none|sqlite:PATH|postgresql://... python -m
bench.floor
"""

from bench.floor.app import serve

serve()
