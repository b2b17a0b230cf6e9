"""Starts the real program as a process of its own, quickly: forked from one that has all imports done."""

import importlib
import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_FORK = multiprocessing.get_context("forkserver")
_IMPORTED = [
    "service.commands.app",
    "service.doors",
    "service.lifespan",
    "connectors.telegram.connector",
    "connectors.discord.connector",
    "connectors.x.connector",
    "connectors.mail.connector",
    "normalizer.mail",
    "store.postgres",
    "tests.support.warm",
]


def launch(words: list[str], output: Path, crash_at: str) -> ForkServerProcess:
    """``switchboard <words>``; what it prints is added to ``output``.

    It does what a process started by the command does, but for reading the
    program's files from disk once more.
    """
    _FORK.set_forkserver_preload(_IMPORTED)
    process = _FORK.Process(target=_become, args=(words, str(output), crash_at))
    process.start()
    return process


def _become(words: list[str], output: str, crash_at: str) -> None:
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ["SWITCHBOARD_CRASH_AT"] = crash_at
    sys.argv = ["switchboard", *words]
    door = importlib.import_module("service.__main__")
    sys.modules["__main__"] = door  # what its own worker processes start from
    door.main()
