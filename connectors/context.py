"""What every connector is given besides its settings."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from tickets.ids import AccountId, ThreadKey
from tickets.ports import Clock, CrashHook


async def nobody_yet() -> Sequence[ThreadKey]:
    """The conversations of an account that never had any."""
    return ()


class ConnectorContext(NamedTuple):
    """account: ``channel:name``.  secret: a lasting random secret of 32 bytes by its name.

    conversations: the account's private conversations, the most recent
    first, for platforms that do not list them.
    """

    account: AccountId
    clock: Clock
    crash: CrashHook
    secret: Callable[[str], Awaitable[bytes]]
    conversations: Callable[[], Awaitable[Sequence[ThreadKey]]] = nobody_yet
