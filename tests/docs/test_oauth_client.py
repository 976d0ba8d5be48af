"""The sample client of docs/api/oauth.md, as it stands there, signs a person in to a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.rfc6749.errors import MismatchingStateException

from tests.api.visitors import Seen
from tests.docs.pages import page
from tests.docs.test_api_samples import APPLICATION_ID, APPLICATION_SECRET
from tests.installations import ADMIN, Installation

CALLBACK = "https://app.example.org/callback"


@pytest.fixture
def served(sqlite_installation: Installation) -> Installation:
    """A running server with the names and secrets of the page."""
    sqlite_installation.start()
    own = ("--application-id", APPLICATION_ID, "--application-secret", APPLICATION_SECRET)
    sqlite_installation.result("init", "--tenant", "T", "--admin", ADMIN, "--connector", "Rota", *own)
    sqlite_installation.result("connector", "change", APPLICATION_ID, "--redirect-url", CALLBACK)
    return sqlite_installation


@pytest.fixture
def sample(served: Installation) -> dict[str, Any]:
    """What the sample defines."""
    [block] = [block for block in page("docs/api/oauth.md").blocks if block.language == "python"]
    defined: dict[str, Any] = {}
    exec(block.text.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{served.port}"), defined)  # noqa: S102
    return defined


@pytest.fixture
def person() -> Iterator[httpx.Client]:
    """A browser."""
    with httpx.Client() as browser:
        yield browser


def answer_consent(person: httpx.Client, served: Installation, address: str, answer: str) -> str:
    """Where the browser is led in the end."""
    shown = person.get(address)
    for fields in ({"number": ADMIN}, {"answer": "pin"}, {"answer": answer}):
        if fields.get("answer") == "pin":
            fields["pin"] = served.result("pin", ADMIN)["pin"]
        form = {**fields, "progress": Seen(shown.text).fields["progress"]}
        answered = person.post(shown.url, data=form)
        if answered.status_code == 302:
            return answered.headers["location"]
        assert answered.status_code == 303, answered.text
        shown = person.get(shown.url.join(answered.headers["location"]))
    raise AssertionError(shown.text)


class TestSampleClient:
    def test_it_acts_for_whoever_has_allowed_it(
        self, served: Installation, sample: dict[str, Any], person: httpx.Client
    ) -> None:
        address, session = sample["begin"]()
        location = answer_consent(person, served, address, "allow")
        with sample["finish"](location, session) as client:
            me = client.get(f"{sample['SERVER']}/v1/users/me").json()
            assert (me["mobileNumber"], me["applicationId"]) == (ADMIN, APPLICATION_ID)
            before = client.token
            client.refresh_token(f"{sample['SERVER']}/api/oauth/token")
            assert client.token["refresh_token"] == before["refresh_token"]
            assert client.get(f"{sample['SERVER']}/v1/users/me").status_code == 200
        tokens = served.result("token", "list", "--connector", APPLICATION_ID)["tokens"]
        assert [token["origin"] for token in tokens] == ["operator", "oauth"]
        with pytest.raises(OAuthError, match="invalid_grant"):
            sample["finish"](location, session)
        assert len(served.result("token", "list", "--connector", APPLICATION_ID)["tokens"]) == 1

    def test_it_is_told_of_a_refusal(self, served: Installation, sample: dict[str, Any], person: httpx.Client) -> None:
        address, session = sample["begin"]()
        location = answer_consent(person, served, address, "deny")
        with pytest.raises(sample["Refused"], match="access_denied"):
            sample["finish"](location, session)

    def test_it_takes_no_sign_in_that_it_has_not_begun(
        self, served: Installation, sample: dict[str, Any], person: httpx.Client
    ) -> None:
        address, _ = sample["begin"]()
        location = answer_consent(person, served, address, "allow")
        _, other_session = sample["begin"]()
        with pytest.raises(MismatchingStateException):
            sample["finish"](location, other_session)

    def test_a_wrong_secret_is_told_in_oauths_words(
        self, served: Installation, sample: dict[str, Any], person: httpx.Client
    ) -> None:
        address, session = sample["begin"]()
        location = answer_consent(person, served, address, "allow")
        sample["CLIENT_SECRET"] = "wrong"
        with pytest.raises(OAuthError, match="invalid_client"):
            sample["finish"](location, session)
