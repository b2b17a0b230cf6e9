"""Pictures tell their size before anybody unfolds them."""

import struct

import pytest

from console.pictures import MOST_PIXELS, is_bearable


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)


def gif(width: int, height: int) -> bytes:
    """A screen that says less than its first picture, behind a palette and an extension."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0" * 6
    return screen + b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c" + struct.pack("<HHHH", 0, 0, width, height)


def jpeg(width: int, height: int) -> bytes:
    """With an application segment, a padding byte and a table before the frame, as cameras write them."""
    before = (
        b"\xff\xe1" + struct.pack(">H", 2 + 5_000) + b"x" * 5_000 + b"\xff\xff\xc4" + struct.pack(">H", 3) + b"x"
    )
    return b"\xff\xd8" + before + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + b"\3"


def test_a_picture_that_hides_its_size_behind_a_mark_without_a_length_is_not_shown() -> None:
    hidden = b"\xff\x01" + b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 65_535, 65_535)
    small = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 1, 1)
    assert not is_bearable(b"\xff\xd8" + hidden + b"x" * 65_463 + small)
    assert is_bearable(gif(10, 10))


def lossy(width: int, height: int) -> bytes:
    return b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0xxx\x9d\x01\x2a" + struct.pack("<HH", width, height)


def lossless(width: int, height: int) -> bytes:
    return b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)


def extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + sides


KINDS = (png, gif, jpeg, lossy, lossless, extended)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_as_large_as_it_may_be_is_shown_and_no_more(kind: object) -> None:
    assert callable(kind)
    assert is_bearable(kind(10_000, MOST_PIXELS // 10_000))
    assert not is_bearable(kind(10_000, MOST_PIXELS // 10_000 + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_what_breaks_off_before_it_says_its_size_is_not_shown(kind: object) -> None:
    assert callable(kind)
    whole = kind(10, 10)
    assert is_bearable(whole)
    assert not any(is_bearable(whole[:end]) for end in range(len(whole) - 4))


@pytest.mark.parametrize(
    "head", [b"", b"<svg/>", b"\xff\xd8" + b"\xff" * 100_000, b"\xff\xd8\xff\xe1\0\0" * 10_000]
)
def test_what_is_no_picture_is_not_shown(head: bytes) -> None:
    assert not is_bearable(head)
