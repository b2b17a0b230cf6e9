"""People with an X account of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from simulators.x.accounts import SimAccount, user_object
from simulators.x.records import Json, SentPost, SimPost

if TYPE_CHECKING:
    from simulators.x.writing import Writer


class SimPerson:
    """One person.  Made by ``XPlatform.add_person``.

    protected: only followers see her posts, and no account here is one.
    Nothing she writes is checked, so hostile and long texts pass.
    """

    def __init__(
        self, person_id: str, name: str, username: str, protected: bool, created_at: datetime, writer: Writer
    ) -> None:
        self.id = person_id
        self.name = name
        self.username = username
        self.protected = protected
        self.created_at = created_at
        self.suspended = False
        self._writer = writer
        self._blocked: set[str] = set()

    def __repr__(self) -> str:
        return f"SimPerson({self.id}, @{self.username})"

    def user(self) -> Json:
        """The user object with all fields."""
        return user_object(self.id, self.username, self.name, self.created_at, protected=self.protected)

    def post(
        self,
        text: str,
        *,
        reply_to: SimPost | SentPost | None = None,
        quoting: SimPost | SentPost | None = None,
        lang: str | None = None,
        pictures: Sequence[bytes] = (),
    ) -> SimPost:
        """Write a post.

        ``@username`` in the text mentions whoever has that name.  reply_to:
        "@author " is put before the text unless it begins with that name already
        or the author is herself.  lang: None is "und", what X says when it cannot tell.
        """
        return self._writer.write(self, text, reply_to=reply_to, quoting=quoting, lang=lang, pictures=pictures)

    def mention(
        self,
        account: SimAccount,
        text: str,
        *,
        reply_to: SimPost | SentPost | None = None,
        quoting: SimPost | SentPost | None = None,
        lang: str | None = None,
        pictures: Sequence[bytes] = (),
    ) -> SimPost:
        """Write "@account text"."""
        text = f"@{account.username} {text}"
        return self.post(text, reply_to=reply_to, quoting=quoting, lang=lang, pictures=pictures)

    def edit(self, post: SimPost, text: str) -> SimPost:
        """Change a post: a new one with a new id, which takes the place of the old in timelines.

        text: without the "@author " of a reply.  ValueError: it is not hers, or is gone or edited already.
        """
        return self._writer.edit(self, post, text)

    def delete(self, post: SimPost) -> None:
        """Take a post back, with every version of it.  ValueError: it is not hers."""
        self._writer.delete(self, post)

    def block(self, account: SimAccount) -> None:
        """The account can no longer answer or quote her."""
        self._blocked.add(account.id)

    def unblock(self, account: SimAccount) -> None:
        """It can again."""
        self._blocked.discard(account.id)

    def blocks(self, account: SimAccount) -> bool:
        """Whether she blocked the account."""
        return account.id in self._blocked

    def suspend(self) -> None:
        """X locks her out: nobody sees her or her posts."""
        self.suspended = True

    def reinstate(self) -> None:
        """X lets her in again."""
        self.suspended = False
