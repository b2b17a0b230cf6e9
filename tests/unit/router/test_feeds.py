"""What feeds found: items, their tone and language, and when there is a ticket."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from router.albums import gather
from tests.support.builders import MAIN, T0
from tests.support.inbound import PlainNotices, decider, empty_context, said
from tickets.feeds import Feed, FeedItem
from tickets.ids import EventId, ExternalMessageId, ThreadKey
from tickets.model import InboundMessage, Restriction, ThreadRef
from tickets.records import Admission, Context

STOLEN = "บัญชีของฉันถูกขโมย ช่วยด้วยค่ะ"
FEEDS = {(MAIN, "hall"): Feed(ticket_words=("withdrawal pending", "被盗"), keep_days=3)}


def heard(text: str = STOLEN, name: str = "1", **fields: Any) -> InboundMessage:
    wanted = {
        "feed": "hall",
        "address": f"https://t.me/c/1/{name}",
        "thread": ThreadRef(ThreadKey("hall"), "public"),
    } | fields
    return said(text, name=name, **wanted)


class Reader:
    """Decides one after the other on one context, as the store would remember it."""

    def __init__(self, **policy: Any) -> None:
        self.context: Context = empty_context()
        self.notices = PlainNotices()
        self._decider = decider(notices=self.notices, feeds=FEEDS, **policy)
        self._events = 0

    def decide(self, message: InboundMessage) -> Admission:
        self._events += 1
        [gathered] = gather([(EventId(self._events), message)])
        return self._decider.decide(gathered, self.context, T0)


def item_of(admission: Admission) -> FeedItem:
    assert admission.item is not None
    return admission.item


def test_it_is_an_item_with_language_and_tone_and_no_ticket() -> None:
    admission = Reader().decide(heard())
    assert (admission.verdict, admission.ticket, admission.deliveries) == ("ignored", None, ())
    item = item_of(admission)
    assert (item.language, item.mood, item.feeds, item.event_ids) == (
        "th",
        "alarming",
        ("telegram:main/hall",),
        (1,),
    )
    assert (item.address, item.keep_until) == ("https://t.me/c/1/1", T0 + timedelta(days=3))


@pytest.mark.parametrize(
    ("text", "mood"), [("Das ist inakzeptabel, ich warte seit Wochen", "upset"), ("Danke für die Hilfe", "")]
)
def test_the_tone_is_marked(text: str, mood: str) -> None:
    assert item_of(Reader().decide(heard(text))).mood == mood


def test_the_same_words_by_others_are_counted_and_not_kept() -> None:
    reader = Reader()
    first = item_of(reader.decide(heard()))
    for n in (2, 3):
        admission = reader.decide(heard(f"{STOLEN}!!", name=str(n), who=f"other-{n}"))
        assert (admission.alike_to, admission.item, admission.keeps_originals) == (first.id, None, False)


def test_what_another_feed_found_too_is_one_item() -> None:
    reader = Reader()
    first = item_of(reader.decide(heard()))
    again = item_of(reader.decide(heard(feed="lobby")))
    assert (again.id, again.feeds, again.alike) == (first.id, ("telegram:main/hall", "telegram:main/lobby"), 0)


@pytest.mark.parametrize("text", ["My withdrawal has been PENDING for days", "我的币被盗了，怎么办"])
def test_a_rule_makes_a_ticket_that_says_so_and_nobody_is_answered(text: str) -> None:
    admission = Reader().decide(heard(text))
    assert admission.ticket is not None
    assert admission.ticket.status == "open"
    assert admission.deliveries == ()
    assert [event.kind for event in admission.events] == ["opened", "received", "taken_up"]
    assert admission.events[-1].data["word"] in FEEDS[MAIN, "hall"].ticket_words
    assert item_of(admission).ticket_id == admission.ticket.id


def test_one_word_of_a_phrase_is_not_enough() -> None:
    assert Reader().decide(heard("My withdrawal came at once")).ticket is None


def test_an_item_that_is_wanted_becomes_a_ticket_in_the_name_of_who_wants_it() -> None:
    reader = Reader()
    item = item_of(reader.decide(heard()))
    reader.context.items[MAIN, item.external_id] = replace(item, wanted_by="user:ann")
    admission = reader.decide(heard())
    assert admission.ticket is not None
    assert (admission.events[-1].kind, admission.events[-1].actor) == ("taken_up", "user:ann")
    assert (item_of(admission).id, item_of(admission).ticket_id) == (item.id, admission.ticket.id)
    assert reader.decide(heard()).reason == "redelivery"


def test_an_edit_changes_the_item_and_may_make_a_ticket() -> None:
    reader = Reader()
    first = item_of(reader.decide(heard("Hello everybody here")))
    edited = item_of(reader.decide(heard("Hello to you all here", kind="edit")))
    assert (edited.id, edited.text) == (first.id, "Hello to you all here")
    assert reader.decide(heard("我的币被盗了", kind="edit")).ticket is not None


def test_what_is_deleted_there_is_withdrawn() -> None:
    reader = Reader()
    reader.decide(heard())
    admission = reader.decide(heard("", kind="delete"))
    assert (admission.verdict, admission.withdrawn) == ("ignored", (MAIN, ExternalMessageId("1")))


def test_who_is_blocked_is_not_read_along() -> None:
    reader = Reader()
    known = reader.decide(said("Where is my parcel?", name="0")).new_identity
    assert known is not None
    block = Restriction(kind="block", reason="spam", by="Ann", since=T0)
    reader.context.identities["telegram", "ann"] = replace(known, restriction=block)
    admission = reader.decide(heard())
    assert (admission.verdict, admission.item, admission.keeps_originals) == ("ignored", None, False)


def test_a_ticket_that_is_wanted_is_made_though_they_were_blocked_since() -> None:
    reader = Reader()
    known = reader.decide(said("Where is my parcel?", name="0")).new_identity
    assert known is not None
    item = item_of(reader.decide(heard()))
    reader.context.items[MAIN, item.external_id] = replace(item, wanted_by="user:ann")
    block = Restriction(kind="block", reason="spam", by="Ann", since=T0)
    reader.context.identities["telegram", "ann"] = replace(known, restriction=block)
    assert item_of(reader.decide(heard())).ticket_id is not None


def test_long_words_are_shown_in_part() -> None:
    text = item_of(Reader().decide(heard("長" * 5_000))).text
    assert (len(text), text[-1]) == (2_000, "…")


def test_what_became_a_ticket_another_way_is_linked_when_somebody_wants_it() -> None:
    reader = Reader()
    item = item_of(reader.decide(heard()))
    ticket = reader.decide(heard(f"@desk {STOLEN}", kind="edit", feed="", address="")).ticket
    assert ticket is not None
    reader.context.items[MAIN, item.external_id] = replace(item, wanted_by="user:ann")
    again = reader.decide(heard())
    assert (again.reason, item_of(again).id, item_of(again).ticket_id) == ("redelivery", item.id, ticket.id)


def test_words_that_a_rule_wants_are_no_copy_of_an_item_that_no_rule_wanted() -> None:
    reader = Reader()
    reader.decide(heard("我的币被盗了，怎么办才好呢，救命啊", feed="lobby"))
    ticket = reader.decide(heard("我的币被盗了，怎么办才好呢，救命啊", name="2", who="bob")).ticket
    assert ticket is not None
    assert reader.decide(heard("我的币被盗了，怎么办才好呢，救命啊", name="3", who="cat")).alike_to is not None


def test_a_copy_of_what_was_deleted_in_the_same_batch_is_kept() -> None:
    reader = Reader()
    reader.decide(heard())
    reader.decide(heard("", kind="delete"))
    assert item_of(reader.decide(heard(name="2", who="bob"))).external_id == "2"


def test_an_edited_item_is_still_the_first_of_its_words() -> None:
    reader = Reader()
    first = item_of(reader.decide(heard("Hello everybody here")))
    reader.decide(heard(kind="edit"))
    assert reader.decide(heard(name="2", who="bob")).alike_to == first.id
