"""The files in deploy/, used: the unit looked at by systemd, the proxies run before real servers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.crash.posting import Place
from tests.crash.test_several_servers import Begin, begin, place_on
from tests.crash.test_streams_killed import Reader, cursor_of
from tests.installations import Installation, free_port, warm_commands
from tests.outbound.receivers import make_certificate

__all__ = ["begin", "warm_commands"]

DEPLOY = PROJECT / "deploy"
EXPOSURE_MAX = 2.0
"""Of 10, as `systemd-analyze security` counts; a unit without any protection has 9.6."""

nginx_program = os.environ.get("CHAUPAL_TEST_NGINX") or shutil.which("nginx")
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
needs_nginx = pytest.mark.skipif(not nginx_program, reason="there is no nginx here; CHAUPAL_TEST_NGINX may name one")


@needs_systemd
class TestUnit:
    @pytest.fixture
    def unit(self, tmp_path: Path) -> Path:
        """The unit, with the program where it lies here."""
        text = (DEPLOY / "chaupal.service").read_text()
        program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE)
        assert program is not None
        copy = tmp_path / "chaupal.service"
        copy.write_text(text.replace(program[1], str(Path(sys.executable).with_name("chaupal"))))
        return copy

    def test_systemd_understands_every_line(self, unit: Path) -> None:
        done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "chaupal" in line]
        assert (done.returncode, ours) == (0, [])

    def test_little_of_the_machine_is_exposed(self, unit: Path) -> None:
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        assert found is not None, done.stdout
        assert float(found[1]) <= EXPOSURE_MAX


@contextmanager
def running(command: list[str], is_ready: Callable[[], bool], **options: object) -> Iterator[None]:
    """A proxy, from when it answers until the block ends."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    said: list[str] = []
    assert process.stderr is not None
    reading = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
    reading.start()
    try:
        give_up_at = time.monotonic() + 60
        while not is_ready():
            assert process.poll() is None, "".join(said)
            assert time.monotonic() < give_up_at, "".join(said)
        yield
    finally:
        process.terminate()
        process.wait(30)
        reading.join(30)
        process.stderr.close()


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own http://
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


@contextmanager
def caddy_before(servers: list[Installation], folder: Path) -> Iterator[int]:
    """The port of Caddy with our file: plain HTTP here, since nobody gives certificates to this machine."""
    port = free_port()
    environment = {
        "CHAUPAL_SITE": f"http://127.0.0.1:{port}",
        "CHAUPAL_SERVERS": " ".join(f"127.0.0.1:{server.port}" for server in servers),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
    }
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile").read_text())
    program = str(Path(sys.executable).with_name("caddy"))
    with running(
        [program, "run", "--config", str(config), "--adapter", "caddyfile"],
        lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200,
        env=environment,
    ):
        yield port


def nginx_with(site: str, folder: Path, *options: str) -> list[str]:
    """The command of an nginx that writes nowhere but into the folder."""
    assert nginx_program
    temporary = "\n".join(
        f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"pid {folder}/nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )
    return [nginx_program, "-c", str(config), "-p", str(folder), *options]


@contextmanager
def nginx_before(servers: list[Installation], folder: Path) -> Iterator[int]:
    """The port of nginx with our file, on plain HTTP and the servers that there are."""
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", site)
    site = re.sub(r"\n\s*ssl_\S+\s+\S+;", "", site)
    named = "\n".join(f"server 127.0.0.1:{server.port} max_fails=1 fail_timeout=2s;" for server in servers)
    site, count = re.subn(r"server 127\.0\.0\.1:8080 [^;]*;", named, site)
    assert count == 1
    with running(
        nginx_with(site, folder, "-g", "daemon off; master_process off;"),
        lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200,
    ):
        yield port


class Behind:
    """What holds behind either proxy."""

    @staticmethod
    def check(servers: list[Installation], place: Place, port: int) -> None:
        root = f"http://127.0.0.1:{port}"
        front = Installation(servers[0].run, servers[0].warm, servers[0].data, servers[0].cwd, port)
        proxied = Place(front, place.token, place.group_id)
        for inside in ("metrics", "readyz"):
            spellings = (inside, f"{inside}/", f"/{inside}", f"x/../{inside}", f"%{ord(inside[0]):x}{inside[1:]}")
            for spelling in (*spellings, inside.upper(), f"{inside}?x", f"v1/{inside}"):
                assert status_of(f"{root}/{spelling}") in (401, 404), spelling
        assert proxied.post("through the proxy")[0] == 200
        # Old clients append /v1/... to an address that ends in a slash.
        assert front.call("GET", f"/{proxied.path}?count=5", place.headers)[0] == 200
        assert front.call("POST", "/v1/media", place.headers | {"Content-Type": "application/pdf"}, None)[0] == 400
        large = b"%PDF-1.4\n" + bytes(5_000_000)
        request = urllib.request.Request(  # noqa: S310 - our own http://
            f"{root}/v1/media", large, place.headers | {"Content-Type": "application/pdf"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own http://
            assert answer.status == 200
        reader = Reader(proxied, place.token, cursor_of(servers[0], place.token), 1, (port,))
        reader.start()
        assert proxied.post("seen as it happens")[0] == 200
        reader.wait_for("seen as it happens")
        servers[1].kill()
        for number in range(20):
            status, answer_body = proxied.post(f"after the kill {number}")
            assert status in (200, 502, 503), answer_body
        assert proxied.post("the other goes on")[0] == 200
        reader.wait_for("the other goes on")
        reader.stop()


class TestCaddy:
    def test_calls_streams_and_large_bodies_pass_and_a_dead_server_is_left_out(
        self, begin: Begin, tmp_path: Path
    ) -> None:
        servers = [begin(CHAUPAL_TRUSTED_PROXIES="127.0.0.1") for _ in range(2)]
        place = place_on(servers[0])
        with caddy_before(servers, tmp_path) as port:
            Behind.check(servers, place, port)


@needs_nginx
class TestNginx:
    def test_the_whole_file_is_read_with_a_certificate(self, tmp_path: Path) -> None:
        """The test below leaves TLS out."""
        both = make_certificate(tmp_path / "both.pem")
        site, count = re.subn(
            r"/etc/ssl/chat\.example\.org\.(pem|key);", f"{both};", (DEPLOY / "nginx.conf").read_text()
        )
        assert count == 2
        done = subprocess.run(nginx_with(site, tmp_path, "-t", "-q"), capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "default error log" not in line]  # of the package's place
        assert (done.returncode, ours) == (0, [])

    def test_calls_streams_and_large_bodies_pass_and_a_dead_server_is_left_out(
        self, begin: Begin, tmp_path: Path
    ) -> None:
        servers = [begin(CHAUPAL_TRUSTED_PROXIES="127.0.0.1") for _ in range(2)]
        place = place_on(servers[0])
        with nginx_before(servers, tmp_path) as port:
            Behind.check(servers, place, port)
