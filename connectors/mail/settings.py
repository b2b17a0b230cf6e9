"""``[email.<name>]`` in config.toml."""

import re
from ipaddress import ip_address
from typing import Literal

import msgspec

from connectors.oauth import OAuthSettings
from connectors.tls import TlsMode
from tickets.secret import NO_SECRET, Secret

LONGEST_LOCAL = 16
"""So that the address with a name in it stays within 64 (RFC 5321 §4.5.3.1.1)."""
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def _is_server(text: str) -> bool:
    """Whether it is an IPv4 address, perhaps with a port."""
    host, _, port = text.partition(":")
    try:
        ip_address(host)
        return 0 < int(port or 53) < 65_536
    except ValueError:
        return False


class ImapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str
    port: int = 993
    tls: TlsMode = "tls"
    ca_file: str = ""
    user: str = ""
    """Empty: the account's address."""
    password: Secret = NO_SECRET
    folder: str = "INBOX"
    done_folder: str = ""
    """Where mails go once they are safe here (``after_intake = "move"``); made when it does not exist."""
    sent_folder: str = ""
    """Where the provider itself keeps what was sent, e.g. Sent or [Gmail]/Sent Mail: there an answer of
    unknown fate is looked for.  Empty: it keeps none, and a person decides."""
    copies_folder: str = ""
    """Where we put a copy of every answer ourselves, for providers that keep none.  Empty: nowhere."""
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
    password: Secret = NO_SECRET
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
    aliases: dict[str, str] = {}
    """Further addresses of the mailbox, and the queue for what is sent to each; answers come from them."""
    authserv_ids: tuple[str, ...] = ()
    """Mail servers whose Authentication-Results are to be trusted, as they name themselves (RFC 8601)."""
    check_signatures: bool = False
    """Check DKIM signatures here too (RFC 6376): for mailboxes whose server reports nothing.  Asks the DNS."""
    arc_sealers: tuple[str, ...] = ()
    """Forwarders and mailing lists whose sealed reports (ARC, RFC 8617) count, as domains; with
    ``check_signatures``."""
    nameserver: str = ""
    """Whom to ask for the keys of signatures, as 192.0.2.1 or 192.0.2.1:5353; empty: as the machine does."""
    first_start: Literal["now", "all"] = "now"
    """now: mail that was there before the first start is left alone.  all: it becomes tickets too."""
    after_intake: Literal["seen", "leave", "move"] = "seen"
    """What happens to a mail in the mailbox once it is safe here: marked as read, left as it is, or moved to
    ``imap.done_folder``."""
    oauth: OAuthSettings | None = None
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
        for alias in self.aliases:
            if not _ADDRESS.fullmatch(alias) or alias != alias.lower() or alias == self.address.lower():
                raise ValueError(f"aliases: {alias} must be another plain address, in small letters")
        if self.arc_sealers and not self.check_signatures:
            raise ValueError("arc_sealers needs check_signatures = true")
        if any(sealer != sealer.lower() for sealer in self.arc_sealers):
            raise ValueError("arc_sealers must be domains in small letters")
        if self.nameserver and not _is_server(self.nameserver):
            raise ValueError("nameserver must be an address, perhaps with a port, e.g. 192.0.2.1:53")
        if self.oauth is None and not (self.imap.password.reveal() and self.smtp.password.reveal()):
            raise ValueError("imap.password and smtp.password must be given, or oauth instead of both")
        if (self.after_intake == "move") != bool(self.imap.done_folder):
            raise ValueError('after_intake = "move" and imap.done_folder go together')
        if self.imap.done_folder and self.imap.done_folder == self.imap.folder:
            raise ValueError("imap.done_folder must be another one than imap.folder")
        if self.plus_addresses and len(self.address.rpartition("@")[0]) > LONGEST_LOCAL:
            raise ValueError(f"plus_addresses needs an address with at most {LONGEST_LOCAL} letters before the @")
        if self.imap.sent_folder and self.imap.copies_folder:
            raise ValueError("imap.sent_folder says that the provider keeps copies; drop imap.copies_folder")

    def consumes(self) -> str:
        """What only one consumer may read: two accounts with the same are a mistake."""
        user = self.imap.user or self.address
        return f"{self.imap.host}:{self.imap.port}/{user.lower()}/{self.imap.folder}"
