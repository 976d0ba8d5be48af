"""The entry of `chaupal`: starts the server with as little as possible loaded, and everything else through Typer.

Whatever is expected to go wrong becomes one sentence and an exit code: 1 for a refusal, 2 for a wrong command line.
"""

from __future__ import annotations

import gc
import os
import sys

_JSON = "--json"
_ROLE = "--role="
_ROLES = (f"{_ROLE}all", f"{_ROLE}api", f"{_ROLE}worker")


def main() -> None:
    """Run the command in `sys.argv` and exit."""
    arguments = sys.argv[1:]
    try:
        # The server never ends by itself, so what it need not import stays out of its memory.
        serve_options = " ".join(arguments[1:]).replace("--role ", _ROLE).split()
        if arguments[:1] == ["serve"] and set(serve_options) <= {_JSON, *_ROLES}:
            # What is imported stays for ever: collections while importing find nothing and took a sixth of the start.
            gc.disable()
            from chaupal.cli.serve import run_server

            roles = [option.removeprefix(_ROLE) for option in serve_options if option in _ROLES]
            run_server(as_json=_JSON in serve_options, role=roles[-1] if roles else None)
            code = 0
        else:
            from chaupal.cli.commands import run_command

            code = run_command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
