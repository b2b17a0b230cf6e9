"""Logs: a constant sentence and fields; never content, never secrets, never in the way.

Lines go through a bounded queue: when the place they are written to blocks,
the program goes on and later says how many lines it dropped.
"""

import logging
import queue
import re
import sys
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener
from typing import TextIO

import structlog

from service.config import LogSection

QUEUE_LINES = 10_000
LAST_LINES_S = 2.0
QUIET = (
    "httpx",
    "httpcore",
    "telegram",
    "discord",
    "tweepy",
    "oauthlib",
    "aiohttp",
    "apscheduler",
    "aioimaplib",
    "uvicorn",
    "asyncio",
    "mail.log",
)
"""Libraries that tell addresses with tokens, or too much; only their warnings pass."""
_TOKENS = re.compile(
    r"\d{6,12}:[A-Za-z0-9_-]{20,}"  # Telegram
    r"|[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # Discord
    r"|swb_[A-Za-z0-9_-]{20,}"
    r"|(?<=[Bb]earer )\S{12,}"
    r"|(?<=oauth_token=\")[^\"]+|(?<=oauth_consumer_key=\")[^\"]+|(?<=oauth_signature=\")[^\"]+"  # X
)


class DroppingHandler(QueueHandler):
    """Never waits: a line that finds the queue full is counted and dropped."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        if not self._put(record):
            self.dropped += 1
        elif self.dropped and self._put(self._confession()):
            self.dropped = 0

    def _put(self, record: logging.LogRecord) -> bool:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return False
        return True

    def _confession(self) -> logging.LogRecord:
        told = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
        text = f"Log lines were dropped because nobody read them: {self.dropped}"
        return logging.makeLogRecord({**told, "msg": text})


class Sink(logging.StreamHandler[TextIO]):
    """Writes the lines.  Given up, it is no longer waited for when Python ends."""

    given_up = False

    def flush(self) -> None:
        if not self.given_up:
            super().flush()

    def give_up(self) -> None:
        """For good: the thread that is stuck in writing holds this handler's lock and its stream's.

        Python asks for both at its end, and for those of standard error.
        """
        self.given_up = True
        self.lock = None
        sys.stderr = None


class Redacting(logging.Filter):
    """The last line of defence: what looks like a token leaves as ``[secret]``."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  a log call with the wrong fields must not stop the program
            record.msg, record.args = f"A log line could not be written ({record.name}:{record.lineno})", ()
            message = record.msg
        cleaned = _TOKENS.sub("[secret]", message)
        if cleaned != message:
            record.msg, record.args = cleaned, ()
        if record.exc_info:
            record.exc_text = _TOKENS.sub("[secret]", logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def start_logging(section: LogSection) -> QueueListener:
    """Route everything to standard error; end with ``stop_logging``."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE_LINES)
    handler = DroppingHandler(lines)
    handler.addFilter(Redacting())
    sink = Sink(sys.stderr)
    sink.setFormatter(_formatter(section))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(section.level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    listener = QueueListener(lines, sink)
    listener.start()
    return listener


def stop_logging(listener: QueueListener) -> None:
    """Write what is left, but never wait for a reader who is gone."""
    with suppress(queue.Full):
        listener.enqueue_sentinel()
    thread = listener._thread
    if thread is not None:
        thread.join(LAST_LINES_S)
        if thread.is_alive():
            for sink in listener.handlers:
                if isinstance(sink, Sink):
                    sink.give_up()


def _formatter(section: LogSection) -> logging.Formatter:
    chain: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if section.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
