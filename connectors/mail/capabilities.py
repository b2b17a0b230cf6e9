"""What email can do."""

from tickets.ports import Capabilities, FileRules

CAPABILITIES = Capabilities(
    channel="email",
    text_limit=None,
    text_unit="characters",
    receiving="one folder of a mailbox, announced by IDLE, read by UID",
    acknowledging="a flag in the mailbox, or a move to another folder, after the commit",
    answering=(
        "in the thread, as text and HTML, by In-Reply-To and References, with copies where wanted; "
        "what comes back is told at the answer"
    ),
    formatting="bold, slanted, struck, code and links on the page; in the plain text addresses behind their words",
    formats=True,
    edits="there are none: a mail cannot be changed",
    deletions="there are none: a mail cannot be taken back",
    reactions="there are none",
    by_hand="",
    commands="none: a mail goes to a person, or names its ticket",
    buttons=False,
    hides=False,
    notifies=False,
    attachments_in="kept, up to 25 MiB a mail",
    attachments_out="in the mail, 18 MB together: written out for the way they are a third larger",
    files=FileRules(per_piece=20, each_bytes=18 * 1024 * 1024, together_bytes=18 * 1024 * 1024),
    backfill="everything after the last UID; after a new UIDVALIDITY all of it, without repeats",
    reading_along="nothing: nobody's mail is read but the account's own",
    unknown_settled_by=(
        "its Message-ID in the folder where the provider keeps what was sent; without such a folder a person"
    ),
    limits="the provider's a minute, as configured",
)
