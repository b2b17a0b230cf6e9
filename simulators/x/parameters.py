"""Reading query parameters, with everything wrong collected for one answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from simulators.x.problems import invalid_request, parameter_error
from simulators.x.records import Json

ID = re.compile(r"[0-9]{1,19}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")


class Query:
    """The parameters of one request.  ``check`` refuses it when any reading found a fault."""

    def __init__(self, pairs: Sequence[tuple[str, str]], allowed: Sequence[str]) -> None:
        self._values = dict(pairs)
        self._errors: list[Json] = []
        for name, times in Counter(name for name, _ in pairs).items():
            if name not in allowed:
                self.refuse(name, f"The query parameter [{name}] is not one of [{','.join(allowed)}]")
            elif times > 1:
                self.refuse(name, f"Duplicate parameters are not allowed: the `{name}` query parameter")

    def refuse(self, name: str, message: str) -> None:
        """Note what is wrong with a parameter."""
        self._errors.append(parameter_error(name, [self._values.get(name, "")], message))

    def refuse_value(self, name: str) -> None:
        """Note that a value is nothing this parameter can be."""
        self.refuse(name, f"The `{name}` query parameter value [{self._values.get(name, '')}] is not valid")

    def check(self) -> None:
        """ApiError 400 when something was wrong."""
        if self._errors:
            raise invalid_request(*self._errors)

    def get(self, name: str) -> str | None:
        """The text; None when it is not given."""
        return self._values.get(name)

    def names(self, name: str, known: Collection[str]) -> frozenset[str]:
        """A comma-separated list of known names."""
        given = [part for part in self._values.get(name, "").split(",") if part]
        if strange := [part for part in given if part not in known]:
            listed = ",".join(known)
            self.refuse(name, f"The `{name}` query parameter value [{strange[0]}] is not one of [{listed}]")
        return frozenset(given)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A number within bounds."""
        text = self._values.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            self.refuse(name, f"The `{name}` query parameter value [{text}] is not between {low} and {high}")
            return default
        return int(text)

    def post_id(self, name: str) -> int | None:
        """An id as a number; None when it is not given."""
        text = self._values.get(name)
        if text is None:
            return None
        if not ID.fullmatch(text):
            self.refuse_value(name)
            return None
        return int(text)

    def time(self, name: str) -> datetime | None:
        """A time like 2026-05-04T09:00:00Z; None when it is not given."""
        text = self._values.get(name)
        if text is None:
            return None
        try:
            if _TIME.fullmatch(text):
                return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:  # no such day or hour
            pass
        self.refuse_value(name)
        return None
