"""Everything that can go wrong, as one tree.

SwitchboardError
├── ConfigError            the configuration; the program ends with exit code 2
├── PayloadError           one message cannot be read; it is quarantined whole
├── ConnectorError         a platform or the way to it
│   ├── CredentialRejected the account's secret is wrong or revoked
│   ├── RateLimited        the platform asks for a pause
│   ├── Unreachable        no connection, or no sensible answer
│   ├── ConsumerConflict   somebody else consumes the same account
│   └── CheckerAway        the malware scanner could not look at a file
├── DeliveryError          one outgoing message
├── DeskError              a command that a person gave
│   ├── Forbidden          the role does not allow it
│   ├── Refused            it makes no sense now
│   │   ├── PublicStep     it would be public where much is private: a person must say so
│   │   └── Overtaken      others were faster again and again; the same may be done later
│   └── KeyReused          an idempotency key with another command
└── StoreError             the database
    ├── TicketNotFound
    ├── Conflict           the row has changed since it was read
    ├── SchemaMismatch     made by an older or newer program
    ├── LeaseLost          another worker has taken over, or may have
    └── StoreUnavailable   a pause: the database cannot be reached or is full
"""


class SwitchboardError(Exception):
    """Base of every error the project raises on purpose."""


class ConfigError(SwitchboardError):
    """The configuration is wrong.  The text names the key, its line and what to do, never a secret."""


class PayloadError(SwitchboardError):
    """A raw event cannot be read.  The text is the reason shown in quarantine."""


class ConnectorError(SwitchboardError):
    """A platform, or the way to it, fails.  Raised by connectors only."""


class CredentialRejected(ConnectorError):
    """The platform refuses the account's secret: a person has to act."""


class RateLimited(ConnectorError):
    """The platform asks for a pause of ``retry_after_s`` seconds."""

    def __init__(self, text: str, retry_after_s: float) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Unreachable(ConnectorError):
    """No connection, a time-out, or an answer that is none."""


class CheckerAway(ConnectorError):
    """The malware scanner could not look at a file; it is asked again."""


class ConsumerConflict(ConnectorError):
    """The platform allows one consumer and says there is another."""


class DeliveryError(SwitchboardError):
    """An outgoing message failed.

    code: a word for the table in ``docs/connectors.md``, e.g. ``blocked``.
    temporary: whether the same attempt may succeed at another time.
    delivered: False when certainly not, None when nobody can know.
    retry_after_s: the platform's wish in seconds; None when it has none.
    """

    def __init__(
        self,
        code: str,
        text: str,
        *,
        temporary: bool,
        delivered: bool | None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.temporary = temporary
        self.delivered = delivered
        self.retry_after_s = retry_after_s


class DeskError(SwitchboardError):
    """A command is refused.  The text is for the person who gave it."""


class Forbidden(DeskError):
    """The actor's role does not allow the command."""


class Refused(DeskError):
    """The command makes no sense in the present state; the text says what to do instead."""


class PublicStep(Refused):
    """An answer would be public in a ticket that has private parts.

    text: what everybody would read, the names of files among it.  seen: what
    a person who has read that passes on; it stands for these very words and files.
    """

    def __init__(self, sentence: str, text: str, seen: str) -> None:
        super().__init__(sentence)
        self.text = text
        self.seen = seen


class Overtaken(Refused):
    """Others changed what the command is about, again and again."""


class KeyReused(DeskError):
    """An idempotency key came again with a different command."""


class StoreError(SwitchboardError):
    """The database refuses or fails."""


class TicketNotFound(StoreError):
    """There is no ticket of this number."""


class Conflict(StoreError):
    """Somebody else changed the row since it was read; read again and decide again."""


class SchemaMismatch(StoreError):
    """The database was made by an older or newer program; nothing was written."""


class LeaseLost(StoreError):
    """What this worker held another one has, or may have: it must let go at once."""


class StoreUnavailable(StoreError):
    """The database is away, locked or full.  A pause, not a loss: nothing was acknowledged."""
