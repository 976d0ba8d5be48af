"""One large upload, and what it is compared with: plain Python that writes, hashes and forces the same bytes to disk.

Each content is another, because the product keeps the same one once.
"""

import hashlib
import http.client
import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from bench.load import RunRefused
from bench.product import Product

PIECE_BYTES = 1_000_000
PIECE_COUNT = 100
UPLOAD_MB = PIECE_BYTES * PIECE_COUNT // 1_000_000

_TIMEOUT_S = 120
_HEAD = b"RIFF\x00\x00\x00\x00WAVEfmt "
_FILLING = random.Random(1).randbytes(PIECE_BYTES)
_numbers = itertools.count()


def make_pieces() -> Iterator[bytes]:
    """A sound of 100 MB that has not been made before, a piece at a time."""
    number = next(_numbers).to_bytes(8, "big")
    first = _HEAD + number
    yield first + _FILLING[len(first) :]
    for _ in range(PIECE_COUNT - 1):
        yield _FILLING


def write_plainly(folder: Path) -> float:
    """The seconds that it takes to have the file on disk, its place in the folder included."""
    pieces = make_pieces()
    waiting, path = folder / "upload.new", folder / "upload"
    started = time.perf_counter()
    digest = hashlib.sha256()
    with waiting.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(path)
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    taken_s = time.perf_counter() - started
    path.unlink()
    return taken_s


def upload(product: Product) -> float:
    """The seconds from the first byte sent to the answer. Raises RunRefused where that is no success."""
    headers = {
        "accessToken": product.access_token,
        "Content-Type": "audio/wav",
        "Content-Length": str(PIECE_BYTES * PIECE_COUNT),
    }
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=_TIMEOUT_S)
    try:
        pieces = make_pieces()
        started = time.perf_counter()
        connection.request("POST", "/v1/media", pieces, headers)
        answer = connection.getresponse()
        body = answer.read()
        taken_s = time.perf_counter() - started
    finally:
        connection.close()
    if answer.status != 200 or "mediaResource" not in json.loads(body):
        raise RunRefused(f"an upload was answered {answer.status}: {body[:500].decode(errors='replace')}")
    return taken_s
