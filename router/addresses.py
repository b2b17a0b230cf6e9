"""Wallet addresses and names of transactions in a text, by form and checksum.  Pure.

Sources: the Bitcoin wiki's "List of address prefixes", BIP-173 and BIP-350, EIP-55, Tron's and the XRP Ledger's
documentation of addresses, TEP-2 of TON.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from router import checksums

MISTYPED: Final = "its checksum is wrong: a letter may be mistyped, or missing"


class Written(NamedTuple):
    """Where it stands.  note: what is odd about it; empty for nothing."""

    start: int
    end: int
    note: str = ""


_LONG = re.compile(r"[0-9A-Za-z_-]{24}")
_ETHEREUM = re.compile(r"(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])")
_BASE58: Final = re.compile(r"(?<![0-9A-Za-z])[13LMDTAr79X][1-9A-HJ-NP-Za-km-z]{25,34}(?![0-9A-Za-z])")
_VERSIONS: Final = {
    "1": (0x00,), "3": (0x05,), "L": (0x30,), "M": (0x32,), "D": (0x1E,), "T": (0x41,), "9": (0x16,), "A": (0x16,),
    "X": (0x4C,), "7": (0x10,),
}  # fmt: skip
"""What the first letter of an address promises of its first byte: Bitcoin, Litecoin, Dogecoin, Tron, Dash."""
_BECH32 = re.compile(
    r"(?<![0-9A-Za-z])(?:bc|ltc|addr|cosmos|osmo|inj|celestia)1[02-9ac-hj-np-z]{20,110}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_TON = re.compile(r"(?<![0-9A-Za-z_-])[EU]Q[0-9A-Za-z_-]{46}(?![0-9A-Za-z_-])")
_SOLANA = re.compile(r"(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{43,44}(?![0-9A-Za-z])")
_HASH = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_SIGNATURE = re.compile(r"(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{86,88}(?![0-9A-Za-z])")


def has_any(text: str) -> bool:
    """Whether anything so long stands in a text that it may be one at all."""
    return _LONG.search(text) is not None


def transactions(text: str) -> Iterator[Written]:
    """Hashes of 256 bits, and Solana's signatures; keys are covered before."""
    for pattern in (_HASH, _SIGNATURE):
        yield from (Written(*found.span()) for found in pattern.finditer(text))


def wallets(text: str) -> Iterator[Written]:
    """Addresses of the networks above, with a note where their checksum is wrong."""
    for found in _ETHEREUM.finditer(text):
        yield Written(*found.span(), "" if _capitals_fit(found[0]) else MISTYPED)
    for found in _BASE58.finditer(text):
        bare = checksums.base58check(_from_ripple(found[0]) if found[0][0] == "r" else found[0])
        fits = bare is not None and len(bare) == 21 and bare[0] in _VERSIONS.get(found[0][0], (0x00,))
        if fits or _is_mixed(found[0]):
            yield Written(*found.span(), "" if fits else MISTYPED)
    for found in _BECH32.finditer(text):
        yield Written(*found.span(), "" if checksums.bech32(found[0]) else MISTYPED)
    for found in _TON.finditer(text):
        whole = base64.urlsafe_b64decode(found[0])
        fits = binascii.crc_hqx(whole[:-2], 0) == int.from_bytes(whole[-2:], "big")
        yield Written(*found.span(), "" if fits else MISTYPED)
    yield from (Written(*found.span()) for found in _SOLANA.finditer(text) if _is_mixed(found[0]))


def _is_mixed(written: str) -> bool:
    """Capitals, small letters and digits together, as chance mixes them and people do not."""
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, written)) >= 3 for kind in kinds)


_RIPPLE: Final = str.maketrans("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz", checksums.BASE58)


def _from_ripple(written: str) -> str:
    """The same in Bitcoin's alphabet."""
    return written.translate(_RIPPLE)


def _capitals_fit(written: str) -> bool:
    """Where an address has capitals, whether they are those of its checksum."""
    letters = written[2:]
    if letters in (letters.lower(), letters.upper()):
        return True
    from Crypto.Hash import keccak

    digest = keccak.new(digest_bits=256, data=letters.lower().encode()).hexdigest()
    return all(
        letter == (letter.upper() if int(nibble, 16) >= 8 else letter.lower())
        for letter, nibble in zip(letters, digest, strict=False)
    )
