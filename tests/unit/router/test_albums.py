"""Several events, one message."""

from router.albums import gather, group_ref
from tests.support.inbound import said
from tickets.ids import EventId
from tickets.model import AttachmentDraft, InboundMessage


def picture(n: int, group: str = "g", text: str = "", **fields: object) -> tuple[EventId, InboundMessage]:
    file = AttachmentDraft(f"{n}.jpg", "image/jpeg")
    return EventId(n), said(text, name=str(n), group=group, attachments=(file,), **fields)


def test_an_album_is_one_message_with_every_picture() -> None:
    [album] = gather([picture(n, text="All sides" if n == 2 else "") for n in range(1, 11)])
    assert album.event_ids == tuple(range(1, 11))
    assert album.message.text == "All sides"
    assert [file.name for file in album.message.attachments] == [f"{n}.jpg" for n in range(1, 11)]
    assert album.message.aliases == (group_ref("g"), *map(str, range(2, 11)))


def test_order_is_kept_and_other_messages_stay_apart() -> None:
    told = gather([picture(1), (EventId(2), said("between", name="2")), picture(3), picture(4, group="other")])
    assert [one.event_ids for one in told] == [(1, 3), (2,), (4,)]


def test_an_edit_of_a_picture_is_an_edit() -> None:
    told = gather([picture(1), picture(1, kind="edit", text="new words")])
    assert [(one.message.kind, one.event_ids) for one in told] == [("message", (1,)), ("edit", (1,))]


def test_nothing_is_gathered_from_nothing() -> None:
    assert gather([]) == []
