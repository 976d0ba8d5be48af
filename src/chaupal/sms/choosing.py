"""Which sender the settings ask for."""

from __future__ import annotations

from chaupal.outbound.client import OutboundClient
from chaupal.settings import Settings
from chaupal.settings_rules import SettingRefused
from chaupal.sms.local import ConsoleSender, OutboxSender
from chaupal.sms.providers import HttpSender, TwilioSender
from chaupal.sms.sending import SmsSender


def make_sender(settings: Settings, outbound: OutboundClient) -> SmsSender:
    """The sender that `sms` names.

    Raises:
        SettingRefused: one of the sender's settings cannot be used.
    """
    match settings.sms:
        case "console":
            return ConsoleSender()
        case "outbox":
            return OutboxSender()
        case "twilio":
            return TwilioSender(
                outbound,
                account=settings.sms_twilio_account,
                token=settings.sms_twilio_token,
                sender=settings.sms_twilio_from,
                timeout_s=settings.sms_timeout_s,
            )
        case "http":
            return _make_http_sender(settings, outbound)
        case "smtp":
            from chaupal.sms.mail import MailSender, read_mail_server

            return MailSender(
                read_mail_server(settings.sms_smtp_url),
                sender=settings.sms_smtp_from,
                recipient=settings.sms_smtp_to,
                timeout_s=settings.sms_timeout_s,
            )
        case _:
            raise SettingRefused(f"CHAUPAL_SMS={settings.sms}: there is no such sender")


def _make_http_sender(settings: Settings, outbound: OutboundClient) -> HttpSender:
    if not settings.sms_http_url.startswith(("http://", "https://")):
        raise SettingRefused("CHAUPAL_SMS_HTTP_URL: must begin with https:// or http://")
    return HttpSender(
        outbound,
        url=settings.sms_http_url,
        headers=settings.sms_http_headers,
        body=settings.sms_http_body,
        timeout_s=settings.sms_timeout_s,
    )
