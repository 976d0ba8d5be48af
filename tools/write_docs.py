"""Writes what follows from the code: parts of the pages in `docs/` and the OpenAPI document.

Usage: `.venv/bin/python tools/write_docs.py [--check]`. A page holds `<!-- generated: NAME -->` and `<!-- end -->`;
what stands between them is replaced, everything else is left alone. The document is written twice: to be read, as
docs/openapi.json, and to be served, into the package; so is the same as Swagger 2.0. The Postman collection lies in
docs/postman. With --check nothing is written, and the exit code is 1 where a file is not what the code says.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import chaupal
from chaupal.app import ALL_ROUTES, SERVED_ROUTES
from chaupal.auth.permissions import PERMISSIONS, Permission
from chaupal.errors import ChaupalError
from chaupal.events.catalogue import Event, EventType
from chaupal.openapi.document import build_document, encode_document, encode_served_document
from chaupal.openapi.field_texts import PageTexts
from chaupal.openapi.needs import needs_sentence, who_may
from chaupal.openapi.swagger import build_swagger
from chaupal.postman.collection import build_collection, build_environment, encode_postman
from chaupal.postman.journey import JOURNEY
from chaupal.settings import SettingDescription, describe_settings

PROJECT = Path(__file__).resolve().parent.parent
DOCS = PROJECT / "docs"
OPENAPI = DOCS / "openapi.json"
COLLECTION = DOCS / "postman" / "chaupal.postman_collection.json"
ENVIRONMENT = DOCS / "postman" / "chaupal.postman_environment.json"
SERVED_OPENAPI = PROJECT / "src" / "chaupal" / "openapi" / "openapi.json"
SWAGGER = DOCS / "swagger.json"
SERVED_SWAGGER = SERVED_OPENAPI.with_name("swagger.json")
_REGION = re.compile(r"(<!-- generated: (?P<name>[^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


class UnknownRegion(Exception):
    """A page asks for something that this tool does not write."""


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: tools/write_docs.py [--check]")
    changed = changed_pages() | changed_documents()
    for page, text in changed.items():
        name = page.relative_to(PROJECT)
        if "--check" in sys.argv:
            print(f"{name} is not what the code says: run tools/write_docs.py")
        else:
            page.write_text(text)
            print(f"{name} written")
    client = subprocess.run([sys.executable, str(PROJECT / "tools" / "write_sdk.py"), *sys.argv[1:]], check=False)
    if client.returncode != 0 or (changed and "--check" in sys.argv):
        sys.exit(1)


def changed_pages() -> dict[Path, str]:
    """The pages whose generated parts differ from what the code says, with the text that they should have."""
    found = {}
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text()
        after = write_regions(before)
        if after != before:
            found[page] = after
    return found


def changed_documents() -> dict[Path, str]:
    """The files of the OpenAPI document and of the Postman collection that differ from what code and pages say, with
    what they should hold."""
    document = openapi_document()
    swagger = build_swagger(document)
    wanted = {
        OPENAPI: encode_document(document).decode(),
        SERVED_OPENAPI: encode_served_document(document).decode(),
        SWAGGER: encode_document(swagger).decode(),
        SERVED_SWAGGER: encode_served_document(swagger).decode(),
        COLLECTION: encode_postman(build_collection(JOURNEY, SERVED_ROUTES)),
        ENVIRONMENT: encode_postman(build_environment(JOURNEY)),
    }
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text() != text}


def openapi_document() -> dict[str, Any]:
    """The document of this code."""
    return build_document(SERVED_ROUTES, PageTexts(DOCS / "api"))


def write_regions(text: str) -> str:
    """The page with its generated parts made anew.

    Raises:
        UnknownRegion.
    """
    return _REGION.sub(lambda found: f"{found[1]}{_region(found['name'])}\n{found[3]}", text)


def _region(name: str) -> str:
    kind, _, which = name.partition(" ")
    if kind == "needs" and which in PERMISSIONS:
        return needs_sentence(PERMISSIONS[which])
    if name not in REGIONS:
        raise UnknownRegion(name)
    return REGIONS[name]()


def permissions() -> str:
    """Every call of the permission table."""
    path_of = {route.call: f"{route.method} {route.path}" for route in ALL_ROUTES if route.call}
    rows = []
    for needed in PERMISSIONS.values():
        tokens = ", ".join(sorted(kind.value for kind in needed.kinds))
        rows.append((f"`{path_of[needed.call]}`", needed.permission.value, who_may(needed), tokens))
    return _table(("call", "connector permission", "who", "tokens"), rows)


def connector_permissions() -> str:
    """Every permission that a connector may have, and how many calls it opens."""
    rows = []
    for permission in Permission:
        count = sum(needed.permission is permission for needed in PERMISSIONS.values())
        rows.append((permission.value, f"{count} calls" if count > 1 else "1 call" if count else "nothing yet"))
    return _table(("permission", "opens"), rows)


def settings() -> str:
    """Every setting, in the order of their declaration."""
    rows = [
        (f"`{setting.variable}`", _default(setting), setting.meaning + (" Secret." if setting.is_secret else ""))
        for setting in describe_settings()
    ]
    return _table(("variable", "default", "meaning"), rows)


def _default(setting: SettingDescription) -> str:
    if setting.default in ("", ()):
        return "empty"
    if setting.kind == "yes/no":
        return "yes" if setting.default else "no"
    return f"`{setting.default}`"


def events() -> str:
    """Every event type with what its constructor puts into it; parameters stand for themselves."""
    rows = []
    for event_type, (name, maker) in sorted(event_makers().items(), key=lambda item: list(EventType).index(item[0])):
        made = _made_event(maker)
        facts = ", ".join(f"`{fact}`: {_words(str(value))}" for fact, value in (made.facts or {}).items())
        when = _first_sentence(maker)
        if not _is_called(name):
            when += " *Declared; nothing records it yet.*"
        rows.append(
            (
                f"`{event_type.value}`",
                when,
                _words(made.object_id),
                _words(made.group_id) or "-",
                _words(made.actor_id) or "the operator",
                facts or "-",
            )
        )
    return _table(("event", "when", "object", "group", "actor", "facts"), rows)


def event_makers() -> dict[EventType, tuple[str, Callable[..., Event]]]:
    """(name, constructor) of each event type, from the slices' `events.py`."""
    found: dict[EventType, tuple[str, Callable[..., Event]]] = {}
    for module in _modules():
        if not module.__name__.endswith(".events"):
            continue
        for name, maker in inspect.getmembers(module, inspect.isfunction):
            if maker.__module__ == module.__name__:
                found[_made_event(maker).event_type] = (name, maker)
    return found


