"""What mail systems report, and which mail it is about."""

import pytest

from tests.support.golden import OWN_IDS, read_mail
from tickets.model import DeliveryReport
from tickets.own_names import message_id

HELP = OWN_IDS["email"]
NAME = message_id("0123456789abcdefghjk.1", "00112233445566778899", HELP)
FROM = "From: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail\n"


def dsn(fields: str, enclosed: str = f"Message-ID: {NAME}") -> str:
    return (
        f"{FROM}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\n\nSee below.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
        f"{fields}\n\n--b\nContent-Type: message/rfc822\n\nFrom: {HELP}\n{enclosed}\n\nHello\n--b--\n"
    )


FIELDS = "Final-Recipient: rfc822; gone@customers.test\nAction: {action}\nStatus: {status}"


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [
        ("failed", "5.1.1", "failed"),
        ("FAILED", "5.1.1", "failed"),
        ("failed (retry time exceeded)", "4.4.7", "failed"),
        ("delayed", "4.4.1", "delayed"),
        ("delivered", "2.0.0", "delivered"),
        ("relayed", "2.0.0", "delivered"),
        ("expanded", "2.0.0", "delivered"),
        ("unheard-of", "5.0.0", "failed"),
        ("", "4.2.2", "delayed"),
        ("", "2.1.5", "delivered"),
    ],
)
def test_the_outcome_of_a_report(action: str, status: str, outcome: str) -> None:
    """BE66, BE68."""
    found = read_mail(dsn(FIELDS.format(action=action, status=status)))
    assert found.report == DeliveryReport(outcome, "gone@customers.test", status)  # type: ignore[arg-type]
    assert (found.reply_to, found.claims) == ((NAME,), (NAME,))


def test_of_several_recipients_the_worst_is_told() -> None:
    good = "Final-Recipient: rfc822;one@customers.test\nAction: relayed\nStatus: 2.0.0"
    bad = FIELDS.format(action="failed", status="5.2.2") + "\nDiagnostic-Code: smtp; 552 5.2.2\n   Mailbox full"
    found = read_mail(dsn(f"{good}\n\n{bad}"))
    assert found.report == DeliveryReport("failed", "gone@customers.test", "5.2.2", "552 5.2.2 Mailbox full")


@pytest.mark.parametrize(
    ("text", "report"),
    [
        (
            "The following address failed:\n  <gone@customers.test>: 550 no such user",
            DeliveryReport("failed", "gone@customers.test", "", "<gone@customers.test>: 550 no such user"),
        ),
        (
            "<gone@customers.test>\nRemote host said: 452 4.2.2 mailbox full",
            DeliveryReport("delayed", "gone@customers.test", "4.2.2", "Remote host said: 452 4.2.2 mailbox full"),
        ),
        ("您的邮件无法投递到 gone@customers.test，原因不明。", None),
    ],
)
def test_an_odd_report_tells_what_its_words_say_and_no_more(text: str, report: DeliveryReport | None) -> None:
    """BE69."""
    found = read_mail(f"{FROM}\n{text}\n\nMessage-ID: {NAME}\n")
    assert found.report == report
    assert found.reply_to == (NAME,)


def test_a_report_about_a_mail_that_we_never_sent_is_known_as_such() -> None:
    """BE67."""
    fields = FIELDS.format(action="failed", status="5.1.1")
    assert read_mail(dsn(fields, "Message-ID: <spam@elsewhere.test>")).stray
    assert not read_mail(dsn(fields)).stray
    assert not read_mail(dsn(fields, "Subject: no name")).stray  # it may be about one of ours: nobody can tell


def test_a_report_that_answers_one_of_ours_is_not_stray_whatever_it_encloses() -> None:
    raw = dsn(FIELDS.format(action="failed", status="5.1.1"), "Message-ID: <renamed@provider.test>")
    assert not read_mail(
        raw.replace("Content-Type: multipart", f"In-Reply-To: {NAME}\nContent-Type: multipart", 1)
    ).stray


def test_a_person_at_postmaster_who_quotes_a_message_id_is_heard() -> None:
    raw = "From: Ada <postmaster@customers.test>\nSubject: x\n\nWhat is this?\n> Message-ID: <abc@x.test>\n"
    assert not read_mail(raw).stray


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Warning: message delayed 24 hours", "Delivery of Order 550 of March to ada@customers.test is late."),
        ("Zustellung verzögert", "<ada@customers.test>: host mx said: 550 try again later"),
        ("Delivery Status Notification (Delay)", "gone@customers.test: smtp 554 5.0.0 still trying"),
    ],
)
def test_what_is_only_late_has_not_failed(subject: str, text: str) -> None:
    found = read_mail(f"From: MAILER-DAEMON@mx.test\nSubject: {subject}\n\n{text}\n").report
    assert found is None or found.outcome == "delayed"


def test_numbers_that_are_none_of_smtp_report_nothing() -> None:
    text = "Your order 550 of March costs 500 EUR.\nCall 555-0100."
    assert read_mail(f"From: postmaster@shop.test\nSubject: Order\n\n{text}\n").report is None


def test_reports_in_unicode_are_read_too() -> None:
    """RFC 6533."""
    raw = dsn("Final-Recipient: utf-8; gone@customers.test\nAction: failed\nStatus: 5.1.1")
    raw = raw.replace("message/delivery-status", "message/global-delivery-status").replace(
        "message/rfc822", "message/global"
    )
    found = read_mail(raw)
    assert found.report is not None
    assert (found.report.outcome, found.reply_to) == ("failed", (NAME,))


def test_a_provider_that_renames_our_mails_does_not_hide_them() -> None:
    enclosed = f"Message-ID: <renamed@provider.test>\nX-Switchboard-Message: {NAME}"
    assert NAME in read_mail(dsn(FIELDS.format(action="failed", status="5.1.1"), enclosed)).reply_to


def test_a_persons_mail_reports_nothing() -> None:
    text = "From: Ada <ada@customers.test>\nSubject: 550\n\n550 5.1.1 no such user, says my provider.\n"
    assert read_mail(text).report is None


def test_our_own_mail_that_comes_back_is_a_machines() -> None:
    """BE71: whoever sent it on, and whatever else was taken off."""
    head = f"From: Robot <robot@elsewhere.test>\nX-Switchboard-Message: {NAME}\n"
    found = read_mail(f"{head}\nHello\n").automatic
    assert found is not None
    assert found.kind == "bot"
    other = head.replace("@desk.example.test", "@desk.elsewhere.test")
    assert read_mail(f"{other}\nHello\n").automatic is None  # another desk's people write to us


@pytest.mark.parametrize("unit", ["Action: failed\n", "\n\n", "a: b\n ", "550 ", "5.1.1", "@", "x@y ", "-"])
def test_hostile_reports_cost_no_more_than_their_length(unit: str) -> None:
    filled = (unit * 200_000)[:200_000]
    read_mail(dsn(filled))
    read_mail(f"{FROM}\n{filled}\n")
