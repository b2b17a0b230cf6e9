"""Mail is read in processes that may be killed; whatever happens to them, a ticket comes out."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from msgspec.structs import replace

from normalizer.known import Known
from router.gist import gist_of
from service.parsers import OVERWHELMING, Parsers
from tests.support import worker
from tests.support.builders import MAIN, T0
from tests.support.inbound import MAIL
from tickets.errors import PayloadError
from tickets.model import InboundMessage, RawEvent

pytestmark = pytest.mark.asyncio(loop_scope="module")

FROM = b"From: Ada <ada@customers.test>\n"
AUTH = b"Authentication-Results: mx.desk.example.test; dmarc=pass header.from=customers.test\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parsers() -> AsyncIterator[Parsers]:
    parsers = Parsers({MAIL: Known(("mx.desk.example.test",))})
    parsers.start()
    yield parsers
    await parsers.close()
    await parsers.close()


def mail(payload: bytes) -> RawEvent:
    return RawEvent("email", MAIL, "1", "c", payload, T0, "help@desk.example.test")


def nested(depth: int, kind: str) -> bytes:
    """BE02, BE03."""
    if kind == "multipart":
        parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    else:
        parts = "Content-Type: message/rfc822\n\n" * depth
    return FROM + parts.encode() + b"\ninnermost\n"


async def test_mail_that_overwhelms_the_reader_is_a_ticket_all_the_same(parsers: Parsers) -> None:
    """The hostile ones are killed or give up; the good ones among them are read as ever."""
    good = FROM + AUTH + b"Content-Type: text/html\n\n<p>Hello</p>"
    told = await parsers.normalize(
        [
            mail(good),
            mail(nested(1_000, "multipart")),
            mail(nested(1_000, "rfc822")),
            mail(b"Subject: nobody\n\nx"),
            RawEvent("telegram", MAIN, "2", "c", b"{}", T0, "bot"),
            mail(good),
        ]
    )
    first, multipart, rfc822, nobody, chat, last = told
    assert isinstance(first, InboundMessage)
    assert isinstance(last, InboundMessage)
    assert (first.text, first.authenticity.verdict) == ("Hello", "verified")
    assert last.text == "Hello"
    for hostile in (multipart, rfc822):
        assert isinstance(hostile, InboundMessage)
        assert hostile.author.external_id == "ada@customers.test"
        assert hostile.warnings[0].startswith(OVERWHELMING)
        assert "Content-Type" in hostile.text
    assert isinstance(nobody, PayloadError)
    assert isinstance(chat, PayloadError)


async def test_a_worker_that_is_killed_or_stuck_is_replaced(
    parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed for its CPU, for its memory, or for taking too long: the next mail is read."""
    for victim in (worker.kill_itself, worker.take_all_memory):
        monkeypatch.setattr("service.parsers.limited", victim)
        [told] = await parsers.normalize([mail(FROM + b"\nHello")])
        assert isinstance(told, InboundMessage)
        assert told.warnings[0].startswith(OVERWHELMING)
        assert told.text == "Hello"
    monkeypatch.setattr("service.parsers.WALL_S", 0.2)
    monkeypatch.setattr("service.parsers.limited", worker.wait_for_ever)
    [told] = await parsers.normalize([mail(FROM + b"\nHello")])
    assert isinstance(told, InboundMessage)
    assert told.warnings[0].startswith(OVERWHELMING)
    monkeypatch.undo()
    [told] = await parsers.normalize([mail(FROM + b"\nHello")])
    assert isinstance(told, InboundMessage)
    assert told.warnings == ()


async def test_of_mails_that_travel_together_only_the_one_to_blame_is_left_unread(
    parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.parsers.limited", worker.kill_itself_over_hello)
    texts = ["one", "Hello", "three"]
    told = await parsers.normalize([mail(FROM + b"\n" + text.encode()) for text in texts])
    messages = [one for one in told if isinstance(one, InboundMessage)]
    assert [one.text for one in messages] == texts
    assert [bool(one.warnings) for one in messages] == [False, True, False]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the listener's end
@pytest.mark.parametrize("how", ["answer_unreadably_over_hello", "answer_in_half_over_hello"])
async def test_readers_that_broke_down_altogether_are_started_anew(
    how: str, parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise no mail would be read any more until the program is started again."""
    monkeypatch.setattr("service.parsers.limited", getattr(worker, how))
    monkeypatch.setattr("service.parsers.WALL_S", 2.0)
    texts = ["one", "Hello", "three"]
    told = await parsers.normalize([mail(FROM + b"\n" + text.encode()) for text in texts])
    messages = [one for one in told if isinstance(one, InboundMessage)]
    assert [one.text for one in messages] == texts
    assert [bool(one.warnings) for one in messages] == [False, True, False]


async def test_what_is_read_elsewhere_brings_its_gist(parsers: Parsers) -> None:
    [told] = await parsers.normalize([mail(FROM + b"\nMi cuenta fue hackeada ayer.\n\n> Gracias")])
    assert isinstance(told, InboundMessage)
    assert told.gist is not None
    assert told.gist.said == "Mi cuenta fue hackeada ayer."
    assert told.gist.theft
    assert told.gist == gist_of(replace(told, gist=None))


async def test_a_large_attachment_fits_into_a_worker(parsers: Parsers) -> None:
    """BE11."""
    line = b"QUFB" * 19 + b"\n"
    head = b"Content-Type: a/b; name=big\nContent-Transfer-Encoding: base64\n\n"
    [told] = await parsers.normalize([mail(FROM + head + line * (25 * 1024 * 1024 // 57))])
    assert isinstance(told, InboundMessage)
    [file] = told.attachments
    assert file.size_bytes == 25 * 1024 * 1024 // 57 * 57
    assert told.warnings == ()
