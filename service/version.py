"""Which Switchboard this is."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("switchboard")
    except PackageNotFoundError:
        return "0+unknown"


VERSION = _installed()
