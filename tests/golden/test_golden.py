"""Golden pairs: ``<name>.json`` or ``<name>.eml`` as it came, ``<name>.expected.json`` what it must mean.

How they are kept: an expected file is a statement about its input, not a
record of a run.  Each value was checked against the input by reading; when a
test here fails, read the input again and decide which of the two is wrong.
Never write an expected file from the program's output unread.  Fields that
have their default value are left out, and the content hash of a mail is
called ``#``.  A new input needs only its two files; one whose name begins
with ``thread`` stands in a thread.
"""

import json
from pathlib import Path
from typing import cast

import pytest

from tests.support.golden import pairs, plain, read
from tickets.ids import Channel

HERE = Path(__file__).parent
INPUTS = pairs(HERE)


@pytest.mark.parametrize("path", INPUTS, ids=[f"{path.parent.name}-{path.stem}" for path in INPUTS])
def test_an_input_means_what_is_expected(path: Path) -> None:
    expected = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    note = "thread" if path.stem.startswith("thread") else ""
    asked = {"note": note, "looked_up": "desk_bot" if path.stem.startswith("group") else ""}
    assert plain(read(cast("Channel", path.parent.name), path.read_bytes(), **asked)) == expected


@pytest.mark.parametrize("channel", ["telegram", "discord", "x", "email"])
def test_no_expected_file_is_left_over(channel: str) -> None:
    inputs = {path.stem for path in INPUTS if path.parent.name == channel}
    left = {path.name.removesuffix(".expected.json") for path in (HERE / channel).glob("*.expected.json")}
    assert left == inputs
    assert len(inputs) >= 20
