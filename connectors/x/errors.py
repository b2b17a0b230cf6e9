"""tweepy's and aiohttp's errors as ours, at one edge."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import aiohttp
import tweepy

from tickets.errors import (
    ConnectorError,
    CredentialRejected,
    DeliveryError,
    RateLimited,
    SwitchboardError,
    Unreachable,
)
from tickets.records import BY_HAND

_BLOCKED = re.compile(r"blocked (by|from)|(has|have been) blocked")
_CLOSED = re.compile(r"cannot send (a )?(direct )?messages? to (this|the) (user|recipient|participant)|not accept")
WRONG_KEYS = "X refuses the keys or tokens. Get the present ones from developer.x.com, page Keys and tokens."
SHORTEST_PAUSE_S = 1.0
USUAL_PAUSE_S = 60.0
"""Where X asks for a pause and does not say how long."""
LONGEST_PAUSE_S = 24 * 3_600.0
"""X's longest span; a later time comes from a clock that is wrong."""
SPANS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")


@contextmanager
def translated() -> Iterator[None]:
    """As ConnectorError."""
    try:
        yield
    except SwitchboardError:
        raise
    except tweepy.HTTPException as error:
        raise refusal(error.response.status, error.response.headers, told(error)) from error
    except aiohttp.ContentTypeError as error:  # a page instead of an answer: a wall or a broken server
        raise Unreachable(f"X, or something before it, answered {error.status}.") from error
    except Exception as error:
        # tweepy lets through what aiohttp and its own reading of answers raise.
        raise Unreachable(f"X cannot be reached ({type(error).__name__}).") from error


def refusal(status: int, headers: Mapping[str, str], said: str) -> ConnectorError:
    """What an answer that is none means.  said: X's own words, see ``told``."""
    if status == 401:
        return CredentialRejected(WRONG_KEYS)
    if status == 403:
        return CredentialRejected(f"X does not allow the account this: {said}.")
    if status == 429:
        return RateLimited("X asks for a pause.", pause_s(headers))
    return Unreachable(f"X answered {status}: {said}.")


@contextmanager
def translated_delivery(what: str = "the post") -> Iterator[None]:
    """As DeliveryError, each saying whether it may have arrived.  what: was sent, for people."""
    try:
        yield
    except tweepy.HTTPException as error:
        raise _undelivered(error, what) from error
    except CredentialRejected as error:  # there is no good token to send it with
        raise DeliveryError("credential", str(error), temporary=True, delivered=False) from error
    except (aiohttp.ClientConnectorError, Unreachable) as error:
        raise DeliveryError("unreachable", "X cannot be reached.", temporary=True, delivered=False) from error
    except Exception as error:
        raise DeliveryError(
            "no_answer", f"X gave no clear answer ({type(error).__name__}).", temporary=True, delivered=None
        ) from error


@contextmanager
def translated_hiding() -> Iterator[None]:
    """As DeliveryError.  It may be repeated whatever became of it."""
    try:
        yield
    except tweepy.Forbidden as error:
        why = f"X does not let the account hide this post: {told(error)}. Only talks that it began are its own."
        raise DeliveryError("refused", why, temporary=False, delivered=False) from error
    except tweepy.NotFound as error:
        raise DeliveryError("gone", "The post is gone on X.", temporary=False, delivered=False) from error
    except tweepy.TooManyRequests as error:
        raise _undelivered(error) from error
    except Exception as error:
        why = f"X has not hidden or shown the post ({type(error).__name__})."
        raise DeliveryError("no_answer", why, temporary=True, delivered=False) from error


@contextmanager
def translated_upload() -> Iterator[None]:
    """As DeliveryError.  Whatever became of a picture, nobody has seen it: nothing is delivered."""
    try:
        with translated_delivery():
            yield
    except DeliveryError as error:
        if error.delivered is False:
            raise
        raise DeliveryError(error.code, str(error), temporary=True, delivered=False) from error


def _undelivered(error: tweepy.HTTPException, what: str = "the post") -> DeliveryError:
    status = error.response.status
    if status == 401:
        return DeliveryError("credential", "X refuses the keys or tokens.", temporary=True, delivered=False)
    if status == 429:
        wait_s = pause_s(error.response.headers)
        return DeliveryError(
            "rate_limited", "X asks for a pause.", temporary=True, delivered=False, retry_after_s=wait_s
        )
    if status >= 500:
        return DeliveryError("no_answer", f"X answered {status}.", temporary=True, delivered=None)
    code, text = _forbidden(told(error), what)
    # The same text posted already may be this very answer, sent by an attempt whose fate was unknown.
    return DeliveryError(code, text, temporary=False, delivered=None if code == "duplicate" else False)


def _forbidden(said: str, what: str) -> tuple[str, str]:
    """A word and a sentence for what X refuses.  X gives its reasons as text only."""
    lower = said.lower()
    if "duplicate content" in lower:
        return "duplicate", "X says that the account has posted the same text already: look at its posts."
    if "mentioned" in lower and "not allowed" in lower:
        return BY_HAND, "X lets a program answer only people who mentioned or quoted the account."
    if "deleted or not visible" in lower:
        return "gone", "The post is deleted or not visible to the account any more."
    if _BLOCKED.search(lower):
        return "blocked", "The person has blocked the account."
    if _CLOSED.search(lower):
        return "refused", (
            "The person takes no direct messages from the account. Answer in public, or ask them to write by "
            "another way."
        )
    return "refused", f"X refuses {what}: {said}."


def told(error: tweepy.HTTPException) -> str:
    """What X said, short enough to show."""
    return short([*error.api_messages] or [str(error)])


def short(said: Iterable[str]) -> str:
    """On one line, as part of a sentence."""
    return " ".join(" ".join(said).split())[:200].rstrip(".") or "no reason given"


def pause_s(headers: Mapping[str, str]) -> float:
    """How long X asks to wait: at least a second, whatever a clock says.

    X counts over 15 minutes and over 24 hours; the spans that are used up
    say when they begin anew, and the last of them decides.  The time of the
    answer itself is taken as now, so that our own clock may be wrong.
    """
    used_up = [span for span in SPANS if headers.get(f"{span}-remaining") == "0"]
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()
        resets = [float(headers[f"{span}-reset"]) for span in used_up or SPANS[:1]]
    except (KeyError, ValueError, TypeError):
        return USUAL_PAUSE_S
    wait_s = max(resets) - now
    return min(LONGEST_PAUSE_S, wait_s) if wait_s > SHORTEST_PAUSE_S else SHORTEST_PAUSE_S
