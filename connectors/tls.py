"""TLS towards platforms."""

import ssl
from typing import Literal

from tickets.errors import ConfigError

TlsMode = Literal["tls", "starttls", "none"]
"""tls: from the first byte.  starttls: asked for before anything secret.  none: only for test servers."""


def client_context(ca_file: str) -> ssl.SSLContext:
    """Certificates checked against the system's authorities and, if given, a private one.

    Raises ConfigError when the file cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {ca_file} is not a readable certificate file.") from error
    return context
