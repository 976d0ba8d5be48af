"""A client goes where the server has moved, and tries again what may have failed by chance, without doing it twice."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from chaupal_client import (
    ApiError,
    Chaupal,
    ConnectionFailed,
    EndpointRefused,
    InternalError,
    MemoryTokens,
    RequestTimeout,
    Retrying,
    TooManyRequests,
    Unavailable,
    UnreadableAnswer,
    _driving,
)
from chaupal_client._errors import ConnectionFailed as Failed
from chaupal_client._errors import read_error
from chaupal_client._retrying import Patience
from chaupal_client._steps import Reply
from tests.api.worlds import GITA
from tests.browser.sites import Site
from tests.installations import free_port
from tests.sdk.clients import QUICK, OpenClient
from tests.sdk.elsewhere import NO_ANSWER, Answer, Asked, Elsewhere

UNAVAILABLE = Answer(
    503,
    json.dumps({"message": "Try again in 1 s.", "errorCode": "Unavailable", "requestId": "r-503"}).encode(),
)
ME = json.dumps(
    {
        "id": "1",
        "name": "Gita",
        "mobileNumber": GITA,
        "profilePic": "",
        "tenantId": "2",
        "role": "Member",
        "isTenantAdmin": False,
        "applicationId": "3",
        "invented": {"by": "a later server"},
    }
).encode()


def moved(location: str, **told: str) -> Answer:
    body = json.dumps({"message": "It has moved.", "errorCode": "EndpointChanged", **told}).encode()
    return Answer(308, body, {"Location": location})


@pytest.fixture
def fixed(open_client: OpenClient, elsewhere: Elsewhere) -> Any:
    """A client of the other server, with a token that nobody looks at."""
    return open_client(url=elsewhere.url, access_token="some-token")


class TestMoves:
    def test_a_call_goes_on_where_the_server_has_moved_and_stays_there(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        kept: Any = MemoryTokens()
        token = open_client().sign_in.renew()
        client = open_client(url=elsewhere.url, access_token=token, tokens=kept)
        elsewhere.then = lambda asked: moved(site.url.rstrip("/") + asked.target)
        group_id = client.groups.create("Depot").group_id
        client.messages.post(group_id, "நன்றி")
        assert [(asked.method, asked.target) for asked in elsewhere.asked] == [("POST", "/v1/groups")]
        assert elsewhere.asked[0].headers["x-accept-308"] == "1"
        assert client.endpoint_url == site.url == kept.load().endpoint_url
        assert [one.message for one in client.messages.iterate(group_id)] == ["நன்றி"]

    def test_a_location_may_be_the_new_base_alone(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        client = open_client(url=elsewhere.url, access_token=open_client().sign_in.renew())
        elsewhere.answers = [moved(site.url)]
        assert client.users.me().mobile_number == GITA
        assert client.endpoint_url == site.url

    def test_an_endpoint_that_is_named_wins_over_the_location(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        client = open_client(url=elsewhere.url, access_token=open_client().sign_in.renew())
        elsewhere.answers = [moved(f"{site.url}v1//USERS/me", endpointUrl=site.url)]
        assert client.users.me().mobile_number == GITA
        assert client.endpoint_url == site.url

    def test_a_refused_token_is_renewed_at_the_root_after_a_move(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        client = open_client()
        client.users.me()
        other = open_client(url=elsewhere.url, access_token="", refresh_token=site.world.grant(GITA).refresh_token)
        elsewhere.pass_on_to(site.url)
        assert other.users.me().mobile_number == GITA
        assert [asked.target for asked in elsewhere.asked] == ["/v1/accessToken"]
        assert other.endpoint_url == site.url

    def test_the_token_service_may_move_as_well(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        elsewhere.then = lambda asked: moved(site.url.rstrip("/") + asked.target)
        client = open_client(url=elsewhere.url)
        client.sign_in.renew()
        client.sign_in.renew()
        assert len(elsewhere.asked) == 1

    @pytest.mark.parametrize("location", ["", "/v1/users/me", "{url}/v1/users/me"])
    def test_a_server_that_sends_on_to_itself_is_refused(self, fixed: Any, elsewhere: Elsewhere, location: str) -> None:
        elsewhere.then = lambda _asked: moved(location.format(url=elsewhere.url))
        with pytest.raises(EndpointRefused):
            fixed.users.me()
        assert len(elsewhere.asked) == 1

    def test_two_servers_that_send_on_to_each_other_are_refused(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.then = lambda asked: moved(f"{elsewhere.url}{asked.target.replace('/v1', '/deeper/v1')}")
        with pytest.raises(EndpointRefused):
            fixed.users.me()
        assert len(elsewhere.asked) == 6

    def test_a_token_given_by_https_is_not_carried_over_http(self) -> None:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            if request.url.path == "/v1/accessToken":
                given = {"accessToken": "a", "endpointUrl": "http://other.example/", "accessTokenExpiry": 2**50}
                return httpx.Response(200, json={**given, "refreshToken": "", "scope": ""})
            return httpx.Response(308, headers={"Location": "http://other.example/v1/users/me"})

        http = httpx.Client(transport=httpx.MockTransport(answer))
        with (
            Chaupal("https://chat.example", application_id="i", refresh_token="r", http=http) as client,
            pytest.raises(EndpointRefused),
        ):
            client.users.me()
        assert asked == ["https://chat.example/v1/accessToken", "https://chat.example/v1/users/me"]

    @pytest.mark.parametrize("url", ["chat.example.org", "ftp://chat.example.org", "", "https://"])
    def test_an_address_has_to_be_one(self, open_client: OpenClient, url: str) -> None:
        with pytest.raises(ValueError, match="address of a server"):
            Chaupal(url)


class TestRetries:
    def test_a_call_is_made_again_with_the_same_key_and_body(self, fixed: Any, elsewhere: Elsewhere) -> None:
        done = Answer(body=b'{"referenceId": "1"}')
        elsewhere.answers = [UNAVAILABLE, NO_ANSWER, Answer(502, b"<h1>Bad gateway</h1>"), done]
        assert fixed.messages.post("g", "Once").reference_id == "1"
        assert len(elsewhere.asked) == 4
        assert len({asked.headers["idempotency-key"] for asked in elsewhere.asked}) == 1
        assert {asked.body for asked in elsewhere.asked} == {b'{"message":"Once"}'}

    def test_each_call_has_a_key_of_its_own(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.then = lambda _asked: Answer(body=b'{"referenceId": "1"}')
        for _ in range(2):
            fixed.messages.post("g", "Twice")
        assert len({asked.headers["idempotency-key"] for asked in elsewhere.asked}) == 2

    def test_a_lost_answer_does_nothing_twice(self, site: Site, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        token = open_client().sign_in.renew()
        client = open_client(url=elsewhere.url, access_token=token)
        elsewhere.pass_on_to(site.url)
        group_id = client.groups.create("Depot").group_id
        through, lost = elsewhere.then, [True]

        def lose_the_first(asked: Asked) -> Answer:
            answer = through(asked)
            return NO_ANSWER if lost and lost.pop() else answer

        elsewhere.then = lose_the_first
        client.messages.post(group_id, "Once")
        assert [one.message for one in client.messages.iterate(group_id)] == ["Once"]

    def test_it_gives_up_with_the_last_error(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.then = lambda _asked: UNAVAILABLE
        with pytest.raises(Unavailable) as given_up:
            fixed.users.me()
        assert str(given_up.value) == "[request r-503] 503 Unavailable: Try again in 1 s."
        assert len(elsewhere.asked) == 1 + QUICK.retries

    def test_nobody_there_is_told_with_the_cause(self, open_client: OpenClient) -> None:
        client = open_client(url=f"http://127.0.0.1:{free_port()}", access_token="t")
        with pytest.raises(ConnectionFailed, match=r"GET http://127\.0\.0\.1:.*/v1/users/me: ConnectError") as given_up:
            client.users.me()
        assert isinstance(given_up.value.__cause__, httpx.ConnectError)

    def test_a_defect_is_not_tried_again(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [Answer(500, b'{"errorCode": "InternalError", "message": "Something went wrong"}')]
        with pytest.raises(InternalError):
            fixed.users.me()
        assert len(elsewhere.asked) == 1

    def test_a_code_of_oauth_is_not_sent_twice(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        client = open_client(url=elsewhere.url)
        begun = client.sign_in.begin("https://app.example.org/callback")
        elsewhere.answers = [NO_ANSWER]
        with pytest.raises(ConnectionFailed):
            client.sign_in.finish(begun, f"https://app.example.org/callback?code=c&state={begun.state}")
        assert len(elsewhere.asked) == 1

    def test_an_answer_that_was_cut_is_asked_for_again(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [Answer(body=ME, cut_bytes=5), Answer(body=ME)]
        assert fixed.users.me().name == "Gita"

    def test_an_answer_of_something_else_is_told_as_such(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [Answer(200, b"<h1>Welcome to the router</h1>", {"X-Request-Id": "r-7"})]
        with pytest.raises(UnreadableAnswer, match=r"\[request r-7\] the answer cannot be read"):
            fixed.users.me()

    @pytest.mark.parametrize("status", [200, 500])
    def test_an_answer_without_end_is_not_kept(
        self, fixed: Any, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        monkeypatch.setattr(_driving, "BODY_MAX_BYTES", 1_000_000)
        elsewhere.then = lambda _asked: Answer(status, b"x" * 1_000_001)
        with pytest.raises(ConnectionFailed, match="longer than 1000000 bytes"):
            fixed.users.me()

    def test_an_error_of_a_proxy_is_an_error_of_the_api(self, fixed: Any, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [Answer(418, b"teapot")]
        with pytest.raises(ApiError) as refused:
            fixed.users.me()
        assert str(refused.value) == "418 Status418: teapot"


class TestPatience:
    def error(self, status: int, **headers: str) -> ApiError:
        return read_error(Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b""))

    def test_waits_double_and_vary(self) -> None:
        patience = Patience(Retrying(retries=5, first_wait_s=1, longest_wait_s=4))
        waits = [patience.wait_after(Failed(), is_repeatable=True) for _ in range(6)]
        assert waits.pop() is None
        for wait, longest in zip(waits, (1, 2, 4, 4, 4), strict=True):
            assert wait is not None
            assert longest / 2 <= wait <= longest

    def test_retry_after_is_heeded_up_to_a_bound(self) -> None:
        patience = Patience(Retrying(first_wait_s=1))
        assert patience.wait_after(self.error(429, retry_after="60"), is_repeatable=False) == 60
        assert patience.wait_after(self.error(503, retry_after="61"), is_repeatable=True) is None

    @pytest.mark.parametrize("text", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "", "٣"])
    def test_a_retry_after_that_is_no_number_is_none(self, text: str) -> None:
        assert self.error(429, retry_after=text).retry_after_s is None

    def test_what_may_have_been_done_is_not_repeated(self) -> None:
        for status, is_tried in ((408, False), (502, False), (504, False), (429, True), (503, True), (400, False)):
            wait = Patience(Retrying()).wait_after(self.error(status), is_repeatable=False)
            assert (wait is not None) is is_tried, status

    def test_without_end_it_never_gives_up(self) -> None:
        patience = Patience(Retrying(retries=0, longest_wait_s=4).without_end)
        assert all(patience.wait_after(Failed(), is_repeatable=True) for _ in range(2000))

    def test_statuses_without_a_code_have_their_class(self) -> None:
        found = {status: type(self.error(status)) for status in (408, 429, 503, 599)}
        assert found == {408: RequestTimeout, 429: TooManyRequests, 503: Unavailable, 599: ApiError}
