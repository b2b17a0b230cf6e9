"""A mail provider on loopback sockets: SMTP submission and relay, IMAP4rev1, and people who write.

Written from the specifications and sharing no code with any client.
"""

from simulators.mail.compose import Attachment
from simulators.mail.fault_list import MAIL_FAULTS, MailFaults
from simulators.mail.mailbox import FolderError, SimMailbox, StoredMail
from simulators.mail.people import Person
from simulators.mail.platform import AUTHSERV_ID, MailPlatform
from simulators.mail.sent import SentMail
from simulators.mail.wire import LogLine, TlsMode

__all__ = [
    "AUTHSERV_ID",
    "MAIL_FAULTS",
    "Attachment",
    "FolderError",
    "LogLine",
    "MailFaults",
    "MailPlatform",
    "Person",
    "SentMail",
    "SimMailbox",
    "StoredMail",
    "TlsMode",
]
