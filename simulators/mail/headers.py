"""Reading the header of a stored mail: quickly, and never raising on a hostile one."""

from collections.abc import Iterator
from email.header import decode_header, make_header

HeaderLines = list[tuple[str, bytes]]
"""(lower-case name, the whole field as it stands, folded, with its line ends), in order."""


def split_mail(raw: bytes) -> tuple[bytes, bytes]:
    """Header block with its blank line, and body.

    A mail without a blank line is all header (RFC 5322 section 2.1).
    """
    ends = [(at + len(gap)) for gap in (b"\r\n\r\n", b"\n\n") if (at := raw.find(gap)) >= 0]
    if raw.startswith((b"\r\n", b"\n")):
        ends = [2 if raw[:1] == b"\r" else 1]
    end = min(ends, default=len(raw))
    return raw[:end], raw[end:]


def header_lines(raw: bytes) -> HeaderLines:
    """Every field of the header; lines that are no field are dropped."""
    found: HeaderLines = []
    for field in _unfold(split_mail(raw)[0]):
        name, colon, _value = field.partition(b":")
        if colon:
            found.append((name.strip().decode("latin-1").lower(), field))
    return found


def field_values(lines: HeaderLines, name: str) -> list[str]:
    """The decoded values of every field of that name (any letter case), in order."""
    wanted = name.lower()
    return [decode_value(field.partition(b":")[2]) for found, field in lines if found == wanted]


def first_value(raw: bytes, name: str) -> str | None:
    """The decoded value of the first field of that name; None when there is none."""
    values = field_values(header_lines(raw), name)
    return values[0] if values else None


def decode_value(value: bytes) -> str:
    """An unfolded field value with its encoded words (RFC 2047) decoded where they can be."""
    text = b"".join(value.splitlines()).strip().decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


def _unfold(block: bytes) -> Iterator[bytes]:
    """Each field with its continuation lines."""
    field = b""
    for line in block.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t") and field:
            field += line
            continue
        if field.strip():
            yield field
        field = line
    if field.strip():
        yield field
