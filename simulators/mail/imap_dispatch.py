"""The life of one IMAP connection: greeting, then command after command, in order."""

import asyncio

from simulators.faults import Fault
from simulators.mail.fault_list import number, words
from simulators.mail.imap_commands import COMMANDS, Command
from simulators.mail.imap_parser import BadSyntax, Cursor, Refused
from simulators.mail.imap_session import Hangup, ImapSession, Silence, TooBig

_NO_EXPUNGES = frozenset({"FETCH", "STORE", "SEARCH"})


async def serve(session: ImapSession) -> None:
    """Serve one connection until either side ends it."""
    try:
        await _greet(session)
        while True:
            await _answer_next(session)
    except Hangup:
        pass
    except Silence:
        await _ignore(session)
    finally:
        await session.close()


async def _greet(session: ImapSession) -> None:
    session.idle_offered = session.take_fault("imap_no_idle_capability") is None
    session.starttls_hidden = session.take_fault("imap_no_starttls") is not None
    fault = session.take_fault("imap_bye", "imap_hang", must_name="command", command="CONNECT")
    if fault is not None:
        await _misbehave(session, fault, "*")
    session.send(f"* OK [CAPABILITY {session.capabilities()}] ready")
    await session.flush()


async def _answer_next(session: ImapSession) -> None:
    try:
        data = await session.read_command()
    except TooBig as refused:
        session.send(f"{refused} NO [TOOBIG] literal too long")
    except BadSyntax as error:
        session.send(f"* BAD {error}")
    else:
        await _answer(session, data)
    await session.flush()


async def _answer(session: ImapSession, data: bytes) -> None:
    args = Cursor(data)
    try:
        tag = args.tag()
    except BadSyntax as error:
        session.send(f"* BAD {error}")
        return
    try:
        await _run(session, tag, args)
    except BadSyntax as error:
        session.send(f"{tag} BAD {error}")
    except Refused as error:
        session.send(f"{tag} NO {error}")


async def _run(session: ImapSession, tag: str, args: Cursor) -> None:
    name, command = _read_command(args)
    await _faults_before(session, tag, name)
    command.check_state(session)
    _check_view(session)
    text = await command.run(session, args)
    session.send_news(expunges=name not in _NO_EXPUNGES)
    session.send(f"{tag} OK {text}")
    if command.after is not None:
        await session.flush()
        await command.after(session)


def _read_command(args: Cursor) -> tuple[str, Command]:
    """The command's full name, upper case, and its row; raises BadSyntax for an unknown one."""
    if not args.data.endswith(b"\r\n"):
        raise BadSyntax("lines end with CRLF")
    args.space()
    name = args.atom()
    if name == "UID":
        args.space()
        name += " " + args.atom()
    if name not in COMMANDS:
        raise BadSyntax("unknown command")
    return name, COMMANDS[name]


def _check_view(session: ImapSession) -> None:
    """A void view ends the connection before anything is done with it."""
    if session.view is not None and session.view.gone is not None:
        session.send_news(expunges=False)


async def _faults_before(session: ImapSession, tag: str, name: str) -> None:
    names = frozenset({name, name.removeprefix("UID ")})
    for fault_name in ("imap_delay", "imap_hang", "imap_bye", "imap_no"):
        fault = session.take_fault(fault_name, command=names)
        if fault is not None:
            await _misbehave(session, fault, tag)


async def _misbehave(session: ImapSession, fault: Fault, tag: str) -> None:
    if fault.name == "imap_delay":
        await asyncio.sleep(number(fault, "seconds", 1.0))
    elif fault.name == "imap_hang":
        raise Silence
    elif fault.name == "imap_bye":
        await session.bye(words(fault, "text", "server is going down"))
        raise Hangup
    else:
        raise Refused(words(fault, "text", "not now"))


async def _ignore(session: ImapSession) -> None:
    """Read and answer nothing until the client goes."""
    try:
        await session.flush()
        while await session.reader.read(65_536):
            pass
    except (Hangup, OSError):
        return
