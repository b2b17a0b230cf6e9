"""What people do in chats: reactions, a chosen language, private talks, the name of a conversation."""

from msgspec.structs import replace

from tests.support.builders import T0, at, delivery, get_ticket, message, open_ticket, queue
from tickets.ids import DeliveryId, ExternalMessageId, IdentityId, MessageId, ThreadKey
from tickets.model import Identity, Reaction, Receipt, TicketEnvelope
from tickets.records import Admission, ContextQuery, Reacted
from tickets.storage import Store

BOB = IdentityId("i-bob")


async def whole(store: Store, number: int) -> TicketEnvelope:
    found = await store.find_ticket(number)  # type: ignore[arg-type]
    assert found is not None
    return found


async def react(store: Store, number: int, who: str, signs: str) -> tuple[Reaction, ...]:
    ticket = (await whole(store, number)).ticket
    moved = replace(ticket, version=ticket.version + 1)
    reacted = Reacted(MessageId("m-bob"), IdentityId(who), signs)
    await store.admit(
        [Admission((), "ticket", ticket=moved, ticket_version=ticket.version, reacted=reacted)], at(1)
    )
    return (await whole(store, number)).messages[0].reactions


async def test_each_persons_last_signs_stand_at_a_message(store: Store) -> None:
    number = (await open_ticket(store, "bob")).number
    assert await react(store, number, "i-bob", "👍") == (Reaction(BOB, "👍"),)
    ann = Reaction(IdentityId("i-ann"), "🙏✨")
    assert await react(store, number, "i-ann", "🙏✨") == (Reaction(BOB, "👍"), ann)
    assert await react(store, number, "i-bob", "👎") == (ann, Reaction(BOB, "👎"))
    assert await react(store, number, "i-ann", "") == (Reaction(BOB, "👎"),)


async def test_a_chosen_language_is_kept(store: Store) -> None:
    number = (await open_ticket(store, "bob")).number
    person = (await whole(store, number)).identities[0]
    changed = replace(person, chosen_language="th")
    await store.admit([Admission((), "ticket", changed_identity=changed)], at(1))
    kept: Identity = (await whole(store, number)).identities[0]
    assert (kept.chosen_language, kept.speaks) == ("th", "th")


async def test_the_private_talk_with_somebody_is_found_unless_others_write_in_it(store: Store) -> None:
    ticket = await open_ticket(store, "bob")
    envelope = await whole(store, ticket.number)
    assert envelope.threads[0].visibility == "private"
    assert await store.find_private(BOB) == envelope.threads[0]
    await open_ticket(store, "ann")
    moved = replace(ticket, version=ticket.version + 1)
    foreign = message("guest", "bob", identity_id=IdentityId("i-ann"))
    await store.admit(
        [Admission((), "ticket", ticket=moved, ticket_version=ticket.version, message=foreign)], at(1)
    )
    assert await store.find_private(BOB) is None
    assert await store.find_private(IdentityId("i-nobody")) is None


async def test_a_conversation_bears_the_name_that_the_platform_tells_with_a_receipt(store: Store) -> None:
    ticket = await open_ticket(store, "bob")
    await queue(store, delivery("r", thread_id="h-bob"))
    name = ThreadKey("real-name")
    receipt = Receipt(ExternalMessageId("x"), at(1), thread_key=name)
    await store.record_receipt(DeliveryId("d-r"), 1, receipt, at(1))
    [thread] = (await whole(store, ticket.number)).threads
    assert thread.key == name
    asked = ContextQuery(frozenset(), frozenset(), frozenset({(thread.account, name)}), frozenset(), T0)
    assert (await store.find_context(asked)).thread_tickets == {thread.id: ticket.id}
    assert (await get_ticket(store, ticket.number)).status == "open"
