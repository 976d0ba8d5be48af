"""The rules about groups. Source: contract, section 5."""

from __future__ import annotations

import msgspec

from chaupal.auth.access import (
    ADMIN,
    CONNECT_GROUP,
    MEMBER,
    Access,
    GroupAccess,
    RoleLacking,
    TokenKindLacking,
    access_caller,
    access_group,
)
from chaupal.auth.caller import Caller, Operator
from chaupal.auth.permissions import TokenKind
from chaupal.errors import InvalidParameters, NotFound
from chaupal.groups.events import group_added, group_changed, group_removed
from chaupal.groups.queries import (
    GroupRow,
    count_groups,
    delete_group_row,
    insert_group,
    select_group,
    select_past_groups,
    update_group,
)
from chaupal.members.rules import join
from chaupal.people.rules import ensure_people, find_people, find_person
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.subgroups.linking import attach, detach_all

Group = GroupRow
"""A group as other slices see it."""

GROUP_TYPE = "Group"
NAME_MAX_CHARS = 200
WELCOME_MAX_CHARS = 4_000
DESCRIPTION_MAX_CHARS = 4_000
_URL_MAX_CHARS = 2_000
MEMBERS_AT_CREATION_MAX = 100


class NewGroup(msgspec.Struct, frozen=True):
    """A group to make. Members and admins by E.164 number; unknown user ids are skipped."""

    name: str
    welcome_message: str = ""
    short_description: str = ""
    long_description: str = ""
    image_url: str = ""
    background_url: str = ""
    group_type: str = GROUP_TYPE
    shows_history: bool = False
    members: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    member_user_ids: tuple[str, ...] = ()


class CreatedGroup(msgspec.Struct, frozen=True):
    """The new group, and whether everyone who was named is in it: false where an id of a person is unknown."""

    group: GroupRow
    members_added: bool


def create_group(tx: Transaction, caller: Caller, draft: NewGroup) -> CreatedGroup:
    """Make a group whose admin is the caller, and add its first members.

    With a group token it becomes a subgroup of the token's group.

    Raises:
        InvalidParameters, Forbidden, Conflict.
    """
    access = access_caller(tx, caller)
    if draft.group_type == CONNECT_GROUP:
        _check_may_make_public(caller, access)
    created = make_group(tx, access, draft)
    if caller.token.kind is TokenKind.GROUP:
        attach(tx, parent_id=access.token_group_id, child_id=created.group.group_id, actor_id=access.user_id)
    return created


def _check_may_make_public(caller: Caller, access: Access) -> None:
    """Public groups are made with a tenant token alone (contract, section 4)."""
    if caller.token.kind is not TokenKind.USER:
        raise TokenKindLacking(kind=caller.token.kind.value)
    if not access.is_tenant_admin:
        raise RoleLacking(role="tenant admin")


def make_group(tx: Transaction, access: Access, draft: NewGroup, *, joins: bool = True) -> CreatedGroup:
    """Make a group and add its first members; the caller is its admin, unless it does not join. Inside tx.

    Raises:
        InvalidParameters.
    """
    group = _build_group(tx, draft, created_by=access.user_id)
    insert_group(tx, group)
    tx.append(group_added(group.group_id, actor_id=access.user_id, group_type=group.group_type))
    roles = {}
    creator = find_person(tx, access.user_id)
    assert creator is not None, "access_caller has just read the person"
    known = ensure_people(tx, [*draft.admins, *draft.members], actor_id=access.user_id)
    named = find_people(tx, list(draft.member_user_ids)) if draft.member_user_ids else {}
    for person in (*(known[number] for number in draft.members), *named.values()):
        roles[person] = MEMBER
    for number in draft.admins:
        roles[known[number]] = ADMIN
    if joins or not draft.admins:
        roles[creator] = ADMIN
    unwelcomed = frozenset({access.user_id})
    join(tx, group.group_id, roles, actor_id=access.user_id, unwelcomed=unwelcomed)
    stored = select_group(tx, group.group_id)
    assert stored is not None, "this rule has just inserted it"
    return CreatedGroup(stored, members_added=named.keys() == set(draft.member_user_ids))


