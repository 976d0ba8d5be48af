"""The calls of `groups`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import AsyncItems
from chaupal_client._resource import AsyncResource
from chaupal_client._steps import Place
from chaupal_client.models import (
    CreatedGroupAnswer,
    GroupAnswer,
    GroupInformation,
    GroupsAnswer,
    ResultAnswer,
)


class AsyncGroups(AsyncResource):
    """The asynchronous twin of `Groups`."""

    async def create(
        self,
        name: str,
        *,
        welcome_message: str | None = None,
        members: Sequence[str] | None = None,
        group_type: Literal["Group", "ConnectGroup"] | None = None,
        short_description_string: str | None = None,
        long_description_string: str | None = None,
        group_photo: str | None = None,
        background_photo: str | None = None,
        member_user_ids: Sequence[str] | None = None,
        admins: Sequence[str] | None = None,
        show_history: bool | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedGroupAnswer:
        """As `Groups.create`. Make a group; the caller becomes its admin."""
        return await self._driver.run(
            self._session.call(
                operations.GROUPS_CREATE,
                body={
                    "name": name,
                    "welcomeMessage": welcome_message,
                    "members": members,
                    "groupType": group_type,
                    "shortDescriptionString": short_description_string,
                    "longDescriptionString": long_description_string,
                    "groupPhoto": group_photo,
                    "backgroundPhoto": background_photo,
                    "memberUserIds": member_user_ids,
                    "admins": admins,
                    "showHistory": show_history,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def list(self, *, show_detail: bool | None = None, fetch_all_groups: bool | None = None) -> GroupsAnswer:
        """As `Groups.list`. The groups of the token's user; if asked for, also those above and below them."""
        return await self._driver.run(
            self._session.call(
                operations.GROUPS_LIST, query={"showDetail": show_detail, "fetchAllGroups": fetch_all_groups}
            )
        )

    async def get(self, group_id: str) -> GroupAnswer:
        """As `Groups.get`. One group with its details."""
        return await self._driver.run(self._session.call(operations.GROUPS_GET, (group_id,)))

    async def change(
        self,
        group_id: str,
        *,
        name: str | None = None,
        welcome_message: str | None = None,
        group_image_url: str | None = None,
        show_history: bool | None = None,
    ) -> ResultAnswer:
        """As `Groups.change`. Change a group's name, welcome message, picture or view of the past."""
        return await self._driver.run(
            self._session.call(
                operations.GROUPS_CHANGE,
                (group_id,),
                body={
                    "name": name,
                    "welcomeMessage": welcome_message,
                    "groupImageUrl": group_image_url,
                    "showHistory": show_history,
                },
            )
        )

    async def delete(self, group_id: str) -> ResultAnswer:
        """As `Groups.delete`. Delete a group."""
        return await self._driver.run(self._session.call(operations.GROUPS_DELETE, (group_id,)))

    async def leave(self, group_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """As `Groups.leave`. The token's user leaves the group."""
        return await self._driver.run(
            self._session.call(operations.GROUPS_LEAVE, (group_id,), idempotency_key=idempotency_key)
        )

    async def find(
        self, *, query: str | None = None, results_offset: int | None = None, page_size: int | None = None
    ) -> GroupsAnswer:
        """As `Groups.find`. The organization's groups whose name holds a text."""
        return await self._driver.run(
            self._session.call(
                operations.GROUPS_FIND, query={"query": query, "resultsOffset": results_offset, "pageSize": page_size}
            )
        )

    def iterate_found(self, *, query: str | None = None) -> AsyncItems[GroupInformation]:
        """As `Groups.iterate_found`. The organization's groups whose name holds a text: all of them, page by page."""
        place = Place()
        return AsyncItems(
            self._driver,
            place,
            _paging.iterate_offsets(
                self._session, operations.GROUPS_FIND, {"query": query}, items="groups", item_type=GroupInformation
            ),
        )
