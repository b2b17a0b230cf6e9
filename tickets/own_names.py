"""The names of our own mails: signed, so that nobody who did not get one can make one up.

A name is ``sb.<send key>.<tag>``: as Message-ID with the mailbox's domain
behind it, as plus-address within the mailbox's own address.  The tag is a
keyed hash that only the sender can make (20 hexadecimal digits); to whom an
answer belongs is looked up by the whole name, so the key is needed nowhere
else.
"""

import re
from collections.abc import Collection, Iterable

from tickets.ids import ExternalMessageId

TAG_DIGITS = 20
HEADER = "X-Switchboard-Message"
"""Where our mails name themselves once more: robots that strip Message-ID and references leave it."""
_NAME = rf"sb\.[0-9a-z]{{20}}\.[0-9]{{1,2}}\.[0-9a-f]{{{TAG_DIGITS}}}"
_SHAPED = re.compile(r"<?sb\.[^\s<>@]{1,100}@([^\s<>@]{1,255})>?", re.IGNORECASE)
_PLUS = re.compile(rf"(?P<local>[^\s<>@+]{{1,64}})\+(?P<name>{_NAME})", re.IGNORECASE)


def message_id(send_key: str, tag: str, address: str) -> ExternalMessageId:
    """With its angle brackets.  address: the mailbox's, of which the domain is taken."""
    return ExternalMessageId(f"<sb.{send_key}.{tag}@{_domain(address)}>")


def plus_address(name: ExternalMessageId, address: str) -> str:
    """The mailbox's address with the name in it: what is sent there answers that mail."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{name.strip('<>').rpartition('@')[0]}@{domain}"


def named_by(recipient: str, address: str) -> ExternalMessageId | None:
    """The mail that a plus-address of ours answers; None for every other recipient."""
    local, _, domain = recipient.rpartition("@")
    found = _PLUS.fullmatch(local)
    mine = address.rpartition("@")[0]
    if found is None or found["local"].lower() != mine.lower() or domain.lower() != _domain(address):
        return None
    return ExternalMessageId(f"<{found['name'].lower()}@{_domain(address)}>")


def is_own(recipient: str, address: str) -> bool:
    """Whether this is the mailbox's address, with or without something behind a plus sign."""
    local, _, domain = recipient.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" == address.lower()


def alias_in(recipients: Iterable[str], address: str, aliases: Collection[str]) -> str | None:
    """Which of a mailbox's other addresses was written to; None when its main one is named as well, or none is.

    recipients: of To and Cc.  Where servers note whom they delivered to, that
    is the mailbox itself.
    """
    named = [recipient.lower() for recipient in recipients]
    if any(is_own(one, address) for one in named):
        return None
    return next((one for one in named if one in aliases), None)


def looks_ours(name: str, address: str) -> bool:
    """Whether a Message-ID has the form of our own, genuine or not."""
    found = _SHAPED.fullmatch(name)
    return found is not None and found[1].lower() == _domain(address)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
