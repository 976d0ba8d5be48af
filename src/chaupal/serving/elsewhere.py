"""How a call is answered whose organization lives in another cell. Source: contract, section 1.

Reads get 308 at once. Writes are passed on for a grace time, because many old clients follow no redirect, and some turn
a redirected POST into a GET; who says `X-Accept-308: 1` follows them. The calls of the token service carry no access
token, and stay where clients have always sent them: they are passed on as long as the organization is known here.
People's browsers are sent to the page of the other cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from chaupal.auth.caller import INSTALLATION
from chaupal.cells.forwarding import PassedCall, pass_on
from chaupal.cells.roster import TenantMoved
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.errors import EndpointChanged, InvalidToken, NotFound, Unavailable
from chaupal.serving.replies import WholeReply
from chaupal.serving.routes import JSON

if TYPE_CHECKING:
    from chaupal.directory.places import TenantPlace
    from chaupal.serving.request import ApiRequest
    from chaupal.store.gates import TenantLeft

_DAY_MS = 86_400_000
_CALL_TIMEOUT_S = 50.0
"""Clients wait for a minute."""
_UPLOAD_TIMEOUT_S = 900.0
_TAKEN_OUT_RETRY_AFTER_S = 60
_SAFE = frozenset({"GET", "HEAD"})


async def answer_elsewhere(request: ApiRequest, elsewhere: TenantMoved | TenantLeft) -> WholeReply:
    """The answer of the cell that the organization lives in, or where that is.

    Raises:
        EndpointChanged: the client is to go there.
        InvalidToken: the organization left so long ago that nobody says any more where to.
        CellUnreachable, and others that say to come again.
    """
    place = elsewhere.place if isinstance(elsewhere, TenantMoved) else await _place_found_late(request)
    if request.route.is_page:
        return _to_page(request, place)
    if _is_redirected(request, place):
        await request.take_body_away()
        raise EndpointChanged(endpoint_url=request.house.roster.endpoint_of(place), location=_address(request, place))
    return await _passed_on(request, place)


class TakenOut(Unavailable):
    """This server was a cell, and the root has taken it out."""

    def __init__(self) -> None:
        reason = "This server is not a part of its installation any more, and serves nobody: call the API root."
        super().__init__(reason=reason, retry_after_s=_TAKEN_OUT_RETRY_AFTER_S)


def refuse_taken_out(request: ApiRequest) -> NoReturn:
    """A call of a cell that was taken out. Nobody trusts its tokens any more, so clients are to get new ones, as they
    do for any token that is not good; the root then says where the organization lives. The token service, which the
    root has, says no more than that it is not here: whoever took that for a wrong secret would throw the right away.

    Raises:
        InvalidToken: the call carries an access token, or should.
        TakenOut: any other.
    """
    if request.route.permission is not None:
        raise InvalidToken("This server is not a part of its installation any more. Get a new token from the API root.")
    raise TakenOut


async def _place_found_late(request: ApiRequest) -> TenantPlace:
    """A write found the organization gone before this process has heard of it."""
    house = request.house
    take_over(house, await house.store.read(read_all, INSTALLATION, wanted_by(house)))
    place = house.roster.departures.get(request.tenant_id)
    if place is None:
        raise InvalidToken("The organization has left this server.")
    return place


def _is_redirected(request: ApiRequest, place: TenantPlace) -> bool:
    route = request.route
    if not route.call and route.gives == (JSON,):  # the token service
        return False
    # Never below 0, where another node's clock was ahead: with 0 days all are sent on at once.
    left_for_ms = max(request.house.store.clock() // 1000 - (place.left_at_ms or 0), 0)
    if left_for_ms >= request.house.settings.moved_answer_days * _DAY_MS:
        raise InvalidToken("The organization has left this server.") if route.call else NotFound("media")
    if route.method in _SAFE or request.header(b"x-accept-308") == "1":
        return True
    return left_for_ms >= request.house.settings.moved_forward_days * _DAY_MS


def _address(request: ApiRequest, place: TenantPlace) -> str:
    return request.house.roster.endpoint_of(place).rstrip("/") + request.target


def _to_page(request: ApiRequest, place: TenantPlace) -> WholeReply:
    """To the same page there; a form's contents do not go along, and the sign-in begins anew."""
    status = 302 if request.route.method in _SAFE else 303
    headers = (
        (b"location", _address(request, place).encode("latin-1")),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    )
    return WholeReply(status, b"", headers)


async def _passed_on(request: ApiRequest, place: TenantPlace) -> WholeReply:
    is_upload = request.route.body is None and request.route.takes != (JSON,)
    limit_bytes = request.house.settings.media_max_bytes + request.house.settings.body_max_bytes
    declared = request.header(b"content-length")
    call = PassedCall(
        method=request.route.method,
        target=request.target,
        headers=list(request.scope["headers"]),
        body=request.stream_body(max_bytes=limit_bytes, what="The upload", limit=f"{limit_bytes} bytes")
        if is_upload
        else await request.raw_body(),
        body_bytes=int(declared) if is_upload and declared.isdigit() else None,
        address=request.client_address,
        request_id=request.request_id,
        timeout_s=_UPLOAD_TIMEOUT_S if is_upload else _CALL_TIMEOUT_S,
    )
    answer = await pass_on(request.house, place, call)
    return WholeReply(answer.status, answer.body, answer.headers)
