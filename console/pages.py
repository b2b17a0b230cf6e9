"""Templates: every value escaped, every undefined name an error."""

from datetime import datetime
from pathlib import Path

import jinja2
from starlette.responses import HTMLResponse

from console import words
from console.assets import Assets
from console.texts import has_remote_pictures, is_emoji_only, pieces
from tickets.claims import covered
from tickets.folds import fresh, passages

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "console"


class Pages:
    """The HTML of the inbox.

    version: shown at the foot of the rail.
    """

    def __init__(self, assets: Assets, version: str) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(asset=assets.url, version=version, words=words)
        self._environment.filters.update(
            iso=iso,
            clock=words.clock,
            day=words.day,
            pieces=pieces,
            emoji_only=is_emoji_only,
            fresh=fresh,
            has_remote_pictures=has_remote_pictures,
            passages=passages,
            covered=covered,
            dollars=words.dollars,
        )

    def render(self, name: str, values: dict[str, object]) -> str:
        """A template with values."""
        return self._environment.get_template(name).render(values)

    def answer(self, name: str, status: int = 200, /, **values: object) -> HTMLResponse:
        """A template as a response."""
        return HTMLResponse(self.render(name, values), status)


def iso(moment: datetime) -> str:
    """For ``datetime`` attributes."""
    return moment.isoformat(timespec="seconds")
