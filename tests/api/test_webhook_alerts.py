"""Mails that tell the owner of a webhook that it is disabled, or has been failing for long: a real receiver, a real
mail server, a clock that tests move."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from chaupal.auth.caller import Operator
from chaupal.jobs.queries import JobRow
from chaupal.jobs.rules import (
    FailedTry,
    JobClaim,
    JobFailed,
    claim_jobs,
    finish_job,
    open_payload,
    rescue_jobs,
    retry_job,
)
from chaupal.webhooks.alerts import ALERT_JOB, MAILS_PER_MIN, build_alert_handler
from chaupal.webhooks.delivering.schedule import DELAYS_MS
from chaupal.webhooks.disabling import disable_expired
from tests.api.hooks import HookReceiver, deliver, draft, listed, register
from tests.api.scenarios import assert_error
from tests.api.worlds import World
from tests.outbound.receivers import MailReceiver

OWNER = "shop@example.org"
OPERATOR = "operator@example.org"
JOBS = "SELECT job_id FROM jobs WHERE tenant_id = %s ORDER BY job_id"
LEASE_MS = 60_000

Mailing = Callable[..., World]


@pytest.fixture
def mail_server() -> Iterator[MailReceiver]:
    server = MailReceiver()
    yield server
    server.stop()


@pytest.fixture
def mailing(world_with: Callable[..., World], mail_server: MailReceiver) -> Mailing:
    """Call it for an organization on a server that mails."""

    def make(**settings: Any) -> World:
        url = f"smtp://127.0.0.1:{mail_server.port}"
        return world_with(alert_smtp_url=url, alert_smtp_from="chaupal@chat.example.org", **settings)

    return make


def disabled_webhook(world: World, receiver: HookReceiver, **fields: Any) -> str:
    """A webhook that its receiver's 410 has disabled; its id."""
    webhook_id = register(world.group_admin, draft(receiver, world.group_id, **fields))
    receiver.answer_with = lambda _: 410
    world.send("hi")
    deliver(world)
    return webhook_id


def claimed(world: World) -> list[JobRow]:
    ids = [job_id for (job_id,) in world.ask(JOBS)]
    claim = JobClaim(ids, LEASE_MS)
    written = world.client.run(world.house.store.write(claim_jobs, Operator(world.tenant_id), claim))
    return [job for job in written.result if job.kind == ALERT_JOB]


async def work(world: World, job: JobRow) -> None:
    """As the runner does with a job that it has claimed."""
    operator = Operator(world.tenant_id)
    try:
        await build_alert_handler(world.house)(open_payload(job, await world.house.key_of(world.tenant_id)))
    except JobFailed as error:
        await world.house.store.write(retry_job, operator, FailedTry(job, str(error)))
    else:
        await world.house.store.write(finish_job, operator, job)


def send_alerts(world: World) -> None:
    """Do the jobs that are due."""
    for job in claimed(world):
        world.client.run(work(world, job))


def mails(server: MailReceiver) -> list[EmailMessage]:
    parsed = (email.message_from_bytes(mail.text, policy=email.policy.default) for mail in server.mails)
    return [mail for mail in parsed if isinstance(mail, EmailMessage)]


