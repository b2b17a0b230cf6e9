"""The sandbox: the real program against simulated platforms with scripted people."""

from service.sandbox.play import play, sandbox_config

__all__ = ["play", "sandbox_config"]
