"""Who may be told of what: exactly what they could read with the calls of the API.

What is sent to a group is seen as its timeline is (`timelines.rules.sight_of`), results as `actions.results` says,
reactions as `reactions.rules` says; here is only which of them decides. Who may not read a kind of thing is not told of
it either. A `Watch` and its views hold for as long as the memberships, links and tokens that they were read from:
whoever keeps them forgets them in time.
"""

from __future__ import annotations

from collections import defaultdict
from enum import IntEnum

import msgspec

from chaupal.actions.results import may_see_results
from chaupal.auth.access import ADMIN, MEMBER, Access, GroupAccess, access_caller, access_group
from chaupal.auth.caller import Caller
from chaupal.auth.permissions import Permission, TokenKind
from chaupal.errors import Forbidden, NotFound
from chaupal.events.catalogue import EventType
from chaupal.happenings.forms import Happening, Told
from chaupal.happenings.masks import without_numbers, without_responder
from chaupal.members.rules import find_role, groups_of_person
from chaupal.reactions.rules import ReactionWatcher, sees_reactions_of, watcher_of
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import times_below
from chaupal.timelines.merging import EVERYONE, Branch
from chaupal.timelines.rules import Item, lies_in, sight_of

_OF_MEMBERS = frozenset({EventType.MEMBER_ADDED, EventType.MEMBER_REMOVED, EventType.MEMBER_ROLE_CHANGED})
_OF_GROUPS = frozenset({EventType.GROUP_ADDED, EventType.GROUP_REMOVED})
_OF_REACTIONS = frozenset({EventType.REACTION_CREATED, EventType.REACTION_REMOVED})
_OF_MESSAGES = frozenset({EventType.TEXT_MESSAGE_CREATED, EventType.MESSAGE_EDITED, EventType.MESSAGE_RETRACTED})


class Share(IntEnum):
    """How much of a happening someone is told. More includes less."""

    NOTHING = 0
    NOT_BY_WHOM = 1
    WHOLE = 2


class Angle(msgspec.Struct, frozen=True):
    """One group's happenings as a caller sees them through one group, which may be that group or one below it."""

    access: GroupAccess
    branches: tuple[Branch, ...]
    watcher: ReactionWatcher
    recipient_id: str


class View(msgspec.Struct, frozen=True):
    """Everything through which a caller sees one group's happenings. `was_there`: the group was deleted, and the
    caller's person belonged to it to the end."""

    angles: tuple[Angle, ...]
    was_there: bool = False


NO_VIEW = View(())


class Watch(msgspec.Struct, frozen=True):
    """A caller who is to be told of things, of all groups or through those in `only`.

    `own` are the groups that are looked into, `ways` leads from each group above them to those of them that lie below
    it. `sees_all`: other groups may be visible as well, as to the organization's admins.
    """

    caller: Caller
    access: Access
    own: frozenset[str]
    ways: dict[str, tuple[str, ...]]
    sees_all: bool
    only: frozenset[str]

    def may_concern(self, group_id: str) -> bool:
        """Whether a group's happenings may be visible at all."""
        return self.sees_all or group_id in self.own or group_id in self.ways


def open_watch(tx: Transaction, caller: Caller, only: frozenset[str]) -> Watch:
    """The caller, checked, with the groups that may concern it.

    Raises:
        InvalidToken, Forbidden.
        NotFound: a group of `only` is not visible.
    """
    access = access_caller(tx, caller)
    is_of_group = caller.token.kind is TokenKind.GROUP
    if only or is_of_group:
        asked = sorted(only or {caller.token.group_id})
        own = {group_id: access_group(tx, caller, group_id).was_linked for group_id in asked}
    else:
        own = groups_of_person(tx, access.user_id)
    ways: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for group_id, was_linked in own.items():
        for above_id in times_below(tx, group_id) if was_linked else ():
            ways[above_id] += (group_id,)
    sees_all = not only and (is_of_group or access.is_tenant_admin)
    # Thousands of streams hold theirs: what is the same is the same object.
    groups = only if only == own.keys() else frozenset(own)
    return Watch(caller, access, groups, dict(ways), sees_all, only)


