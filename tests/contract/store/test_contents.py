"""Edits and deletions as versions, files, blobs, and what a list shows of a message."""

import hashlib
import os

from msgspec.structs import replace

from tests.support.builders import T0, at, file, following, get_ticket, message, open_ticket, opening, thread
from tests.support.stores import Database
from tickets.ids import AttachmentId, BlobId, MessageId, ThreadId
from tickets.model import Entity, Message, MessageVersion
from tickets.records import Admission, MessageChange, NewAttachment, TicketFilter, TicketRow
from tickets.storage import Store


async def messages(store: Store) -> dict[str, Message]:
    envelope = await store.find_ticket(1)
    assert envelope is not None
    return {one.id.removeprefix("m-"): one for one in envelope.messages}


async def row(store: Store) -> TicketRow:
    [only] = (await store.list_tickets(TicketFilter())).items
    return only


async def change(store: Store, name: str, text: str | None, seconds: float) -> None:
    known = await get_ticket(store, 1)
    edit = MessageChange(MessageId(f"m-{name}"), at(seconds), text)
    await store.admit([following(known, "", message=None, change=edit)], at(seconds))


# Edits and deletions -------------------------------------------------------------


async def test_an_edit_keeps_what_was_said_before(store: Store) -> None:
    await open_ticket(store, "ann", text="first")
    await change(store, "ann", "second", 1)
    await change(store, "ann", "third", 2)
    [edited] = (await messages(store)).values()
    assert edited.text == "third"
    assert edited.versions == (MessageVersion("first", at(1)), MessageVersion("second", at(2)))
    assert edited.deleted_at is None


async def test_what_is_covered_in_a_message_stays_named_when_it_is_edited(store: Store) -> None:
    first = opening("ann")
    assert first.message is not None
    await store.admit([replace(first, message=replace(first.message, secrets=("card",)))], T0)
    assert (await messages(store))["ann"].secrets == ("card",)
    known = await get_ticket(store, 1)
    for secrets in (("password",), ("card", "password"), ()):
        edit = MessageChange(MessageId("m-ann"), at(1), "edited", secrets)
        await store.admit([following(known, "", message=None, change=edit)], at(1))
        known = await get_ticket(store, 1)
    assert (await messages(store))["ann"].secrets == ("card", "password")


async def test_what_can_be_looked_up_in_a_message_is_that_of_its_last_words(store: Store) -> None:
    first, wallet = opening("ann"), Entity("wallet", "T1", "T1", "its checksum is wrong")
    assert first.message is not None
    await store.admit([replace(first, message=replace(first.message, entities=(wallet,)))], T0)
    assert (await messages(store))["ann"].entities == (wallet,)
    amount = Entity("amount", "3000 JPY", "3,000円")
    edit = MessageChange(MessageId("m-ann"), at(1), "3,000円", entities=(amount,))
    await store.admit([following(await get_ticket(store, 1), "", message=None, change=edit)], at(1))
    assert (await messages(store))["ann"].entities == (amount,)


async def test_a_deletion_keeps_what_was_said_before(store: Store) -> None:
    await open_ticket(store, "ann", text="first")
    await change(store, "ann", None, 1)
    [deleted] = (await messages(store)).values()
    assert deleted.deleted_at == at(1)
    assert deleted.versions == (MessageVersion("first", at(1)),)


async def test_a_change_of_an_unknown_message_is_no_error(store: Store) -> None:
    await open_ticket(store, "ann", text="first")
    await change(store, "nobody", "second", 1)
    assert [one.text for one in (await messages(store)).values()] == ["first"]


async def test_a_message_and_its_edit_in_one_batch(store: Store) -> None:
    first = opening("ann", text="first")
    edit = Admission(
        (), "ticket", ticket=first.ticket, ticket_version=1, thread_id=first.thread_id,
        change=MessageChange(MessageId("m-ann"), at(1), "second"),
    )  # fmt: skip
    await store.admit([first, edit], at(1))
    [edited] = (await messages(store)).values()
    assert (edited.text, edited.versions) == ("second", (MessageVersion("first", at(1)),))


