"""Whether numbers and addresses that people write add up.  Pure; nothing here decides what they are.

Sources: ISO/IEC 7812-1 annex B (Luhn), the Bitcoin wiki's "Base58Check encoding", BIP-173 and BIP-350 (Bech32 and
Bech32m), SEP-23 of Stellar.
"""

import base64
import binascii
import hashlib
from typing import Final

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_AT: Final = {letter: at for at, letter in enumerate(BASE58)}
BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_AT: Final = {letter: at for at, letter in enumerate(BECH32)}
_BECH32_STEPS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_ENDS: Final = {1: "bech32", 0x2BC830A3: "bech32m"}


def luhn(digits: str) -> bool:
    """Whether the last of some ASCII digits checks the others."""
    doubled = [int(one) * 2 for one in digits[-2::-2]]
    total = sum(map(int, digits[-1::-2])) + sum(one - 9 if one > 9 else one for one in doubled)
    return total % 10 == 0


def base58check(written: str) -> bytes | None:
    """What it stands for, without its checksum; None where that is wrong, or something else stands in it."""
    number = 0
    for letter in written:
        at = _BASE58_AT.get(letter)
        if at is None:
            return None
        number = number * 58 + at
    zeros = len(written) - len(written.lstrip("1"))
    whole = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    bare, check = whole[:-4], whole[-4:]
    twice = hashlib.sha256(hashlib.sha256(bare).digest()).digest()
    return bare if bare and twice[:4] == check else None


def bech32(written: str) -> str | None:
    """The part before the last 1, where the checksum is right; None else.  Mixed case is not allowed."""
    if written not in (written.lower(), written.upper()):
        return None
    name, one, data = written.lower().rpartition("1")
    if not name or not one or len(data) < 6 or any(letter not in _BECH32_AT for letter in data):
        return None
    values = [ord(letter) >> 5 for letter in name] + [0] + [ord(letter) & 31 for letter in name]
    check = 1
    for value in (*values, *(_BECH32_AT[letter] for letter in data)):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for at, step in enumerate(_BECH32_STEPS):
            check ^= step if (top >> at) & 1 else 0
    return name if check in _BECH32_ENDS else None


def stellar(written: str) -> bool:
    """Whether 56 letters of base 32 end in their CRC-16, as keys of Stellar do."""
    try:
        whole = base64.b32decode(written)
    except binascii.Error:
        return False
    return binascii.crc_hqx(whole[:-2], 0) == int.from_bytes(whole[-2:], "little")
