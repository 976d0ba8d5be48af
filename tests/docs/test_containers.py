"""The image and the compose file, without an engine for containers: their commands and environments, run as processes.

What that cannot show: that the base images hold what is expected of them, and that the engine reads the files as we do.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from chaupal.settings import load_settings
from tests.conftest import PROJECT
from tests.crash.posting import Place
from tests.crash.test_several_servers import place_on
from tests.docs.test_deploy import caddy_before, status_of
from tests.installations import Installation, free_port, warm_commands
from tests.parts.kept_server import KeptServer
from tests.parts.nats import NatsServer
from tests.parts.run import Run
from tests.parts.s3 import ROLES, answers, free_ports
from tests.parts.warm_commands import WarmCommands

__all__ = ["warm_commands"]

DEPLOY = PROJECT / "deploy"
FILLED_IN = {"SITE": "127.0.0.1", "POSTGRES_PASSWORD": "not-used-here", "S3_KEY_ID": "drill", "S3_SECRET": "drill-s3"}
PROGRAM = str(Path(sys.executable).with_name("chaupal"))


def instructions() -> list[tuple[str, str]]:
    """(name, the rest) of each instruction of the Containerfile."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def last_stage(name: str) -> str:
    return [rest for instruction, rest in instructions() if instruction == name][-1]


def here(command: list[str]) -> list[str]:
    """The image's command with the programs of this checkout."""
    programs = {"/opt/chaupal/.venv/bin/chaupal": PROGRAM, "/opt/chaupal/.venv/bin/python": sys.executable}
    assert command[0] in programs
    return [programs[command[0]], *command[1:]]


class TestImage:
    def test_what_it_is_built_of_makes_a_program_that_runs(self, tmp_path: Path) -> None:
        """The build's one command, in a copy of what the build would be given."""
        listed = subprocess.run(
            ["git", "-C", str(PROJECT), "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=False
        )
        if listed.returncode != 0:
            pytest.skip("the checkout has no history, so nobody knows what belongs to it")
        ignored = (PROJECT / ".dockerignore").read_text().split()
        assert {".venv", ".git", "chaupal-data"} <= set(ignored)
        for name in filter(None, listed.stdout.decode().split("\0")):
            if name.split("/")[0] not in ignored and (PROJECT / name).is_file():
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, tmp_path / name)
        [build] = [rest for name, rest in instructions() if name == "RUN" and "environment.py" in rest]
        _, *arguments = shlex.split(build)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("CHAUPAL_", "VIRTUAL"))
        }
        base = [sys._base_executable, *arguments]  # type: ignore[attr-defined]
        subprocess.run(base, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=500)
        made = subprocess.run(
            [str(tmp_path / ".venv/bin/chaupal"), "--version"], capture_output=True, text=True, check=True
        )
        assert made.stdout.startswith("chaupal ")

    def test_it_starts_with_its_own_settings_is_healthy_and_stops_when_told(self, tmp_path: Path, run: Run) -> None:
        assigned = dict(part.split("=", 1) for part in shlex.split(last_stage("ENV")))
        settings = load_settings(assigned)
        assert str(settings.data) == last_stage("VOLUME") == last_stage("WORKDIR")
        assert settings.listen_host == "0.0.0.0"  # noqa: S104 - inside the container
        assert str(settings.listen_port) == last_stage("EXPOSE")
        port = free_port()
        ours = {"CHAUPAL_DATA": str(tmp_path / "data"), "CHAUPAL_LISTEN": f"127.0.0.1:{port}"}
        command = here([*json.loads(last_stage("ENTRYPOINT")), *json.loads(last_stage("CMD"))])
        (run.folder / f"image-{port}").mkdir()
        server = KeptServer(
            run,
            f"image-{port}",
            ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in (assigned | ours).items()), *command],
            is_ready=lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200,
            stop_signal=signal.Signals[last_stage("STOPSIGNAL")],
        )
        health = here(json.loads(last_stage("HEALTHCHECK").split(" CMD ", 1)[1]))
        health = [part.replace(f":{settings.listen_port}/", f":{port}/") for part in health]
        assert subprocess.run(health, check=False, capture_output=True).returncode != 0
        server.start()
        assert subprocess.run(health, check=False, capture_output=True).returncode == 0
        assert '"event":"serving"' in server.log.read_text(), "lines of JSON"
        server.stop()
        assert subprocess.run(health, check=False, capture_output=True).returncode != 0

    def test_it_runs_as_nobody_in_particular(self) -> None:
        assert last_stage("USER").isdigit()
        assert int(last_stage("USER")) > 1_000


