"""The program's command as these tests give it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.__main__ import main

PASSWORD = "hunter2-of-the-database"
"""Of the databases in these tests.  It is never said."""
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``migrate`` with these words and environment, in a folder of its own; exit code and all it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWITCHBOARD__SERVICE__DATABASE", raising=False)

    def run(*words: str, **environment: str) -> tuple[int, str]:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["switchboard", "migrate", *words])
            with pytest.raises(SystemExit) as ended:
                main()
        said = "".join(capsys.readouterr())
        assert PASSWORD not in said
        return int(ended.value.code or 0), said

    return run
