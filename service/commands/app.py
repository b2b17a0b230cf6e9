"""The commands by name, and what every one of them does with errors: one sentence, exit code 2."""

import sys

import typer
from rich.console import Console

from service.commands import check, explain, learn, migrate, quarantine, rules, run, schema, sign_in, token, user
from tickets.errors import SwitchboardError

app = typer.Typer(
    name="switchboard",
    help="Every message becomes one ticket; every answer goes back where it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("worker")(run.worker)
app.command("sandbox")(run.sandbox)
app.command("check")(check.check)
app.command("sign-in")(sign_in.sign_in)
app.command("explain")(explain.explain)
app.command("learn")(learn.learn)
app.command("schema")(schema.schema)
app.command("migrate")(migrate.migrate)
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.add_typer(rules.app, name="rules")
app.add_typer(quarantine.app, name="quarantine")


def run_app() -> int:
    """The exit code: 0, 1 where a check failed, 2 for a refusal."""
    try:
        app(standalone_mode=True)
    except SwitchboardError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]✗[/] {_escaped(str(error))}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return 0


def _escaped(text: str) -> str:
    """Errors may quote names; square brackets in them are no markup."""
    return text.replace("[", "\\[")
