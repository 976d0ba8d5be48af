"""Makes the virtual environment `.venv` from a lock file, or finds in a moment that it is already made.

Usage: `tools/with-python tools/environment.py runtime|development`. Uses the standard library only, because nothing is
installed yet. The packages are exactly those of the lock file, each checked against its hash; the project itself and
its client are installed editable. A stamp inside `.venv` remembers what was installed, so a second run only compares.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = PROJECT / ".venv"
LOCK_FILES = {"runtime": "requirements.lock", "development": "requirements-dev.lock"}
# The development environment holds everything that the runtime one does.
SATISFIED_BY = {"runtime": ("runtime", "development"), "development": ("development",)}

# What is installed from this checkout, from its folder; the server's commands for people are made of the client.
EDITABLE = {PROJECT / "sdk": "chaupal_client", PROJECT: "chaupal"}


def main() -> None:
    if sys.argv[1:] not in (["runtime"], ["development"]):
        sys.exit("usage: tools/environment.py runtime|development")
    kind = sys.argv[1]
    if is_made(kind):
        return
    with sole_maker():
        if not is_made(kind):
            make(kind)


def is_made(kind: str) -> bool:
    if not interpreter().exists():
        return False
    return any(read_stamp(other) == expected_stamp(other) for other in SATISFIED_BY[kind])


def interpreter() -> Path:
    folder = "Scripts" if os.name == "nt" else "bin"
    return ENVIRONMENT / folder / ("python.exe" if os.name == "nt" else "python")


def stamp_path(kind: str) -> Path:
    return ENVIRONMENT / f"chaupal-{kind}.stamp"


def read_stamp(kind: str) -> str:
    try:
        return stamp_path(kind).read_text()
    except FileNotFoundError:
        return ""


def expected_stamp(kind: str) -> str:
    """The place counts too: scripts in an environment name its path, so a copied or moved checkout is made anew."""
    digest = hashlib.sha256(str(PROJECT).encode())
    digest.update((PROJECT / LOCK_FILES[kind]).read_bytes())
    for folder, package in EDITABLE.items():
        digest.update((folder / "src" / package / "__init__.py").read_bytes())
        settings = tomllib.loads((folder / "pyproject.toml").read_text())
        digest.update(json.dumps([settings["build-system"], settings["project"]]).encode())
    return digest.hexdigest()


@contextlib.contextmanager
def sole_maker() -> Iterator[None]:
    """Holds a lock that the system lets go of with the process, for `make serve` beside `make test` in a new clone."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (PROJECT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(kind: str) -> None:
    if not environment_works():
        print(f"Making {ENVIRONMENT.name} with Python {sys.version.split()[0]} ...", flush=True)
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        venv.create(ENVIRONMENT, with_pip=True, symlinks=os.name != "nt")
    print(f"Installing what {LOCK_FILES[kind]} lists (once; later runs skip this) ...", flush=True)
    pip("install", "--require-hashes", "--requirement", str(PROJECT / LOCK_FILES[kind]))
    editable = [word for folder in EDITABLE for word in ("--editable", str(folder))]
    pip("install", "--no-deps", "--no-build-isolation", *editable)
    compile_own_code()
    stamp_path(kind).write_text(expected_stamp(kind))


def compile_own_code() -> None:
    """pip compiles what it installs, but not what it installs editable; and where Python is told to keep no bytecode
    (PYTHONDONTWRITEBYTECODE, as many container images do), every start would compile anew, a third of its time."""
    subprocess.run([interpreter(), "-m", "compileall", "-q", "src", "sdk/src"], cwd=PROJECT, check=False)


def environment_works() -> bool:
    """False as well when the Python that it was made from is gone, when it is too old, or when it was moved."""
    probe = "import pip, sys; print(sys.prefix); sys.exit(sys.version_info < (3, 11))"
    try:
        answer = subprocess.run([interpreter(), "-c", probe], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    pip_script = interpreter().with_name("pip")
    names_this_place = not pip_script.exists() or str(ENVIRONMENT) in pip_script.read_text(errors="replace")
    return names_this_place and Path(answer.stdout.strip()).resolve() == ENVIRONMENT.resolve()


def pip(*arguments: str) -> None:
    """Quiet but for errors; a failure ends the program with pip's own exit code."""
    quiet = ("--quiet", "--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    command = [str(interpreter()), "-m", "pip", arguments[0], *quiet, *arguments[1:]]
    answer = subprocess.run(command, cwd=PROJECT, check=False)
    if answer.returncode != 0:
        print(f"pip {' '.join(arguments)} failed (exit code {answer.returncode}).", file=sys.stderr)
        sys.exit(answer.returncode)


if __name__ == "__main__":
    main()
