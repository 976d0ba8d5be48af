"""Arguments and options that several of these commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from chaupal.cli.using.profiles import profile_names

ProfileName = Annotated[
    str,
    typer.Option("--profile", metavar="NAME", help="Which sign-in to use.", autocompletion=profile_names),
]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="The group: its id, or its name in any letter case.")]
