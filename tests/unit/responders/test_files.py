"""Files that go out: held to the channel's rules, and put into pieces."""

import pytest

from connectors.registry import CHANNELS, capabilities_of
from responders.files import MOST_BYTES, pieces, refuse_unfit
from tickets.errors import Refused
from tickets.ids import AttachmentId, MessageId
from tickets.model import AttachmentDraft
from tickets.ports import FileRules
from tickets.records import NewAttachment
from tickets.rich import Rich

RULES = FileRules(per_piece=3, each_bytes=1_000, together_bytes=1_500)
PICTURES = FileRules(per_piece=3, each_bytes=1_000, together_bytes=1_500, media_types=("image/png", "image/jpeg"))


def file(name: str = "a.png", size: int = 10, media_type: str = "image/png") -> NewAttachment:
    draft = AttachmentDraft(name, media_type, size, b"x" * size)
    return NewAttachment(AttachmentId(f"f-{name}"), MessageId("m"), draft)


@pytest.mark.parametrize(
    ("files", "rules", "told"),
    [
        ([file()], None, "Files cannot be sent over this account"),
        ([file()] * 4, RULES, "At most 3 files go with an answer here; these are 4"),
        ([file("领收书.pdf", 1_001)], RULES, "The file 领收书.pdf has 1.0 KB"),
        ([file(size=0)], RULES, "The file a.png is empty"),
        ([file(size=900)] * 2, RULES, "The files have 1.8 KB together"),
        ([file("a.pdf", media_type="application/pdf")], PICTURES, "only pictures can, as PNG, JPEG"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name(
    files: list[NewAttachment], rules: FileRules | None, told: str
) -> None:
    with pytest.raises(Refused, match=told):
        refuse_unfit(files, rules)


APART = FileRules(
    per_piece=10,
    each_bytes=MOST_BYTES,
    together_bytes=1,
    apart=True,
    pictures=("image/png", "image/jpeg"),
    picture_bytes=1_000,
)


def test_what_fits_exactly_goes() -> None:
    refuse_unfit([], None)
    refuse_unfit([file(size=1_000), file(size=500)], RULES)
    refuse_unfit([file(media_type="IMAGE/PNG")], PICTURES)


def test_pieces_of_their_own_are_held_to_what_an_answer_may_have_together() -> None:
    refuse_unfit([file(size=MOST_BYTES - 1), file(size=1)], APART)
    with pytest.raises(Refused, match=r"at most 25\.0 MB"):
        refuse_unfit([file(size=MOST_BYTES), file(size=1)], APART)


def test_files_go_with_the_last_words_or_after_them() -> None:
    one, two, words = file("1"), file("2"), [Rich("a", ()), Rich("b", ())]
    assert [(p.n, p.text, p.files) for p in pieces(words, [one, two], RULES)] == [
        (1, "a", ()),
        (2, "b", (one.id, two.id)),
    ]
    assert [(p.n, p.text, p.files) for p in pieces(words, [one, two], APART)] == [
        (1, "a", ()),
        (2, "b", ()),
        (3, "", (one.id, two.id)),
    ]
    assert [p.files for p in pieces([Rich("a", ())], [], APART)] == [()]


def test_a_picture_that_is_too_large_for_one_spoils_no_album() -> None:
    first, large, last = file("1", size=1_000), file("2", size=1_001), file("3")
    albums = [p.files for p in pieces([Rich("a", ())], [first, large, last], APART)][1:]
    assert albums == [(first.id,), (large.id,), (last.id,)]


def test_pictures_in_a_row_are_an_album_and_so_are_other_files() -> None:
    first, second, list_, letter, last = (
        file("1"), file("2", media_type="IMAGE/JPEG"), file("3", media_type="text/csv"),
        file("4", media_type="application/pdf"), file("5"),
    )  # fmt: skip
    found = pieces([Rich("a", ())], [first, second, list_, letter, last], APART)
    assert [part.files for part in found] == [(), (first.id, second.id), (list_.id, letter.id), (last.id,)]


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_takes_a_small_picture(channel: str) -> None:
    refuse_unfit([file()], capabilities_of(channel).files)
