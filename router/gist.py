"""What a message's text says by itself.  Pure: reading processes find it out beside the one that decides."""

from msgspec.structs import replace

from router import dedupe, language
from router.leaks import covered
from router.urgency import alarms_in, is_upset
from tickets.claims import hashes_in
from tickets.folds import fresh
from tickets.model import Gist, InboundMessage
from tickets.segments import MAX_TEXT_CHARS, fold, segments_of

ALARM_CHARS = 2_000


def read(message: InboundMessage) -> InboundMessage:
    """With the secrets in it covered, and what it says found out; as it is when somebody has done so before."""
    if message.gist is not None:
        return message
    message = covered(message)
    return replace(message, gist=_found(message))


def gist_of(message: InboundMessage) -> Gist:
    """As the message's reader found it; found now when nobody has asked before."""
    return message.gist or _found(message)


def _found(message: InboundMessage) -> Gist:
    said = fresh(message.text)
    names = fold(f"{message.subject or ''}\n{message.author.display_name}\n{message.author.handle or ''}")
    text = fold(message.text[:MAX_TEXT_CHARS])
    own = text[:ALARM_CHARS] if said == message.text else fold(said[:ALARM_CHARS])
    loud = f"{own} {fold(message.subject or '')}"
    alarms = alarms_in(f"{said[:ALARM_CHARS]} {message.subject or ''}", loud)
    return Gist(
        said=said,
        sample=language.sample_of(said),
        fingerprint=dedupe.fingerprint_of(message.text) if message.kind == "message" else "",
        segments=segments_of(f"{names}\n{text}"),
        theft=alarms.theft,
        life=alarms.life,
        upset=is_upset(loud),
        codes=hashes_in(said),
    )
