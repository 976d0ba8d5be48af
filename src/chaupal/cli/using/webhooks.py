"""`chaupal webhook`: what became of the deliveries of a webhook, sending again, trying out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaupal.cli.failures import plain
from chaupal.cli.options import Json, new_group
from chaupal.cli.output import one_line, print_json, print_table
from chaupal.cli.using.connecting import connected
from chaupal.cli.using.finding import find_group
from chaupal.cli.using.listening import listen
from chaupal.cli.using.options import ProfileName
from chaupal.control.protocol import OperationFailed

if TYPE_CHECKING:
    from chaupal_client import Chaupal
    from chaupal_client.models import ShownDelivery, ShownTry, WebhookInformation

app = new_group("Webhooks: what became of their deliveries, sending again, and help for those who write receivers.")
app.command("listen")(listen)

_EVENTS_A_CALL = 1_000
_LOOK_EVERY_S = 0.2
_PATIENCE_S = 60.0
"""A receiver has 30 seconds for an answer."""

WebhookId = Annotated[
    str, typer.Argument(metavar="WEBHOOK_ID", help="The webhook, as `chaupal webhook list` shows it.")
]
EventType = Annotated[str, typer.Option("--type", metavar="TYPE", help="An event type, such as TextMessageCreated.")]


@app.command("list")
def list_all(
    group: Annotated[
        str, typer.Argument(metavar="[GROUP]", help="Those on this group, its id or name; else those that you made.")
    ] = "",
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """List webhooks, and whether they are called."""
    with connected(profile) as client:
        if group:
            answer = client.webhooks.list(object_id=find_group(client, group), object_type="Group")
        else:
            answer = client.webhooks.list()
    if as_json:
        print_json(answer)
        return
    print_table(
        ("state", "events", "url", "id"),
        [(_state_of(each), list(each.events), each.callback_url, each.id) for each in answer.webhooks],
        empty="There are none.",
    )


def _state_of(webhook: WebhookInformation) -> str:
    """Whether it is called, and why not."""
    if not webhook.active:
        return f"off: {webhook.disabled_reason}" if webhook.disabled_reason else "off"
    return "failing" if webhook.is_failing else "active"


@app.command("deliveries")
def deliveries(
    webhook_id: WebhookId,
    *,
    status: Annotated[
        str,
        typer.Option("--status", metavar="STATUS", help="waiting, sending, retrying, delivered, exhausted or skipped."),
    ] = "",
    event_type: EventType = "",
    count: Annotated[int, typer.Option("--count", metavar="NUMBER", min=1, help="How many of the newest.")] = 30,
    tries: Annotated[bool, typer.Option("--tries", help="A line for each try, with what was answered.")] = False,
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Show what was, and is to be, sent to a webhook, newest last, and what became of it."""
    chosen: dict[str, Any] = {"status": status or None, "event_type": event_type or None}
    with connected(profile) as client:
        found = list(islice(client.webhooks.iterate_deliveries(webhook_id, count=min(count, 100), **chosen), count))
    found.reverse()
    if as_json:
        print_json({"deliveries": found})
    elif tries:
        print_table(
            ("tried", "took", "answer", "event", "event id", "what it said"),
            [
                (
                    _shown_time(each.tried_at),
                    f"{each.duration_ms} ms",
                    _answer_of(each),
                    *_event_of(one),
                    one_line(each.answer or ""),
                )
                for one in found
                for each in one.tries
            ],
            empty="Nothing was tried.",
        )
    else:
        print_table(
            ("happened", "status", "tries", "last answer", "event", "event id"),
            [
                (_shown_time(one.happened_at), _status_of(one), len(one.tries), _last_answer(one), *_event_of(one))
                for one in found
            ],
            empty="There are none.",
        )


@app.command("replay")
def replay(
    webhook_id: WebhookId,
    *,
    event_id: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EVENT_ID]...", help="Events, as `chaupal webhook deliveries` shows them."),
    ] = None,
    missed: Annotated[bool, typer.Option("--missed", help="All that never arrived and is still kept.")] = False,
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help="Of those that never arrived what has happened since, ISO 8601."),
    ] = "",
    profile: ProfileName = "",
    as_json: Json = False,
) -> None:
    """Send events to a webhook again: those named, whatever became of them, or those that never arrived."""
    events = event_id or []
    if bool(events) == (missed or bool(since)):
        raise typer.BadParameter("name either events, or --missed, or --since TIME")
    with connected(profile) as client:
        replayed = _replay_events(client, webhook_id, events) if events else _replay_missed(client, webhook_id, since)
    if as_json:
        print_json({"replayed": replayed})
    else:
        print(f"{replayed} {'event is' if replayed == 1 else 'events are'} sent again.")


def _replay_events(client: Chaupal, webhook_id: str, events: Sequence[str]) -> int:
    parts = [events[start : start + _EVENTS_A_CALL] for start in range(0, len(events), _EVENTS_A_CALL)]
    return sum(client.webhooks.replay(webhook_id, event_ids=part).replayed for part in parts)


def _replay_missed(client: Chaupal, webhook_id: str, since: str) -> int:
    replayed, has_more = 0, True
    while has_more:
        answer = client.webhooks.replay(webhook_id, since=since or None)
        replayed, has_more = replayed + answer.replayed, answer.has_more
    return replayed


@app.command("test")
def send_test(
    webhook_id: WebhookId, event_type: EventType = "", profile: ProfileName = "", as_json: Json = False
) -> int:
    """Send a made-up event to a webhook, and show what was answered; code 1 where it was no success."""
    chosen: Any = event_type or None
    with connected(profile) as client:
        delivery_id = client.webhooks.test(webhook_id, event_type=chosen).delivery_id
        delivery = _wait_for_try(client, webhook_id, delivery_id)
    [tried] = delivery.tries
    if as_json:
        print_json(delivery)
    else:
        print(f"{delivery.event_type}: {plain(_answer_of(tried))} after {tried.duration_ms} ms")
        if tried.answer:
            print(plain(one_line(tried.answer)))
    return 0 if delivery.status == "delivered" else 1


def _wait_for_try(client: Chaupal, webhook_id: str, delivery_id: str) -> ShownDelivery:
    give_up_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_s:
        for delivery in client.webhooks.deliveries(webhook_id, count=100).deliveries:
            if delivery.delivery_id == delivery_id and delivery.tries:
                return delivery
        time.sleep(_LOOK_EVERY_S)
    raise OperationFailed(
        f"It was not tried within {_PATIENCE_S:.0f} seconds; `chaupal webhook deliveries {webhook_id}` shows it.",
        error_code="Unavailable",
        category="ServiceException",
    )


def _answer_of(tried: ShownTry) -> str:
    """The status, or why there was none."""
    return str(tried.status) if tried.status is not None else tried.error or ""


def _last_answer(delivery: ShownDelivery) -> str:
    return _answer_of(delivery.tries[-1]) if delivery.tries else ""


def _status_of(delivery: ShownDelivery) -> str:
    status = f"{delivery.status} ({delivery.origin})" if delivery.origin != "event" else delivery.status
    return f"{status}, next {_shown_time(delivery.next_try_at)}" if delivery.next_try_at else status


def _event_of(delivery: ShownDelivery) -> tuple[str, str]:
    return delivery.event_type, delivery.event_id


def _shown_time(instant: str) -> str:
    return instant[:19].replace("T", " ")
