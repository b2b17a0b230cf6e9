"""Forty ways to get into somebody else's ticket, and none of them leads there."""

from itertools import count

import pytest
from msgspec.structs import replace

from router.albums import gather
from tests.support.builders import T0
from tests.support.golden import OWN_IDS, read_mail
from tests.support.inbound import decider, empty_context
from tickets.ids import EventId, MessageId, TicketNumber
from tickets.model import InboundMessage, Ticket
from tickets.own_names import message_id, plus_address
from tickets.records import Admission, Context, MessageRef

HELP = OWN_IDS["email"]
KEY, TAG = "0123456789abcdefghjk.1", "00112233445566778899"
NAME = message_id(KEY, TAG, HELP)
"""Our answer to Ann: only she got it."""
PLUS = plus_address(NAME, HELP)
HERS = "<from-ann@customers.test>"
VERIFIED = "Authentication-Results: mx.desk.example.test; dmarc={verdict} header.from={domain}\n"
NUMBER = TicketNumber(17)
NUMBERS = count(1)


def mail(
    sender: str = "ann@customers.test", head: str = "", *, verdict: str = "pass", to: str = HELP
) -> InboundMessage:
    domain = sender.rpartition("@")[2].strip(">")
    results = VERIFIED.format(verdict=verdict, domain=domain) if verdict else ""
    name = f"Message-ID: <{next(NUMBERS)}@mails.test>\n"
    return read_mail(f"{results}From: {sender}\nTo: {to}\n{name}{head}\nLet me in.\n")


class Desk:
    """Ann's ticket 17, answered once."""

    def __init__(self) -> None:
        self.context: Context = empty_context()
        opened = self.decide(replace(mail(), external_id=HERS))
        assert opened.ticket is not None
        assert opened.thread_id is not None
        self.ticket: Ticket = replace(opened.ticket, number=NUMBER)
        self.context.tickets[self.ticket.id] = self.ticket
        self.context.numbers[NUMBER] = self.ticket.id
        ref = MessageRef(MessageId("answer"), self.ticket.id, opened.thread_id, ours=True)
        self.context.refs["email", NAME] = ref

    def decide(self, message: InboundMessage) -> Admission:
        [one] = gather([(EventId(1), message)])
        return decider().decide(one, self.context, T0)

    def lets_in(self, message: InboundMessage) -> bool:
        admission = self.decide(message)
        return admission.ticket is not None and admission.ticket.id == self.ticket.id


GENUINE = {
    "Ann answers our mail": mail(head=f"In-Reply-To: {NAME}\n"),
    "her program keeps only References": mail(head=f"References: {HERS} {NAME}\n"),
    "her program keeps only the address": mail(to=PLUS),
    "an address that a server wrote in capitals": mail(to=PLUS.upper()),
    "an address that only the server noted": mail(head=f"Delivered-To: {PLUS}\n", to="list@customers.test"),
    "Ann writes a second mail to her first": mail(head=f"In-Reply-To: {HERS}\n"),
    "no server says anything about her answer": mail(head=f"In-Reply-To: {NAME}\n", verdict=""),
    "Bob, to whom she sent our answer on": mail("bob@elsewhere.test", f"In-Reply-To: {NAME}\n"),
    "references of others before ours": mail(head=f"In-Reply-To: <1@x.test>\nReferences: <2@x.test> {NAME}\n"),
    "Ann names her ticket": mail(head="Subject: Re: Parcel [#17]\n"),
}  # fmt: skip


@pytest.mark.parametrize("message", GENUINE.values(), ids=GENUINE)
def test_what_is_genuine_is_let_in(message: InboundMessage) -> None:
    assert Desk().lets_in(message)


