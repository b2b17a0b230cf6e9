"""FETCH answers gone wrong, on request."""

import re

from simulators.faults import Fault
from simulators.mail.fault_list import number, words
from simulators.mail.imap_session import Hangup, ImapSession, Silence

_LITERAL = re.compile(rb"\{(\d+)\}\r\n")
_WHOLE = ("imap_garble_fetch", "imap_omit_fetch")
_WITH_LITERAL = ("imap_cut", "imap_huge_literal")


def choose_victims(session: ImapSession, uids: list[int], *, has_literal: bool) -> dict[int, Fault]:
    """Which of the asked messages go wrong and how: those named by UID, and one for a fault that names none.

    has_literal: the answer carries content, so that it can be cut.
    """
    names = _WHOLE + _WITH_LITERAL if has_literal else _WHOLE
    victims = {}
    for uid in uids:
        fault = session.take_fault(*names, must_name="uid", uid=uid)
        if fault is not None:
            victims[uid] = fault
    spare = next((uid for uid in uids if uid not in victims), None)
    anyone = session.take_fault(*names, uid=spare) if spare is not None else None
    if spare is not None and anyone is not None:
        victims[spare] = anyone
    return victims


async def send_spoiled(session: ImapSession, fault: Fault, answer: bytes) -> None:
    """Send the FETCH response of one message as the fault has it.

    Raises Hangup or Silence where the connection is of no use afterwards.
    """
    if fault.name == "imap_omit_fetch":
        return
    if fault.name == "imap_garble_fetch":
        garbage = words(fault, "text", "(UID ?x FLAGS ~garbled~ BODY[])")
        session.send(answer.partition(b"(")[0] + garbage.encode())
        return
    literal = _LITERAL.search(answer)
    assert literal is not None
    if fault.name == "imap_huge_literal":
        claimed = b"{%d}\r\n" % int(number(fault, "size", 99_999_999_999))
        session.send_raw(answer[: literal.start()] + claimed + answer[literal.end() :])
        raise Silence
    cut_at = literal.end() + int(number(fault, "after", int(literal[1]) // 2))
    session.send_raw(answer[:cut_at])
    raise Hangup
