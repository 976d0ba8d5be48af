"""The calls of `actions`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import (
    ActionAnswer,
    ActionReceipt,
    ActionsAnswer,
    PostedProperty,
    ResultAnswer,
    ShownAction,
)


class Actions(Resource):
    """What can be done; one call a method."""

    def post(
        self,
        group_id: str,
        *,
        id: str | None = None,
        action_type: str | None = None,
        action_body: Mapping[str, Any] | None = None,
        reply_to_reference_id: str | None = None,
        subscribers: Sequence[str] | None = None,
        send_to_all_subscribers: bool | None = None,
        idempotency_key: str | None = None,
    ) -> ActionReceipt:
        """Post an action.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            id: instead of it: the id of a package, with or without a version. Also spelled `packageId`,
                `actionPackageId`
            action_type: one of the types, in any letter case
            action_body: the fields of the type
            reply_to_reference_id: the id of a message or action that it answers, as for messages. Also spelled
                `replyTo`
            subscribers: public groups only, by their admins, as for messages
            send_to_all_subscribers: public groups only, by their admins, as for messages
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_POST,
                (group_id,),
                body={
                    "id": id,
                    "actionType": action_type,
                    "actionBody": action_body,
                    "replyToReferenceId": reply_to_reference_id,
                    "subscribers": subscribers,
                    "sendToAllSubscribers": send_to_all_subscribers,
                },
                idempotency_key=idempotency_key,
            )
        )

    def list(
        self,
        group_id: str,
        *,
        action_type: str | None = None,
        from_date: datetime | str | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> ActionsAnswer:
        """A group's actions, newest last.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_type: only actions of this type (all instances of packages: `ActionPackage`), or of the package
                with this id
            from_date: only what was posted then or later: epoch seconds, epoch milliseconds or ISO 8601
            count: how many at most, 1 to 100; 30 if left out
            cursor: from the page before, with the same `actionType`; `fromDate` then does nothing
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_LIST,
                (group_id,),
                query={"actionType": action_type, "fromDate": from_date, "count": count, "cursor": cursor},
            )
        )

    def iterate(
        self,
        group_id: str,
        *,
        action_type: str | None = None,
        from_date: datetime | str | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> Items[ShownAction]:
        """A group's actions, newest last: all of them, page by page.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_type: only actions of this type (all instances of packages: `ActionPackage`), or of the package
                with this id
            from_date: only what was posted then or later: epoch seconds, epoch milliseconds or ISO 8601
            count: how many at most, 1 to 100; 30 if left out
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.ACTIONS_LIST,
                (group_id,),
                {"actionType": action_type, "fromDate": from_date, "count": count},
                items="actions",
                item_type=ShownAction,
                is_backwards=True,
            ),
        )

    def get(
        self,
        group_id: str,
        action_id: str,
        *,
        get_details: bool | None = None,
        count: int | None = None,
        cursor: str | None = None,
    ) -> ActionAnswer:
        """One action, with its answers if they are asked for.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            get_details: `true` for the answers as well; also spelled `getDetail`
            count: how many answers at most, 1 to 100; 100 if left out
            cursor: of the answers, from the page before
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_GET,
                (
                    group_id,
                    action_id,
                ),
                query={"getDetails": get_details, "count": count, "cursor": cursor},
            )
        )

    def change(
        self,
        group_id: str,
        action_id: str,
        update_properties: Sequence[PostedProperty],
        *,
        version: int | None = None,
        send_to_all_subscribers: bool | None = None,
        send_notification_to_subscribers: bool | None = None,
    ) -> ResultAnswer:
        """Change properties of a package's instance.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            update_properties: 1 to 100 of `{name, type, value}`, as above; also spelled `properties`. `name`,
                `type` and `value` mean what they mean there
            version: the version that the caller has read: a 409 if it is another by now. -1 or left out: whatever
                it is
            send_to_all_subscribers: taken and of no effect: whoever sees the action sees the change
            send_notification_to_subscribers: `true`: the event says that people are to be told
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_CHANGE,
                (
                    group_id,
                    action_id,
                ),
                body={
                    "version": version,
                    "updateProperties": update_properties,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "sendNotificationToSubscribers": send_notification_to_subscribers,
                },
            )
        )

    def retract(self, group_id: str, action_id: str) -> ResultAnswer:
        """Take an action back.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_RETRACT,
                (
                    group_id,
                    action_id,
                ),
            )
        )

    def properties(
        self,
        group_id: str,
        action_id: str,
        update_properties: Sequence[PostedProperty],
        *,
        version: int | None = None,
        send_to_all_subscribers: bool | None = None,
        send_notification_to_subscribers: bool | None = None,
    ) -> ResultAnswer:
        """Change properties of a package's instance.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            update_properties: 1 to 100 of `{name, type, value}`, as above; also spelled `properties`. `name`,
                `type` and `value` mean what they mean there
            version: the version that the caller has read: a 409 if it is another by now. -1 or left out: whatever
                it is
            send_to_all_subscribers: taken and of no effect: whoever sees the action sees the change
            send_notification_to_subscribers: `true`: the event says that people are to be told
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_PROPERTIES,
                (
                    group_id,
                    action_id,
                ),
                body={
                    "version": version,
                    "updateProperties": update_properties,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "sendNotificationToSubscribers": send_notification_to_subscribers,
                },
            )
        )

    def remind(
        self,
        group_id: str,
        action_id: str,
        *,
        subscribers: Sequence[str] | None = None,
        send_to_all_subscribers: bool | None = None,
        idempotency_key: str | None = None,
    ) -> ResultAnswer:
        """Remind those who have not answered.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
            subscribers: public groups only, by their admins, as for messages; with neither, all who see the
                action are reminded
            send_to_all_subscribers: public groups only, by their admins, as for messages; with neither, all who
                see the action are reminded
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_REMIND,
                (
                    group_id,
                    action_id,
                ),
                body={"subscribers": subscribers, "sendToAllSubscribers": send_to_all_subscribers},
                idempotency_key=idempotency_key,
            )
        )

    def close(self, group_id: str, action_id: str) -> ResultAnswer:
        """Let an action take no more answers.

        Needs: permission **Action & Responses**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            action_id: The action, as `POST /groups/{groupId}/actions` named it.
        """
        return self._driver.run(
            self._session.call(
                operations.ACTIONS_CLOSE,
                (
                    group_id,
                    action_id,
                ),
            )
        )