EVE = "eve@elsewhere.test"
MADE_UP = {
    "another tag": NAME.replace(TAG, "ffeeddccbbaa99887766"),
    "a tag of one digit more": NAME.replace(TAG, TAG + "0"),
    "a tag cut short": NAME.replace(TAG, TAG[:-1]),
    "no tag": NAME.replace(f".{TAG}", ""),
    "the next part": NAME.replace(KEY, f"{KEY[:-1]}2"),
    "the next answer": NAME.replace(KEY, "0123456789abcdefghjm.1"),
    "another domain": NAME.replace("desk.example.test", "elsewhere.test"),
    "a domain above": NAME.replace("@desk.example.test", "@example.test"),
    "a guessable number": "<notify-1-2@desk.example.test>",
    "a ticket's number": "<17@desk.example.test>",
    "a ticket's number as our name": "<sb.17@desk.example.test>",
    "a wildcard": "<sb.%@desk.example.test>",
    "SQL": "<sb.'or'1'='1@desk.example.test>",
    "blanks within": NAME.replace("sb.", "sb. "),
}
FORGED = {
    **{f"In-Reply-To with {what}": mail(EVE, f"In-Reply-To: {name}\n") for what, name in MADE_UP.items()},
    "References with all of them": mail(EVE, f"References: {' '.join(MADE_UP.values())}\n"),
    "an address with another tag": mail(EVE, to=PLUS.replace(TAG, "ffeeddccbbaa99887766")),
    "an address without a tag": mail(EVE, to=PLUS.replace(f".{TAG}", "")),
    "an address with one digit less": mail(EVE, to=PLUS.replace(TAG, TAG[:-1])),
    "an address of another mailbox": mail(EVE, to=PLUS.replace("help+", "sales+")),
    "an address of another domain": mail(EVE, to=PLUS.replace("desk.example.test", "elsewhere.test")),
    "an address within a name": mail(EVE, to=f'"{PLUS}" <{HELP}>'),
    "an address within a comment": mail(EVE, to=f"{HELP} ({PLUS})"),
    "a stranger names Ann's own mail": mail(EVE, f"In-Reply-To: {HERS}\n"),
    "a stranger whom nobody vouches for": mail(EVE, f"In-Reply-To: {HERS}\n", verdict=""),
    "a stranger called as Ann": mail(f'"ann@customers.test" <{EVE}>', f"In-Reply-To: {HERS}\n"),
    "a stranger of her domain": mail("eve@customers.test", f"In-Reply-To: {HERS}\n"),
    "Ann's address, and more": mail("ann@customers.test.elsewhere.test", f"In-Reply-To: {HERS}\n"),
    "a letter that looks like hers": mail("аnn@customers.test", f"In-Reply-To: {HERS}\n"),
    "two senders, Ann first": mail(f"ann@customers.test, {EVE}", f"In-Reply-To: {HERS}\n"),
    "a sender within a sender": mail(f"ann@customers.test]<{EVE}>", f"In-Reply-To: {HERS}\n"),
    "Ann's name, reported as forged": mail(head=f"In-Reply-To: {HERS}\n", verdict="fail"),
    "our answer, reported as forged": mail(head=f"In-Reply-To: {NAME}\n", verdict="fail"),
    "the number, by a stranger": mail(EVE, "Subject: Re: Parcel [#17]\n"),
    "the number, reported as forged": mail(head="Subject: Re: Parcel [#17]\n", verdict="fail"),
    "the number, and nobody vouches": mail(head="Subject: Re: Parcel [#17]\n", verdict=""),
    "the number among others": mail(EVE, "Subject: [#1] [#17] [#18]\n"),
    "a header of ours": mail(EVE, "X-Switchboard-Ticket: 17\nX-Switchboard-Thread: 17\n"),
    "Ann's name copied in": mail(EVE, "Cc: ann@customers.test\nReply-To: ann@customers.test\n"),
    "Ann as Sender": mail(EVE, f"Sender: ann@customers.test\nIn-Reply-To: {HERS}\n"),
    "results of another server": mail(
        head="Subject: [#17]\nAuthentication-Results: mx.elsewhere.test; dmarc=pass header.from=customers.test\n",
        verdict="",
    ),
    "results below the true ones": mail(
        head="Subject: [#17]\n" + VERIFIED.format(verdict="pass", domain="customers.test"),
        verdict="none",
    ),
    "results in a sender's name": mail(
        '"mx.desk.example.test; dmarc=pass" <ann@customers.test>', "Subject: [#17]\n", verdict=""
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", FORGED.values(), ids=FORGED)
def test_what_is_forged_opens_a_ticket_of_its_own(message: InboundMessage) -> None:
    """BE51, BE52, BE53, BE54, BE55, BE59."""
    admission = Desk().decide(message)
    assert admission.verdict == "ticket"
    assert admission.ticket is not None
    assert admission.ticket_version == 0
    assert admission.thread_id == (admission.new_thread.id if admission.new_thread else None)


def test_there_are_forty_of_them() -> None:
    assert len(FORGED) >= 40


@pytest.mark.parametrize("what", ["another tag", "the next answer", "a ticket's number as our name"])
def test_a_made_up_name_of_ours_is_told(what: str) -> None:
    """BE55."""
    stored = Desk().decide(FORGED[f"In-Reply-To with {what}"]).message
    assert stored is not None
    assert any("never sent from here" in warning for warning in stored.warnings)


def test_a_stranger_who_takes_our_name_for_a_mail_of_their_own_is_kept() -> None:
    """BE41: it is no echo of ours, and does not push ours aside."""
    desk = Desk()
    taken = replace(mail(EVE), external_id=NAME)
    admission = desk.decide(taken)
    assert (admission.verdict, admission.ticket_version) == ("ticket", 0)
    assert desk.lets_in(GENUINE["Ann answers our mail"])
