"""All commands of `gangway`. Errors end in two sentences for a person, what happened and what to do; never a trace."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from gangway.cli import audit, connection, federation, keys
from gangway.cli.create_admin import create_admin
from gangway.cli.database import database
from gangway.cli.demo.command import demo
from gangway.cli.doctor import doctor
from gangway.cli.forget_operator import forget_operator
from gangway.cli.migrate import migrate
from gangway.cli.seed import seed
from gangway.cli.sign_in_application import sign_in_application
from gangway.cli.web import web
from gangway.cli.worker import worker
from gangway.foundation.errors import GangwayError

app = typer.Typer(
    help="Gangway brings a customer's Microsoft 365 tenant aboard a service provider's voice platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (web, worker, migrate, demo, create_admin, forget_operator, sign_in_application, database, doctor, seed):
    app.command(command.__name__.replace("_", "-"))(command)
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(federation.app, name="federation")
app.add_typer(connection.app, name="connection")


@app.callback(invoke_without_command=True)
def about(
    *, show_version: Annotated[bool, typer.Option("--version", metavar="", help="Print the version.")] = False
) -> None:
    """Gangway brings a customer's Microsoft 365 tenant aboard a service provider's voice platform."""
    if show_version:
        print(version("gangway"))
        raise typer.Exit


def main() -> None:
    """Run a command; exit code 2 when it refused."""
    try:
        app()
    except GangwayError as error:
        print(f"{error.what}\n{error.cure[:1].upper()}{error.cure[1:].rstrip('.')}.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
