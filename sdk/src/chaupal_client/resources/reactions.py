"""The calls of `reactions`. Written by tools/write_sdk.py."""

from __future__ import annotations

from typing import Literal

from chaupal_client import operations
from chaupal_client._resource import Resource
from chaupal_client.models import (
    ChangesAnswer,
    DetailsAnswer,
    ReactionReceipt,
    ResultAnswer,
    SummaryAnswer,
)


class Reactions(Resource):
    """What can be done; one call a method."""

    def post(
        self,
        group_id: str,
        reference_id: str,
        reaction_type: Literal["Like", "Comment"],
        *,
        source_group_id: str | None = None,
        comment: str | None = None,
        idempotency_key: str | None = None,
    ) -> ReactionReceipt:
        """Like, or comment on, a message or action.

        Needs: permission **Reactions**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id: of the message or action
            reaction_type: `Like` or `Comment`
            source_group_id: the group that it was sent to; the group in the path if left out
            comment: for a comment: 1 to 4,000 characters, not blanks alone; ignored for a like
        """
        return self._driver.run(
            self._session.call(
                operations.REACTIONS_POST,
                (group_id,),
                body={
                    "referenceId": reference_id,
                    "reactionType": reaction_type,
                    "sourceGroupId": source_group_id,
                    "comment": comment,
                },
                idempotency_key=idempotency_key,
            )
        )

    def changes(self, group_id: str, *, source_group_id: str | None = None, cursor: int | None = None) -> ChangesAnswer:
        """The messages and actions of a group whose counts have changed since a cursor.

        Needs: permission **Reactions**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            source_group_id: the group whose messages and actions are asked for: the group in the path if left
                out, or one above it
            cursor: from the answer before; `0`, or left out, means all
        """
        return self._driver.run(
            self._session.call(
                operations.REACTIONS_CHANGES, (group_id,), query={"sourceGroupId": source_group_id, "cursor": cursor}
            )
        )

    def summary(self, group_id: str, reference_id: str, *, source_group_id: str | None = None) -> SummaryAnswer:
        """How many likes and comments one message or action has.

        Needs: permission **Reactions**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id: The message or action, as the call that sent it named it.
            source_group_id: as above
        """
        return self._driver.run(
            self._session.call(
                operations.REACTIONS_SUMMARY,
                (
                    group_id,
                    reference_id,
                ),
                query={"sourceGroupId": source_group_id},
            )
        )

    def details(
        self,
        group_id: str,
        reference_id_or_reaction_id: str,
        *,
        source_group_id: str | None = None,
        reaction_type: Literal["Like", "Comment"] | None = None,
        cursor: int | None = None,
    ) -> DetailsAnswer:
        """Who liked and commented, as far as it has changed since a cursor.

        Needs: permission **Reactions**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id_or_reaction_id: The message or action, as the call that sent it named it.
            source_group_id: as above
            reaction_type: `Like` or `Comment`; both if left out
            cursor: from the answer before; `0`, or left out, means all
        """
        return self._driver.run(
            self._session.call(
                operations.REACTIONS_DETAILS,
                (
                    group_id,
                    reference_id_or_reaction_id,
                ),
                query={"sourceGroupId": source_group_id, "reactionType": reaction_type, "cursor": cursor},
            )
        )

    def remove(self, group_id: str, reference_id_or_reaction_id: str) -> ResultAnswer:
        """Take a like or comment back.

        Needs: permission **Reactions**; a member of the group, or a subscriber.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            reference_id_or_reaction_id: The reaction, as `POST /groups/{groupId}/reaction` named it.
        """
        return self._driver.run(
            self._session.call(
                operations.REACTIONS_REMOVE,
                (
                    group_id,
                    reference_id_or_reaction_id,
                ),
            )
        )
