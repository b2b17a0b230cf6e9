"""Which command runs what, in which state (RFC 3501 section 6)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from simulators.mail import imap_auth, imap_folders, imap_messages
from simulators.mail.imap_parser import BadSyntax, Cursor
from simulators.mail.imap_session import ImapSession

Handler = Callable[[ImapSession, Cursor], Awaitable[str]]
"""Does a command; gives the text after OK, raises BadSyntax or Refused."""

State = Literal["any", "new", "in", "selected"]
"""When a command may come: always, before login, after it, with a folder open."""


@dataclass(frozen=True)
class Command:
    """One row of the table.  after: what happens once the OK is on its way (None: nothing)."""

    run: Handler
    state: State
    after: Callable[[ImapSession], Awaitable[None]] | None = None

    def check_state(self, session: ImapSession) -> None:
        """Raises BadSyntax when the command may not come now."""
        allowed = {
            "any": True,
            "new": session.box is None,
            "in": session.box is not None,
            "selected": session.view is not None,
        }
        if not allowed[self.state]:
            raise BadSyntax("command is not allowed in this state")


COMMANDS: dict[str, Command] = {
    "CAPABILITY": Command(imap_auth.capability, "any"),
    "NOOP": Command(imap_auth.noop, "any"),
    "ID": Command(imap_auth.identify, "any"),
    "LOGOUT": Command(imap_auth.logout, "any", imap_auth.hang_up),
    "STARTTLS": Command(imap_auth.starttls, "new", imap_auth.negotiate_tls),
    "LOGIN": Command(imap_auth.login, "new"),
    "AUTHENTICATE": Command(imap_auth.authenticate, "new"),
    "SELECT": Command(imap_folders.select, "in"),
    "EXAMINE": Command(partial(imap_folders.select, read_only=True), "in"),
    "CREATE": Command(imap_folders.create, "in"),
    "DELETE": Command(imap_folders.delete, "in"),
    "RENAME": Command(imap_folders.rename, "in"),
    "SUBSCRIBE": Command(imap_folders.subscribe, "in"),
    "UNSUBSCRIBE": Command(partial(imap_folders.subscribe, wanted=False), "in"),
    "LIST": Command(imap_folders.list_folders, "in"),
    "LSUB": Command(partial(imap_folders.list_folders, subscribed=True), "in"),
    "NAMESPACE": Command(imap_folders.namespace, "in"),
    "STATUS": Command(imap_folders.status, "in"),
    "APPEND": Command(imap_folders.append, "in"),
    "IDLE": Command(imap_folders.idle, "in"),
    "CHECK": Command(imap_auth.noop, "selected"),
    "CLOSE": Command(imap_messages.close, "selected"),
    "UNSELECT": Command(partial(imap_messages.close, keep=True), "selected"),
    "EXPUNGE": Command(imap_messages.expunge, "selected"),
    "UID EXPUNGE": Command(imap_messages.uid_expunge, "selected"),
    "SEARCH": Command(imap_messages.search, "selected"),
    "UID SEARCH": Command(partial(imap_messages.search, by_uid=True), "selected"),
    "FETCH": Command(imap_messages.fetch, "selected"),
    "UID FETCH": Command(partial(imap_messages.fetch, by_uid=True), "selected"),
    "STORE": Command(imap_messages.store, "selected"),
    "UID STORE": Command(partial(imap_messages.store, by_uid=True), "selected"),
    "COPY": Command(imap_messages.copy, "selected"),
    "UID COPY": Command(partial(imap_messages.copy, by_uid=True), "selected"),
    "MOVE": Command(imap_messages.move, "selected"),
    "UID MOVE": Command(partial(imap_messages.move, by_uid=True), "selected"),
}
