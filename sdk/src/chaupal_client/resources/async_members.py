"""The calls of `members`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import Member, MembersAnswer, ResultAnswer


class AsyncMembers(AsyncResource):
    """The asynchronous twin of `Members`."""

    async def list(self, group_id: str, *, cursor: str | None = None, count: int | None = None) -> MembersAnswer:
        """As `Members.list`. The members of a group: all, or a page where `count` or `cursor` is given."""
        return await self._driver.run(
            self._session.call(operations.MEMBERS_LIST, (group_id,), query={"cursor": cursor, "count": count})
        )

    def iterate(self, group_id: str, *, count: int | None = None, cursor: str | None = None) -> AsyncItems[Member]:
        """As `Members.iterate`. The members of a group: all, or a page where `count` or `cursor` is given: all of
        them, page by page.
        """
        place = Place(cursor)
        return AsyncItems(
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

    async def add(self, group_id: str, members: Sequence[str]) -> ResultAnswer:
        """As `Members.add`. Add people."""
        return await self._driver.run(
            self._session.call(operations.MEMBERS_ADD, (group_id,), body={"members": members})
        )

    async def remove(self, group_id: str, member_id: str) -> ResultAnswer:
        """As `Members.remove`. Take one member out."""
        return await self._driver.run(
            self._session.call(
                operations.MEMBERS_REMOVE,
                (
                    group_id,
                    member_id,
                ),
            )
        )

    async def change(self, group_id: str, member_id: str, role: Literal["Admin", "Member"]) -> ResultAnswer:
        """As `Members.change`. Change a member's role."""
        return await self._driver.run(
            self._session.call(
                operations.MEMBERS_CHANGE,
                (
                    group_id,
                    member_id,
                ),
                body={"role": role},
            )
        )
