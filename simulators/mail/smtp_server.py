"""The SMTP side: submission and relay on aiosmtpd (RFC 5321, RFC 4954, RFC 3207)."""

import asyncio
import contextlib
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, syntax

from simulators.faults import Fault
from simulators.mail.fault_list import MailFaults, number, words
from simulators.mail.imap_session import TlsMode
from simulators.mail.mailbox import SimMailbox
from simulators.mail.smtp_tap import LineTap
from simulators.mail.wire import Port, WireLog

_AUTH_LINE = 12_288  # RFC 4954 section 4


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
