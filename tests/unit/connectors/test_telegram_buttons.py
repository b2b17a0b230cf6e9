"""Buttons: signed for one chat, and within Telegram's limits."""

import pytest

from connectors.telegram.buttons import command_of, keyboard, signed
from tickets.model import Button

SECRET = b"s" * 32


def test_a_button_holds_a_command_for_its_own_chat_only() -> None:
    data = signed("language zh-TW", 17, SECRET)
    assert command_of(data, 17, SECRET) == "language zh-TW"
    assert command_of(data, 18, SECRET) == ""
    assert command_of(data, 17, b"t" * 32) == ""
    assert len(data.encode()) <= 64


@pytest.mark.parametrize(
    "data", ["", "close", "A" * 20, "A" * 20 + "close", "é" * 30, "\ud800" * 30, "x" * 10_000]
)
def test_nothing_else_is_a_command(data: str) -> None:
    """BT22."""
    assert command_of(data, 17, SECRET) == ""


def test_a_changed_command_is_none() -> None:
    """BT22."""
    data = signed("status", 17, SECRET)
    assert command_of(data[:20] + "close", 17, SECRET) == ""


def test_long_labels_stand_below_each_other_and_short_ones_beside() -> None:
    long = keyboard([Button("human", "Einen Menschen verlangen"), Button("close", "Es ist erledigt")], 1, SECRET)
    short = keyboard(
        [Button(f"language {n}", name) for n, name in enumerate(["ไทย", "हिन्दी", "日本語", "한국어"])], 1, SECRET
    )
    assert long is not None
    assert [len(row) for row in long.inline_keyboard] == [1, 1]
    assert short is not None
    assert [len(row) for row in short.inline_keyboard] == [3, 1]
    assert keyboard([], 1, SECRET) is None
