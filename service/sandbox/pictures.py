"""Small pictures for people to send: made here, so that nothing has to be shipped."""

import struct
import zlib

SIDE = 160


def picture(hue: int) -> bytes:
    """A PNG of 160 by 160 pixels with a soft gradient; hue from 0 to 255."""
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)
        for x in range(SIDE):
            rows += bytes(((hue + x) % 256, (90 + y) % 256, (200 - hue // 2 + (x ^ y) // 4) % 256))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows)))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
