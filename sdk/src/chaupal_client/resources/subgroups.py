"""The calls of `subgroups`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import operations
from chaupal_client._resource import Resource
from chaupal_client.models import CreatedSubgroupAnswer, GroupAnswer, ResultAnswer


class Subgroups(Resource):
    """What can be done; one call a method."""

    def create(
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
        """Make a group below this one.

        Needs: permission **Group Information**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            group_name: 1 to 200 characters
            welcome_message: as for any group
            group_image_url: URL of a picture
            members: as for any group
            admins: as for any group
            member_user_ids: as for any group
            add_user_to_group: `false`: the caller is not added; only where `admins` names someone, because a
                group has an admin
            group_type: `Group`, or left out
            show_history: as for any group
        """
        return self._driver.run(
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

    def link(self, group_id: str, sub_groups: Sequence[str]) -> ResultAnswer:
        """Put groups that are there already below this one.

        Needs: permission **Group Information**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            sub_groups: ids of up to 100 groups
        """
        return self._driver.run(
            self._session.call(operations.SUBGROUPS_LINK, (group_id,), body={"subGroups": sub_groups})
        )

    def list(self, group_id: str, *, fetch_all_groups: bool | None = None) -> GroupAnswer:
        """The groups directly below this one, or the whole tree.

        Needs: permission **Group Information**; a member of the group or of one above or below it, or a
        subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            fetch_all_groups: `true` shows the whole tree: each group has a list `subGroups` of its own; `false`
                if left out
        """
        return self._driver.run(
            self._session.call(operations.SUBGROUPS_LIST, (group_id,), query={"fetchAllGroups": fetch_all_groups})
        )

    def unlink(self, group_id: str, sub_group_id: str) -> ResultAnswer:
        """Take a group away from below this one.

        Needs: permission **Group Information**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            sub_group_id: A group directly below the group, as `GET /groups/{groupId}/subGroups` names it.
        """
        return self._driver.run(
            self._session.call(
                operations.SUBGROUPS_UNLINK,
                (
                    group_id,
                    sub_group_id,
                ),
            )
        )
