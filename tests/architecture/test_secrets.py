"""How secrets are compared."""

import ast
import re

import pytest

from tests.support.paths import ROOT

PACKAGES = ("connectors", "console", "desk", "service", "store", "router", "normalizer")
SECRET = re.compile(r"(^|_)(secret|signature|csrf|mac|hmac|hexdigest|reveal|password)$", re.IGNORECASE)


def compares_secrets(code: str) -> list[str]:
    """Comparisons that end sooner the sooner two texts differ, which tells who guesses how far they have come."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Compare)]
    return [
        ast.unparse(node)
        for node in found
        if any(isinstance(way, ast.Eq | ast.NotEq) for way in node.ops)
        and any(SECRET.search(name) for side in (node.left, *node.comparators) for name in _names(side))
    ]


def _names(side: ast.expr) -> list[str]:
    """What a side is called: a name, an attribute, or the method called last."""
    called = side.func if isinstance(side, ast.Call) else side
    return (
        [called.id] if isinstance(called, ast.Name) else [called.attr] if isinstance(called, ast.Attribute) else []
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_secrets_are_compared_in_the_same_time_whatever_they_are(package: str) -> None:
    """BT07: with ``hmac.compare_digest``."""
    for path in sorted((ROOT / package).rglob("*.py")):
        assert compares_secrets(path.read_text(encoding="utf-8")) == [], path


def test_the_search_would_find_one() -> None:
    assert compares_secrets(
        "if given == self.secret: pass\nif hash(x).hexdigest() != mark: pass\nif a == b: pass"
    ) == [
        "given == self.secret",
        "hash(x).hexdigest() != mark",
    ]
