"""Which channels there are.  A channel's library is imported only when one of its accounts is made."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, cast

import msgspec

from connectors.context import ConnectorContext
from tickets.errors import ConfigError
from tickets.ids import Channel
from tickets.ports import Capabilities, Connector


class Entry(NamedTuple):
    """A channel's folder and the extra that installs its library."""

    package: str
    extra: str


CHANNELS: dict[Channel, Entry] = {
    "telegram": Entry("connectors.telegram", "telegram"),
    "discord": Entry("connectors.discord", "discord"),
    "x": Entry("connectors.x", "x"),
    "email": Entry("connectors.mail", "email"),
}


def settings_type(channel: Channel) -> type[msgspec.Struct]:
    """The shape of ``[channel.name]`` in config.toml."""
    return cast("type[msgspec.Struct]", import_module(f"{CHANNELS[channel].package}.settings").Settings)


def capabilities_of(channel: Channel) -> Capabilities:
    return cast("Capabilities", import_module(f"{CHANNELS[channel].package}.capabilities").CAPABILITIES)


def make_connector(channel: Channel, settings: Any, context: ConnectorContext) -> Connector:
    """A connector for one account; does no I/O.

    Raises ConfigError with the command to type when the channel's library
    is not installed.
    """
    entry = CHANNELS[channel]
    try:
        module = import_module(f"{entry.package}.connector")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{context.account} needs a library that is not installed ({error.name}). "
            f"Install it with: pip install 'switchboard[{entry.extra}]'"
        ) from error
    make = cast("Callable[[Any, ConnectorContext], Connector]", module.make_connector)
    return make(settings, context)
