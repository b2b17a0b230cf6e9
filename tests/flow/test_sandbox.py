"""The sandbox as a newcomer meets it: messages in many languages, and people who react to answers."""

import asyncio
from pathlib import Path

from service.config import load
from service.lifespan import Started
from service.sandbox import play, sandbox_config
from service.sandbox.script import CAST, SCRIPT
from tests.support.town import AGENT, PATIENCE_S
from tickets.feeds import FeedFilter
from tickets.records import TicketFilter


async def test_people_write_in_many_languages_and_react_to_answers(tmp_path: Path) -> None:
    config = sandbox_config(load(None, {"SWITCHBOARD__SERVICE__DATA_DIR": str(tmp_path)}))
    stop, up = asyncio.Event(), asyncio.Event()
    services: list[Started] = []

    async def started(service: Started) -> None:
        services.append(service)
        up.set()

    playing = asyncio.create_task(play(config, started, stop, pace=0.05))
    async with asyncio.timeout(3 * PATIENCE_S):
        await up.wait()
        store, desk = services[0].store, services[0].desk
        told = {(line.who, line.where) for line in SCRIPT}
        while len(rows := (await store.list_tickets(TicketFilter(limit=200))).items) < len(told):
            await store.wait("events", store.pulse("events"), 1)
        while len(items := await store.list_items(FeedFilter())) < 5:
            await store.wait("events", store.pulse("events"), 1)
        assert {item.mood for item in items} == {"", "upset", "alarming"}
        assert [item.alike for item in items if item.mood == "alarming"] == [1]
        assert rows[0].ticket.requester == "Mei Lin"
        assert rows[0].ticket.priority >= 60
        assert len({row.ticket.language for row in rows}) >= 8
        assert any(row.ticket.requester == "James" and row.ticket.channel == "email" for row in rows)
        channels = {row.ticket.channel: row for row in reversed(rows)}
        assert set(channels) == {"telegram", "discord", "x", "email"}
        for row in channels.values():
            await desk.answer(AGENT, row.ticket.number, "Das ist erledigt.", key=f"answer-{row.ticket.number}")
        thanks = {person.name: person.thanks for person in CAST}
        for row in channels.values():
            while not any(
                thanks[row.ticket.requester] in message.text
                for message in (await desk.get_ticket(AGENT, row.ticket.number)).messages
            ):
                await store.wait("events", store.pulse("events"), 1)
    stop.set()
    await playing


def test_the_script_shows_what_it_promises() -> None:
    languages = {person.key: person.language for person in CAST}
    assert len({languages[line.who] for line in SCRIPT}) >= 8
    assert {line.where for line in SCRIPT} == {"telegram", "discord", "x", "email"}
    stolen = {(line.who, line.where) for line in SCRIPT if "被盗" in line.text}
    assert len(stolen) == 2
    assert len({who for who, _where in stolen}) == 1
    assert any(line.pictures > 1 for line in SCRIPT)
    texts = [(line.who, line.text) for line in SCRIPT]
    assert any(texts.count(one) == 2 for one in texts)
    assert sum("503" in line.text for line in SCRIPT) >= 5
