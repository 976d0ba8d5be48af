"""Uploads, what the API says of them, and where their bytes lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.api.files import Part, multipart
from tests.api.worlds import Caller, World


def upload(caller: Caller, *parts: Part, headers: dict[str, str] | None = None) -> httpx.Response:
    body, kind = multipart(*parts)
    return caller.call("POST", "/v1/media", content=body, headers={**kind, **(headers or {})})


def resource_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"mediaResource"}
    return str(answer.json()["mediaResource"])


def seen(caller: Caller, answer: httpx.Response) -> dict[str, Any]:
    """What GET says of the media that was uploaded."""
    got = caller.get(f"/v1/media/{resource_of(answer)}")
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def fetched(world: World, url: str, **options: Any) -> httpx.Response:
    """What is behind a link, without a token."""
    return world.client.call("GET", url.removeprefix("https://chat.example.org"), **options)


def temporary_files(world: World) -> list[Path]:
    return list((world.house.settings.data / "media" / "incoming").glob("*"))


def objects_of(world: World) -> list[Path]:
    return list((world.house.settings.data / "media" / "objects" / world.tenant_id).rglob("*.*"))
