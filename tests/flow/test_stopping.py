"""A stop in the middle of things: what was begun is finished, nothing becomes unknown without need."""

import asyncio
from pathlib import Path

from tests.support.stores import Database
from tests.support.town import open_town, until


async def test_an_answer_on_its_way_is_finished_before_the_end(sql_database: Database, tmp_path: Path) -> None:
    async with open_town() as town:
        config = town.config(sql_database.url, tmp_path)
        async with town.open_for_business(config):
            town.anna.write("Gleich wird abgeschaltet", town.bot)
            town.mei.write(to="support@example.test", subject="Auch hier", text="Auch hier wird abgeschaltet")
            chat = await town.ticket_saying("Gleich wird")
            post = await town.ticket_saying("Auch hier wird")
            await until(lambda: len(town.telegram.sent) == 1 and len(town.mei.received) == 1, "acknowledgements")
            town.telegram.faults.arm("delay", seconds=1.5, method="sendMessage")
            town.mail.faults.arm("smtp_delay", seconds=1.5)
            deliveries = [
                await town.answer(chat.ticket.number, "Noch per Chat"),
                await town.answer(post.ticket.number, "Noch per Mail"),
            ]
            await asyncio.gather(*(town.settled(one, "sending") for one in deliveries))
        async with town.open_for_business(config):
            for one in deliveries:
                await town.settled(one, "sent")
        assert town.telegram_texts() == ["Noch per Chat"]
        assert town.mail_texts() == ["Noch per Mail"]
