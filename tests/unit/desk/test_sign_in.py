"""Links to the company's sign-in page and its words: what is believed, and what is not."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from desk.sign_in import SignIn, link_to, read_result
from tests.support.builders import T0, at, identity
from tests.support.paths import ROOT
from tests.unit.desk.test_challenging import challenge
from tickets.errors import Refused
from tickets.secret import Secret

SECRET = "sixty-four bytes, so that it could serve longer sums, too; no value"
PAGE = SignIn("https://accounts.example.test/confirm?lang=en", Secret(SECRET))
GOOD: dict[str, Any] = {"aud": "switchboard", "jti": "ch-1", "sub": "customer 4711", "exp": at(300)}


def word(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    told = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return jwt.encode(told, secret, algorithm)


def test_a_link_says_who_is_asked_and_until_when() -> None:
    link = urlsplit(link_to(PAGE, challenge("sign_in"), identity("bob")))
    query = parse_qs(link.query)
    assert (link.hostname, query["lang"]) == ("accounts.example.test", ["en"])
    told = jwt.decode(
        query["request"][0],
        SECRET,
        ["HS256"],
        audience="sign-in",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (told["jti"], told["channel"], told["iss"]) == ("ch-1", "telegram", "switchboard")
    assert told["exp"] - told["iat"] == 7_200
    with pytest.raises(Refused):  # what we signed is not the page's word
        read_result(PAGE, query["request"][0], T0)


def test_the_pages_word_is_taken() -> None:
    said = read_result(PAGE, word(amr=["pwd", "otp"]), T0)
    assert (said.challenge_id, said.account, said.how) == ("ch-1", "customer 4711", ("pwd", "otp"))


def test_what_it_says_can_stand_in_a_sentence() -> None:
    said = read_result(PAGE, word(sub="4711\n\x1b[31m" + "x" * 500, amr=["p\nwd", 7, *["z"] * 9]), T0)
    assert said.account == ("4711[31m" + "x" * 500)[:100]
    assert said.how == ("pwd", *["z"] * 4)
    assert read_result(PAGE, word(amr="pwd"), T0).how == ()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "\x00",
        "🙂" * 50,
        "." * 10_000,
        word(secret="another secret, thirty-two bytes long"),
        word(algorithm="HS512"),
        jwt.encode({**GOOD}, "", "none"),
        word(aud="sign-in"),
        word(aud=None),
        word(jti=None),
        word(sub=None),
        word(exp=None),
        word(exp=at(0)),
    ],
)
def test_nothing_else_is(token: str) -> None:
    with pytest.raises(Refused):
        read_result(PAGE, token, T0)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": 5},
        {"jti": ["a"]},
        {"exp": "soon"},
        {"exp": None},
        {"aud": {"a": 1}},
        {"amr": {"a": 1}, "jti": 1},
    ],
)
def test_nor_words_of_another_shape(claims: dict[str, Any]) -> None:
    """Signed well, but by a program that means something else; the library does not write such tokens itself."""
    head, body = (_part({"alg": "HS256", "typ": "JWT"}), _part({**GOOD, "exp": at(300).timestamp(), **claims}))
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), SECRET.encode())
    with pytest.raises(Refused):
        read_result(PAGE, f"{head}.{body}.{_encoded(signature)}", T0)


def test_the_page_of_the_documentation_works() -> None:
    text = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    page: dict[str, Any] = {"SECRET": SECRET}
    exec(text.split("```python\n")[1].split("```")[0], page)
    now = datetime.now(UTC)
    asked = challenge("sign_in", asked_at=now, answer_by=now + timedelta(hours=1))
    request = parse_qs(urlsplit(link_to(PAGE, asked, identity("bob"))).query)["request"][0]
    back = urlsplit(page["back"](request, "customer 4711"))
    assert back.path == "/hooks/identity"
    said = read_result(PAGE, parse_qs(back.query)["result"][0], now)
    assert (said.challenge_id, said.account, said.how) == (asked.id, "customer 4711", ("pwd", "otp"))


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
