"""What a feed may be told, and the sentences for what it may not."""

import re
from pathlib import Path

import pytest

from service.config import load
from tickets.errors import ConfigError

ACCOUNTS = {
    "x": 'api_key = "abcdefghij"\napi_key_secret = "abcdefghij"\naccess_token = "abcdefghij"\n'
    'access_token_secret = "abcdefghij"',
    "telegram": 'token = "123456:ABCDEFGHIJKL"',
    "discord": 'token = "a-token-that-is-long-enough"',
}


def loaded(tmp_path: Path, channel: str, feed: str, *, name: str = "talk", account: str = "") -> None:
    path = tmp_path / "config.toml"
    text = f"[{channel}.main]\n{ACCOUNTS[channel]}\n{account}\n[{channel}.main.feeds.{name}]\n{feed}\n"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    load(path, {})


@pytest.mark.parametrize(
    ("channel", "feed"),
    [
        ("x", 'search = "ถอนเงิน OR (提现 lang:zh)"\nticket_words = ["被盗"]'),
        ("x", 'list = "123"\nkeep_days = 1'),
        ("x", 'by = "acme_official"\nevery_s = 60'),
        ("telegram", "chat = -1001234567890"),
        ("discord", 'channel = "123"'),
    ],
)
def test_what_a_feed_needs(tmp_path: Path, channel: str, feed: str) -> None:
    loaded(tmp_path, channel, feed)


@pytest.mark.parametrize(
    ("channel", "feed", "words"),
    [
        ("x", 'search = " "', "one of search, list and by"),
        ("x", 'search = "a"\nby = "b"', "one of search, list and by"),
        ("x", f'search = "{"x" * 451}"', "at most 450"),
        ("x", 'search = "a\\nb"', "one line"),
        ("x", 'list = "https://x.com/i/lists/1"', "the number of a list"),
        ("x", 'by = "@acme"', "without @"),
        ("x", 'by = "acme"\nevery_s = 5', "between 60"),
        ("x", 'by = "acme"\nmonthly_budget = -1', "0 or more"),
        ("x", 'by = "acme"\nmonthly_budget = 0', "needs a monthly_budget of the account"),
        ("x", 'by = "acme"\nkeep_days = 0', "between 1 and 365"),
        ("x", 'by = "acme"\nticket_words = ["hacked", " "]', "empty"),
        ("telegram", "chat = 5", "negative"),
        ("discord", 'channel = "#help"', "number in quotes"),
        ("discord", "channels = 5", "not known"),
    ],
)
def test_what_it_may_not_is_said(tmp_path: Path, channel: str, feed: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        loaded(tmp_path, channel, feed)


def test_its_name_fits_into_an_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="small letters"):
        loaded(tmp_path, "telegram", "chat = -1", name='"Über uns"')


def test_without_a_budget_of_its_own_the_account_s_counts(tmp_path: Path) -> None:
    loaded(tmp_path, "x", 'by = "acme"\nmonthly_budget = 0', account="monthly_budget = 20")


def test_two_feeds_of_one_place_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="same chat"):
        loaded(tmp_path, "telegram", "chat = -1\n[telegram.main.feeds.other]\nchat = -1")
