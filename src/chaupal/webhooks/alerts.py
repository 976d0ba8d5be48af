"""Telling the owner of a webhook by mail that it is disabled, or that it has been failing for long.

The job is queued in the transaction that disables the webhook, so a mail is sent at least once whatever dies in
between; its Message-ID is the same each time, by which mail servers know a repeated one. Loaded at each start, so what
it needs is imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaupal.auth.caller import Operator
from chaupal.auth.limiter import Claim, MinuteSpent
from chaupal.jobs.rules import JobFailed
from chaupal.jobs.runner import Handler
from chaupal.serving.house import House

if TYPE_CHECKING:
    from email.message import EmailMessage

    from chaupal.webhooks.disabling import Alert

ALERT_JOB = "webhook alert"
"""The kind of job. Its payload: `tenantId`, `webhookId`, `what`, and `sinceMs`, when that began."""

DISABLED = "disabled"
FAILING = "failing"

MAILS_PER_MIN = 5
"""Of one organization: whoever makes webhooks names addresses, which shall not be flooded. What is more waits."""

_TIMEOUT_S = 30.0

_REASONS = {
    "Failing": "the last of seven tries within two days has failed, and nothing got through meanwhile",
    "Gone": "the receiver answered 410 Gone",
    "Expired": "it has run out, and would have been told of something that has happened now",
    "NotAllowed": "whoever made it has no right to it any more",
}

_DISABLED_TEXT = """\
The webhook {webhook_id} on the {object_type} {object_id}, which calls {host},
was disabled at {since}: {reason}.

Nothing is sent to it any more. What happens meanwhile is kept for 7 days.
PUT /v1/webhook/{webhook_id} with {{"Active": "true"}} enables it again, and
POST /v1/webhook/{webhook_id}/replay sends what was missed.
"""

_FAILING_TEXT = """\
The webhook {webhook_id} on the {object_type} {object_id}, which calls {host},
has been failing since {since}.

It is tried again for two days; then it is disabled.
GET /v1/webhook/{webhook_id}/deliveries shows each try, with what was answered.
"""


def build_alert_handler(house: House) -> Handler:
    """The handler of these jobs. Where there is no mail server, or no address, they end by themselves."""

    async def send_alert(payload: dict[str, str]) -> None:
        settings = house.settings
        if not settings.alert_smtp_url:
            return
        from chaupal.sms.mail import hand_over, read_mail_server
        from chaupal.webhooks.disabling import find_alert

        tenant_id = payload["tenantId"]
        alert = await house.store.read(find_alert, Operator(tenant_id), (payload, await house.key_of(tenant_id)))
        recipient = alert and (alert.recipient or settings.alert_email)
        if alert is None or not recipient:
            return
        try:
            house.limiter.take(Claim("alert:" + tenant_id, MAILS_PER_MIN, "Mails on webhooks"), now_s=house.now_s)
        except MinuteSpent as error:
            raise JobFailed(str(error)) from None
        server = read_mail_server(settings.alert_smtp_url, "CHAUPAL_ALERT_SMTP_URL")
        await hand_over(server, _build_mail(alert, settings.alert_smtp_from, recipient), timeout_s=_TIMEOUT_S)

    return send_alert


def _build_mail(alert: Alert, sender: str, recipient: str) -> EmailMessage:
    from chaupal.sms.mail import build_mail
    from chaupal.wire.instants import write_instant

    row = alert.webhook
    text = (_DISABLED_TEXT if alert.what == DISABLED else _FAILING_TEXT).format(
        webhook_id=row.webhook_id,
        object_type=row.object_type,
        object_id=row.object_id,
        host=row.host,
        since=write_instant(alert.since_ms),
        reason=_REASONS.get(row.disabled_reason, row.disabled_reason),
    )
    said = "is disabled" if alert.what == DISABLED else "is failing"
    mail = build_mail(sender, recipient, f"Chaupal: the webhook to {row.host} {said}", text)
    # The same for each try of one alert.
    mail["Message-ID"] = f"<{row.webhook_id}.{alert.what}.{alert.since_ms}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    return mail
