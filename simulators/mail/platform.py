"""The mail provider: mailboxes, people outside, and the two servers."""

import asyncio
import inspect
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import Self

from simulators.mail.compose import trace_fields
from simulators.mail.fault_list import MailFaults
from simulators.mail.imap_server import ImapServer
from simulators.mail.imap_session import ImapService
from simulators.mail.mailbox import Clock, SimMailbox
from simulators.mail.people import Outside, Person
from simulators.mail.sent import SentMail, read_sent
from simulators.mail.smtp_rules import SmtpService
from simulators.mail.smtp_server import SmtpServer
from simulators.mail.wire import LogLine, TlsMode, WireLog

log = logging.getLogger(__name__)

AUTHSERV_ID = "mx.example.test"
"""Who signs the Authentication-Results fields (RFC 8601 section 2.5)."""

OnMail = Callable[[SentMail], Awaitable[None] | None]


def real_now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


class MailPlatform:
    """A provider on loopback sockets.  Use it from one event loop.

    host: address to listen on.  now: the clock (None: real time).  tls: server
    context, needed unless tls_mode is "none".  require_auth: MAIL needs AUTH
    first.  size_limit: octets of one SMTP mail.  max_recipients: of one SMTP
    mail; the next gets 452.  Ports are chosen by the system and stay the same
    over restarts.  Raises ValueError for TLS without a context.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        now: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        tls_mode: TlsMode = "none",
        *,
        require_auth: bool = True,
        size_limit: int = 36_700_160,
        max_recipients: int = 100,
    ) -> None:
        if tls_mode != "none" and tls is None:
            raise ValueError(f"tls_mode {tls_mode!r} needs a server context")
        self.now: Clock = now or real_now
        self.faults = MailFaults()
        self.mailboxes: dict[str, SimMailbox] = {}
        self.people: dict[str, Person] = {}
        self.sent: list[SentMail] = []
        self._callbacks: list[OnMail] = []
        self._reactions: set[asyncio.Future[None]] = set()
        self._uidvalidities = _rising(self.now)
        self._message_numbers = count(1)
        self._imap_log, self._smtp_log = WireLog(), WireLog()
        imap = ImapService(self.mailboxes, self.faults, self._imap_log, self.now, tls, tls_mode)
        self.withheld = imap.withheld
        """Put capabilities in that the IMAP server is not to tell of."""
        self.imap = ImapServer(imap, host)
        self.smtp = SmtpServer(
            SmtpService(
                mailboxes=self.mailboxes,
                faults=self.faults,
                log=self._smtp_log,
                accept=self._accept_submitted,
                tls=tls,
                tls_mode=tls_mode,
                hostname="mail.example.test",
                require_auth=require_auth,
                size_limit=size_limit,
                max_recipients=max_recipients,
            ),
            host,
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    @property
    def imap_port(self) -> int:
        """TCP port of the IMAP server; known even before `start`."""
        return self.imap.port

    @property
    def smtp_port(self) -> int:
        """TCP port of the SMTP server; known even before `start`."""
        return self.smtp.port

    @property
    def imap_log(self) -> list[LogLine]:
        """The IMAP transcript so far."""
        return self._imap_log.lines

    @property
    def smtp_log(self) -> list[LogLine]:
        """The SMTP transcript so far."""
        return self._smtp_log.lines

    def add_mailbox(self, address: str, password: str, *, token: str | None = None) -> SimMailbox:
        """A new mailbox; its address is the login.  token: for XOAUTH2 (None: the password).

        Raises ValueError when the address is taken.
        """
        if self._known(address):
            raise ValueError(f"address is taken: {address}")
        box = SimMailbox(address, password, self.now, self._uidvalidities, token=token)
        self.mailboxes[address.lower()] = box
        return box

    def add_person(self, name: str, address: str, language: str = "en") -> Person:
        """An outside correspondent; language as in BCP 47.  Raises ValueError when the address is taken."""
        if self._known(address):
            raise ValueError(f"address is taken: {address}")
        outside = Outside(self.now, self._new_message_id, self._accept_from_outside, AUTHSERV_ID)
        person = Person(name, address, language, outside)
        self.people[address.lower()] = person
        return person

    def on_mail(self, callback: OnMail) -> None:
        """Call ``callback`` with every mail the SMTP side accepts, after it has been delivered.

        An async callback runs as a task of the platform and is cancelled by
        `stop`.  A callback that raises is logged; the mail stays accepted.
        """
        self._callbacks.append(callback)

    async def start(self) -> None:
        """Start both servers."""
        await self.start_imap()
        await self.start_smtp()

    async def stop(self) -> None:
        """Cut every connection, free the ports, and cancel running callbacks."""
        await self.imap.stop(keep_port=False)
        await self.smtp.stop(keep_port=False)
        for reaction in list(self._reactions):
            reaction.cancel()
        await asyncio.gather(*self._reactions, return_exceptions=True)

    async def start_imap(self) -> None:
        """Start the IMAP server on its port."""
        await self.imap.start()

    async def stop_imap(self, *, bye: str | None = None) -> None:
        """Stop the IMAP server; its port refuses connections.

        bye: text of a ``* BYE`` to everybody; None cuts without a word.
        """
        await self.imap.stop(bye=bye)

    async def restart_imap(self, *, bye: str | None = None) -> None:
        """Stop and start the IMAP server; the mailboxes stay."""
        await self.stop_imap(bye=bye)
        await self.start_imap()

    async def disconnect_imap(self, *, bye: str | None = None) -> None:
        """End the IMAP connections of the moment, idling ones too; the server stays up."""
        await self.imap.disconnect(bye=bye)

    async def start_smtp(self) -> None:
        """Start the SMTP server on its port."""
        await self.smtp.start()

    async def stop_smtp(self) -> None:
        """Stop the SMTP server; its port refuses connections."""
        await self.smtp.stop()

    async def restart_smtp(self) -> None:
        """Stop and start the SMTP server."""
        await self.stop_smtp()
        await self.start_smtp()

    def find_mailbox(self, address: str) -> SimMailbox | None:
        """The mailbox behind an address, subaddresses (RFC 5233) included; None when there is none."""
        local, at, domain = address.lower().rpartition("@")
        return self.mailboxes.get(local + at + domain) or self.mailboxes.get(local.partition("+")[0] + at + domain)

    def _known(self, address: str) -> bool:
        return address.lower() in self.mailboxes or address.lower() in self.people

    def _new_message_id(self, address: str) -> str:
        """Unique over restarts too: the clock is in it."""
        local, _at, domain = address.rpartition("@")
        return f"<{self.now():%Y%m%d%H%M%S%f}.{next(self._message_numbers)}.{local}@{domain}>"

    def _accept_submitted(self, sender: str, recipients: list[str], raw: bytes, login: str | None) -> None:
        mail = read_sent(sender, recipients, raw, self.now())
        self.sent.append(mail)
        trace = self._submission_trace(mail, login)
        if login is not None:
            self.mailboxes[login.lower()].file_sent(trace + raw, mail.message_id)
        self._deliver(mail, trace)
        for callback in self._callbacks:
            self._react(callback, mail)

    def _accept_from_outside(self, mail: SentMail) -> None:
        if not self._deliver(mail, b""):
            raise LookupError(f"nobody here: {', '.join(mail.envelope_to)}")

    def _deliver(self, mail: SentMail, trace: bytes) -> int:
        """Bring a mail to its recipients, once each; how many there are on this platform."""
        boxes = {box.address: box for box in map(self.find_mailbox, mail.envelope_to) if box is not None}
        people = {address.lower(): self.people.get(address.lower()) for address in mail.envelope_to}
        for box in boxes.values():
            box.deliver(trace + mail.raw)
        readers = [person for person in people.values() if person is not None]
        for person in readers:
            person.received.append(mail)
        return len(boxes) + len(readers)

    def _submission_trace(self, mail: SentMail, login: str | None) -> bytes:
        """What the server puts on top before local delivery (RFC 5321 section 4.4)."""
        auth = f"auth=pass smtp.auth={login}" if login else "none"
        return trace_fields(
            [
                ("Authentication-Results", f"{AUTHSERV_ID}; {auth}"),
                ("Return-Path", f"<{mail.envelope_from}>"),
                ("Received", f"by {AUTHSERV_ID} with ESMTPA; {format_datetime(mail.at)}"),
            ]
        )

    def _react(self, callback: OnMail, mail: SentMail) -> None:
        try:
            outcome = callback(mail)
        except Exception:
            log.exception("a callback on a mail failed")
            return
        if inspect.isawaitable(outcome):
            reaction = asyncio.ensure_future(outcome)
            self._reactions.add(reaction)
            reaction.add_done_callback(self._reacted)

    def _reacted(self, reaction: "asyncio.Future[None]") -> None:
        self._reactions.discard(reaction)
        if not reaction.cancelled() and (error := reaction.exception()) is not None:
            log.error("a callback on a mail failed", exc_info=error)


def _rising(now: Clock) -> Iterator[int]:
    """UIDVALIDITY values: the clock in seconds, but always rising (RFC 3501 section 2.3.1.1)."""
    last = 0
    while True:
        last = max(last + 1, int(now().timestamp()))
        yield last
