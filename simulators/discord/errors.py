"""Discord's one shape of refusal: an HTTP status, a code of its own, a sentence.

Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from simulators.discord.records import Json


class ApiError(Exception):
    """A refusal.  extra: further fields of the answer, e.g. ``errors`` or ``retry_after``."""

    def __init__(self, status: int, code: int, message: str, **extra: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra

    def body(self) -> Json:
        """The answer's JSON object."""
        return {"message": self.message, "code": self.code, **self.extra}


def http_error(status: int, reason: str) -> ApiError:
    """A refusal without a code of its own."""
    return ApiError(status, 0, f"{status}: {reason}")


def unauthorized() -> ApiError:
    """401: no token, or one nobody has."""
    return http_error(401, "Unauthorized")


def unknown(code: int, what: str) -> ApiError:
    """404: there is no such thing."""
    return ApiError(404, code, f"Unknown {what}")


def missing_access() -> ApiError:
    """403: the bot may not look there."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """403: the bot may look but not do this."""
    return ApiError(403, 50013, "Missing Permissions")


def invalid_form(field: str, code: str, reason: str) -> ApiError:
    """400: one field of the request is wrong.  code: Discord's own word for why."""
    problem = {"_errors": [{"code": code, "message": reason}]}
    return ApiError(400, 50035, "Invalid Form Body", errors={field: problem})
