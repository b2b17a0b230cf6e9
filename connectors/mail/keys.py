"""Looking up the keys of signatures, so that who reads a mail need not reach the network."""

import asyncio
import logging
from collections.abc import Collection, Sequence

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import msgspec

from tickets.errors import ConfigError
from tickets.signatures import keys_wanted

log = logging.getLogger(__name__)

LOOKUP_S = 3.0
"""For all mails of a batch together; what is not known by then is not known."""
MOST_KEPT = 2_000
LONGEST_RECORD = 2_048
"""Characters; a key of 8,192 bits takes 1,400."""


class SignatureKeys:
    """sealers: domains whose ARC seals count.

    nameserver: an address, perhaps with a port behind ``:``; empty for the
    machine's own.  Answers are kept as long as they say.  Raises ConfigError
    for a machine that names no server for the DNS.
    """

    def __init__(self, sealers: Collection[str], nameserver: str) -> None:
        self._sealers = sealers
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not nameserver)
        except dns.resolver.NoResolverConfiguration as error:
            raise ConfigError("check_signatures needs a name server; name one as nameserver.") from error
        if nameserver:
            host, _, port = nameserver.partition(":")
            self._resolver.nameservers, self._resolver.port = [host], int(port or 53)
        self._resolver.cache = dns.resolver.LRUCache(MOST_KEPT)

    async def find(self, heads: Sequence[str]) -> list[str]:
        """For each header block (lines ended by LF) its records by name, as JSON; empty where none is wanted."""
        wanted = [keys_wanted(head, self._sealers) for head in heads]
        names = dict.fromkeys(name for some in wanted for name in some)
        found = dict(zip(names, await asyncio.gather(*(self._record(name) for name in names)), strict=True))
        return [_encoded({name: found[name] for name in some}) for some in wanted]

    async def _record(self, name: str) -> str | None:
        """None when there is none, or nobody answers: the mail is then unverified, and not lost."""
        try:
            answer = await self._resolver.resolve(f"{name}.", dns.rdatatype.TXT, lifetime=LOOKUP_S)
        except (dns.exception.DNSException, OSError) as error:
            log.info("The key of a signature could not be looked up (%s)", type(error).__name__)
            return None
        text = b"".join(answer[0].strings)
        return text.decode("ascii", "replace") if len(text) <= LONGEST_RECORD else None


def _encoded(records: dict[str, str | None]) -> str:
    known = {name: record for name, record in records.items() if record is not None}
    return msgspec.json.encode(known).decode() if known else ""
