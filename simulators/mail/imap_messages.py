"""Commands on messages: SEARCH to EXPUNGE (RFC 3501 section 6.4), UIDPLUS (RFC 4315), MOVE (RFC 6851)."""

from collections.abc import Iterable

from simulators.mail.imap_fetch import Item, has_literal, marks_seen, parse_items, render
from simulators.mail.imap_folders import folder_errors, own_box
from simulators.mail.imap_names import compact_set
from simulators.mail.imap_parser import Cursor, NumberSet, Refused
from simulators.mail.imap_search import SearchParser
from simulators.mail.imap_session import ImapSession
from simulators.mail.imap_spoil import choose_victims, send_spoiled
from simulators.mail.imap_view import View
from simulators.mail.mailbox import Folder, StoredMail


def selected(session: ImapSession) -> View:
    """The view of a connection in the selected state."""
    assert session.view is not None
    return session.view


def writable(session: ImapSession) -> View:
    """The view, or NO when the folder was opened with EXAMINE."""
    view = selected(session)
    if view.read_only:
        raise Refused("folder is open read-only")
    return view


async def search(session: ImapSession, args: Cursor, *, by_uid: bool = False) -> str:
    """SEARCH and UID SEARCH."""
    args.space()
    view = selected(session)
    match = SearchParser(view, args).parse()
    found = [mail.uid for mail in view.mails(view.uids) if match(mail)]
    numbers = found if by_uid else [view.sequence(uid) for uid in found]
    session.send(" ".join(["* SEARCH", *map(str, numbers)]))
    return "SEARCH completed"


async def fetch(session: ImapSession, args: Cursor, *, by_uid: bool = False) -> str:
    """FETCH and UID FETCH."""
    uids = _asked(session, args, by_uid=by_uid)
    args.space()
    items = parse_items(args, with_uid=by_uid)
    view = selected(session)
    victims = choose_victims(session, uids, has_literal=has_literal(items))
    for mail in view.mails(uids):
        answer = render(view, mail, _mark_seen(view, mail, items))
        if mail.uid in victims:
            await send_spoiled(session, victims[mail.uid], answer)
        else:
            session.send_raw(answer)
        await session.flush_if_large()
    return "FETCH completed"


def _mark_seen(view: View, mail: StoredMail, items: list[Item]) -> list[Item]:
    """Set \\Seen where the items do so, and then tell the flags with them (RFC 3501 section 6.4.5)."""
    if view.read_only or "\\Seen" in mail.flags or not marks_seen(items):
        return items
    view.folder.set_flags(mail.uid, mail.flags | {"\\Seen"}, by=view)
    return items if Item("FLAGS") in items else [Item("FLAGS"), *items]


async def store(session: ImapSession, args: Cursor, *, by_uid: bool = False) -> str:
    """STORE and UID STORE."""
    uids = _asked(session, args, by_uid=by_uid)
    args.space()
    sign = next((sign for sign in ("+", "-") if args.accept(sign.encode())), "")
    args.need(b"FLAGS")
    silent = args.accept(b".SILENT")
    args.space()
    flags = set(args.flags())
    args.end()
    view = writable(session)
    items = [*([Item("UID")] if by_uid else []), Item("FLAGS")]
    for mail in view.mails(uids):
        view.folder.set_flags(mail.uid, _changed(mail.flags, sign, flags), by=view)
        if not silent:
            session.send_raw(render(view, mail, items))
    return "STORE completed"


def _changed(old: set[str], sign: str, flags: set[str]) -> set[str]:
    if sign == "+":
        return old | flags
    return old - flags if sign == "-" else set(flags)


async def copy(session: ImapSession, args: Cursor, *, by_uid: bool = False) -> str:
    """COPY and UID COPY."""
    uids, target = _transfer(session, args, by_uid=by_uid)
    return f"{_copy_to(selected(session), uids, target)}COPY completed"


async def move(session: ImapSession, args: Cursor, *, by_uid: bool = False) -> str:
    """MOVE and UID MOVE; COPYUID comes untagged, before the EXPUNGEs (RFC 6851 section 4.3)."""
    uids, target = _transfer(session, args, by_uid=by_uid)
    view = writable(session)
    code = _copy_to(view, uids, target)
    if code:
        session.send(f"* OK {code}moved")
    view.folder.remove(uids)
    return "MOVE completed"


def _transfer(session: ImapSession, args: Cursor, *, by_uid: bool) -> tuple[list[int], Folder]:
    uids = _asked(session, args, by_uid=by_uid)
    args.space()
    name = args.mailbox()
    args.end()
    with folder_errors("[TRYCREATE] "):
        return uids, own_box(session).folder(name)


def _copy_to(view: View, uids: list[int], target: Folder) -> str:
    """Copy and give the COPYUID code with a space after it; "" when nothing was there."""
    there = list(view.mails(uids))
    pairs = [(mail.uid, target.add(mail.raw, mail.flags, mail.received_at)) for mail in there]
    if not pairs:
        return ""
    old, new = (compact_set(column) for column in zip(*pairs, strict=True))
    return f"[COPYUID {target.uidvalidity} {old} {new}] "


async def expunge(session: ImapSession, args: Cursor) -> str:
    """EXPUNGE."""
    args.end()
    view = writable(session)
    _remove_deleted(view, view.uids)
    return "EXPUNGE completed"


async def uid_expunge(session: ImapSession, args: Cursor) -> str:
    """UID EXPUNGE, RFC 4315 section 2.1."""
    uids = _asked(session, args, by_uid=True)
    args.end()
    _remove_deleted(writable(session), uids)
    return "EXPUNGE completed"


async def close(session: ImapSession, args: Cursor, *, keep: bool = False) -> str:
    """CLOSE, which expunges silently, and UNSELECT (keep=True, RFC 3691)."""
    args.end()
    view = selected(session)
    if not keep and not view.read_only:
        _remove_deleted(view, view.uids)
    session.deselect()
    return "UNSELECT completed" if keep else "CLOSE completed"


def _remove_deleted(view: View, uids: Iterable[int]) -> None:
    view.folder.remove([mail.uid for mail in view.mails(list(uids)) if "\\Deleted" in mail.flags])


def _asked(session: ImapSession, args: Cursor, *, by_uid: bool) -> list[int]:
    """The set at the start of most commands, as UIDs."""
    args.space()
    numbers: NumberSet = args.number_set()
    view = selected(session)
    return view.by_uid(numbers) if by_uid else view.by_sequence(numbers)
