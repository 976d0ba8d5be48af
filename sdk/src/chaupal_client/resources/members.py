"""The calls of `members`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import Member, MembersAnswer, ResultAnswer


class Members(Resource):
    """What can be done; one call a method."""

    def list(self, group_id: str, *, cursor: str | None = None, count: int | None = None) -> MembersAnswer:
        """The members of a group: all, or a page where `count` or `cursor` is given.

        Needs: permission **Group Member List**; a member of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            cursor: from the page before
            count: 1 to 1,000; all if both are left out
        """
        return self._driver.run(
            self._session.call(operations.MEMBERS_LIST, (group_id,), query={"cursor": cursor, "count": count})
        )

    def iterate(self, group_id: str, *, count: int | None = None, cursor: str | None = None) -> Items[Member]:
        """The members of a group: all, or a page where `count` or `cursor` is given: all of them, page by page.

        Needs: permission **Group Member List**; a member of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            count: 1 to 1,000; all if both are left out
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.MEMBERS_LIST,
                (group_id,),
                {"count": count},
                items="members",
                item_type=Member,
            ),
        )

    def add(self, group_id: str, members: Sequence[str]) -> ResultAnswer:
        """Add people.

        Numbers that cannot be read are named in `failedResult`; the others are added.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            members: up to 1,000 mobile numbers; more are a 413
        """
        return self._driver.run(self._session.call(operations.MEMBERS_ADD, (group_id,), body={"members": members}))

    def remove(self, group_id: str, member_id: str) -> ResultAnswer:
        """Take one member out.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            member_id: The person, as `GET /groups/{groupId}/members` names them.
        """
        return self._driver.run(
            self._session.call(
                operations.MEMBERS_REMOVE,
                (
                    group_id,
                    member_id,
                ),
            )
        )

    def change(self, group_id: str, member_id: str, role: Literal["Admin", "Member"]) -> ResultAnswer:
        """Change a member's role.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            member_id: The person, as `GET /groups/{groupId}/members` names them.
            role: `Admin` or `Member`
        """
        return self._driver.run(
            self._session.call(
                operations.MEMBERS_CHANGE,
                (
                    group_id,
                    member_id,
                ),
                body={"role": role},
            )
        )
