"""The key that opens the secrets in the database; it lives outside of it."""

import hashlib
import os
from pathlib import Path

from tickets.errors import ConfigError

KEY_BYTES = 32
SHORTEST_GIVEN = 16


def secret_key(given: str, data_dir: Path) -> bytes:
    """32 bytes: from what was given, else from ``secret.key`` beside the data, made at the first start.

    given: at least 16 characters, or empty.  Raises ConfigError.
    """
    if given:
        if len(given) < SHORTEST_GIVEN:
            raise ConfigError("SWITCHBOARD_SECRET_KEY is too short: give at least 16 characters, random ones.")
        return hashlib.sha256(given.encode()).digest()
    path = data_dir / "secret.key"
    try:
        return _kept(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read or made ({error.strerror}). Make service.data_dir a folder that can be "
            "written, or set SWITCHBOARD_SECRET_KEY."
        ) from error


def _kept(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w") as file:
        file.write(os.urandom(KEY_BYTES).hex())
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise ConfigError(f"{path} is damaged: it should hold 64 hexadecimal digits. Restore it.") from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path} is damaged: it should hold 64 hexadecimal digits. Restore it.")
    return key
