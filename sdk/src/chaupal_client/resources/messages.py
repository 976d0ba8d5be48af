"""The calls of `messages`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import Message, MessageReceipt, MessagesAnswer, ResultAnswer


class Messages(Resource):
    """What can be done; one call a method."""

    def post(
        self,
        group_id: str,
        message: str,
        *,
        reply_to_reference_id: str | None = None,
        send_to_all_subscribers: bool | None = None,
        subscribers: Sequence[str] | None = None,
        idempotency_key: str | None = None,
    ) -> MessageReceipt:
        """Send a text message to a group.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            message: 1 to 4,000 characters (Unicode code points), not blanks alone
            reply_to_reference_id: the id of a message or action that it answers, which the sender sees through
                this group; else 404. Also spelled `replyTo`
            send_to_all_subscribers: public groups only, by their admins: `true` sends to all subscribers, members
                and admins
            subscribers: public groups only, by their admins: the mobile numbers of up to 1,000 subscribers; only
                they and the group's admins see the message. A list wins over `sendToAllSubscribers`
        """
        return self._driver.run(
            self._session.call(
                operations.MESSAGES_POST,
                (group_id,),
                body={
                    "message": message,
                    "replyToReferenceId": reply_to_reference_id,
                    "sendToAllSubscribers": send_to_all_subscribers,
                    "subscribers": subscribers,
                },
                idempotency_key=idempotency_key,
            )
        )

    def list(
        self,
        group_id: str,
        *,
        cursor: str | None = None,
        count: int | None = None,
        direction: Literal["older", "newer"] = "older",
    ) -> MessagesAnswer:
        """A group's messages, newest first.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            cursor: from the page before
            count: how many at most, 1 to 100; 50 if left out
            direction: `older` (what it is if left out) or `newer`
        """
        return self._driver.run(
            self._session.call(
                operations.MESSAGES_LIST, (group_id,), query={"cursor": cursor, "count": count, "direction": direction}
            )
        )

    def iterate(
        self,
        group_id: str,
        *,
        count: int | None = None,
        direction: Literal["older", "newer"] = "older",
        cursor: str | None = None,
    ) -> Items[Message]:
        """A group's messages, newest first: all of them, page by page.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            count: how many at most, 1 to 100; 50 if left out
            direction: `older` (what it is if left out) or `newer`
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.MESSAGES_LIST,
                (group_id,),
                {"count": count, "direction": direction},
                items="messages",
                item_type=Message,
            ),
        )

    def get(self, group_id: str, reference_id: str) -> Message:
        """One message.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id: The message or action, as the call that sent it named it.
        """
        return self._driver.run(
            self._session.call(
                operations.MESSAGES_GET,
                (
                    group_id,
                    reference_id,
                ),
            )
        )

    def edit(self, group_id: str, reference_id: str, message: str) -> ResultAnswer:
        """Change a message's text.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id: The message or action, as the call that sent it named it.
            message: the new text, 1 to 4,000 characters
        """
        return self._driver.run(
            self._session.call(
                operations.MESSAGES_EDIT,
                (
                    group_id,
                    reference_id,
                ),
                body={"message": message},
            )
        )

    def retract(self, group_id: str, reference_id: str) -> ResultAnswer:
        """Take a message back.

        Needs: permission **Text Message**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id: The message or action, as the call that sent it named it.
        """
        return self._driver.run(
            self._session.call(
                operations.MESSAGES_RETRACT,
                (
                    group_id,
                    reference_id,
                ),
            )
        )
