"""Which values of settings can be used, each by itself and together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaupal.settings import Settings


class SettingRefused(Exception):
    """A setting's value cannot be used. The sentence names the setting, the value and the rule."""


PRESETS = {"kaizala": {"connector_calls_per_min": 100, "tenant_calls_per_min": 300}}
"""What `CHAUPAL_LIMITS` may name: values of settings that are not set themselves."""

_CHOICES = {
    "limits": ("", *PRESETS),
    "log_format": ("auto", "pretty", "json"),
    "log_level": ("debug", "info", "warning", "error"),
    "role": ("all", "api", "worker"),
    "sms": ("console", "outbox", "twilio", "http", "smtp"),
}

_NEEDED_BY_SMS = {
    "twilio": ("sms_twilio_account", "sms_twilio_token", "sms_twilio_from"),
    "http": ("sms_http_url",),
    "smtp": ("sms_smtp_url", "sms_smtp_from"),
}


MAIL_ADDRESS_MAX_CHARS = 254
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAIL_URL = re.compile(r"smtps?://(?:[^@/\s]*@)?[^@/\s]+/?")
_BUCKET_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9._/-]*)?")
_NATS_URL = re.compile(r"(?:nats|tls)://[^\s/,]+/?")
_NATS_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_AT_LEAST_ONE = (
    "store_writers",
    "store_readers",
    "store_queue_max",
    "body_max_bytes",
    "request_head_timeout_s",
    "request_body_timeout_s",
    "answer_timeout_s",
    "connections_max",
    "read_timeout_ms",
    "media_max_mb",
    "media_fetch_timeout_s",
    "access_token_life_s",
    "refresh_token_life_days",
    "pin_life_s",
    "media_orphan_keep_days",
    "idempotency_keep_days",
    "event_log_keep_days",
    "webhook_timeout_s",
    "webhook_keep_days",
    "moved_answer_days",
)


def check_settings(settings: Settings) -> None:
    """Raise SettingRefused where a value, or two of them together, cannot be used."""
    _check_choices(settings)
    _check_addresses(settings)
    if settings.database and not settings.is_postgres:
        raise SettingRefused("CHAUPAL_DATABASE: must be a postgresql:// URL, or empty for SQLite")
    if settings.role != "all" and not settings.is_postgres:
        raise SettingRefused(
            f"CHAUPAL_ROLE={settings.role}: needs PostgreSQL (CHAUPAL_DATABASE); on SQLite one process does all"
        )
    _check_nats(settings)
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingRefused("CHAUPAL_TLS_CERT and CHAUPAL_TLS_KEY: both must be given, or neither")
    for name in _AT_LEAST_ONE:
        if getattr(settings, name) < 1:
            raise SettingRefused(f"CHAUPAL_{name.upper()}: must be 1 or more")
    _check_media(settings)
    _check_alerts(settings)
    _check_networks(settings)


def _check_choices(settings: Settings) -> None:
    for name, choices in _CHOICES.items():
        if getattr(settings, name) not in choices:
            raise SettingRefused(
                f"CHAUPAL_{name.upper()}={getattr(settings, name)}: must be one of {', '.join(filter(None, choices))}"
            )
    for name in _NEEDED_BY_SMS.get(settings.sms, ()):
        if not getattr(settings, name):
            raise SettingRefused(f"CHAUPAL_{name.upper()}: is needed by CHAUPAL_SMS={settings.sms}")


def _check_addresses(settings: Settings) -> None:
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise SettingRefused(f"CHAUPAL_LISTEN={settings.listen}: must be ADDRESS:PORT")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise SettingRefused(f"CHAUPAL_PUBLIC_URL={settings.public_url}: must begin with https:// or http://")
    if settings.otlp_endpoint and not settings.otlp_endpoint.startswith(("http://", "https://")):
        raise SettingRefused(f"CHAUPAL_OTLP_ENDPOINT={settings.otlp_endpoint}: must begin with https:// or http://")
    if settings.development and not (settings.listens_to_itself and not settings.public_url):
        raise SettingRefused(
            "CHAUPAL_DEVELOPMENT: shows PINs to whoever asks, so the address of CHAUPAL_LISTEN must be 127.0.0.1, "
            "[::1] or localhost, and CHAUPAL_PUBLIC_URL empty"
        )


def _check_nats(settings: Settings) -> None:
    if not all(_NATS_URL.fullmatch(url) for url in settings.nats_urls):
        raise SettingRefused("CHAUPAL_NATS: must be nats:// or tls:// URLs, comma-separated")
    if settings.nats and not settings.is_postgres:
        raise SettingRefused("CHAUPAL_NATS: needs PostgreSQL (CHAUPAL_DATABASE); on SQLite there is nobody to wake")
    if not _NATS_SUBJECT.fullmatch(settings.nats_subject):
        raise SettingRefused(
            f"CHAUPAL_NATS_SUBJECT={settings.nats_subject}: must be letters, digits, `-`, `_`, in words joined by dots"
        )


def _check_media(settings: Settings) -> None:
    if settings.media_store and not _BUCKET_URL.fullmatch(settings.media_store):
        raise SettingRefused(f"CHAUPAL_MEDIA_STORE={settings.media_store}: must be s3://BUCKET or s3://BUCKET/PREFIX")
    if bool(settings.media_s3_key_id) != bool(settings.media_s3_secret):
        raise SettingRefused("CHAUPAL_MEDIA_S3_KEY_ID and CHAUPAL_MEDIA_S3_SECRET: both must be given, or neither")


def is_mail_address(text: str) -> bool:
    """Whether it is one plain address, without a name."""
    return len(text) <= MAIL_ADDRESS_MAX_CHARS and _MAIL_ADDRESS.fullmatch(text) is not None


def _check_alerts(settings: Settings) -> None:
    if settings.alert_email and not is_mail_address(settings.alert_email):
        raise SettingRefused(f"CHAUPAL_ALERT_EMAIL={settings.alert_email}: must be one e-mail address")
    if settings.alert_smtp_url and not _MAIL_URL.fullmatch(settings.alert_smtp_url):
        raise SettingRefused("CHAUPAL_ALERT_SMTP_URL: must be smtp://user:password@host:port or smtps://...")
    if settings.alert_smtp_url and not is_mail_address(settings.alert_smtp_from):
        raise SettingRefused("CHAUPAL_ALERT_SMTP_FROM: must be one e-mail address, needed by CHAUPAL_ALERT_SMTP_URL")
    if settings.alert_email and not settings.alert_smtp_url:
        raise SettingRefused("CHAUPAL_ALERT_SMTP_URL: is needed by CHAUPAL_ALERT_EMAIL")


def _check_networks(settings: Settings) -> None:
    for name, network_name in (
        ("trusted_proxies", "proxy_networks"),
        ("media_fetch_allow", "media_fetch_networks"),
        ("callback_allow", "callback_networks"),
        ("cells_allow", "cell_networks"),
    ):
        try:
            getattr(settings, network_name)
        except ValueError as error:
            raise SettingRefused(f"CHAUPAL_{name.upper()}: {error}") from None
