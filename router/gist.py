"""What a message's text says by itself.  Pure: reading processes find it out beside the one that decides."""

from router import dedupe, language
from router.urgency import FOLDED_ANGER, FOLDED_SECURITY
from tickets.folds import fresh
from tickets.model import Gist, InboundMessage
from tickets.segments import fold, segments

ALARM_CHARS = 4_000


def gist_of(message: InboundMessage) -> Gist:
    """As the message's reader found it; found now when nobody has asked before."""
    return message.gist or _found(message)


def _found(message: InboundMessage) -> Gist:
    said = fresh(message.text)
    loud = fold(f"{message.text[:ALARM_CHARS]} {message.subject or ''}")
    return Gist(
        said=said,
        sample=language.sample_of(said),
        fingerprint=dedupe.fingerprint_of(message.text) if message.kind == "message" else "",
        segments=segments(_searched(message)),
        alarming=any(word in loud for word in FOLDED_SECURITY),
        upset=any(word in loud for word in FOLDED_ANGER),
    )


def _searched(message: InboundMessage) -> str:
    author = message.author
    return f"{message.subject or ''}\n{author.display_name}\n{author.handle or ''}\n{message.text}"
