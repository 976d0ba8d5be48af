"""The sender that mails: for gateways that turn a mail into an SMS, and for offices whose people read mail.

smtplib is synchronous, so it runs in a thread; its connection is cut when the time is up.
"""

from __future__ import annotations

import asyncio
import email.policy
import ipaddress
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from chaupal.settings_rules import SettingRefused
from chaupal.sms.sending import SmsFailed, SmsRefused

_SUBJECT = "Chaupal"
_SEVEN_BITS = email.policy.SMTP.clone(cte_type="7bit")
"""Not every gateway takes eight; texts that are not ASCII are encoded."""

_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes in, read from the URL of the setting."""

    host: str
    port: int
    is_tls_from_start: bool
    user: str
    password: str = field(repr=False)

    @property
    def is_this_machine(self) -> bool:
        """Whether what is sent there leaves this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def tls_context(self) -> ssl.SSLContext:
        """Checks the server's certificate, except on this machine, where mail servers have one that nobody signed."""
        context = ssl.create_default_context()
        if self.is_this_machine:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def read_mail_server(url: str, setting: str = "CHAUPAL_SMS_SMTP_URL") -> MailServer:
    """The mail server of `smtp://user:password@host:port` or `smtps://...`; the ports 25 and 465 if none is given.

    Raises:
        SettingRefused: the sentence does not show the URL, which holds a password.
    """
    rule = f"{setting}: must be smtp://user:password@host:port or smtps://..."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SettingRefused(rule) from None
    if parts.scheme not in _PORTS or not host:
        raise SettingRefused(rule)
    return MailServer(
        host=host,
        port=port or _PORTS[parts.scheme],
        is_tls_from_start=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class MailSender:
    """Mails each message to the address made from its number."""

    def __init__(self, server: MailServer, *, sender: str, recipient: str, timeout_s: float) -> None:
        self._server = server
        self._sender = sender
        self._recipient = recipient
        self._timeout_s = timeout_s

    async def send(self, number: str, text: str) -> None:
        """Hand the mail to the server."""
        recipient = self._recipient.replace("{number}", number.removeprefix("+"))
        mail = build_mail(self._sender, recipient, _SUBJECT, text)
        mail["Message-ID"] = make_msgid(domain=_domain_of(self._sender))
        await hand_over(self._server, mail, timeout_s=self._timeout_s)


async def hand_over(server: MailServer, mail: EmailMessage, *, timeout_s: float) -> None:
    """Return once the server has taken the mail.

    Raises:
        SmsRefused: the server will never take it.
        SmsFailed: it may later.
    """
    delivery = _Delivery(server, mail, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.to_thread(delivery.run)
    except TimeoutError:
        raise SmsFailed(f"the mail server did not answer within {timeout_s:g} s") from None
    finally:
        delivery.cut()


class _Delivery:
    """One mail on its way, in a thread."""

    def __init__(self, server: MailServer, mail: EmailMessage, timeout_s: float) -> None:
        self._server = server
        self._mail = mail
        self._timeout_s = timeout_s
        self._client: smtplib.SMTP | None = None
        self._is_cut = False

    def run(self) -> None:
        """Deliver; blocks meanwhile."""
        try:
            self._client = self._connect()
            if self._is_cut:  # the time was up while it connected: nobody waits for this mail any more
                return
            self._secure(self._client)
            if self._server.user:
                self._client.login(self._server.user, self._server.password)
            self._client.send_message(self._mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise _by_code(min(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise SmsRefused("the mail server lacks what is needed: login or international addresses") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise SmsFailed(f"the mail server: {type(error).__name__}") from None
        finally:
            self._quit()

    def cut(self) -> None:
        """End the connection at once, whatever the thread waits for. Harmless when it has ended."""
        self._is_cut = True
        client = self._client
        if client is not None and client.sock is not None:
            with suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.is_tls_from_start:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_s, context=server.tls_context())
        return smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)

    def _secure(self, client: smtplib.SMTP) -> None:
        if self._server.is_tls_from_start:
            return
        client.ehlo_or_helo_if_needed()
        if client.has_extn("starttls"):
            client.starttls(context=self._server.tls_context())
        elif self._server.user and not self._server.is_this_machine:
            raise SmsRefused("the mail server offers no STARTTLS; the password is not sent in the clear")

    def _quit(self) -> None:
        if self._client is not None:
            # The mail is handed over, or is not: how the farewell goes changes nothing.
            with suppress(smtplib.SMTPException, OSError, ValueError):
                self._client.quit()
            self._client.close()


def build_mail(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    """A mail of plain text, without an id yet."""
    mail = EmailMessage(policy=_SEVEN_BITS)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Date"] = formatdate()
    mail.set_content(text)
    return mail


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].rstrip(">") or "localhost"


def _by_code(code: int) -> SmsRefused | SmsFailed:
    """5xx is for good; the rest, 4xx and a server that says goodbye, may pass."""
    sentence = f"the mail server answered {code}"
    return SmsRefused(sentence) if code >= 500 else SmsFailed(sentence)
