"""Flat packages are a knowing departure; these hold them together."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "tickets", "connectors", "normalizer", "router", "responders", "desk", "store", "console", "simulators",
    "service",
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_holds_exactly_our_packages(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES | {"templates"}


@pytest.mark.parametrize(
    "name",
    [
        "store/migrations/0001_initial.sql",
        "templates/replies/welcome.en.ftl",
        "templates/console/base.html",
        "console/static/app.css",
    ],
)
def test_the_wheel_holds_what_is_not_python(wheel: list[str], name: str) -> None:
    assert name in wheel


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_each_package_is_the_one_of_this_tree(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_the_lock_holds_no_addresses() -> None:
    for name in ("requirements.lock", "requirements.uv.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


@pytest.mark.parametrize(
    "library", ["telegram", "aioimaplib", "aiosmtplib", "psycopg", "numpy", "aiosmtpd", "inscriptis"]
)
def test_a_library_is_imported_only_when_it_is_needed(library: str) -> None:
    """Reading a configuration without accounts must not pull in any channel's library."""
    code = (
        "import sys; from service.config import load; load(None, {}); import service.lifespan;"
        f"sys.exit({library!r} in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 0
