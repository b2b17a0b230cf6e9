"""A mail as it leaves: text and HTML say the same, and nothing in either acts."""

from email import message_from_bytes
from email.policy import default

import pytest
from msgspec.structs import replace

from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.mail.writing import to_html, written
from tests.support.builders import T0
from tickets.errors import DeliveryError
from tickets.ids import AccountId, ExternalMessageId, ThreadKey
from tickets.model import Reply, ReplyTarget
from tickets.own_names import message_id
from tickets.secret import Secret

SETTINGS = Settings(
    address="help@desk.test",
    imap=ImapSettings(host="x", password=Secret("x")),
    smtp=SmtpSettings(host="x", password=Secret("x")),
)
NAME = message_id("0123456789abcdefghjk.1", "00112233445566778899", "help@desk.test")
TARGET = ReplyTarget(
    "email",
    AccountId("email:main"),
    ThreadKey("t"),
    "private",
    in_reply_to=ExternalMessageId("<2@x.test>"),
    references=(ExternalMessageId("<1@x.test>"), ExternalMessageId("<2@x.test>")),
    to=("ada@x.test",),
    subject="Re: 提现",
)
TEXTS = {
    "English": "Hello,\n\nit is on its way.\n- one\n- two",
    "中文": "您好，\n\n款项已在途中。",
    "日本語": "お世話になっております。\n\n送金済みです。",
    "한국어": "안녕하세요,\n\n송금했습니다.",
    "ไทย": "สวัสดีค่ะ\n\nโอนแล้ว",
    "العربية": "مرحباً،\n\nتم التحويل.",
    "Tiếng Việt": "Xin chào,\n\ntiền đã được chuyển.",
    "हिन्दी": "नमस्ते,\n\nभुगतान हो गया है।",
    "one long line": "word " * 1_000,
}


def sent(text: str = "Hello", settings: Settings = SETTINGS, **fields: object) -> bytes:
    reply = Reply(target=replace(TARGET, **fields), text=text, send_key="k", created_at=T0)
    return written(settings, reply, "ada@x.test", NAME)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_versions_hold_every_word(text: str) -> None:
    raw = sent(text)
    mail = message_from_bytes(raw, policy=default)
    assert mail.get_content_type() == "multipart/alternative"
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().split() == text.split()
    words = page.get_content().replace("<br>", " ").replace("</p>", " ").replace('<p dir="auto">', " ").split()
    assert " ".join(text.split()) in " ".join(words)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_head_threads_and_names_the_mail() -> None:
    mail = message_from_bytes(sent(), policy=default)
    assert mail["Message-ID"] == mail["X-Switchboard-Message"] == NAME
    assert mail["References"] == "<1@x.test> <2@x.test>"
    assert mail["In-Reply-To"] == "<2@x.test>"
    assert mail["Subject"] == "Re: 提现"
    assert mail["Reply-To"] is None
    assert mail["Auto-Submitted"] is None


def test_answers_are_asked_for_at_a_signed_address_where_that_works() -> None:
    mail = message_from_bytes(sent(settings=replace(SETTINGS, plus_addresses=True)), policy=default)
    assert mail["Reply-To"] == f"Support <help+{NAME[1:].partition('@')[0]}@desk.test>"


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@x.test", "a\nb", "a\x85b\r\n", "a\u2028\nb"])
def test_a_line_break_in_the_subject_is_refused(subject: str) -> None:
    """BE57, BE58."""
    with pytest.raises(DeliveryError, match="cannot be written"):
        sent(subject=subject)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        'https://x.test/"onmouseover="alert(1)',
        "https://x.test/'><script>",
        "javascript:alert(1)",
        "</p></body>&lt;",
    ],
)
def test_a_text_is_never_markup(text: str) -> None:
    page = to_html(text)
    body = page.partition("<body")[2]
    assert "<script" not in body
    assert "<img" not in body
    assert 'onmouseover="' not in body
    assert 'href="javascript' not in body
    assert body.count("</body>") == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://x.test/a?b=1&c=2.", "https://x.test/a?b=1&amp;c=2"),
        ("(https://x.test/a)", "https://x.test/a"),
        ("请看 https://x.test/帮助。谢谢", "https://x.test/帮助"),
        ("https://x.test/a，然后", "https://x.test/a"),
    ],
)
def test_an_address_becomes_a_link_without_what_follows_it(text: str, address: str) -> None:
    assert f'<a href="{address}">{address}</a>' in to_html(text)
