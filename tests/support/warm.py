"""Imported before the program is forked: what takes long to read is then read already."""

from router.language import LanguageRecognizer

LanguageRecognizer().warm()
