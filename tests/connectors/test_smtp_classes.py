"""What becomes of a mail is never guessed: every way in which an SMTP server can end a sending, and its class.

*Taken* needs a clear 2xx after the dot, *permanent* a clear 5xx about this
mail.  *Temporary* is what certainly did not arrive.  All else after the dot
is *unknown* (RFC 1047).  The simulator is the judge: it knows what it took.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, NamedTuple

import pytest

from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.registry import make_connector
from simulators.mail import MailPlatform
from tests.contract.connectors.harness import context, reply
from tests.support.town import ADDRESS, EMAIL, PASSWORD
from tickets.errors import DeliveryError
from tickets.ids import ThreadKey
from tickets.model import ReplyTarget
from tickets.ports import Connector
from tickets.secret import Secret

Class = Literal["taken", "temporary", "permanent", "unknown"]
TARGET = ReplyTarget("email", EMAIL, ThreadKey("t"), "private", to=("mei@customers.test",), subject="Re: 主题")
TEXT = "您好，已处理。\nتمّ الأمر\nเรียบร้อยแล้ว"
LONG = TEXT * 20_000
"""So much that it does not leave in one piece."""
NINE_MINUTES_S = 540.0
"""RFC 5321 §4.5.3.2.6 lets a server think for ten minutes after the dot."""
STEP_S = 30.0
PASSES = 500
"""So many times the loop goes around after each leap: whoever was due has then done what was to be done."""
GARBAGE = ("SSH-2.0-OpenSSH_9.2", "what is this", "99 too low", "\x00\xff\x16\x03\x01")


class Case(NamedTuple):
    """A fault and what it makes of the sending.  called: how the error is called; empty: any way."""

    fault: str
    expected: Class
    details: dict[str, object]
    times: int | None = 1
    called: str = ""
    text: str = TEXT

    @property
    def name(self) -> str:
        told = " ".join(ascii(value)[:24].strip("'") for value in self.details.values())
        return f"{self.fault.removeprefix('smtp_')} {told} {self.expected}"


def status(stage: str, code: int, expected: Class, **how: Any) -> Case:
    return Case("smtp_status", expected, {"stage": stage, "code": code}, **how)


def drops(stage: str, expected: Class, **how: Any) -> list[Case]:
    """The connection ends, politely and not."""
    return [Case("smtp_drop", expected, {"stage": stage, "reset": reset}, **how) for reset in (False, True)]


def answer(stage: str, text: str, expected: Class, *, closing: bool = False, **how: Any) -> Case:
    return Case("smtp_answer", expected, {"stage": stage, "text": text, "closing": closing}, **how)


BEFORE_THE_DOT = ("connect", "ehlo", "auth", "mail", "rcpt", "data")
CASES = [
    # Nothing has been handed over yet: whatever happens, it did not arrive.
    *(case for stage in BEFORE_THE_DOT for case in drops(stage, "temporary", times=None)),
    *(status(stage, 421, "temporary", times=None) for stage in BEFORE_THE_DOT),
    *(answer(stage, text, "temporary", times=None) for stage in BEFORE_THE_DOT for text in GARBAGE),
    *(answer(stage, f"{stage}-", "temporary", closing=True, times=None) for stage in BEFORE_THE_DOT),
    *(answer(stage, "450-half an answer", "temporary", closing=True, times=None) for stage in BEFORE_THE_DOT),
    *(answer(stage, "450-later\r\n450 friend", "temporary", times=None) for stage in BEFORE_THE_DOT),
    # A refusal of us says nothing about the mail (so do postfix's smtp_skip_5xx_greeting and RFC 4954 §6).
    status("connect", 554, "temporary"),
    status("ehlo", 550, "temporary", times=None),
    status("auth", 454, "temporary", times=None, called="smtp_454"),
    status("auth", 535, "temporary", times=None, called="credential"),
    # A refusal of the mail is what it says.
    *(status(stage, code, "temporary") for stage in ("mail", "rcpt", "data") for code in (450, 451, 452)),
    *(status(stage, code, "permanent") for stage in ("mail", "rcpt", "data") for code in (550, 552, 554)),
    *(
        answer(stage, "550-5.1.1 никогда\r\n550 5.1.1 永不", "permanent", called="smtp_550")
        for stage in ("mail", "rcpt", "data")
    ),
    # A yes to another question is no yes, and no refusal either.
    answer("mail", "354 go on", "temporary"),
    answer("rcpt", "354 go on", "temporary"),
    answer("data", "250 taken", "temporary"),
    answer("data", "251 stored elsewhere", "temporary"),
    # Somewhere in the mail or at its end.
    *drops("content", "unknown", text=LONG),
    *drops("dot", "unknown"),
    Case("smtp_drop_before_accept", "unknown", {}),
    Case("smtp_drop_after_accept", "unknown", {}),
    *(status("dot", code, "temporary") for code in (421, 450, 451, 452)),
    *(status("dot", code, "permanent") for code in (550, 552, 554)),
    answer("dot", "250-2.0.0 Danke\r\n250-2.0.0 谢谢\r\n250 2.0.0 ok", "taken"),
    answer("dot", "250-half an answer", "unknown", closing=True),
    answer("dot", "554-half an answer", "unknown", closing=True),
    *(answer("dot", text, "unknown") for text in GARBAGE),
    # All is well.
    answer("connect", "220-Grüße\r\n220 你好", "taken"),
    answer("rcpt", "251 2.1.5 User not local; will forward", "taken"),
    Case("smtp_drop_at_quit", "taken", {}),
]


@pytest.fixture
async def provider() -> AsyncIterator[MailPlatform]:
    async with MailPlatform() as platform:
        platform.add_mailbox(ADDRESS, PASSWORD)
        platform.add_person("Mei Lin", "mei@customers.test")
        yield platform


@pytest.fixture
async def mail(provider: MailPlatform) -> AsyncIterator[Connector]:
    common = {"host": "127.0.0.1", "tls": "none", "password": Secret(PASSWORD)}
    settings = Settings(
        address=ADDRESS,
        imap=ImapSettings(port=provider.imap_port, **common),
        smtp=SmtpSettings(port=provider.smtp_port, **common),
    )
    made = make_connector("email", settings, context(EMAIL))
    yield made
    await made.close()


async def outcome(mail: Connector, text: str = TEXT, key: str = "key") -> tuple[Class, str]:
    """The class of a sending, and how its error is called."""
    try:
        await mail.sender.send(reply(TARGET, text, key))
    except DeliveryError as error:
        if error.delivered is None:
            return "unknown", error.code
        return "temporary" if error.temporary else "permanent", error.code
    return "taken", ""


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_every_end_of_a_sending_has_its_class(provider: MailPlatform, mail: Connector, case: Case) -> None:
    provider.faults.arm(case.fault, times=case.times, **case.details)

    found, code = await outcome(mail, case.text)

    assert (found, code) == (case.expected, case.called or code)
    if found != "unknown":
        assert len(provider.sent) == (found == "taken"), "that was a guess"

    provider.faults.clear()
    assert await outcome(mail, key="next") == ("taken", ""), "the next mail suffers from it"
    assert provider.sent[-1].text.strip() == TEXT


async def test_an_answer_after_nine_minutes_is_waited_for(
    provider: MailPlatform, mail: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.faults.arm("smtp_delay", seconds=NINE_MINUTES_S)
    sending = asyncio.ensure_future(outcome(mail))
    assert await skipped_until(monkeypatch, provider, sending.done) >= NINE_MINUTES_S
    assert await sending == ("taken", "")


async def test_silence_after_the_dot_is_unknown_after_ten_minutes_and_not_before(
    provider: MailPlatform, mail: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.faults.arm("smtp_delay", seconds=10 * NINE_MINUTES_S)
    sending = asyncio.ensure_future(outcome(mail))
    assert 600.0 <= await skipped_until(monkeypatch, provider, sending.done) <= 600.0 + 2 * STEP_S
    assert await sending == ("unknown", "no_answer")
    assert len(provider.sent) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_silence_before_the_dot_is_temporary(
    provider: MailPlatform, mail: Connector, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    provider.faults.arm("smtp_delay", seconds=10 * NINE_MINUTES_S, stage=stage)
    sending = asyncio.ensure_future(outcome(mail))
    assert await skipped_until(monkeypatch, provider, sending.done) <= 600.0 + 2 * STEP_S
    assert await sending == ("temporary", "unreachable")
    assert provider.sent == []


async def skipped_until(
    monkeypatch: pytest.MonkeyPatch, provider: MailPlatform, condition: Callable[[], bool]
) -> float:
    """Let the loop's clock leap once the fault has struck; how many seconds until ``condition`` held."""
    loop = asyncio.get_running_loop()
    real, skipped_s = loop.time, 0.0
    async with asyncio.timeout(20):
        while not provider.faults.fired:
            await asyncio.sleep(0)
    monkeypatch.setattr(loop, "time", lambda: real() + skipped_s)
    for _ in range(2 * int(NINE_MINUTES_S / STEP_S)):
        skipped_s += STEP_S
        for _ in range(PASSES):
            await asyncio.sleep(0)
            if condition():
                return skipped_s
    raise AssertionError(f"still waiting after {skipped_s} s")
