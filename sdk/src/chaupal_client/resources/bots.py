"""The calls of `bots`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client._operations import Operation
from chaupal_client._resource import AsyncResource, Resource
from chaupal_client.models import (
    BotsAnswer,
    BotTokenAnswer,
    CreatedBotAnswer,
    ResultAnswer,
)

_CREATE: Operation[CreatedBotAnswer] = Operation("POST", "/bot", CreatedBotAnswer, has_idempotency_key=True)
_LIST: Operation[BotsAnswer] = Operation("GET", "/bot", BotsAnswer)
_CHANGE: Operation[ResultAnswer] = Operation("PUT", "/bot/{}", ResultAnswer)
_DELETE: Operation[ResultAnswer] = Operation("DELETE", "/bot/{}", ResultAnswer)
_TOKEN: Operation[BotTokenAnswer] = Operation("GET", "/bot/accessToken/{}", BotTokenAnswer)
_REVOKE: Operation[ResultAnswer] = Operation("DELETE", "/bot/accessToken/{}", ResultAnswer)
_JOIN: Operation[ResultAnswer] = Operation("POST", "/groups/{}/bot", ResultAnswer, has_idempotency_key=True)


class Bots(Resource):
    """What can be done; one call a method."""

    def create(
        self, name: str, *, profile_pic: str | None = None, idempotency_key: str | None = None
    ) -> CreatedBotAnswer:
        """Make a bot.

        Needs: permission **User Profile**; anyone whose token holds; a user token.

        Args:
            name: 1 to 200 characters
            profile_pic: the picture: the mediaResource of an uploaded one; may be left out
        """
        return self._driver.run(
            self._session.call(_CREATE, body={"name": name, "profilePic": profile_pic}, idempotency_key=idempotency_key)
        )

    def list(self) -> BotsAnswer:
        """The bots that the caller may manage.

        Needs: permission **User Profile**; anyone whose token holds; a user token.
        """
        return self._driver.run(self._session.call(_LIST))

    def change(self, bot_user_id: str, *, name: str | None = None, profile_pic: str | None = None) -> ResultAnswer:
        """Change a bot's name or picture.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
            name: 1 to 200 characters
            profile_pic: as in `POST /bot`
        """
        return self._driver.run(
            self._session.call(_CHANGE, (bot_user_id,), body={"name": name, "profilePic": profile_pic})
        )

    def delete(self, bot_user_id: str) -> ResultAnswer:
        """Delete a bot.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(_DELETE, (bot_user_id,)))

    def token(self, bot_user_id: str) -> BotTokenAnswer:
        """An access token that acts as the bot.

        Only the first one of each connector and person writes anything.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(_TOKEN, (bot_user_id,)))

    def revoke(self, bot_user_id: str) -> ResultAnswer:
        """Stop every token of a bot.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(_REVOKE, (bot_user_id,)))

    def join(self, group_id: str, bot_user_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """Make a bot a member of a group.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            bot_user_id: the bot's id
        """
        return self._driver.run(
            self._session.call(_JOIN, (group_id,), body={"botUserId": bot_user_id}, idempotency_key=idempotency_key)
        )


class AsyncBots(AsyncResource):
    """The asynchronous twin of `Bots`."""

    async def create(
        self, name: str, *, profile_pic: str | None = None, idempotency_key: str | None = None
    ) -> CreatedBotAnswer:
        """As `Bots.create`. Make a bot."""
        return await self._driver.run(
            self._session.call(_CREATE, body={"name": name, "profilePic": profile_pic}, idempotency_key=idempotency_key)
        )

    async def list(self) -> BotsAnswer:
        """As `Bots.list`. The bots that the caller may manage."""
        return await self._driver.run(self._session.call(_LIST))

    async def change(
        self, bot_user_id: str, *, name: str | None = None, profile_pic: str | None = None
    ) -> ResultAnswer:
        """As `Bots.change`. Change a bot's name or picture."""
        return await self._driver.run(
            self._session.call(_CHANGE, (bot_user_id,), body={"name": name, "profilePic": profile_pic})
        )

    async def delete(self, bot_user_id: str) -> ResultAnswer:
        """As `Bots.delete`. Delete a bot."""
        return await self._driver.run(self._session.call(_DELETE, (bot_user_id,)))

    async def token(self, bot_user_id: str) -> BotTokenAnswer:
        """As `Bots.token`. An access token that acts as the bot."""
        return await self._driver.run(self._session.call(_TOKEN, (bot_user_id,)))

    async def revoke(self, bot_user_id: str) -> ResultAnswer:
        """As `Bots.revoke`. Stop every token of a bot."""
        return await self._driver.run(self._session.call(_REVOKE, (bot_user_id,)))

    async def join(self, group_id: str, bot_user_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """As `Bots.join`. Make a bot a member of a group."""
        return await self._driver.run(
            self._session.call(_JOIN, (group_id,), body={"botUserId": bot_user_id}, idempotency_key=idempotency_key)
        )
