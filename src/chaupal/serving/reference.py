"""The API's reference for people: a page at `/docs` that shows the OpenAPI document, with the viewer that it needs.

The viewer is Scalar, packaged as `reference/scalar.js.gz` (tools/take_viewer.py says which version, and takes another);
the page loads nothing from anywhere else. Its policy lets scripts in from this server alone, and styles with a nonce of
this answer; only the `style` attributes that the viewer writes are let be. Files are read when they are asked for, so
that a server whose reference nobody reads holds nothing of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_SCRIPT, _STYLE, _ICON = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"
_FILES = {"start.js": _SCRIPT, "scalar.js": _SCRIPT, "page.css": _STYLE, "icon.svg": _ICON}
_PACKED = "scalar.js"
_NONCE_BYTES = 18


def reference_routes(endpoint_url: str) -> list[Route]:
    """The page and its files. `endpoint_url` is where the calls go that a reader tries out."""

    async def show_page(request: Request) -> Response:
        """The API's reference."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        page = (await asyncio.to_thread(_read, "page.html")).decode().replace("NONCE", nonce)
        if request.url.path.endswith("/"):  # links are relative: a proxy may serve all of this below a path of its own
            page = page.replace('"docs/', '"').replace('"openapi.json"', '"../openapi.json"')
        return Response(page, media_type="text/html", headers=_page_headers(endpoint_url, nonce))

    async def show_file(request: Request) -> Response:
        """A file of the page. One that a browser has already is not sent again."""
        name = request.url.path.rpartition("/")[2]
        packed = name == _PACKED
        content = await asyncio.to_thread(_read, f"{name}.gz" if packed else name)
        headers = {
            "cache-control": "no-cache",
            "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
            "x-content-type-options": "nosniff",
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if packed:
            headers["vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
            else:
                import gzip

                content = await asyncio.to_thread(gzip.decompress, content)
        return Response(content, media_type=_FILES[name], headers=headers)

    return [
        *(Route(path, show_page) for path in ("/docs", "/docs/")),
        *(Route(f"/docs/{name}", show_file) for name in _FILES),
    ]


def _read(name: str) -> bytes:
    return files("chaupal.serving").joinpath("reference", name).read_bytes()


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
