"""The sign of life: asked for once, followed nowhere, its address told to nobody."""

import logging
from collections.abc import AsyncIterator

import pytest

from connectors.http.beat import send_beat
from tests.support.ports import free_port
from tests.support.watchman import OK, SECRET, Watchman
from tickets.errors import Unreachable

EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture
async def watchman() -> AsyncIterator[Watchman]:
    one = Watchman()
    await one.open()
    yield one
    await one.close()


def moved(status: int, url: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("answer", [OK, EMPTY], ids=["200", "204"])
async def test_the_address_is_asked_for_once(watchman: Watchman, answer: bytes) -> None:
    watchman.answer = answer
    await send_beat(watchman.url)
    assert watchman.asked == [f"GET /ping/{SECRET} HTTP/1.1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(watchman: Watchman, status: int) -> None:
    watchman.answer = moved(status, watchman.url + "-elsewhere")
    with pytest.raises(Unreachable, match=f"answered {status}"):
        await send_beat(watchman.url)
    assert len(watchman.asked) == 1


ANSWERS = {
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "broken": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "another protocol": b"220 mail.example.test ESMTP\r\n",
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_what_is_no_answer_is_an_error_that_does_not_tell_the_address(
    watchman: Watchman, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    watchman.answer = answer
    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable) as raised:
        await send_beat(watchman.url)
    assert SECRET not in f"{raised.value} {raised.value.__cause__!r} {raised.value.__context__!r} {caplog.text}"


def unusable() -> list[str]:
    port = free_port()
    return [
        f"http://127.0.0.1:{port}/{SECRET}",
        f"http://127.0.0.1:{port}/{SECRET} and more",
        f"http://127.0.0.1:{port}/{SECRET}\r\nX: y",
        f"http://127.0.0.1:{SECRET}/",
        f"http://[{SECRET}/",
        f"http:///{SECRET}",
        f"http://127.0.0.1:{port}/名{SECRET}",
        f"gopher://{SECRET}",
    ]


@pytest.mark.parametrize("n", range(8))
async def test_an_address_that_cannot_be_asked_is_not_told_either(
    n: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable, match="cannot be reached") as raised:
        await send_beat(unusable()[n])
    assert SECRET not in f"{raised.value} {raised.value.__cause__!r} {raised.value.__context__!r} {caplog.text}"


async def test_a_watchman_who_never_answers_is_not_waited_for(watchman: Watchman) -> None:
    watchman.answer = None
    with pytest.raises(Unreachable, match=r"did not answer|cannot be reached"):
        await send_beat(watchman.url, timeout_s=0.2)
    assert len(watchman.asked) == 1
