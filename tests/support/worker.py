"""What may become of a worker process; each stands in for reading a mail."""

import os
import signal
import threading
from collections.abc import Sequence

from service.parsers import Asked, Result, limited


def kill_itself(_asked: Sequence[Asked]) -> None:
    """As the system does past the limit of CPU time."""
    os.kill(os.getpid(), signal.SIGXCPU)
    threading.Event().wait()


def take_all_memory(_asked: Sequence[Asked]) -> None:
    held = [bytearray(64 * 1024 * 1024) for _ in range(64)]
    raise AssertionError(f"{len(held)} pieces fitted")


def wait_for_ever(_asked: Sequence[Asked]) -> None:
    threading.Event().wait()


def kill_itself_over_hello(asked: Sequence[Asked]) -> list[Result]:
    """One of many is to blame."""
    if any(one.event.payload.endswith(b"Hello") for one in asked):
        os.kill(os.getpid(), signal.SIGXCPU)
        threading.Event().wait()
    return limited(asked)
