"""What the mail platform can be told to get wrong."""

from simulators.faults import Fault, Faults

MAIL_FAULTS: dict[str, frozenset[str]] = {
    "smtp_drop_before_accept": frozenset(),
    "smtp_drop_after_accept": frozenset(),
    "smtp_delay": frozenset({"seconds", "stage"}),
    "smtp_status": frozenset({"code", "stage", "address", "text"}),
    "smtp_refuse_auth": frozenset({"code"}),
    "smtp_no_starttls": frozenset(),
    "smtp_drop_at_quit": frozenset(),
    "smtp_drop": frozenset({"stage", "reset"}),
    "smtp_answer": frozenset({"stage", "text", "closing"}),
    "imap_bye": frozenset({"command", "text"}),
    "imap_cut": frozenset({"uid", "after"}),
    "imap_garble_fetch": frozenset({"uid", "text"}),
    "imap_omit_fetch": frozenset({"uid"}),
    "imap_huge_literal": frozenset({"uid", "size"}),
    "imap_delay": frozenset({"seconds", "command"}),
    "imap_no": frozenset({"command", "text"}),
    "imap_refuse_login": frozenset(),
    "imap_silent_idle": frozenset(),
    "imap_hang": frozenset({"command"}),
    "imap_no_idle_capability": frozenset(),
    "imap_no_starttls": frozenset(),
}
"""Fault name to the details it understands, besides ``mailbox``; `MailFaults` explains them."""


class MailFaults(Faults):
    """The armed faults of one mail platform, with conditions.

    A detail that names a condition limits the fault to it: ``command``
    ("FETCH" means FETCH and UID FETCH, "CONNECT" the greeting), ``uid``,
    ``stage`` ("connect", "ehlo", "auth", "mail", "rcpt", "data", "dot"), ``address`` (one
    recipient, lower case), ``mailbox`` (the login).  Without the detail any occasion will do, but
    "CONNECT" must always be named.

    SMTP faults and their defaults:

    - smtp_drop_before_accept: close after the final dot, mail not taken.
    - smtp_drop_after_accept: take the mail, close without the 250.
    - smtp_delay(seconds, stage="dot"): answer late; at "dot" the mail is
      taken before the wait, so a client that gives up cannot know.
    - smtp_status(code=451, stage="dot", address, text): refuse with that
      status; 421 also closes the connection (RFC 5321 section 3.8).
    - smtp_refuse_auth(code=535): the right password is refused; clients try
      their next mechanism at once, so arm it with times=None.
    - smtp_no_starttls: one EHLO hides STARTTLS and offers AUTH in clear, as
      a stripping middleman would.
    - smtp_drop_at_quit: close instead of the 221.
    - smtp_drop(stage, reset=False): close instead of answering at that stage;
      also "content": in the middle of a mail, before its dot.  reset: with an
      RST instead of a FIN.
    - smtp_answer(stage, text, closing=False): those octets for an answer, as
      they are but for a line end after them; at "dot" the mail is taken, and
      so are sender and recipient when they begin with a 2.
      closing: close right after them.

    IMAP faults and their defaults:

    - imap_bye(text): ``* BYE`` and close, at the next command.
    - imap_cut(uid, after): close inside the literal of a FETCH answer, after
      so many of its bytes (default: half).
    - imap_garble_fetch(uid, text): one line that cannot be parsed stands for
      that message; text: what follows ``* n FETCH `` (by default with its
      brackets balanced, so that the next line is not drawn in).
    - imap_omit_fetch(uid): that message is left out.
    - imap_huge_literal(uid, size=99999999999): the literal claims that size;
      then the real bytes, then silence.
    - imap_delay(seconds, command): answer late.
    - imap_no(command, text): tagged NO.
    - imap_refuse_login: the right password or token is refused.
    - imap_silent_idle: one IDLE never pushes.
    - imap_hang(command): that command and all later ones of its connection
      stay unanswered.
    - imap_no_idle_capability: the next connection has no IDLE.
    - imap_no_starttls: the next connection hides STARTTLS and allows LOGIN in
      clear.

    The ``uid`` of a FETCH fault defaults to the first message asked for.
    """

    def __init__(self) -> None:
        super().__init__(frozenset(MAIL_FAULTS))

    def arm(self, name: str, *, times: int | None = 1, **details: object) -> None:
        """Let ``name`` happen the next ``times`` times (None: until cleared).

        Raises ValueError for an unknown name or detail.
        """
        unknown = set(details) - MAIL_FAULTS.get(name, frozenset()) - {"mailbox"}
        if name in self.known and unknown:
            raise ValueError(f"{name} has no detail {', '.join(sorted(unknown))}")
        super().arm(name, times=times, **details)

    def take_for(self, *names: str, must_name: str | None = None, **facts: object) -> Fault | None:
        """The first armed fault among ``names`` whose conditions fit ``facts``, used up once.

        A fact is one value or a frozenset of values, any of which fits.
        must_name: a condition the fault must spell out (None: none).
        """

        def matching(fault: Fault) -> bool:
            return (must_name is None or must_name in fault.details) and fits(fault, facts)

        return self.take(*names, matching=matching)


def fits(fault: Fault, facts: dict[str, object]) -> bool:
    """Whether every condition of the fault that ``facts`` speaks about holds."""
    for name, fact in facts.items():
        if name not in fault.details:
            continue
        allowed = fact if isinstance(fact, frozenset) else frozenset({fact})
        if fault.details[name] not in allowed:
            return False
    return True


def number(fault: Fault, name: str, default: float) -> float:
    """A numeric detail of a fault, or the default; raises TypeError for anything else."""
    value = fault.details.get(name, default)
    if not isinstance(value, int | float):
        raise TypeError(f"{fault.name}: {name} must be a number")
    return value


def words(fault: Fault, name: str, default: str) -> str:
    """A text detail of a fault, or the default."""
    return str(fault.details.get(name, default))
