"""Requests made of random and mutated bytes: for a route, what a client that has gone mad might send to it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes, urlencode

from chaupal.openapi.examples import examples_of
from chaupal.serving.routes import FORM, JSON, MULTIPART, Route
from tests.api.files import BOUNDARY, PDF, Part, multipart, picture

# What parsers stumble over, to be put somewhere into what they read.
FRAGMENTS = (
    b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b'"', b"'", b"\\", b"{", b"}", b"[" * 70,
    b"%", b"%00", b"%zz", b"&", b"=", b";", b"..", b"//", b"\r\n", b"--", b"NaN", b"1e999", b"-", b"9" * 400, b"true",
    b"null", b"\xe2\x80\xae", b"' OR 1=1 --", b"{{7*7}}", b"<script>", b"%s", b"$(id)", b"\xf0\x9f\x98\x80",
)  # fmt: skip
HEADERS = (
    b"accessToken", b"Authorization", b"Idempotency-Key", b"Content-Type", b"Content-Disposition", b"Content-Encoding",
    b"X-Request-Id", b"X-Forwarded-For", b"Cookie", b"Range", b"If-None-Match", b"If-Range", b"Accept-Language",
    b"applicationId", b"applicationSecret", b"refreshToken", b"Origin", b"Access-Control-Request-Headers",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
TEXT_BYTES = bytes(byte for byte in range(32, 256) if byte != 127)
TARGET_BYTES = bytes(range(33, 127)).translate(None, b"#?")


@dataclass
class Spoiled:
    """One request, as bytes."""

    method: str
    path: bytes
    query: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    def wire(self) -> bytes:
        """What is sent."""
        target = self.path + (b"?" + self.query if self.query else b"")
        lines = [b"%s %s HTTP/1.1" % (self.method.encode(), target), b"Host: x", b"Connection: close"]
        lines += [name + b": " + value for name, value in self.headers.items()]
        if self.body or self.method in ("POST", "PUT"):
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", self.body])


class Spoiler:
    """Makes requests for routes out of one seed; `ids` are real ones by the names of path parameters."""

    def __init__(self, seed: object, ids: dict[str, str], token: str) -> None:
        self._random = random.Random(str(seed))
        self._ids, self._token = ids, token
        self._ways: tuple[Callable[[Spoiled], None], ...] = (
            self._spoil_body, self._spoil_body, self._replace_body, self._spoil_query, self._spoil_query,
            self._spoil_header, self._spoil_header, self._spoil_path, self._spoil_path,
        )  # fmt: skip

    def requests_to(self, route: Route, count: int) -> Iterator[Spoiled]:
        """So many different requests; each is one that could succeed, spoiled in one to three ways."""
        for _ in range(count):
            spoiled = self._sound(route)
            for way in self._random.sample(self._ways, self._random.randint(1, 3)):
                way(spoiled)
            yield spoiled

    def bytes_of_no_http(self) -> bytes:
        """Random bytes, or a request in which some are wrong."""
        request = Spoiled("POST", b"/v1/groups", headers={b"accessToken": self._token.encode()}, body=b"{}").wire()
        spoiled = self._mutated(request) if self._random.random() < 0.7 else self._noise(400)
        return spoiled + b"\r\n\r\n"

    def _sound(self, route: Route) -> Spoiled:
        example = self._random.choice(examples_of(route))
        path = route.path
        for name, real in self._ids.items():
            path = path.replace("{" + name + "}", real)
        spoiled = Spoiled(route.method, b"/v1" + path.encode(), urlencode(dict(example.query)).encode())
        if self._random.random() < 0.9:
            spoiled.headers[b"accessToken"] = self._token.encode()
        if MULTIPART in route.takes:
            spoiled.body, headers = self._random.choice([multipart(Part(picture())), (PDF, {})])
            spoiled.headers |= {name.encode(): value.encode() for name, value in headers.items()}
        elif FORM in route.takes:
            spoiled.headers[b"Content-Type"] = FORM.encode()
            spoiled.body = urlencode(example.body or {}).encode()
        elif example.body is not None:
            spoiled.headers[b"Content-Type"] = JSON.encode()
            spoiled.body = json.dumps(example.body).encode()
        return spoiled

    def _noise(self, most: int) -> bytes:
        return self._random.randbytes(self._random.randint(0, most))

    def _mutated(self, sound: bytes) -> bytes:
        """A few bytes changed, taken out, doubled, or something put between them."""
        spoiled = bytearray(sound)
        for _ in range(self._random.randint(1, 6)):
            at = self._random.randint(0, len(spoiled))
            until = min(len(spoiled), at + self._random.choice((1, 1, 2, 8, 40)))
            change = self._random.randrange(4)
            if change == 0:
                spoiled[at:until] = self._random.randbytes(until - at)
            elif change == 1:
                del spoiled[at:until]
            elif change == 2:
                spoiled[at:at] = spoiled[at:until] * self._random.choice((1, 3, 200))
            else:
                spoiled[at:at] = self._random.choice(FRAGMENTS)
        return bytes(spoiled)

    def _spoil_body(self, spoiled: Spoiled) -> None:
        spoiled.body = self._mutated(spoiled.body)

    def _replace_body(self, spoiled: Spoiled) -> None:
        noise, depth = self._noise(2_000), self._random.choice((10, 100, 50_000))
        spoiled.body = self._random.choice(
            [
                noise,
                b"[" * depth,
                b'{"a":' * depth,
                b'{"name": "' + noise + b'"}',
                b"--" + BOUNDARY.encode() + noise,
                b"\xff\xfe" + noise,
                self._random.choice(FRAGMENTS),
                json.dumps(self._random.choice([[], [[]], "x", 1, None, {"": ""}, {"a": [{}]}])).encode(),
            ]
        )

    def _spoil_query(self, spoiled: Spoiled) -> None:
        names = [b"count", b"cursor", b"fromDate", b"actionType", b"sourceGroupId", b"query", b"progress", b"size"]
        pairs = [self._random.choice(names) + b"=" + self._encoded(self._random.choice(FRAGMENTS)) for _ in range(2)]
        made = self._random.choice([b"&".join(pairs), self._encoded(self._noise(100)), self._mutated(spoiled.query)])
        spoiled.query = made.translate(None, bytes(range(33)) + b"#\x7f")

    def _spoil_header(self, spoiled: Spoiled) -> None:
        name = self._random.choice(HEADERS)
        value = self._random.choice([self._mutated(spoiled.headers.get(name, b"bytes=0-1")), self._noise(300)])
        spoiled.headers[name] = bytes(byte for byte in value if byte in TEXT_BYTES).strip()

    def _spoil_path(self, spoiled: Spoiled) -> None:
        parts = spoiled.path.split(b"/")
        at = self._random.randrange(1, len(parts))
        parts[at] = self._random.choice(
            [
                self._encoded(self._noise(40)),
                self._encoded(self._random.choice(FRAGMENTS)),
                bytes(self._random.choices(TARGET_BYTES, k=20)),
                b"",
                parts[at].swapcase(),
                parts[at] + b"@1",
                b"x" * 5_000,
            ]
        )
        spoiled.path = b"/" + b"/".join(parts).lstrip(b"/") if self._random.random() < 0.9 else b"/".join(parts)
        if self._random.random() < 0.1:
            spoiled.method = self._random.choice(METHODS)

    @staticmethod
    def _encoded(raw: bytes) -> bytes:
        return quote_from_bytes(raw, safe=b"").encode()
