"""What may become of a worker process; each stands in for reading a mail."""

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

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


class Unreadable:
    """What cannot be read where it arrives, as from a worker that is killed while it answers."""

    def __init__(self, how: type[Exception]) -> None:
        self.how = how

    def __reduce__(self) -> tuple[Callable[[type[Exception]], None], tuple[type[Exception]]]:
        return fail_to_read, (self.how,)


def fail_to_read(how: type[Exception]) -> None:
    raise how("cut off")


def answer_unreadably_over_hello(asked: Sequence[Asked]) -> Any:
    """The pool notices that it is broken."""
    return Unreadable(AttributeError) if _is_hello(asked) else limited(asked)


def answer_in_half_over_hello(asked: Sequence[Asked]) -> Any:
    """The pool's listener dies of it, and nobody notices."""
    return Unreadable(pickle.UnpicklingError) if _is_hello(asked) else limited(asked)


def _is_hello(asked: Sequence[Asked]) -> bool:
    return any(one.event.payload.endswith(b"Hello") for one in asked)


def kill_itself_over_hello(asked: Sequence[Asked]) -> list[Result]:
    """One of many is to blame."""
    if _is_hello(asked):
        os.kill(os.getpid(), signal.SIGXCPU)
        threading.Event().wait()
    return limited(asked)