def _made_event(maker: Callable[..., Event]) -> Event:
    return maker(**{name: name for name in inspect.signature(maker).parameters})


def _is_called(maker_name: str) -> bool:
    """Whether any rule calls the constructor, or a table of them holds it: nothing imports it for less."""
    called = re.compile(rf"\b{maker_name}\b")
    sources = (PROJECT / "src" / "chaupal").rglob("*.py")
    return any(called.search(source.read_text()) for source in sources if source.name != "events.py")


_WORDS = {
    "user_id": "person",
    "actor_id": "whoever did it",
    "sender_id": "sender",
    "owner_id": "whoever did it",
    "grant_id": "token's grant",
}


def _words(parameter: str) -> str:
    if not parameter:
        return ""
    return _WORDS.get(parameter, parameter.removesuffix("_id").replace("_", " "))


def error_codes() -> str:
    """Each status with its code and categories."""
    rows: dict[tuple[int, str], set[str]] = {}
    for error in all_errors():
        rows.setdefault((error.status, error.code), set()).add(error.category)
    cells = [
        (str(status), f"`{code}`", ", ".join(f"`{name}`" for name in sorted(names)))
        for (status, code), names in sorted(rows.items())
    ]
    return _table(("status", "`errorCode`", "`errorCategoryKey`"), cells)


