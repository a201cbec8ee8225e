"""`gangway connection`: use a connection by hand, on a worker's host."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from gangway.cli.errors import WHERE_IT_STANDS, NoSuchOperator, NotAServiceId
from gangway.cli.start import prepared
from gangway.config.settings.typed import Role

app = typer.Typer(help="Use a connection by hand, on a worker's host.", no_args_is_help=True)


@app.callback()
def about() -> None:
    """Use a connection by hand, on a worker's host."""


@app.command()
def token(
    *,
    service: Annotated[str, typer.Argument(help=f"The service's id: it stands under {WHERE_IT_STANDS}.")],
    operator: Annotated[str, typer.Option(help="E-mail address of the person who uses it, who needs the right to.")],
    purpose: Annotated[str, typer.Option(help="What for; the activity log keeps it.")],
    call_quality: Annotated[
        bool,
        typer.Option("--call-quality", metavar="", help="One token for Graph, of the registration for call quality."),
    ] = False,
) -> None:
    """Print a short-lived token for Graph and one for Teams, as JSON, for `Connect-MicrosoftTeams -AccessTokens`."""
    service_id = _key(service)
    with prepared(Role.WORKER):
        print(json.dumps(_tokens(service_id, operator, purpose, "qoe" if call_quality else "")))


@app.command()
def farewell(
    file: Annotated[Path, typer.Argument(help="The text that was downloaded when a service was deleted.", exists=True)],
) -> None:
    """Say whether a worker of this platform signed this list of what was taken away; ends with 1 when none did."""
    with prepared(Role.WORKER):
        from gangway.connections.farewells import is_ours  # noqa: PLC0415  needs a Django that is awake

        signed = is_ours(file.read_text("utf-8"))
    print("It is signed by this platform, and unchanged." if signed else "This platform did not sign this text.")
    if not signed:
        raise typer.Exit(1)


def _key(text: str) -> UUID:
    """Read a service's id. Raises `NotAServiceId`."""
    try:
        return UUID(text)
    except ValueError:
        raise NotAServiceId from None


def _tokens(service_id: UUID, email: str, purpose: str, profile: str) -> dict[str, Any]:
    from gangway.connections.handing import hand_out  # noqa: PLC0415  needs a Django that is awake
    from gangway.foundation import clock  # noqa: PLC0415
    from gangway.organizations.people_queries import person_by_address  # noqa: PLC0415

    operator_id = person_by_address(email)
    if operator_id is None:
        raise NoSuchOperator
    pair = asyncio.run(
        hand_out(service_id=service_id, operator_id=operator_id, profile=profile, purpose=purpose, now=clock.now())
    )
    return {
        "access_tokens": [token.reveal() for token in (pair.graph, pair.teams) if token is not None],
        "tenant_id": pair.tenant_id,
        "application_id": pair.app_id,
        "teams_environment": pair.teams_environment,
        "expires_at": pair.expires_at.isoformat(timespec="seconds"),
    }
