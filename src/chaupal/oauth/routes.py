"""The sign-in pages and OAuth's token service. No call carries an access token. Source: contract, section 4."""

from __future__ import annotations

import msgspec

from chaupal.auth.caller import Operator
from chaupal.auth.limiter import Claim
from chaupal.connectors.rules import Connector
from chaupal.errors import InvalidParameters, TooManyRequests, Unauthenticated
from chaupal.oauth.progress import Problem, Progress, Stage
from chaupal.oauth.rules import (
    CodeWrong,
    ConnectorUnknown,
    ConsentAnswer,
    GrantTypeUnsupported,
    NumberProof,
    Redemption,
    RedirectNotRegistered,
    SignInOver,
    answer_consent,
    prove_number,
    read_consent,
    redeem_code,
    refusal_of,
)
from chaupal.oauth.screens import (
    answer_page,
    consent_page,
    next_page,
    number_page,
    over_page,
    pin_page,
    trouble_page,
)
from chaupal.oauth.shapes import AuthorizeQuery, SignInForm, TokenAnswer, TokenRequest
from chaupal.oauth.visits import Visit, new_cookie, open_visit
from chaupal.serving.replies import WholeReply, answer_headers
from chaupal.serving.request import ApiRequest
from chaupal.serving.routes import FORM, HTML, JSON, Route
from chaupal.serving.whose import connector_of
from chaupal.tokens.pins import PIN_DIGITS, PinDraft, PinTry, WrongPin, generate_pin
from chaupal.tokens.rules import (
    Exchange,
    Exchanged,
    RefreshTokenWrong,
    read_exchange,
    renew_exchange,
    sign_access_token,
)
from chaupal.wire.errors import OAuthErrorBody, write_oauth_error
from chaupal.wire.forms import read_basic_credentials, read_form
from chaupal.wire.numbers import read_mobile_number
from chaupal.wire.query_strings import read_query

_TYPED_MAX_CHARS = 40


async def get_authorize(request: ApiRequest) -> WholeReply:
    """Show the page that the person has come to."""
    visit = await open_visit(request)
    if not visit.cookie:
        visit = msgspec.structs.replace(visit, cookie=new_cookie())
    elif (sealed := visit.query.progress) and (progress := visit.unseal(sealed)):
        return await _shown_page(visit, progress, sealed)
    if visit.query.progress:
        return over_page(visit)
    query = visit.query
    refusal = refusal_of(
        response_type=query.response_type,
        code_challenge=query.code_challenge,
        code_challenge_method=query.code_challenge_method,
    )
    if refusal:
        return answer_page(visit, error=refusal)
    return number_page(visit, visit.seal(Stage.NUMBER), None, "")


async def _shown_page(visit: Visit, progress: Progress, sealed: str) -> WholeReply:
    match progress.stage:
        case Stage.NUMBER:
            return number_page(visit, visit.seal(Stage.NUMBER), progress, sealed)
        case Stage.PIN:
            return pin_page(visit, progress, sealed)
        case Stage.CONSENT:
            asked = (visit.request, progress.authorization_id)
            try:
                consent = await visit.house.store.read(read_consent, Operator(visit.tenant_id), asked)
            except SignInOver:
                return over_page(visit)
            return consent_page(visit, consent, sealed)


async def post_authorize(request: ApiRequest) -> WholeReply:
    """Take what a page's form sends; only the answer to the consent leads away from this server."""
    visit = await open_visit(request)
    house = request.house
    # After the look-up: who makes up an id gets an error page, and costs the limiter nothing.
    limit = house.settings.sign_in_forms_per_min_address
    claim = Claim("signIn:" + request.client_site, limit, "Sign-in forms from this address")
    house.limiter.take(claim, now_s=house.now_s)
    form = read_query((await request.raw_body()).strip(), SignInForm)
    progress = visit.unseal(form.progress)
    if progress is None:
        return over_page(visit)
    match progress.stage:
        case Stage.NUMBER:
            return await _take_number(visit, form)
        case Stage.PIN if form.answer == "again":
            return await _send_pin(visit, progress.mobile_number, notice=Problem.PIN_SENT_AGAIN)
        case Stage.PIN:
            return await _take_pin(visit, progress, form, request.client_site)
        case Stage.CONSENT:
            return await _take_answer(visit, progress, form)


