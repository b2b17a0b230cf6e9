"""A mail as it leaves: text and HTML say the same, and nothing in either acts."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from msgspec.structs import replace

from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.mail.writing import DEEPEST, to_html, written
from tests.support.builders import T0
from tickets.errors import DeliveryError
from tickets.ids import AccountId, ExternalMessageId, ThreadKey
from tickets.model import Reply, ReplyFile, ReplyTarget
from tickets.own_names import message_id
from tickets.rich import read
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


def test_an_answer_comes_from_the_alias_that_was_written_to() -> None:
    settings = replace(SETTINGS, aliases={"billing@desk.test": "billing"})
    mail = message_from_bytes(sent(settings=settings, alias="billing@desk.test"), policy=default)
    assert mail["From"] == "Support <billing@desk.test>"
    for dropped in (sent(alias="billing@desk.test"), sent(settings=settings, alias="eve@desk.test"), sent()):
        assert message_from_bytes(dropped, policy=default)["From"] == "Support <help@desk.test>"


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


# Files and quotations ----------------------------------------------------------------------

PICTURE = ReplyFile("图 1.png", "image/png", b"\x89PNG" + bytes(range(256)))
NOTES = ReplyFile("notes.txt", "text/plain", "a\r\nb\nü".encode())
REPORT = ReplyFile("отчёт.pdf", "application/pdf", b"%PDF" + bytes(range(256)))


def with_files(*files: ReplyFile) -> EmailMessage:
    reply = Reply(target=TARGET, text="Look", send_key="k", created_at=T0, files=files)
    mail = message_from_bytes(written(SETTINGS, reply, "ada@x.test", NAME), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_pictures_are_shown_on_the_page_and_other_files_lie_beside_it() -> None:
    mail = with_files(REPORT, PICTURE, NOTES, PICTURE)
    page = mail.get_body(("html",))
    assert page is not None
    shown = re.findall(r'<img src="cid:([^"]+)"', page.get_content())
    parts = {str(part["Content-ID"]): part for part in mail.walk() if part["Content-ID"]}
    assert [f"<{name}>" for name in shown] == list(parts)
    assert len(set(shown)) == 2
    assert all(part.get_content_disposition() == "inline" for part in parts.values())
    files = [part for part in mail.walk() if part.get_filename()]
    assert sorted(part.get_filename() for part in files) == sorted(
        ["图 1.png", "图 1.png", "notes.txt", "отчёт.pdf"]
    )
    contents = {part.get_filename(): part.get_payload(decode=True) for part in files}
    assert contents == {file.name: file.content for file in (PICTURE, NOTES, REPORT)}
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == "Look"


def test_what_is_quoted_is_set_apart_on_the_page() -> None:
    page = to_html("It left.\n\nAnn, 2026:\n> Where?\n>\n> > Older\n> <b>")
    body = page.partition("<body")[2].partition(">")[2]
    assert re.sub(r' style="[^"]*"', "", body).replace("\n", "") == (
        '<p dir="auto">It left.</p><p dir="auto">Ann, 2026:</p><blockquote type="cite"><p dir="auto">Where?</p>'
        '<blockquote type="cite"><p dir="auto">Older</p></blockquote><p dir="auto">&lt;b&gt;</p></blockquote>'
        "</body></html>"
    )


def test_quotations_within_quotations_end_somewhere() -> None:
    page = to_html(">" * 1_000 + " deep")
    assert page.count("<blockquote") == page.count("</blockquote>") == DEEPEST


# Formatted words ---------------------------------------------------------------------------


def test_formatted_words_stand_on_the_page_and_addresses_in_the_text() -> None:
    rich = read(
        "**注意：**请看 [帮助](https://x.test/?a=1&b=2)，\n~~旧~~ `x < y`\n\n> quoted *here*\n\nhttps://y.test/a"
    )
    reply = Reply(target=TARGET, text=rich.text, send_key="k", created_at=T0, spans=rich.spans)
    mail = message_from_bytes(written(SETTINGS, reply, "ada@x.test", NAME), policy=default)
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert (
        plain.get_content().replace("\r", "").startswith("注意：请看 帮助 (https://x.test/?a=1&b=2)，\n旧 x < y\n")
    )
    body = re.sub(r' style="[^"]*"', "", page.get_content().partition("<body")[2].partition(">")[2])
    assert "".join(body.splitlines()) == (
        '<p dir="auto"><strong>注意：</strong>请看 <a href="https://x.test/?a=1&amp;b=2">帮助</a>，<br>'
        "<s>旧</s> <code>x &lt; y</code></p>"
        '<blockquote type="cite"><p dir="auto">quoted <em>here</em></p></blockquote>'
        '<p dir="auto"><a href="https://y.test/a">https://y.test/a</a></p></body></html>'
    )


def test_an_address_within_a_link_is_no_second_link() -> None:
    rich = read("[https://x.test](https://x.test) **https://y.test**")
    page = to_html(rich.text, spans=rich.spans)
    assert page.count("<a ") == 2
    assert '<strong><a href="https://y.test">https://y.test</a></strong>' in page
