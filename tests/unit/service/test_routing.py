"""Teams, categories, hours, clocks and points from config.toml."""

from pathlib import Path

import pytest

from router.categories import DEFAULTS
from router.clocks import EMAIL
from service.routing import categories_of, clocks_of, teams_of, weights_of
from service.wiring import sorter_of
from tests.support.builders import ticket
from tests.unit.service.test_config import file, mistakes, read

__all__ = ["file"]

LONG = "swordfish" * 4
WORK = """\
[teams.payments]
categories = ["payments", "returns"]
languages = ["de"]
assign = true
hours = "office"
[teams.night]
vip = true
[categories.returns]
title = "Returns"
words = {en = ["send back"], ja = ["返品"]}
needs = ["order"]
[categories.praise]
off = true
[hours.office]
zone = "Europe/Berlin"
holidays = ["2026-12-25"]
mon = ["09:00-12:30", "13:30-18:00"]
[clocks.vip]
vip = true
first_minutes = 2
pickup_minutes = 0
[priority]
vip = 50
clock_missed = 33
[router]
vips = ["x:@Big"]
order_ids = ["A[0-9]{6}"]
"""


def test_everything_that_is_said_counts(file: Path) -> None:
    config = read(file, WORK)
    payments, night, security = teams_of(config.routing)
    assert (payments.name, payments.assign, payments.languages) == ("payments", True, frozenset({"de"}))
    assert (night.vip, security.security, security.restricted) == (True, True, True)
    categories = categories_of(config.routing)
    assert "praise" not in categories
    assert (categories["returns"].title, categories["returns"].needs) == ("Returns", ("order",))
    assert categories["payments"] == DEFAULTS["payments"]
    rules = clocks_of(config.routing, config.priority)
    assert rules.missed == 33
    mail = ticket("a", channel="email", vip=True, team="payments")
    targets = rules.of(mail).targets
    assert (targets["first"], targets["resolution"], "pickup" in targets) == (120, EMAIL["resolution"], False)
    assert str(rules.of(mail).hours.zone) == "Europe/Berlin"
    assert weights_of(config.priority).vip == 50


def test_own_words_are_recognised_in_any_language(file: Path) -> None:
    classifier = sorter_of(read(file, WORK)).classifier
    assert classifier.classify("I want to send back the shoes", "en", theft=False).category == "returns"
    assert classifier.classify("返品したいです", "ja", theft=False).category == "returns"
    assert classifier.classify("Thank you, great job!", "en", theft=False).category is None


def test_nobody_is_asked_for_numbers_whose_form_nobody_knows(file: Path) -> None:
    assert sorter_of(read(file, "")).missing("orders", ()) == ()
    assert sorter_of(read(file, WORK)).missing("orders", ()) == ("order",)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[teams.x]\ncategories = ["nothing"]', "line 2: teams.x.categories names no category: 'nothing'."),
        ('[teams.x]\nhours = "never"', "line 2: teams.x.hours names no table [hours.…]: 'never'."),
        ("[teams.X]\nvip = true", "teams.X has small letters, digits, - and _ only."),
        ("[teams.x]\ncolour = 1", "line 2: teams.x.colour is not known; known are: categories, languages"),
        ("[teams]\nvip = true", "teams needs a name for each table, as in [teams.main]."),
        ('[clocks.x]\nteams = ["nobody"]', "line 2: clocks.x.teams names no team: 'nobody'."),
        ("[clocks.x]\nfirst_minutes = -1", "clocks.x has a time below 0."),
        ('[hours.x]\nmon = ["9-5"]', "hours.x has a span '9-5'; write e.g. 09:00-17:30."),
        ('[hours.x]\nzone = "Mars"\nmon = ["09:00-17:00"]', "hours.x has no time zone 'Mars'"),
        ("[hours.x]", "hours.x has no hours at all"),
        ('[categories.x]\nwords = {klingon = ["nuq"]}', "categories.x.words has no language 'klingon'"),
        ('[categories.x]\nneeds = ["shoe size"]', "needs.0 is not one of the known values (account, amount"),
        ("[rules.x]\nwhen = []\nthen = {line = 2}", "rules.x.when names nothing that may happen."),
        ('[rules.x]\nwhen = ["opened"]\nthen = {}', "rules.x.then does nothing"),
        ('[rules.x]\nwhen = ["opened"]\nthen = {line = 4}', "rules.x.then.line must be between 1 and 3."),
        ('[rules.x]\nwhen = ["opened"]\nthen = {team = "y"}', "rules.x.then.team names no team: 'y'."),
        (
            '[rules.x]\nwhen = ["opened"]\nthen = {hook = "y"}',
            "rules.x.then.hook names no hook that is configured",
        ),
        ('[rules.x]\nwhen = ["full moon"]\nthen = {line = 2}', "rules.x.when.0 is not one of the known values"),
        ("[rules.x]\nthen = {line = 2}", "rules.x.when is missing; add it."),
        (f'[hooks.x]\nurl = "http://x.test/"\nsecret = "{LONG}"', "hooks.x.url must begin with https://."),
        ('[hooks.x]\nurl = "https://x.test/"\nsecret = "swordfish"', "must have at least 32 characters."),
        ('[priority]\nvip = "much"', "line 2: priority.vip must be int, not str."),
    ],
)
def test_what_cannot_be_meant(file: Path, text: str, mistake: str) -> None:
    [told] = mistakes(file, text)
    assert mistake in told
