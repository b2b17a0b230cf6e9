"""What may become of a worker process; each stands in for reading a mail."""

import os
import signal
import threading

from tickets.model import RawEvent


def kill_itself(_event: RawEvent, _trusted: tuple[str, ...]) -> None:
    """As the system does past the limit of CPU time."""
    os.kill(os.getpid(), signal.SIGXCPU)
    threading.Event().wait()


def take_all_memory(_event: RawEvent, _trusted: tuple[str, ...]) -> None:
    held = [bytearray(64 * 1024 * 1024) for _ in range(64)]
    raise AssertionError(f"{len(held)} pieces fitted")


def wait_for_ever(_event: RawEvent, _trusted: tuple[str, ...]) -> None:
    threading.Event().wait()
