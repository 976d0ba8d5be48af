"""The reference of the Python client, from its code: signatures, what docstrings say, types of answers and events.

A page holds `<!-- client: NAME -->` and `<!-- end -->`; what stands between them is written. The examples stand below
it and are written by hand, because a test runs them from the first to the last.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

import chaupal_client
from chaupal_client import event_data, events, models, receiving, resources
from chaupal_client.flows import media, sign_in
from tools.sdk.struct_fields import ShownField, fields_of

TYPES_PAGE = "sdk-types.md"
LINE_CHARS = 88
"""What a signature may be wide; more would have to be moved to and fro to be read."""

NOT_CALLED = (chaupal_client.Items, chaupal_client.AsyncItems, chaupal_client.TokenStore, chaupal_client.ApiError)
"""Classes whose objects the client makes, or that are only a form."""

_REGION = re.compile(r"(<!-- client: (?P<name>[^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_BLOCK = re.compile(r"^(Args|Raises):\n(.*)", re.DOTALL)


class UnknownName(Exception):
    """A page asks for something that the client does not have."""


def write_page(text: str) -> str:
    """The page with its parts made anew.

    Raises:
        UnknownName.
    """
    return _REGION.sub(lambda found: f"{found[1]}{_region(found['name'])}\n{found[3]}", text)


def names_in(text: str) -> list[str]:
    """What a page has parts of, in order."""
    return [found["name"] for found in _REGION.finditer(text)]


def public_names() -> list[str]:
    """Everything that the reference has to hold: methods, classes and functions, without errors and types."""
    classes = [name for name in chaupal_client.__all__ if not _is_error(getattr(chaupal_client, name))]
    received = [name for name, made in vars(receiving).items() if getattr(made, "__module__", "") == receiving.__name__]
    return [*methods(), *classes, *(f"receiving.{name}" for name in received if not name.startswith("_"))]


@cache
def methods() -> dict[str, Callable[..., Any]]:
    """Each method by its name, as `groups.create`."""
    found: dict[str, Callable[..., Any]] = {}
    for resource, attribute in vars(resources.Resources).items():
        if isinstance(attribute, property) and attribute.fget is not None:
            made = inspect.get_annotations(attribute.fget, eval_str=True)["return"]
            found |= {f"{resource}.{name}": one for name, one in vars(made).items() if not name.startswith("_")}
    return found


@cache
def answered_types() -> dict[str, type[msgspec.Struct]]:
    """What methods answer and what is in it, by name."""
    found = {name: getattr(models, name) for name in models.__all__}
    return found | {"FileFacts": media.FileFacts, "Authorization": sign_in.Authorization}


@cache
def event_types() -> dict[str, type[msgspec.Struct]]:
    """What an event's `data` is, and what is in it, by name."""
    own = event_data.__name__
    return {name: one for name, one in vars(event_data).items() if getattr(one, "__module__", "") == own}


def _region(name: str) -> str:
    if name == "events":
        return _events()
    for list_name, types in (("answers", answered_types), ("event data", event_types)):
        if name == list_name:
            return "\n\n".join(_struct(made, known, types()) for known, made in sorted(types().items()))
    if name in methods():
        return _callable(name, methods()[name])
    found: Any = receiving if name.startswith("receiving.") else chaupal_client
    found = getattr(found, name.removeprefix("receiving."), None)
    if found is None:
        raise UnknownName(name)
    return _class(found) if inspect.isclass(found) else _callable(found.__name__, found)


def _is_error(found: Any) -> bool:
    return inspect.isclass(found) and issubclass(found, Exception)


def _callable(name: str, made: Callable[..., Any]) -> str:
    return f"{_signature(name, made)}\n\n{_told(inspect.getdoc(made) or '')}{_answer(made)}"


def _answer(made: Callable[..., Any]) -> str:
    """What it answers, with links to the types in it."""
    answer = str(inspect.signature(made).return_annotation)
    named = [name for name in re.findall(r"\w+", answer) if name in answered_types()]
    links = ", ".join(f"[`{name}`]({TYPES_PAGE}#{name.lower()})" for name in named)
    if answer.startswith("Items["):
        item = links or f"[`Event`]({TYPES_PAGE}#events)"
        return f"\n\nGives [items](#items), each {item}."
    return f"\n\nAnswers {links}." if links else ""


