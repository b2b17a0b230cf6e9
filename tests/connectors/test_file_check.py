"""Scanners that are asked about files: a command, and an ICAP server over a real socket."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from connectors.file_check import CommandChecker, IcapChecker
from tests.support.ports import free_port
from tickets.errors import CheckerAway

HARMFUL = b"X5O!P%@AP-STANDARD-TEST"
LOOKS = f"""
import sys
content = sys.stdin.buffer.read()
if {HARMFUL!r} in content:
    print("stream: Eicar-Signature FOUND")
    sys.exit(1)
"""


def python(source: str) -> CommandChecker:
    return CommandChecker((sys.executable, "-c", source))


@pytest.mark.parametrize(
    ("content", "found"), [(b"", ""), (b"harmless" * 200_000, ""), (b"x" + HARMFUL + b"y", "Eicar-Signature")]
)
async def test_a_command_says_what_it_found(content: bytes, found: str) -> None:
    assert await python(LOOKS).check(content) == found


@pytest.mark.parametrize(
    ("checker", "words"),
    [
        (CommandChecker(("/nowhere/scan",)), "cannot be started"),
        (python("import sys; sys.exit(2)"), "ended with 2"),
        (python("import os; os.kill(os.getpid(), 9)"), "ended with -9"),
    ],
)
async def test_a_command_that_could_not_look_says_so(checker: CommandChecker, words: str) -> None:
    with pytest.raises(CheckerAway, match=words):
        await checker.check(b"x" * 300_000)


@pytest.mark.parametrize("said", ["", "<script>alert(1)</script>", "\x1b[31m", "x" * 5_000, "发现病毒"])
async def test_what_a_scanner_says_is_a_short_plain_name(said: str) -> None:
    name = await python(f"import sys; print({said!r}); sys.exit(1)").check(b"")
    assert 0 < len(name) <= 80
    assert not set("<>\x1b") & set(name)


class Icap:
    """Answers each request in the same way.  asked: all that came."""

    def __init__(self) -> None:
        self.answer = b"ICAP/1.0 204 No Content\r\n\r\n"
        self.asked = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked = b""
        while not self.asked.endswith(b"0\r\n\r\n"):
            self.asked += await reader.read(65_536)
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def icap() -> AsyncIterator[tuple[Icap, IcapChecker]]:
    made = Icap()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield made, IcapChecker(f"icap://127.0.0.1:{port}/avscan")
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"ICAP/1.0 204 No Content\r\nISTag: x\r\n\r\n", ""),
        (b"ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Eicar-Test;\r\n\r\n", "Eicar-Test"),
        (b"ICAP/1.0 200 OK\r\nX-Virus-ID: Win.Test.EICAR_HDB-1\r\n\r\n", "Win.Test.EICAR_HDB-1"),
        (b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=50\r\n\r\n", "something harmful"),
    ],
)
async def test_an_icap_server_says_what_it_found(
    icap: tuple[Icap, IcapChecker], answer: bytes, found: str
) -> None:
    server, checker = icap
    server.answer = answer
    content = HARMFUL * 10_000
    assert await checker.check(content) == found
    head, _, body = server.asked.partition(b"application/octet-stream\r\n\r\n")
    assert head.startswith(b"RESPMOD icap://127.0.0.1:")
    assert body == b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


async def test_the_parts_of_a_request_lie_where_it_says(icap: tuple[Icap, IcapChecker]) -> None:
    server, checker = icap
    await checker.check(b"")
    head, _, parts = server.asked.partition(b"\r\n\r\n")
    at = dict(one.split(b"=") for one in head.split(b"Encapsulated: ")[1].split(b"\r\n")[0].split(b", "))
    assert parts[int(at[b"res-hdr"]) :].startswith(b"HTTP/1.1 200 OK\r\n")
    assert parts[int(at[b"res-body"]) :] == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"ICAP/1.0 500 Server error\r\n\r\n", "answered 500"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "nothing that is ICAP"),
        (b"ICAP/1.0 200", "IncompleteReadError"),
        (b"", "IncompleteReadError"),
        (b"x" * 100_000, "LimitOverrunError"),
    ],
)
async def test_an_icap_server_that_could_not_look_says_so(
    icap: tuple[Icap, IcapChecker], answer: bytes, words: str
) -> None:
    icap[0].answer = answer
    with pytest.raises(CheckerAway, match=words):
        await icap[1].check(b"x")


async def test_an_icap_server_that_is_not_there_says_so() -> None:
    with pytest.raises(CheckerAway, match="cannot be used"):
        await IcapChecker(f"icap://127.0.0.1:{free_port()}/x").check(b"x")


async def test_an_icap_server_that_has_seen_enough_is_heard() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"ICAP/1.0 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await IcapChecker(f"icap://127.0.0.1:{port}/avscan").check(b"x" * 25_000_000) == ""
    server.close()
    await server.wait_closed()
