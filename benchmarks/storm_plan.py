"""The labelled storm: many messages of which most tell of one outage, in eight languages, from a seed.

The wordings lie in ``storm/``.  They were written by somebody who had not seen the detector.  Every second of them
was looked at while it was made; the other half is kept for the figures called *final*.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

WORDINGS: Final = Path(__file__).parent / "storm"
CHANNELS: Final = ("telegram", "discord", "x", "email")
BEGIN: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When the outage begins."""
BURST: Final = timedelta(minutes=40)
BEFORE: Final = timedelta(hours=3)
AFTER: Final = timedelta(minutes=20)
Half = Literal["tune", "final"]
Kind = Literal["storm", "fresh", "cold", "once", "quiet", "calm"]
KINDS: Final[dict[Kind, str]] = {
    "storm": "10,000 messages, 70 % of them of one outage",
    "fresh": "the same; what else is said during the outage was never said before",
    "cold": "the same; nothing was received before the outage",
    "once": "each wording of the outage once, within 40 minutes",
    "quiet": "12 people in 40 minutes, each another wording",
    "calm": "no outage",
}
GREETINGS: Final = {
    "ar": "مرحبا", "en": "Hi", "es": "Hola", "ja": "こんにちは", "ko": "안녕하세요", "ru": "Привет", "vi": "Chào",
    "zh": "你好",
}  # fmt: skip
EMOJI: Final = ("😡", "🙏", "😭", "😂", "👀", "❗", "🤔", "🔥")


class Post(NamedTuple):
    """outage: whether it tells of the outage.  wording: its number within language and kind."""

    message: str
    person: str
    at: datetime
    channel: str
    language: str
    text: str
    outage: bool
    wording: int


def posts_of(kind: Kind, half: Half, *, messages: int = 10_000, seed: int = 1) -> list[Post]:
    """In the order of time."""
    dice = random.Random(f"{seed} {kind} {half}")
    told = int(messages * 0.7)
    other = _others(kind, half, 160 if kind == "quiet" else messages - told, dice)
    outage = _outage(kind, half, told, dice)
    named = sorted((*other, *outage), key=lambda one: (one.at, one.text))
    return [one._replace(message=f"{at:06}") for at, one in enumerate(named)]


def _outage(kind: Kind, half: Half, count: int, dice: random.Random) -> list[Post]:
    if kind == "calm":
        return []
    wordings = _wordings("outage", half)
    if kind == "once":
        chosen = wordings
    elif kind == "quiet":
        chosen = dice.sample(wordings, 12)
    else:
        chosen = [dice.choice(wordings) for _ in range(count)]
    people = _people("o", len(chosen), dice, most=3 if len(chosen) > len(wordings) else 1)
    times = [BEGIN + BURST * dice.betavariate(1.3, 2.0) for _ in chosen]
    return [_post(one, who, at, True, dice) for one, who, at in zip(chosen, people, times, strict=True)]


def _others(kind: Kind, half: Half, count: int, dice: random.Random) -> list[Post]:
    wordings = _wordings("unrelated", half)
    span = BEFORE + BURST + AFTER
    times = [BEGIN - BEFORE + span * dice.random() for _ in range(count)]
    people = _people("u", count, dice, most=3)
    posts = []
    for who, at in zip(people, times, strict=True):
        usual = [one for one in wordings if kind != "fresh" or (one[1] // 2 % 2 == 0) == (at < BEGIN)]
        posts.append(_post(dice.choice(usual), who, at, False, dice))
    return [one for one in posts if kind != "cold" or one.at >= BEGIN]


def _wordings(group: str, half: Half) -> list[tuple[str, int, str]]:
    """Language, number and text of those of one half."""
    found = []
    for file in sorted(WORDINGS.glob("*.json")):
        texts = json.loads(file.read_text("utf-8"))[group]
        found += [(file.stem, at, text) for at, text in enumerate(texts) if at % 2 == (half == "final")]
    return found


def _people(prefix: str, count: int, dice: random.Random, *, most: int) -> list[str]:
    """Each writes one to ``most`` of the messages."""
    people: list[str] = []
    while len(people) < count:
        people += [f"{prefix}{len(people)}"] * dice.randint(1, most)
    people = people[:count]
    dice.shuffle(people)
    return people


def _post(wording: tuple[str, int, str], who: str, at: datetime, outage: bool, dice: random.Random) -> Post:
    language, number, text = wording
    said = _noisy(_filled(text, dice), language, dice)
    return Post("", who, at, dice.choice(CHANNELS), language, said, outage, number)


class _Values(dict[str, str]):
    """Another value every time, for whatever stands in the braces."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    def __missing__(self, name: str) -> str:
        dice = self._dice
        if name == "amount":
            value = dice.choice(
                (dice.randint(10, 9000), round(dice.uniform(5, 9999), 2), dice.randint(1, 50) * 100)
            )
            return f"{value:,}" if dice.random() < 0.2 else f"{value}"
        if name == "uid":
            return str(dice.randint(10**6, 10**9))
        if name == "txid":
            return f"{dice.getrandbits(256):064x}"
        return str(dice.randint(5, 95))


def _filled(text: str, dice: random.Random) -> str:
    return text.format_map(_Values(dice))


def _noisy(text: str, language: str, dice: random.Random) -> str:
    """With typing errors, in other letters' case, with a greeting or an emoji, as people write."""
    if dice.random() < 0.3:
        for _ in range(1 + len(text) // 60):
            text = _mistyped(text, dice)
    if dice.random() < 0.15:
        text = dice.choice((str.lower, str.upper))(text)
    if dice.random() < 0.15:
        text = f"{GREETINGS[language]}, {text}"
    if dice.random() < 0.15:
        text = f"{text} {dice.choice(EMOJI)}"
    return text


def _mistyped(text: str, dice: random.Random) -> str:
    at = dice.randrange(max(1, len(text) - 1))
    return dice.choice((
        text[:at] + text[at + 1 :],
        text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
        text[:at] + text[at : at + 1] + text[at:],
    ))  # fmt: skip
