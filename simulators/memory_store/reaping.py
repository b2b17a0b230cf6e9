"""Dead workers in the memory store: what they held is free again."""

from dataclasses import replace
from datetime import datetime

from simulators.memory_store.fates import let_go
from simulators.memory_store.tables import NEVER, Tables
from tickets.records import Reaped

PREFIX = "worker:"


def reap_workers(tables: Tables, now: datetime, alone: str | None, leaving: str) -> Reaped:
    dead = _everybody(tables) - {alone} if alone is not None else _expired(tables, now)
    dead = (dead | {leaving}) - {""}
    for name, conversation in tables.conversations.items():
        if conversation.holder in dead:
            tables.conversations[name] = replace(conversation, holder="", lease_until=NEVER)
    for job_id, row in tables.jobs.items():
        if row.holder in dead:
            tables.jobs[job_id] = replace(row, holder="", lease_until=NEVER)
    for lease in [name for name, hold in tables.leases.items() if hold.holder in dead]:
        del tables.leases[lease]
    held = [name for name, hold in tables.delivery_holds.items() if hold.holder in dead]
    return Reaped(workers=tuple(sorted(dead)), unknown=let_go(tables, held, now))


def _expired(tables: Tables, now: datetime) -> set[str]:
    return {hold.holder for name, hold in tables.leases.items() if name.startswith(PREFIX) and hold.until <= now}


def _everybody(tables: Tables) -> set[str]:
    """All who hold anything."""
    holders = {hold.holder for hold in (*tables.leases.values(), *tables.delivery_holds.values())}
    holders |= {conversation.holder for conversation in tables.conversations.values()}
    return holders | {row.holder for row in tables.jobs.values()}
