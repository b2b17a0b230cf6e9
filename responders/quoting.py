"""What is answered, quoted under an answer by mail: only what that person said in that message.

Never what others wrote, what they quoted themselves, or a note: whoever gets
the answer, by a copy too, would read it.
"""

from tickets.folds import fresh
from tickets.model import Identity, Message

MOST_CHARS = 8_000
CUT = "[…]"


def quoted(answered: Message, author: Identity) -> str:
    """Who said it and when, and the words in lines that begin with ``>``; empty without words."""
    said = fresh(answered.text)
    if not said:
        return ""
    lines = said[:MOST_CHARS].split("\n") + ([CUT] if len(said) > MOST_CHARS else [])
    head = f"{author.display_name} <{author.external_id}>, {answered.sent_at:%Y-%m-%d %H:%M} UTC:"
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)])
