"""A name server (RFC 1035) over UDP that knows TXT records, as mails' signatures need them."""

import asyncio
from types import TracebackType
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL_S = 300
STRING_BYTES = 255


class NameServer:
    """records: texts by name, in lower case and without the last dot; others do not exist.

    asked: every name that was asked for, in order.  silent: it hears and
    answers nothing.
    """

    def __init__(self) -> None:
        self.records: dict[str, str] = {}
        self.asked: list[str] = []
        self.silent = False
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        """As ``127.0.0.1:5353``."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return f"{host}:{port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Protocol(self), local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.close()

    def answer(self, wire: bytes) -> bytes | None:
        """None: nothing is said."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if self.silent or not query.question:
            return None
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        if name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            response.answer.append(
                dns.rrset.from_text(question.name, TTL_S, "IN", "TXT", _quoted(self.records[name]))
            )
        return response.to_wire()


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _quoted(text: str) -> str:
    """In strings of at most 255 bytes, as records hold them."""
    pieces = [text[at : at + STRING_BYTES] for at in range(0, len(text), STRING_BYTES)]
    return " ".join(f'"{piece}"' for piece in pieces)