def composed() -> dict[str, Any]:
    """The compose file, filled in."""
    asked = dict(
        line.split("=", 1) for line in (DEPLOY / "compose.env.example").read_text().splitlines() if "=" in line
    )
    assert asked.keys() == FILLED_IN.keys()
    whole: dict[str, Any] = yaml.safe_load(Template((DEPLOY / "compose.yaml").read_text()).substitute(FILLED_IN))
    return whole


@pytest.fixture
def seaweedfs(run: Run) -> Iterator[str]:
    """The address of the store, started by the compose file's command and environment, on ports of this machine."""
    service = composed()["services"]["seaweedfs"]
    name = f"compose-{uuid.uuid4().hex[:8]}"
    folder = run.folder / name
    folder.mkdir()
    free = free_ports(2 * len(ROLES))
    ports = {role: (free[2 * place], free[2 * place + 1]) for place, role in enumerate(ROLES)}
    assert urlsplit(composed()["services"]["api-1"]["environment"]["CHAUPAL_MEDIA_S3_ENDPOINT"]).port == 8333
    command = [part for part in service["command"] if part != "-s3.port=8333"]
    assert len(command) == len(service["command"]) - 1
    command = [part.replace("-dir=/data", f"-dir={folder}") for part in command]
    listening = [
        option
        for role, (http, grpc) in ports.items()
        for option in (f"-{role}.port={http}", f"-{role}.port.grpc={grpc}")
    ]
    # What has to be otherwise outside a container: addresses, and sockets and services that others here may have.
    apart = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    sockets = [f"-filer.localSocket={folder}/f.sock", f"-s3.localSocket={folder}/s.sock"]
    assignments = [f"{key}={value}" for key, value in service["environment"].items()]
    weed = str(Path(sys.executable).with_name("weed"))
    endpoint = f"http://127.0.0.1:{ports['s3'][0]}"
    readiness = [f"{endpoint}/healthz", f"http://127.0.0.1:{ports['master'][0]}/dir/assign"]
    server = KeptServer(
        run,
        name,
        ["/usr/bin/env", *assignments, weed, "-logtostderr=true", *command, *apart, *sockets, *listening],
        is_ready=lambda: all(answers(url) for url in readiness),
        stop_signal=signal.SIGKILL,
        leftovers=[Path(f"/tmp/seaweedfs-{role}-grpc-{grpc}.sock") for role, (_, grpc) in ports.items()],  # noqa: S108
    )
    server.start()
    make_bucket(weed, ports["master"])
    yield endpoint
    server.stop()


