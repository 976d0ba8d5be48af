"""What wakes servers on one database, where that is NATS: one message is sent and waited for."""

from __future__ import annotations

from chaupal.cli.checks.check import Check, ok, warning
from chaupal.settings import Settings

_TIMEOUT_S = 5
_CAUSE_CHARS = 200


def check_signals(settings: Settings) -> list[Check]:
    """Nothing where the database itself does it. Without NATS everything still works, seconds later."""
    if not settings.nats:
        return []
    from chaupal.store.nats_signals import NatsUnusable, prove_nats

    try:
        prove_nats(settings.nats_urls, settings.nats_subject, timeout_s=_TIMEOUT_S)
    except NatsUnusable as error:
        return [
            warning(
                "NATS",
                f"No message came back: {' '.join(str(error).split())[:_CAUSE_CHARS]}",
                "Check CHAUPAL_NATS, and that the NATS server runs and lets this machine in. Until then servers look "
                "by themselves every second or two.",
            )
        ]
    return [ok("NATS", "A message was sent and came back.")]
