"""What the router is told before it decides."""

from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    answer,
    at,
    changing,
    following,
    get_ticket,
    identity,
    open_ticket,
    opening,
    outgoing,
    query,
    ref,
    thread,
    ticket,
)
from tickets.ids import (
    AccountId,
    Channel,
    DeliveryId,
    ExternalMessageId,
    IdentityId,
    MessageId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
)
from tickets.model import Participant, Receipt
from tickets.records import Admission, FingerprintHit, MessageRef
from tickets.storage import Store


async def test_identities_are_found_by_channel_and_name(store: Store) -> None:
    await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    wanted = frozenset({("telegram", "person-ann"), ("x", "person-bob"), ("telegram", "person-nobody")})
    context = await store.find_context(query(identities=wanted))
    assert context.identities == {("telegram", "person-ann"): identity("ann")}


async def test_a_reference_leads_to_message_thread_and_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    name = ("telegram", ExternalMessageId("ref-ann"))
    context = await store.find_context(query(refs=frozenset({name, ("x", ExternalMessageId("ref-ann"))})))
    assert context.refs == {name: MessageRef(MessageId("m-ann"), known.id, ThreadId("h-ann"))}
    assert context.tickets == {known.id: known}
    assert context.threads_by_id == {ThreadId("h-ann"): thread("ann")}
    assert context.participants == {known.id: frozenset({IdentityId("i-ann")})}


async def test_a_reference_remembers_its_content_and_whose_it_is(store: Store) -> None:
    known = await open_ticket(store, "ann")
    more = ref("other", "ann", "ann", content_hash="abc", ours=True, part=2)
    await store.admit([Admission((), "ticket", refs=(more,))], at(1))
    name = ("telegram", ExternalMessageId("other"))
    context = await store.find_context(query(refs=frozenset({name})))
    assert context.refs[name] == MessageRef(
        MessageId("m-ann"), known.id, ThreadId("h-ann"), "abc", True, notice=True
    )


async def test_a_thread_leads_to_its_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    name = (MAIN, ThreadKey("key-ann"))
    context = await store.find_context(query(threads=frozenset({name, (MAIN, ThreadKey("key-nobody"))})))
    assert context.threads == {name: thread("ann")}
    assert context.threads_by_id == {ThreadId("h-ann"): thread("ann")}
    assert context.thread_tickets == {ThreadId("h-ann"): known.id}
    assert context.tickets == {known.id: known}


async def test_only_the_threads_asked_for_are_told(store: Store) -> None:
    other = AccountId("telegram:other")
    for name, account, key in (("a", MAIN, "1"), ("b", MAIN, "2"), ("c", other, "1"), ("d", other, "2")):
        place = replace(thread(name, key=ThreadKey(key)), account=account)
        await store.admit([Admission((), "ticket", new_thread=place)], at(0))
    wanted = frozenset({(MAIN, ThreadKey("1")), (other, ThreadKey("2"))})
    context = await store.find_context(query(threads=wanted))
    assert set(context.threads) == wanted


async def test_a_thread_tells_of_its_closed_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    closed = ticket("ann", number=known.number, status="closed", version=2)
    await store.apply_change(changing(known, ticket=closed), at(1))
    context = await store.find_context(query(threads=frozenset({(MAIN, ThreadKey("key-ann"))})))
    assert context.thread_tickets == {ThreadId("h-ann"): known.id}
    assert context.tickets[known.id].status == "closed"


async def test_the_newest_ticket_of_a_thread_is_told(store: Store) -> None:
    first = await open_ticket(store, "ann", status="closed")
    second = _second_ticket("closed")
    await store.admit([second], at(100))
    name = (MAIN, ThreadKey("key-ann"))
    context = await store.find_context(query(threads=frozenset({name})))
    assert context.thread_tickets == {ThreadId("h-ann"): TicketId("t-second")}
    assert first.id not in context.thread_tickets.values()


async def test_an_open_ticket_is_told_before_closed_ones(store: Store) -> None:
    await open_ticket(store, "ann", status="closed")
    await store.admit([_second_ticket("open")], at(100))
    context = await store.find_context(query(threads=frozenset({(MAIN, ThreadKey("key-ann"))})))
    assert context.thread_tickets == {ThreadId("h-ann"): TicketId("t-second")}


async def test_participants_include_those_who_joined(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    joined = (Participant(IdentityId("i-bob"), "other"),)
    await store.admit([following(known, "m2", participants=joined)], at(1))
    context = await store.find_context(query(threads=frozenset({(MAIN, ThreadKey("key-ann"))})))
    assert context.participants == {known.id: frozenset({IdentityId("i-ann"), IdentityId("i-bob")})}


async def test_fingerprints_are_found_since_a_time_newest_first(store: Store) -> None:
    known = await open_ticket(store, "ann")
    for n, seconds in enumerate((10, 20, 30)):
        await store.admit([following(known, f"m{n}", fingerprint="same")], at(seconds))
        known = await get_ticket(store, known.number)
    wanted = query(fingerprints=frozenset({"same", "never"}), fingerprints_since=at(20))
    context = await store.find_context(wanted)
    hits = [_hit("m2", known.number, 30), _hit("m1", known.number, 20)]
    assert context.fingerprints == {"same": tuple(hits)}


async def test_other_fingerprints_are_not_told(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.admit([following(known, "m1", fingerprint="one")], at(1))
    context = await store.find_context(query(fingerprints=frozenset({"two"})))
    assert context.fingerprints == {}


async def test_one_query_asks_for_everything(store: Store) -> None:
    ann, bob = await open_ticket(store, "ann"), await open_ticket(store, "bob")
    context = await store.find_context(
        query(
            identities=frozenset({("telegram", "person-ann")}),
            refs=frozenset({("telegram", ExternalMessageId("ref-ann"))}),
            threads=frozenset({(MAIN, ThreadKey("key-bob"))}),
        )
    )
    assert set(context.tickets) == {ann.id, bob.id}
    assert set(context.threads_by_id) == {ThreadId("h-ann"), ThreadId("h-bob")}
    assert context.thread_tickets[ThreadId("h-bob")] == bob.id


def _second_ticket(status: str) -> Admission:
    """Another ticket of ann in the same thread."""
    second = opening("second", requester_id=IdentityId("i-ann"), status=status)
    return Admission((), "ticket", ticket=second.ticket, thread_id=ThreadId("h-ann"))


def _hit(name: str, number: int, seconds: float) -> FingerprintHit:
    return FingerprintHit(
        MessageId(f"m-{name}"), TicketId("t-ann"), number, IdentityId("i-ann"), "telegram", at(seconds)
    )


async def test_a_number_leads_to_its_ticket_and_the_people_in_it(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    found = await store.find_context(query(numbers=frozenset({known.number, TicketNumber(99)})))
    assert found.numbers == {known.number: known.id}
    assert found.tickets == {known.id: known}
    assert found.participants == {known.id: frozenset({IdentityId("i-ann")})}


async def test_a_name_of_an_answer_tells_who_got_copies(store: Store) -> None:
    known = await open_ticket(store, "ann")
    said = outgoing("r", known, cc=("bob@customers.test",))
    await store.apply_change(changing(known, message=said, delivery=answer("r", known, state="sending")), at(1))
    await store.record_receipt(DeliveryId("d-r"), 1, Receipt(ExternalMessageId("x"), at(2)), at(2))
    name: tuple[Channel, ExternalMessageId] = ("telegram", ExternalMessageId("x"))
    ref = (await store.find_context(query(refs=frozenset({name})))).refs[name]
    assert (ref.ours, ref.notice, ref.copies) == (True, False, ("bob@customers.test",))
