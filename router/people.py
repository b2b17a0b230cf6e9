"""Who wrote, as an identity."""

from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from tickets.ids import ContactId, IdentityId, new_id
from tickets.model import Contact, Identity, InboundMessage, Restriction


class Person(NamedTuple):
    """The author as an identity; new, changed, or just as known."""

    identity: Identity
    new_contact: Contact | None
    is_new: bool
    is_changed: bool

    @classmethod
    def of(cls, message: InboundMessage, known: Identity | None, language: str | None, now: datetime) -> "Person":
        author = message.author
        if known is None:
            contact = Contact(ContactId(new_id()), author.display_name, now)
            identity = Identity(
                id=IdentityId(new_id()),
                contact_id=contact.id,
                channel=message.channel,
                external_id=author.external_id,
                display_name=author.display_name,
                handle=author.handle,
                language=language,
            )
            return cls(identity, contact, True, False)
        current = replace(
            known,
            display_name=author.display_name,
            handle=author.handle,
            language=language or known.language,
            unreachable=False,
        )
        return cls(current, None, False, current != known)

    def acknowledged(self, now: datetime) -> "Person":
        identity = replace(self.identity, acknowledged_at=now)
        return self._replace(identity=identity, is_changed=not self.is_new)

    def choosing(self, language: str) -> "Person":
        """Who wants to be written to in it."""
        return self._replace(identity=replace(self.identity, chosen_language=language), is_changed=not self.is_new)

    def held_back(self, restriction: Restriction | None) -> "Person":
        """From now on; None: as before."""
        return self._replace(identity=replace(self.identity, restriction=restriction)) if restriction else self
