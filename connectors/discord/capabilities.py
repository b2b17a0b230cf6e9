"""What Discord can do.  Source: https://discord.com/developers/docs, read 2026-11."""

from tickets.ports import Capabilities, FileRules

CAPABILITIES = Capabilities(
    channel="discord",
    text_limit=2000,
    text_unit="discord",
    receiving=(
        "direct messages, forms, mentions of the bot in channels and threads, and all in private threads of a "
        "person's own and in posts of forums, over the gateway"
    ),
    acknowledging="nothing to tell: Discord keeps the messages, and we keep how far we have read",
    answering="in the conversation, replying to the message; mentions nobody",
    formatting="bold, slanted, struck, code and links, in its own marks; all other marks stay text",
    formats=True,
    edits="kept as versions",
    deletions="kept as deleted versions",
    reactions="not heard: a bot is told of them with every message of a server only",
    by_hand="",
    commands=(
        "/support with a form, /status, /human, /close and /language, in 19 languages and as buttons; answered "
        "where they were asked, seen by nobody else"
    ),
    buttons=True,
    hides=False,
    notifies=False,
    attachments_in="fetched up to 25 MiB under a fresh link",
    attachments_out="with the last words, ten of 10 MB",
    files=FileRules(per_piece=10, each_bytes=10 * 1024 * 1024, together_bytes=25 * 1024 * 1024),
    backfill=(
        "the session is resumed; a lost one is made up for from channels, threads and known direct "
        "messages; first messages of unknown people are told as a gap"
    ),
    reading_along="channels with their threads, with the Message Content Intent",
    unknown_settled_by=(
        "reading the conversation: found, it arrived; not found after a minute, it is sent again with "
        "the same nonce"
    ),
    limits="5 messages in 5 seconds and channel, 50 a second; a stop at 100 refused requests in 10 minutes; "
    "beyond 1,000 active threads a server what would open one waits, forms go on in direct messages, and the team "
    "is told",
)
