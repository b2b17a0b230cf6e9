"""X as a whole: accounts, people, the socket, and the record of what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from simulators.faults import Faults
from simulators.telegram.server import LoopbackServer
from simulators.x.accounts import SimAccount
from simulators.x.directs import Directs, SimDirect, conversation_of
from simulators.x.gateway import Gateway
from simulators.x.hooks import Hooks
from simulators.x.injecting import injected
from simulators.x.people import SimPerson
from simulators.x.posts import mentioned
from simulators.x.records import ApiCall, Json, Keys, SentPost, SimPost
from simulators.x.state import PlatformState, Reaction
from simulators.x.writing import Writer


def _utc_now() -> datetime:
    return datetime.now(UTC)


class XPlatform:
    """An X of its own on a loopback socket.

    port: 0 lets the system choose, once: stop and start keep it.
    now: aware UTC; drives ids, dates, rate limits and the 24 hours a text
    stays taken.  Delays run on the real clock, and the timestamps of
    signatures are held against ``wall_clock``, since clients sign by the
    computer's clock.  enforce_limits: False does calls over a rate limit,
    still noting the violation.

    leading_mentions_count: whether the "@account " X puts before a reply to
    the account lets it answer; False asks for a mention in the text or a quote.
    duplicates_by_text_alone: False takes the leading mentions of an answer for
    part of its text, so that the same words may go to different people.

    Accounts and people may be added before ``start``.  Everything runs in
    one event loop and must be called from there.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] = _utc_now,
        enforce_limits: bool = True,
        *,
        wall_clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._state = PlatformState(now, wall_clock, enforce_limits)
        self._gateway = Gateway(self._state, lambda client: self._server.cut(client))
        self._server = LoopbackServer(self._gateway.app(), host, port)
        self._writer = Writer(self._state)

    async def start(self) -> None:
        """Listen.  OSError: the port is taken."""
        self._state.stopped.clear()
        await self._server.start()
        self._gateway.doorman.own_host = self.base_url
        self._state.pictures.url = self.media_url
        self._state.compliance.url = self.storage_url

    async def stop(self) -> None:
        """Cut every connection; accounts, people and records stay.

        Raises the first exception a callback of ``on_answer`` raised.
        """
        self._state.stopped.set()
        self._state.bell.ring()
        await self._server.stop()
        await self._state.end_tasks()
        if self._state.failures:
            raise self._state.failures.pop(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        """What stands in the place of https://api.twitter.com."""
        return f"http://{self._server.host}:{self._server.port}"

    @property
    def media_url(self) -> str:
        """Below which pictures lie."""
        return f"{self.base_url}/media"

    @property
    def storage_url(self) -> str:
        """Where lists of posts are put."""
        return f"{self.base_url}/storage"

    @property
    def token_url(self) -> str:
        """Where tokens of people are given."""
        return f"{self.base_url}/2/oauth2/token"

    def consent(self, account: SimAccount, address: str) -> str:
        """Who runs the account agrees on the page of this address; where their browser is led.

        ValueError: the page shows an error.
        """
        return self._state.tokens.consent(account, address)

    def issue_tokens(self, account: SimAccount) -> str:
        """A refresh token for the account, as its sign-in would have brought."""
        return str(self._state.tokens.issue(account, self._state.now())["refresh_token"])

    @property
    def hooks(self) -> Hooks:
        """Addresses that are called."""
        return self._state.hooks

    @property
    def tells_removed(self) -> bool:
        """Whether apps may ask what became of posts."""
        return not self._state.compliance.forbidden

    @tells_removed.setter
    def tells_removed(self, value: bool) -> None:
        self._state.compliance.forbidden = not value

    @property
    def leading_mentions_count(self) -> bool:
        """Whether the automatic mention before a reply lets the account answer."""
        return self._state.leading_mentions_count

    @leading_mentions_count.setter
    def leading_mentions_count(self, value: bool) -> None:
        self._state.leading_mentions_count = value

    @property
    def duplicates_by_text_alone(self) -> bool:
        """Whether the same words to somebody else are a duplicate too."""
        return self._state.duplicates_by_text_alone

    @duplicates_by_text_alone.setter
    def duplicates_by_text_alone(self, value: bool) -> None:
        self._state.duplicates_by_text_alone = value

    @property
    def faults(self) -> Faults:
        """Switches for misbehaviour; the names are ``FAULTS``."""
        return self._state.faults

    @property
    def sent(self) -> list[SentPost]:
        """Every post accepted from accounts, in order."""
        return self._state.sent

    @property
    def calls(self) -> list[ApiCall]:
        """Every request, in the order of arrival."""
        return self._state.calls

    @property
    def violations(self) -> list[str]:
        """A sentence for every call over a rate limit or before the reset a client was told."""
        return self._state.violations

    def add_account(self, username: str, name: str, keys: Keys) -> SimAccount:
        """Create an account.  ValueError: the name or the access token is taken."""
        if any(other.keys.access_token == keys.access_token for other in self._state.accounts):
            raise ValueError("there is an account with this access token already")
        account = SimAccount(self._state.ids.next(), username, name, keys, self._state.now())
        self._state.add_user(account)
        return account

    def add_person(self, name: str, username: str, protected: bool = False) -> SimPerson:
        """Somebody with an X account.  ValueError: the username is taken."""
        state = self._state
        person = SimPerson(state.ids.next(), name, username, protected, state.now(), self._writer)
        state.add_user(person)
        return person

    def add_list(self, *members: SimPerson) -> str:
        """A public list; its id."""
        list_id = self._state.ids.next()
        self._state.lists[list_id] = {one.id for one in members}
        return list_id

    def post_by_hand(self, account: SimAccount, text: str, reply_to: str) -> SimPost:
        """What somebody posts in the account's own app.  reply_to: a post's id.  KeyError: there is none such."""
        answered = self._state.posts.find(reply_to)
        if answered is None:
            raise KeyError(reply_to)
        return self._writer.write(account, text, reply_to=answered, quoting=None, lang=None, pictures=())

    @property
    def directs(self) -> Directs:
        """Direct messages."""
        return self._state.directs

    def write_direct(
        self,
        person: SimPerson,
        account: SimAccount,
        text: str,
        *,
        group: str = "",
        pictures: Sequence[bytes] = (),
        id: str = "",
    ) -> SimDirect:
        """What somebody writes to an account in private.  group: the number of a talk of several.

        id: another one than the next; X may tell of a message after newer ones.
        """
        state = self._state
        talk = group or conversation_of(person.id, account.id)
        made = SimDirect(id or state.ids.next(), person.id, account.id, text, state.now(), talk, pictures)
        state.directs.all.append(made)
        state.bell.ring()
        return made

    def post_alone(self, account: SimAccount, text: str) -> SimPost:
        """What somebody posts in the account's own app, answering nothing."""
        return self._writer.write(account, text, reply_to=None, quoting=None, lang=None, pictures=())

    def inject_post(self, account: SimAccount, post: Json | bytes) -> None:
        """Put anything whatever into the account's mentions; no field is added or left out.

        Bytes are spliced into the page as they are.  It stands where its own ``id``
        puts it when that is a decimal string, else as the newest.
        """
        made = injected(self._state, self._writer, post)
        self._state.posts.add(made)
        if account.id not in mentioned(made.payload) - {made.author.id}:
            self._state.posts.bring(made, account.id)
        self._state.bell.ring()

    def handed_out(self, account: SimAccount) -> list[str]:
        """Post ids given in pages of the account's mentions, in order, each time anew."""
        return list(account.handed_out)

    def on_answer(self, callback: Reaction) -> None:
        """Call ``callback`` after each post accepted from an account; it may be async."""
        self._state.reactions.append(callback)

    async def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Return as soon as ``condition`` holds.  TimeoutError after so many real seconds."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self._state.bell.wait()
