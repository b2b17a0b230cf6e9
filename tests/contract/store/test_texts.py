"""Texts as people and platforms really send them: NUL, lone surrogates, emoji, very long."""

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    T0,
    answer,
    at,
    changing,
    delivery,
    event,
    file,
    following,
    get_delivery,
    get_ticket,
    identity,
    lease,
    lease_out,
    message,
    open_ticket,
    opening,
    outgoing,
    query,
    queue,
    raw,
    receive,
    ref,
    thread,
)
from tickets.ids import AttachmentId, DeliveryId, ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Automatic, ChannelHealth, Contact, Delivery, Reason, Receipt, ReplyTarget
from tickets.records import Admission, NewJob, TicketFilter
from tickets.segments import segments
from tickets.storage import Store

ODD = ["nul \x00 inside", "lone \ud83d surrogate", "\udcff raw byte", "both \x00 and \ud83d"]
FINE = [
    "👩‍👩‍👧 🏳️‍🌈",
    "e\u0301 and é",
    "‏שלום‎ \u202e",
    "ก็ 한국어 中文",
    "line\r\nline\ttab",
    "'; DROP TABLE ticket; --",
    "%s :name {0}",
]


@pytest.mark.parametrize("text", ODD)
async def test_odd_texts_everywhere_in_an_admission_do_not_fail(store: Store, text: str) -> None:
    await receive(store, raw(f"event {text}", text, own_id=text, group=text, note=text))
    [leased] = await lease(store)
    odd = replace(
        opening("ann", leased.id, subject=text, priority_reasons=(Reason(text, 1),), requester=text),
        reason=text,
        segments=segments(f"findme {text}"),
        new_contact=Contact(identity("ann").contact_id, text, T0),
        new_identity=identity("ann", display_name=text, handle=text, external_id=text),
        new_thread=thread("ann", title=text, key=ThreadKey(text)),
        message=message(
            "ann", "ann", text=text, subject=text, html=text, author=text, to=(text,), cc=(text,),
            warnings=(text,), external_id=ExternalMessageId(text), reply_to=ExternalMessageId(text),
            authenticity=Authenticity("failed", text, text), automatic=Automatic("bot", text),
        ),
        attachments=(file("f", "ann", name=text, media_type=text, content_id=text, note=text, remote_id=text),),
        refs=(ref(text, "ann", "ann"),),
        fingerprint="print",
        jobs=(NewJob("fetch", f"key {text}", T0, {"x": text}),),
        events=(event("opened", "ann", data={"x": text}),),
        deliveries=(odd_delivery(text),),
    )  # fmt: skip
    await store.admit([odd], T0)
    envelope = await store.find_ticket(1)
    assert envelope is not None
    assert envelope.ticket.subject
    assert envelope.messages[0].text
    assert (await store.list_tickets(TicketFilter(query="findme"))).items
    assert (await store.list_tickets(TicketFilter(query=f"findme {text}"))).items
    assert len(await store.lease_jobs("worker", T0, 60, 1)) == 1
    assert await store.events_after(0)


def odd_delivery(text: str) -> Delivery:
    target = ReplyTarget(
        "telegram", MAIN, ThreadKey(text), "private", ExternalMessageId(text), to=(text,), subject=text
    )
    return delivery("r", texts=(text,), target=target, code=text, detail=text)


@pytest.mark.parametrize("text", ODD)
async def test_odd_names_find_what_was_stored_under_them(store: Store, text: str) -> None:
    odd = replace(
        opening("ann"),
        new_identity=identity("ann", external_id=text),
        new_thread=thread("ann", key=ThreadKey(text)),
        refs=(ref(text, "ann", "ann"),),
    )
    await store.admit([odd], T0)
    context = await store.find_context(
        query(
            identities=frozenset({("telegram", text)}),
            refs=frozenset({("telegram", ExternalMessageId(text))}),
            threads=frozenset({(MAIN, ThreadKey(text))}),
        )
    )
    assert [one.id for one in context.identities.values()] == ["i-ann"]
    assert [one.message_id for one in context.refs.values()] == ["m-ann"]
    assert list(context.thread_tickets.values()) == ["t-ann"]
    assert list(context.identities) == [("telegram", text)]
    assert list(context.refs) == [("telegram", text)]


@pytest.mark.parametrize("text", ODD)
async def test_an_odd_event_is_known_when_it_is_redelivered(store: Store, text: str) -> None:
    assert await store.append_raw(MAIN, [raw(text, text)], text) == 1
    assert await store.append_raw(MAIN, [raw(text, text)], text) == 0
    assert await store.find_cursor(MAIN)
    [leased] = await lease(store)
    assert leased.event.payload == raw(text).payload


@pytest.mark.parametrize("text", ODD)
async def test_odd_texts_in_changes_do_not_fail(store: Store, text: str) -> None:
    known = await open_ticket(store, "ann")
    said, reply = outgoing("r", known, text=text), answer("r", known, texts=(text,), detail=text)
    await store.apply_change(
        changing(
            known,
            ticket=replace(known, subject=text, version=2),
            message=said,
            delivery=reply,
            segments=segments(text),
        ),
        at(1),
    )
    known = await get_ticket(store, known.number)
    await store.admit([following(known, "", message=None, attachments=(file("f", "ann", remote_id="x"),))], at(2))
    await store.fail_attachment(AttachmentId("a-f"), text, at(3))
    found = await store.find_attachment(AttachmentId("a-f"))
    assert found is not None
    assert found.note


@pytest.mark.parametrize("text", ODD)
async def test_odd_texts_from_platforms_do_not_fail(store: Store, text: str) -> None:
    await queue(store, delivery("r", texts=("one", "two")))
    await lease_out(store)
    name = DeliveryId("d-r")
    await store.mark_sending(name, 1, "worker", at(1))
    receipt = Receipt(ExternalMessageId(text), at(1), (ExternalMessageId(f"alias {text}"),), text)
    await store.record_receipt(name, 1, receipt, at(1))
    await store.postpone(name, at(2), text, at(2))
    await lease_out(store, 2)
    await store.mark_sending(name, 2, "worker", at(2))
    await store.record_failure(name, 2, "failed", text, text, at(3), at(3))
    assert (await get_delivery(store, "r")).state == "failed"
    await store.set_health(ChannelHealth(MAIN, "telegram", "down", text, T0, T0))
    assert (await store.list_health())[0].detail
    await store.enqueue_jobs([NewJob("fetch", "a", T0)])
    [job] = await store.lease_jobs("worker", T0, 60, 1)
    await store.fail_job(job.id, "worker", text, at(9))
    assert len(await store.lease_jobs("worker", at(9), 60, 1)) == 1


@pytest.mark.parametrize("text", ODD)
async def test_odd_reasons_of_quarantine_do_not_fail(store: Store, text: str) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    await store.admit([Admission((leased.id,), "quarantined", text)], T0)
    assert (await store.list_quarantine())[0].reason


@pytest.mark.parametrize("text", [*FINE, "x" * 1_000_000])
async def test_all_other_texts_come_back_as_they_were(store: Store, text: str) -> None:
    await open_ticket(store, "ann", text=text, subject=text)
    envelope = await store.find_ticket(1)
    assert envelope is not None
    assert envelope.messages[0].text == text
    assert envelope.ticket.subject == text
