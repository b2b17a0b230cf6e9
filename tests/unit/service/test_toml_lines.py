"""Where a key stands."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.toml_lines import key_lines, nearest_line

TEXT = """\
# a comment = 1
top = 1
[inbox]  # where people work
port = 1
host="x"
[telegram.main]
  token = {env = "X"}
"quoted key" = 1
'single' = 2
dotted.inner = 3
[ email . help ]
address = "a@b.test"
[email.help.imap]
host = "h"
[[list]]
x = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("inbox",), 3),
        (("inbox", "port"), 4),
        (("inbox", "host"), 5),
        (("telegram", "main"), 6),
        (("telegram", "main", "token"), 7),
        (("telegram", "main", "quoted key"), 8),
        (("telegram", "main", "single"), 9),
        (("telegram", "main", "dotted", "inner"), 10),
        (("email", "help"), 11),
        (("email", "help", "imap", "host"), 14),
        (("list", "x"), 16),
        (("inbox", "unheard"), 3),
        (("telegram", "main", "token", "env"), 7),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_a_key_or_the_nearest_table_has_a_line(path: tuple[str, ...], line: int | None) -> None:
    assert nearest_line(key_lines(TEXT), path) == line
    tomllib.loads(TEXT)


NAMES = st.text(alphabet="abcxyz_-09", min_size=1, max_size=6)


@given(
    st.lists(st.tuples(NAMES, NAMES), min_size=1, unique_by=lambda pair: pair),
    st.text(alphabet=" \n#=[]x", max_size=20),
)
def test_every_written_key_is_found(keys: list[tuple[str, str]], noise: str) -> None:
    text = "".join(f"# {noise.splitlines()}\n[t.{table}]\n{key} = 1\n" for table, key in keys)
    lines = key_lines(text)
    for at, (table, key) in enumerate(keys):
        assert lines["t", table, key] == 3 * at + 3


@given(st.text())
def test_any_text_has_lines(text: str) -> None:
    assert all(1 <= line <= len(text.splitlines()) for line in key_lines(text).values())


@pytest.mark.parametrize(
    "text", ["a" * 500_000, "[" * 500_000, "a." * 250_000, '"' * 500_000, " " * 500_000, "a." * 9 + "=" * 500_000]
)
def test_hostile_lines_are_read_too(text: str) -> None:
    assert len(key_lines(text)) <= 1
