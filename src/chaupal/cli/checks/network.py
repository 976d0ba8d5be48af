"""How the installation is reached and what it sends out: address, TLS, public URL, proxies, SMS. Sends nothing out."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from chaupal.cli.checks.check import Check, fault, ok, warning
from chaupal.control.place import read_whereabouts
from chaupal.settings import Settings

_ASK_TIMEOUT_S = 3
_RENEW_WITHIN = timedelta(days=21)
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - looked for, not listened on


def check_network(settings: Settings) -> list[Check]:
    """All of them, in the order in which a request meets them."""
    return [
        check_listen(settings),
        check_tls(settings),
        check_public_url(settings),
        check_proxies(settings),
        check_sms(settings),
    ]


def check_listen(settings: Settings) -> Check:
    """The port is free, or our own server is there."""
    name, where = "listen address", f"CHAUPAL_LISTEN={settings.listen}"
    try:
        found = socket.getaddrinfo(settings.listen_host, settings.listen_port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            return fault(name, f"{where}: this machine does not have that address.", "Use an address of this machine.")
        if error.errno == errno.EACCES:
            return fault(
                name,
                f"{where}: this user may not listen there.",
                "Use a port from 1024 on, and a reverse proxy for 443.",
            )
        if error.errno == errno.EADDRINUSE:
            return _check_listener(settings, name, where)
        return fault(name, f"{where}: {error.strerror}.", "Use another address.")
    return ok(name, f"{where} is free.")


def _check_listener(settings: Settings, name: str, where: str) -> Check:
    version = _chaupal_version_at(settings)
    if version is None:
        return fault(
            name, f"{where}: another program is there.", "Stop that program, or set CHAUPAL_LISTEN to another port."
        )
    try:
        whereabouts = read_whereabouts(settings.data)
    except PermissionError:
        whereabouts = None
    if whereabouts is None and not settings.is_postgres:
        return warning(
            name,
            f"{where}: a Chaupal server {version} is there, but it uses another data folder than {settings.data}.",
            "Give this command the server's CHAUPAL_DATA.",
        )
    return ok(name, f"{where}: a Chaupal server {version} answers there.")


def _chaupal_version_at(settings: Settings) -> str | None:
    """The version of the Chaupal that answers on the listen address; None where something else does."""
    host = settings.listen_host
    if host in _EVERY_ADDRESS:
        host = "127.0.0.1" if host == _EVERY_ADDRESS[0] else "::1"
    connection: http.client.HTTPConnection
    if settings.tls_cert:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # asks ourselves, by address: the name cannot fit
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, settings.listen_port, timeout=_ASK_TIMEOUT_S, context=trusting)
    else:
        connection = http.client.HTTPConnection(host, settings.listen_port, timeout=_ASK_TIMEOUT_S)
    try:
        connection.request("GET", "/")
        answer = json.loads(connection.getresponse().read(10_000))
        return str(answer["version"]) if answer["name"] == "Chaupal" else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def check_tls(settings: Settings) -> Check:
    """Certificate and key can be read, belong together, and hold for a while."""
    if not settings.tls_cert:
        return ok("TLS", "Off: plain HTTP, for this machine or behind a reverse proxy that does TLS.")
    return check_tls_files(settings) or _check_certificate(settings.tls_cert, settings.tls_key)


def check_tls_files(settings: Settings) -> Check | None:
    """What keeps a server with TLS from starting; None where nothing does."""
    name = "TLS"
    for variable, path in (("CHAUPAL_TLS_CERT", settings.tls_cert), ("CHAUPAL_TLS_KEY", settings.tls_key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            return fault(name, f"{variable}={path}: {error.strerror}.", "Name a PEM file that this user can read.")
    try:
        # A key with a password would make the server ask for it at each start.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return fault(
            name,
            f"Certificate and key cannot be used together: {reason}.",
            "Give the certificate chain and its own key, as PEM, the key without a password.",
        )
    return None


def _check_certificate(cert: str, key: str) -> Check:
    from cryptography import x509

    ends_at = x509.load_pem_x509_certificate(Path(cert).read_bytes()).not_valid_after_utc
    message = f"The certificate holds until {ends_at:%Y-%m-%d}."
    if ends_at < datetime.now(UTC):
        return fault("TLS", f"The certificate ended on {ends_at:%Y-%m-%d}.", "Renew it and restart the server.")
    if ends_at < datetime.now(UTC) + _RENEW_WITHIN:
        return warning("TLS", message, "Renew it and restart the server.")
    if Path(key).stat().st_mode & 0o007:
        return warning("TLS", f"Every user of this machine may read the key {key}.", f"chmod 600 {key}")
    return ok("TLS", message)


def check_public_url(settings: Settings) -> Check:
    """What clients are told as `endpointUrl` is something that they can reach, safely."""
    name, url = "public URL", settings.endpoint_url
    if not settings.public_url and settings.listen_host in _EVERY_ADDRESS:
        return warning(
            name, f"Clients are told {url}, which they cannot reach.", "Set CHAUPAL_PUBLIC_URL to the address they use."
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return fault(name, f"CHAUPAL_PUBLIC_URL={url}: {error}.", "Give it as https://name or https://name:port.")
    if not host or parts.query or parts.fragment or parts.username:
        return fault(
            name,
            f"CHAUPAL_PUBLIC_URL={settings.public_url} must be scheme, name and port.",
            "Give it as https://name or https://name:port.",
        )
    if parts.scheme == "http" and not _is_loopback(host):
        return warning(
            name,
            f"Clients are told {url}: tokens travel unencrypted.",
            "Use TLS (CHAUPAL_TLS_CERT and CHAUPAL_TLS_KEY, or a reverse proxy) and an https:// CHAUPAL_PUBLIC_URL.",
        )
    return ok(name, f"Clients are told {url}.")


def check_proxies(settings: Settings) -> Check:
    """Behind a reverse proxy, clients are told apart."""
    networks = settings.proxy_networks
    if any(network.prefixlen == 0 for network in networks):
        return warning(
            "trusted proxies",
            "CHAUPAL_TRUSTED_PROXIES holds every address: any client can claim any other's.",
            "Name the reverse proxy's own addresses.",
        )
    if networks:
        return ok("trusted proxies", f"X-Forwarded-For is believed from {', '.join(map(str, networks))}.")
    if settings.public_url.startswith("https://") and not settings.tls_cert:
        return warning(
            "trusted proxies",
            "The public URL is https:// but the server speaks HTTP, so a reverse proxy must be in front, and none is "
            "trusted: all clients seem to have its address.",
            "Set CHAUPAL_TRUSTED_PROXIES to the proxy's address; limits on wrong PINs count by address.",
        )
    return ok("trusted proxies", "None: clients are told apart by the address they connect from.")


def check_sms(settings: Settings) -> Check:
    """PINs reach people. That the sender's settings are complete is part of reading them."""
    if settings.sms in ("console", "outbox"):
        return ok(
            "SMS", f"CHAUPAL_SMS={settings.sms}: no SMS leaves this machine; `chaupal pin NUMBER` shows a waiting PIN."
        )
    for variable, url in (
        ("CHAUPAL_SMS_HTTP_URL", settings.sms_http_url),
        ("CHAUPAL_SMS_SMTP_URL", settings.sms_smtp_url),
    ):
        if url and settings.sms in variable.lower() and not _has_host(url):
            return fault("SMS", f"{variable} is no URL with a host name.", "Give it as scheme://name.")
    if settings.sms == "http" and settings.sms_http_url.startswith("http://"):
        return warning("SMS", "PINs are sent to CHAUPAL_SMS_HTTP_URL unencrypted.", "Use an https:// URL.")
    return ok("SMS", f"PINs are sent by {settings.sms}; the sender's settings are complete.")


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
