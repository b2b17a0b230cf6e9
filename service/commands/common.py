"""What the commands share: the configuration, a store opened for a moment, the option for both."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from service.config import Config, load
from tickets.storage import Store

T = TypeVar("T")
DEFAULT_CONFIG = Path("config.toml")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file. Without it ./config.toml, if there is one."),
]


def read_config(path: Path | None) -> Config:
    """Raises ConfigError."""
    if path is None:
        named = os.environ.get("SWITCHBOARD_CONFIG")
        path = Path(named) if named else DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None
    return load(path)


@asynccontextmanager
async def opened_store(config: Config) -> AsyncIterator[Store]:
    """The store, beside a running service if need be."""
    from service.wiring import make_store
    from tickets.ports import no_crash

    store = make_store(config, no_crash)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part."""
    return asyncio.run(work)
