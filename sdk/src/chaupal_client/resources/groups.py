"""The calls of `groups`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import (
    CreatedGroupAnswer,
    GroupAnswer,
    GroupInformation,
    GroupsAnswer,
    ResultAnswer,
)


class Groups(Resource):
    """What can be done; one call a method."""

    def create(
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
        """Make a group; the caller becomes its admin.

        Needs: permission **Group Information**; anyone whose token holds; a group or user token.

        Args:
            name: 1 to 200 characters
            welcome_message: shown to each new member as a message that nobody else sees; up to 4,000 characters
            members: mobile numbers; whoever is not known yet becomes a person of the organization
            group_type: `Group`, or `ConnectGroup` for a public group, which only an admin of the organization
                makes, with a user token; `Group` if left out
            short_description_string: kept, up to 4,000 characters each; no answer shows them yet
            long_description_string: kept, up to 4,000 characters each; no answer shows them yet
            group_photo: URL of a picture, answered as `groupImageUrl`
            background_photo: URL of a picture; kept, no answer shows it yet
            member_user_ids: ids of people; unknown ones are skipped
            admins: mobile numbers of further admins
            show_history: whether new members see what was sent before they joined; `false` if left out
        """
        return self._driver.run(
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

    def list(self, *, show_detail: bool | None = None, fetch_all_groups: bool | None = None) -> GroupsAnswer:
        """The groups of the token's user; if asked for, also those above and below them.

        Needs: permission **Group Information**; anyone whose token holds.

        Args:
            show_detail: `true` adds the last four fields below; `false` if left out
            fetch_all_groups: `true` adds every group above and below these, each once, also where the person is
                no member; with a group token every group below its own; `false` if left out
        """
        return self._driver.run(
            self._session.call(
                operations.GROUPS_LIST, query={"showDetail": show_detail, "fetchAllGroups": fetch_all_groups}
            )
        )

    def get(self, group_id: str) -> GroupAnswer:
        """One group with its details.

        Needs: permission **Group Information**; a member of the group or of one above or below it, or a
        subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
        """
        return self._driver.run(self._session.call(operations.GROUPS_GET, (group_id,)))

    def change(
        self,
        group_id: str,
        *,
        name: str | None = None,
        welcome_message: str | None = None,
        group_image_url: str | None = None,
        show_history: bool | None = None,
    ) -> ResultAnswer:
        """Change a group's name, welcome message, picture or view of the past.

        Needs: permission **Group Information**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            name: 1 to 200 characters
            welcome_message: up to 4,000 characters; `""` for none
            group_image_url: an `https://` or `http://` URL of up to 2,000 characters; `""` for none
            show_history: whether members see what was sent before they joined
        """
        return self._driver.run(
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

    def delete(self, group_id: str) -> ResultAnswer:
        """Delete a group.

        Needs: permission **Group Information**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
        """
        return self._driver.run(self._session.call(operations.GROUPS_DELETE, (group_id,)))

    def leave(self, group_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """The token's user leaves the group.

        Needs: permission **Group Member List**; a member of the group, or a subscriber; a bot or user token.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
        """
        return self._driver.run(
            self._session.call(operations.GROUPS_LEAVE, (group_id,), idempotency_key=idempotency_key)
        )

    def find(
        self, *, query: str | None = None, results_offset: int | None = None, page_size: int | None = None
    ) -> GroupsAnswer:
        """The organization's groups whose name holds a text.

        Needs: permission **Tenant Data**; an admin of the organization; a user token.

        Args:
            query: the text; every group if left out
            results_offset: how many to skip
            page_size: how many at most, 1 to 100; 100 if left out
        """
        return self._driver.run(
            self._session.call(
                operations.GROUPS_FIND, query={"query": query, "resultsOffset": results_offset, "pageSize": page_size}
            )
        )

    def iterate_found(self, *, query: str | None = None) -> Items[GroupInformation]:
        """The organization's groups whose name holds a text: all of them, page by page.

        Needs: permission **Tenant Data**; an admin of the organization; a user token.

        Args:
            query: the text; every group if left out
        """
        place = Place()
        return Items(
            self._driver,
            place,
            _paging.iterate_offsets(
                self._session, operations.GROUPS_FIND, {"query": query}, items="groups", item_type=GroupInformation
            ),
        )
