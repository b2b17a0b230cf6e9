"""What the platform can do, in sentences for people.  Name the page and the date you read it."""

from tickets.ports import Capabilities

CAPABILITIES = Capabilities(
    channel="x",
    text_limit=500,
    text_unit="characters",
    receiving="everything written to the account, by asking",
    acknowledging="the next question's position, after the commit",
    answering="into the conversation",
    formatting="none",
    formats=False,
    edits="not told",
    deletions="not told",
    reactions="none",
    by_hand="",
    commands="none: people just write",
    buttons=False,
    hides=False,
    notifies=False,
    attachments_in="none",
    attachments_out="none",
    files=None,
    backfill="everything the platform keeps",
    reading_along="nothing yet",
    unknown_settled_by="looking the message up by its key",
    limits="one message a second",
)
