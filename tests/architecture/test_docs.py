"""Documents that must agree with the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import msgspec

from connectors.registry import CHANNELS, capabilities_of, settings_type
from service.config import SECTIONS, load
from service.routing import TABLES
from tickets.points import POINTS
from tickets.schema import json_schema

ROOT = Path(__file__).resolve().parents[2]
ROWS = {
    "receiving": "Receiving",
    "acknowledging": "Acknowledging to the platform",
    "answering": "Answering",
    "formatting": "Formatting",
    "edits": "Edits by the person",
    "deletions": "Deletions by the person",
    "reactions": "Reactions by the person",
    "commands": "Commands that people can send",
    "attachments_in": "Attachments received",
    "attachments_out": "Attachments sent",
    "backfill": "After an outage",
    "reading_along": "Read along (feeds)",
    "buttons": "Buttons under what the program itself says",
    "hides": "Hiding what others write under our posts",
    "notifies": "A name in an answer calls whoever bears it",
    "unknown_settled_by": "An answer of unknown fate is settled by",
    "limits": "Limits kept",
}
UNITS = {
    "utf16": "UTF-16 units",
    "characters": "characters",
    "discord": "characters, escapes counted",
    "x_weighted": "as X weighs them: Chinese, Japanese, Korean and emoji 2, a link 23",
}


def capabilities_table() -> str:
    """The table as it must stand in docs/capabilities.md."""
    found = [capabilities_of(channel) for channel in CHANNELS]
    lines = [
        "| capability | " + " | ".join(one.channel for one in found) + " |",
        "|---" * (len(found) + 1) + "|",
    ]
    limits = [f"{one.text_limit} {UNITS[one.text_unit]}" if one.text_limit else "no limit" for one in found]
    lines.append("| Longest text in one piece | " + " | ".join(limits) + " |")
    for field, label in ROWS.items():
        cells = [{True: "yes", False: "no"}.get(cell := getattr(one, field), cell) for one in found]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_capabilities_page_says_what_the_code_says() -> None:
    page = (ROOT / "docs/capabilities.md").read_text(encoding="utf-8")
    assert capabilities_table() in page, f"docs/capabilities.md should hold this table:\n\n{capabilities_table()}"


def test_the_published_schema_is_the_formats() -> None:
    published = json.loads((ROOT / "docs/ticket.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(json_schema())), "run: switchboard schema > docs/ticket.schema.json"


def keys_of(shape: type[msgspec.Struct], section: str) -> Iterator[tuple[str, str]]:
    """(section, key) of everything that can be set in a section and in those below it."""
    for field in msgspec.structs.fields(shape):
        types = [one for one in (field.type, *get_args(field.type)) if isinstance(one, type)]
        below = next((one for one in types if issubclass(one, msgspec.Struct)), None)
        if below is not None:
            named = ".talk" if get_origin(field.type) is dict else ""
            yield from keys_of(below, f"{section}.{field.encode_name}{named}")
        else:
            yield section, field.encode_name


def test_the_shipped_configuration_names_every_key() -> None:
    named: set[tuple[str, str]] = set()
    section = ""
    for line in (ROOT / "config.toml").read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"(?:# )?\[([\w.]+)\]", line):
            section = header[1]
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            named.add((section, key[1]))
    examples = {"telegram": "telegram.main", "discord": "discord.main", "x": "x.main", "email": "email.support"}
    tables = {"teams": "payments", "categories": "payments", "hours": "office", "clocks": "payments"}
    tables |= {"rules": "whales", "hooks": "freeze"}
    known = {key for name, shape in SECTIONS.items() for key in keys_of(shape, name)}
    known |= {key for name, shape in TABLES.items() for key in keys_of(shape, f"{name}.{tables[name]}")}
    known |= {key for channel in CHANNELS for key in keys_of(settings_type(channel), examples[channel])}
    assert named == known


def test_the_shipped_configuration_is_valid_and_names_every_section() -> None:
    path = ROOT / "config.toml"
    config = load(path, {})
    text = path.read_text(encoding="utf-8")
    assert config.accounts == {}
    assert all(f"[{name}]" in text for name in SECTIONS)


def test_every_example_in_the_shipped_configuration_is_valid(tmp_path: Path) -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    body = text[text.index("[service]") :]
    shown = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", body)
    path = tmp_path / "config.toml"
    path.write_text(shown, encoding="utf-8")
    names = re.findall(r'env = "(\w+)"', body)
    known = {"TELEGRAM_TOKEN": "123456:ABCDEFGHIJKL", "HEARTBEAT_URL": "https://beat.example.org/1"}
    secrets = dict.fromkeys(names, "a-secret-that-is-long-enough-for-all") | known
    config = load(path, secrets)
    assert sorted(config.accounts) == ["discord:main", "email:support", "telegram:main", "x:main"]


def test_every_crash_point_is_reached_by_some_code() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("connectors", "router", "responders", "desk", "store", "service")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [point for point in POINTS if f'crash("{point}")' not in code] == []


def test_the_changelog_and_every_linked_document_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
