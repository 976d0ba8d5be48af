"""wrk: from the PATH, from the cache, or fetched from the machine's own package source into the cache without being
installed.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.generator import OVERTIME_S, GeneratorMissing, LoadResult, RunRefused, Target, read_result

SCRIPT = Path(__file__).with_name("request.lua")
FETCH_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Wrk:
    name: str
    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, target: Target, *, connections: int, duration_s: float) -> LoadResult:
        command = [str(self.program), "-t1", f"-c{connections}", f"-d{max(1, round(duration_s))}s", "-s", str(SCRIPT)]
        command += [target.base_url, "--", target.method, target.path, target.body]
        command += [f"{name}: {value}" for name, value in target.headers.items()]
        finished = subprocess.run(
            command,
            check=False,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=duration_s + OVERTIME_S,
        )
        if finished.returncode != 0:
            raise RunRefused(f"wrk ended with {finished.returncode}: {finished.stderr[-2000:]}")
        return read_result(finished.stdout)


def open_wrk(cache: Path) -> Wrk:
    on_path = shutil.which("wrk")
    if on_path is not None:
        return _try_wrk(Path(on_path), {})
    folder = cache / "wrk"
    if not (folder / "usr/bin/wrk").exists():
        _fetch_wrk(folder)
    libraries = sorted({str(path.parent) for path in folder.rglob("libluajit*.so*")})
    return _try_wrk(folder / "usr/bin/wrk", {"LD_LIBRARY_PATH": ":".join(libraries)})


def _try_wrk(program: Path, environment: dict[str, str]) -> Wrk:
    # `wrk -v` prints its version and usage and ends with 1, so the text tells, not the code.
    printed = subprocess.run(
        [str(program), "-v"], check=False, env={**os.environ, **environment}, capture_output=True, text=True
    )
    version = re.match(r"wrk (\S+)", printed.stdout)
    if version is None:
        raise GeneratorMissing(f"{program} does not run: {printed.stderr.strip()[-300:]}")
    return Wrk(name=f"wrk {version[1]}", program=program, environment=environment)


def _fetch_wrk(folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise GeneratorMissing("wrk is not on the PATH, and without apt-get and dpkg it cannot be fetched")
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    try:
        _unpack(_download("wrk", packages), folder)
        _download_luajit(packages, folder)
    except (subprocess.SubprocessError, OSError, StopIteration) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise GeneratorMissing(f"wrk cannot be fetched: {error}") from error


def _download_luajit(packages: Path, folder: Path) -> None:
    """wrk's one dependency that a bare system lacks; its package has either of two names."""
    archive = next(packages.glob("wrk_*.deb"))
    depends = subprocess.run(
        ["dpkg-deb", "-f", str(archive), "Depends"], check=True, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S
    )
    for package in re.findall(r"libluajit[\w.-]*", depends.stdout):
        try:
            _unpack(_download(package, packages), folder)
            return
        except (subprocess.SubprocessError, StopIteration):
            continue


def _download(package: str, packages: Path) -> Path:
    subprocess.run(
        ["apt-get", "download", package], cwd=packages, check=True, capture_output=True, timeout=FETCH_TIMEOUT_S
    )
    return next(packages.glob(f"{package}_*.deb"))


def _unpack(archive: Path, folder: Path) -> None:
    subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True, capture_output=True, timeout=FETCH_TIMEOUT_S)
