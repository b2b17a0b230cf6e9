"""What the SMTP server accepts, from whom, and what it gets wrong (RFC 5321, RFC 4954).

The methods named ``handle_*`` and ``auth_*`` are the hooks aiosmtpd calls.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiosmtpd.smtp import Envelope, Session

from simulators.faults import Fault
from simulators.mail.fault_list import MailFaults, number, words
from simulators.mail.mailbox import SimMailbox
from simulators.mail.wire import TlsMode, WireLog

if TYPE_CHECKING:
    from simulators.mail.smtp_server import SmtpConnection

_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")
_TOKEN_REFUSED = b'{"status":"400","schemes":"Bearer","scope":"https://mail.example.test/"}'


@dataclass(frozen=True)
class SmtpService:
    """What all connections of one SMTP server share.

    mailboxes: by lower-case address; any of them may log in.  accept: called
    with envelope sender, recipients, bytes and the login (None without AUTH)
    when a mail is taken.  size_limit: octets of one mail.
    """

    mailboxes: dict[str, SimMailbox]
    faults: MailFaults
    log: WireLog
    accept: Callable[[str, list[str], bytes, str | None], None]
    tls: ssl.SSLContext | None
    tls_mode: TlsMode
    hostname: str
    require_auth: bool
    size_limit: int
    max_recipients: int


class SmtpRules:
    """The decisions on one connection.  ``login``: the mailbox that has authenticated; None before."""

    def __init__(self, service: SmtpService) -> None:
        self._service = service
        self.login: str | None = None

    async def handle_EHLO(
        self,
        server: "SmtpConnection",
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """The list of extensions; PIPELINING (RFC 2920) holds because lines wait in the buffer."""
        refusal = await self.gate(server, "ehlo")
        if refusal is not None:
            return [refusal]
        session.host_name = hostname
        self.login = None if not session.authenticated else self.login
        if "250-STARTTLS" in responses and self._take("smtp_no_starttls"):
            server.starttls_hidden = True
            responses[responses.index("250-STARTTLS")] = "250-AUTH LOGIN PLAIN XOAUTH2"
        return [*responses[:-1], "250-PIPELINING", *responses[-1:]]

    async def handle_HELO(
        self, server: "SmtpConnection", session: Session, envelope: Envelope, hostname: str
    ) -> str:
        """What clients try when EHLO is refused."""
        refusal = await self.gate(server, "ehlo")
        if refusal is not None:
            return refusal
        session.host_name = hostname
        return f"250 {self._service.hostname}"

    async def handle_MAIL(
        self, server: "SmtpConnection", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        if self._service.require_auth and not session.authenticated:
            return "530 5.7.0 Authentication required"
        odd = await self.gate(server, "mail")
        if odd is not None and not odd.startswith("2"):
            return odd
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return odd or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: "SmtpConnection", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO."""
        if len(envelope.rcpt_tos) >= self._service.max_recipients:
            return "452 4.5.3 Too many recipients"
        odd = await self.gate(server, "rcpt", address=address.lower())
        if odd is not None and not odd.startswith("2"):
            return odd
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return odd or "250 2.1.5 OK"

    async def handle_DATA(self, server: "SmtpConnection", session: Session, envelope: Envelope) -> str:
        """The final dot: here a mail is taken, or not."""
        if self._take("smtp_drop_before_accept"):
            await server.drop()
        refusal = self._refusal("dot")
        if refusal is not None:
            return refusal
        sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)
        content = bytes(envelope.original_content or b"")
        self._service.accept(sender, list(envelope.rcpt_tos), content, self.login)
        if self._take("smtp_drop_after_accept"):
            await server.drop()
        await self._delay("dot")
        await self._drop(server, "dot")
        return self._answer(server, "dot") or "250 2.0.0 OK, taken"

    async def handle_QUIT(self, server: "SmtpConnection", session: Session, envelope: Envelope) -> str:
        """QUIT."""
        if self._take("smtp_drop_at_quit"):
            await server.drop()
        return "221 2.0.0 Bye"

    async def handle_AUTH(
        self, server: "SmtpConnection", session: Session, envelope: Envelope, args: list[str]
    ) -> str | None:
        """AUTH with a mechanism that was offered; None when the answer was given already."""
        odd = await self.gate(server, "auth")
        if odd is not None:
            return odd
        mechanisms = {"LOGIN": self._auth_login, "PLAIN": self._auth_plain, "XOAUTH2": self.auth_XOAUTH2}
        refusal = await mechanisms[args[0]](server, args)
        if self.login is None:
            return refusal
        session.authenticated = True
        return "235 2.7.0 Authentication successful"

    async def auth_XOAUTH2(self, server: "SmtpConnection", args: list[str]) -> str | None:
        """A refused token is told in a challenge, which the client answers before the 535.

        The name makes aiosmtpd offer the mechanism, beside its own two.
        """
        response = await _response(server, args, b"")
        if response is None:
            return None
        match = _XOAUTH2.fullmatch(response)
        refusal = self._enter(match[1], match[2], by_token=True) if match else _auth_refused(535)
        if refusal is not None and await _response(server, [], _TOKEN_REFUSED) is None:
            return None
        return refusal

    async def _auth_plain(self, server: "SmtpConnection", args: list[str]) -> str | None:
        """RFC 4616."""
        response = await _response(server, args, b"")
        if response is None:
            return None
        parts = response.split(b"\0")
        return self._enter(parts[1], parts[2]) if len(parts) == 3 else "501 5.5.2 PLAIN needs three parts"

    async def _auth_login(self, server: "SmtpConnection", args: list[str]) -> str | None:
        """As in draft-murchison-sasl-login."""
        user = await _response(server, args, b"Username:")
        secret = await _response(server, [], b"Password:") if user is not None else None
        return None if user is None or secret is None else self._enter(user, secret)

    async def gate(self, server: "SmtpConnection", stage: str, address: str | None = None) -> str | None:
        """Delay, break off, babble or refuse at a stage where faults say so; None lets the command through."""
        await self._delay(stage)
        await self._drop(server, stage)
        return self._answer(server, stage) or self._refusal(stage, address)

    def take_drop(self, stage: str) -> Fault | None:
        """The fault that ends the connection at this stage, if there is one."""
        return self._named("smtp_drop", stage)

    def _take(self, name: str) -> Fault | None:
        return self._service.faults.take_for(name, mailbox=self.login)

    def _named(self, name: str, stage: str) -> Fault | None:
        return self._service.faults.take_for(name, must_name="stage", stage=stage, mailbox=self.login)

    async def _drop(self, server: "SmtpConnection", stage: str) -> None:
        if fault := self.take_drop(stage):
            await server.drop(reset=bool(fault.details.get("reset")))

    def _answer(self, server: "SmtpConnection", stage: str) -> str | None:
        fault = self._named("smtp_answer", stage)
        if fault is None:
            return None
        server.closing_after_answer = bool(fault.details.get("closing"))
        return words(fault, "text", "")

    def _refusal(self, stage: str, address: str | None = None) -> str | None:
        """A fault without a stage means the final dot."""
        must_name = None if stage == "dot" else "stage"
        fault = self._service.faults.take_for(
            "smtp_status", must_name=must_name, stage=stage, mailbox=self.login, address=address
        )
        if fault is None:
            return None
        code = int(number(fault, "code", 451))
        return f"{code} {code // 100}.0.0 {words(fault, 'text', 'refused')}"

    async def _delay(self, stage: str) -> None:
        must_name = None if stage == "dot" else "stage"
        faults = self._service.faults
        fault = faults.take_for("smtp_delay", must_name=must_name, stage=stage, mailbox=self.login)
        if fault is not None:
            await asyncio.sleep(number(fault, "seconds", 1.0))

    def _enter(self, user: bytes, secret: bytes, *, by_token: bool = False) -> str | None:
        """Log in, or the refusal."""
        box = self._service.mailboxes.get(user.decode("utf-8", "replace").lower())
        if box is None or secret != (box.token if by_token else box.password).encode():
            return _auth_refused(535)
        fault = self._service.faults.take_for("smtp_refuse_auth", mailbox=box.address)
        if fault is not None:
            return _auth_refused(int(number(fault, "code", 535)))
        self.login = box.address
        return None


def _auth_refused(code: int) -> str:
    enhanced = "5.7.8" if code == 535 else f"{code // 100}.7.0"
    return f"{code} {enhanced} Authentication refused"


async def _response(server: "SmtpConnection", args: list[str], challenge: bytes) -> bytes | None:
    """The client's words, from the command or after a challenge; None when an error was told already."""
    if len(args) < 2:
        answer = await server.challenge_auth(challenge)
        return answer if isinstance(answer, bytes) else None
    if args[1] == "=":
        return b""
    try:
        return base64.b64decode(args[1], validate=True)
    except ValueError:
        await server.push("501 5.5.2 Can't decode base64")
        return None
