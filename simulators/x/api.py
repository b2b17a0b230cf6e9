"""Which endpoints there are, what they take, and how often.

Rates: https://docs.x.com/x-api/fundamentals/rate-limits
"""

from __future__ import annotations

import re

from simulators.x import compliance, direct, fields, publishing, pushing, reading, searching, uploading
from simulators.x.calling import Endpoint
from simulators.x.limits import Rate

_LOOKUP = ("id", *fields.SHOWING)

ENDPOINTS = (
    Endpoint("GET", "/2/users/me", reading.get_me, Rate(75), fields.USER_SHOWING),
    Endpoint(
        "GET",
        "/2/users/by/username/:username",
        reading.get_user_by_name,
        Rate(900, 300),
        ("username", *fields.USER_SHOWING),
    ),
    Endpoint("GET", "/2/users/:id", reading.get_user, Rate(900, 300), ("id", *fields.USER_SHOWING)),
    Endpoint(
        "GET",
        "/2/users/:id/mentions",
        reading.get_mentions,
        Rate(300, 450),
        (*_LOOKUP, *(name for name in fields.PAGING if name != "exclude")),
        paged=True,
    ),
    Endpoint(
        "GET",
        "/2/users/:id/tweets",
        reading.get_posts_of_user,
        Rate(900, 10_000),
        (*_LOOKUP, *fields.PAGING),
        paged=True,
    ),
    Endpoint(
        "GET",
        "/2/tweets/search/recent",
        searching.search_recent,
        Rate(300, 450),
        (*fields.SEARCHING, *fields.SHOWING),
        paged=True,
    ),
    Endpoint("GET", "/2/tweets/:id", reading.get_post, Rate(900, 450), _LOOKUP),
    Endpoint("GET", "/2/tweets", reading.get_posts, Rate(900, 3500), ("ids", *fields.SHOWING)),
    Endpoint("POST", "/2/tweets", publishing.create_post, Rate(100, app_day=10_000)),
    Endpoint("DELETE", "/2/tweets/:id", publishing.delete_post, Rate(50), ("id",)),
    Endpoint("PUT", "/2/tweets/:id/hidden", publishing.hide_reply, Rate(50), ("id",)),
    Endpoint("GET", "/2/dm_events", direct.list_all, Rate(15), direct.ALLOWED),
    Endpoint("GET", "/2/dm_conversations/with/:id/dm_events", direct.list_with, Rate(15), ("id", *direct.ALLOWED)),
    Endpoint("POST", "/2/dm_conversations/with/:id/messages", direct.send, Rate(15, app_day=1_440), ("id",)),
    Endpoint("POST", "/2/media/upload", uploading.upload_media, Rate(500)),
    Endpoint("POST", "/2/compliance/jobs", compliance.create_job, Rate(None, 150)),
    Endpoint("GET", "/2/compliance/jobs/:id", compliance.get_job, Rate(None, 150), ("id",)),
    Endpoint("GET", "/2/webhooks", pushing.list_hooks, Rate(None, 450)),
    Endpoint("POST", "/2/webhooks", pushing.create_hook, Rate(None, 450)),
    Endpoint("PUT", "/2/webhooks/:id", pushing.check_hook, Rate(None, 450), ("id",)),
    Endpoint("GET", "/2/activity/subscriptions", pushing.list_subscriptions, Rate(None, 500)),
    Endpoint("POST", "/2/activity/subscriptions", pushing.subscribe, Rate(None, 500)),
    Endpoint("DELETE", "/2/activity/subscriptions/:id", pushing.unsubscribe, Rate(None, 500), ("id",)),
)


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", pattern))


_SHAPES = [(endpoint, _shape(endpoint.pattern)) for endpoint in ENDPOINTS]


def find(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint a path leads to and the variable parts of the path; None when there is none."""
    for endpoint, shape in _SHAPES:
        if endpoint.method == method and (match := shape.fullmatch(path)) is not None:
            return endpoint, match.groupdict()
    return None


def exists(path: str) -> bool:
    """Whether a path leads anywhere with another method."""
    return any(shape.fullmatch(path) for _, shape in _SHAPES)
