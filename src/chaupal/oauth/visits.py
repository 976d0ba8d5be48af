"""One call of the sign-in page: what was asked for, in which language, from which browser, and how far it has come."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlencode

import msgspec

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.sealing import SecretKey
from chaupal.oauth.progress import Progress, Stage, browser_hash, seal_progress, unseal_progress
from chaupal.oauth.rules import AuthorizationRequest, ConnectorUnknown, RedirectNotRegistered, find_asking_connector
from chaupal.oauth.shapes import AuthorizeQuery
from chaupal.pages.languages import LANGUAGES, choose_language
from chaupal.serving.house import House
from chaupal.serving.request import ApiRequest
from chaupal.serving.whose import check_elsewhere, enter_tenant

_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_COOKIE_LIFE_S = 3_600


class Visit(msgspec.Struct, frozen=True):
    """Made by `open_visit`. `cookie` is "" where the browser sent none that can be ours."""

    house: House
    query: AuthorizeQuery
    request: AuthorizationRequest
    language: str
    cookie: str

    @property
    def tenant_id(self) -> str:
        """The connector's tenant, which the person has to belong to."""
        return self.request.connector.tenant_id

    @property
    def secret_key(self) -> SecretKey:
        """The key of the connector's tenant."""
        return self.house.tenant_keys.of(self.tenant_id)

    def link(self, *, progress: str = "", language: str = "") -> str:
        """The address of a page of this sign-in, relative, so that no header of the request has a say in it."""
        names = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method")
        given = {name: getattr(self.query, name) for name in names}
        given["lang"] = language or self.query.lang
        given["progress"] = progress
        return "?" + urlencode({name: value for name, value in given.items() if value})

    def language_links(self, progress: str = "") -> dict[str, str]:
        """The same page in each language."""
        return {code: self.link(progress=progress, language=code) for code in LANGUAGES}

    def seal(self, stage: Stage, **fields: object) -> str:
        """The progress to a stage, for as long as a PIN lives."""
        house = self.house
        progress = Progress(
            stage=stage,
            browser=browser_hash(self.secret_key, self.cookie),
            request=self.request.digest,
            expires_at_s=house.now_s + house.settings.pin_life_s,
            **fields,  # type: ignore[arg-type]
        )
        return seal_progress(self.secret_key, progress)

    def unseal(self, text: str) -> Progress | None:
        """The progress that this browser has made with this request; None where there is none."""
        if not self.cookie:
            return None
        return unseal_progress(
            self.secret_key,
            text,
            browser=browser_hash(self.secret_key, self.cookie),
            request=self.request.digest,
            now_s=self.house.now_s,
        )


async def open_visit(request: ApiRequest) -> Visit:
    """Read a call of the sign-in page.

    Raises:
        InvalidParameters, ConnectorUnknown, RedirectNotRegistered.
        TenantMoved.
    """
    query = request.query(AuthorizeQuery)
    house = request.house
    try:
        connector = await house.store.read(find_asking_connector, INSTALLATION, (query.client_id, query.redirect_uri))
    except (ConnectorUnknown, RedirectNotRegistered):
        await check_elsewhere(request, query.client_id)
        raise
    await enter_tenant(request, connector.tenant_id)
    asked = AuthorizationRequest(
        connector=connector,
        redirect_uri=query.redirect_uri,
        state=query.state,
        code_challenge=query.code_challenge,
        code_challenge_method=query.code_challenge_method,
    )
    language = choose_language(query.lang, request.header(b"accept-language"))
    return Visit(house, query, asked, language, _read_cookie(request))


def new_cookie() -> str:
    """What tells this browser from others."""
    return secrets.token_urlsafe(32)


def cookie_header(house: House, cookie: str) -> tuple[bytes, bytes]:
    """The header that gives a browser its cookie. Over TLS no other host can plant one (`__Host-`)."""
    secure = "; Secure" if _is_secure(house) else ""
    attributes = f"Path=/; Max-Age={_COOKIE_LIFE_S}; HttpOnly; SameSite=Lax{secure}"
    return b"set-cookie", f"{_cookie_name(house)}={cookie}; {attributes}".encode()


def _read_cookie(request: ApiRequest) -> str:
    wanted = _cookie_name(request.house)
    for pair in request.header(b"cookie").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted and _COOKIE_VALUE.fullmatch(value):
            return value
    return ""


def _cookie_name(house: House) -> str:
    return "__Host-chaupal-sign-in" if _is_secure(house) else "chaupal-sign-in"


def _is_secure(house: House) -> bool:
    return house.settings.endpoint_url.startswith("https://")
