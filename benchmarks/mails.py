"""Mails as a desk gets them: plain, with HTML, with files; many languages and character sets; follow-ups.

Of a thousand 600 are plain (about 3 KB), 300 have HTML beside the text
(about 13 KB), 100 carry a file of 100 KB; 250 answer an earlier one; 200
senders, 8 languages, 10 character sets.  Every run of twenty keeps the shares.
"""

import base64
import random
from datetime import UTC, datetime
from email.header import Header

from benchmarks.events import ACCOUNTS
from tickets.model import RawEvent

EVERY = 20
"""So many keep the shares: 12 plain, 6 with HTML, 2 with a file; 5 follow up."""
SENDERS = 200
PLAIN_CHARS, RICH_CHARS, FILE_BYTES = 1_600, 5_500, 100 * 1024
WORDS = {
    "en": "my withdrawal has been pending since Monday and nobody answers please check the account again today",
    "de": "meine Auszahlung hängt seit Montag und niemand antwortet bitte prüfen Sie das Konto noch heute größer",
    "fr": "mon retrait est bloqué depuis lundi et personne ne répond vérifiez le compte où déjà créé reçu",
    "ru": "мой вывод средств висит с понедельника и никто не отвечает проверьте пожалуйста счёт ещё раз",
    "ja": "月曜日から 出金が 保留に なっています 誰も 返事を くれません 口座を もう一度 確認して ください",
    "zh": "我的提现 从星期一 开始 一直 没有 到账 没有人 回复 请 再次 检查 我的 账户 谢谢",
    "ko": "월요일부터 출금이 보류되고 있습니다 아무도 대답하지 않습니다 계좌를 다시 확인해 주세요 감사합니다",
    "pl": "moja wypłata czeka od poniedziałku i nikt nie odpowiada proszę sprawdzić konto jeszcze dziś źródło",
}
CHARSETS = (
    ("en", "us-ascii"), ("en", "utf-8"), ("de", "iso-8859-1"), ("de", "utf-8"), ("fr", "windows-1252"),
    ("ru", "koi8-r"), ("ja", "iso-2022-jp"), ("zh", "gb2312"), ("ko", "euc-kr"), ("pl", "iso-8859-2"),
    ("ru", "windows-1251"),
)  # fmt: skip


def mixed(n: int) -> RawEvent:
    """The n-th mail of an endless set, always the same."""
    place = n % EVERY
    chance = random.Random(n)
    language, charset = CHARSETS[n % len(CHARSETS)]
    answers = n - 1 if place % 4 == 3 else None
    who = (n if answers is None else answers) % SENDERS
    sender = f"person{who}@customers{who % 17}.test"
    head = [
        f"Authentication-Results: mx.example.test; dmarc=pass header.from={sender.partition('@')[2]}",
        f"From: Person {who} <{sender}>",
        "To: support@example.test",
        f"Message-ID: <mixed-{n}@customers.test>",
        f"Date: Mon, 2 Mar 2026 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02} +0000",
        f"Subject: {_word(_text(chance, language, 40), charset)}",
        "MIME-Version: 1.0",
    ]
    if answers is not None:
        head.append(f"In-Reply-To: <mixed-{answers}@customers.test>")
    if place < 12:
        body = _part("plain", _text(chance, language, PLAIN_CHARS), charset)
    elif place < 18:
        body = _parts("alternative", n, _both(chance, language, charset))
    else:
        inner = _part("plain", _text(chance, language, PLAIN_CHARS), charset)
        body = _parts("mixed", n, [inner, _file(chance, n)])
    raw = "\r\n".join(head).encode() + b"\r\n" + body
    return RawEvent(
        channel="email",
        account=ACCOUNTS["email"],
        external_id=f"1/{n}",
        conversation=sender,
        payload=raw,
        received_at=datetime.now(UTC),
        own_id="support@example.test",
    )


def _text(chance: random.Random, language: str, chars: int) -> str:
    words = WORDS[language].split()
    lines: list[str] = []
    while sum(map(len, lines)) < chars:
        lines.append(" ".join(chance.choices(words, k=min(12, max(1, chars // 6)))))
    return "\n".join(lines)[:chars]


def _word(text: str, charset: str) -> str:
    line = " ".join(text.split())
    return line if line.isascii() else Header(line, charset, maxlinelen=900).encode()


def _part(subtype: str, text: str, charset: str) -> bytes:
    head = f'Content-Type: text/{subtype}; charset="{charset}"\r\nContent-Transfer-Encoding: {{}}\r\n\r\n'
    encoded = text.replace("\n", "\r\n").encode(charset, "replace")
    if charset in ("us-ascii", "iso-2022-jp"):
        return head.format("7bit").encode() + encoded + b"\r\n"
    return head.format("base64").encode() + base64.encodebytes(encoded)


def _both(chance: random.Random, language: str, charset: str) -> list[bytes]:
    text = _text(chance, language, RICH_CHARS // 2)
    lines = "".join(
        f'<div style="margin:0 0 8px"><span class="t">{line}</span></div>\n' for line in text.split("\n")
    )
    return [_part("plain", text, charset), _part("html", f"<html><body>{lines}</body></html>", charset)]


def _file(chance: random.Random, n: int) -> bytes:
    content = base64.encodebytes(chance.randbytes(FILE_BYTES))
    head = (
        f'Content-Type: image/png; name="screen {n}.png"\r\n'
        f'Content-Disposition: attachment; filename="screen {n}.png"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + content


def _parts(subtype: str, n: int, parts: list[bytes]) -> bytes:
    border = f"border{n}".encode()
    inner = b"".join(b"--" + border + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{subtype}; boundary="border{n}"\r\n\r\n'.encode()
    return head + inner + b"--" + border + b"--\r\n"
