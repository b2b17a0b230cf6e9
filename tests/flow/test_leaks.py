"""What people should never have written: covered before it is kept, wherever it is kept or shown."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desk.actors import Actor
from tests.support.stores import Database
from tests.support.town import AGENT, Town, incoming, open_town
from tickets.errors import Forbidden
from tickets.ids import UserId
from tickets.model import TicketEnvelope

PHRASE = "abandon amount liar amount expire adjust cage candy arch gather drum buyer"
KEY = "KwDidQJHSE67VJ6MWRvbBKAxhD3F48DvqRT6JRqrjd7MHLBjGF7V"
WORDS = ("liar", "gather", KEY[:12])
ORIGINALS = ("raw_event", "blob")
"""Where what came stands byte for byte."""


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


def told_of(ticket: TicketEnvelope) -> list[str | int | None]:
    return [event.data["secrets"] for event in ticket.events if event.kind == "covered"]


async def test_a_seed_phrase_stands_nowhere_but_in_the_original(
    town: Town, sql_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    town.anna.write(f"Hilfe, mein Wallet ist leer\n{PHRASE}", town.bot)
    town.mei.write(
        to="support@example.test", subject=f"钱包 {KEY}", text=f"请帮我\n{PHRASE}", html=f"<p>{PHRASE}</p>"
    )
    chat, mail = await town.ticket_saying("Wallet ist leer"), await town.ticket_saying("请帮我")
    assert incoming(chat)[0].text == "Hilfe, mein Wallet ist leer\n[covered: seed phrase]"
    assert (mail.ticket.subject, incoming(mail)[0].html) == ("钱包 [covered: private key]", None)
    assert (told_of(chat), told_of(mail)) == (["seed phrase"], ["seed phrase, private key"])
    await town.settled(await town.answer(mail.ticket.number, "请不要再发送助记词。"), "sent")
    for table in set(sql_database.tables()) - set(ORIGINALS):
        kept = str(sql_database.rows(f"SELECT * FROM {table}"))
        assert not [word for word in WORDS if word in kept], table
    assert not [word for word in WORDS if word in caplog.text]
    assert not [word for word in WORDS if any(word in text for text in town.mail_texts() if "请不要再" in text)]


async def test_who_adds_a_secret_by_an_edit_is_covered_too(town: Town) -> None:
    wrote = town.anna.write("Mein Konto ist leer", town.bot)
    await town.ticket_saying("Mein Konto ist leer")
    town.anna.edit(wrote, f"Mein Konto ist leer. Passwort: Sommer2024 {PHRASE}")
    ticket = await town.ticket_saying("[covered: seed phrase]")
    [message] = incoming(ticket)
    assert message.text == "Mein Konto ist leer. Passwort: [covered: password] [covered: seed phrase]"
    assert message.secrets == ("password", "seed phrase")


async def test_only_leads_read_the_original(town: Town) -> None:
    town.anna.write(f"Mein Wallet: {PHRASE}", town.bot)
    ticket = await town.ticket_saying("Mein Wallet")
    number, message = ticket.ticket.number, incoming(ticket)[0]
    with pytest.raises(Forbidden):
        await town.service.desk.read_raw(AGENT, number, message.id, key="agent")
    lead = Actor("user:lead", "Lead", "lead", UserId("lead"))
    raw = await town.service.desk.read_raw(lead, number, message.id, key="lead")
    assert PHRASE.encode() in raw.payload
