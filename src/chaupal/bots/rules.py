"""The rules of bots. Source: contract, section 10.

Anyone with a user token makes bots; a bot is managed by its creator and by the organization's admins, and to everyone
else it is not there. The admins of a group decide whether it becomes a member, always without an admin's rights.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.access import MEMBER, Access, access_caller, access_group
from chaupal.auth.caller import Caller
from chaupal.auth.signing import AccessToken
from chaupal.bots.events import bot_changed, bot_created, bot_deleted
from chaupal.bots.queries import (
    BotRow,
    close_bot,
    count_bots,
    insert_bot,
    select_bot,
    select_bots,
    update_profile_media,
)
from chaupal.errors import Conflict, InvalidParameters, NotFound
from chaupal.media.file_types import MediaKind
from chaupal.media.links import LinkTarget, MediaLinks
from chaupal.media.rules import access_media, attach
from chaupal.members.rules import end_memberships_of_bot, join
from chaupal.people.rules import (
    add_bot_person,
    change_bot_person,
    check_name,
    find_bot_person,
    remove_bot_person,
)
from chaupal.settings import Settings
from chaupal.store.transaction import Transaction
from chaupal.tokens.bot_tokens import BotGrant, ensure_bot_grant, find_bot_grant, revoke_grants_of
from chaupal.tokens.rules import access_token_of

Bot = BotRow
"""A bot as other slices see it."""


class TooManyBots(Conflict):
    """A limit on bots is reached. Fields: `limit`, `whose`."""

    template = "At most {limit} bots may be there for {whose}; delete one first."


class NewBot(msgspec.Struct, frozen=True):
    """A bot to make. `profile_media` is a mediaResource, or "" for no picture; `links` makes its address."""

    name: str
    profile_media: str
    settings: Settings
    links: MediaLinks


def create_bot(tx: Transaction, caller: Caller, draft: NewBot) -> str:
    """Make a bot; its id.

    Raises:
        InvalidParameters, NotFound, TooManyBots, Forbidden.
    """
    access = access_caller(tx, caller)
    name = _checked_name(draft.name)
    _check_room(tx, access, draft.settings)
    bot = add_bot_person(tx, name, _use_picture(tx, access, draft.profile_media, draft.links))
    insert_bot(tx, bot.user_id, creator_id=access.user_id, profile_media=draft.profile_media)
    tx.append(bot_created(bot.user_id, actor_id=access.user_id))
    return bot.user_id


def _checked_name(name: str) -> str:
    if not name.strip():
        raise InvalidParameters(field="name", value=name, rule="must not be empty")
    check_name(name)
    return name.strip()


def _use_picture(tx: Transaction, access: Access, profile_media: str, links: MediaLinks) -> str:
    """The picture's address, which works without a token as long as the picture is kept; "" for none. Inside tx.

    Raises:
        NotFound: it is no media of the organization.
        InvalidParameters: it is no picture.
    """
    if not profile_media:
        return ""
    media = access_media(tx, access, profile_media, kinds=(MediaKind.IMAGE,), field="profilePic")
    attach(tx, media.media_id)
    file = media.files[0]
    return links.url(LinkTarget(tx.tenant_id, media.media_id, file.file_number, file.extension))


def _check_room(tx: Transaction, access: Access, settings: Settings) -> None:
    limit = settings.bots_per_creator
    if limit and count_bots(tx, creator_id=access.user_id) >= limit:
        raise TooManyBots(limit=limit, whose="one person")
    limit = settings.bots_per_tenant
    if limit and count_bots(tx, creator_id=None) >= limit:
        raise TooManyBots(limit=limit, whose="one organization")


class SeenBots(msgspec.Struct, frozen=True):
    """Bots, and who looks."""

    bots: list[BotRow]
    viewer: Access


def list_bots(tx: Transaction, caller: Caller, _request: None) -> SeenBots:
    """The bots that the caller may manage: all for an admin of the organization, else those that they made."""
    access = access_caller(tx, caller)
    return SeenBots(select_bots(tx, creator_id=None if access.is_tenant_admin else access.user_id), access)


def access_bot(tx: Transaction, access: Access, bot_id: str) -> BotRow:
    """A bot that the caller may manage.

    Raises:
        NotFound: no such bot, or another person's.
    """
    bot = select_bot(tx, bot_id)
    if bot is None or not (bot.creator_id == access.user_id or access.is_tenant_admin):
        raise NotFound("bot", bot_id=bot_id)
    return bot


class BotChange(msgspec.Struct, frozen=True):
    """What to change; None leaves it, "" takes the picture away."""

    bot_id: str
    name: str | None
    profile_media: str | None
    links: MediaLinks


def change_bot(tx: Transaction, caller: Caller, change: BotChange) -> None:
    """Change a bot's name or picture, in all of its groups and past messages; the same again changes nothing.

    Raises:
        NotFound, InvalidParameters.
    """
    access = access_caller(tx, caller)
    bot = access_bot(tx, access, change.bot_id)
    person = find_bot_person(tx, bot.user_id)
    assert person is not None, "a bot that lives has its row among the people"
    name, profile_media, profile_pic = bot.name, bot.profile_media, person.profile_pic
    if change.name is not None:
        name = _checked_name(change.name)
    if change.profile_media is not None:
        profile_media = change.profile_media
        profile_pic = _use_picture(tx, access, profile_media, change.links)
    if (name, profile_media, profile_pic) == (bot.name, bot.profile_media, person.profile_pic):
        return
    change_bot_person(tx, person._replace(name=name, profile_pic=profile_pic))
    update_profile_media(tx, bot.user_id, profile_media)
    tx.append(bot_changed(bot.user_id, actor_id=access.user_id))


def delete_bot(tx: Transaction, caller: Caller, bot_id: str) -> None:
    """Delete a bot: it leaves its groups and its tokens stop, all at once; its messages stay under its name.

    Raises:
        NotFound.
    """
    access = access_caller(tx, caller)
    bot = access_bot(tx, access, bot_id)
    end_memberships_of_bot(tx, bot.user_id, actor_id=access.user_id)
    revoke_grants_of(tx, bot.user_id)
    remove_bot_person(tx, bot.user_id)
    close_bot(tx, bot.user_id)
    tx.append(bot_deleted(bot.user_id, actor_id=access.user_id))


class TokenOfBot(msgspec.Struct, frozen=True):
    """A bot that an access token is wanted for."""

    bot_id: str
    settings: Settings


class TakenToken(msgspec.Struct, frozen=True):
    """What a bot's access token is made of. `permissions` are the connector's."""

    token: AccessToken
    access: Access


def read_bot_token(tx: Transaction, caller: Caller, request: TokenOfBot) -> TakenToken | None:
    """A token where nothing has to be written, which is nearly always; None where the grant has yet to be made.

    Raises:
        NotFound.
    """
    access, wanted = _access_token_of_bot(tx, caller, request)
    grant = find_bot_grant(tx, wanted)
    return None if grant is None else TakenToken(access_token_of(tx, grant, request.settings), access)


def take_bot_token(tx: Transaction, caller: Caller, request: TokenOfBot) -> TakenToken:
    """A token, by a new grant where there is none. Another token of the bot works on.

    Raises:
        NotFound.
    """
    access, wanted = _access_token_of_bot(tx, caller, request)
    grant = ensure_bot_grant(tx, wanted, request.settings)
    return TakenToken(access_token_of(tx, grant, request.settings), access)


def _access_token_of_bot(tx: Transaction, caller: Caller, request: TokenOfBot) -> tuple[Access, BotGrant]:
    access = access_caller(tx, caller)
    bot = access_bot(tx, access, request.bot_id)
    return access, BotGrant(bot.user_id, connector_id=access.connector_id, maker_id=access.user_id)


def revoke_bot_tokens(tx: Transaction, caller: Caller, bot_id: str) -> None:
    """Stop every token of a bot, whoever took it and through whichever connector. Idempotent.

    Raises:
        NotFound.
    """
    access = access_caller(tx, caller)
    revoke_grants_of(tx, access_bot(tx, access, bot_id).user_id)


class BotInGroup(msgspec.Struct, frozen=True):
    """A bot that is to become a member of a group."""

    group_id: str
    bot_id: str


def add_bot_to_group(tx: Transaction, caller: Caller, request: BotInGroup) -> None:
    """Make a bot of the organization, whoever made it, a member of a group; one that is there stays as it is.

    Raises:
        NotFound: no such group or bot.
    """
    access = access_group(tx, caller, request.group_id)
    bot = find_bot_person(tx, request.bot_id)
    if bot is None:
        raise NotFound("bot", bot_id=request.bot_id)
    # A program needs no welcome.
    join(tx, request.group_id, {bot: MEMBER}, actor_id=access.caller.user_id, unwelcomed=frozenset({bot.user_id}))
