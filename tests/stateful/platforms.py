"""Platforms that keep what they accept, whatever they answer; and how a worker dies."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Literal, NamedTuple

from msgspec.structs import replace

from responders.compose import Limits
from tests.support.clock import ManualClock
from tickets.errors import DeliveryError
from tickets.ids import AccountId, Channel, DeliveryId, ExternalMessageId
from tickets.model import Receipt, Reply
from tickets.ports import Bucket, FileRules, Sender

TELEGRAM = AccountId("telegram:main")
DISCORD = AccountId("discord:main")
GUILD = AccountId("discord:guild")
CHANNELS: dict[AccountId, Channel] = {DISCORD: "discord", GUILD: "discord", TELEGRAM: "telegram"}
WITH_WORDS = FileRules(per_piece=10, each_bytes=1_000, together_bytes=1_000)
LIMITS = {
    TELEGRAM: Limits(24, "utf16", files=replace(WITH_WORDS, apart=True)),  # so that answers go out in pieces
    DISCORD: Limits(24, "characters", files=WITH_WORDS),
    GUILD: Limits(2_000, "characters", files=WITH_WORDS),
}
PROVING = frozenset({DISCORD, GUILD})
"""Where it can be looked up what arrived."""
APPEARS_S = 3.0
CERTAIN_S = 20.0

Outcome = Literal["ok", "refused", "later", "pause", "secret", "arrived", "lost"]
"""arrived and lost: the answer to the sending never came; only the platform knows."""
ERRORS = {
    "refused": ("refused", "The platform refuses it.", False, False, None),
    "later": ("unreachable", "No connection.", True, False, None),
    "pause": ("rate_limited", "Too many.", True, False, 40.0),
    "secret": ("credential", "The secret is refused.", False, False, None),
    "arrived": ("no_answer", "No answer came.", True, None, None),
    "lost": ("no_answer", "No answer came.", True, None, None),
}


class Words(NamedTuple):
    """What a person can tell apart: equal words in one conversation look the same.  text: with its files."""

    account: AccountId
    thread: str
    text: str


class Accepted(NamedTuple):
    """A piece that a person can read.  shown: what of it can be looked up, which is not what its files hold."""

    words: Words
    name: ExternalMessageId
    at: datetime
    shown: Words


class Platforms:
    """All of them.  accepted: in the order of their coming.  doubtful: deliveries whose answer was lost."""

    def __init__(self, clock: ManualClock) -> None:
        self.accepted: list[Accepted] = []
        self.doubtful: set[DeliveryId] = set()
        self._clock = clock
        self._outcomes: list[Outcome] = []
        self._names = count(1)
        self.senders: dict[AccountId, Sender] = {
            account: LookingSender(self) if account in PROVING else PlainSender(self) for account in CHANNELS
        }

    def expect(self, outcomes: Iterable[Outcome]) -> None:
        """What the next sendings come to; after these all is well."""
        self._outcomes = list(outcomes)

    def take(self, reply: Reply) -> Receipt:
        """Raises DeliveryError."""
        outcome: Outcome = self._outcomes.pop(0) if self._outcomes else "ok"
        name = ExternalMessageId(f"p-{next(self._names)}")
        now = self._clock.now()
        if outcome in ("ok", "arrived"):
            self.accepted.append(Accepted(words_of(reply), name, now, shown_of(reply)))
        if outcome == "ok":
            return Receipt(name, now)
        code, text, temporary, delivered, retry_after_s = ERRORS[outcome]
        if delivered is None:
            self.doubtful.add(DeliveryId(reply.send_key.rpartition(".")[0]))
        raise DeliveryError(code, text, temporary=temporary, delivered=delivered, retry_after_s=retry_after_s)

    def give_back(self, names: Iterable[ExternalMessageId]) -> None:
        """What was accepted never reached the person."""
        gone = set(names)
        self.accepted = [one for one in self.accepted if one.name not in gone]

    def find(self, reply: Reply, since: datetime) -> list[Receipt]:
        """What the platform shows by now of these words."""
        shown = self._clock.now() - timedelta(seconds=APPEARS_S)
        return [
            Receipt(one.name, one.at)
            for one in self.accepted
            if one.shown == shown_of(reply) and since <= one.at <= shown
        ]


class PlainSender:
    """See ``tickets.ports.Sender``.  Nobody can ask it what arrived."""

    at_once = 1

    def __init__(self, platforms: Platforms) -> None:
        self._platforms = platforms

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        return (Bucket(f"chat:{reply.target.thread_key}", 3, 0.5, shared=False), Bucket("all", 6, 1.0))

    async def send(self, reply: Reply) -> Receipt:
        return self._platforms.take(reply)


class LookingSender(PlainSender):
    """See ``tickets.ports.ProvingSender``."""

    certain_after_s: float | None = CERTAIN_S

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        return self._platforms.find(reply, since)


def words_of(reply: Reply) -> Words:
    digests = [hashlib.sha256(file.content).hexdigest() for file in reply.files]
    return Words(reply.target.account, reply.target.thread_key, with_files(reply.text, digests))


def shown_of(reply: Reply) -> Words:
    return Words(reply.target.account, reply.target.thread_key, with_files(reply.text, ["file"] * reply.carries))


def with_files(text: str, digests: Iterable[str]) -> str:
    """A piece as it is compared: what it says, and what its files hold."""
    return " ".join([text, *(f"[{digest}]" for digest in digests)])


class Crashed(BaseException):
    """The worker's end: nothing in the program may catch it."""


class Fuse:
    """A crash hook that ends the worker at one named point, once."""

    def __init__(self) -> None:
        self.armed: str | None = None

    def __call__(self, point: str) -> None:
        if point == self.armed:
            self.armed = None
            raise Crashed(point)
