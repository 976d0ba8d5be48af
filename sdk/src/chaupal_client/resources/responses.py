"""The calls of `responses`. Written by tools/write_sdk.py."""

from __future__ import annotations

from typing import Any

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import ResponseReceipt, ResponsesAnswer, ShownResponse


class Responses(Resource):
    """What can be done; one call a method."""

    def post(
        self,
        group_id: str,
        action_id: str,
        *,
        id: str | None = None,
        action_type: str | None = None,
        response_id: str | None = None,
        action_body: Any = None,
        idempotency_key: str | None = None,
    ) -> ResponseReceipt:
        """Answer an action, or change an answer.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            id: may be left out; if given it must fit the action: its type in any letter case, its package with or
                without the version, or its own id. Also spelled `type`, `packageId`, `actionPackageId`
            action_type: may be left out; if given it must fit the action: its type in any letter case, its
                package with or without the version, or its own id. Also spelled `type`, `packageId`,
                `actionPackageId`
            response_id: to change this answer
            action_body: the answer, by the type of the action
        """
        return self._driver.run(
            self._session.call(
                operations.RESPONSES_POST,
                (
                    group_id,
                    action_id,
                ),
                body={"id": id, "actionType": action_type, "responseId": response_id, "actionBody": action_body},
                idempotency_key=idempotency_key,
            )
        )

    def list(
        self, group_id: str, action_id: str, *, count: int | None = None, cursor: str | None = None
    ) -> ResponsesAnswer:
        """The answers to an action, a page at a time.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            count: how many at most, 1 to 100; 100 if left out
            cursor: from the page before
        """
        return self._driver.run(
            self._session.call(
                operations.RESPONSES_LIST,
                (
                    group_id,
                    action_id,
                ),
                query={"count": count, "cursor": cursor},
            )
        )

    def iterate(
        self, group_id: str, action_id: str, *, count: int | None = None, cursor: str | None = None
    ) -> Items[ShownResponse]:
        """The answers to an action, a page at a time: all of them, page by page.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            count: how many at most, 1 to 100; 100 if left out
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.RESPONSES_LIST,
                (
                    group_id,
                    action_id,
                ),
                {"count": count},
                items="responses",
                item_type=ShownResponse,
            ),
        )
