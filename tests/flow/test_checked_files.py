"""Files that people send are looked at by a scanner before anybody gets them."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from service.config import FilesSection
from tests.support.stores import Database
from tests.support.town import ADDRESS, Town, incoming, open_town
from tickets.ids import BlobId
from tickets.model import Attachment

HARMFUL = b"X5O!P%@AP-STANDARD-TEST"
SCAN = f"""
import pathlib, sys
content = sys.stdin.buffer.read()
if pathlib.Path(sys.argv[1]).exists():
    sys.exit(2)
if {HARMFUL!r} in content:
    print("stream: Eicar-Signature FOUND")
    sys.exit(1)
"""
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """The scanner is away while there is a file named away."""
    command = (sys.executable, "-c", SCAN, str(tmp_path / "away"))
    async with open_town() as place:
        config = place.config(sql_database.url, tmp_path)
        async with place.open_for_business(config._replace(files=FilesSection(check_command=command))):
            yield place


async def file_once(town: Town, text: str, wanted: Callable[[Attachment], bool]) -> Attachment:
    found: list[Attachment] = []

    async def there() -> bool:
        ticket = await town.ticket_saying(text)
        found[:] = incoming(ticket)[0].attachments
        return bool(found) and wanted(found[0])

    await town.eventually(there, "the file as it should be")
    return found[0]


async def bytes_of(town: Town, blob: BlobId) -> bytes:
    return b"".join([piece async for piece in town.service.store.read_blob(blob)])


async def test_a_clean_file_is_there_and_a_harmful_one_says_what_was_found(town: Town) -> None:
    town.mei.write(to=ADDRESS, subject="clean", text="干净的文件", attachments=[("a.png", "image/png", PICTURE)])
    clean = await file_once(town, "干净的文件", lambda file: file.state == "stored")
    assert clean.sha256 is not None
    assert await bytes_of(town, clean.sha256) == PICTURE
    town.mei.write(
        to=ADDRESS,
        subject="harm",
        text="有害的文件",
        attachments=[("b.bin", "application/octet-stream", HARMFUL * 50_000)],
    )
    harmful = await file_once(town, "有害的文件", lambda file: file.state == "missing")
    assert harmful.sha256 is None
    assert "Eicar-Signature" in harmful.note
    town.anna.send_photo(HARMFUL + PICTURE, town.bot, "aus dem Chat")
    fetched = await file_once(town, "aus dem Chat", lambda file: file.state == "missing")
    assert "Eicar-Signature" in fetched.note


async def test_while_the_scanner_is_away_files_wait_and_the_team_is_told(town: Town, tmp_path: Path) -> None:
    (tmp_path / "away").touch()
    town.mei.write(to=ADDRESS, subject="later", text="稍后检查", attachments=[("a.png", "image/png", PICTURE)])

    async def told() -> bool:
        notices = await town.service.store.list_notices()
        return any("cannot be checked for malware" in one.notice.text for one in notices)

    await town.eventually(told, "a notice")
    waiting = await file_once(town, "稍后检查", lambda file: True)
    assert waiting.state == "pending"
