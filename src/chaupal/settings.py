"""Every setting of the server: one list with names, defaults, units and meanings; the docs and `doctor` come from it.

A setting is an environment variable `CHAUPAL_<NAME>`, or a key of one TOML file named by `CHAUPAL_CONFIG` (the name in
lower case). The environment wins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, get_type_hints

from chaupal.settings_rules import PRESETS, SettingRefused, check_settings

ENVIRONMENT_PREFIX = "CHAUPAL_"
CONFIG_NAME = "CHAUPAL_CONFIG"


def _setting(default: Any, meaning: str, *, is_secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "is_secret": is_secret}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force. `sources` names where each came from: default, environment, or the file."""

    listen: str = _setting("127.0.0.1:8080", "Address and port to listen on.")
    data: Path = _setting(Path("chaupal-data"), "The one folder that holds everything: database, keys, backups.")
    database: str = _setting("", "A `postgresql://` URL; empty: SQLite in the data folder.", is_secret=True)
    nats: str = _setting(
        "",
        "`nats://` or `tls://` URLs of NATS servers, comma-separated, by which servers on one PostgreSQL wake each "
        "other; empty: through the database.",
        is_secret=True,
    )
    nats_subject: str = _setting(
        "chaupal", "First word of the subjects there; installations that share a NATS each take their own."
    )
    public_url: str = _setting(
        "", "The address clients reach this server at; it is what `endpointUrl` says. Empty: made from `listen`."
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed, comma-separated."
    )
    role: str = _setting(
        "all",
        "What this process does: `api` answers calls, `worker` delivers webhooks, sends PINs and tidies up, `all` does "
        "both. On SQLite one process does all.",
    )
    tls_cert: str = _setting("", "PEM file of the TLS certificate chain; empty: plain HTTP.")
    tls_key: str = _setting("", "PEM file of the TLS private key.")
    secret_key_file: str = _setting(
        "",
        "File with the key that seals what must be readable again. Empty: `secret.key` in the data folder, "
        "made on first start. Keep a copy apart from the database.",
    )
    log_format: str = _setting("auto", "`pretty`, `json`, or `auto`: pretty on a terminal, JSON otherwise.")
    log_level: str = _setting("info", "`debug`, `info`, `warning` or `error`.")
    otlp_endpoint: str = _setting(
        "",
        "URL of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`; empty: what "
        "OpenTelemetry's own variables say, else no traces.",
    )
    strict_json: bool = _setting(False, "Refuse bodies that are not strict JSON instead of reading them tolerantly.")
    body_max_bytes: int = _setting(1_048_576, "Largest body of a JSON call, bytes. Longer ones get 413.")
    request_head_timeout_s: int = _setting(20, "A client that has not sent its request's head in this time is cut off.")
    request_body_timeout_s: int = _setting(60, "A client that has not sent its request's body in this time gets 408.")
    answer_timeout_s: int = _setting(
        60, "A client that takes next to nothing of its answer, less than 16 kB, in this time is cut off."
    )
    keep_alive_s: int = _setting(65, "An idle connection is closed after this time.")
    connections_max: int = _setting(5_000, "Connections open at once; further ones get 503.")
    stop_grace_s: int = _setting(10, "A stopping server lets requests in flight finish for this time.")
    stop_drain_s: int = _setting(
        0,
        "A stopping server goes on taking calls for this time, while `/readyz` says that it stops, so that a proxy can "
        "send them elsewhere first.",
    )
    store_writers: int = _setting(2, "Writer connections on PostgreSQL (SQLite always has one).")
    store_readers: int = _setting(4, "Reader threads, each with one connection.")
    store_queue_max: int = _setting(5_000, "Reads or writes that may wait; more get 503 at once.")
    read_timeout_ms: int = _setting(1_000, "Longest time of one read from the database.")
    access_token_life_s: int = _setting(
        86_400, "Life of an access token as told to clients; it works 15 minutes longer."
    )
    refresh_token_life_days: int = _setting(365, "Life of a refresh token; at 90 % of it a new one is handed out.")
    limits: str = _setting(
        "",
        "`kaizala`: its limits, 100 calls a minute per connector and 300 per tenant, where the two settings below are "
        "not set themselves. Empty: the defaults.",
    )
    connector_calls_per_min: int = _setting(1_000, "API calls a minute per connector; 0: no limit.")
    tenant_calls_per_min: int = _setting(3_000, "API calls a minute per tenant; 0: no limit.")
    access_token_calls_per_min: int = _setting(600, "`GET /accessToken` calls a minute per connector; 0: no limit.")
    address_mb_per_min: int = _setting(
        3_000, "MB of uploads and other large bodies a minute from one address, of 1,048,576 bytes; 0: no limit."
    )
    development: bool = _setting(
        False,
        "For trying things out on one machine: `POST /generatePin` shows the PIN to whoever asks, in the header "
        "`X-Development-Pin`. Taken only while the server listens on this machine's own address.",
    )
    pin_life_s: int = _setting(600, "Life of a PIN.")
    pins_per_hour_number: int = _setting(5, "PINs made an hour for one number; 0: no limit.")
    pins_per_hour_connector: int = _setting(100, "PINs made an hour by one connector; 0: no limit.")
    wrong_pins_per_day_number: int = _setting(10, "Wrong PINs a day for one number; 0: no limit.")
    wrong_pins_per_day_address: int = _setting(30, "Wrong PINs a day from one address; 0: no limit.")
    sign_in_forms_per_min_address: int = _setting(
        120, "Forms of the sign-in pages a minute from one address; 0: no limit."
    )
    bots_per_tenant: int = _setting(1_000, "Bots of one tenant; 0: no limit.")
    bots_per_creator: int = _setting(100, "Bots made by one person; 0: no limit.")
    idempotency_keep_days: int = _setting(7, "How long the answer to an `Idempotency-Key` is kept.")
    event_log_keep_days: int = _setting(30, "How far back the event log reaches; older cursors get 410.")
    streams_max: int = _setting(
        4_000, "Live streams open at once in one server process; 0: no limit. Each is a connection, too."
    )
    streams_per_tenant: int = _setting(2_000, "Live streams of one tenant, in one server process; 0: no limit.")
    streams_per_person: int = _setting(50, "Live streams of one person or bot, in one server process; 0: no limit.")
    media_max_mb: int = _setting(100, "Largest upload, MB of 1,048,576 bytes; all files of one call together.")
    media_store: str = _setting(
        "", "Where media lie: `s3://bucket/prefix`; empty: the folder `media` in the data folder."
    )
    media_s3_endpoint: str = _setting("", "URL of the S3 service; empty: Amazon's.")
    media_s3_region: str = _setting("us-east-1", "Region of the bucket.")
    media_s3_key_id: str = _setting("", "Access key id; empty: looked for as Amazon's own tools do.")
    media_s3_secret: str = _setting("", "Secret access key.", is_secret=True)
    media_fetch_allow: tuple[str, ...] = _setting(
        (), "Addresses or networks that `POST /media/url` may fetch from though they are not public, comma-separated."
    )
    media_fetch_timeout_s: int = _setting(45, "Time that fetching a media URL may take.")
    media_orphan_keep_days: int = _setting(7, "Media that were uploaded and never used are removed after this time.")
    callback_allow: tuple[str, ...] = _setting(
        (),
        "Addresses or networks that webhooks may call though they are not public, comma-separated; these also with "
        "`http://`.",
    )
    webhook_timeout_s: int = _setting(60, "Time that the receiver of a webhook has to answer.")
    webhook_keep_days: int = _setting(30, "How long deliveries and their tries are kept after their end.")
    webhooks_per_tenant: int = _setting(1_000, "Webhooks of one tenant; 0: no limit.")
    webhook_proofs_per_min: int = _setting(
        10, "Callback URLs that one connector may have proved in a minute; 0: no limit."
    )
    alert_email: str = _setting(
        "", "Address that is told of webhooks that fail, where a webhook names none of its own; empty: nobody."
    )
    alert_smtp_url: str = _setting(
        "", "Mail server for that, `smtp://user:password@host:port` or `smtps://`; empty: no mail.", is_secret=True
    )
    alert_smtp_from: str = _setting("", "Sender address of those mails.")
    cells_allow: tuple[str, ...] = _setting(
        (), "Addresses or networks at which other cells are called with `http://`, comma-separated; this machine is."
    )
    moved_forward_days: int = _setting(
        90,
        "How long writes of an organization that has moved to another cell are passed on to it; after that, and with 0 "
        "at once, clients get 308.",
    )
    moved_answer_days: int = _setting(
        400, "How long the calls of an organization that has moved to another cell are answered from here."
    )
    sms: str = _setting("console", "How PINs are sent: `console`, `outbox`, `twilio`, `http` or `smtp`.")
    sms_timeout_s: int = _setting(15, "Time an SMS provider has for one message.")
    sms_twilio_account: str = _setting("", "Twilio account SID.")
    sms_twilio_token: str = _setting("", "Twilio auth token.", is_secret=True)
    sms_twilio_from: str = _setting("", "Number or messaging service SID that Twilio sends from.")
    sms_http_url: str = _setting("", "URL that gets a POST for each SMS.", is_secret=True)
    sms_http_headers: str = _setting("", "Headers of that POST, `Name: value` joined by `; `.", is_secret=True)
    sms_http_body: str = _setting(
        '{"to": "{number}", "text": "{text}"}',
        "Body of that POST; `{number}` and `{text}` are filled in, JSON-escaped.",
    )
    sms_smtp_url: str = _setting("", "`smtp://user:password@host:port` or `smtps://`.", is_secret=True)
    sms_smtp_from: str = _setting("", "Sender address of the mails.")
    sms_smtp_to: str = _setting("{number}@localhost", "Recipient address; `{number}` is the number without `+`.")
    sources: Mapping[str, str] = field(default_factory=dict, metadata={"meaning": "", "is_secret": False})

    @property
    def listen_host(self) -> str:
        """The address part of `listen`, without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """The port part of `listen`."""
        return int(self.listen.rpartition(":")[2])

    @property
    def endpoint_url(self) -> str:
        """What clients are told as `endpointUrl`: with exactly one slash at its end, as Kaizala did."""
        if self.public_url:
            return self.public_url.rstrip("/") + "/"
        scheme = "https" if self.tls_cert else "http"
        return f"{scheme}://{self.listen}/"

    @property
    def serves_calls(self) -> bool:
        """Whether this process answers the API's calls."""
        return self.role != "worker"

    @property
    def works(self) -> bool:
        """Whether this process does the work in the background."""
        return self.role != "api"

    @property
    def listens_to_itself(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.listen_host in ("127.0.0.1", "::1", "localhost")

    @property
    def is_postgres(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.database.startswith(("postgresql://", "postgres://"))

    @property
    def nats_urls(self) -> tuple[str, ...]:
        """The URLs of `nats`."""
        return tuple(url.strip() for url in self.nats.split(",") if url.strip())

    @property
    def sqlite_path(self) -> Path:
        """The SQLite database's file."""
        return self.data / "chaupal.sqlite3"

    @property
    def secret_key_path(self) -> Path:
        """The file of the sealing key."""
        return Path(self.secret_key_file) if self.secret_key_file else self.data / "secret.key"

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `trusted_proxies`."""
        return tuple(ip_network(entry, strict=False) for entry in self.trusted_proxies)

    @property
    def media_max_bytes(self) -> int:
        """`media_max_mb` in bytes."""
        return self.media_max_mb * 1_048_576

    @property
    def media_fetch_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `media_fetch_allow`."""
        return tuple(ip_network(entry, strict=False) for entry in self.media_fetch_allow)

    @property
    def callback_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `callback_allow`."""
        return tuple(ip_network(entry, strict=False) for entry in self.callback_allow)

    @property
    def cell_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `cells_allow`."""
        return tuple(ip_network(entry, strict=False) for entry in self.cells_allow)


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting as the docs and `doctor` show it."""

    name: str
    variable: str
    kind: str
    default: Any
    meaning: str
    is_secret: bool


def describe_settings() -> list[SettingDescription]:
    """All settings, in the order of their declaration."""
    hints = get_type_hints(Settings)
    defaults = Settings()
    return [
        SettingDescription(
            name=entry.name,
            variable=ENVIRONMENT_PREFIX + entry.name.upper(),
            kind=_KIND_NAMES.get(hints[entry.name], "list"),
            default=getattr(defaults, entry.name),
            meaning=entry.metadata["meaning"],
            is_secret=entry.metadata["is_secret"],
        )
        for entry in fields(Settings)
        if entry.name != "sources"
    ]


_KIND_NAMES: dict[Any, str] = {str: "text", int: "number", bool: "yes/no", Path: "path"}


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Raises:
        SettingRefused: an unknown name, or a value that breaks its rule.
    """
    environment = os.environ if environment is None else environment
    described = {setting.name: setting for setting in describe_settings()}
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(described, "default")
    config_path = environment.get(CONFIG_NAME, "")
    for name, raw in _read_file(config_path).items():
        if name not in described:
            raise SettingRefused(f"{config_path}: there is no setting {name!r}")
        values[name] = _convert(described[name], raw, f"{config_path}: {name}")
        sources[name] = config_path
    for variable, raw in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == CONFIG_NAME:
            continue
        name = variable[len(ENVIRONMENT_PREFIX) :].lower()
        if name.startswith("test_"):
            continue
        if name not in described:
            raise SettingRefused(f"there is no setting {variable}; `chaupal doctor` lists them all")
        values[name] = _convert(described[name], raw, variable)
        sources[name] = "environment"
    for name, limit in PRESETS.get(values.get("limits", ""), {}).items():
        if name not in values:
            values[name], sources[name] = limit, f"{ENVIRONMENT_PREFIX}LIMITS"
    settings = Settings(**values, sources=sources)
    check_settings(settings)
    return settings


def _read_file(path: str) -> dict[str, Any]:
    if not path:
        return {}
    import tomllib

    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingRefused(f"{CONFIG_NAME}={path}: {error}") from error


_TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
_FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


def _convert(setting: SettingDescription, raw: Any, origin: str) -> Any:
    if setting.kind == "yes/no":
        word = str(raw).strip().lower()
        if word in _TRUE_WORDS or word in _FALSE_WORDS:
            return word in _TRUE_WORDS
        raise SettingRefused(f"{origin}={raw}: must be yes or no")
    if setting.kind == "number":
        try:
            number = int(str(raw).strip().replace("_", ""))
        except ValueError:
            raise SettingRefused(f"{origin}={raw}: must be a whole number") from None
        if number < 0:
            raise SettingRefused(f"{origin}={raw}: must be 0 or more")
        return number
    if setting.kind == "path":
        return Path(str(raw)).expanduser()
    if setting.kind == "list":
        entries = raw if isinstance(raw, list) else str(raw).split(",")
        return tuple(str(entry).strip() for entry in entries if str(entry).strip())
    return str(raw).strip()
