"""Telegram by the Bot API, through python-telegram-bot."""
