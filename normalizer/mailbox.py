"""What the operator says about a mailbox, as far as reading its mails depends on it."""

from typing import NamedTuple


class Mailbox(NamedTuple):
    """authserv_ids: whose Authentication-Results count (RFC 8601).

    aliases: further addresses of the mailbox, in lower case.  arc_sealers:
    domains whose reports count where their ARC seals are whole (RFC 8617).
    """

    authserv_ids: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()


NOTHING_KNOWN = Mailbox()
