"""Bytes to text, whatever the mail claims about them.  Never raises, never guesses silently."""

import codecs

_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
"""What such mail is really written in: each is a superset of what was declared."""
_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "windows-874": "cp874",
}
_NOT_FOR_MAIL = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
GUESS_BYTES = 32
"""Shorter texts are too short to guess a character set from."""


def decode(raw: bytes, charset: str | None) -> tuple[str, bool]:
    """The text, and whether it is certain.

    Tries what was declared, then UTF-8, then a guess, then Latin-1, which
    takes any byte.  Text in escape sequences (ISO-2022-JP with a letter it
    does not know) is no UTF-8, though every byte of it would pass.
    """
    declared = codec(charset) if charset else None
    seven_bit = declared is not None and declared.startswith(_SEVEN_BIT) and raw.isascii()
    for name in (declared, None if seven_bit else "utf-8"):
        if name is not None:
            try:
                return raw.decode(name), True
            except (UnicodeError, ValueError):
                continue
    guessed = _guess(raw) if len(raw) >= GUESS_BYTES and not seven_bit else None
    return raw.decode(guessed or declared or "cp1252", "replace"), False


def codec(charset: str) -> str | None:
    """Python's name for a text encoding; None for anything unknown or not meant for mail."""
    name = charset.strip("\"' \t").lower()[:40]
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError, UnicodeError):
        return None
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in _NOT_FOR_MAIL:
        return None
    return _WIDER.get(found.name, found.name)


def _guess(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(raw[:20_000]).best()
    return best.encoding if best is not None else None