async def _take_number(visit: Visit, form: SignInForm) -> WholeReply:
    typed = form.number[:_TYPED_MAX_CHARS]
    try:
        mobile_number = read_mobile_number(form.number, "number")
    except InvalidParameters:
        return next_page(visit, visit.seal(Stage.NUMBER, problem=Problem.NUMBER_MALFORMED, typed=typed))
    return await _send_pin(visit, mobile_number)


async def _send_pin(visit: Visit, mobile_number: str, *, notice: Problem = Problem.NONE) -> WholeReply:
    """The same for numbers of people and of nobody."""
    house = visit.house
    draft = PinDraft(mobile_number, visit.request.connector, house.settings, visit.secret_key)
    try:
        await house.store.write(generate_pin, Operator(visit.tenant_id), draft)
    except TooManyRequests as error:
        problem, wait_s = Problem.TOO_MANY_PINS, error.retry_after_s
        if notice is Problem.NONE:
            return next_page(visit, visit.seal(Stage.NUMBER, problem=problem, typed=mobile_number, wait_s=wait_s))
        return next_page(visit, visit.seal(Stage.PIN, problem=problem, mobile_number=mobile_number, wait_s=wait_s))
    house.wake_jobs()
    return next_page(visit, visit.seal(Stage.PIN, mobile_number=mobile_number, problem=notice))


async def _take_pin(visit: Visit, progress: Progress, form: SignInForm, address: str) -> WholeReply:
    house, mobile_number = visit.house, progress.mobile_number
    pin = "".join(form.pin.split())
    # Devanagari digits are digits as well; a slip of the finger is not a wrong try.
    if len(pin) != PIN_DIGITS or not pin.isdecimal():
        return next_page(visit, visit.seal(Stage.PIN, mobile_number=mobile_number, problem=Problem.PIN_MALFORMED))
    proof = NumberProof(
        request=visit.request,
        attempt=PinTry(mobile_number, _ascii_digits(pin), visit.request.connector.connector_id, address),
        settings=house.settings,
        secret_key=visit.secret_key,
    )
    try:
        proved = (await house.store.write(prove_number, Operator(visit.tenant_id), proof)).result
    except TooManyRequests as error:
        problem, wait_s = Problem.TOO_MANY_TRIES, error.retry_after_s
        return next_page(visit, visit.seal(Stage.PIN, mobile_number=mobile_number, problem=problem, wait_s=wait_s))
    if isinstance(proved, WrongPin):
        return next_page(visit, visit.seal(Stage.PIN, mobile_number=mobile_number, problem=Problem.PIN_WRONG))
    return next_page(visit, visit.seal(Stage.CONSENT, authorization_id=proved))


def _ascii_digits(pin: str) -> str:
    return "".join(str(int(digit)) for digit in pin)


async def _take_answer(visit: Visit, progress: Progress, form: SignInForm) -> WholeReply:
    """Whatever is not "allow" is a refusal."""
    answer = ConsentAnswer(
        request=visit.request,
        authorization_id=progress.authorization_id,
        is_allowed=form.answer == "allow",
        secret_key=visit.secret_key,
    )
    try:
        code = (await visit.house.store.write(answer_consent, Operator(visit.tenant_id), answer)).result
    except SignInOver:
        return over_page(visit)
    return answer_page(visit, error="access_denied") if code is None else answer_page(visit, code=code)


async def post_token(request: ApiRequest) -> TokenAnswer:
    """Exchange a code, or a refresh token, for an access token."""
    house = request.house
    asked = read_form(await request.raw_body(), TokenRequest, strict_only=house.settings.strict_json)
    credentials = read_basic_credentials(request.header(b"authorization"))
    client_id, secret = credentials or (asked.client_id, asked.client_secret)
    if not client_id:
        raise InvalidParameters(field="client_id", value="nothing", rule="is required")
    connector = await connector_of(request, client_id)
    limit = house.settings.access_token_calls_per_min
    request.count_against(Claim("accessToken:" + connector.connector_id, limit, "Access tokens of this connector"))
    match asked.grant_type or ("authorization_code" if asked.code else "refresh_token"):
        case "authorization_code":
            exchanged = await _exchange_code(request, connector, secret, asked)
        case "refresh_token":
            exchanged = await _exchange_refresh_token(request, connector, secret, asked)
        case other:
            raise GrantTypeUnsupported(other)
    return _token_answer(request, exchanged)


