"""Deliveries in the memory store: leased, marked before sending, recorded after; budgets."""

from collections.abc import Sequence
from dataclasses import replace as replace_row
from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from simulators.memory_store.admission import add_ref
from simulators.memory_store.fates import (
    answered_again,
    fail,
    in_hand,
    let_go,
    part_of,
    queue_again,
    tell,
    with_part,
)
from simulators.memory_store.forecast import is_queued, leaves_at
from simulators.memory_store.tables import FREE, Hold, Level, Part, Tables
from tickets.ids import (
    AccountId,
    AttachmentId,
    Channel,
    DeliveryId,
    ExternalMessageId,
    MessageId,
    ThreadId,
    ThreadKey,
)
from tickets.model import Delivery, Receipt, ReplyFile
from tickets.ports import Bucket
from tickets.records import NewRef

HAIR = timedelta(microseconds=1)
PATIENCE = timedelta(minutes=3)
"""How long one of unknown fate keeps its place before later answers of its conversation."""


class MemoryOutbox(Part):
    """See ``tickets.storage.OutboxStore``."""

    async def lease_deliveries(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        with self._write() as tables:
            heads = _heads(tables, now)
            due = [
                delivery
                for delivery in tables.deliveries.values()
                if delivery.state == "queued"
                and delivery.target.account in accounts
                and delivery.next_at <= now
                and tables.delivery_holds.get(delivery.id, FREE).until <= now
                and (delivery.thread_id is None or heads[delivery.thread_id] == delivery.id)
            ]
            leased = sorted(due, key=lambda delivery: (-delivery.priority, delivery.next_at))[:limit]
            for delivery in leased:
                tables.delivery_holds[delivery.id] = Hold(holder, now + timedelta(seconds=lease_s))
            return leased

    async def take_budget(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        with self._write() as tables:
            levels = {bucket: tables.budgets.get((account, bucket.name), Level()) for bucket in buckets}
            drained = {bucket: _drained(level, now) for bucket, level in levels.items()}
            waits = [_wait_s(level, bucket, now) for bucket, level in drained.items()]
            if max(waits, default=0.0) > 0:
                return max(waits)
            for bucket, level in drained.items():
                tables.budgets[account, bucket.name] = replace_row(
                    level, owed_s=level.owed_s + 1 / bucket.per_s, bucket=bucket
                )
            return 0.0

    async def find_wait(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        levels = self._read().budgets
        waits = [
            _wait_s(_drained(levels.get((account, bucket.name), Level()), now), bucket, now) for bucket in buckets
        ]
        return max(waits, default=0.0)

    async def forecast(self, deliveries: Sequence[DeliveryId], now: datetime) -> dict[DeliveryId, datetime]:
        return {name: leaves_at(self._read(), name, now) for name in deliveries if is_queued(self._read(), name)}

    async def list_unfinished(self, limit: int = 100) -> Sequence[Delivery]:
        tables = self._read()
        found = sorted((one for one in tables.deliveries.values() if _is_unfinished(tables, one)), key=_by_need)
        groups = (("unknown", "failed"), ("held",), ("sending", "queued"))
        return [one for states in groups for one in [d for d in found if d.state in states][:limit]]

    async def lease_unknown(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        with self._write() as tables:
            due = [
                (look_at, delivery_id)
                for delivery_id, look_at in tables.looks.items()
                if look_at is not None
                and look_at <= now
                and tables.deliveries[delivery_id].state == "unknown"
                and tables.deliveries[delivery_id].target.account in accounts
                and tables.delivery_holds.get(delivery_id, FREE).until <= now
            ]
            leased = [tables.deliveries[delivery_id] for _, delivery_id in sorted(due)[:limit]]
            for delivery in leased:
                tables.delivery_holds[delivery.id] = Hold(holder, now + timedelta(seconds=lease_s))
            return sorted(leased, key=lambda delivery: (delivery.created_at, delivery.id))

    async def note_look(
        self, delivery_id: DeliveryId, holder: str, detail: str, look_at: datetime | None, now: datetime
    ) -> None:
        with self._write("events", "outbox") as tables:
            delivery = tables.deliveries[delivery_id]
            if not _looked_for_by(tables, delivery, holder):
                return
            tables.deliveries[delivery_id] = replace(delivery, detail=detail)
            tables.looks[delivery_id] = look_at
            tables.delivery_holds.pop(delivery_id, None)
            n = next((part.n for part in delivery.parts if part.state == "unknown"), 1)
            if look_at is None:
                tell(tables, delivery, "unknown", n, "looked", now)

    async def queue_unsent(self, delivery_id: DeliveryId, n: int, holder: str, detail: str, now: datetime) -> bool:
        with self._write("events", "outbox") as tables:
            delivery = tables.deliveries[delivery_id]
            if not _looked_for_by(tables, delivery, holder) or not _may_leave(tables, delivery):
                return False
            answered_again(tables, delivery, now)
            queued = with_part(delivery, n, state="queued")
            tables.deliveries[delivery_id] = replace(
                queued, state="queued", code="not_arrived", detail=detail, next_at=now, updated_at=now
            )
            tables.looks[delivery_id] = None
            tables.delivery_holds.pop(delivery_id, None)
            tell(tables, delivery, "queued", n, "not_arrived", now)
            return True

    async def block_bucket(self, account: AccountId, bucket: str, until: datetime) -> None:
        with self._write() as tables:
            level = tables.budgets.get((account, bucket), Level())
            blocked_until = max(level.blocked_until, until)
            tables.budgets[account, bucket] = replace_row(level, blocked_until=blocked_until)

    async def mark_sending(
        self, delivery_id: DeliveryId, n: int, holder: str, now: datetime, name: ExternalMessageId | None = None
    ) -> bool:
        with self._write("events") as tables:
            delivery = tables.deliveries.get(delivery_id)
            held = tables.delivery_holds.get(delivery_id, FREE)
            if delivery is None or delivery.state != "queued" or held.holder != holder or held.until <= now:
                return False
            part = part_of(delivery, n)
            if part.state in ("sent", "unknown"):
                return False
            delivery = with_part(delivery, n, state="sending", attempts=part.attempts + 1, started_at=now)
            tables.deliveries[delivery_id] = replace(delivery, state="sending", updated_at=now, code="", detail="")
            if name is not None:
                _record_way_back(tables, delivery, n, [name])
            tell(tables, delivery, "sending", n, "", now)
            self._crash("store.sending_written")
            return True

    async def read_files(self, ids: Sequence[AttachmentId]) -> Sequence[ReplyFile]:
        tables = self._read()
        kept = [tables.attachments[one] for one in ids if one in tables.attachments]
        return [
            ReplyFile(one.name, one.media_type, tables.blobs[one.sha256]) for one in kept if one.sha256 is not None
        ]

    async def record_receipt(
        self, delivery_id: DeliveryId, n: int, receipt: Receipt, now: datetime, holder: str | None = None
    ) -> None:
        with self._write("events", "outbox") as tables:
            if not in_hand(tables, delivery_id, holder, n):
                _record_way_back(
                    tables, tables.deliveries[delivery_id], n, (receipt.external_id, *receipt.aliases)
                )
                return
            if _is_anothers(tables, tables.deliveries[delivery_id], receipt):
                return
            was = tables.deliveries[delivery_id].state
            answered_again(tables, tables.deliveries[delivery_id], now)
            sent = {"state": "sent", "external_id": receipt.external_id, "sent_at": receipt.sent_at}
            delivery = with_part(tables.deliveries[delivery_id], n, **sent)
            finished = all(part.state == "sent" for part in delivery.parts)
            delivery = replace(
                delivery,
                state="sent" if finished else "queued",
                updated_at=now,
                code="",
                detail=receipt.note,
                next_at=now if was == "unknown" else delivery.next_at,
            )
            tables.deliveries[delivery_id] = delivery
            if finished or was == "unknown":
                tables.delivery_holds.pop(delivery_id, None)
            if receipt.thread_key is not None:
                _rename_thread(tables, delivery, receipt.thread_key)
            _record_way_back(tables, delivery, n, (receipt.external_id, *receipt.aliases))
            tell(tables, delivery, delivery.state, n, "", now)
            self._crash("store.receipt_written")

    async def record_failure(
        self,
        delivery_id: DeliveryId,
        n: int,
        state: Literal["queued", "held", "failed", "unknown"],
        code: str,
        detail: str,
        next_at: datetime,
        now: datetime,
        holder: str | None = None,
    ) -> None:
        with self._write("events", "outbox") as tables:
            if in_hand(tables, delivery_id, holder):
                fail(tables, delivery_id, n, state, code, detail, next_at, now)

    async def give_back(self, delivery_id: DeliveryId, holder: str, now: datetime) -> None:
        with self._write("events", "outbox") as tables:
            hold = tables.delivery_holds.get(delivery_id)
            given = tables.deliveries[delivery_id].state in ("queued", "sending")
            if not given or hold is None or hold.holder != holder:
                return
            queue_again(tables, delivery_id, "sending", now)
            tables.delivery_holds.pop(delivery_id, None)

    async def release_held(self, account: AccountId, code: str, now: datetime) -> int:
        with self._write("events", "outbox") as tables:
            held = [
                one.id
                for one in tables.deliveries.values()
                if (one.target.account, one.state, one.code) == (account, "held", code)
            ]
            for delivery_id in held:
                answered_again(tables, tables.deliveries[delivery_id], now)
                queue_again(tables, delivery_id, "held", now, code="", detail="")
            return len(held)

    async def postpone(self, delivery_id: DeliveryId, next_at: datetime, why: str, now: datetime) -> None:
        with self._write() as tables:
            delivery = tables.deliveries[delivery_id]
            if delivery.state != "queued":
                return
            tables.deliveries[delivery_id] = replace(
                delivery, next_at=next_at, updated_at=now, code="waiting", detail=why
            )
            tables.delivery_holds.pop(delivery_id, None)

    async def reap_deliveries(self, now: datetime) -> int:
        with self._write("events") as tables:
            expired = [name for name, hold in tables.delivery_holds.items() if hold.until <= now]
            return let_go(tables, expired, now)

    async def mark_unreachable(self, channel: Channel, thread_id: ThreadId, now: datetime) -> None:
        with self._write() as tables:
            tickets = {ticket_id for ticket_id, thread in tables.ticket_threads if thread == thread_id}
            for (ticket_id, identity_id), role in tables.participants.items():
                identity = tables.identities[identity_id]
                if ticket_id in tickets and role == "requester" and identity.channel == channel:
                    tables.identities[identity_id] = replace(identity, unreachable=True)

    async def find_doubt(self, account: AccountId) -> datetime | None:
        tables = self._read()
        began = [
            part.started_at
            for one in tables.deliveries.values()
            if one.target.account == account
            and (one.state == "sending" or (one.state == "unknown" and tables.looks.get(one.id) is not None))
            for part in one.parts
            if part.state in ("sending", "unknown") and part.started_at is not None
        ]
        return min(began, default=None)

    async def find_delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        return self._read().deliveries.get(delivery_id)


def _heads(tables: Tables, now: datetime) -> dict[ThreadId, DeliveryId]:
    """The oldest delivery of each thread that is not settled: the only one that may be sent."""
    oldest_last = sorted(tables.deliveries.values(), key=lambda d: (d.created_at, d.id), reverse=True)
    return {d.thread_id: d.id for d in oldest_last if d.thread_id and _is_in_the_way(tables, d, now)}


def _is_in_the_way(tables: Tables, delivery: Delivery, now: datetime) -> bool:
    looked_for = tables.looks.get(delivery.id) is not None and delivery.updated_at > now - PATIENCE
    return delivery.state in ("queued", "sending") or (delivery.state == "unknown" and looked_for)


def _is_unfinished(tables: Tables, delivery: Delivery) -> bool:
    """What failed or is held in a closed ticket needs nobody any more."""
    ticket = tables.tickets.get(delivery.ticket_id) if delivery.ticket_id else None
    over = ticket is not None and ticket.status == "closed" and delivery.state in ("failed", "held")
    return delivery.state != "sent" and not over


def _may_leave(tables: Tables, delivery: Delivery) -> bool:
    """Sent again it must come neither behind later answers nor into a talk that is over."""
    ticket = tables.tickets.get(delivery.ticket_id) if delivery.ticket_id else None
    later = any(
        other.thread_id == delivery.thread_id
        and other.state in ("sending", "sent", "unknown")
        and (other.created_at, other.id) > (delivery.created_at, delivery.id)
        for other in tables.deliveries.values()
        if delivery.thread_id is not None
    )
    return not later and (ticket is None or ticket.status != "closed")


def _is_anothers(tables: Tables, delivery: Delivery, receipt: Receipt) -> bool:
    """Whether what proves one of unknown fate is another answer's already."""
    known = tables.refs.get((delivery.target.channel, receipt.external_id))
    return delivery.state == "unknown" and known is not None and known.message_id != _leads_to(tables, delivery)


def _looked_for_by(tables: Tables, delivery: Delivery, holder: str) -> bool:
    return delivery.state == "unknown" and tables.delivery_holds.get(delivery.id, FREE).holder == holder


def _by_need(delivery: Delivery) -> tuple[int, int, datetime, str]:
    place = ("unknown", "failed", "held", "sending", "queued").index(delivery.state)
    return place, -delivery.priority if delivery.state == "queued" else 0, delivery.next_at, delivery.id


def _drained(level: Level, now: datetime) -> Level:
    """What still weighs on a bucket after time has passed."""
    elapsed_s = max(0.0, (now - level.at).total_seconds())
    return replace_row(level, owed_s=max(0.0, level.owed_s - elapsed_s), at=max(now, level.at))


def _wait_s(level: Level, bucket: Bucket, now: datetime) -> float:
    blocked_s = (level.blocked_until - now).total_seconds()
    over_s = level.owed_s + (1 - bucket.capacity) / bucket.per_s
    if over_s <= 0:
        return max(blocked_s, 0.0)
    return max(blocked_s, over_s, HAIR.total_seconds())


def _rename_thread(tables: Tables, delivery: Delivery, key: ThreadKey) -> None:
    account = delivery.target.account
    if delivery.thread_id is None or (account, key) in tables.thread_names:
        return
    thread = tables.threads[delivery.thread_id]
    del tables.thread_names[account, thread.key]
    tables.thread_names[account, key] = thread.id
    tables.threads[thread.id] = replace(thread, key=key)


def _record_way_back(tables: Tables, delivery: Delivery, n: int, names: Sequence[ExternalMessageId]) -> None:
    """So that the person's answer to this piece reaches the same ticket."""
    message_id, ticket_id, thread_id = delivery.message_id, delivery.ticket_id, delivery.thread_id
    leads_to = _leads_to(tables, delivery)
    if delivery.kind == "code" and leads_to is not None:
        thread_id = tables.messages[leads_to].thread_id
    if leads_to is not None and ticket_id is not None and thread_id is not None:
        for name in names:
            add_ref(tables, NewRef(delivery.target.channel, name, leads_to, ticket_id, thread_id, n, ours=True))
    if n == 1 and message_id is not None:
        named = replace(tables.messages[message_id], external_id=names[0])
        tables.messages[message_id] = named


def _leads_to(tables: Tables, delivery: Delivery) -> MessageId | None:
    return delivery.message_id or _what_it_is_about(tables, delivery)


def _what_it_is_about(tables: Tables, notice: Delivery) -> MessageId | None:
    """By mail, where people answer notices, the first message of the conversation; else None."""
    if notice.kind == "code":
        return _asked(tables, notice)
    if notice.target.channel != "email":
        return None
    said = [
        message
        for message in tables.messages.values()
        if (message.ticket_id, message.thread_id, message.direction) == (notice.ticket_id, notice.thread_id, "in")
    ]
    return min(said, key=lambda message: (message.stored_at, message.id)).id if said else None


def _asked(tables: Tables, code: Delivery) -> MessageId | None:
    """What the person wrote last whom a code was mailed to."""
    said = [
        message
        for message in tables.messages.values()
        if (message.ticket_id, message.direction) == (code.ticket_id, "in") and message.thread_id is not None
    ]
    return max(said, key=lambda message: message.stored_at).id if said else None
