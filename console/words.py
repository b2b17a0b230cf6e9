"""Words for what the model names shortly: channels, languages, roles, sizes and times."""

from datetime import UTC, datetime, timedelta

from tickets.folds import Kind
from tickets.ids import Channel
from tickets.model import ChallengeWay, DeliveryKind, EntityKind, SecretKind
from tickets.notices import NoticeKind
from tickets.spending import What

CHANNELS: dict[Channel, str] = {"telegram": "Telegram", "discord": "Discord", "x": "X", "email": "Email"}
CHANNEL_ICONS: dict[Channel, str] = {"telegram": "send", "discord": "gamepad-2", "x": "at-sign", "email": "mail"}
NOTICE_TITLES: dict[NoticeKind, str] = {
    "gap": "Messages may be missing",
    "down": "A channel is not connected",
    "silent": "A channel is unusually quiet",
    "removals": "A channel does not tell what was removed",
    "budget": "A channel's budget",
    "checker": "The malware scanner does not answer",
    "worker": "A worker stopped",
    "feed": "A feed is not read, or not whole",
    "limit": "A platform's limit is reached",
    "clock": "Work is due soon, or overdue",
    "unowned": "Nobody has a ticket that waits",
    "rule": "A rule of yours",
    "incident": "Many report the same",
}
NOTICE_TONES: dict[NoticeKind, str] = {
    "gap": "warn",
    "down": "danger",
    "silent": "warn",
    "worker": "warn",
    "removals": "warn",
    "budget": "warn",
    "checker": "danger",
    "feed": "warn",
    "limit": "warn",
    "clock": "warn",
    "unowned": "warn",
    "rule": "warn",
    "incident": "danger",
}
DELIVERY_KINDS: dict[DeliveryKind, str] = {
    "reply": "answer",
    "notice": "automatic answer",
    "code": "code to an address on record",
    "staff": "to colleagues",
    "alert": "alert to you",
    "hook": "to another program",
}
FOLDS: dict[Kind, str] = {"quote": "Quoted text", "signature": "Signature", "disclaimer": "Legal notice"}
STATUSES = {"open": "Open", "pending": "Waiting for the person", "closed": "Closed"}
CHALLENGE_WAYS: dict[ChallengeWay, str] = {
    "questions": "by questions",
    "code": "by a code",
    "sign_in": "by signing in",
}
SECRETS: dict[SecretKind, str] = {
    "seed phrase": "Whoever has it has the money: they should move what they hold to a new wallet at once.",
    "private key": "Whoever has it has what it opens: they should make a new one at once.",
    "card": "Cards are not needed here; if others may have seen it, their bank blocks it.",
    "password": "They should change it, wherever else they use it, too.",
}
"""What follows from a secret that somebody wrote to us."""
ENTITIES: dict[EntityKind, str] = {
    "account": "Account",
    "order": "Order",
    "amount": "Amount",
    "transaction": "Transaction",
    "wallet": "Wallet",
    "date": "When",
    "email": "Email",
    "phone": "Telephone",
    "link": "Link",
}
RESTRICTIONS = {"block": "Blocked", "mute": "Muted"}
WHY = {"spam": "spam", "abuse": "abuse", "flood": "too many messages", "other": "another reason"}
HOURS = {"1": "for an hour", "24": "for a day", "168": "for a week", "720": "for 30 days", "": "for good"}
"""How long somebody is held back, by the form's value."""
VISIBILITY = {"public": "In public", "private": "In private"}

LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_UNITS = ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))


def language_name(tag: str | None) -> str:
    """The English name of a BCP 47 tag; the tag itself when we have no name for it."""
    if not tag:
        return ""
    name = LANGUAGES.get(tag.split("-")[0].lower())
    return tag if name is None else name if "-" not in tag else f"{name} ({tag})"


def size(size_bytes: int | None) -> str:
    """``1.4 MB``; empty when unknown."""
    if size_bytes is None:
        return ""
    for unit, name in _UNITS:
        if size_bytes >= unit:
            return f"{size_bytes / unit:.1f} {name}"
    return f"{size_bytes} bytes"


def clock(moment: datetime) -> str:
    """``14:03`` in UTC; the browser puts it into its own zone."""
    return moment.astimezone(UTC).strftime("%H:%M")


def day(moment: datetime) -> str:
    """``2 March 2026`` in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def waited(since: datetime, now: datetime) -> str:
    """How long somebody waits, as short as a glance allows: ``now``, ``12 min``, ``3 h 05``, ``2 d``."""
    minutes = max(0, int((now - since) / timedelta(minutes=1)))
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02}"
    return f"{minutes // (24 * 60)} d"


def heat(since: datetime, now: datetime) -> str:
    """How bad a wait is: ``calm``, ``warm`` from 15 minutes, ``hot`` from one hour."""
    waiting = now - since
    if waiting >= timedelta(hours=1):
        return "hot"
    return "warm" if waiting >= timedelta(minutes=15) else "calm"


def account_name(account: str) -> str:
    """``main`` of ``telegram:main``."""
    return account.partition(":")[2] or account


PRIVATE = {
    "telegram": "Telegram takes it only for people who have started a talk with the bot.",
    "discord": "Discord takes it only from those who let members of your server write to them.",
    "email": "By mail, under a subject of its own.",
}
"""Where somebody can be written to first, and what the platform thinks of that."""


SPENT: dict[What, str] = {
    "own": "mentions and own posts read",
    "others": "other posts read",
    "feeds": "posts found by feeds",
    "answers": "posts written",
    "links": "posts with links written",
    "direct": "direct messages read and written",
}


def dollars(amount: float) -> str:
    """As ``$0.015``: of small sums, parts of a cent too."""
    return f"${amount:,.2f}" if amount >= 1 or round(amount, 2) == round(amount, 4) else f"${amount:.3f}"
