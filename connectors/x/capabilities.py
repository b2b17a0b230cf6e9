"""What X can do.  Source: https://docs.x.com/x-api, read 2026-11."""

from tickets.ports import Capabilities, FileRules, Way

PICTURES = ("image/jpeg", "image/png", "image/webp")

CAPABILITIES = Capabilities(
    channel="x",
    text_limit=280,
    text_unit="x_weighted",
    receiving="posts that mention the account, by polling; with a webhook at once, and quotes too; where wanted "
    "plain direct messages, by polling (X tells programs nothing of encrypted ones)",
    acknowledging="nothing to tell: X keeps the posts, and we keep how far we have read",
    answering="in the thread, under the post; only to people who mentioned or quoted the account; direct messages "
    "to those who wrote some",
    formatting="none: the platform shows plain text; addresses stand behind their words",
    formats=False,
    edits="kept as versions",
    deletions="asked for four times a day; what was removed, words, pictures and original, goes here, too",
    reactions="not told to programs",
    by_hand="https://x.com/intent/post?in_reply_to={post}&text={text}",
    commands="none: a public post is no place for them",
    buttons=False,
    hides=True,
    notifies=True,
    attachments_in="pictures fetched; videos by a link to the post",
    attachments_out="pictures of 5 MB with the last words: four with a post, one with a direct message; X takes "
    "no other files",
    files=FileRules(
        per_piece=4, each_bytes=5 * 1024 * 1024, together_bytes=20 * 1024 * 1024, media_types=PICTURES
    ),
    backfill=(
        "the last 800 mentions; beyond, those of seven days are searched for, and what lies before is "
        "told as a gap; direct messages of 30 days, 1,400 at a time"
    ),
    reading_along="searches, public lists and accounts, within a budget",
    unknown_settled_by=(
        "the account's own posts, or its messages to the person: found, it arrived; not found after two "
        "minutes, it is posted again"
    ),
    limits="100 posts in 15 minutes, 10,000 a day; 300 questions in 15 minutes; 15 direct messages in 15 minutes, "
    "1,440 a day; X's own headers are obeyed",
    in_private=Way(
        10_000,
        "characters",
        FileRules(per_piece=1, each_bytes=5 * 1024 * 1024, together_bytes=5 * 1024 * 1024, media_types=PICTURES),
    ),
)
