"""Logs: no secret leaves, and nobody waits for whoever reads them."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from logging.handlers import QueueListener

import pytest

from service.config import LogSection
from service.logs import QUEUE_LINES, start_logging

SECRETS = [
    "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
    "swb_" + "a" * 43,
    "Bearer abcdefghijklmnop",
    "https://api.example.test/bot123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/getMe",
]
Start = Callable[..., QueueListener]


@pytest.fixture
def start() -> Iterator[Start]:
    """Begins logging; everything is as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    listeners: list[QueueListener] = []

    def begin(**section: str) -> QueueListener:
        listeners.append(start_logging(LogSection(**section)))
        return listeners[-1]

    yield begin
    root.handlers[:] = handlers
    root.setLevel(level)
    for listener in listeners:
        if listener._thread is not None:
            listener.stop()


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_token_does_not_leave(
    start: Start, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    listener = start(level="debug")
    log = logging.getLogger("connectors.somewhere")
    log.debug("calling %s now", secret)
    log.debug(f"calling {secret} now")
    log.info("fields %(token)s", {"token": secret})
    try:
        raise ValueError(f"{secret} was refused")
    except ValueError:
        log.exception("It failed")
    listener.stop()
    written = capsys.readouterr().err
    for part in secret.split():
        assert part == "Bearer" or part.removeprefix("https://api.example.test/bot").split("/")[0] not in written
    assert written.count("[secret]") >= 4
    assert "Traceback" in written


def test_ordinary_numbers_are_no_secrets(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    listener = start()
    logging.getLogger("x").info("ticket %d at 12:34:56 took %s", 123456789, "0:00:01.5")
    listener.stop()
    assert "ticket 123456789 at 12:34:56 took 0:00:01.5" in capsys.readouterr().err


def test_lines_can_be_json(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    listener = start(format="json")
    logging.getLogger("router.intake").warning("Größe 中文 %s", "x")
    listener.stop()
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("Größe 中文 x", "warning", "router.intake")
    assert told["timestamp"].endswith("Z")


def test_the_level_holds_and_talkative_libraries_are_quiet(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    listener = start(level="info")
    logging.getLogger("ours").debug("too fine")
    logging.getLogger("httpx").info("GET https://api.example.test/bot1:secret")
    logging.getLogger("telegram.ext.deep").info("too much")
    logging.getLogger("httpx").warning("broken")
    listener.stop()
    [line] = capsys.readouterr().err.splitlines()
    assert "broken" in line


def test_a_log_call_with_the_wrong_fields_harms_nobody(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    listener = start()
    logging.getLogger("ours").warning("%d of %d", "swordfish")
    logging.getLogger("ours").warning("still here")
    listener.stop()
    written = capsys.readouterr().err
    assert "could not be written (ours:" in written
    assert "swordfish" not in written
    assert "still here" in written


class Stuck(io.StringIO):
    """A pipe that nobody reads, until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.open.wait(30)
        return super().write(text)


def test_a_sink_that_blocks_drops_lines_with_a_count(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """BC13: the program goes on."""
    stuck = Stuck()
    monkeypatch.setattr(sys, "stderr", stuck)
    listener = start(format="json")
    log = logging.getLogger("ours")
    log.info("first")
    assert stuck.reached.wait(30)
    for n in range(QUEUE_LINES + 123):
        log.info("line %d", n)
    stuck.open.set()
    listener.queue.join()
    log.info("later")
    listener.stop()
    told = [json.loads(line)["event"] for line in stuck.getvalue().splitlines()]
    assert told[:2] == ["first", "line 0"]
    assert told[-2:] == ["later", "Log lines were dropped because nobody read them: 123"]
    assert len(told) == 1 + QUEUE_LINES + 2
