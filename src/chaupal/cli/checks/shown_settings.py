"""Every setting as the operator sees it: value, source and meaning, with secrets masked; and what cannot be used.

Works with settings that the server refuses: each refused one is named, and the checks go on without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chaupal.cli.checks.check import Check, fault, ok
from chaupal.settings import (
    CONFIG_NAME,
    ENVIRONMENT_PREFIX,
    SettingDescription,
    Settings,
    describe_settings,
    load_settings,
)
from chaupal.settings_rules import SettingRefused

_MASK = "***"
_VARIABLE = re.compile(rf"{ENVIRONMENT_PREFIX}[A-Z0-9_]+")


class ShownSetting(msgspec.Struct, frozen=True, rename="camel"):
    """One setting. `value` is what is in force, or the text that was refused; a secret is masked."""

    name: str
    variable: str
    value: Any
    source: str
    is_refused: bool
    meaning: str


def load_with_faults(environment: Mapping[str, str]) -> tuple[Settings, list[Check], set[str]]:
    """(settings without those that are refused, checks, names of the refused variables)."""
    left = dict(environment)
    faults: list[Check] = []
    refused: set[str] = set()
    while True:
        try:
            settings = load_settings(left)
        except SettingRefused as error:
            faults.append(fault("settings", f"{error}.", "Correct it; the server does not start like this."))
            # A refusal names its variables; one that names none comes from the file.
            blamed = set(_VARIABLE.findall(str(error))) & left.keys()
            blamed = blamed - {CONFIG_NAME} or {CONFIG_NAME}
            refused |= blamed
            for variable in blamed:
                left.pop(variable, None)
            continue
        return settings, faults or [ok("settings", "Every setting can be read.")], refused


def show_settings(settings: Settings, environment: Mapping[str, str], refused: set[str]) -> list[ShownSetting]:
    """All settings in the order of their declaration."""
    shown = []
    for described in describe_settings():
        is_refused = described.variable in refused
        value = environment[described.variable] if is_refused else getattr(settings, described.name)
        shown.append(
            ShownSetting(
                name=described.name,
                variable=described.variable,
                value=_shown_value(described, value),
                source="environment" if is_refused else settings.sources.get(described.name, "default"),
                is_refused=is_refused,
                meaning=described.meaning,
            )
        )
    return shown


def _shown_value(described: SettingDescription, value: Any) -> Any:
    if described.is_secret:
        return mask_secret(str(value), keeps_place=described.name == "database")
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, int) else str(value)


def mask_secret(value: str, *, keeps_place: bool = False) -> str:
    """A secret as it may be printed: of a URL the scheme and the host; with `keeps_place` user, port and path too."""
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return _MASK
    if not parts.scheme or not host or "@" in host + parts.path:
        return _MASK
    if not keeps_place:
        return f"{parts.scheme}://{host}/{_MASK}"
    user = f"{parts.username}:{_MASK}@" if parts.password else f"{parts.username}@" if parts.username else ""
    further = f"?{_MASK}" if parts.query else ""
    return f"{parts.scheme}://{user}{host}{f':{port}' if port else ''}{parts.path}{further}"
