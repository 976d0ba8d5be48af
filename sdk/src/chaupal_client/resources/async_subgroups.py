"""The calls of `subgroups`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import operations
from chaupal_client._resource import AsyncResource
from chaupal_client.models import CreatedSubgroupAnswer, GroupAnswer, ResultAnswer


class AsyncSubgroups(AsyncResource):
    """The asynchronous twin of `Subgroups`."""

    async def create(
        self,
        group_id: str,
        group_name: str,
        *,
        welcome_message: str | None = None,
        group_image_url: str | None = None,
        members: Sequence[str] | None = None,
        admins: Sequence[str] | None = None,
        member_user_ids: Sequence[str] | None = None,
        add_user_to_group: bool | None = None,
        group_type: Literal["Group"] | None = None,
        show_history: bool | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedSubgroupAnswer:
        """As `Subgroups.create`. Make a group below this one."""
        return await self._driver.run(
            self._session.call(
                operations.SUBGROUPS_CREATE,
                (group_id,),
                body={
                    "groupName": group_name,
                    "welcomeMessage": welcome_message,
                    "groupImageUrl": group_image_url,
                    "members": members,
                    "admins": admins,
                    "memberUserIds": member_user_ids,
                    "addUserToGroup": add_user_to_group,
                    "groupType": group_type,
                    "showHistory": show_history,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def link(self, group_id: str, sub_groups: Sequence[str]) -> ResultAnswer:
        """As `Subgroups.link`. Put groups that are there already below this one."""
        return await self._driver.run(
            self._session.call(operations.SUBGROUPS_LINK, (group_id,), body={"subGroups": sub_groups})
        )

    async def list(self, group_id: str, *, fetch_all_groups: bool | None = None) -> GroupAnswer:
        """As `Subgroups.list`. The groups directly below this one, or the whole tree."""
        return await self._driver.run(
            self._session.call(operations.SUBGROUPS_LIST, (group_id,), query={"fetchAllGroups": fetch_all_groups})
        )

    async def unlink(self, group_id: str, sub_group_id: str) -> ResultAnswer:
        """As `Subgroups.unlink`. Take a group away from below this one."""
        return await self._driver.run(
            self._session.call(
                operations.SUBGROUPS_UNLINK,
                (
                    group_id,
                    sub_group_id,
                ),
            )
        )