# What a list shows -----------------------------------------------------------------


async def test_a_list_shows_the_last_words_of_the_person(store: Store) -> None:
    known = await open_ticket(store, "ann", text="first")
    written = message("m2", "ann", text="  second\n\nline " + "x" * 400, stored_at=at(1))
    await store.admit([following(known, "m2", message=written)], at(1))
    shown = await row(store)
    assert shown.snippet.startswith("second line xxx")
    assert len(shown.snippet) == 200
    assert shown.message_count == 2


async def test_a_list_shows_no_quotations(store: Store) -> None:
    said = "Noch nichts da.\n\nOn 3.3.2025 at 10:15 Support wrote:\n> Ihr Geld\n> ist unterwegs."
    known = await open_ticket(store, "ann", text="first")
    await store.admit([following(known, "m2", message=message("m2", "ann", text=said, stored_at=at(1)))], at(1))
    assert (await row(store)).snippet == "Noch nichts da."
    await change(store, "m2", said.replace("Noch", "Immer noch"), 2)
    assert (await row(store)).snippet == "Immer noch nichts da."


async def test_an_edit_of_the_last_words_shows(store: Store) -> None:
    await open_ticket(store, "ann", text="first")
    await change(store, "ann", "better", 1)
    assert (await row(store)).snippet == "better"
    assert (await row(store)).message_count == 1


async def test_an_edit_of_earlier_words_does_not_replace_the_last(store: Store) -> None:
    known = await open_ticket(store, "ann", text="first")
    written = message("m2", "ann", text="last", stored_at=at(1))
    await store.admit([following(known, "m2", message=written)], at(1))
    await change(store, "ann", "first, edited", 2)
    assert (await row(store)).snippet == "last"


async def test_deleted_words_are_no_longer_shown(store: Store) -> None:
    known = await open_ticket(store, "ann", text="first")
    written = message("m2", "ann", text="my password is 1234", stored_at=at(1))
    await store.admit([following(known, "m2", message=written)], at(1))
    await change(store, "m2", None, 2)
    assert (await row(store)).snippet == "first"
    await change(store, "ann", None, 3)
    assert (await row(store)).snippet == ""


async def test_words_of_ours_are_not_shown_as_the_persons(store: Store) -> None:
    known = await open_ticket(store, "ann", text="question")
    echo = message("m2", "ann", direction="out", identity_id=None, text="answer", stored_at=at(1))
    await store.admit([following(known, "m2", message=echo)], at(1))
    assert (await row(store)).snippet == "question"


async def test_a_ticket_with_a_public_thread_is_shown_as_public(store: Store) -> None:
    known = await open_ticket(store, "ann")
    assert (await row(store)).visibility == "private"
    public = thread("more", visibility="public")
    await store.admit([following(known, "m2", new_thread=public, thread_id=ThreadId("h-more"))], at(1))
    assert (await row(store)).visibility == "public"
    known = await get_ticket(store, known.number)
    await store.admit([following(known, "m3")], at(2))
    assert (await row(store)).visibility == "public"


# Files -------------------------------------------------------------------------------


async def read(store: Store, blob: BlobId | None) -> bytes:
    assert blob is not None
    return b"".join([chunk async for chunk in store.read_blob(blob)])


async def with_files(store: Store, *files: NewAttachment) -> None:
    known = await open_ticket(store, "ann")
    await store.admit([following(known, "", message=None, attachments=files)], at(1))


async def test_a_file_with_content_is_stored(store: Store) -> None:
    content = os.urandom(1000)
    await with_files(store, file("f", "ann", content=content, content_id="cid", size_bytes=5))
    found = await store.find_attachment(AttachmentId("a-f"))
    assert found is not None
    assert (found.state, found.size_bytes, found.content_id) == ("stored", 1000, "cid")
    assert (found.name, found.media_type, found.message_id) == ("f.pdf", "application/pdf", "m-ann")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert await read(store, found.sha256) == content
    assert (await messages(store))["ann"].attachments == (found,)


