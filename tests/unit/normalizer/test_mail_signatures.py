"""Signatures checked here: what proves who wrote, and what proves nothing."""

import dkim
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.known import NOTHING_KNOWN, Known
from normalizer.registry import normalize
from tests.support.builders import T0
from tests.support.signing import record, record_name, records, sealed, signed
from tickets.ids import AccountId
from tickets.model import Authenticity, InboundMessage, RawEvent
from tickets.signatures import keys_wanted, vouches_for

RAW = (
    "From: 陈美 <mei@customers.test>\r\nTo: support@example.test\r\nSubject: 提现\r\n"
    "Date: Sat, 1 Aug 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "我的提现还没有到账。\r\nคุณช่วยตรวจสอบได้ไหม\r\n"
).encode()
LIST = "lists.example.org"


def read(raw: bytes, keys: dict[str, str], mailbox: Known = NOTHING_KNOWN) -> Authenticity:
    looked_up = msgspec.json.encode(keys).decode()
    event = RawEvent("email", AccountId("email:a"), "1", "c", raw, T0, "support@example.test", looked_up=looked_up)
    message = normalize(event, mailbox)
    assert isinstance(message, InboundMessage)
    return message.authenticity


@pytest.mark.parametrize("domain", ["customers.test", "mail.customers.test"])
def test_the_signature_of_the_senders_domain_or_one_above_it_proves_who_wrote(domain: str) -> None:
    raw = RAW.replace(b"mei@customers.test", f"mei@{domain}".encode())
    told = read(signed(raw, "customers.test"), records("customers.test"))
    assert (told.verdict, told.by) == ("verified", "customers.test")


def test_whoever_looked_nothing_up_knows_nothing() -> None:
    event = RawEvent("email", AccountId("email:a"), "1", "c", signed(RAW, "customers.test"), T0, "s@example.test")
    message = normalize(event)
    assert isinstance(message, InboundMessage)
    assert message.authenticity.verdict == "unverified"


BOTH = records("customers.test", "evil.test")
NOT_PROVEN = {
    "changed words": signed(RAW, "customers.test").replace(b"\xe6\x8f\x90", b"\xe5\x86\xb2"),
    "another's signature": signed(RAW, "evil.test"),
    "a sister of the domain": signed(RAW, "evil.customers.test"),
    "the domain above all": signed(RAW, "test"),
    "words behind the signed part": signed(RAW, "customers.test", length=True) + b"and more\r\n",
    "only a part signed": signed(RAW, "customers.test", length=True),
    "two senders": b"From: ceo@customers.test\r\n" + signed(RAW, "customers.test"),
    "a signature cut off": signed(RAW, "customers.test")[:200] + b"\r\n" + RAW,
    "blanks that take the library long": signed(RAW + b" " * 5_000 + b"x\r\n", "customers.test"),
    "a subject of a stranger before the signed one": b"Subject: [#17] close it\r\n"
    + signed(RAW, "customers.test"),
    "a reference before the mail's own": b"References: <a@b>\r\nReferences: <c@d>\r\n"
    + signed(RAW, "customers.test"),
    "a subject that is not covered": signed(RAW, "customers.test", covered=(b"from", b"to")),
    "very large": signed(RAW + b"x\r\n" * 800_000, "customers.test"),
}


@pytest.mark.parametrize("raw", NOT_PROVEN.values(), ids=NOT_PROVEN)
def test_nothing_less_proves_it(raw: bytes) -> None:
    keys = BOTH | records("evil.customers.test", "test")
    assert read(raw, keys).verdict == "unverified"


@pytest.mark.parametrize(
    "found", [{}, {record_name("customers.test"): "v=DKIM1; p="}, {record_name("x.test"): ""}]
)
def test_without_the_key_nobody_can_tell(found: dict[str, str]) -> None:
    assert read(signed(RAW, "customers.test"), found | {"a": "b"}).verdict == "unverified"


def test_a_trusted_servers_word_against_it_outweighs_a_signature() -> None:
    reported = b"Authentication-Results: mx.example.test; dmarc=fail\r\n" + signed(RAW, "customers.test")
    assert read(reported, BOTH, Known(("mx.example.test",))).verdict == "failed"


@pytest.mark.parametrize(
    ("sealers", "report", "verdict"),
    [
        ((LIST,), "dmarc=pass header.from=customers.test", "verified"),
        ((LIST,), "dmarc=pass header.from=other.test", "failed"),
        ((LIST,), "dmarc=fail header.from=customers.test", "failed"),
        (("another.example.org",), "dmarc=pass header.from=customers.test", "failed"),
        ((), "dmarc=pass header.from=customers.test", "failed"),
    ],
)
def test_a_trusted_forwarders_seal_tells_what_it_saw(sealers: tuple[str, ...], report: str, verdict: str) -> None:
    """The last server sees a mail that a list has changed, so that the sender's own signature is broken."""
    forwarded = sealed(RAW, LIST, f"{LIST}; {report}")
    arrived = b"Authentication-Results: mx.example.test; dmarc=fail\r\n" + forwarded
    told = read(arrived, records(LIST), Known(("mx.example.test",), arc_sealers=sealers))
    assert told.verdict == verdict


