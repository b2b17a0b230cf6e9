"""What every connector is given besides its settings."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tickets.ids import AccountId
from tickets.ports import Clock, CrashHook


class ConnectorContext(NamedTuple):
    """account: ``channel:name``.  secret: a lasting random secret of 32 bytes by its name."""

    account: AccountId
    clock: Clock
    crash: CrashHook
    secret: Callable[[str], Awaitable[bytes]]
