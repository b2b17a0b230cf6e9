"""Posts of a Discord forum are tickets, and say in their tags how these stand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.discord.channels import SimForum, SimThread
from tests.support.stores import Database
from tests.support.town import AGENT, DISCORD, Town, incoming, open_town, unescaped, until

SAID = "ถอนเงินไม่ได้ตั้งแต่เมื่อวาน"


@pytest.fixture
async def forum_town(sql_database: Database, tmp_path: Path) -> AsyncIterator[tuple[Town, SimForum]]:
    async with open_town() as place:
        place.discord_bot.message_content = True
        forum = place.guild.add_forum("help", "Open", "Solved", "Payments", "Android")
        changed = {DISCORD: {"forums": (str(forum.id),), "staff_roles": ("4711",)}}
        async with place.open_for_business(place.config(sql_database.url, tmp_path, changed=changed)):
            yield place, forum


def names_of(forum: SimForum, post: SimThread) -> set[str]:
    return {name for name, tag_id in forum.tags.items() if tag_id in post.tags}


async def test_a_post_is_a_ticket_with_its_title_and_is_answered_in_it(forum_town: tuple[Town, SimForum]) -> None:
    town, forum = forum_town
    post, _ = town.linh.start_post(forum, "ถอนเงิน", SAID)
    ticket = await town.ticket_saying(SAID)
    assert (ticket.ticket.subject, ticket.threads[0].visibility) == ("ถอนเงิน", "public")
    await town.settled(await town.answer(ticket.ticket.number, "กำลังตรวจสอบค่ะ"), "sent")
    answer = town.discord.sent[-1]
    assert (answer.channel_id, unescaped(answer.text)) == (post.id, "กำลังตรวจสอบค่ะ")
    town.linh.say("ขอบคุณค่ะ", post)
    assert (await town.ticket_saying("ขอบคุณ")).ticket.number == ticket.ticket.number


async def test_tags_archive_and_lock_follow_the_ticket_and_others_tags_stay(
    forum_town: tuple[Town, SimForum],
) -> None:
    town, forum = forum_town
    post, _ = town.linh.start_post(forum, "ถอนเงิน", SAID)
    post.tags = [forum.tags["Payments"], forum.tags["Open"]]
    number = (await town.ticket_saying(SAID)).ticket.number
    await town.service.desk.close(AGENT, number, key="c")
    await until(lambda: post.locked, "locked")
    assert names_of(forum, post) == {"Payments", "Solved"}
    assert post.archived_at is not None
    await town.service.desk.reopen(AGENT, number, key="r")
    await until(lambda: not post.locked, "open again")
    assert names_of(forum, post) == {"Payments", "Open"}
    assert post.archived_at is None


async def test_what_staff_write_in_a_post_is_an_answer(forum_town: tuple[Town, SimForum]) -> None:
    town, forum = forum_town
    post, _ = town.linh.start_post(forum, "ถอนเงิน", SAID)
    number = (await town.ticket_saying(SAID)).ticket.number
    colleague = town.discord.add_person("Mai", username="mai")
    town.guild.roles[colleague.id] = ["4711"]
    colleague.say("ลองอีกครั้งนะคะ", post)

    async def answered() -> bool:
        found = await town.service.store.find_ticket(number)
        return found is not None and found.ticket.status == "pending" and len(incoming(found)) == 1

    await town.eventually(answered, "an answer by staff")


async def test_threads_elsewhere_still_must_name_the_bot(forum_town: tuple[Town, SimForum]) -> None:
    town, forum = forum_town
    thread = town.linh.start_thread(town.hall, "Chat")
    town.linh.say("nobody is called", thread)
    town.linh.start_post(forum, "Hilfe", "danach")
    await town.ticket_saying("danach")
    assert len(await town.tickets()) == 1