def load_view(tx: Transaction, watch: Watch, group_id: str) -> View:
    """What the caller sees of a group's happenings now.

    Raises:
        InvalidToken: the token has stopped meanwhile.
    """
    through = list(watch.ways.get(group_id, ()))
    if watch.sees_all or group_id in watch.own:
        through.insert(0, group_id)
    angles: list[Angle] = []
    for each in dict.fromkeys(through):
        try:
            access = access_group(tx, watch.caller, each)
        except (NotFound, Forbidden):
            continue
        sight = sight_of(tx, access)
        branches = tuple(branch for branch in sight.branches if branch.group_id == group_id)
        angles.append(Angle(access, branches, watcher_of(tx, access), sight.recipient_id))
    was_there = not angles and find_role(tx, group_id, watch.access.user_id) is not None
    return View(tuple(angles), was_there)


def show(watch: Watch, view: View, told: Told) -> Happening | None:
    """The happening as the caller may be told of it, or None."""
    share = share_of(watch, view, told)
    return shaped(told.happening, share, sees_numbers=watch.access.sees_numbers)


def shaped(happening: Happening, share: Share, *, sees_numbers: bool) -> Happening | None:
    """As much of a happening as someone is told, or None."""
    if share is Share.NOTHING:
        return None
    if share is Share.NOT_BY_WHOM:
        happening = without_responder(happening)
    return happening if sees_numbers else without_numbers(happening)


def needs_view(watch: Watch, told: Told) -> bool:
    """Whether it takes a view to say if the caller is told: of a group, not of oneself, or of what was sent to one."""
    return told.item is not None or not _is_about_caller(watch, told)


def _is_about_caller(watch: Watch, told: Told) -> bool:
    return told.person_id == watch.access.user_id and watch.caller.token.kind is not TokenKind.GROUP


def share_of(watch: Watch, view: View, told: Told) -> Share:
    """How much of a happening the caller may be told."""
    if needed_permission(told.happening.event_type).value not in watch.access.permissions:
        return Share.NOTHING
    user_id = watch.access.user_id
    if user_id in told.left_out or (told.named is not None and user_id not in told.named):
        return Share.NOTHING
    if told.item is None:
        return Share.WHOLE if _is_told_of_group(watch, view, told) else Share.NOTHING
    best = Share.NOTHING
    for angle in view.angles:
        if _is_seen(angle, told.item, told.recipients):
            best = max(best, _share_through(angle, told))
    return best


def needed_permission(event_type: str) -> Permission:
    """What a connector must be allowed to read what is told."""
    if event_type in _OF_MESSAGES:
        return Permission.TEXT_MESSAGE
    if event_type in _OF_REACTIONS:
        return Permission.REACTIONS
    if event_type in _OF_MEMBERS:
        return Permission.GROUP_MEMBER_LIST
    if event_type in _OF_GROUPS:
        return Permission.GROUP_INFORMATION
    return Permission.ACTION_AND_RESPONSES


def _is_told_of_group(watch: Watch, view: View, told: Told) -> bool:
    """Of a group itself its people are told, of its members its members; and in any case whom it is about."""
    is_open = not watch.only or told.about_group_id in watch.only
    if _is_about_caller(watch, told):
        return is_open
    if view.was_there:
        return is_open and told.happening.event_type == EventType.GROUP_REMOVED
    is_of_member = told.happening.event_type in _OF_MEMBERS
    moment = Item("", told.about_group_id, EVERYONE, told.happening.at_us)
    for angle in view.angles:
        role = angle.access.role
        is_inside = angle.access.group_id == told.about_group_id and lies_in(angle.branches, moment)
        if is_inside and (not is_of_member or role == ADMIN or (role == MEMBER and not told.is_by_subscriber)):
            return True
    return False


def _is_seen(angle: Angle, item: Item, recipients: frozenset[str]) -> bool:
    is_own = bool(angle.recipient_id) and angle.recipient_id in recipients
    return (is_own and item.group_id == angle.access.group_id) or lies_in(angle.branches, item)


def _share_through(angle: Angle, told: Told) -> Share:
    is_mine = bool(told.person_id) and told.person_id == angle.access.caller.user_id
    if told.answered is not None:
        if is_mine:
            return Share.WHOLE
        results = may_see_results(angle.access, told.answered)
        if not results.sees_answers:
            return Share.NOTHING
        return Share.WHOLE if results.sees_responders or told.answered.is_anonymous else Share.NOT_BY_WHOM
    if told.person_id:
        # Who is only a member of a group below is none of the public group's admins, whatever they are below.
        is_admin_there = angle.access.is_admin and angle.access.group_id == told.happening.source_group_id
        is_hidden = told.is_by_subscriber and not (is_admin_there or is_mine)
        is_heard = sees_reactions_of(angle.watcher, told.person_id, is_by_subscriber=told.is_by_subscriber)
        return Share.WHOLE if is_heard and not is_hidden else Share.NOTHING
    return Share.WHOLE
