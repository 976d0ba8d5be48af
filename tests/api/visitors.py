"""A person with a browser that knows forms, links, cookies and redirects, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

import httpx

from chaupal.connectors.rules import CreatedConnector, NewConnector, create_connector
from tests.api.client import Client
from tests.api.worlds import MOHAN, World

CALLBACK = "https://app.example.org/callback"
PATH = "/api/Oauth/Authorize"


class Seen(HTMLParser):
    """What a page holds: hidden fields by name, links by text, buttons by value, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.buttons: list[str] = []
        self.texts: list[str] = []
        self.language = ""
        self._link = ""
        self._is_hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"] or ""
        elif tag == "input":
            self.fields[given["name"] or ""] = given.get("value") or ""
        elif tag == "a":
            self._link = given["href"] or ""
        elif tag == "button":
            self.buttons.append(given.get("value") or "")
        self._is_hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""
        self._is_hidden = False

    def handle_data(self, data: str) -> None:
        if not data.strip() or self._is_hidden:
            return
        self.texts.append(data.strip())
        if self._link:
            self.links[data.strip()] = self._link

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Place(Protocol):
    """What a visitor needs: an installation to call, and a look at the phones of its people."""

    @property
    def client(self) -> Client: ...

    def pin_of(self, mobile_number: str, /) -> str: ...


@dataclass
class Visitor:
    """Opens pages and fills in forms. `answer` is the last answer; redirects within the server are followed."""

    world: Place
    address: str = "203.0.113.7"
    path: str = PATH
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200))
    query: str = ""

    def open(self, query: dict[str, str] | str) -> Seen:
        """GET the page with these parameters."""
        return self._call("GET", query if isinstance(query, str) else "?" + urlencode(query))

    def send(self, *, without: tuple[str, ...] = (), **fields: str) -> Seen:
        """Fill in the form of the page that is seen, and send it."""
        given = {"progress": self.page.fields.get("progress", ""), **fields}
        return self.post({name: value for name, value in given.items() if name not in without})

    def post(self, fields: dict[str, str]) -> Seen:
        """POST a form to the address of the page that is seen."""
        return self._call("POST", self.query, urlencode(fields))

    def follow(self, link: str) -> Seen:
        """Click a link by its text."""
        return self.open(self.page.links[link])

    @property
    def page(self) -> Seen:
        return Seen(self.answer.text)

    @property
    def led_to(self) -> tuple[str, dict[str, str]]:
        """(address, parameters) that the server has led the browser to, elsewhere."""
        assert self.answer.status_code == 302, (self.answer.status_code, self.page.text)
        address, _, query = self.answer.headers["location"].partition("?")
        return address, {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}

    def sign_in(self, query: dict[str, str], number: str = MOHAN) -> Seen:
        """Up to the consent."""
        self.open(query)
        self.send(number=number)
        return self.send(pin=self.world.pin_of(number), answer="pin")

    def _call(self, method: str, query: str, content: str | None = None) -> Seen:
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        options: dict[str, Any] = {"content": content, "headers": headers}
        self.answer = self.world.client.call_from(self.address, method, self.path + query, **options)
        for set_cookie in self.answer.headers.get_list("set-cookie"):
            name, _, value = set_cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        location = self.answer.headers.get("location", "")
        if self.answer.status_code == 303:
            assert location.startswith("?"), location
            return self._call("GET", location)
        if not self.answer.is_redirect:
            self.query = query
        return self.page


@dataclass(frozen=True)
class App:
    """A program that signs people in by OAuth."""

    world: World
    connector: CreatedConnector
    redirect_uri: str = CALLBACK

    @property
    def client_id(self) -> str:
        return self.connector.connector.shown_id

    def query(self, **parameters: str) -> dict[str, str]:
        """What the program sends people to the sign-in page with."""
        return {"client_id": self.client_id, "redirect_uri": self.redirect_uri, **parameters}

    def code(self, *, number: str = MOHAN, **parameters: str) -> str:
        """A code that a person has allowed."""
        visitor = Visitor(self.world)
        visitor.sign_in(self.query(**parameters), number)
        visitor.send(answer="allow")
        return visitor.led_to[1]["code"]

    def exchange(self, **fields: str) -> httpx.Response:
        """POST /api/oauth/token, with the program's own id and secret where none are given."""
        own = {"client_id": self.client_id, "client_secret": self.connector.application_secret}
        return self.world.client.call("POST", "/api/oauth/token", content=urlencode({**own, **fields}))


def register_app(world: World, *redirect_urls: str, name: str = "Rota") -> App:
    """A new connector with these redirect URLs."""
    urls = redirect_urls or (CALLBACK,)
    draft = NewConnector(name, redirect_urls=urls)
    return App(world, world.do(create_connector, (draft, world.secret_key)), urls[0])
