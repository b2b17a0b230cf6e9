"""Bad mail: any bytes become a message, or a clear reason why not."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.known import Known
from normalizer.mail import HEADER_BYTES, MANY_DELIMITERS, RAW_SHOWN_BYTES, normalize_unparsed, split
from normalizer.mail_body import MAX_PARTS
from tests.support.builders import T0
from tests.support.golden import read, read_mail
from tests.support.paths import ROOT
from tickets.errors import PayloadError
from tickets.ids import AccountId
from tickets.model import InboundMessage, RawEvent

FROM = "From: Ada <ada@customers.test>\n"
SPLIT_OFF = "Some parts are not shown: there are too many, or they are nested too deeply."
UNCLEAR = "The character set was unclear; some letters may be wrong."
SECONDS = 3.0
"""Generous: what these caps hold back takes minutes without them."""


@pytest.fixture
def quickly() -> object:
    began = time.process_time()
    yield None
    assert time.process_time() - began < SECONDS


def mail(head: str = "", body: str = "Hello.\n") -> InboundMessage:
    return read_mail(f"{FROM}{head}\n{body}")


# Structure -----------------------------------------------------------------------


def nested_multiparts(depth: int) -> str:
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"{FROM}{opening}\ninnermost\n"


def test_parts_nested_past_the_cap_are_told() -> None:
    """BE01."""
    message = read_mail(nested_multiparts(100))
    assert message.warnings == (SPLIT_OFF,)
    assert message.text == "(empty message)"
    assert read_mail(nested_multiparts(40)).text == "innermost"


@pytest.mark.usefixtures("quickly")
def test_a_hundred_thousand_parts_are_not_taken_apart() -> None:
    """BE04."""
    message = mail("Content-Type: multipart/mixed; boundary=b\n", "--b\n\nx\n" * 100_000)
    assert "too many parts" in message.warnings[0]
    assert message.text.startswith("--b\n\nx")


def test_parts_past_a_thousand_are_told() -> None:
    message = mail("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: a/b\n\nx\n" * 1_500)
    assert message.warnings == (SPLIT_OFF,)
    assert len(message.attachments) == MAX_PARTS - 1
    assert MANY_DELIMITERS > 1_500


@pytest.mark.usefixtures("quickly")
def test_a_hundred_thousand_headers() -> None:
    """BE05."""
    assert read_mail(FROM + "X: y\n" * 100_000 + "\nbody").author.external_id == "ada@customers.test"


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("size", [256 * 1024, 1024 * 1024])
def test_an_enormous_list_of_recipients_is_cut(size: int) -> None:
    """BE06."""
    message = mail("To: " + "someone@somewhere.example.test,\n " * (size // 32) + "\n")
    assert len(message.to) == 1
    assert len(mail("To: " + "".join(f"p{n}@x.test,\n " for n in range(3000)) + "\n").to) == 500


@pytest.mark.usefixtures("quickly")
def test_a_content_type_with_thousands_of_parameters() -> None:
    """BE07."""
    message = mail("Content-Type: text/plain" + "".join(f";\n p{n}=x" for n in range(9_000)) + "\n")
    assert [file.media_type for file in message.attachments] == ["application/octet-stream"]


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("header", ["(" * 65_536, "<" * 65_536, '"' * 65_536, "a:" * 30_000])
def test_hostile_recipients_are_nobody(header: str) -> None:
    """BE08."""
    assert mail(f"To: {header}\n").to == ()


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("word", ["=?utf-8?q?x?= ", "=?utf-8?b?eA==?=", "=?x?q?", "=?", "=?utf-8?b?abcde?= "])
def test_a_subject_of_encoded_words_is_cut(word: str) -> None:
    """BE09, BE10."""
    subject = mail("Subject: " + word * (90_000 // len(word)) + "\n").subject
    assert subject is not None
    assert 0 < len(subject) <= 300


def test_a_mail_that_was_too_large_to_fetch() -> None:
    """BE12."""
    message = read_mail(f"{FROM}Subject: big\n\n", note="too_large")
    assert message.subject == "big"
    assert message.text == "(empty message)"
    assert "too large" in message.warnings[0]


def test_a_mail_that_was_not_handed_out_is_quarantined() -> None:
    with pytest.raises(PayloadError, match="did not hand it out"):
        read("email", b"", note="not_handed_out")


@pytest.mark.parametrize("body", ["SGVsbG8", "SGVs!!bG8=", "SGVsbG8=\n\n--trailing", "=SGVsbG8="])
def test_broken_base64_is_decoded_as_far_as_possible(body: str) -> None:
    """BE13."""
    assert "ello" in mail("Content-Transfer-Encoding: base64\n", body).text or body.startswith("=")


@pytest.mark.usefixtures("quickly")
def test_soft_line_breaks_by_the_megabyte() -> None:
    """BE14."""
    assert mail("Content-Transfer-Encoding: quoted-printable\n", "x=\n" * 350_000).text.startswith("xxx")


def test_uuencoded_text_is_shown_as_text() -> None:
    """BE15."""
    assert mail(body="begin 644 a.txt\n#:&D*\n`\nend\n").text == "begin 644 a.txt\n#:&D*\n`\nend"


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("Content-Type: multipart/mixed\n", "no boundary\n", "no boundary"),
        ("Content-Type: multipart/mixed; boundary=b\n", "never used\n", "never used"),
        ("Content-Type: multipart/mixed; boundary=b; boundary=c\n", "--b\n\none\n--c\n\ntwo\n", "one"),
        ("Content-Type: multipart/mixed; boundary=\n", "x\n", "x"),
        (f"Content-Type: multipart/mixed; boundary={'b' * 70_000}\n", "x\n", ""),
        ("Content-Type: multipart/mixed; boundary=b\n", "--b--\n", ""),
        ("Content-Type: nonsense\n", "plain\n", "plain"),
        ("Content-Type: ;;;\n", "plain\n", "plain"),
        ("Content-Transfer-Encoding: x-unknown\n", "kept\n", "kept"),
    ],
)
def test_odd_containers_are_one_message(head: str, body: str, text: str) -> None:
    """BE16, BE17, BE18, BE28."""
    message = mail(head, body)
    files = " ".join((file.content or b"").decode() for file in message.attachments)
    assert text in message.text or text in files


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\n\n\n",
        b"Subject: nobody\n\nx",
        b"only a body",
        b"\x00" * 100,
        b"From\n\nx",
        b"\nFrom: a@b.test\n\nx",
        b"x" * 300_000,
    ],
)
def test_without_a_sender_it_is_quarantined(raw: bytes) -> None:
    """BE18, BE19."""
    with pytest.raises(PayloadError, match="no sender"):
        read("email", raw)


def test_headers_without_a_body_are_an_empty_message() -> None:
    assert read_mail("From: ada@customers.test").text == "(empty message)"
    assert read_mail("From: ada@customers.test\nSubject: hi\n").subject == "hi"


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_kind_of_line_end(end: bytes) -> None:
    """BE20."""
    raw = end.join([b"From: ada@customers.test", b"Subject: s", b"", b"one", b"tw\x00o"])
    message = read_mail(raw)
    assert (message.subject, message.text) == ("s", "one\ntwo")


@pytest.mark.usefixtures("quickly")
def test_a_line_of_five_megabytes() -> None:
    """BE21."""
    assert "[cut:" in mail(body="x" * 5_000_000).text


def test_an_archive_is_bytes() -> None:
    """BE22: kept as it is, whatever it would unpack to."""
    [file] = mail(
        "Content-Type: application/zip; name=bomb.zip\nContent-Transfer-Encoding: base64\n", "UEsDBA=="
    ).attachments
    assert (file.name, file.content) == ("bomb.zip", b"PK\x03\x04")


def test_tnef_is_an_opaque_file() -> None:
    """BE24, BE25: nothing looks into it, so nothing in it can do harm; that is said."""
    [file] = mail("Content-Type: application/ms-tnef; name=winmail.dat\n", "\x78\x9f\x3e").attachments
    assert file.name == "winmail.dat"


def test_a_partial_message_says_so() -> None:
    """BE29."""
    message = mail("Content-Type: message/partial; id=x; number=1; total=3\n", "From: b@x.test\n\nhalf\n")
    assert message.warnings == ("This is one piece of a message that was sent in several.",)
    assert b"half" in (message.attachments[0].content or b"")


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "is encrypted"),
        ("multipart/encrypted; boundary=x; protocol=application/pgp-encrypted", "is encrypted"),
        ('message/external-body; access-type=URL; URL="http://elsewhere.test/a"', "was not fetched"),
        ("text/calendar; method=REQUEST", "nothing was accepted"),
    ],
    ids=["S/MIME", "PGP", "elsewhere", "invitation"],
)
def test_what_cannot_or_must_not_be_opened_is_a_file_and_said(head: str, told: str) -> None:
    """BE26, BE30, BE74: nothing is decrypted, fetched or accepted."""
    body = "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n" if "multipart" in head else "x\n"
    message = mail(f"Content-Type: {head}\n", body)
    assert any(told in warning for warning in message.warnings)
    assert len(message.attachments) == 1


@pytest.mark.parametrize("value", ["mailer-daemon@x.test", "postmaster@x.test", "noreply@x.test"])
def test_whoever_answers_nobody_is_a_machine(value: str) -> None:
    """BE75."""
    assert read_mail(f"From: {value}\nSubject: x\n\nHello.\n").automatic is not None


# Character sets and headers ----------------------------------------------------------


@pytest.mark.parametrize("charset", ["x-unknown", "idna", "undefined", "rot13", "base64", "../../etc", "a\x00"])
def test_unfit_charsets_are_read_anyway(charset: str) -> None:
    """BE31, BE32, BE33."""
    assert mail(f"Content-Type: text/plain; charset={charset}\n", "Größe\n").text == "Größe"


def test_text_that_becomes_markup_by_decoding_is_cleaned_after_it() -> None:
    """BE34, BE35."""
    html = mail(
        "Content-Type: text/html; charset=utf-7\n", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-<p>x</p>"
    ).html
    assert html is not None
    assert "script" not in html
    assert mail("Content-Type: text/plain; charset=unicode_escape\n", r"\x3cb\x3e").text == r"\x3cb\x3e"


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 2 Mar 99999999999 08:00:00 +0000",
        "Mon, 2 Mar 2026 08:00:00 +99999999999999",
        "",
        "yesterday",
        "()",
        "Thu, 1 Jan 1970 00:00:00 +0000",
        "Mon, 2 Mar 2066 08:00:00 +0000",
        "0" * 5000,
        "\x00",
    ],
)
def test_an_odd_date_becomes_the_time_of_arrival(date: str) -> None:
    """BE36, BE37, BE38."""
    assert mail(f"Date: {date}\n").sent_at == T0


def test_a_date_is_told_in_utc() -> None:
    assert mail("Date: Mon, 2 Mar 2026 09:30:00 +0100\n").sent_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "head", ["", "Message-ID:\n", "Message-ID: <<>>\n", "Message-ID: none\n", f"Message-ID: <{'x' * 2000}>\n"]
)
def test_a_missing_message_id_is_made_from_the_content(head: str) -> None:
    """BE39, BE40."""
    message = mail(head)
    assert message.external_id == f"<{message.content_hash}@no-message-id.invalid>"
    assert mail(head).external_id == message.external_id
    assert mail(head, "Other.\n").external_id != message.external_id


def test_of_three_message_ids_the_first_that_is_one_counts() -> None:
    assert mail("Message-ID: x\nMessage-ID: <a@b>\nMessage-ID: <c@d>\n").external_id == "<a@b>"


def test_the_content_tells_copies_from_impostors() -> None:
    """BE41, BE42."""
    one = mail("Message-ID: <a@b>\n")
    copy = read_mail(f"Received: by another way\nX-Spam: no\n{FROM}Message-ID: <a@b>\n\nHello.\n")
    impostor = mail("Message-ID: <a@b>\n", "Other.\n")
    assert one.content_hash == copy.content_hash != impostor.content_hash
    assert one.thread.key == copy.thread.key != impostor.thread.key


@pytest.mark.parametrize(
    "head",
    [
        "From: a@x.test\nFrom: b@x.test",
        "From: a@x.test, b@y.test",
        "From: alice@x.test]<bob@y.test>",
        "From: <a@x.test",
        "From: nobody",
        "From: undisclosed-recipients:;",
        "From: =?utf-8?b?abcde?=",
    ],
)
def test_an_ambiguous_sender_is_nobody(head: str) -> None:
    """BE43, BE44, BE47."""
    message = read_mail(f"Authentication-Results: mx.desk.example.test; dmarc=pass\n{head}\n\nHello.\n")
    assert message.author.external_id == "ambiguous@unknown.invalid"
    assert message.authenticity.verdict == "unverified"
    assert "ambiguous" in message.warnings[0]


@pytest.mark.parametrize("value", ["", "<>", " < > ", "=?utf-8?q??="])
def test_an_empty_sender_is_the_mail_system(value: str) -> None:
    """BE47."""
    message = read_mail(f"From: {value}\n\nHello.\n")
    assert message.author.external_id == "mailer-daemon@unknown.invalid"
    assert message.automatic is not None


def test_a_name_that_is_another_address_is_told() -> None:
    """BE45."""
    message = read_mail('From: "ceo@desk.example.test" <x@evil.example.test>\n\nHi\n')
    assert message.author.external_id == "x@evil.example.test"
    assert "x@evil.example.test" in message.warnings[0]
    assert read_mail("From: x@y.test <x@y.test>\n\nHi\n").warnings == ()


def test_look_alike_letters_in_an_address_are_told() -> None:
    """BE46."""
    message = read_mail("From: a\u202e <help@d\u0435sk.example.test>\n\nHi\n")
    assert message.author.display_name == "a"
    assert r"\u0435" in message.warnings[0]


def test_our_own_address_from_outside_is_quarantined() -> None:
    """BE48."""
    with pytest.raises(PayloadError, match="our own address"):
        read("email", b"From: HELP@desk.example.test\n\nHi\n")


def test_five_hundred_reply_addresses_are_one_short_warning() -> None:
    """BE49, BE50."""
    wanted = ", ".join(f"p{n}@x.test" for n in range(500))
    [warning] = mail(f"Reply-To: {wanted}\n").warnings
    assert len(warning) < 200


def test_of_ten_thousand_references_the_ends_are_used() -> None:
    """BE56."""
    chain = "".join(f"<r{n}@x.test>\n " for n in range(10_000))
    found = mail(f"In-Reply-To: <r0@x.test>\nReferences: {chain}\n").reply_to
    assert found[0] == "<r0@x.test>"
    assert len(found) <= 40


def test_references_come_newest_first_and_once() -> None:
    found = mail("In-Reply-To: <c@x>\nReferences: <a@x> <b@x> <c@x>\n").reply_to
    assert found == ("<c@x>", "<b@x>", "<a@x>")


def test_a_subject_is_one_line() -> None:
    """BE57."""
    assert mail("Subject: a\n b =?utf-8?q?c=0D=0ABcc:_x?= \u2028 \x85 d\n").subject == "a b c Bcc: x d"


def test_raw_letters_beside_encoded_words() -> None:
    assert mail("Subject: 你好 =?utf-8?q?caf=C3=A9?= ü\n").subject == "你好 café ü"
    assert mail("Subject: =?iso-2022-jp?b?GyRC?= =?utf-8?q?x?=\n").subject is not None
    assert mail("Subject: broken =?utf-8?b?abcde?= word\n").subject == "broken =?utf-8?b?abcde?= word"


@pytest.mark.parametrize(
    "name",
    [
        "filename*99999999999999999999999=b",
        "filename*0*=x''%",
        "filename*=utf-8''%ff%fe",
        "filename*=x-none''abc",
        "filename*=''",
        'filename="=?utf-8?b?abcde?="',
    ],
)
def test_odd_file_names_get_a_label(name: str) -> None:
    """BE60."""
    [file] = mail(f"Content-Type: a/b\nContent-Disposition: attachment; {name}\n").attachments
    assert file.name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (".htaccess", ".htaccess"),
        ("CON", "CON"),
        ("a/../b", "b"),
        (r"..\..\x.exe", "x.exe"),
        ("/", "attachment"),
        ("\u202egpj.exe", "gpj.exe"),
        ("n" * 4000, "n" * 199 + "…"),
        ("a\x00b\nc", "ab c"),
    ],
)
def test_a_file_name_is_a_label_without_a_path(name: str, label: str) -> None:
    """BE61."""
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    [file] = mail(f"Content-Type: a/b\nContent-Disposition: attachment; filename*=utf-8''{quoted}\n").attachments
    assert file.name == label


DIFFERENT = "Its plain text and its formatted version say different things; look at both."


def versions(plain: str, page: str) -> InboundMessage:
    return mail(
        "Content-Type: multipart/alternative; boundary=b\n",
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n--b\n"
        f"Content-Type: text/html; charset=utf-8\n\n{page}\n--b--\n",
    )


@pytest.mark.parametrize(
    ("plain", "page"),
    [
        ("Please pay 100 euros into my account", "<p>Everything is fine, thank you very much for your help</p>"),
        (
            "请把一百元汇到我的账户里面去谢谢你们了好吗真的很急",
            "<p>一切都已经解决没有问题非常感谢各位的帮助与耐心</p>",
        ),
    ],
)
def test_versions_that_say_different_things_are_told(plain: str, page: str) -> None:
    """BE27: both are kept; neither is preferred in secret."""
    message = versions(plain, page)
    assert message.text == plain
    assert message.html == page
    assert DIFFERENT in message.warnings


SAID = "Where is my payout? It has been a week, and nobody has answered my three mails."
SAID_IN_CHINESE = "我的提现已经一个星期了还没有到账，写了三封邮件也没有人回复，请帮忙查一下。"


@pytest.mark.parametrize("said", [SAID, SAID_IN_CHINESE, "Où est mon argent ?", "A"])
def test_versions_that_say_the_same_are_one(said: str) -> None:
    page = f"<div style='color:red'><p>{said}</p><blockquote type='cite'>An older mail.</blockquote>"
    message = versions(said, page)
    assert message.text == said
    assert message.warnings == ()


MIXED = "Content-Type: multipart/mixed; boundary=b\n"


def test_parts_that_are_no_versions_are_all_read() -> None:
    page = "<p>" + "Our newest offers, every week anew. " * 20 + "</p>"
    message = mail(
        MIXED, f"--b\n\nPlease cancel my subscription.\n--b\nContent-Type: text/html\n\n{page}\n--b--\n"
    )
    assert message.text.startswith("Please cancel my subscription.\n\nOur newest offers")
    footer = mail(MIXED, "--b\nContent-Type: text/html\n\n<p>Where is it?</p>\n--b\n\n___\nA list\n--b--\n")
    assert footer.text == "Where is it?\n\n___\nA list"


def test_versions_that_are_sent_as_parts_are_read_once() -> None:
    message = mail(MIXED, f"--b\n\n{SAID}\n--b\nContent-Type: text/html\n\n<p>{SAID}</p>\n--b--\n")
    assert message.text == SAID


def test_where_the_text_only_tells_of_the_formatted_version_that_is_read() -> None:
    page = "<p>" + "</p><p>".join(f"{SAID} Number {n}, and the account is closed." for n in range(5)) + "</p>"
    message = versions("This message needs a program that shows HTML, sorry.", page)
    assert message.text.startswith(SAID)
    assert DIFFERENT in message.warnings


def test_what_was_not_taken_apart_is_shown_as_it_came() -> None:
    event = RawEvent(
        "email", AccountId("email:main"), "1", "c", f"{FROM}\n{'x' * 200_000}".encode(), T0, "help@x.test"
    )
    message = normalize_unparsed(event, "It was too much.", Known())
    assert isinstance(message, InboundMessage)
    assert message.text.startswith("x" * RAW_SHOWN_BYTES)
    assert message.warnings[0].startswith("It was too much.")


@pytest.mark.parametrize("raw", [b"A: b\n\nbody", b"A: b\r\n\r\nbody", b"A: b\r\rbody"])
def test_a_mail_is_split_at_its_first_empty_line(raw: bytes) -> None:
    assert split(raw) == (b"A: b\n", b"body")


@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([b"\r", b"\n", b"a: b", b"x"]), max_size=12).map(b"".join)
)
def test_splitting_loses_nothing_but_line_ends(raw: bytes) -> None:
    head, body = split(raw)
    assert b"\r" not in head + body
    assert (head + body).replace(b"\n", b"") == raw.replace(b"\r", b"").replace(b"\n", b"")


def test_a_header_block_is_cut_at_a_whole_line() -> None:
    head, body = split(b"From: a@b.test\n" + b"X: " + b"y" * 200_000 + b"\n\nbody")
    assert head == b"From: a@b.test\n"
    assert body == b"body"
    assert len(split(b"X: y\n" * 100_000)[0]) <= HEADER_BYTES


# Anything at all -----------------------------------------------------------------------

VALID = [path.read_bytes() for path in sorted((ROOT / "tests/golden/email").glob("*.eml"))]
LINES = st.sampled_from(
    [
        b"From: a@b.test",
        b"Subject: =?utf-8?b?abcde?=",
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b",
        b"--b--",
        b"",
        b" folded",
        b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"YWJj",
        b"\xff\xfe",
        b"Content-Transfer-Encoding: x-uuencode",
        b"Content-Type: text/html; charset=utf-16",
        b"<p>",
        b"begin 644 a",
        b"Content-Type: message/delivery-status",
        b"Content-Disposition: attachment; filename*0*=x''%",
        b"Date: 1",
        b"Authentication-Results: mx.desk.example.test; dmarc=pass",
        b"To: (((",
        b"Content-Type: text/plain; charset",
    ]
)


def _check(raw: bytes) -> None:
    try:
        message = read("email", raw)
    except PayloadError:
        return
    assert isinstance(message, InboundMessage)
    assert message.text
    assert message.author.external_id
    message.text.encode()
    (message.subject or "").encode()


def test_an_enclosed_message_that_the_library_cannot_write_is_named_all_the_same() -> None:
    """A line end that is none hides a second header in the first."""
    raw = (
        b"From: a@b.test\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nSee below.\n"
        b"--b\nContent-Type: message/rfc822\n\n"
        b"Subject: \x0bContent-Type: text/plain\n\nOn its way.\n--b--\n"
    )
    message = read("email", raw)
    assert isinstance(message, InboundMessage)
    assert message.text == "See below."
    (file,) = message.attachments
    assert (file.media_type, file.content) == ("message/rfc822", None)
    assert "it is in the original" in file.note


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_become_a_message_or_a_reason(raw: bytes, with_sender: bool) -> None:
    _check(b"From: a@b.test\n" + raw if with_sender else raw)


@given(st.lists(LINES, max_size=14))
def test_any_order_of_mail_like_lines(lines: list[bytes]) -> None:
    _check(b"From: a@b.test\n" + b"\n".join(lines))


@given(st.data())
def test_a_damaged_mail_becomes_a_message_or_a_reason(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(VALID)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6) | LINES)
    _check(bytes(raw))
