"""Addresses are read strictly: what could be two things is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.addresses import MAX_ADDRESSES, MAX_CHARS, Address, parse_addresses


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ada@customers.test", [("", "ada@customers.test")]),
        ("Ada <Ada@Customers.TEST>", [("Ada", "Ada@customers.test")]),
        ('"Example, Ada" <ada@customers.test>', [("Example, Ada", "ada@customers.test")]),
        (r'"Ada \"the\" Example" <ada@customers.test>', [('Ada "the" Example', "ada@customers.test")]),
        ("ada@customers.test (Ada, at home)", [("", "ada@customers.test")]),
        ("a@x.test, B <b@y.test>", [("", "a@x.test"), ("B", "b@y.test")]),
        ("Team: a@x.test, b@y.test;", [("", "a@x.test"), ("", "b@y.test")]),
        ("山田 <taro@customers.test>", [("山田", "taro@customers.test")]),
    ],
)
def test_well_formed_addresses_are_read(header: str, expected: list[tuple[str, str]]) -> None:
    assert parse_addresses(header) == ([Address(*one) for one in expected], True)


@pytest.mark.parametrize(
    "header",
    [
        "alice@example.test]<bob@evil.example.test>",
        "alice@example.test, <bob@evil.example.test",
        "<alice@example.test><bob@evil.example.test>",
        "alice@example.test <bob@evil.example.test> carol@example.test",
        '"alice@example.test" bob@evil.example.test',
        "alice@@example.test",
        "alice@example..test",
        "alice",
        "@example.test",
        "a b@example.test",
        "=?utf-8?q?x?= <alice@exam ple.test>",
        "x" * 65 + "@example.test",
        "a@" + "b" * 64 + ".test",
    ],
)
def test_what_is_doubtful_is_told(header: str) -> None:
    assert parse_addresses(header)[1] is False


@pytest.mark.parametrize("header", ["", " ", "undisclosed-recipients:;", ",,"])
def test_nobody_is_no_mistake(header: str) -> None:
    assert parse_addresses(header) == ([], True)


@pytest.mark.parametrize("header", ["(" * 65536, "<" * 65536, '"' * 65535, "\\" * 65536, "a@b.test," * 40000])
def test_overlong_headers_are_cut(header: str) -> None:
    found, clean = parse_addresses(header)
    assert not clean
    assert len(found) <= MAX_ADDRESSES


def test_no_more_addresses_than_anybody_needs() -> None:
    found, clean = parse_addresses(", ".join(f"p{n}@x.test" for n in range(MAX_ADDRESSES + 1)))
    assert len(found) == MAX_ADDRESSES
    assert clean
    assert MAX_CHARS == 32 * 1024


HEADERS = st.text() | st.text(alphabet='<>()"\\,;:@[]. ab\x00é', max_size=60)


@given(HEADERS)
def test_anything_is_read_and_what_is_found_is_an_address(header: str) -> None:
    found, _ = parse_addresses(header)
    for name, address in found:
        local, at, domain = address.rpartition("@")
        assert at
        assert local
        assert domain
        assert domain == domain.lower()
        assert not set(address) & set('<>()"\\,;: \x00\n')
        assert name in header or "\\" in header


@given(st.emails(domains=st.sampled_from(["customers.test", "b.example.test"])), st.text(alphabet="Ada Éxample"))
def test_a_written_address_comes_back(address: str, name: str) -> None:
    local, _, domain = address.rpartition("@")
    if len(local) <= 64:
        expected = Address(name.strip(), f"{local}@{domain}")
        assert parse_addresses(f"{name} <{address}>") == ([expected], True)
