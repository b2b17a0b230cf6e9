"""Mailboxes as a mail store keeps them: folders, UIDs, flags."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

from simulators.mail.headers import HeaderLines, field_values, header_lines

Clock = Callable[[], datetime]
"""Gives the present, aware UTC."""

SPECIAL_USE = {"Drafts": "\\Drafts", "Junk": "\\Junk", "Sent": "\\Sent", "Trash": "\\Trash"}
"""Folders every mailbox starts with, besides INBOX, and their attribute (RFC 6154)."""


@dataclass(eq=False)
class StoredMail:
    """One message in a folder.

    raw: the bytes exactly as delivered.  flags: system flags and keywords,
    without \\Recent.  received_at: INTERNALDATE, aware.
    """

    uid: int
    raw: bytes
    flags: set[str]
    received_at: datetime

    @cached_property
    def headers(self) -> HeaderLines:
        """The header fields, read once."""
        return header_lines(self.raw)


class Watcher(Protocol):
    """Somebody who has a folder open."""

    def folder_changed(self, flagged_uid: int | None) -> None:
        """Mail came or went (None), or the flags of one message changed."""

    def folder_gone(self, reason: str) -> None:
        """The folder is no longer what it was: deleted or renumbered."""


@dataclass(eq=False)
class Folder:
    """One folder.  ``uids`` rises strictly; ``expunges`` counts removals ever made."""

    name: str
    uidvalidity: int
    uidnext: int = 1
    uids: list[int] = field(default_factory=list)
    mails: dict[int, StoredMail] = field(default_factory=dict)
    recent: set[int] = field(default_factory=set)
    expunges: int = 0
    watchers: set[Watcher] = field(default_factory=set)

    def add(self, raw: bytes, flags: Iterable[str], received_at: datetime) -> int:
        """Store a message at the end and wake the watchers; its UID."""
        uid = self.uidnext
        self.uidnext += 1
        self.uids.append(uid)
        self.mails[uid] = StoredMail(uid, raw, set(flags), received_at)
        self.recent.add(uid)
        self._tell(None)
        return uid

    def remove(self, uids: Iterable[int]) -> list[int]:
        """Take messages out for good; the UIDs that were there."""
        gone = [uid for uid in uids if self.mails.pop(uid, None) is not None]
        if gone:
            self.recent.difference_update(gone)
            self.uids = list(self.mails)
            self.expunges += 1
            self._tell(None)
        return gone

    def set_flags(self, uid: int, flags: set[str], *, by: Watcher | None = None) -> None:
        """Replace the flags of a message; every watcher but ``by`` hears of it."""
        mail = self.mails[uid]
        if mail.flags == flags:
            return
        mail.flags = flags
        self._tell(uid, but=by)

    def since(self, uid: int) -> list[int]:
        """UIDs above ``uid``."""
        return self.uids[bisect_right(self.uids, uid) :]

    def renumber(self, uidvalidity: int) -> None:
        """Give every message a new UID from 1 under a new UIDVALIDITY (RFC 3501 section 2.3.1.1)."""
        kept = list(self.mails.values())
        for uid, mail in enumerate(kept, start=1):
            mail.uid = uid
        self.mails = {mail.uid: mail for mail in kept}
        self.uids = list(self.mails)
        self.recent = set()
        self.uidvalidity, self.uidnext = uidvalidity, len(kept) + 1
        self.close("UIDVALIDITY changed")

    def close(self, reason: str) -> None:
        """Tell every watcher that its view of the folder is void."""
        for watcher in list(self.watchers):
            watcher.folder_gone(reason)

    def _tell(self, flagged_uid: int | None, *, but: Watcher | None = None) -> None:
        for watcher in list(self.watchers):
            if watcher is not but:
                watcher.folder_changed(flagged_uid)


class FolderError(Exception):
    """A folder that is missing, exists already, or may not be touched; the text says which."""


class SimMailbox:
    """One account of the provider.  Call its methods from the event loop's thread.

    address: the address and the login name.  password: for LOGIN, PLAIN and
    SMTP AUTH.  token: for XOAUTH2; the password unless given.
    keeps_sent_in: the folder into which the provider itself files what this
    login submits, unless a mail of the same Message-ID lies there, as Gmail
    does (https://github.com/nodemailer/wildduck/wiki/Gmail-sending); None,
    as at first: it files nothing.
    """

    def __init__(
        self, address: str, password: str, now: Clock, uidvalidities: Iterator[int], *, token: str | None = None
    ) -> None:
        self.address = address
        self.password = password
        self.token = password if token is None else token
        self.folders: dict[str, Folder] = {}
        self.subscribed: set[str] = {"INBOX"}
        self.keeps_sent_in: str | None = None
        self._now = now
        self._uidvalidities = uidvalidities
        for name in ("INBOX", *SPECIAL_USE):
            self.create_folder(name)

    def deliver(
        self, raw: bytes, *, folder: str = "INBOX", flags: Iterable[str] = (), received_at: datetime | None = None
    ) -> int:
        """Put a message into a folder as the provider would and wake IDLE; its UID.

        raw: kept byte for byte.  received_at: INTERNALDATE (None: now).
        Raises FolderError for an unknown folder.
        """
        return self.folder(folder).add(raw, flags, received_at or self._now())

    def file_sent(self, raw: bytes, message_id: str | None) -> None:
        """What this login submitted goes into ``keeps_sent_in``, read already."""
        if self.keeps_sent_in is None:
            return
        there = self.folder(self.keeps_sent_in).mails.values()
        if message_id is None or all(message_id not in field_values(mail.headers, "Message-ID") for mail in there):
            self.deliver(raw, folder=self.keeps_sent_in, flags={"\\Seen"})

    def uids(self, folder: str = "INBOX") -> list[int]:
        """UIDs of a folder, ascending."""
        return list(self.folder(folder).uids)

    def raw(self, uid: int, folder: str = "INBOX") -> bytes:
        """The bytes of one message; raises KeyError when it is not there."""
        return self.folder(folder).mails[uid].raw

    def flags(self, uid: int, folder: str = "INBOX") -> frozenset[str]:
        """The flags of one message, e.g. ``{"\\\\Seen"}``; raises KeyError when it is not there."""
        return frozenset(self.folder(folder).mails[uid].flags)

    def mark_seen(self, uid: int, folder: str = "INBOX") -> None:
        """Set \\Seen, as another mail program of the same owner would."""
        place = self.folder(folder)
        place.set_flags(uid, place.mails[uid].flags | {"\\Seen"})

    def expunge(self, *uids: int, folder: str = "INBOX") -> None:
        """Remove messages, as another mail program of the same owner would."""
        self.folder(folder).remove(uids)

    def uidvalidity(self, folder: str = "INBOX") -> int:
        """The present UIDVALIDITY of a folder."""
        return self.folder(folder).uidvalidity

    def change_uidvalidity(self, folder: str = "INBOX") -> int:
        """Renumber a folder from 1; the new UIDVALIDITY.

        Connections that have it selected get ``* BYE``, as from Dovecot.
        """
        place = self.folder(folder)
        place.renumber(next(self._uidvalidities))
        return place.uidvalidity

    def create_folder(self, name: str) -> Folder:
        """A new empty folder ("/" separates levels; missing parents are made).

        Raises FolderError when it exists.
        """
        name = normal_name(name).rstrip("/")
        if not name or name in self.folders:
            raise FolderError(f"folder exists: {name!a}")
        parent = name.rpartition("/")[0]
        if parent and parent not in self.folders:
            self.create_folder(parent)
        self.folders[name] = Folder(name, next(self._uidvalidities))
        return self.folders[name]

    def rename_folder(self, old: str, new: str) -> None:
        """Rename a folder and those below it; INBOX is emptied into ``new`` instead (RFC 3501 6.3.5).

        Raises FolderError when ``old`` is missing or ``new`` exists.
        """
        source, target = self.folder(old), normal_name(new)
        if source.name == "INBOX":
            self._empty_inbox_into(target)
            return
        if target in self.folders:
            raise FolderError(f"folder exists: {target!a}")
        for name in [name for name in self.folders if (name + "/").startswith(source.name + "/")]:
            moved = self.folders.pop(name)
            moved.name = target + name.removeprefix(normal_name(old))
            self.folders[moved.name] = moved

    def delete_folder(self, name: str) -> None:
        """Remove a folder with its mail; raises FolderError for INBOX and unknown ones."""
        folder = self.folder(name)
        if folder.name == "INBOX":
            raise FolderError("INBOX cannot be deleted")
        del self.folders[folder.name]
        folder.close("folder was deleted")

    def folder(self, name: str) -> Folder:
        """The folder of that name; INBOX in any letter case.  Raises FolderError."""
        try:
            return self.folders[normal_name(name)]
        except KeyError:
            raise FolderError(f"no such folder: {name!a}") from None

    def _empty_inbox_into(self, target: str) -> None:
        inbox, place = self.folder("INBOX"), self.create_folder(target)
        for mail in list(inbox.mails.values()):
            place.add(mail.raw, mail.flags, mail.received_at)
        inbox.remove(list(inbox.uids))


def normal_name(name: str) -> str:
    """INBOX is spelled in any letter case (RFC 3501 section 5.1); other names are as they are."""
    return "INBOX" if name.upper() == "INBOX" else name
