"""The calls of `reactions`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from typing import Literal

from chaupal_client import operations
from chaupal_client._resource import AsyncResource
from chaupal_client.models import (
    ChangesAnswer,
    DetailsAnswer,
    ReactionReceipt,
    ResultAnswer,
    SummaryAnswer,
)


class AsyncReactions(AsyncResource):
    """The asynchronous twin of `Reactions`."""

    async def post(
        self,
        group_id: str,
        reference_id: str,
        reaction_type: Literal["Like", "Comment"],
        *,
        source_group_id: str | None = None,
        comment: str | None = None,
        idempotency_key: str | None = None,
    ) -> ReactionReceipt:
        """As `Reactions.post`. Like, or comment on, a message or action."""
        return await self._driver.run(
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

    async def changes(
        self, group_id: str, *, source_group_id: str | None = None, cursor: int | None = None
    ) -> ChangesAnswer:
        """As `Reactions.changes`. The messages and actions of a group whose counts have changed since a cursor."""
        return await self._driver.run(
            self._session.call(
                operations.REACTIONS_CHANGES, (group_id,), query={"sourceGroupId": source_group_id, "cursor": cursor}
            )
        )

    async def summary(self, group_id: str, reference_id: str, *, source_group_id: str | None = None) -> SummaryAnswer:
        """As `Reactions.summary`. How many likes and comments one message or action has."""
        return await self._driver.run(
            self._session.call(
                operations.REACTIONS_SUMMARY,
                (
                    group_id,
                    reference_id,
                ),
                query={"sourceGroupId": source_group_id},
            )
        )

    async def details(
        self,
        group_id: str,
        reference_id_or_reaction_id: str,
        *,
        source_group_id: str | None = None,
        reaction_type: Literal["Like", "Comment"] | None = None,
        cursor: int | None = None,
    ) -> DetailsAnswer:
        """As `Reactions.details`. Who liked and commented, as far as it has changed since a cursor."""
        return await self._driver.run(
            self._session.call(
                operations.REACTIONS_DETAILS,
                (
                    group_id,
                    reference_id_or_reaction_id,
                ),
                query={"sourceGroupId": source_group_id, "reactionType": reaction_type, "cursor": cursor},
            )
        )

    async def remove(self, group_id: str, reference_id_or_reaction_id: str) -> ResultAnswer:
        """As `Reactions.remove`. Take a like or comment back."""
        return await self._driver.run(
            self._session.call(
                operations.REACTIONS_REMOVE,
                (
                    group_id,
                    reference_id_or_reaction_id,
                ),
            )
        )
