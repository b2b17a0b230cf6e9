"""Rules in the running program: answers, notes, hooks of another program over a socket, and a look back."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from connectors.http.hooks import KEY, SIGNATURE, signature
from service.config import Config, RepliesSection
from service.routing import ActionTable, ConditionTable, HookTable, Routing, RuleTable
from tests.support.ports import free_port
from tests.support.stores import Database
from tests.support.town import Town, open_town
from tickets.ids import TicketNumber
from tickets.secret import Secret

SECRET = "a secret of no value, thirty-two bytes long"


class Program:
    """Another program, that is called.  answers: statuses with bodies, the last for ever."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.url = ""
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self._answers = list(answers)

    async def serve(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        status, text = self._answers[min(len(self.calls), len(self._answers)) - 1]
        return web.Response(status=status, text=text)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Program"]:
        app, port = web.Application(), free_port()
        app.router.add_post("/freeze", self.serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}/freeze"
        try:
            yield self
        finally:
            await runner.cleanup()


def ruled(config: Config, url: str, folder: Path, **then: object) -> Config:
    answers = folder / "answers"
    answers.mkdir()
    (answers / "first-aid.en.ftl").write_text("first-aid = Change your password now.\n    .title = First aid\n")
    (answers / "first-aid.de.ftl").write_text("first-aid = Ändern Sie sofort Ihr Passwort.\n")
    rule = RuleTable(
        when=("opened",), condition=ConditionTable(words=("gehackt", "hacked")), then=ActionTable(**then)
    )
    hook = HookTable(url=url, secret=Secret(SECRET), timeout_s=5)
    routing = Routing(rules={"stolen": rule}, hooks={"freeze": hook})
    return config._replace(routing=routing, replies=RepliesSection(folder=str(answers)))


async def notes(town: Town, number: TicketNumber) -> list[str]:
    whole = await town.service.store.find_ticket(number)
    assert whole is not None
    return [one.text for one in whole.messages if one.direction == "note"]


async def test_a_rule_answers_notes_and_has_another_program_called_once(
    sql_database: Database, tmp_path: Path
) -> None:
    told = json.dumps({"note": "Frozen since 14:03 \u0007", "more": 1})
    program = Program((503, "busy"), (200, told))
    async with open_town() as town, program.running():
        base = town.config(sql_database.url, tmp_path)
        config = ruled(
            base, program.url, tmp_path, reply="first-aid", note="Look at it", hook="freeze", tags=("theft",)
        )
        async with town.open_for_business(config):
            town.anna.write("Mein Konto 12345678 wurde gehackt", town.bot)
            ticket = await town.ticket_saying("gehackt")
            number = ticket.ticket.number

            async def called() -> bool:
                return any("Frozen" in one for one in await notes(town, number))

            await town.eventually(called, "the hook's answer")
            assert await notes(town, number) == ["Look at it", "The hook freeze did it.\nFrozen since 14:03"]
            await town.eventually(_answered(town), "the answer")
            whole = await town.service.store.find_ticket(number)
    assert whole is not None
    assert whole.ticket.tags == ("theft",)
    assert [one.kind for one in whole.events].count("ruled") == 1
    (first, body), (second, again) = program.calls
    assert first[KEY] == second[KEY]
    stamp, signed = (part.partition("=")[2] for part in first[SIGNATURE].split(","))
    assert signed == signature(SECRET, stamp, body)
    said = json.loads(body)
    assert (said["rule"], said["event"], said["ticket"]["number"]) == ("stolen", "opened", number)
    assert said["requester"]["channel"] == "telegram"
    assert b"gehackt" not in body  # what was written is nobody else's
    assert json.loads(again)["ticket"]["number"] == number


def _answered(town: Town) -> Callable[[], Awaitable[bool]]:
    async def answered() -> bool:
        return any("Ändern Sie sofort" in text for text in town.accepted())

    return answered


async def test_what_a_rule_cannot_do_is_said_in_the_ticket(tmp_path: Path) -> None:
    async with open_town() as town:
        base = town.config(f"sqlite:///{tmp_path}/x.db", tmp_path)
        config = ruled(base, "http://127.0.0.1:9/freeze", tmp_path, assign="Nobody", note="Still noted")
        async with town.open_for_business(config):
            town.anna.write("I was hacked", town.bot)
            number = (await town.ticket_saying("hacked")).ticket.number

            async def told() -> bool:
                return len(await notes(town, number)) == 2

            await town.eventually(told, "both notes")
            assert await notes(town, number) == [
                "Still noted", "A rule could not do it: there is no user called Nobody.",
            ]  # fmt: skip


@pytest.mark.parametrize("status", [400, 404, 302])
async def test_a_refusal_is_final_and_no_redirect_is_followed(tmp_path: Path, status: int) -> None:
    program = Program((status, "<b>no</b>"))
    async with open_town() as town, program.running():
        config = ruled(town.config(f"sqlite:///{tmp_path}/x.db", tmp_path), program.url, tmp_path, hook="freeze")
        async with town.open_for_business(config):
            town.anna.write("I was hacked", town.bot)
            number = (await town.ticket_saying("hacked")).ticket.number

            async def told() -> bool:
                return bool(await notes(town, number))

            await town.eventually(told, "the refusal")
            assert await notes(town, number) == [f"The hook freeze refused it ({status}).\n<b>no</b>"]
    assert len(program.calls) == 1
