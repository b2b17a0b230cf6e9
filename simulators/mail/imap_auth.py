"""Commands of any state and of the way in: CAPABILITY, ID, LOGIN, AUTHENTICATE, STARTTLS."""

import base64
import binascii
import re

from simulators.mail.imap_parser import BadSyntax, Cursor, Refused
from simulators.mail.imap_session import Hangup, ImapSession
from simulators.mail.mailbox import SimMailbox

_BASE64 = re.compile(rb"[A-Za-z0-9+/=]+")
_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")
_TOKEN_REFUSED = b'{"status":"400","schemes":"Bearer","scope":"https://mail.example.test/"}'


async def capability(session: ImapSession, args: Cursor) -> str:
    """CAPABILITY, RFC 3501 section 6.1.1."""
    args.end()
    session.send(f"* CAPABILITY {session.capabilities()}")
    return "CAPABILITY completed"


async def noop(session: ImapSession, args: Cursor) -> str:
    """NOOP and CHECK; news is sent by whoever answers."""
    args.end()
    return "completed"


async def identify(session: ImapSession, args: Cursor) -> str:
    """ID, RFC 2971; the client's own words are in the transcript only."""
    args.space()
    if not args.accept(b"NIL"):
        args.need(b"(")
        while not args.accept(b")"):
            args.accept(b" ")
            if not args.accept(b"NIL"):
                args.string()
    args.end()
    session.send('* ID ("name" "mail simulator")')
    return "ID completed"


async def logout(session: ImapSession, args: Cursor) -> str:
    """LOGOUT, RFC 3501 section 6.1.3."""
    args.end()
    session.deselect()
    session.send("* BYE logging out")
    return "LOGOUT completed"


async def hang_up(session: ImapSession) -> None:
    """Close after the answer to LOGOUT."""
    raise Hangup


async def starttls(session: ImapSession, args: Cursor) -> str:
    """STARTTLS, RFC 3501 section 6.2.1."""
    args.end()
    if session.service.tls_mode != "starttls" or session.secure or session.starttls_hidden:
        raise BadSyntax("TLS is not available")
    return "begin TLS negotiation now"


async def negotiate_tls(session: ImapSession) -> None:
    """The handshake after the answer to STARTTLS."""
    await session.start_tls()


async def login(session: ImapSession, args: Cursor) -> str:
    """LOGIN, RFC 3501 section 6.2.3."""
    args.space()
    user = args.astring()
    args.space()
    password = args.astring()
    args.end()
    _need_privacy(session)
    _enter(session, _mailbox_of(session, user, password))
    return f"[CAPABILITY {session.capabilities()}] LOGIN completed"


async def authenticate(session: ImapSession, args: Cursor) -> str:
    """AUTHENTICATE PLAIN (RFC 4616) and XOAUTH2, with an initial response (RFC 4959) or without."""
    args.space()
    mechanism = args.atom()
    initial = args.take(_BASE64, "base64")[0] if args.accept(b" ") else None
    args.end()
    _need_privacy(session)
    if mechanism not in ("PLAIN", "XOAUTH2"):
        raise Refused("[CANNOT] unknown mechanism")
    response = _unbase64(initial) if initial is not None else await _challenge(session, b"")
    if mechanism == "PLAIN":
        _enter(session, _plain(session, response))
    else:
        await _xoauth2(session, response)
    return f"[CAPABILITY {session.capabilities()}] AUTHENTICATE completed"


def _need_privacy(session: ImapSession) -> None:
    if not session.login_allowed:
        raise Refused("[PRIVACYREQUIRED] use STARTTLS first")


def _plain(session: ImapSession, response: bytes) -> SimMailbox | None:
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise BadSyntax("PLAIN needs three parts")
    return _mailbox_of(session, parts[1], parts[2])


async def _xoauth2(session: ImapSession, response: bytes) -> None:
    """A refused token is told in a challenge, which the client answers before the NO."""
    match = _XOAUTH2.fullmatch(response)
    box = _mailbox_of(session, match[1], match[2], by_token=True) if match else None
    if box is None:
        await _challenge(session, _TOKEN_REFUSED)
    _enter(session, box)


async def _challenge(session: ImapSession, text: bytes) -> bytes:
    session.send(b"+ " + base64.b64encode(text))
    await session.flush()
    line = (await session.read_line(secret=True)).strip()
    if line == b"*":
        raise BadSyntax("authentication was cancelled")
    return _unbase64(line)


def _unbase64(text: bytes) -> bytes:
    try:
        return b"" if text == b"=" else base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadSyntax("not base64") from error


def _mailbox_of(session: ImapSession, user: bytes, secret: bytes, *, by_token: bool = False) -> SimMailbox | None:
    """The mailbox these credentials open; None when they are wrong or a fault refuses them."""
    box = session.service.mailboxes.get(user.decode("utf-8", "replace").lower())
    if box is None or secret != (box.token if by_token else box.password).encode():
        return None
    refused = session.service.faults.take_for("imap_refuse_login", mailbox=box.address)
    return None if refused else box


def _enter(session: ImapSession, box: SimMailbox | None) -> None:
    if box is None:
        raise Refused("[AUTHENTICATIONFAILED] invalid credentials")
    session.box = box
