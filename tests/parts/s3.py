"""An S3 store (SeaweedFS) for tests: one server shared by the run; it refuses requests without its one key pair."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import signal
import socket
import sysconfig
import urllib.request
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.parts.kept_server import KeptServer, ServerNotStarted
from tests.parts.run import Run

ACCESS_KEY = "chaupal-tests"
SECRET_KEY = "chaupal-tests-secret"
# Each needs a port for HTTP and one for gRPC.
ROLES = ("master", "volume", "filer", "s3")
# Below the ports that Linux and macOS give to outgoing connections, which could take one before the server does.
PORTS = range(20_000, 32_000)
START_TRIES = 3


@dataclass(frozen=True)
class S3Server:
    """`endpoint` is http://host:port. It has no buckets; a test makes its own."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"


def s3_server_named(url: str) -> S3Server:
    """Reads CHAUPAL_TEST_S3: http://ACCESS_KEY:SECRET_KEY@host:port."""
    parts = urlsplit(url)
    if not parts.username or not parts.password or not parts.hostname:
        raise ValueError("CHAUPAL_TEST_S3 must look like http://ACCESS_KEY:SECRET_KEY@host:port")
    endpoint = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return S3Server(endpoint, parts.username, parts.password)


def start_s3(run: Run) -> dict[str, str]:
    """The server cannot choose its ports itself; should another program be quicker, new ones are tried."""
    for attempt in range(1, START_TRIES + 1):
        try:
            return try_to_start_s3(run, f"s3-{attempt}")
        except ServerNotStarted:
            if attempt == START_TRIES:
                raise
    raise AssertionError("the last try has raised")


def try_to_start_s3(run: Run, name: str) -> dict[str, str]:
    folder = run.folder / name
    folder.mkdir()
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    free = free_ports(2 * len(ROLES))
    ports = {role: (free[2 * place], free[2 * place + 1]) for place, role in enumerate(ROLES)}
    endpoint = f"http://127.0.0.1:{ports['s3'][0]}"
    # The gateway answers before there is a volume to write to; being given a file id means that there is one.
    readiness = [f"{endpoint}/healthz", f"http://127.0.0.1:{ports['master'][0]}/dir/assign"]
    KeptServer(
        run,
        name,
        server_command(folder, ports),
        is_ready=lambda: all(answers(url) for url in readiness),
        # Its orderly stop takes 15 seconds and more; nothing of it is kept.
        stop_signal=signal.SIGKILL,
        leftovers=[Path(f"/tmp/seaweedfs-{role}-grpc-{grpc}.sock") for role, (_, grpc) in ports.items()],  # noqa: S108
    ).start()
    return {"endpoint": endpoint, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


def server_command(folder: Path, ports: dict[str, tuple[int, int]]) -> list[str]:
    """Everything on the loopback address, nothing reported to its makers, no service that tests do not need."""
    listening = [
        option
        for role, (http, grpc) in ports.items()
        for option in (f"-{role}.port={http}", f"-{role}.port.grpc={grpc}")
    ]
    return [
        str(Path(sysconfig.get_path("scripts")) / "weed"),
        "-logtostderr=true",
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=0",
        "-filer",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.localSocket={folder / 's3.sock'}",
        f"-s3.config={folder / 'identities.json'}",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *listening,
    ]


def free_ports(count: int) -> list[int]:
    """Different ports on which nobody listens at this moment."""
    ports: set[int] = set()
    while len(ports) < count:
        port = random.choice(PORTS)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.add(port)
    return sorted(ports)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except OSError:
        return False


def make_bucket(server: S3Server) -> str:
    """A new bucket; its name."""
    bucket = f"chaupal-{uuid.uuid4().hex}"
    made = httpx.put(f"{server.endpoint}/{bucket}", headers=signed(server, "PUT", f"/{bucket}"), timeout=30)
    assert made.status_code == 200, made.text
    return bucket


def signed(server: S3Server, method: str, path: str, content: bytes = b"") -> dict[str, str]:
    """The headers of a request signed by AWS Signature Version 4, for paths without characters to escape."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{server.region}/s3/aws4_request"
    digest = hashlib.sha256(content).hexdigest()
    headers = {"host": urlsplit(server.endpoint).netloc, "x-amz-content-sha256": digest, "x-amz-date": moment}
    names = ";".join(headers)
    lines = [f"{name}:{value}" for name, value in headers.items()]
    request = "\n".join([method, path, "", *lines, "", names, digest])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{server.secret_key}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"AWS4-HMAC-SHA256 Credential={server.access_key}/{scope}"
    return {**headers, "authorization": f"{credential}, SignedHeaders={names}, Signature={key.hex()}"}