async def test_a_file_to_be_fetched_is_pending_and_one_without_source_missing(store: Store) -> None:
    await with_files(
        store, file("p", "ann", remote_id="r-1", size_bytes=7), file("m", "ann", note="The file was too large.")
    )
    pending, missing = (await messages(store))["ann"].attachments
    assert (pending.state, pending.remote_id, pending.size_bytes, pending.sha256) == ("pending", "r-1", 7, None)
    assert (missing.state, missing.note) == ("missing", "The file was too large.")


async def test_files_keep_their_order(store: Store) -> None:
    await with_files(store, *(file(name, "ann", remote_id=name) for name in ("z", "a", "m")))
    assert [one.id for one in (await messages(store))["ann"].attachments] == ["a-z", "a-a", "a-m"]


async def test_an_empty_file_is_a_stored_file(store: Store) -> None:
    await with_files(store, file("e", "ann", content=b""))
    found = await store.find_attachment(AttachmentId("a-e"))
    assert found is not None
    assert (found.state, found.size_bytes) == ("stored", 0)
    assert await read(store, found.sha256) == b""


async def test_content_comes_in_chunks_of_at_most_256_kib(store: Store) -> None:
    content = os.urandom(600 * 1024 + 1)
    await with_files(store, file("f", "ann", content=content))
    chunks = [chunk async for chunk in store.read_blob(BlobId(hashlib.sha256(content).hexdigest()))]
    assert b"".join(chunks) == content
    assert len(chunks) > 1
    assert max(len(chunk) for chunk in chunks) <= 256 * 1024


async def test_nothing_comes_for_an_unknown_blob(store: Store) -> None:
    assert await read(store, BlobId("0" * 64)) == b""
    assert await store.find_attachment(AttachmentId("a-nobody")) is None


async def test_a_fetched_file_is_stored(store: Store) -> None:
    await with_files(store, file("f", "ann", remote_id="r-1", note="waits"))
    before = await store.newest_seq()
    await store.store_attachment(AttachmentId("a-f"), b"content", at(2))
    found = await store.find_attachment(AttachmentId("a-f"))
    assert found is not None
    assert (found.state, found.size_bytes, found.note) == ("stored", 7, "")
    assert await read(store, found.sha256) == b"content"
    assert [one.ticket_id for one in await store.events_after(before)] == ["t-ann"]


async def test_a_file_that_cannot_be_had_is_missing_with_the_reason(store: Store) -> None:
    await with_files(store, file("f", "ann", remote_id="r-1", size_bytes=9))
    before = await store.newest_seq()
    await store.fail_attachment(AttachmentId("a-f"), "The platform no longer has it.", at(2))
    found = await store.find_attachment(AttachmentId("a-f"))
    assert found is not None
    assert (found.state, found.note, found.size_bytes) == ("missing", "The platform no longer has it.", 9)
    assert found.sha256 is None
    assert [one.ticket_id for one in await store.events_after(before)] == ["t-ann"]


async def test_the_same_content_is_stored_once(sql_database: Database) -> None:
    store = sql_database.store()
    await store.open()
    content = os.urandom(300_000)
    known = await open_ticket(store, "ann")
    files = tuple(file(f"{n}", "ann", content=content) for n in range(5))
    await store.admit([following(known, "", message=None, attachments=files)], T0)
    await store.store_attachment(AttachmentId("a-0"), content, T0)
    found = [await store.find_attachment(AttachmentId(f"a-{n}")) for n in range(5)]
    assert len({one.sha256 for one in found if one}) == 1
    assert await read(store, found[0].sha256 if found[0] else None) == content
    await store.close()
    assert sql_database.rows("SELECT SUM(LENGTH(content)) FROM blob_chunk") == [(len(content),)]
