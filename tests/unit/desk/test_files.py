"""Names and types of files come from outside."""

import pytest

from desk.files import BYTES, LONGEST_NAME, NewFile, attachment_of
from tests.support.builders import message


def named(name: str, media_type: str = "image/png") -> tuple[str, str]:
    draft = attachment_of(NewFile(name, media_type, b"x"), message("m", "ann")).draft
    return draft.name, draft.media_type


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("a.png", "a.png"), ("C:\\temp\\b.png", "b.png"), ("/etc/passwd", "passwd"), ("../../x", "x"),
        ("", "file"), ("...", "file"), ("領収書 5月.pdf", "領収書 5月.pdf"), ("ใบเสร็จ.pdf", "ใบเสร็จ.pdf"),
        ("فاتورة.pdf", "فاتورة.pdf"), ("a\r\nX-Evil: 1.png", "aX-Evil: 1.png"),
        ("a\u202egnp.exe", "agnp.exe"), ("a\x00b", "ab"),
    ],
)  # fmt: skip
def test_a_name_is_a_label(name: str, label: str) -> None:
    assert named(name)[0] == label


def test_a_long_name_keeps_its_ending() -> None:
    label = named("x" * 1_000 + ".pdf")[0]
    assert (len(label), label[-5:]) == (LONGEST_NAME, "x.pdf")


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("text/plain; charset=utf-8", "text/plain"), ("IMAGE/PNG", "image/png"), ("", BYTES), ("x", BYTES),
        ("text/html\r\nX: y", BYTES), ("a/b/c", BYTES), ("../x", BYTES), ("image/svg+xml", "image/svg+xml"),
    ],
)  # fmt: skip
def test_a_type_is_a_claim(claimed: str, kept: str) -> None:
    assert named("a", claimed)[1] == kept
