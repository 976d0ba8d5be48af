"""What the settings of the senders mean, and which of their values are refused."""

from __future__ import annotations

import ssl

import pytest

from chaupal.outbound.client import OutboundClient
from chaupal.settings import Settings
from chaupal.settings_rules import SettingRefused
from chaupal.sms.choosing import make_sender
from chaupal.sms.local import ConsoleSender, OutboxSender
from chaupal.sms.mail import MailSender, read_mail_server
from chaupal.sms.providers import HttpSender, TwilioSender, fill_json, read_headers

SECRET = "hunter2"


class TestMakeSender:
    @pytest.mark.parametrize(
        ("settings", "kind"),
        [
            (Settings(), ConsoleSender),
            (Settings(sms="outbox"), OutboxSender),
            (
                Settings(sms="twilio", sms_twilio_account="AC1", sms_twilio_token=SECRET, sms_twilio_from="+1"),
                TwilioSender,
            ),
            (Settings(sms="http", sms_http_url="https://sms.example/send"), HttpSender),
            (Settings(sms="smtp", sms_smtp_url="smtp://localhost", sms_smtp_from="a@b.example"), MailSender),
        ],
    )
    def test_makes_the_sender_that_is_named(self, settings: Settings, kind: type) -> None:
        assert type(make_sender(settings, OutboundClient())) is kind

    @pytest.mark.parametrize(
        ("settings", "variable"),
        [
            (Settings(sms="http", sms_http_url=f"sms.example/{SECRET}"), "CHAUPAL_SMS_HTTP_URL"),
            (Settings(sms="http", sms_http_url="http://a", sms_http_headers=SECRET), "CHAUPAL_SMS_HTTP_HEADERS"),
            (Settings(sms="smtp", sms_smtp_url=f"http://u:{SECRET}@a", sms_smtp_from="a@b"), "CHAUPAL_SMS_SMTP_URL"),
            (Settings(sms="pigeon"), "CHAUPAL_SMS"),
        ],
    )
    def test_a_refusal_names_the_setting_and_no_secret(self, settings: Settings, variable: str) -> None:
        with pytest.raises(SettingRefused) as raised:
            make_sender(settings, OutboundClient())
        assert str(raised.value).startswith(variable)
        assert SECRET not in str(raised.value)


class TestReadMailServer:
    def test_reads_every_part(self) -> None:
        server = read_mail_server("smtps://robot%40example.org:p%3Ass@mail.example.org:2465")
        assert (server.host, server.port, server.is_tls_from_start) == ("mail.example.org", 2465, True)
        assert (server.user, server.password) == ("robot@example.org", "p:ss")

    @pytest.mark.parametrize(("url", "port"), [("smtp://mail.example.org", 25), ("smtps://mail.example.org", 465)])
    def test_knows_the_usual_ports(self, url: str, port: int) -> None:
        assert read_mail_server(url).port == port

    @pytest.mark.parametrize(
        "url",
        ["", "mail.example.org", "smtp://", "smtp://a:b@", "imap://a", "smtp://a:99999", "smtp://a:x", "smtp://["],
    )
    def test_refuses_what_is_no_mail_server(self, url: str) -> None:
        with pytest.raises(SettingRefused, match="CHAUPAL_SMS_SMTP_URL"):
            read_mail_server(url)

    def test_the_password_is_not_shown(self) -> None:
        assert SECRET not in repr(read_mail_server(f"smtp://a:{SECRET}@mail.example.org"))

    @pytest.mark.parametrize(
        ("host", "is_checked"),
        [("mail.example.org", True), ("10.0.0.1", True), ("localhost", False), ("127.0.0.1", False), ("[::1]", False)],
    )
    def test_certificates_are_checked_except_on_this_machine(self, host: str, is_checked: bool) -> None:
        context = read_mail_server(f"smtp://{host}").tls_context()
        assert (context.verify_mode is ssl.CERT_REQUIRED) is is_checked
        assert context.check_hostname is is_checked


class TestReadHeaders:
    @pytest.mark.parametrize(
        ("text", "headers"),
        [
            ("", {}),
            ("X-Key: abc", {"x-key": "abc"}),
            ("X-Key: abc; Authorization: Bearer a.b", {"x-key": "abc", "authorization": "Bearer a.b"}),
            (
                "Content-Type: text/plain; charset=utf-8; X-Key: a;",
                {"content-type": "text/plain; charset=utf-8", "x-key": "a"},
            ),
            ("X-Time: 10:30", {"x-time": "10:30"}),
        ],
    )
    def test_reads_names_and_values(self, text: str, headers: dict[str, str]) -> None:
        assert read_headers(text) == headers

    @pytest.mark.parametrize("text", [SECRET, ": a", "X-Key: a\nb: c"])
    def test_refuses_what_has_no_name_or_more_than_a_line(self, text: str) -> None:
        with pytest.raises(SettingRefused) as raised:
            read_headers(text)
        assert SECRET not in str(raised.value)


class TestFillJson:
    def test_what_is_filled_in_stays_inside_its_string(self) -> None:
        template = '{"to": "{number}", "text": "{text}"}'
        filled = fill_json(template, {"number": "+1", "text": 'a"}\n\\ पिन'})
        assert filled == '{"to": "+1", "text": "a\\"}\\n\\\\ \\u092a\\u093f\\u0928"}'

    def test_is_done_once(self) -> None:
        assert fill_json("{text}", {"number": "+1", "text": "{number}"}) == "{number}"

    def test_other_braces_stay(self) -> None:
        assert fill_json('{"a": {"b": "{x}"}}', {"number": "", "text": ""}) == '{"a": {"b": "{x}"}}'
