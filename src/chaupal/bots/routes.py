"""The bot routes."""

from __future__ import annotations

import msgspec

from chaupal.auth.permissions import Permission, granted_scope
from chaupal.bots.rules import (
    Bot,
    BotChange,
    BotInGroup,
    NewBot,
    SeenBots,
    TokenOfBot,
    TooManyBots,
    add_bot_to_group,
    change_bot,
    create_bot,
    delete_bot,
    list_bots,
    read_bot_token,
    revoke_bot_tokens,
    take_bot_token,
)
from chaupal.bots.shapes import (
    AddBotBody,
    BotInformation,
    BotsAnswer,
    BotTokenAnswer,
    ChangeBotBody,
    CreateBotBody,
    CreatedBotAnswer,
)
from chaupal.errors import NotFound
from chaupal.members.shapes import ResultAnswer
from chaupal.people.rules import shown_number
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route
from chaupal.wire.ids import read_id

_ACTIVE = "Active"
"""A deleted bot is not listed, so that this is the only status."""


async def post_bot(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make a bot."""
    body = await request.body(CreateBotBody)
    house = request.house
    draft = NewBot(body.name, (body.profile_pic or "").strip(), house.settings, house.media_links)
    return await request.commit(create_bot, draft, lambda bot_id: CreatedBotAnswer(bot_user_id=bot_id))


async def get_bots(request: ApiRequest) -> BotsAnswer:
    """The bots that the caller may manage."""
    seen = await request.read(list_bots, None)
    return BotsAnswer(bots=[_build_bot(request.tenant_id, bot, seen) for bot in seen.bots])


def _build_bot(tenant_id: str, bot: Bot, seen: SeenBots) -> BotInformation:
    return BotInformation(
        bot_user_id=bot.user_id,
        name=bot.name,
        profile_pic=bot.profile_pic,
        tenant_id=tenant_id,
        creator_id=bot.creator_id,
        creator=shown_number(seen.viewer, bot.creator_number or ""),
        creator_name=bot.creator_name or "",
        creator_profile_pic=bot.creator_profile_pic or "",
        status=_ACTIVE,
    )


async def put_bot(request: ApiRequest) -> msgspec.Struct | Reply:
    """Change a bot's name or picture."""
    body = await request.body(ChangeBotBody)
    profile_media = body.profile_pic.strip() if body.profile_pic is not None else None
    bot_id = read_id(request.path["botUserId"])
    change = BotChange(bot_id, body.name, profile_media, request.house.media_links)
    return await request.commit(change_bot, change, lambda _: ResultAnswer())


async def delete_one_bot(request: ApiRequest) -> msgspec.Struct | Reply:
    """Delete a bot."""
    return await request.commit(delete_bot, read_id(request.path["botUserId"]), lambda _: ResultAnswer())


async def get_bot_token(request: ApiRequest) -> BotTokenAnswer:
    """An access token that acts as the bot. Only the first one of each connector and person writes anything."""
    house = request.house
    wanted = TokenOfBot(read_id(request.path["botUserId"]), house.settings)
    taken = await request.read(read_bot_token, wanted)
    if taken is None:
        taken = (await house.store.write(take_bot_token, request.caller, wanted)).result
    scope = granted_scope(Permission(name) for name in taken.access.permissions)
    return BotTokenAnswer(
        access_token=house.signer.sign(
            taken.token,
            issued_at_s=house.now_s,
            mobile_number="",
            application_id=taken.access.application_id,
            scope=scope,
        ),
        access_token_expiry=taken.token.expires_at_s * 1000,
        scope=scope,
        endpoint_url=house.settings.endpoint_url,
    )


async def delete_bot_tokens(request: ApiRequest) -> msgspec.Struct | Reply:
    """Stop every token of a bot."""
    return await request.commit(revoke_bot_tokens, read_id(request.path["botUserId"]), lambda _: ResultAnswer())


async def post_group_bot(request: ApiRequest) -> msgspec.Struct | Reply:
    """Make a bot a member of a group."""
    body = await request.body(AddBotBody)
    which = BotInGroup(read_id(request.path["groupId"]), read_id(body.bot_user_id.strip()))
    return await request.commit(add_bot_to_group, which, lambda _: ResultAnswer())


ROUTES = [
    Route(
        "POST",
        "/bot",
        post_bot,
        call="bots.create",
        body=CreateBotBody,
        reply=CreatedBotAnswer,
        errors=(NotFound, TooManyBots),
    ),
    Route("GET", "/bot", get_bots, call="bots.list", reply=BotsAnswer),
    Route("PUT", "/bot/{botUserId}", put_bot, call="bots.change", body=ChangeBotBody, reply=ResultAnswer),
    Route("DELETE", "/bot/{botUserId}", delete_one_bot, call="bots.delete", reply=ResultAnswer),
    Route("GET", "/bot/accessToken/{botUserId}", get_bot_token, call="bots.token", reply=BotTokenAnswer),
    Route("DELETE", "/bot/accessToken/{botUserId}", delete_bot_tokens, call="bots.revoke", reply=ResultAnswer),
    Route("POST", "/groups/{groupId}/bot", post_group_bot, call="bots.join", body=AddBotBody, reply=ResultAnswer),
]
