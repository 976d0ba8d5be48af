"""Real servers on this machine that take what the product sends: an HTTP server and an SMTP server."""

from __future__ import annotations

import base64
import datetime
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Received:
    """One HTTP request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpReceiver:
    """Answers every POST as `status`, `body` and `headers` say; with `is_silent` it never answers."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_silent = False
        self._released = threading.Event()
        receiver = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.answer(self)

            do_GET = do_POST  # noqa: N815 - the library's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Nothing: the test's output stays its own."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Nothing: a client that has read enough hangs up."""

        self._server = Server(("127.0.0.1", 0), Answerer)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.rfile.read(int(headers.get("content-length", "0")))
        self.received.append(Received(request.command, request.path, headers, body))
        if self.is_silent:
            self._released.wait(60)
            request.close_connection = True
            return
        request.send_response(self.status)
        for name, value in {"content-length": str(len(self.body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(self.body)
        except OSError:
            request.close_connection = True

    def release(self) -> None:
        """Hang up on all that were not answered, from now on at once."""
        self._released.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class ReceivedMail:
    """One mail, and how it came."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    text: bytes = b""
    login: str = ""
    was_encrypted: bool = False


class MailReceiver:
    """An SMTP server. `replies` gives a command another answer: `{"RCPT": "550 no"}`; "" for none at all."""

    def __init__(
        self, *, replies: dict[str, str] | None = None, certificate: Path | None = None, tls_from_start: bool = False
    ) -> None:
        self.mails: list[ReceivedMail] = []
        self.replies = replies or {}
        self.commands: list[str] = []
        self.hung = threading.Event()
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.tls_from_start = tls_from_start
        receiver = self

        class Conversation(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    MailConversation(receiver, cast("socket.socket", self.request)).hold()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Conversation)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class MailConversation:
    """One connection to the SMTP server."""

    def __init__(self, receiver: MailReceiver, connection: socket.socket) -> None:
        self._receiver = receiver
        self._mail = ReceivedMail()
        self._connection = connection
        if receiver.tls_from_start:
            self._encrypt()
        self._lines = self._connection.makefile("rb")

    def hold(self) -> None:
        try:
            self._talk()
        finally:
            self._lines.close()
            self._connection.close()

    def _talk(self) -> None:
        self._say("220 receiver")
        while line := self._lines.readline():
            command, _, rest = line.decode().strip().partition(" ")
            command = command.upper()
            self._receiver.commands.append(command)
            reply = self._receiver.replies.get(command)
            if reply == "":
                self._receiver.hung.set()
                self._lines.read()  # until the client hangs up
                return
            if reply is not None:
                self._say(reply)
            elif not self._answer(command, rest):
                return

    def _answer(self, command: str, rest: str) -> bool:
        if command == "EHLO":
            self._say(*self._offers())
        elif command == "STARTTLS":
            self._say("220 go ahead")
            self._encrypt()
            self._lines.close()
            self._lines = self._connection.makefile("rb")
        elif command == "AUTH":
            self._mail.login = base64.b64decode(rest.rpartition(" ")[2]).decode().replace("\0", " ").strip()
            self._say("235 welcome")
        elif command == "MAIL":
            self._mail.sender = rest.partition("<")[2].partition(">")[0]
            self._say("250 ok")
        elif command == "RCPT":
            self._mail.recipients.append(rest.partition("<")[2].partition(">")[0])
            self._say("250 ok")
        elif command == "DATA":
            self._take_text()
        else:
            self._say("221 bye" if command == "QUIT" else "250 ok")
        return command != "QUIT"

    def _offers(self) -> list[str]:
        may_encrypt = self._receiver.context is not None and not self._mail.was_encrypted
        return ["250-receiver", *(["250-STARTTLS"] if may_encrypt else []), "250-AUTH PLAIN", "250 8BITMIME"]

    def _take_text(self) -> None:
        self._say("354 go on")
        text = b""
        while (line := self._lines.readline()) not in {b".\r\n", b""}:
            text += line.removeprefix(b".")
        self._mail.text = text
        self._receiver.mails.append(self._mail)
        self._say("250 taken")

    def _encrypt(self) -> None:
        assert self._receiver.context is not None
        self._connection = self._receiver.context.wrap_socket(self._connection, server_side=True)
        self._mail.was_encrypted = True

    def _say(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())


def make_certificate(path: Path, *, is_over: bool = False) -> Path:
    """Write a certificate for localhost, signed by itself, and its key. `is_over`: since an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + (-datetime.timedelta(hours=1) if is_over else datetime.timedelta(days=1)))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