def _class(made: type) -> str:
    """A class with everything that it has of its own and everybody may use."""
    parts = [] if made in NOT_CALLED else [_signature(made.__name__, made)]
    parts.append(_told(inspect.getdoc(made) or ""))
    rows = []
    for name, member in _members(made):
        shown = "attribute" if isinstance(member, property) else "method"
        documented = member.fget if isinstance(member, property) else member
        text = " ".join((inspect.getdoc(documented) or "").split("\nRaises:")[0].split())
        signature = "" if isinstance(member, property) else _parameters(inspect.signature(member))
        rows.append(f"| {shown} | `{name}{signature}` | {_in_cell(text)} |")
    if rows:
        parts.append("\n".join(["| kind | name | meaning |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _members(made: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(made).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _parameters(signature: inspect.Signature) -> str:
    return "(" + ", ".join(name for name in signature.parameters if name != "self") + ")"


def _signature(name: str, made: Callable[..., Any]) -> str:
    return f"```python shows=signature\n{_laid_out(name, _described(made))}\n```"


def _described(made: Callable[..., Any]) -> str:
    signature = inspect.signature(made)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty if parameter.name == "now_s" else parameter.annotation)
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    answer = inspect.Signature.empty if inspect.isclass(made) else signature.return_annotation
    shown = signature.replace(parameters=parameters, return_annotation=answer)
    return re.sub(r"<(?:built-in )?function (\w+)>", r"time.\1", _unquoted(str(shown)))


def _unquoted(text: str) -> str:
    """Annotations are texts; what they name stands there as it is in the code."""
    return re.sub(r"(?<=[:>] )(?:'([^']*)'|\"([^\"]*)\")", lambda found: found[1] or found[2], text)


@cache
def _laid_out(name: str, described: str) -> str:
    plain = f"{name}{described}"
    if len(plain) <= LINE_CHARS:
        return plain
    command = [sys.executable, "-m", "ruff", "format", "--isolated", f"--line-length={LINE_CHARS}", "-"]
    source = f"def {name.replace('.', '__')}{described}: ..."
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    return done.removeprefix("def ").removesuffix(": ...\n").replace(name.replace(".", "__"), name, 1)


def _told(documented: str) -> str:
    """A docstring as Markdown: paragraphs, and tables of arguments and errors."""
    parts = []
    for paragraph in documented.split("\n\n"):
        if block := _BLOCK.match(paragraph):
            title = {"Args": "argument", "Raises": "error"}[block[1]]
            rows = [f"| `{name}` | {_in_cell(meaning)} |" for name, meaning in _entries(block[2])]
            parts.append("\n".join([f"| {title} | meaning |", "|---|---|", *rows]))
        elif paragraph.startswith("    "):
            parts.append(f"```python shows=signature\n{textwrap.dedent(paragraph)}\n```")
        else:
            parts.append(" ".join(paragraph.split()))
    return "\n\n".join(parts)


def _entries(block: str) -> Iterator[tuple[str, str]]:
    """(name, meaning) of each, also where the meaning goes on in the lines below."""
    entries: list[str] = []
    for line in textwrap.dedent(block).splitlines():
        if line.startswith(" "):
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line)
    for entry in entries:
        name, _, meaning = entry.partition(":")
        yield name.rstrip("."), meaning.strip()


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _struct(made: type[msgspec.Struct], name: str, known: dict[str, type[msgspec.Struct]]) -> str:
    lines = [f"### {name}", "", " ".join((inspect.getdoc(made) or "").split())]
    if fields := fields_of(made):
        lines += ["", "| field | type | meaning |", "|---|---|---|"]
        lines += [f"| `{field.name}` | {_type(field, known)} | {_in_cell(field.meaning)} |" for field in fields]
    return "\n".join(lines)


def _type(field: ShownField, known: dict[str, type[msgspec.Struct]]) -> str:
    """The type in words that a table can hold, with a link where it has a section of its own."""
    parts = []
    for part in field.kind.split(" | "):
        named = [name for name in re.findall(r"\w+", part) if name in known]
        parts.append(f"[`{part}`](#{named[0].lower()})" if named else f"`{part}`")
    return " or ".join(parts)


def _events() -> str:
    lines = ["| class | what has happened | `data` |", "|---|---|---|"]
    shown_events: dict[str, type[events.Event]] = {
        **dict(sorted(events.EVENTS.items())),
        "OtherEvent": events.OtherEvent,
    }
    for name, made in shown_events.items():
        [shown] = [field.kind for field in fields_of(made) if field.name == "data"]
        link = f"[`{shown}`](#{shown.lower()})" if shown in event_types() else "a mapping"
        lines.append(f"| `{name}` | {' '.join((inspect.getdoc(made) or '').split())} | {link} |")
    common = [f"| `{field.name}` | `{field.kind}` | {_in_cell(field.meaning)} |" for field in fields_of(events.Event)]
    return "\n".join([*lines, "", "Each has these, too:", "", "| field | type | meaning |", "|---|---|---|", *common])
