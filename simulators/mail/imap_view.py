"""What one connection believes about its selected folder (RFC 3501 sections 5.2 and 7.4.1)."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from simulators.mail.imap_parser import BadSyntax, NumberSet
from simulators.mail.mailbox import Folder, StoredMail


class View:
    """Message sequence numbers as announced to one client.

    ``uids`` is what the client knows, by sequence number from 1; it changes
    only when `news` hands out the lines that say so.  ``wakeup`` is set when
    there may be news.  ``gone``: why the view is void (None: it is not).
    """

    def __init__(self, folder: Folder, *, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.uids = list(folder.uids)
        self.recent = set(folder.recent)
        self.gone: str | None = None
        self.wakeup = asyncio.Event()
        self._flagged: set[int] = set()
        self._seen_expunges = folder.expunges
        self._highest = folder.uidnext - 1
        if not read_only:
            folder.recent.clear()
        folder.watchers.add(self)

    def leave(self) -> None:
        """Stop watching the folder."""
        self.folder.watchers.discard(self)

    def folder_changed(self, flagged_uid: int | None) -> None:
        """See `mailbox.Watcher`."""
        if flagged_uid is not None:
            self._flagged.add(flagged_uid)
        self.wakeup.set()

    def folder_gone(self, reason: str) -> None:
        """See `mailbox.Watcher`."""
        self.gone = reason
        self.wakeup.set()

    def news(self, *, expunges: bool) -> list[bytes]:
        """Untagged lines that bring the client up to date.

        expunges: False during FETCH, STORE and SEARCH, where EXPUNGE must not
        be sent (RFC 3501 section 7.4.1).
        """
        lines = self._expunged() if expunges else []
        return [*lines, *self._arrived(), *self._reflagged()]

    def by_sequence(self, numbers: NumberSet) -> list[int]:
        """The UIDs behind a set of sequence numbers; raises BadSyntax beyond the last message."""
        ranges = numbers.ranges(len(self.uids))
        if any(low < 1 or high > len(self.uids) for low, high in ranges):
            raise BadSyntax("no such message number")
        return self._gather((low - 1, high) for low, high in ranges)

    def by_uid(self, numbers: NumberSet) -> list[int]:
        """The known UIDs within a set; others are left out silently (RFC 3501 section 6.4.8)."""
        uids = self.uids
        ranges = numbers.ranges(uids[-1] if uids else 0)
        return self._gather((bisect_left(uids, low), bisect_right(uids, high)) for low, high in ranges)

    def sequence(self, uid: int) -> int:
        """The sequence number of a known UID."""
        return bisect_left(self.uids, uid) + 1

    def mails(self, uids: list[int]) -> Iterator[StoredMail]:
        """The messages still there, in order."""
        return (mail for uid in uids if (mail := self.folder.mails.get(uid)) is not None)

    def shown_flags(self, mail: StoredMail) -> bytes:
        """The flag list of a message as sent to this client."""
        recent = ["\\Recent"] if mail.uid in self.recent else []
        return f"({' '.join([*sorted(mail.flags), *recent])})".encode()

    def _gather(self, spans: Iterator[tuple[int, int]]) -> list[int]:
        chosen = [self.uids[low:high] for low, high in spans]
        if len(chosen) == 1:
            return chosen[0]
        return sorted({uid for part in chosen for uid in part})

    def _expunged(self) -> list[bytes]:
        if self._seen_expunges == self.folder.expunges:
            return []
        self._seen_expunges = self.folder.expunges
        present = self.folder.mails
        lost = [at for at, uid in enumerate(self.uids) if uid not in present]
        self.uids = [uid for uid in self.uids if uid in present]
        return [b"* %d EXPUNGE" % (at + 1) for at in reversed(lost)]

    def _arrived(self) -> list[bytes]:
        new = self.folder.since(self._highest)
        if not new:
            return []
        self.uids += new
        self._highest = new[-1]
        self.recent |= self.folder.recent.intersection(new)
        if not self.read_only:
            self.folder.recent.difference_update(new)
        recent = sum(uid in self.recent for uid in self.uids)
        return [b"* %d EXISTS" % len(self.uids), b"* %d RECENT" % recent]

    def _reflagged(self) -> list[bytes]:
        flagged, self._flagged = self._flagged.intersection(self.uids), set()
        return [
            b"* %d FETCH (FLAGS %s)" % (self.sequence(mail.uid), self.shown_flags(mail))
            for mail in self.mails(sorted(flagged))
        ]
