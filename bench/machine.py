"""Names the machine and the versions a result was measured with, because a figure without them means nothing
elsewhere.
"""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

LIBRARIES = ("chaupal", "starlette", "msgspec", "uvicorn", "uvloop", "httptools", "apsw", "psycopg", "sqlalchemy")


def describe_machine(data_folder: Path) -> dict[str, str]:
    import apsw

    memory_gb = psutil.virtual_memory().total / 1e9
    described = {
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{memory_gb:.0f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "file system": _file_system(data_folder),
        "load before": ", ".join(f"{average:.2f}" for average in os.getloadavg()),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": apsw.sqlite_lib_version(),
    }
    for library in LIBRARIES:
        try:
            described[library] = version(library)
        except PackageNotFoundError:
            continue
    return described


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown CPU"
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown CPU"


def _file_system(folder: Path) -> str:
    """In memory an fsync costs nothing, so a result must say where its data lay."""
    mounts = [mount for mount in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(mount.mountpoint)]
    if not mounts:
        return "unknown"
    return max(mounts, key=lambda mount: len(mount.mountpoint)).fstype
