"""Machine mail is known by its marks; what people write is not taken for it."""

import pytest

from normalizer.machine_words import AWAY, NOT_DELIVERED, PERHAPS_AWAY
from tests.support.golden import read_mail
from tickets.model import Automatic

PERSON = "From: Ada <ada@customers.test>\n"
SYSTEM_SAYS = "550 5.1.1 <gone@customers.test>: no such user"


def kind(head: str, body: str = "Hello.", sender: str = PERSON) -> str | None:
    found = read_mail(f"{sender}{head}\n{body}\n").automatic
    assert found is None or found.reason
    return found.kind if found else None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Auto-Submitted: auto-replied\n", "auto_reply"),
        ("Auto-Submitted: auto-generated\n", "bot"),
        ("Auto-Submitted: auto-notified; owner-email=x\n", "auto_reply"),
        ("Auto-Submitted: no (really)\n", None),
        ("Auto-Submitted: no\n", None),
        ("X-Auto-Response-Suppress: All\n", "auto_reply"),
        ("X-Auto-Response-Suppress: OOF, DR\n", None),
        ("X-Auto-Response-Suppress: OOF, AutoReply\n", "auto_reply"),
        ("Precedence: bulk\n", "list"),
        ("Precedence: junk\n", "list"),
        ("Precedence: list\n", "list"),
        ("Precedence: auto_reply\n", "auto_reply"),
        ("Precedence: first-class\n", None),
        ("List-Id: <desk.lists.test>\n", "list"),
        ("List-Unsubscribe: <https://lists.test/u>\n", "list"),
        ("X-MLServer: fml\n", "list"),
        ("X-Apple-Action: VACATION\n", "auto_reply"),
        ("X-Apple-Action: FORWARD\n", None),
        ("Return-Path: <>\n", "bounce"),
        ("Return-Path: <ada@customers.test>\n", None),
        ("Disposition-Notification-To: ada@customers.test\n", None),
    ],
)
def test_the_marks_of_machines(head: str, expected: str | None) -> None:
    """BE62, BE64, BE65, BE70: a receipt that is asked for is no machine's mail, and is not sent."""
    assert kind(head) == expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("delivery-status", "bounce"),
        ("disposition-notification", "receipt"),
        ("feedback-report", "complaint"),
        ("", "bounce"),
    ],
)
def test_reports_say_what_they_are(report: str, expected: str) -> None:
    """BE70."""
    told = f"; report-type={report}" if report else ""
    assert kind(f"Content-Type: multipart/report{told}; boundary=b\n", "--b\n\nSee above.\n--b--") == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("mailer-daemon@mx.test", "bounce"),
        ("MAILER-DAEMON@mx.test", "bounce"),
        ("postmaster@customers.test", "bounce"),
        ("post_master@customers.test", "bounce"),
        ("Mail Delivery System <Mail.Delivery.System@mx.test>", "bounce"),
        ("MAILER-DAEMON <>", "bounce"),
        ("<>", "bounce"),
        ("bounces+17=ada@lists.test", "bounce"),
        ("noreply@shop.test", "bot"),
        ("no-reply+17@shop.test", "bot"),
        ("do-not-reply@shop.test", "bot"),
        ("noel.reply@customers.test", None),
        ("postmasters@customers.test", None),
        ("bouncesky@customers.test", None),
    ],
)
def test_addresses_that_no_person_writes_from(sender: str, expected: str | None) -> None:
    """BE69, BE75."""
    assert kind("", sender=f"From: {sender}\n") == expected


@pytest.mark.parametrize("words", AWAY)
def test_an_answering_machine_is_known_by_the_beginning_of_its_subject(words: str) -> None:
    """BE63."""
    for subject in (words, f"{words}: Re: Payout", f"{words.title()} (until Monday)", f"{words} - Payout"):
        assert kind(f"Subject: {subject}\n", "I am away.") == "auto_reply", subject


@pytest.mark.parametrize("words", PERHAPS_AWAY)
def test_words_that_people_use_too_count_only_in_an_answer(words: str) -> None:
    head = f"Subject: {words}: Re: Payout\n"
    assert kind(head) is None
    assert kind(f"{head}In-Reply-To: <1@desk.example.test>\n") == "auto_reply"


@pytest.mark.parametrize(
    "subject",
    [
        "Abwesenheit: Max Müller, Klasse 5b",
        "Frånvaro - Anna Svensson 4B",
        "Fravær: Ola Nordmann i dag",
        "Dovolená - reklamace zájezdu",
        "Annual leave - request",
        "De vacaciones: problema con mi reserva",
        "休暇中：荷物の受け取りについて",
        "Autoresponder: not working",
        "OOO: my order",
        "Automatic reply does not arrive",
        "How do I switch off the automatic reply?",
        "My out of office message is not shown",
        "Abwesenheitsnotiz lässt sich nicht einschalten",
        "自动回复怎么关闭？",
        "自動返信が届きません",
        "부재중 전화",
        "Автоответ не работает",
        "Oooh, thank you!",
        "Re: Automatic reply: Payout",
        "On leave-taking and other customs",
        "Undeliverable",
        "Delivery failed",
        "Zustellung fehlgeschlagen",
    ],
)
def test_a_person_may_write_about_machines(subject: str) -> None:
    assert (
        kind(f"Subject: {subject}\n", "My parcel 550 123 never came. Write to me at ada@customers.test.") is None
    )


@pytest.mark.parametrize("words", NOT_DELIVERED)
def test_an_odd_report_is_known_by_its_subject_and_what_it_holds(words: str) -> None:
    """BE69."""
    assert kind(f"Subject: {words}\n", SYSTEM_SAYS) == "bounce"
    assert kind(f"Subject: {words}\n", "What does that mean?") is None


def test_a_report_that_a_person_sends_on_is_a_persons_mail() -> None:
    assert kind("Subject: Fwd: Returned mail: see transcript\n", f"What is this?\n\n> {SYSTEM_SAYS}") is None


def test_a_mail_that_goes_in_circles_is_a_machines() -> None:
    """BE71: however it comes that nobody stops it."""
    hop = "Received: from a.test by b.test; Mon, 2 Mar 2026 08:55:00 +0000\n"
    assert kind(hop * 49) is None
    assert kind(hop * 50) == "bot"


def test_the_reason_is_shown_with_what_was_found() -> None:
    found = read_mail(f"{PERSON}Subject: Automatic reply: Payout\n\nI am away.\n").automatic
    assert found == Automatic("auto_reply", "its subject begins with “automatic reply”")


def test_an_answering_machine_without_a_return_path_is_no_bounce() -> None:
    head = "Return-Path: <>\nSubject: Automatic reply: Payout\n"
    assert kind(head, "Call 555-0100, or pay 500 EUR.") == "auto_reply"


@pytest.mark.parametrize("subject", ["Mail delivery failed, please help", "Parcel undeliverable again"])
def test_a_mail_that_a_person_encloses_makes_no_report(subject: str) -> None:
    enclosed = "--b\n\nPlease help.\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@x.test>\n\nx\n--b--\n"
    message = read_mail(f"{PERSON}Subject: {subject}\nContent-Type: multipart/mixed; boundary=b\n\n{enclosed}")
    assert message.automatic is None
    assert (message.stray, message.reply_to) == (False, ())


def test_hostile_bodies_cost_no_more_than_their_length() -> None:
    for body in ("550 x " + "a" * 200_000, "550 " * 50_000, "a@" * 100_000):
        kind("Subject: Undeliverable\n", body)
