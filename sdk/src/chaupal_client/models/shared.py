"""What several resources have in common. Written by tools/write_sdk.py from docs/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec


class FailedResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One person for whom a call could not do what it did for the others."""

    subscriber: str

    subscriber_id: str

    error_reason: str

    error_code: str


class GroupAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Both forms that the old reference documents, the group's own fields and a list of one."""

    group_name: str

    group_id: str

    group_image_url: str

    has_sub_groups: bool
    """Groups directly below."""

    has_parent_groups: bool
    """Groups directly above."""

    caller_role: str
    """`Admin`, `Member` or `Subscriber`: what the caller acts as; `None` where it sees the group only because it is in
    one above or below."""

    current_level_sub_group_count: int
    """Groups directly below."""

    current_level_parent_group_count: int
    """Groups directly above."""

    user_count: int
    """Memberships in the group and all groups below: someone in two of them counts twice."""

    unique_user_count: int
    """Different people in the group and all groups below; where there are any, up to 60 s old, and, where counting them
    takes longer than a read may, `userCount`."""

    current_level_user_count: int
    """Members."""

    current_level_un_provisioned_user_count: int
    """Members, and memberships as in `userCount`, of people who have never signed in with a PIN."""

    un_provisioned_user_count: int
    """Members, and memberships as in `userCount`, of people who have never signed in with a PIN."""

    is_mapped_to_tenant: bool
    """`true`: every group belongs to its organization."""

    group_type: str
    """`Group`."""

    is_duplicate: bool
    """`true` only in a tree, for a group that stood there before."""

    is_editable: bool
    """Whether the caller acts as an admin."""

    is_details_readable: bool
    """`true`: whoever sees a group may read its details."""

    welcome_message: str | None = None
    """With `showDetail`."""

    sub_groups: tuple[GroupInformation, ...] | None = None
    """With `showDetail`: the groups directly below, each with `welcomeMessage`."""

    created_at: str | None = None
    """With `showDetail`."""

    show_history: bool | None = None
    """With `showDetail`."""

    groups: tuple[GroupInformation, ...]


class GroupInformation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group as one caller sees it; the last four only where details are asked for."""

    group_name: str

    group_id: str

    group_image_url: str

    has_sub_groups: bool
    """Groups directly below."""

    has_parent_groups: bool
    """Groups directly above."""

    caller_role: str
    """`Admin`, `Member` or `Subscriber`: what the caller acts as; `None` where it sees the group only because it is in
    one above or below."""

    current_level_sub_group_count: int
    """Groups directly below."""

    current_level_parent_group_count: int
    """Groups directly above."""

    user_count: int
    """Memberships in the group and all groups below: someone in two of them counts twice."""

    unique_user_count: int
    """Different people in the group and all groups below; where there are any, up to 60 s old, and, where counting them
    takes longer than a read may, `userCount`."""

    current_level_user_count: int
    """Members."""

    current_level_un_provisioned_user_count: int
    """Members, and memberships as in `userCount`, of people who have never signed in with a PIN."""

    un_provisioned_user_count: int
    """Members, and memberships as in `userCount`, of people who have never signed in with a PIN."""

    is_mapped_to_tenant: bool
    """`true`: every group belongs to its organization."""

    group_type: str
    """`Group`."""

    is_duplicate: bool
    """`true` only in a tree, for a group that stood there before."""

    is_editable: bool
    """Whether the caller acts as an admin."""

    is_details_readable: bool
    """`true`: whoever sees a group may read its details."""

    welcome_message: str | None = None
    """With `showDetail`."""

    sub_groups: tuple[GroupInformation, ...] | None = None
    """With `showDetail`: the groups directly below, each with `welcomeMessage`."""

    created_at: str | None = None
    """With `showDetail`."""

    show_history: bool | None = None
    """With `showDetail`."""


class ItemResults(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far an item of a checklist is."""

    title: str
    """The cover is a mediaResource."""

    is_done: bool

    is_verified: bool | None = None

    done_by: str | None = None

    done_at: str | None = None

    verified_by: str | None = None


class OptionCount(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How often an option was chosen."""

    title: str
    """The cover is a mediaResource."""

    count: int


class QuestionResults(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many have answered a question, and what they have chosen."""

    title: str
    """The cover is a mediaResource."""

    answer_count: int

    options: tuple[OptionCount, ...]


class ResultAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`{"result": "true"}`: a string, as Kaizala sent it."""

    result: str

    failed_result: tuple[FailedResult, ...] | None = None


class ShownQuote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is quoted: its id alone for those who may not see it. `actionType` only of an action."""

    reference_id: str
    """Its id."""

    action_type: str | None = None
    """Its type; `ActionPackage` for an instance of a package."""

    text: str | None = None

    sender: str | None = None
    """The sender's number; `""` for connectors without the permission Group Member List, and for a bot."""

    sender_id: str | None = None
    """As of a message."""

    sender_name: str | None = None
    """As of a message."""

    is_retracted: bool | None = None
    """Only if it was retracted: `true`."""


class ShownResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One answer: the fields that the type of its action has, and no others."""

    response_id: str

    responder: str
    """Whoever answered: number, id, name. The number is told to connectors with the permission Group Member List."""

    responder_id: str | None = None
    """Whoever answered: number, id, name. The number is told to connectors with the permission Group Member List."""

    responder_name: str
    """Whoever answered: number, id, name. The number is told to connectors with the permission Group Member List."""

    responded_at: str
    """When it was given, and, only if it was, changed."""

    updated_at: str | None = None
    """When it was given, and, only if it was, changed."""

    is_mine: bool | None = None
    """Only of the caller's own: `true`."""

    is_completed: bool | None = None
    """Of polls, meetings, jobs."""

    choice: str | None = None
    """Of polls, meetings, jobs."""

    response: str | None = None
    """Of polls, meetings, jobs."""

    response_name: str | None = None
    """Of surveys and instances of packages."""

    response_location: ShownSpot | None = None
    """Of surveys and instances of packages."""

    answers: tuple[Any, ...] | None = None
    """Of forms and polls, by the index of the question; `null` where there is none."""

    score_percent: int | None = None
    """Of trainings with a quiz."""

    has_passed: bool | None = None
    """Of trainings with a quiz."""

    status: str | None = None
    """Of roll calls; `location` also of shared locations."""

    is_late: bool | None = None
    """Of roll calls; `location` also of shared locations."""

    location: ShownSpot | None = None
    """Of roll calls; `location` also of shared locations."""

    photo: str | None = None
    """Of roll calls; `location` also of shared locations."""

    note: str | None = None
    """Of roll calls; `location` also of shared locations."""

    item: str | None = None
    """Of checklists: the item, and `Done`, `NotDone` or `Verified`."""

    item_index: int | None = None
    """Of checklists: the item, and `Done`, `NotDone` or `Verified`."""


class ShownSpot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A place, under the short names that forms have for it and under the long ones."""

    lt: float

    lg: float

    n: str

    acc: float | None = None

    latitude: float

    longitude: float

    name: str
