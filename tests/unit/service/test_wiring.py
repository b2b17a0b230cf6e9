"""What is made of the configuration."""

from pathlib import Path

import pytest

from service.config import IdentitySection, RepliesSection, load
from service.wiring import make_checks, make_prepared
from tickets.errors import ConfigError

MAIL = """
[email.first]
address = "first@example.test"
imap = {host = "mail.example.test", password = "x1y2z3"}
smtp = {host = "mail.example.test", password = "x1y2z3"}

[email.second]
address = "second@example.test"
imap = {host = "mail.example.test", password = "x1y2z3"}
smtp = {host = "mail.example.test", password = "x1y2z3"}
"""


def test_private_answers_are_there(tmp_path: Path) -> None:
    (tmp_path / "balance.en.ftl").write_text("balance = You have none.", encoding="utf-8")
    config = load(None, {})._replace(replies=RepliesSection(folder=str(tmp_path)))
    assert make_prepared(config._replace(identity=IdentitySection(private_answers=("balance",))))
    strange = config._replace(identity=IdentitySection(private_answers=("balance", "limits")))
    with pytest.raises(ConfigError, match=r"private_answers: there is no prepared answer 'limits'.*balance"):
        make_prepared(strange)
    with pytest.raises(ConfigError, match="known are: none"):
        make_prepared(strange._replace(replies=RepliesSection()))


def test_codes_are_mailed_by_the_first_account_unless_another_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(MAIL, encoding="utf-8")
    assert make_checks(load(path, {})).mail == "email:first"
    path.write_text(MAIL + "[identity]\nmail_account = 'email:second'\n", encoding="utf-8")
    assert make_checks(load(path, {})).mail == "email:second"
    assert make_checks(load(None, {})).ways == ()
