"""People who skip the lines."""

from typing import NamedTuple

from tickets.model import InboundMessage


class Vips(NamedTuple):
    """names: ids, mail addresses and handles by channel, in lower case.

    As ``x:@name``, ``telegram:123`` or ``email:a@b.example``; ``email:@b.example`` for everybody of a domain.
    """

    names: frozenset[str] = frozenset()

    def has(self, message: InboundMessage) -> bool:
        """Whether who wrote is one, as far as the platform vouches for who they are."""
        if not self.names or message.authenticity.verdict != "verified":
            return False
        author, channel = message.author, message.channel
        known = {f"{channel}:{author.external_id}", f"{channel}:@{(author.handle or '').removeprefix('@')}"}
        if channel == "email":
            known.add(f"email:@{author.external_id.rpartition('@')[2]}")
        return any(name.lower() in self.names for name in known)
