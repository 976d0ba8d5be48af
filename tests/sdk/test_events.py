"""Events come as they happen, each once and in order, also through breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaupal_client import ApiError, ConnectionFailed, CursorExpired, InvalidToken, NotFound, UnreadableAnswer
from chaupal_client._event_lines import EventLines
from chaupal_client.events import (
    EVENTS,
    ActionClosed,
    GroupAdded,
    MemberAdded,
    OtherEvent,
    ReactionCreated,
    SurveyCreated,
    SurveyResponse,
    TextMessageCreated,
    read_event,
)
from tests.api.worlds import ASHA, GITA, MOHAN
from tests.browser.sites import Site
from tests.sdk.clients import OpenClient
from tests.sdk.elsewhere import NO_ANSWER, Answer, Asked, Elsewhere


def block(cursor: str, text: str = "") -> bytes:
    """One event as the stream has it, or a sign of life."""
    if not text:
        return f": alive\nid: {cursor}\n\n".encode()
    body = {"eventType": "TextMessageCreated", "eventId": cursor, "data": {"text": text}}
    return f"id: {cursor}\nevent: TextMessageCreated\ndata: {json.dumps(body)}\n\n".encode()


def stream(*blocks: bytes, cut_bytes: int = 0) -> Answer:
    return Answer(body=b"".join(blocks), headers={"Content-Type": "text/event-stream"}, cut_bytes=cut_bytes)


class TestFollow:
    def test_events_come_with_their_types(self, client: Any) -> None:
        begin = client.events.page().cursor
        group_id = client.groups.create("Depot", members=[MOHAN]).group_id
        sent = client.messages.post(group_id, "நன்றி").reference_id
        survey = client.actions.post(
            group_id,
            action_type="Survey",
            action_body={"title": "Stock", "questions": [{"title": "Boxes", "type": "Numeric"}]},
        ).action_id
        client.responses.post(group_id, survey, action_body={"answers": [12]})
        client.reactions.post(group_id, sent, "Like")
        client.actions.close(group_id, survey)
        found = []
        with client.events.follow(cursor=begin) as events:
            for event in events:
                found.append(event)
                if isinstance(event, ActionClosed):
                    break
        by_type = {type(event): event for event in found}
        assert {GroupAdded, MemberAdded, ReactionCreated} <= set(by_type)
        message, asked, answered = by_type[TextMessageCreated], by_type[SurveyCreated], by_type[SurveyResponse]
        assert (message.data.text, message.event_id) == ("நன்றி", sent)
        assert (message.from_user, message.group_id) == (GITA, group_id)
        assert message.event_time.endswith("Z")
        assert (asked.data.action_id, asked.data.questions[0].title) == (survey, "Boxes")
        assert answered.data.response_details.response_with_questions[0].answer == 12
        assert by_type[ReactionCreated].data.reaction_type == "Like"
        assert len({event.event_id for event in found}) == len(found)

    def test_what_happens_after_the_beginning_comes(self, site: Site, client: Any) -> None:
        group_id = client.groups.create("Depot", members=[MOHAN]).group_id
        with client.events.follow(cursor=client.events.page().cursor, group_id=[group_id]) as events:
            for text in ("one", "two"):
                site.world.send(text, sender=site.world.member, group_id=group_id)
                assert next(events).data.text == text

    def test_a_broken_stream_goes_on_where_it_was(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        refused = Answer(503, b'{"errorCode": "Unavailable", "message": "Starting"}')
        elsewhere.answers = [
            stream(block("c1"), block("c2", "one"), block("c3", "two"), cut_bytes=5),
            NO_ANSWER,
            *[refused] * 10,
            stream(block("c3", "two"), block("c4")),
            stream(block("c5", "three")),
        ]
        with open_client(url=elsewhere.url, access_token="t").events.follow() as events:
            texts = [next(events).data.text for _ in range(3)]
            cursor = events.cursor
        assert (texts, cursor) == (["one", "two", "three"], "c5")
        assert [asked.headers.get("last-event-id") for asked in elsewhere.asked] == [None, *["c2"] * 12, "c4"]

    def test_a_first_connection_is_given_up(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        elsewhere.then = lambda _asked: NO_ANSWER
        with pytest.raises(ConnectionFailed):
            next(open_client(url=elsewhere.url, access_token="t").events.follow())

    def test_a_cursor_that_is_too_old_is_told(self, open_client: OpenClient, elsewhere: Elsewhere) -> None:
        elsewhere.answers = [stream(block("c1", "one")), Answer(410, b'{"errorCode": "CursorExpired"}')]
        events = open_client(url=elsewhere.url, access_token="t").events.follow(cursor="c0")
        assert next(events).data.text == "one"
        with pytest.raises(CursorExpired):
            next(events)

    def test_a_token_that_stops_ends_it(self, site: Site, open_client: OpenClient) -> None:
        client = open_client()
        token = client.sign_in.renew()
        other = open_client(access_token=token)
        group_id = client.groups.create("Depot").group_id
        events = other.events.follow(cursor=client.events.page().cursor, group_id=[group_id])
        client.messages.post(group_id, "last")
        assert next(events).data.text == "last"
        site.world.grant(GITA)  # ends the earlier one
        with pytest.raises(InvalidToken):
            next(events)

    def test_a_group_that_is_not_visible_is_told(self, client: Any) -> None:
        with pytest.raises(NotFound):
            next(client.events.follow(group_id=["01a20bf7-0000-7000-8000-000000000000"]))

    def test_an_expired_token_is_renewed_meanwhile(
        self, site: Site, open_client: OpenClient, elsewhere: Elsewhere
    ) -> None:
        refused = Answer(401, b'{"errorCode": "InvalidToken"}')
        given: list[Answer | None] = [stream(block("c1", "one")), refused, stream(block("c2", "two"))]
        elsewhere.pass_on_to(site.url)
        through = elsewhere.then

        def answer(asked: Asked) -> Answer:
            if asked.target == "/v1/accessToken":
                told = json.loads(through(asked).body) | {"endpointUrl": elsewhere.url + "/"}
                return Answer(body=json.dumps(told).encode())
            return given.pop(0) or NO_ANSWER

        elsewhere.then = answer
        events = open_client(url=elsewhere.url).events.follow()
        assert [next(events).data.text for _ in range(2)] == ["one", "two"]


class TestSince:
    def test_what_was_missed_comes_and_then_the_end(self, client: Any) -> None:
        nothing = client.events.since()
        assert list(nothing) == []
        group_id = client.groups.create("Depot").group_id
        for number in range(3):
            client.messages.post(group_id, f"number {number}")
        missed = client.events.since(cursor=nothing.cursor, group_id=[group_id])
        texts = [event.data.text for event in missed if isinstance(event, TextMessageCreated)]
        assert texts == ["number 0", "number 1", "number 2"]
        assert list(client.events.since(cursor=missed.cursor)) == []

    def test_more_than_a_page_is_read(self, client: Any, elsewhere: Elsewhere, open_client: OpenClient) -> None:
        def page(number: int) -> Answer:
            event = {"eventType": "TextMessageCreated", "eventId": f"e{number}", "data": {"text": f"t{number}"}}
            return Answer(body=json.dumps({"events": [event], "cursor": f"c{number}", "hasMore": number < 2}).encode())

        elsewhere.answers = [page(1), page(2)]
        found = open_client(url=elsewhere.url, access_token="t").events.since(cursor="c0")
        assert [event.data.text for event in found] == ["t1", "t2"]
        assert [asked.target for asked in elsewhere.asked] == [
            "/v1/sync?cursor=c0&limit=100",
            "/v1/sync?cursor=c1&limit=100",
        ]

    def test_a_cursor_that_is_none_is_told(self, client: Any) -> None:
        with pytest.raises(ApiError):
            list(client.events.since(cursor="nonsense"))


class TestEventLines:
    def test_pieces_may_be_cut_anywhere(self) -> None:
        whole = block("c1") + block("c2", "கடை") + b"data: one\r\ndata: two\r\nretry: 3000\r\n\r\n: only a comment\n\n"
        expected = list(EventLines().feed(whole))
        assert [(sent.id, bool(sent.data)) for sent in expected] == [("c1", False), ("c2", True), ("", True)]
        assert expected[2].data == "one\ntwo"
        for size in (1, 2, 3, 7):
            lines = EventLines()
            pieces = [whole[begin : begin + size] for begin in range(0, len(whole), size)]
            assert [sent for piece in pieces for sent in lines.feed(piece)] == expected


class TestReadEvent:
    def test_an_unknown_type_keeps_its_data(self) -> None:
        event = read_event(b'{"eventType": "Invented", "eventId": "1", "data": {"a": [1]}, "later": true}')
        assert isinstance(event, OtherEvent)
        assert (event.event_type, event.data) == ("Invented", {"a": [1]})

    @pytest.mark.parametrize("name", sorted(EVENTS))
    def test_every_type_reads_data_with_little_or_more_in_them(self, name: str) -> None:
        body = {"eventType": name, "eventId": "1", "data": {"groupId": "g", "isShortened": True, "later": {}}}
        event: Any = read_event(json.dumps(body).encode())
        assert type(event) is EVENTS[name]
        assert (event.data.group_id, event.data.is_shortened) == ("g", True)

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"eventType": "TextMessageCreated"}', b"\xff", b"{'a': 1}"])
    def test_what_is_no_event_is_told(self, body: bytes) -> None:
        with pytest.raises(UnreadableAnswer, match="not an event"):
            read_event(body)


class TestAdmin:
    def test_an_admin_reads_the_limits(self, open_client: OpenClient) -> None:
        limits = open_client(number=ASHA).tenant.limits()
        assert (limits.tenant.limit, limits.tenant.used) == (0, None)
        assert [one.name for one in limits.connectors] == ["Connector"]
