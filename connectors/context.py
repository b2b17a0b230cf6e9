"""What every connector is given besides its settings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from tickets.ids import AccountId, ThreadKey
from tickets.ports import Bucket, Clock, CrashHook
from tickets.spending import Spent


async def never() -> datetime | None:
    """Of an account that was never connected."""
    return None


async def no_limit(_buckets: Sequence[Bucket]) -> float:
    """Of an account whose budgets nobody shares."""
    return 0.0


async def nobody_yet() -> Sequence[ThreadKey]:
    """The conversations of an account that never had any."""
    return ()


async def as_given(_name: str, first: bytes) -> bytes:
    """Of an account that nothing is kept for."""
    return first


async def keep_nothing(_name: str, _value: bytes) -> None:
    """Of an account that nothing is kept for."""


async def nothing_counted(_spent: Sequence[Spent]) -> None:
    """Of an account whose platform is free."""


async def within_budget() -> bool:
    """Of an account without a budget."""
    return True


async def nobody_told(_why: str) -> None:
    """Of an account whose platform has no such limits."""


class Spoken(NamedTuple):
    """The program's own words, each by language.

    menu: commands that people can send, with what each is for.  received:
    that a message arrived.  form: what opening a form is for.  languages: in
    which all this is, with what each calls itself.
    """

    menu: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    received: Mapping[str, str] = MappingProxyType({})
    form: Mapping[str, str] = MappingProxyType({})
    languages: Mapping[str, str] = MappingProxyType({})


class ConnectorContext(NamedTuple):
    """account: ``channel:name``.  secret: a lasting random secret of 32 bytes by its name.

    conversations: the account's private conversations, the most recent
    first, for platforms that do not list them.  was_up: when the account was
    last known to be connected; None: never.  take: takes from budgets that
    sending shares; seconds to wait, 0.0 when taken.  keep: a secret that
    changes, encrypted.  kept: what was kept under a name, else the given value.
    spoken: the program's own words.  doubt: when the oldest answer began to
    be sent whose fate is open or being looked for; None: there is none.
    spend: counts what the platform took money for; never fails.  affords:
    whether the month's budget has room for what can be left out.  limited: tells
    the team, in a sentence, that a limit of the platform is reached; empty that it no longer is.
    """

    account: AccountId
    clock: Clock
    crash: CrashHook
    secret: Callable[[str], Awaitable[bytes]]
    conversations: Callable[[], Awaitable[Sequence[ThreadKey]]] = nobody_yet
    was_up: Callable[[], Awaitable[datetime | None]] = never
    take: Callable[[Sequence[Bucket]], Awaitable[float]] = no_limit
    kept: Callable[[str, bytes], Awaitable[bytes]] = as_given
    keep: Callable[[str, bytes], Awaitable[None]] = keep_nothing
    spoken: Spoken = Spoken()
    doubt: Callable[[], Awaitable[datetime | None]] = never
    spend: Callable[[Sequence[Spent]], Awaitable[None]] = nothing_counted
    affords: Callable[[], Awaitable[bool]] = within_budget
    limited: Callable[[str], Awaitable[None]] = nobody_told