class TestDisabled:
    def test_the_owner_is_told_once_with_what_to_do(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing(alert_email=OPERATOR)
        webhook_id = disabled_webhook(world, hook_receiver, alertEmail=OWNER, callBackToken="s3cret")
        assert mail_server.mails == [], "a delivery waits for no mail server"
        send_alerts(world)
        send_alerts(world)
        [mail] = mails(mail_server)
        assert (mail_server.mails[0].sender, mail_server.mails[0].recipients) == ("chaupal@chat.example.org", [OWNER])
        assert mail["Subject"] == f"Chaupal: the webhook to {hook_receiver.url[7:]} is disabled"
        text = mail.get_content()
        assert f"The webhook {webhook_id} on the Group {world.group_id}" in text
        assert "the receiver answered 410 Gone" in text
        assert f'PUT /v1/webhook/{webhook_id} with {{"Active": "true"}}' in text
        assert "s3cret" not in text
        assert "/hook" not in text
        assert world.ask(JOBS) == []

    def test_each_disabling_has_its_mail(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        webhook_id = disabled_webhook(world, hook_receiver, alertEmail=OWNER)
        send_alerts(world)
        world.group_admin.put(f"/webhook/{webhook_id}", {"Active": "true"})
        world.clock.advance(seconds=1)
        world.send("again")
        deliver(world)
        send_alerts(world)
        first, second = mails(mail_server)
        assert first["Message-ID"] != second["Message-ID"]

    def test_one_that_has_run_out_says_so_when_it_would_be_told_and_can_be_sent_it_once_renewed(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        asked = draft(hook_receiver, world.group_id, alertEmail=OWNER, validity=world.clock.now_ms + 1_000)
        webhook_id = register(world.group_admin, asked)
        world.clock.advance(seconds=2)
        position = world.position
        world.group_admin.put(f"/groups/{world.group_id}", {"name": "Nothing to it"})
        deliver(world)
        assert "WebhookDisabled" not in world.count_events_after(position)
        world.send("too late")
        deliver(world)
        world.send("later still")
        deliver(world)
        assert world.count_events_after(position)["WebhookDisabled"] == 1
        assert hook_receiver.deliveries == []
        send_alerts(world)
        [mail] = mails(mail_server)
        assert "it has run out" in mail.get_content()
        path = f"/webhook/{webhook_id}"
        shown = listed(world.group_admin, webhook_id, world.group_id)
        assert (shown["active"], shown["disabledReason"]) == (False, "Expired")
        assert_error(world.group_admin.post(path + "/replay"), code="Conflict")
        assert world.group_admin.put(path, {"validity": world.clock.now_ms + 60_000}).status_code == 200
        assert listed(world.group_admin, webhook_id, world.group_id)["active"] is True
        assert world.group_admin.post(path + "/replay").json()["replayed"] == 2
        deliver(world)
        assert [body["data"]["text"] for body in hook_receiver.bodies] == ["too late", "later still"]

    def test_one_renewed_while_it_is_found_to_have_run_out_stays(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        asked = draft(hook_receiver, world.group_id, validity=world.clock.now_ms + 1_000)
        webhook_id = register(world.group_admin, asked)
        world.group_admin.put(f"/webhook/{webhook_id}", {"validity": world.clock.now_ms + 60_000})
        position = world.position
        world.do(lambda tx, _, which: disable_expired(tx, which), webhook_id)
        assert world.position == position

    def test_the_operator_is_told_of_those_that_name_nobody(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing(alert_email=OPERATOR)
        disabled_webhook(world, hook_receiver)
        send_alerts(world)
        assert [mail.recipients for mail in mail_server.mails] == [[OPERATOR]]

    def test_nobody_is_told_where_there_is_no_address_or_who_did_it_knows(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        disabled_webhook(world, hook_receiver)
        by_hand = register(world.group_admin, draft(hook_receiver, world.group_id, alertEmail=OWNER))
        assert world.group_admin.put(f"/webhook/{by_hand}", {"Active": "false"}).status_code == 200
        send_alerts(world)
        assert mail_server.mails == []
        assert world.ask(JOBS) == []

    def test_one_that_was_enabled_again_meanwhile_is_no_news(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        webhook_id = disabled_webhook(world, hook_receiver, alertEmail=OWNER)
        world.group_admin.put(f"/webhook/{webhook_id}", {"Active": "true"})
        send_alerts(world)
        assert mail_server.mails == []

    def test_without_a_mail_server_the_job_ends_by_itself(self, world: World, hook_receiver: HookReceiver) -> None:
        disabled_webhook(world, hook_receiver, alertEmail=OWNER)
        assert len(world.ask(JOBS)) == 1
        send_alerts(world)
        assert world.ask(JOBS) == []


class TestFailing:
    def test_two_hours_without_success_are_told_once_and_then_the_disabling(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        register(world.group_admin, draft(hook_receiver, world.group_id, alertEmail=OWNER))
        hook_receiver.answer_with = lambda _: 503
        world.send("hi")
        deliver(world)
        told = []
        for delay_ms in DELAYS_MS:
            world.clock.advance(milliseconds=delay_ms)
            deliver(world)
            send_alerts(world)
            told.append([mail["Subject"].rpartition(" ")[2] for mail in mails(mail_server)])
        # After 5 min, 35 min, 2 h 35 min, 8 h 35 min, ...
        assert told == [[], [], *[["failing"]] * 3, ["failing", "disabled"]]
        assert "the last of seven tries within two days has failed" in mails(mail_server)[1].get_content()

    def test_after_a_success_it_is_told_anew(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        register(world.group_admin, draft(hook_receiver, world.group_id, alertEmail=OWNER))
        for status, hours in ((503, 0), (503, 3), (200, 0), (503, 0), (503, 1), (503, 3)):
            hook_receiver.answer_with = lambda _, status=status: status  # type: ignore[misc]
            world.clock.advance(hours=hours)
            world.send("hi")
            deliver(world)
            send_alerts(world)
        first, second = mails(mail_server)
        assert first["Message-ID"] != second["Message-ID"]


class TestDurability:
    def test_a_mail_server_that_fails_is_asked_again(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        mail_server.replies["RCPT"] = "451 later"
        disabled_webhook(world, hook_receiver, alertEmail=OWNER)
        send_alerts(world)
        assert mail_server.mails == []
        [(error,)] = world.ask("SELECT last_error FROM jobs WHERE tenant_id = %s")
        assert error == "the mail server answered 451"
        mail_server.replies.clear()
        world.clock.advance(seconds=10)
        send_alerts(world)
        assert [mail.recipients for mail in mail_server.mails] == [[OWNER]]

    def test_a_server_that_dies_after_sending_sends_the_same_mail_again(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        disabled_webhook(world, hook_receiver, alertEmail=OWNER)
        [job] = claimed(world)
        payload = open_payload(job, world.client.run(world.house.key_of(world.tenant_id)))
        world.client.run(build_alert_handler(world.house)(payload))
        world.clock.advance(milliseconds=LEASE_MS + 1)
        world.client.run(world.house.store.write(rescue_jobs, Operator(world.tenant_id), [job.job_id]))
        world.clock.advance(seconds=10)
        send_alerts(world)
        first, second = mails(mail_server)
        assert first["Message-ID"] == second["Message-ID"]

    def test_no_address_is_flooded_and_what_was_too_much_comes_later(
        self, mailing: Mailing, mail_server: MailReceiver, hook_receiver: HookReceiver
    ) -> None:
        world = mailing()
        for _ in range(MAILS_PER_MIN + 2):
            register(world.group_admin, draft(hook_receiver, world.group_id, alertEmail=OWNER))
        hook_receiver.answer_with = lambda _: 410
        world.send("hi")
        deliver(world)
        send_alerts(world)
        assert len(mail_server.mails) == MAILS_PER_MIN
        world.clock.advance(minutes=1)
        send_alerts(world)
        assert len(mail_server.mails) == MAILS_PER_MIN + 2


class TestAddress:
    def test_is_shown_to_the_connector_that_gave_it_and_can_be_changed(
        self, world: World, hook_receiver: HookReceiver
    ) -> None:
        webhook_id = register(world.group_admin, draft(hook_receiver, world.group_id, alertEmail=OWNER))
        assert listed(world.group_admin, webhook_id, world.group_id)["alertEmail"] == OWNER
        for address in (OPERATOR, ""):
            assert world.group_admin.put(f"/webhook/{webhook_id}", {"alertEmail": address}).status_code == 200
            assert listed(world.group_admin, webhook_id, world.group_id)["alertEmail"] == address

    @pytest.mark.parametrize("address", ["shop", "a@b, c@d", "Shop <a@b>", "a@b\r\nBcc: c@d", "a@" + "b" * 260])
    def test_is_one_plain_address(self, world: World, hook_receiver: HookReceiver, address: str) -> None:
        answer = world.group_admin.post("/v1/webhook", draft(hook_receiver, world.group_id, alertEmail=address))
        assert assert_error(answer, code="InvalidParameters")["message"].startswith("alertEmail")
        assert hook_receiver.proofs == []
