"""A report's signature as it is kept: JSON."""

import msgspec

from router.causes import Signature

_decoder = msgspec.json.Decoder(Signature)


def encoded(signature: Signature) -> str:
    """Empty for one by which nothing can be found."""
    return msgspec.json.encode(signature).decode() if signature.words or signature.marks else ""


def decoded(text: str) -> Signature:
    """Raises msgspec.ValidationError for what is none."""
    return _decoder.decode(text)
