"""The company's own sign-in page: a signed link there, and its signed word back.

Both are JSON Web Tokens (RFC 7519) signed with HMAC and SHA-256 (HS256, RFC 7518 section 3.2) under a secret that
only the two programs share.  Each names its reader, so that neither passes for the other.
"""

from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

import jwt

from tickets.errors import Refused
from tickets.ids import ChallengeId
from tickets.model import Challenge, Identity
from tickets.secret import Secret

ALGORITHM: Final = "HS256"
OURS: Final = "switchboard"
THEIRS: Final = "sign-in"
FEWEST_BYTES: Final = 32
"""Of a secret, for SHA-256 (RFC 7518 section 3.2)."""
LONGEST_WORDS: Final = 100
NOT_SIGNED: Final = "This address was not signed by the sign-in page."


class SignIn(NamedTuple):
    """The page.  url: https.  secret: at least 32 bytes."""

    url: str
    secret: Secret


class SignedIn(NamedTuple):
    """What the page says.  account: as the company names the person.  how: by what they signed in (RFC 8176)."""

    challenge_id: ChallengeId
    account: str
    how: tuple[str, ...]


def can_sign(secret: Secret) -> bool:
    """Whether it is taken for a shared secret: what looks like one of a pair of keys is not (PyJWT)."""
    try:
        jwt.encode({}, secret.reveal(), ALGORITHM)
    except (jwt.PyJWTError, ValueError):
        return False
    return True


def link_to(page: SignIn, challenge: Challenge, person: Identity) -> str:
    """Where somebody can show who they are.

    channel and name say as whom they write to us, for the page to show.
    """
    told = {
        "iss": OURS,
        "aud": THEIRS,
        "jti": challenge.id,
        "iat": int(challenge.asked_at.timestamp()),
        "exp": int(challenge.answer_by.timestamp()),
        "channel": person.channel,
        "name": (person.handle or person.display_name)[:LONGEST_WORDS],
    }
    token = jwt.encode(told, page.secret.reveal(), ALGORITHM)
    return f"{page.url}{'&' if '?' in page.url else '?'}{urlencode({'request': token})}"


def read_result(page: SignIn, token: str, now: datetime) -> SignedIn:
    """Raises Refused for words that are not the page's, or are too old."""
    try:
        told = jwt.decode(
            token,
            page.secret.reveal(),
            [ALGORITHM],
            audience=OURS,
            # The time is ours to say, so that a clock that is steered is heeded here, too.
            options={
                "require": ["exp", "jti", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise Refused(NOT_SIGNED) from error
    until, name, account, how = told["exp"], told["jti"], told["sub"], told.get("amr", [])
    if not isinstance(until, int | float) or not isinstance(name, str) or not isinstance(account, str):
        raise Refused(NOT_SIGNED)
    if until <= now.timestamp():
        raise Refused("This address has run out.")
    words = [word for word in how if isinstance(word, str)] if isinstance(how, list) else []
    return SignedIn(ChallengeId(name), _shown(account), tuple(map(_shown, words[:5])))


def _shown(words: str) -> str:
    """As it can stand in a sentence."""
    return "".join(filter(str.isprintable, words))[:LONGEST_WORDS]
