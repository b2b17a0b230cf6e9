"""The one error of the Bot API: a code, a sentence, sometimes parameters."""

from simulators.telegram.records import Json


class ApiError(Exception):
    """A refusal, sent as ``{"ok": false, …}`` with ``code`` as the HTTP status.

    parameters: what the field ``parameters`` of the answer holds
    (``retry_after`` in seconds, ``migrate_to_chat_id``); empty: left out.
    """

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def envelope(self) -> Json:
        """The answer's JSON object."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def bad_request(reason: str) -> ApiError:
    """400 with the prefix the Bot API puts before every such reason."""
    return ApiError(400, f"Bad Request: {reason}")


def flood(retry_after_s: int) -> ApiError:
    """429: come back after so many seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)