def error_sentences() -> str:
    """The sentences that calls of the API answer with; what stands in braces is filled in."""
    rows = []
    for error in sorted(all_errors(), key=lambda known: (known.status, known.code, known.template)):
        if error.__module__.startswith(("chaupal.control", "chaupal.importing")) or error.template in _FRAMES:
            continue
        row = (str(error.status), f"`{error.code}`", error.template.replace("|", "\\|"))
        if row not in rows:
            rows.append(row)
    return _table(("status", "`errorCode`", "`message`"), rows)


_FRAMES = ("{reason}", "Not allowed: {lacking}.")
"""Templates that say nothing by themselves; the errors made from them have sentences of their own."""


def client_errors() -> str:
    """The errors of the Python client: what the server answers, by class, then what the client says by itself."""
    from chaupal_client import _errors

    statuses = {error.code: str(error.status) for error in all_errors()}
    rows = []
    for code, made in sorted(_errors.API_ERRORS.items(), key=lambda item: (statuses[item[0]], item[0])):
        meaning = _first_paragraph(made).split(": ", 1)[1]
        rows.append((statuses[code], f"`{code}`", f"`{made.__name__}`", meaning[0].upper() + meaning[1:]))
    for own in _errors.ChaupalError.__subclasses__():
        if own is not _errors.ApiError:
            rows.append(("", "", f"`{own.__name__}`", _first_paragraph(own)))
    return _table(("status", "`errorCode`", "class", "what it says"), rows)


def _first_paragraph(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def all_errors() -> list[type[ChaupalError]]:
    """Every error of the program."""
    for _ in _modules():
        pass
    return list(_below(ChaupalError))


def _below(error: type[ChaupalError]) -> Iterator[type[ChaupalError]]:
    for below in error.__subclasses__():
        if below.__module__.startswith("chaupal."):
            yield below
            yield from _below(below)


def commands() -> str:
    """Every command of the operator with its arguments and options."""
    return _commands_where(is_for_people=False)


def commands_for_people() -> str:
    """Every command that uses a server from anywhere."""
    return _commands_where(is_for_people=True)


def _commands_where(*, is_for_people: bool) -> str:
    from chaupal.cli.commands import USING

    sections = [
        _command_section(path, command)
        for path, command in all_commands()
        if (path.split()[0] in USING) is is_for_people
    ]
    return "\n\n".join(sections)


def all_commands() -> list[tuple[str, Any]]:
    """(words after `chaupal`, command) of each command that does something."""
    import typer

    from chaupal.cli.commands import app

    def below(path: str, group: Any) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            words = f"{path} {name}".strip()
            if hasattr(command, "commands"):
                yield from below(words, command)
            else:
                yield words, command

    return list(below("", typer.main.get_command(app)))


def _command_section(path: str, command: Any) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    usage = " ".join(["chaupal", path, *(argument.metavar for argument in arguments)])
    rows = [(f"`{argument.metavar}`", argument.help or "") for argument in arguments]
    for option in options:
        value = "" if option.is_flag else f" {option.metavar or 'TEXT'}"
        further = " Needed." if option.required else ""
        rows.append((f"`{', '.join(option.opts)}{value}`", (option.help or "") + further))
    lines = [f"### `{usage}`", "", command.help or ""]
    if rows:
        lines += ["", _table(("argument or option", "meaning"), rows)]
    return "\n".join(lines)


def _modules() -> list[Any]:
    found = []
    for information in pkgutil.walk_packages(chaupal.__path__, "chaupal."):
        if ".migrations" not in information.name:
            found.append(importlib.import_module(information.name))
    return found


def _first_sentence(documented: Any) -> str:
    text = " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())
    return text.split("; ")[0].removesuffix(".") + "."


def _table(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(headers) + " |", "|" + "---|" * len(headers)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


REGIONS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "commands for people": commands_for_people,
    "permissions": permissions,
    "connector permissions": connector_permissions,
    "events": events,
    "error codes": error_codes,
    "error sentences": error_sentences,
    "client errors": client_errors,
}

if __name__ == "__main__":
    main()
