"""Options that several commands share, each with its one help text."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")]
Tenant = Annotated[
    str,
    typer.Option("--tenant", metavar="ID-or-NAME", help="The tenant; needed only where there are several."),
]
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Mobile number in international form, such as +919876543210.")
]
ApplicationId = Annotated[
    str, typer.Option("--connector", metavar="APPLICATION_ID", help="The connector, by its application id.")
]
KeptApplicationId = Annotated[
    str | None,
    typer.Option("--application-id", metavar="ID", help="Keep an old integration's application id."),
]
KeptApplicationSecret = Annotated[
    str | None,
    typer.Option("--application-secret", metavar="SECRET", help="Keep an old integration's application secret."),
]
PersonName = Annotated[str | None, typer.Option("--name", help="The person's name.")]
PersonRole = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="`Admin` or `Member` of the tenant.")]


class SectionedGroup(TyperGroup):
    """A group whose plain help lists its commands by section: `rich_help_panel`, which Typer leaves to Rich alone."""

    rest: ClassVar[str] = "Commands"
    """The section of those that name none."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections, in the order of their first commands."""
        sections: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self.commands), default=0)
        for name, command in self.commands.items():
            panel = str(getattr(command, "rich_help_panel", None) or self.rest)
            limit = formatter.width - 6 - longest
            sections.setdefault(panel, []).append((name, command.get_short_help_str(limit)))
        for panel, rows in sections.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


def new_group(purpose: str, kind: type[TyperGroup] = TyperGroup) -> typer.Typer:
    """A group of commands. Plain help and plain errors, so that Rich need not be loaded for them."""
    return typer.Typer(
        cls=kind, help=purpose, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False
    )
