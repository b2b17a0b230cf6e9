"""``[<channel>.<name>]`` in config.toml.  Every field has a docstring: it is the manual."""

import msgspec

from tickets.secret import Secret


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    token: Secret
    """What the platform knows the account by."""
    look_every_s: float = 5.0
    """Ask for news this often, seconds."""

    def __post_init__(self) -> None:
        if self.look_every_s < 1:
            raise ValueError("look_every_s must be at least 1")

    def consumes(self) -> str:
        """What only one consumer may read: two accounts with the same are a mistake."""
        return self.token.reveal()
