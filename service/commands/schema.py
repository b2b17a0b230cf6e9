"""``switchboard schema``: the common ticket format as JSON Schema."""

import json

import typer

from tickets.schema import json_schema


def schema() -> None:
    """Print the JSON Schema of the common ticket format."""
    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True))
