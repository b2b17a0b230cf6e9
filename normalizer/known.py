"""What the operator says about an account, as far as reading its events depends on it."""

from typing import Literal, NamedTuple

Hearing = Literal["off", "mentions", "all"]


class Known(NamedTuple):
    """authserv_ids: whose Authentication-Results count (RFC 8601).

    aliases: further addresses of the mailbox, in lower case.  arc_sealers:
    domains whose reports count where their ARC seals are whole (RFC 8617).
    groups: what of talks among many is for us.  staff: ids of roles whose bearers are ours.
    """

    authserv_ids: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()
    groups: Hearing = "mentions"
    staff: tuple[str, ...] = ()


NOTHING_KNOWN = Known()
