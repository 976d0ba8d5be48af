"""The calls of `bots`. Written by tools/write_sdk.py."""

from __future__ import annotations

from chaupal_client import operations
from chaupal_client._resource import Resource
from chaupal_client.models import (
    BotsAnswer,
    BotTokenAnswer,
    CreatedBotAnswer,
    ResultAnswer,
)


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
            self._session.call(
                operations.BOTS_CREATE, body={"name": name, "profilePic": profile_pic}, idempotency_key=idempotency_key
            )
        )

    def list(self) -> BotsAnswer:
        """The bots that the caller may manage.

        Needs: permission **User Profile**; anyone whose token holds; a user token.
        """
        return self._driver.run(self._session.call(operations.BOTS_LIST))

    def change(self, bot_user_id: str, *, name: str | None = None, profile_pic: str | None = None) -> ResultAnswer:
        """Change a bot's name or picture.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
            name: 1 to 200 characters
            profile_pic: as in `POST /bot`
        """
        return self._driver.run(
            self._session.call(operations.BOTS_CHANGE, (bot_user_id,), body={"name": name, "profilePic": profile_pic})
        )

    def delete(self, bot_user_id: str) -> ResultAnswer:
        """Delete a bot.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(operations.BOTS_DELETE, (bot_user_id,)))

    def token(self, bot_user_id: str) -> BotTokenAnswer:
        """An access token that acts as the bot.

        Only the first one of each connector and person writes anything.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(operations.BOTS_TOKEN, (bot_user_id,)))

    def revoke(self, bot_user_id: str) -> ResultAnswer:
        """Stop every token of a bot.

        Needs: permission **User Profile**; the bot's creator, or an admin of the organization; a user token.

        Args:
            bot_user_id: The bot, as `POST /bot` and `GET /bot` name it.
        """
        return self._driver.run(self._session.call(operations.BOTS_REVOKE, (bot_user_id,)))

    def join(self, group_id: str, bot_user_id: str, *, idempotency_key: str | None = None) -> ResultAnswer:
        """Make a bot a member of a group.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            bot_user_id: the bot's id
        """
        return self._driver.run(
            self._session.call(
                operations.BOTS_JOIN, (group_id,), body={"botUserId": bot_user_id}, idempotency_key=idempotency_key
            )
        )
