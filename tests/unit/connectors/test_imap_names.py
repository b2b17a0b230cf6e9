"""Folder names as IMAP writes them: modified UTF-7, RFC 3501 §5.1.3."""

import pytest

from connectors.mail.imap import folder_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", "INBOX"),
        ("[Gmail]/Sent Mail", "[Gmail]/Sent Mail"),
        ("Tom & Ann", "Tom &- Ann"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # the RFC's own example
        ("已发送", "&XfJT0ZAB-"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("المرسلة", "&BicGRAZFBjEGMwZEBik-"),
    ],
)
def test_a_folders_name_is_written_as_the_server_knows_it(name: str, written: str) -> None:
    assert folder_name(name) == written
