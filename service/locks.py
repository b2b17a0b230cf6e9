"""One service on one SQLite file: a second one is told so instead of getting in the way."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tickets.errors import ConfigError


@contextmanager
def only_service(database: Path | None) -> Iterator[None]:
    """Hold the database's service lock; the system lets go of it however the process ends.

    database: None on PostgreSQL, where any number may run.  Raises
    ConfigError while another service holds it.
    """
    if database is None:
        yield
        return
    path = database.with_name(database.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise ConfigError(
            f"{path.parent} cannot be written ({error.strerror}). Set service.data_dir to a folder that can be."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"Another Switchboard runs on {database}. Stop it, or set service.data_dir to another folder; "
                "several workers need PostgreSQL."
            ) from error
        yield
