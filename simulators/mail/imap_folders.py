"""Commands on folders: SELECT to APPEND (RFC 3501 section 6.3) and IDLE (RFC 2177)."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from simulators.mail.imap_names import list_pattern, quote_name
from simulators.mail.imap_parser import BadSyntax, Cursor, Refused
from simulators.mail.imap_session import ImapSession
from simulators.mail.imap_view import View
from simulators.mail.mailbox import SPECIAL_USE, Folder, FolderError, SimMailbox

_FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
_KEPT_FLAGS = f"{_FLAGS} \\*"  # "\\*": keywords may be made up
_STATUS: dict[str, Callable[[Folder], int]] = {
    "MESSAGES": lambda folder: len(folder.uids),
    "RECENT": lambda folder: len(folder.recent),
    "UIDNEXT": lambda folder: folder.uidnext,
    "UIDVALIDITY": lambda folder: folder.uidvalidity,
    "UNSEEN": lambda folder: sum("\\Seen" not in mail.flags for mail in folder.mails.values()),
}


def own_box(session: ImapSession) -> SimMailbox:
    """The mailbox of a connection that has logged in."""
    assert session.box is not None
    return session.box


@contextmanager
def folder_errors(code: str = "") -> Iterator[None]:
    """Turn a FolderError into NO, with a response code such as "[TRYCREATE] "."""
    try:
        yield
    except FolderError as error:
        raise Refused(code + str(error)) from error


async def select(session: ImapSession, args: Cursor, *, read_only: bool = False) -> str:
    """SELECT and EXAMINE; on failure nothing is selected (RFC 3501 section 6.3.1)."""
    args.space()
    name = args.mailbox()
    args.end()
    session.deselect()
    with folder_errors("[NONEXISTENT] "):
        folder = own_box(session).folder(name)
    session.view = View(folder, read_only=read_only)
    _describe(session, session.view)
    return "[READ-ONLY] EXAMINE completed" if read_only else "[READ-WRITE] SELECT completed"


def _describe(session: ImapSession, view: View) -> None:
    folder = view.folder
    unseen = next((uid for uid in view.uids if "\\Seen" not in folder.mails[uid].flags), None)
    session.send(f"* FLAGS ({_FLAGS})")
    session.send(f"* {len(view.uids)} EXISTS")
    session.send(f"* {len(view.recent)} RECENT")
    if unseen is not None:
        session.send(f"* OK [UNSEEN {view.sequence(unseen)}] first unseen")
    session.send(f"* OK [PERMANENTFLAGS ({'' if view.read_only else _KEPT_FLAGS})] flags kept")
    session.send(f"* OK [UIDVALIDITY {folder.uidvalidity}] UIDs valid")
    session.send(f"* OK [UIDNEXT {folder.uidnext}] predicted next UID")


async def create(session: ImapSession, args: Cursor) -> str:
    """CREATE."""
    args.space()
    name = args.mailbox()
    args.end()
    with folder_errors("[ALREADYEXISTS] "):
        own_box(session).create_folder(name)
    return "CREATE completed"


async def rename(session: ImapSession, args: Cursor) -> str:
    """RENAME."""
    args.space()
    old = args.mailbox()
    args.space()
    new = args.mailbox()
    args.end()
    with folder_errors():
        own_box(session).rename_folder(old, new)
    return "RENAME completed"


async def delete(session: ImapSession, args: Cursor) -> str:
    """DELETE."""
    args.space()
    name = args.mailbox()
    args.end()
    with folder_errors():
        own_box(session).delete_folder(name)
    return "DELETE completed"


async def subscribe(session: ImapSession, args: Cursor, *, wanted: bool = True) -> str:
    """SUBSCRIBE and UNSUBSCRIBE."""
    args.space()
    name = args.mailbox()
    args.end()
    names = own_box(session).subscribed
    names.add(name) if wanted else names.discard(name)
    return "completed"


async def namespace(session: ImapSession, args: Cursor) -> str:
    """NAMESPACE, RFC 2342: personal folders only."""
    args.end()
    session.send('* NAMESPACE (("" "/")) NIL NIL')
    return "NAMESPACE completed"


async def list_folders(session: ImapSession, args: Cursor, *, subscribed: bool = False) -> str:
    """LIST and LSUB."""
    args.space()
    reference = args.mailbox()
    args.space()
    pattern = args.list_mailbox()
    args.end()
    box = own_box(session)
    word = b"LSUB" if subscribed else b"LIST"
    if not pattern and not subscribed:
        session.send(b'* LIST (\\Noselect) "/" ""')
    matching = list_pattern(reference + pattern)
    for name in sorted(box.subscribed if subscribed else box.folders):
        if pattern and matching.fullmatch(name):
            session.send(b'* %s (%s) "/" %s' % (word, _attributes(box, name), quote_name(name)))
    return f"{word.decode()} completed"


def _attributes(box: SimMailbox, name: str) -> bytes:
    has_children = any(other.startswith(name + "/") for other in box.folders)
    children = "\\HasChildren" if has_children else "\\HasNoChildren"
    return " ".join(filter(None, [children, SPECIAL_USE.get(name)])).encode()


async def status(session: ImapSession, args: Cursor) -> str:
    """STATUS."""
    args.space()
    name = args.mailbox()
    args.need(b" (")
    items = [args.atom()]
    while args.accept(b" "):
        items.append(args.atom())
    args.need(b")")
    args.end()
    if not set(items) <= set(_STATUS):
        raise BadSyntax("unknown status item")
    with folder_errors("[NONEXISTENT] "):
        folder = own_box(session).folder(name)
    values = " ".join(f"{item} {_STATUS[item](folder)}" for item in items)
    session.send(b"* STATUS %s (%s)" % (quote_name(name), values.encode()))
    return "STATUS completed"


async def append(session: ImapSession, args: Cursor) -> str:
    """APPEND with APPENDUID (RFC 4315 section 3)."""
    args.space()
    name = args.mailbox()
    args.space()
    flags: list[str] = []
    if args.data[args.at : args.at + 1] == b"(":
        flags = args.flags()
        args.space()
    received_at = session.service.now()
    if args.data[args.at : args.at + 1] == b'"':
        received_at = args.date_time()
        args.space()
    raw = args.literal()
    args.end()
    with folder_errors("[TRYCREATE] "):
        folder = own_box(session).folder(name)
    uid = folder.add(raw, flags, received_at)
    return f"[APPENDUID {folder.uidvalidity} {uid}] APPEND completed"


async def idle(session: ImapSession, args: Cursor) -> str:
    """IDLE: push news until the client says DONE (RFC 2177)."""
    args.end()
    if not session.idle_offered:
        raise BadSyntax("IDLE is not offered")
    silent = session.take_fault("imap_silent_idle") is not None
    session.send("+ idling")
    await session.flush()
    line = await _push_until_line(session, silent=silent)
    if line.strip().upper() != b"DONE":
        raise BadSyntax("expected DONE")
    return "IDLE completed"


async def _push_until_line(session: ImapSession, *, silent: bool) -> bytes:
    reading = asyncio.ensure_future(session.read_line())
    try:
        while not reading.done():
            if not silent:
                session.send_news(expunges=True)
                await session.flush()
            await _news_or(reading, session.view)
        return reading.result()
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def _news_or(reading: "asyncio.Future[bytes]", view: View | None) -> None:
    """Wait for a line or for news, whichever comes first."""
    wakeup = view.wakeup if view is not None else asyncio.Event()
    waking = asyncio.ensure_future(wakeup.wait())
    either: set[asyncio.Future[Any]] = {reading, waking}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waking.cancel()
        wakeup.clear()
