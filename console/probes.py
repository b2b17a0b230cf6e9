"""For machines that watch: alive, ready, and numbers.  No texts, no people."""

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.site import site_of
from tickets.errors import StoreError
from tickets.model import ChannelHealth

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
DELIVERIES = "deliveries_"


async def livez(_request: Request) -> Response:
    """The process answers.  Asks nothing of the database."""
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when it can work, else 503 with what keeps it from it."""
    reasons = await site_of(request).console.ready()
    if not reasons:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready", "reasons": dict(reasons)}, 503)


async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    site = site_of(request)
    registry = CollectorRegistry()
    reachable = Gauge("switchboard_database_up", "1 when the database answers.", registry=registry)
    try:
        _count(registry, await site.console.store.count_rows())
        _channels(registry, await site.console.store.list_health())
        reachable.set(1)
    except StoreError:
        reachable.set(0)
    Gauge("switchboard_live_tabs", "Open inbox tabs.", registry=registry).set(site.live.tabs)
    info = Gauge("switchboard_info", "The version that runs.", ["version"], registry=registry)
    info.labels(site.console.version).set(1)
    return Response(generate_latest(registry), headers={"Content-Type": PROMETHEUS})


def _count(registry: CollectorRegistry, counts: Mapping[str, int]) -> None:
    unsent = Gauge(
        "switchboard_deliveries", "Deliveries that are not sent, by state.", ["state"], registry=registry
    )
    for name, count in counts.items():
        if name.startswith(DELIVERIES):
            unsent.labels(name.removeprefix(DELIVERIES)).set(count)
        else:
            Gauge(f"switchboard_{name}", f"{name.replace('_', ' ').capitalize()}.", registry=registry).set(count)


def _channels(registry: CollectorRegistry, channels: Sequence[ChannelHealth]) -> None:
    labels = ["account", "channel"]
    up = Gauge("switchboard_channel_up", "1 when the account works.", labels, registry=registry)
    heard = Gauge(
        "switchboard_channel_last_event_seconds", "When it last received, Unix time.", labels, registry=registry
    )
    sent = Gauge(
        "switchboard_channel_last_sent_seconds", "When it last sent, Unix time.", labels, registry=registry
    )
    for one in channels:
        up.labels(one.account, one.channel).set(one.state == "up")
        if one.last_event_at is not None:
            heard.labels(one.account, one.channel).set(one.last_event_at.timestamp())
        if one.last_sent_at is not None:
            sent.labels(one.account, one.channel).set(one.last_sent_at.timestamp())
