"""Long base64 is set aside while a mail is parsed, and is there again afterwards, byte for byte."""

import base64
import random

import pytest

from normalizer.mail_body import read

FILE = random.Random(7).randbytes(60_000)
LINES = base64.encodebytes(FILE)


def part(media_type: str, way: str, body: bytes, ends: bytes = b"\n") -> bytes:
    head = f"MIME-Version: 1.0\nContent-Type: {media_type}\nContent-Transfer-Encoding: {way}\n\n"
    return (head.encode() + body).replace(b"\n", ends)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["unix", "mail"])
@pytest.mark.parametrize("way", ["base64", "Base64"])
def test_a_file(ends: bytes, way: str) -> None:
    [file] = read(part("image/png; name=a.png", way, LINES, ends)).attachments
    assert file.content == FILE


def test_several_files_between_texts() -> None:
    border = b"--x\n"
    inner = [
        part("text/plain", "7bit", b"See both.\n"),
        part("image/png; name=1.png", "base64", LINES),
        part("application/pdf; name=2.pdf", "base64", base64.encodebytes(FILE[::-1])),
    ]
    whole = part("multipart/mixed; boundary=x", "7bit", border + border.join(inner) + b"--x--\n")
    found = read(whole)
    assert found.text.strip() == "See both."
    assert [file.content for file in found.attachments] == [FILE, FILE[::-1]]


def test_an_enclosed_message_is_written_out_as_it_came() -> None:
    enclosed = b"Subject: inner\n" + part("image/png; name=a.png", "base64", LINES)
    [file] = read(part("message/rfc822", "7bit", enclosed)).attachments
    assert file.content is not None
    assert file.content.strip() == enclosed.strip()


@pytest.mark.parametrize("way", ["7bit", "8bit", "quoted-printable"])
def test_a_text_of_such_lines_stays_a_text(way: str) -> None:
    """Keys and logs are written like that; letters of eight bits beside them stay what they were."""
    lines = (b"0123456789abcdef" * 4 + b"\n") * 400
    found = read(part("text/plain; charset=utf-8", way, "Größe:\n".encode() + lines + b"the end"))
    assert found.text == f"Größe:\n{lines.decode()}the end"


def test_nobody_can_name_what_was_set_aside() -> None:
    """A line of the right form that stands for nothing is left as it is."""
    forged = b"ab" * 24 + b"00000000\n"
    found = read(part("text/plain", "7bit", forged + LINES))
    assert found.text.startswith(forged.decode())
    assert LINES.decode().strip() in found.text
