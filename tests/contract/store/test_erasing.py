"""What somebody removed on the platform: nothing of it stays, and everything beside it does."""

from msgspec.structs import replace

from desk.actors import Actor
from desk.erasing import REMOVED, erased
from tests.support.builders import (
    MAIN,
    T0,
    at,
    file,
    following,
    get_ticket,
    lease,
    message,
    open_ticket,
    opening,
    raw,
    receive,
    ref,
)
from tickets.ids import AttachmentId, ExternalMessageId, MessageId, TicketNumber
from tickets.model import TicketEnvelope
from tickets.records import Admission, MessageChange, TicketFilter
from tickets.segments import segments
from tickets.storage import Store

ONE = TicketNumber(1)
PROGRAM = Actor("program:removals", "Switchboard", "agent")
PICTURE = b"a picture" * 100_000
NAME = ExternalMessageId("100")


async def whole(store: Store) -> TicketEnvelope:
    found = await store.find_ticket(ONE)
    assert found is not None
    return found


async def erase(store: Store, *messages: str) -> None:
    change = erased(await whole(store), frozenset(map(MessageId, messages)), MAIN, PROGRAM, at(9))
    assert change is not None
    await store.apply_change(change, at(9))


async def posted(store: Store, text: str) -> None:
    """A message with a picture, from a large raw event that bears its name."""
    await receive(store, raw("100/100", payload=PICTURE), raw("1000/1000"))
    first, other = await lease(store)
    made = opening("bob", first.id, text=text, subject=text)
    said = replace(made.message, external_id=NAME, event_id=first.id)
    picture = file("me", "bob", content=PICTURE[:-1])
    await store.admit([replace(made, message=said, attachments=(picture,), refs=(ref("100", "bob", "bob"),))], T0)
    await store.release_events([other.id], T0)


async def count_found(store: Store, words: str) -> int:
    return len((await store.list_tickets(TicketFilter(query=words))).items)


async def test_words_versions_files_and_originals_go_and_that_something_was_said_stays(store: Store) -> None:
    await posted(store, "บัญชีถูกขโมย secretword")
    edit = MessageChange(MessageId("m-bob"), at(1), "บัญชีถูกขโมย otherword")
    known = await get_ticket(store, ONE)
    await store.admit([following(known, "none", message=None, change=edit, segments=segments("otherword"))], at(1))
    before = await whole(store)
    [said] = before.messages
    [picture] = said.attachments
    assert len(said.versions) == 1
    assert [await count_found(store, one) for one in ("secretword", "otherword", "ขโมย")] == [1, 1, 1]
    assert await store.read_raw(said.event_id) is not None
    assert await store.list_held(MAIN, None, 10) == (NAME,)

    await erase(store, "m-bob")

    [gone] = (await whole(store)).messages
    assert (gone.text, gone.versions, gone.deleted_at, gone.author) == ("", (), at(9), said.author)
    [kept] = gone.attachments
    assert (kept.state, kept.sha256, kept.name) == ("missing", None, "file")
    assert [piece async for piece in store.read_blob(picture.sha256)] == []
    assert await store.read_raw(said.event_id) is None
    assert (await get_ticket(store, ONE)).subject == REMOVED
    assert (await store.list_tickets(TicketFilter())).items[0].snippet == ""
    assert [await count_found(store, one) for one in ("secretword", "otherword", "ขโมย")] == [0, 0, 0]
    assert await count_found(store, "Removed") == 1
    assert (await whole(store)).events[-1].kind == "erased"
    assert await store.list_held(MAIN, None, 10) == ()


async def test_an_original_of_another_message_stays(store: Store) -> None:
    await posted(store, "words")
    await erase(store, "m-bob")
    [other] = await lease(store, 10)
    assert other.event.external_id == "1000/1000"
    assert await store.read_raw(other.id) == other.event


async def test_what_others_said_is_still_found_and_a_shared_file_stays(store: Store) -> None:
    await posted(store, "shared words here")
    more = message("more", "bob", text="shared opinion", stored_at=at(2))
    same = file("same", "more", content=PICTURE[:-1])
    known = await get_ticket(store, ONE)
    found_by = segments(more.text)
    await store.admit([following(known, "more", message=more, attachments=(same,), segments=found_by)], at(2))

    await erase(store, "m-bob")

    assert [await count_found(store, word) for word in ("shared", "opinion", "here")] == [1, 1, 0]
    [kept] = (await whole(store)).messages[1].attachments
    assert b"".join([piece async for piece in store.read_blob(kept.sha256)]) == PICTURE[:-1]
    assert (await store.list_tickets(TicketFilter())).items[0].snippet == "shared opinion"


async def test_a_file_that_was_being_fetched_is_not_kept_when_its_message_is_gone(store: Store) -> None:
    await store.admit([replace(opening("bob"), attachments=(file("far", "bob", remote_id="far"),))], T0)
    await erase(store, "m-bob")
    await store.store_attachment(AttachmentId("a-far"), b"late", at(10))
    found = await store.find_attachment(AttachmentId("a-far"))
    assert found is not None
    assert (found.state, found.sha256) == ("missing", None)


async def test_what_still_comes_in_about_it_brings_nothing_back(store: Store) -> None:
    await posted(store, "secretword")
    await erase(store, "m-bob")
    await receive(store, raw("100/edit", payload=PICTURE))
    [_, late] = await lease(store, 10)
    known = await get_ticket(store, ONE)
    edit = MessageChange(MessageId("m-bob"), at(10), "secretword again")
    brought = {"attachments": (file("new", "bob", content=PICTURE),), "segments": segments(edit.text or "")}

    await store.admit(
        [following(known, "none", late.id, message=None, change=edit, snippet="secretword", **brought)], at(10)
    )

    [gone] = (await whole(store)).messages
    assert (gone.text, gone.versions, gone.deleted_at) == ("", (), at(9))
    assert [kept.state for kept in gone.attachments] == ["missing"]
    assert await store.read_raw(late.id) is None
    assert await count_found(store, "secretword") == 0
    assert (await store.list_tickets(TicketFilter())).items[0].snippet == ""
    assert (await get_ticket(store, ONE)).version == known.version + 1


async def test_names_are_listed_page_by_page_and_only_of_one_account(store: Store) -> None:
    await posted(store, "words")
    await open_ticket(store, "ann")
    assert await store.list_held(MAIN, ExternalMessageId("1"), 1) == (NAME,)
    assert await store.list_held(MAIN, NAME, 10) == ("ref-ann",)


async def test_a_picture_that_was_deleted_and_not_removed_takes_a_late_edit_as_a_version(store: Store) -> None:
    await store.admit([opening("bob", text=" ")], T0)
    for at_s, text in ((1, ""), (2, None), (3, "late words")):
        known = await get_ticket(store, ONE)
        change = MessageChange(MessageId("m-bob"), at(at_s), text)
        await store.admit([following(known, "none", message=None, change=change)], at(at_s))
    assert (await whole(store)).messages[0].text == "late words"


async def test_what_is_ignored_is_not_kept(store: Store) -> None:
    await receive(store, raw("100/100", payload=PICTURE), raw("1/1"))
    first, second = await lease(store)
    await store.admit([Admission((first.id,), "ignored", "redelivery")], T0)
    await store.admit([Admission((second.id,), "quarantined", "odd")], T0)
    assert await store.read_raw(first.id) is None
    assert await store.read_raw(second.id) == second.event
