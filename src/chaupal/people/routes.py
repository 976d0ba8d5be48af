"""The routes about the token's own user."""

from __future__ import annotations

from msgspec import UNSET

from chaupal.auth.permissions import TokenKind
from chaupal.people.rules import read_current_user
from chaupal.people.shapes import CurrentUser
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import Route


async def get_current_user(request: ApiRequest) -> CurrentUser:
    """The user that the access token belongs to."""
    access = await request.read(read_current_user, None)
    return CurrentUser(
        id=access.user_id,
        name=access.name,
        mobile_number=access.mobile_number,
        profile_pic=access.profile_pic,
        tenant_id=request.tenant_id,
        role="Admin" if access.is_tenant_admin else "Member",
        is_tenant_admin=access.is_tenant_admin,
        application_id=access.application_id,
        is_bot=request.caller.token.kind is TokenKind.BOT or UNSET,
    )


ROUTES = [Route("GET", "/users/me", get_current_user, call="users.me", reply=CurrentUser)]
