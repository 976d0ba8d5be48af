"""The calls of `bots`, to be awaited. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import AsyncResource
from chaupal_client.models import (
    BotsAnswer,
    BotTokenAnswer,
    CreatedBotAnswer,
    ResultAnswer,
)


class AsyncBots(AsyncResource):
    """The asynchronous twin of `Bots`."""

    async def create(
        self, name: str, *, profile_pic: str | None = None, idempotency_key: str | None = None
    ) -> CreatedBotAnswer:
        """As `Bots.create`. Make a bot."""
        return await self._driver.run(
            self._session.call(
                operations.BOTS_CREATE, body={"name": name, "profilePic": profile_pic}, idempotency_key=idempotency_key
            )
        )

    async def list(self) -> BotsAnswer:
        """As `Bots.list`. The bots that the caller may manage."""
        return await self._driver.run(self._session.call(operations.BOTS_LIST))

    async def change(
        self, bot_user_id: str, *, name: str | None = None, profile_pic: str | None = None
    ) -> ResultAnswer:
        """As `Bots.change`. Change a bot's name or picture."""
        return await self._driver.run(
            self._session.call(operations.BOTS_CHANGE, (bot_user_id,), body={"name": name, "profilePic": profile_pic})
        )

    async def delete(self, bot_user_id: str) -> ResultAnswer:
        """As `Bots.delete`. Delete a bot."""
        return await self._driver.run(self._session.call(operations.BOTS_DELETE, (bot_user_id,)))

    async def token(self, bot_user_id: str) -> BotTokenAnswer:
        """As `Bots.token`. An access token that acts as the bot."""
        return await self._driver.run(self._session.call(operations.BOTS_TOKEN, (bot_user_id,)))

    async def revoke(self, bot_user_id: str) -> ResultAnswer:
        """As `Bots.revoke`. Stop every token of a bot."""
        return await self._driver.run(self._session.call(operations.BOTS_REVOKE, (bot_user_id,)))

    async def join(self, group_id: str, bot_user_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """As `Bots.join`. Make a bot a member of a group."""
        return await self._driver.run(
            self._session.call(
                operations.BOTS_JOIN, (group_id,), body={"botUserId": bot_user_id}, idempotency_key=idempotency_key
            )
        )
