"""What a person sees while signing in: each page from what the rules found. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from chaupal.connectors.rules import permissions_of
from chaupal.errors import ChaupalError, InvalidParameters, TooManyRequests, Unavailable
from chaupal.oauth.progress import Problem, Progress
from chaupal.oauth.rules import ConnectorUnknown, Consent, RedirectNotRegistered, SignInOver
from chaupal.oauth.visits import Visit, cookie_header
from chaupal.pages.languages import LANGUAGES, Texts, choose_language
from chaupal.pages.rendering import Page, lead_on, render_page
from chaupal.serving.replies import WholeReply
from chaupal.serving.request import ApiRequest

_PAIRS_MAX = 20


def number_page(visit: Visit, form_progress: str, come_back: Progress | None, shown_progress: str) -> WholeReply:
    """Asks for the number. `come_back` tells of a try before; `shown_progress` is where its address is."""
    text = Texts(visit.language)
    values = {
        "connector": visit.request.connector.name,
        "progress": form_progress,
        "problem": _problem(text, come_back),
        "typed": come_back.typed if come_back else "",
    }
    return _page(visit, "sign_in_number.html", values, shown_progress)


def pin_page(visit: Visit, progress: Progress, sealed: str) -> WholeReply:
    """Asks for the PIN."""
    text = Texts(visit.language)
    is_notice = progress.problem is Problem.PIN_SENT_AGAIN
    values = {
        "number": progress.mobile_number,
        "progress": sealed,
        "problem": "" if is_notice else _problem(text, progress),
        "notice": _problem(text, progress) if is_notice else "",
        "life": text.duration(visit.house.settings.pin_life_s),
        "start_link": visit.link(),
    }
    return _page(visit, "sign_in_pin.html", values, sealed)


def consent_page(visit: Visit, consent: Consent, sealed: str) -> WholeReply:
    """Says what the connector asks for, and asks."""
    text = Texts(visit.language)
    target = urlsplit(visit.request.redirect_uri)
    values = {
        "connector": consent.connector.name,
        "tenant": consent.tenant_name,
        "name": consent.person.name,
        "number": consent.person.mobile_number,
        "permissions": [text(f"permission_{held.name.lower()}") for held in permissions_of(consent.connector)],
        "progress": sealed,
        "target": target.netloc or f"{target.scheme}:",
    }
    return _page(visit, "sign_in_consent.html", values, sealed, form_targets=_form_targets(visit.request.redirect_uri))


def _form_targets(redirect_uri: str) -> tuple[str, ...]:
    """Where the answer to the consent may lead: Chromium follows the policy through every redirect after a form.

    A program often sends the browser on, from its redirect URL to another host of its own; so the kind of address is
    allowed, not the one host. The page holds nothing that a person typed, and its form is of use to this server alone.
    """
    target = urlsplit(redirect_uri)
    if target.scheme == "https":
        return ("https:",)
    return ("https:", "http:") if target.scheme == "http" else (f"{target.scheme}:",)


def answer_page(visit: Visit, **parameters: str) -> WholeReply:
    """Leads back to the program, with a code or with the name of what went wrong."""
    if visit.request.state is not None:
        parameters["state"] = visit.request.state
    joint = "&" if "?" in visit.request.redirect_uri else "?"
    return lead_on(visit.request.redirect_uri + joint + urlencode(parameters), status=302)


def next_page(visit: Visit, sealed: str) -> WholeReply:
    """Leads on to the page of this progress, so that going back or reloading sends no form again."""
    return lead_on(visit.link(progress=sealed), status=303)


def over_page(visit: Visit) -> WholeReply:
    """The form is too old, of another browser, or was answered already."""
    text = Texts(visit.language)
    values = {
        "title": text("expired_title"),
        "paragraphs": [text("expired_lead")],
        "link": visit.link(),
        "link_text": text("expired_again"),
        "footnote": "",
    }
    return _page(visit, "trouble.html", values, "", status=400)


def trouble_page(request: ApiRequest, error: BaseException) -> WholeReply:
    """What an error looks like here; no page of an error leads anywhere, least of all by a redirect."""
    known = error if isinstance(error, ChaupalError) else ChaupalError()
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), errors="replace")[:_PAIRS_MAX]
    language = choose_language(dict(pairs).get("lang", ""), request.header(b"accept-language"))
    asked = [pair for pair in pairs if pair[0] != "lang"]
    text = Texts(language)
    title, paragraphs = _describe(text, known)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(known, (TooManyRequests, Unavailable)):
        headers = ((b"retry-after", str(known.retry_after_s).encode()),)
    page = Page(
        template="trouble.html",
        language=language,
        language_links={code: "?" + urlencode([*asked, ("lang", code)]) for code in LANGUAGES},
        values={
            "title": title,
            "paragraphs": paragraphs,
            "link": "",
            "link_text": "",
            "footnote": text("failed_request", request_id=request.request_id) if known.status >= 500 else "",
        },
        status=known.status,
        headers=headers,
    )
    return render_page(page)


def _describe(text: Texts, error: ChaupalError) -> tuple[str, list[str]]:
    match error:
        case ConnectorUnknown():
            return text("refused_title"), [text("refused_connector"), text("refused_advice")]
        case RedirectNotRegistered():
            return text("refused_title"), [text("refused_redirect"), text("refused_advice")]
        case SignInOver():
            return text("expired_title"), [text("expired_lead")]
        case TooManyRequests():
            return text("busy_title"), [text("busy_lead", wait=text.duration(error.retry_after_s))]
        case InvalidParameters():
            return text("refused_title"), [text("refused_request", reason=str(error))]
        case _:
            return text("failed_title"), [text("failed_lead")]


def _problem(text: Texts, progress: Progress | None) -> str:
    if progress is None or progress.problem is Problem.NONE:
        return ""
    return text(progress.problem.value, wait=text.duration(progress.wait_s))


def _page(
    visit: Visit,
    template: str,
    values: Mapping[str, object],
    progress: str,
    *,
    status: int = 200,
    form_targets: tuple[str, ...] = (),
) -> WholeReply:
    page = Page(
        template=template,
        language=visit.language,
        language_links=visit.language_links(progress),
        values=values,
        status=status,
        form_targets=form_targets,
        headers=(cookie_header(visit.house, visit.cookie),) if visit.cookie else (),
    )
    return render_page(page)
