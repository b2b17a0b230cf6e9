"""What Telegram can do.  Source: https://core.telegram.org/bots/api, read 2026-11."""

from tickets.ports import Capabilities, FileRules

PHOTOS = ("image/jpeg", "image/png")
PHOTO_BYTES = 10_000_000
"""Larger pictures go as files (https://core.telegram.org/bots/api#sendphoto, read 2026-11)."""

CAPABILITIES = Capabilities(
    channel="telegram",
    text_limit=4096,
    text_unit="utf16",
    receiving="private chats; in groups, topics and comments what names or answers the bot, or all; "
    "talks of business accounts; by polling or webhook; albums gathered into one message",
    acknowledging="the next poll's offset, or 200 to the webhook, after the commit",
    answering="in the chat or topic, quoting the message answered; into groups that have moved, too",
    formatting="bold, slanted, struck, code and links, as entities",
    formats=True,
    edits="kept as versions",
    deletions="in talks of business accounts kept as deleted versions; elsewhere not told to bots",
    reactions="shown at the message; after an unhappy one to an answer the person waits again",
    by_hand="",
    commands=(
        "/help, /status, /human, /close and /language in private chats, in 21 languages, in the chat menu and as "
        "buttons"
    ),
    buttons=True,
    hides=False,
    notifies=False,
    attachments_in="fetched up to 20 MB, the most that Telegram hands to bots",
    attachments_out="after the words; pictures in a row as one album, other files too; 25 MB together",
    files=FileRules(
        per_piece=10,
        each_bytes=50_000_000,
        together_bytes=50_000_000,
        apart=True,
        pictures=PHOTOS,
        picture_bytes=PHOTO_BYTES,
    ),
    backfill="what the server holds: 24 hours; beyond, the gap is told",
    reading_along="groups that the bot is in, where its privacy mode is off",
    unknown_settled_by="a person: there is no history to look into",
    limits="1 message a second and chat, 20 a minute and group, 30 a second in all",
)
