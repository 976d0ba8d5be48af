"""A page from its template, with the headers that keep it from being framed, cached, or made to run anything.

There is no script on any page, and the policy allows none. The address that a browser shows is never needed: links and
forms are relative, so that no header of a request can lead them astray.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chaupal.pages.languages import LANGUAGES, Texts
from chaupal.serving.replies import WholeReply

if TYPE_CHECKING:
    from jinja2 import Environment

_STANDING_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"vary", b"Accept-Language, Cookie"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a template is filled with.

    `language_links` lead to the same page in each language; `form_targets` are sources of the content security policy
    that forms may lead to beside this server itself.
    """

    template: str
    language: str
    language_links: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    form_targets: tuple[str, ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()


def render_page(page: Page) -> WholeReply:
    """The page as it is sent. Every value is escaped."""
    html = (
        _environment()
        .get_template(page.template)
        .render(
            page.values,
            text=Texts(page.language),
            language=page.language,
            languages=LANGUAGES,
            language_links=page.language_links,
            style=_style(),
        )
    )
    headers = (
        *_STANDING_HEADERS,
        (b"content-language", page.language.encode()),
        (b"content-security-policy", _policy(page.form_targets)),
        *page.headers,
    )
    return WholeReply(page.status, html.encode(), headers)


def lead_on(location: str, *, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> WholeReply:
    """An answer without a body that leads a browser elsewhere. `location` is ASCII; the caller has checked it."""
    standing = (
        (b"location", location.encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    )
    return WholeReply(status, b"", (*standing, *headers))


def _policy(form_targets: tuple[str, ...]) -> bytes:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    targets = " ".join(("'self'", *form_targets))
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    ).encode("ascii")


@cache
def _style() -> str:
    return files("chaupal.pages").joinpath("style.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("chaupal.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
