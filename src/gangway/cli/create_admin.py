"""`gangway create-admin`: the first person of a provider or of the system, made on the machine, never by a form."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role, Settings
from gangway.foundation.sealed import SealedText


def create_admin(
    email: Annotated[str, typer.Option(help="What the person signs in with.")],
    name: Annotated[str, typer.Option(help="The person's name, as others see it.")],
    provider: Annotated[
        str, typer.Option(help="Short name of the provider, as in sp2; made if there is none. Without it: the system.")
    ] = "",
    provider_name: Annotated[str, typer.Option(help="The provider's full name, when it is made now.")] = "",
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", metavar="", help="Read the password from stdin.")
    ] = False,
    totp: Annotated[
        bool, typer.Option(metavar="", help="Set up an authenticator app and print its key, once.")
    ] = False,
) -> None:
    """Make an administrator of a provider, and the provider too if it is not there yet; or one of the whole system."""
    password = _password(from_stdin=password_stdin)
    with prepared(Role.OWNER) as settings:
        key = _create(email, name, provider, provider_name or provider, password, totp=totp)
    print(f"{name} can sign in at {settings.public_url} with {email}.")
    if key:
        print(f"Key for the authenticator app (shown once): {key.reveal()}")
        print(f"As a link for it: {_uri(settings, email, key)}")


def _create(email: str, name: str, short_name: str, full_name: str, password: SealedText, *, totp: bool) -> SealedText:
    from django.db import transaction  # noqa: PLC0415  needs a Django that is awake

    from gangway.audit.record import Actor  # noqa: PLC0415
    from gangway.organizations import actions, queries  # noqa: PLC0415
    from gangway.organizations.roles import Kind  # noqa: PLC0415
    from gangway.organizations.roles import Role as Seat  # noqa: PLC0415
    from gangway.organizations.scope import within_everything  # noqa: PLC0415

    by = Actor.system("create-admin")
    with within_everything("an administrator is made on the machine itself"), transaction.atomic():
        known = next((found.id for found in queries.providers() if found.short_name == short_name), None)
        place = known or (
            actions.create_organization(
                kind=Kind.PROVIDER, name=full_name, short_name=short_name, parent_id=None, by=by
            )
            if short_name
            else actions.system()
        )
        person = actions.create_operator(
            email=email, name=name, password=password, organization_id=place, role=Seat.ADMIN, by=by
        )
        return actions.enroll_totp(person, by=by) if totp else SealedText("")


def _password(*, from_stdin: bool) -> SealedText:
    if from_stdin:
        return SealedText(sys.stdin.readline().rstrip("\n"))
    return SealedText(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _uri(settings: Settings, email: str, key: SealedText) -> str:
    issuer = quote(f"Gangway {settings.server_name}")
    return f"otpauth://totp/{issuer}:{quote(email)}?secret={key.reveal()}&issuer={issuer}"