def make_bucket(weed: str, master: tuple[int, int]) -> None:
    """What the service that makes the bucket runs, twice: it may be started again."""
    [script] = composed()["services"]["bucket"]["command"]
    assert script.count("weed shell -master=seaweedfs:9333") == 2
    script = script.replace(
        "weed shell -master=seaweedfs:9333", f"{weed} shell -master=127.0.0.1:{'.'.join(map(str, master))}"
    )
    for _ in range(2):
        done = subprocess.run(["/bin/sh", "-c", script], check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


class TestCompose:
    def test_its_servers_work_together_with_all_that_stands_beside_them(
        self,
        run: Run,
        warm_commands: WarmCommands,
        tmp_path: Path,
        new_postgres_database: Callable[[], str],
        nats_server: NatsServer,
        seaweedfs: str,
    ) -> None:
        services = composed()["services"]
        database = new_postgres_database()
        first = Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port(), database)
        servers = {}
        for name in ("api-1", "api-2", "worker"):
            environment = dict(services[name]["environment"])
            assert urlsplit(environment.pop("CHAUPAL_DATABASE")).hostname in services
            assert urlsplit(environment["CHAUPAL_NATS"]).hostname in services
            assert urlsplit(environment["CHAUPAL_MEDIA_S3_ENDPOINT"]).hostname in services
            elsewhere = {
                "CHAUPAL_NATS": nats_server.url,
                "CHAUPAL_NATS_SUBJECT": f"compose-{uuid.uuid4().hex}",
                "CHAUPAL_MEDIA_S3_ENDPOINT": seaweedfs,
                "CHAUPAL_TRUSTED_PROXIES": "127.0.0.1",
            }
            port = first.port if not servers else free_port()
            servers[name] = replace(first, port=port, settings=environment | elsewhere, server=None)
        subject = servers["api-1"].settings["CHAUPAL_NATS_SUBJECT"]
        for server in servers.values():
            server.settings["CHAUPAL_NATS_SUBJECT"] = subject
            server.start()
        place = place_on(servers["api-1"])
        apis = [servers["api-1"], servers["api-2"]]
        assert services["proxy"]["environment"]["CHAUPAL_SERVERS"].split() == ["api-1:8080", "api-2:8080"]
        try:
            with caddy_before(apis, tmp_path) as proxy_port:
                front = replace(first, port=proxy_port, server=None)
                assert Place(front, place.token, place.group_id).post("through all of it")[0] == 200
                self.send_file(front, place)
        finally:
            for server in servers.values():
                server.stop()
        kept = [path.name for path in (tmp_path / "data").iterdir()]
        assert "secret.key" in kept
        assert not (tmp_path / "data" / "media" / "objects").exists(), "files are in the bucket"

    def send_file(self, front: Installation, place: Place) -> None:
        """A file goes in by one call and comes out by its link."""
        content = b"%PDF-1.4\n" + uuid.uuid4().bytes * 1_000
        request = urllib.request.Request(
            f"http://127.0.0.1:{front.port}/v1/media",
            content,
            place.headers | {"Content-Type": "application/pdf"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own http://
            media = json.loads(answer.read())
        status, described = front.call("GET", f"/v1/media/{media['mediaResource']}", place.headers)
        assert status == 200, described
        link = urlsplit(described["mediaUrl"])
        with urllib.request.urlopen(f"http://127.0.0.1:{front.port}{link.path}?{link.query}", timeout=60) as answer:
            assert answer.read() == content

    def test_every_volume_and_dependency_that_is_named_is_there(self) -> None:
        whole = composed()
        named = [volume.split(":")[0] for each in whole["services"].values() for volume in each.get("volumes", [])]
        assert {name for name in named if not name.startswith(".")} == set(whole["volumes"])
        assert all((DEPLOY / name).exists() for name in named if name.startswith("."))
        for each in whole["services"].values():
            assert each.get("depends_on", {}).keys() <= whole["services"].keys()
            build = each.get("build")
            assert build is None or (DEPLOY / build["context"] / build["dockerfile"]).exists()

    def test_servers_have_longer_to_stop_than_they_take(self) -> None:
        for name in ("api-1", "api-2", "worker"):
            service = composed()["services"][name]
            settings = load_settings({**service["environment"], "CHAUPAL_DATA": "/var/lib/chaupal"})
            assert int(service["stop_grace_period"].rstrip("s")) > settings.stop_drain_s + settings.stop_grace_s + 10

    def test_nats_takes_the_command(self, run: Run) -> None:
        command = composed()["services"]["nats"]["command"]
        assert command[1::2] == ["0.0.0.0", "4222"]  # noqa: S104 - inside the container
        port = free_port()
        command = [{"0.0.0.0": "127.0.0.1", "4222": str(port)}.get(part, part) for part in command]  # noqa: S104
        program = str(Path(sys.executable).with_name("nats-server"))
        (run.folder / f"nats-{port}").mkdir()

        def is_ready() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        server = KeptServer(run, f"nats-{port}", [program, *command], is_ready=is_ready)
        server.start()
        server.stop()