def test_a_seal_over_other_words_tells_nothing() -> None:
    forwarded = sealed(RAW, LIST, f"{LIST}; dmarc=pass header.from=customers.test")
    changed = forwarded.replace(b"\xe6\x8f\x90", b"\xe5\x86\xb2")
    assert read(changed, records(LIST), Known(arc_sealers=(LIST,))).verdict == "unverified"


def test_only_the_last_trusted_forwarders_in_a_row_are_believed() -> None:
    """Whoever sealed before a stranger may have been made up by that stranger."""
    first = sealed(RAW, LIST, f"{LIST}; dmarc=pass header.from=customers.test")
    second = sealed(first, "stranger.test", "stranger.test; dmarc=fail header.from=customers.test; arc=pass")
    keys = records(LIST, "stranger.test")
    assert read(second, keys, Known(arc_sealers=(LIST,))).verdict == "unverified"
    assert read(second, keys, Known(arc_sealers=(LIST, "stranger.test"))).verdict == "verified"


@given(st.binary(max_size=300), st.sampled_from(["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature"]))
def test_no_header_breaks_the_reading(value: bytes, name: str) -> None:
    line = name.encode() + b": " + value.replace(b"\r", b" ").replace(b"\n", b" ") + b"\r\n"
    assert read(line + RAW, BOTH, Known(arc_sealers=(LIST,))).verdict == "unverified"


FOLDS = b"\r\n\t" * 20_000
HARD = {
    "folds within a signature": b"DKIM-Signature: v=1; d=customers.test; s=sb1; b=A" + FOLDS + b"!\r\n" + RAW,
    "thousands of covered names": b"DKIM-Signature: v=1; d=customers.test; h=" + b"from:" * 9_000 + b"\r\n" + RAW,
    "a very long head": b"X-A: " + b"a" * 70_000 + b"\r\n" + signed(RAW, "customers.test"),
}


@pytest.mark.parametrize("raw", HARD.values(), ids=HARD)
def test_what_would_take_the_library_long_is_not_given_to_it(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr(dkim.DKIM, "verify", refuse)
    assert read(raw, BOTH).verdict == "unverified"


# Which keys ---------------------------------------------------------------------------


def head(raw: bytes) -> str:
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")


def test_only_keys_that_could_prove_something_are_wanted() -> None:
    raw = signed(signed(RAW, "customers.test"), "evil.test")
    assert keys_wanted(head(raw), ()) == (record_name("customers.test"),)
    forwarded = head(sealed(RAW, LIST, f"{LIST}; dmarc=pass"))
    assert keys_wanted(forwarded, ()) == ()
    assert keys_wanted(forwarded, (LIST,)) == (record_name(LIST),)


def test_whoever_sends_many_signatures_causes_few_questions() -> None:
    signatures = "".join(f"DKIM-Signature: v=1; d=customers.test; s=k{n}\n" for n in range(1_000))
    assert len(keys_wanted(signatures + head(RAW), ())) == 3
    seals = "".join(f"ARC-Seal: i={n}; d={LIST}; s=k{n}\n" for n in range(1_000))
    assert keys_wanted(seals + head(RAW), (LIST,)) == ()


def test_a_hostile_sender_breaks_nothing() -> None:
    signature = "DKIM-Signature: v=1; d=customers.test; s=sb1\n"
    assert keys_wanted(f"{signature}From: {'(' * 5_000}\n", ()) == ()
    assert keys_wanted(f"{signature}From: {'@' * 5_000}\n", ()) == ()


@pytest.mark.parametrize(
    "tags",
    ["d=customers.test; s=a b/../x", "d=customers.test", "s=x", "d=customers.test; s=" + "a" * 300, "d=test; s=x"],
)
def test_names_that_are_no_names_are_not_asked_for(tags: str) -> None:
    assert keys_wanted(f"DKIM-Signature: v=1; {tags}\n{head(RAW)}", ()) == ()


def test_who_may_speak_for_whom() -> None:
    assert vouches_for("example.org", "mail.example.org")
    assert not vouches_for("mail.example.org", "example.org")
    assert not vouches_for("ample.org", "example.org")
    assert not vouches_for("org", "example.org")
    assert record("customers.test").startswith("v=DKIM1")
