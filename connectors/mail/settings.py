"""``[email.<name>]`` in config.toml."""

import re
from typing import Literal

import msgspec

from connectors.tls import TlsMode
from tickets.secret import Secret

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")


class ImapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str
    port: int = 993
    tls: TlsMode = "tls"
    ca_file: str = ""
    user: str = ""
    """Empty: the account's address."""
    password: Secret
    folder: str = "INBOX"
    sent_folder: str = ""
    """Where the provider itself keeps what was sent, e.g. Sent or [Gmail]/Sent Mail: there an answer of
    unknown fate is looked for.  Empty: it keeps none, and a person decides."""
    idle_refresh_s: float = 1500.0
    """Begin IDLE anew this often, seconds.  RFC 2177 advises within 29 minutes."""
    look_every_s: float = 60.0
    """Look for new mail this often even when the server announces none, seconds."""


class SmtpSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str
    port: int = 465
    tls: TlsMode = "tls"
    ca_file: str = ""
    user: str = ""
    """Empty: the account's address."""
    password: Secret
    per_minute: float = 60.0
    """The provider's limit on mails, per minute."""

    def __post_init__(self) -> None:
        if not 0 < self.per_minute <= 1_000_000:
            raise ValueError("per_minute must be more than 0")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    address: str
    """The mailbox's address; answers come from it."""
    name: str = "Support"
    """The name beside the address."""
    imap: ImapSettings
    smtp: SmtpSettings
    authserv_ids: tuple[str, ...] = ()
    """Mail servers whose Authentication-Results are to be trusted, as they name themselves (RFC 8601)."""
    first_start: Literal["now", "all"] = "now"
    """now: mail that was there before the first start is left alone.  all: it becomes tickets too."""
    after_intake: Literal["seen", "leave"] = "seen"
    """What happens to a mail in the mailbox once it is safe here."""
    largest_bytes: int = 25 * 1024 * 1024
    """Of larger mails only the headers are fetched."""
    plus_addresses: bool = False
    """Ask for answers to an address of their own, as help+sb.…@example.org: they find their ticket even where
    every other reference was lost.  Only for servers that deliver such addresses to the mailbox (RFC 5233)."""
    acknowledge: bool = True
    """Tell verified senders once that their mail arrived."""

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.address):
            raise ValueError("address must be a plain mail address, e.g. help@example.org")

    def consumes(self) -> str:
        """What only one consumer may read: two accounts with the same are a mistake."""
        user = self.imap.user or self.address
        return f"{self.imap.host}:{self.imap.port}/{user.lower()}/{self.imap.folder}"
