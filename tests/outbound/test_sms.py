"""Each sender of short messages against a real receiver: what arrives, and what a refusal becomes."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from chaupal.outbound.client import OutboundClient
from chaupal.sms.local import ConsoleSender, OutboxSender
from chaupal.sms.mail import MailSender, read_mail_server
from chaupal.sms.providers import HttpSender, TwilioSender
from chaupal.sms.sending import SmsFailed, SmsRefused, SmsSender, build_sms_handler
from tests.outbound.receivers import HttpReceiver, MailReceiver

pytestmark = pytest.mark.anyio

NUMBER = "+919876543210"
TEXT = '123456 is your Chaupal PIN for "Field Staff" पिन.'
SECRETS = ("123456", "9876543210", "hunter2")
StartMailReceiver = Callable[..., MailReceiver]


async def refusal_of(sender: SmsSender) -> SmsRefused | SmsFailed:
    """What sending raises; nothing secret is in it."""
    with pytest.raises((SmsRefused, SmsFailed)) as raised:
        await sender.send(NUMBER, TEXT)
    error = raised.value
    assert isinstance(error, SmsRefused | SmsFailed)
    assert not [secret for secret in SECRETS if secret in repr(error)]
    assert error.__cause__ is None
    return error


class TestHandler:
    async def test_sends_what_the_job_says(self) -> None:
        sent = []

        class Recorder:
            async def send(self, number: str, text: str) -> None:
                sent.append((number, text))

        await build_sms_handler(Recorder())({"number": NUMBER, "text": TEXT})
        assert sent == [(NUMBER, TEXT)]


class TestConsole:
    async def test_shows_number_and_text_on_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        await ConsoleSender().send(NUMBER, TEXT)
        assert capsys.readouterr().out == f">>> SMS to {NUMBER}: {TEXT}\n"

    async def test_a_connectors_name_cannot_forge_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        await ConsoleSender().send(NUMBER, "PIN for a\r\nb\x1b[2J")
        assert capsys.readouterr().out == f">>> SMS to {NUMBER}: PIN for a??b?[2J\n"

    async def test_a_closed_terminal_is_a_failure(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with (tmp_path / "out").open("w") as closed:
            monkeypatch.setattr(sys, "stdout", closed)
        assert isinstance(await refusal_of(ConsoleSender()), SmsFailed)


class TestOutbox:
    async def test_shows_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        await OutboxSender().send(NUMBER, TEXT)
        assert capsys.readouterr().out == ""


class TestTwilio:
    def sender(self, outbound: OutboundClient, receiver: HttpReceiver, sender: str = "+15005550006") -> TwilioSender:
        return TwilioSender(
            outbound, account="AC123", token="hunter2", sender=sender, timeout_s=30, base_url=receiver.url
        )

    async def test_posts_the_form_that_twilio_documents(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.status, receiver.body = 201, b'{"sid": "SM1", "status": "queued"}'
        await self.sender(outbound, receiver).send(NUMBER, TEXT)
        [got] = receiver.received
        assert got.path == "/2010-04-01/Accounts/AC123/Messages.json"
        assert got.headers["authorization"] == "Basic " + base64.b64encode(b"AC123:hunter2").decode()
        assert got.headers["content-type"] == "application/x-www-form-urlencoded"
        assert dict(parse_qsl(got.body.decode())) == {"To": NUMBER, "From": "+15005550006", "Body": TEXT}

    async def test_sends_through_a_messaging_service(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        service = "MG" + "0a" * 16
        await self.sender(outbound, receiver, service).send(NUMBER, TEXT)
        form = dict(parse_qsl(receiver.received[0].body.decode()))
        assert form == {"To": NUMBER, "MessagingServiceSid": service, "Body": TEXT}

    async def test_a_refusal_shows_twilios_error_number_and_not_its_sentence(
        self, outbound: OutboundClient, receiver: HttpReceiver
    ) -> None:
        receiver.status = 400
        receiver.body = json.dumps({"code": 21211, "message": f"Invalid 'To' {NUMBER}", "status": 400}).encode()
        error = await refusal_of(self.sender(outbound, receiver))
        assert isinstance(error, SmsRefused)
        assert str(error) == "Twilio answered 400 (error 21211)"

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"code": "x"}', b"[]", b"\xff", b'{"code": null}'])
    async def test_an_answer_that_is_not_twilios_is_told_by_its_status(
        self, outbound: OutboundClient, receiver: HttpReceiver, body: bytes
    ) -> None:
        receiver.status, receiver.body = 503, body
        error = await refusal_of(self.sender(outbound, receiver))
        assert (type(error), str(error)) == (SmsFailed, "Twilio answered 503")


class TestHttp:
    def sender(self, outbound: OutboundClient, url: str, *, timeout_s: float = 30) -> HttpSender:
        body = '{"to": "{number}", "text": "{text}", "from": {"name": "x"}}'
        headers = "X-Key: hunter2; Content-Type: application/json; charset=utf-8"
        return HttpSender(outbound, url=url, headers=headers, body=body, timeout_s=timeout_s)

    async def test_posts_the_filled_template_with_the_headers(
        self, outbound: OutboundClient, receiver: HttpReceiver
    ) -> None:
        await self.sender(outbound, receiver.url + "/send").send(NUMBER, TEXT)
        [got] = receiver.received
        assert json.loads(got.body) == {"to": NUMBER, "text": TEXT, "from": {"name": "x"}}
        assert got.path == "/send"
        assert got.headers["x-key"] == "hunter2"
        assert got.headers["content-type"] == "application/json; charset=utf-8"

    async def test_says_json_where_the_headers_say_nothing(
        self, outbound: OutboundClient, receiver: HttpReceiver
    ) -> None:
        sender = HttpSender(outbound, url=receiver.url, headers="", body="{}", timeout_s=30)
        await sender.send(NUMBER, TEXT)
        assert receiver.received[0].headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (302, SmsRefused),
            (400, SmsRefused),
            (401, SmsRefused),
            (404, SmsRefused),
            (408, SmsFailed),
            (429, SmsFailed),
            (500, SmsFailed),
            (503, SmsFailed),
        ],
    )
    async def test_a_status_is_for_good_or_to_be_tried_again(
        self, outbound: OutboundClient, receiver: HttpReceiver, status: int, expected: type[Exception]
    ) -> None:
        receiver.status = status
        error = await refusal_of(self.sender(outbound, receiver.url))
        assert (type(error), str(error)) == (expected, f"the SMS provider answered {status}")

    async def test_a_silent_provider_is_tried_again(self, outbound: OutboundClient, receiver: HttpReceiver) -> None:
        receiver.is_silent = True
        error = await refusal_of(self.sender(outbound, receiver.url, timeout_s=0.05))
        assert (type(error), str(error)) == (SmsFailed, "the SMS provider: no answer within 0.05 s")

    async def test_a_secret_in_the_url_is_not_shown(self, outbound: OutboundClient) -> None:
        assert isinstance(await refusal_of(self.sender(outbound, "http://nowhere.invalid/?key=hunter2")), SmsFailed)


class TestMail:
    def sender(
        self, receiver: MailReceiver, *, scheme: str = "smtp", login: str = "", timeout_s: float = 30
    ) -> MailSender:
        server = read_mail_server(f"{scheme}://{login}127.0.0.1:{receiver.port}")
        return MailSender(server, sender="pin@example.org", recipient="{number}@gateway.example", timeout_s=timeout_s)

    async def test_the_mail_arrives_with_the_whole_text(self, mail_receiver: StartMailReceiver) -> None:
        receiver = mail_receiver()
        await self.sender(receiver).send(NUMBER, TEXT)
        [mail] = receiver.mails
        assert (mail.sender, mail.recipients) == ("pin@example.org", ["919876543210@gateway.example"])
        message = email.message_from_bytes(mail.text, policy=email.policy.default)
        assert message.get_content().strip() == TEXT
        assert mail.text.isascii()
        assert message["Subject"] == "Chaupal"
        assert message["Message-ID"].endswith("@example.org>")
        assert message["Date"]
        assert not mail.was_encrypted

    async def test_is_encrypted_where_the_server_offers_it(
        self, mail_receiver: StartMailReceiver, certificate: Path
    ) -> None:
        receiver = mail_receiver(certificate=certificate)
        await self.sender(receiver).send(NUMBER, TEXT)
        assert receiver.mails[0].was_encrypted

    async def test_is_encrypted_from_the_start_with_smtps(
        self, mail_receiver: StartMailReceiver, certificate: Path
    ) -> None:
        receiver = mail_receiver(certificate=certificate, tls_from_start=True)
        await self.sender(receiver, scheme="smtps", login="robot:p%40ss@").send(NUMBER, TEXT)
        [mail] = receiver.mails
        assert (mail.was_encrypted, mail.login) == (True, "robot p@ss")
        assert "STARTTLS" not in receiver.commands

    async def test_logs_in_after_encrypting(self, mail_receiver: StartMailReceiver, certificate: Path) -> None:
        receiver = mail_receiver(certificate=certificate)
        await self.sender(receiver, login="robot:hunter2@").send(NUMBER, TEXT)
        assert receiver.mails[0].login == "robot hunter2"
        assert receiver.commands.index("STARTTLS") < receiver.commands.index("AUTH")

    @pytest.mark.parametrize(
        ("replies", "expected"),
        [
            ({"RCPT": "550 9876543210 is unknown"}, SmsRefused("the mail server answered 550")),
            ({"RCPT": "451 later"}, SmsFailed("the mail server answered 451")),
            ({"MAIL": "553 no"}, SmsRefused("the mail server answered 553")),
            ({"DATA": "554 spam"}, SmsRefused("the mail server answered 554")),
            ({"AUTH": "535 hunter2 is wrong"}, SmsRefused("the mail server answered 535")),
            ({"EHLO": "421 busy", "HELO": "421 busy"}, SmsFailed("the mail server answered 421")),
        ],
    )
    async def test_a_reply_is_for_good_or_to_be_tried_again(
        self, mail_receiver: StartMailReceiver, replies: dict[str, str], expected: Exception
    ) -> None:
        error = await refusal_of(self.sender(mail_receiver(replies=replies), login="robot:hunter2@"))
        assert (type(error), str(error)) == (type(expected), str(expected))

    async def test_a_server_that_is_not_there_is_tried_again(self, mail_receiver: StartMailReceiver) -> None:
        receiver = mail_receiver()
        receiver.stop()
        assert isinstance(await refusal_of(self.sender(receiver)), SmsFailed)

    async def test_a_server_that_hangs_is_cut_off(self, mail_receiver: StartMailReceiver) -> None:
        receiver = mail_receiver(replies={"RCPT": ""})
        error = await refusal_of(self.sender(receiver, timeout_s=0.3))
        assert isinstance(error, SmsFailed)
        assert receiver.mails == []
