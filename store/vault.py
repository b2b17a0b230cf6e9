"""Secrets at rest: AES-256-GCM with a key that lives outside the database."""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.engine import Tx, one
from tickets.errors import ConfigError

NONCE_BYTES = 12
KEY_BYTES = 32


class Vault:
    """Encrypts with ``key`` (32 bytes); a secret's name is bound to its value."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def get_or_make(self, tx: Tx, name: str, make: Callable[[], bytes]) -> bytes:
        """Raises ConfigError when the key is not the one the secret was kept with."""
        kept = self._find(tx, name)
        if kept is not None:
            return kept
        tx.run(
            "INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING",
            {"name": name, "value": self._sealed(name, make())},
        )
        found = self._find(tx, name)
        assert found is not None
        return found

    def keep(self, tx: Tx, name: str, value: bytes) -> None:
        """Instead of whatever was kept under the name."""
        tx.run(
            "INSERT INTO secret (name, value) VALUES (:name, :value) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": self._sealed(name, value)},
        )

    def _sealed(self, name: str, value: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, name.encode())

    def _find(self, tx: Tx, name: str) -> bytes | None:
        row = one(tx.all("SELECT value FROM secret WHERE name = :name", {"name": name}))
        if row is None:
            return None
        sealed = bytes(row[0])
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except InvalidTag as error:
            raise ConfigError(
                "The secret key does not open this database's secrets. Give the key it was made with "
                "(SWITCHBOARD_SECRET_KEY, or the file secret.key beside the data)."
            ) from error
