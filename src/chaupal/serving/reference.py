"""The API's reference for people: a page at `/docs` that shows the OpenAPI document, with the viewer that it needs.

The viewer is Scalar, packaged as `reference/scalar.js.gz` (tools/take_viewer.py says which version, and takes another);
the page loads nothing from anywhere else. Its policy lets scripts in from this server alone, and styles with a nonce of
this answer; only the `style` attributes that the viewer writes are let be. A file is read when it is first asked for,
so that a server whose reference nobody reads holds nothing of it, and kept from then on and sent in pieces, so that
thousands of clients that take it slowly share one copy.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_SCRIPT, _STYLE, _ICON = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"
_FILES = {"start.js": _SCRIPT, "scalar.js": _SCRIPT, "page.css": _STYLE, "icon.svg": _ICON}
_PACKED = "scalar.js"
_NONCE_BYTES = 18
_PIECE_BYTES = 65_536
"""What the connection holds anyway before it asks to wait."""


def reference_routes(endpoint_url: str) -> list[Route]:
    """The page and its files. `endpoint_url` is where the calls go that a reader tries out."""

    async def show_page(request: Request) -> Response:
        """The API's reference."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        template, _ = await asyncio.to_thread(_load, "page.html")
        page = template.decode().replace("NONCE", nonce)
        if request.url.path.endswith("/"):  # links are relative: a proxy may serve all of this below a path of its own
            page = page.replace('"docs/', '"').replace('"openapi.json"', '"../openapi.json"')
        return Response(page, media_type="text/html", headers=_page_headers(endpoint_url, nonce))

    async def show_file(request: Request) -> Response:
        """A file of the page. One that a browser has already is not sent again."""
        name = request.url.path.rpartition("/")[2]
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        stored = name
        if name == _PACKED:
            headers["vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
                stored = f"{name}.gz"
        content, headers["etag"] = await asyncio.to_thread(_load, stored)
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["content-length"] = str(len(content))
        return StreamingResponse(_pieces(content), media_type=_FILES[name], headers=headers)

    return [
        *(Route(path, show_page) for path in ("/docs", "/docs/")),
        *(Route(f"/docs/{name}", show_file) for name in _FILES),
    ]


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    """Each is asked for when the client has taken those before; a whole body would be copied for each slow client."""
    for start in range(0, len(content), _PIECE_BYTES):
        yield content[start : start + _PIECE_BYTES]


@cache
def _load(name: str) -> tuple[bytes, str]:
    """(content, ETag) of a file; of the viewer, which is stored compressed, in either form."""
    if name == _PACKED:
        import gzip

        content = gzip.decompress(_load(f"{name}.gz")[0])
    else:
        content = files("chaupal.serving").joinpath("reference", name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _page_headers(endpoint_url: str, nonce: str) -> dict[str, str]:
    address = urlsplit(endpoint_url)
    policy = (
        "default-src 'none'; script-src 'self'; "
        f"style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
        f"img-src 'self' data:; connect-src 'self' {address.scheme}://{address.netloc}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