async def _exchange_code(request: ApiRequest, connector: Connector, secret: str, asked: TokenRequest) -> Exchanged:
    if not asked.code:
        raise InvalidParameters(field="code", value="nothing", rule="is required")
    house = request.house
    redemption = Redemption(
        connector=connector,
        application_secret=secret,
        code=asked.code,
        redirect_uri=asked.redirect_uri,
        code_verifier=asked.code_verifier,
        settings=house.settings,
        secret_key=request.secret_key,
    )
    redeemed = (await house.store.write(redeem_code, Operator(connector.tenant_id), redemption)).result
    if isinstance(redeemed, CodeWrong):
        raise redeemed
    return redeemed


async def _exchange_refresh_token(
    request: ApiRequest, connector: Connector, secret: str, asked: TokenRequest
) -> Exchanged:
    if not asked.refresh_token:
        raise InvalidParameters(field="code", value="nothing", rule="is required, or refresh_token")
    house, operator = request.house, Operator(connector.tenant_id)
    exchange = Exchange(connector, secret, asked.refresh_token, house.settings, request.secret_key)
    exchanged = await house.store.read(read_exchange, operator, exchange)
    if exchanged is None:
        exchanged = (await house.store.write(renew_exchange, operator, exchange)).result
    return exchanged


def _token_answer(request: ApiRequest, exchanged: Exchanged) -> TokenAnswer:
    house = request.house
    access_token, scope = sign_access_token(house.signer, exchanged, issued_at_s=house.now_s)
    answer = TokenAnswer(
        access_token=access_token,
        endpoint_url=house.settings.endpoint_url,
        access_token_expiry=exchanged.token.expires_at_s * 1000,
        refresh_token="",
        scope=scope,
        oauth_access_token=access_token,
        token_type="Bearer",
        expires_in=exchanged.token.expires_at_s - house.now_s,
    )
    if exchanged.renewed is not None:
        answer.refresh_token = answer.oauth_refresh_token = exchanged.renewed.refresh_token
    return answer


def refuse_token(request: ApiRequest, error: BaseException) -> WholeReply:
    """An error in the API's form and in OAuth's, in one body."""
    status, body, further = write_oauth_error(error, request.request_id)
    if status == 401 and request.header(b"authorization"):
        further.append((b"www-authenticate", b'Basic realm="Chaupal"'))
    headers = [header for header in answer_headers(body, "") if header[0] not in (b"x-request-id", b"content-length")]
    return WholeReply(status, body, (*headers, *further))


ROUTES = [
    Route(
        "GET",
        "/api/Oauth/Authorize",
        get_authorize,
        query=AuthorizeQuery,
        refuse=trouble_page,
        errors=(ConnectorUnknown, RedirectNotRegistered),
        gives=(HTML,),
        other_answers={302: "Back to the program, with an error in the query."},
    ),
    Route(
        "POST",
        "/api/Oauth/Authorize",
        post_authorize,
        query=AuthorizeQuery,
        body=SignInForm,
        refuse=trouble_page,
        errors=(ConnectorUnknown, RedirectNotRegistered, TooManyRequests),
        takes=(FORM,),
        gives=(HTML,),
        other_answers={
            302: "Back to the program, with a code or an error in the query.",
            303: "On to the next page.",
        },
    ),
    Route(
        "POST",
        "/api/oauth/token",
        post_token,
        body=TokenRequest,
        reply=TokenAnswer,
        refuse=refuse_token,
        errors=(CodeWrong, GrantTypeUnsupported, Unauthenticated, RefreshTokenWrong, TooManyRequests),
        error_body=OAuthErrorBody,
        takes=(FORM, JSON),
    ),
]
