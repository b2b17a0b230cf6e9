"""How many pixels a picture would unfold into: told by its first bytes, without unfolding it."""

import re
import struct

MOST_PIXELS = 50_000_000
"""A browser takes four bytes for each; cameras stay below."""
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset((0x00, 0x01, *range(0xD0, 0xDA)))
"""Markers without a length."""
_WEBP_LOSSY = re.compile(rb"RIFF.{4}WEBPVP8 .{7}\x9d\x01\x2a(.{4})", re.DOTALL)
_WEBP_LOSSLESS = re.compile(rb"RIFF.{4}WEBPVP8L.{4}\x2f(.{4})", re.DOTALL)
_WEBP_EXTENDED = re.compile(rb"RIFF.{4}WEBPVP8X.{8}(.{6})", re.DOTALL)


def is_bearable(head: bytes) -> bool:
    """Whether a browser may be asked to show it.  head: its first 256 KiB; what does not say its size is not."""
    pixels = _pixels(head)
    return pixels is not None and pixels <= MOST_PIXELS


def _pixels(head: bytes) -> int | None:
    """PNG (RFC 2083, 11.2.2), GIF89a (18), JPEG (T.81, B.2.2), WebP (RFC 9649, 2.5 to 2.7)."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return int(width * height)
    if head.startswith((b"GIF87a", b"GIF89a")) and len(head) >= 10:
        return _of_gif(head)
    if head.startswith(b"RIFF"):
        return _of_webp(head)
    return _of_jpeg(head) if head.startswith(b"\xff\xd8") else None


def _of_gif(head: bytes) -> int | None:
    """Of the screen, or of the first picture where that is larger: browsers take the larger one."""
    width, height, flags = struct.unpack("<HHB", head[6:11]) if len(head) >= 13 else (0, 0, 0)
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    while at < len(head) and head[at] == 0x21:  # an extension: a label, then blocks until an empty one
        at += 2
        while at < len(head) and head[at]:
            at += 1 + head[at]
        at += 1
    if at + 9 > len(head) or head[at] != 0x2C:
        return None
    left, top, wide, high = struct.unpack("<HHHH", head[at + 1 : at + 9])
    return int(max(width, left + wide) * max(height, top + high))


def _of_webp(head: bytes) -> int | None:
    if found := _WEBP_LOSSY.match(head):
        width, height = struct.unpack("<HH", found[1])
        return int((width & 0x3FFF) * (height & 0x3FFF))
    if found := _WEBP_LOSSLESS.match(head):
        bits = int.from_bytes(found[1], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if found := _WEBP_EXTENDED.match(head):
        return (int.from_bytes(found[1][:3], "little") + 1) * (int.from_bytes(found[1][3:], "little") + 1)
    return None


def _of_jpeg(head: bytes) -> int | None:
    """The size stands in the frame's header, behind segments that tell their own length."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        kind = head[at + 1]
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return int(width * height)
        if kind in _JPEG_ALONE:  # none of them stands before a frame
            return None
        at += 1 if kind == 0xFF else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