def _build_group(tx: Transaction, draft: NewGroup, *, created_by: str) -> GroupRow:
    if draft.group_type not in (GROUP_TYPE, CONNECT_GROUP):
        rule = f"must be {GROUP_TYPE} or {CONNECT_GROUP}"
        raise InvalidParameters(field="groupType", value=draft.group_type, rule=rule)
    people_count = len(draft.members) + len(draft.member_user_ids) + len(draft.admins)
    if people_count > MEMBERS_AT_CREATION_MAX:
        rule = f"must name at most {MEMBERS_AT_CREATION_MAX} people; add more with PUT members"
        raise InvalidParameters(field="members", value=people_count, rule=rule)
    _check_chars("shortDescriptionString", draft.short_description, DESCRIPTION_MAX_CHARS)
    _check_chars("longDescriptionString", draft.long_description, DESCRIPTION_MAX_CHARS)
    _check_url("groupPhoto", draft.image_url)
    _check_url("backgroundPhoto", draft.background_url)
    return GroupRow(
        group_id=new_id(),
        name=_checked_name(draft.name),
        welcome_message=_checked_welcome(draft.welcome_message),
        short_description=draft.short_description,
        long_description=draft.long_description,
        image_url=draft.image_url,
        background_url=draft.background_url,
        group_type=draft.group_type,
        shows_history=draft.shows_history,
        created_at_ms=tx.now_ms,
        created_by=created_by,
    )


def _checked_name(name: str) -> str:
    if not name.strip():
        raise InvalidParameters(field="name", value=name, rule="must not be empty")
    _check_chars("name", name, NAME_MAX_CHARS)
    return name.strip()


def _checked_welcome(text: str) -> str:
    _check_chars("welcomeMessage", text, WELCOME_MAX_CHARS)
    return text


def _check_chars(field: str, text: str, limit_chars: int) -> None:
    if len(text) > limit_chars:
        raise InvalidParameters(field=field, value=text, rule=f"must be at most {limit_chars} characters")


def _check_url(field: str, url: str) -> None:
    if url and (not url.startswith(("https://", "http://")) or len(url) > _URL_MAX_CHARS):
        raise InvalidParameters(field=field, value=url, rule="must be an https:// or http:// URL")


class GroupChange(msgspec.Struct, frozen=True):
    """What to change of a group; None leaves it."""

    group_id: str
    name: str | None = None
    welcome_message: str | None = None
    image_url: str | None = None
    shows_history: bool | None = None


def change_group(tx: Transaction, caller: Caller, change: GroupChange) -> None:
    """Change a group's name, welcome message, picture or policy.

    Raises:
        InvalidParameters, NotFound, Forbidden.
    """
    access = access_group(tx, caller, change.group_id)
    before = _existing(tx, access)
    after = before
    if change.name is not None:
        after = after._replace(name=_checked_name(change.name))
    if change.welcome_message is not None:
        after = after._replace(welcome_message=_checked_welcome(change.welcome_message))
    if change.image_url is not None:
        _check_url("groupImageUrl", change.image_url)
        after = after._replace(image_url=change.image_url)
    if change.shows_history is not None:
        after = after._replace(shows_history=change.shows_history)
    if after != before:
        update_group(tx, after)
        tx.append(group_changed(change.group_id, actor_id=access.caller.user_id))


def delete_group(tx: Transaction, caller: Caller, group_id: str) -> None:
    """Delete a group: nobody finds it any more; groups below it live on.

    Raises:
        NotFound, Forbidden.
    """
    access = access_group(tx, caller, group_id)
    detach_all(tx, group_id, actor_id=access.caller.user_id)
    delete_group_row(tx, group_id)
    tx.append(group_removed(group_id, actor_id=access.caller.user_id))


def find_past_groups(tx: Transaction, group_ids: list[str]) -> dict[str, Group]:
    """Those of the groups that there are or were, by id. Who may see them is the caller's question."""
    return {group.group_id: group for group in select_past_groups(tx, group_ids)}


def check_group_exists(tx: Transaction, group_id: str) -> None:
    """Raise NotFound where there is no such group."""
    if select_group(tx, group_id) is None:
        raise NotFound("group", group_id=group_id)


def _existing(tx: Transaction, access: GroupAccess) -> GroupRow:
    group = select_group(tx, access.group_id)
    assert group is not None, "access_group has just seen it"
    return group


def count_all_groups(tx: Transaction, _caller: Operator, _request: None) -> int:
    """How many groups the tenant has."""
    return count_groups(tx)
