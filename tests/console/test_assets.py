"""What is vendored is what it says; nothing comes from elsewhere; colours can be read."""

import hashlib
import json
import math
import re

import pytest

from console.assets import STATIC, Assets
from console.pages import TEMPLATES
from tests.console.house import House

CSS = (STATIC / "app.css").read_text()
PAGES = {path.name: path.read_text() for path in TEMPLATES.glob("*.html")}
SCRIPTS = {path.name: path.read_text() for path in (STATIC / "js").glob("*.js")}
MANIFEST = json.loads((STATIC / "vendor/manifest.json").read_text())


def test_vendored_files_are_those_of_the_manifest() -> None:
    told = {name: digest for package in MANIFEST for name, digest in package["files"].items()}
    licences = {package["licence_file"] for package in MANIFEST}
    found = {path.name for path in (STATIC / "vendor").iterdir()}
    assert found == set(told) | licences | {"manifest.json"}
    for name, digest in told.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name
    assert all(package["version"] and package["licence"] for package in MANIFEST)


def test_the_sprite_holds_the_icons_in_use_and_no_other() -> None:
    sprite = (STATIC / "vendor/icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))
    everything = "".join(PAGES.values()) + "".join(path.read_text() for path in STATIC.parent.rglob("*.py"))
    unused = {name for name in drawn if f'"{name}"' not in everything}
    assert unused == set()
    asked = set(re.findall(r'icon\("([a-z0-9-]+)"', everything))
    assert asked <= drawn


def test_one_small_style_sheet() -> None:
    assert len(CSS.encode()) < 30_000
    assert "@layer tokens, base, parts, layout, motion;" in CSS


def test_nothing_comes_from_elsewhere() -> None:
    for name, text in {**PAGES, **SCRIPTS, "app.css": CSS}.items():
        assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text), name
        assert "http://" not in text.replace("http://www.w3.org", ""), name


def test_no_inline_script_or_style() -> None:
    for name, text in PAGES.items():
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|\|\s*safe", text), name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), name
    for name, text in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\.style\b", text), (
            name
        )


def test_unknown_assets_are_an_error() -> None:
    with pytest.raises(KeyError):
        Assets.read().url("nothing.css")


async def test_assets_are_kept_for_ever_by_content(house: House) -> None:
    client = house.client()
    page = (await client.get("/signin")).text
    url = re.search(r'href="(/static/[^"]+app\.css)"', page)
    assert url is not None
    answer = await client.get(url[1])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    old = await client.get(re.sub(r"/static/\w+/", "/static/old/", url[1]))
    assert old.headers["cache-control"] == "no-cache"
    for path in ("/static/x/..%2fapp.py", "/static/x//etc/passwd", "/static/x/nothing"):
        assert (await client.get(path)).status_code == 404


# Contrast -----------------------------------------------------------------------

TOKEN = re.compile(r"--([a-z-]+): light-dark\((oklch\([^)]*\)), (oklch\([^)]*\))\);")
TOKENS = {name: (light, dark) for name, light, dark in TOKEN.findall(CSS)}
GROUNDS = ("surface", "raised", "sunken", "hover", "chosen")
WRITTEN = [
    *[(ink, ground) for ink in ("text", "muted") for ground in GROUNDS],
    *[
        (ink, ground)
        for ink in ("accent", "danger", "warn", "ok", "public", "private")
        for ground in ("surface", "raised", "chosen")
    ],
    *[(ink, "ours") for ink in ("text", "muted", "accent", "danger", "warn", "ok", "public")],
    *[(ink, "note") for ink in ("text", "muted", "accent", "warn", "danger")],
    ("on-accent", "accent"),
    ("on-accent", "public"),
    ("surface", "text"),
]


def luminance(color: str) -> float:
    """Relative luminance of an ``oklch(L% C H)`` (CSS Color 4, section 10; WCAG 2.2)."""
    parts = color.removeprefix("oklch(").rstrip(")").split("/")[0].split()
    light, chroma, hue = float(parts[0].rstrip("%")) / 100, float(parts[1]), math.radians(float(parts[2]))
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_luminance_is_computed_right() -> None:
    assert contrast("oklch(100% 0 0)", "oklch(0% 0 0)") == pytest.approx(21, abs=0.01)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), WRITTEN)
def test_text_can_be_read(ink: str, ground: str, scheme: int) -> None:
    assert contrast(TOKENS[ink][scheme], TOKENS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "raised"])
def test_edges_of_fields_can_be_seen(ground: str, scheme: int) -> None:
    assert contrast(TOKENS["edge"][scheme], TOKENS[ground][scheme]) >= 3
