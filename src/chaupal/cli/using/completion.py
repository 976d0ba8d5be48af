"""`chaupal completion`: what makes a shell complete commands, options and profiles; and the completing itself."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chaupal.cli.options import Json
from chaupal.cli.output import print_json

VARIABLE = "_CHAUPAL_COMPLETE"
"""A shell sets it when it asks for what could come next."""


class Shell(StrEnum):
    """The shells that can be told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[
        Shell | None, typer.Argument(metavar="[bash|zsh|fish]", help="Which shell; else the one that you use.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what makes your shell complete commands: `source <(chaupal completion bash)`, in its start file."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    used = shell or _shell_in_use()
    script = get_completion_script(prog_name="chaupal", complete_var=VARIABLE, shell=used.value)
    if as_json:
        print_json({"shell": used, "script": script})
    else:
        print(script)


def _shell_in_use() -> Shell:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in list(Shell):
        raise typer.BadParameter(f"name your shell: {', '.join(Shell)}")
    return Shell(name)


def is_asked_to_complete() -> bool:
    """Whether a shell runs this command to learn what could come next."""
    return VARIABLE in os.environ


def complete(app: typer.Typer) -> None:
    """Answer the shell."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    app([], prog_name="chaupal", standalone_mode=False, complete_var=VARIABLE)
