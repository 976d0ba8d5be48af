"""`chaupal login`, `logout`, `whoami` and `profile`: who a person is, on which server."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from chaupal.cli.options import Json, new_group
from chaupal.cli.output import print_facts, print_json, print_table
from chaupal.cli.using.connecting import TOKEN_FIELDS, connected, new_client, told_errors
from chaupal.cli.using.options import ProfileName
from chaupal.cli.using.profiles import (
    FIRST_PROFILE,
    Profile,
    Profiles,
    change_profiles,
    find_profile,
    profile_names,
    read_profiles,
)
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client.models import CurrentUser

profile_app = new_group("Your sign-ins on this machine.")

_AskedFor = Annotated[str, typer.Argument(metavar="NAME", help="The profile's name.", autocompletion=profile_names)]


class SignedIn(msgspec.Struct, frozen=True, rename="camel"):
    """Whom a profile stands for."""

    profile: str
    url: str
    id: str
    name: str
    mobile_number: str
    role: str
    tenant_id: str
    application_id: str


def login(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The server's address.")],
    application_id: Annotated[
        str, typer.Option("--application-id", metavar="ID", help="The connector that you sign in through.")
    ],
    number: Annotated[
        str,
        typer.Option("--number", metavar="NUMBER", help="Sign in by a PIN to this number, not by a refresh token."),
    ] = "",
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="Keep this sign-in under a name of its own.")
    ] = FIRST_PROFILE,
    as_json: Json = False,
) -> None:
    """Sign in to a server, and stay so. Asks for the connector's secret, and for the PIN or the refresh token.

    What it asks for is read without being shown; where nobody sits at a terminal, a line each from standard input.
    """
    from chaupal_client import MemoryTokens

    wanted = Profile(url, application_id.strip(), _asked("Application secret"))
    if not number:
        wanted = msgspec.structs.replace(wanted, refresh_token=_asked("Refresh token"))
    tokens = MemoryTokens()
    with told_errors(), new_client(wanted, tokens) as client:
        if number:
            client.sign_in.send_pin(number)
            print(f"A PIN is on its way to {number}, if it is known there.", file=sys.stderr)
            client.sign_in.with_pin(number, _asked("PIN"))
        me = client.users.me()
    kept = tokens.load()
    assert kept is not None, "a call that succeeds has got an access token"
    signed_in = msgspec.structs.replace(
        wanted,
        mobile_number=me.mobile_number,
        name=me.name,
        **{field: getattr(kept, field) for field in TOKEN_FIELDS},
    )
    change_profiles(lambda known: known.with_profile(profile, signed_in, is_current=True))
    _print(profile, signed_in, me, as_json=as_json)


def _asked(what: str) -> str:
    """A secret, from whoever sits at the terminal, else the next line of standard input."""
    given = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline()
    given = given.strip()
    if given.isascii() and given.isprintable() and given:
        return given
    problem = "this holds characters that no secret has" if given else "there is nothing on standard input"
    raise OperationFailed(f"{what}: {problem}.", error_code="InvalidParameters", category="ValidationException")


def logout(profile: ProfileName = "", as_json: Json = False) -> None:
    """Forget a sign-in on this machine. Its refresh token works on until it is revoked (`chaupal token revoke`)."""
    name, _ = find_profile(profile)
    change_profiles(lambda known: known.without(name))
    if as_json:
        print_json({"forgotten": name})
    else:
        print(f"Forgotten: {name}.")


def whoami(profile: ProfileName = "", as_json: Json = False) -> None:
    """Show whom the server takes you for."""
    name, known = find_profile(profile)
    with connected(name) as client:
        me = client.users.me()
    _print(name, known, me, as_json=as_json)


def _print(name: str, profile: Profile, me: CurrentUser, *, as_json: bool) -> None:
    shown = SignedIn(
        profile=name,
        url=profile.url,
        id=me.id,
        name=me.name,
        mobile_number=me.mobile_number,
        role=me.role,
        tenant_id=me.tenant_id,
        application_id=me.application_id,
    )
    if as_json:
        print_json(shown)
        return
    print_facts(
        [
            ("profile", shown.profile),
            ("server", shown.url),
            ("name", shown.name),
            ("number", shown.mobile_number),
            ("role", shown.role),
            ("id", shown.id),
            ("tenant id", shown.tenant_id),
            ("application id", shown.application_id),
        ]
    )


@profile_app.command("list")
def list_all(as_json: Json = False) -> None:
    """List your sign-ins on this machine."""
    known = read_profiles()
    if as_json:
        profiles = [
            {
                "name": name,
                "isCurrent": name == known.current,
                "url": profile.url,
                "mobileNumber": profile.mobile_number,
            }
            for name, profile in known.profiles.items()
        ]
        print_json({"profiles": profiles})
        return
    print_table(
        ("profile", "current", "server", "number", "name", "until"),
        [
            (name, name == known.current, profile.url, profile.mobile_number, profile.name, _until(profile))
            for name, profile in known.profiles.items()
        ],
        empty="You are not signed in. `chaupal login` does that.",
    )


def _until(profile: Profile) -> object:
    expiry_ms = profile.refresh_token_expiry_ms
    return datetime.fromtimestamp(expiry_ms / 1000, UTC) if expiry_ms else ""


@profile_app.command("use")
def use(name: _AskedFor, as_json: Json = False) -> None:
    """Make a sign-in the one that commands use if none is named."""
    found, _ = find_profile(name)

    def change(known: Profiles) -> Profiles:
        return Profiles(found, known.profiles)

    change_profiles(change)
    if as_json:
        print_json({"current": found})
    else:
        print(f"Commands act as {found} now.")
