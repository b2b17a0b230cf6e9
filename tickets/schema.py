"""The common ticket format as one JSON Schema document (draft 2020-12)."""

from typing import Any

import msgspec

from tickets import model

EXPORTED = (
    model.TicketEnvelope,
    model.RawEvent,
    model.InboundMessage,
    model.Ignored,
    model.Reply,
    model.Receipt,
    model.ChannelHealth,
)


def json_schema() -> dict[str, Any]:
    """Every shape under ``$defs``; the document itself describes a ticket envelope."""
    (root, *_), components = msgspec.json.schema_components(EXPORTED, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{model.FORMAT}:{model.FORMAT_VERSION}",
        "title": "Switchboard ticket",
        **root,
        "$defs": components,
    }
