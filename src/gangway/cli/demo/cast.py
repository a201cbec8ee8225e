"""Who and what the demo plays with: a provider with a channel and customers, an operator, the sign-in application.

Run as a process of its own with the database's owner role: ``python -m gangway.cli.demo.cast``. It reads one JSON
object from standard input (the operator's password must not stand in a command line) and prints one.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final

import django

if TYPE_CHECKING:
    from uuid import UUID

SERVER: Final = "Sandbox1"
PROVIDER: Final = "sp2"
CHANNEL: Final = "Harbour Telecom"
CUSTOMERS: Final = (
    ("Contoso", "contoso.com"),
    ("Fabrikam", "fabrikam.com"),
    ("Adventure Works", ""),
)
OPERATOR: Final = "Olivia Operator"
OPERATOR_EMAIL: Final = "olivia@sp2.example"

CLIENT_ID: Final = "5a4db0c1-0000-4000-8000-000000000001"
HOME_TENANT: Final = "a11ce000-0000-4000-8000-000000000001"
"""The sign-in application and its tenant in the emulator's documented default seed."""


def play(password: str) -> dict[str, str]:
    """Bring everybody on the stage, once per database; returns the operator's key for one-time codes when it is new."""
    from gangway.audit.record import Actor  # noqa: PLC0415 (Django must be set up first)
    from gangway.foundation.clock import now  # noqa: PLC0415
    from gangway.onboarding import applications  # noqa: PLC0415
    from gangway.organizations import queries  # noqa: PLC0415
    from gangway.organizations.scope import within_everything  # noqa: PLC0415

    by = Actor.system("demo")
    with within_everything("the demo makes its organizations"):
        known = next((found for found in queries.providers() if found.short_name == PROVIDER), None)
        provider_id, totp_key = (known.id, "") if known else _make(password)
        applications.register(
            provider_id=provider_id, client_id=CLIENT_ID, home_tenant_id=HOME_TENANT, cloud="public", by=by, now=now()
        )
    return {"totp_key": totp_key}


def _make(password: str) -> tuple[UUID, str]:
    from gangway.audit.record import Actor  # noqa: PLC0415
    from gangway.foundation.sealed import SealedText  # noqa: PLC0415
    from gangway.organizations.actions import create_operator, create_organization, enroll_totp  # noqa: PLC0415
    from gangway.organizations.roles import Kind, Role  # noqa: PLC0415

    by = Actor.system("demo")
    provider = create_organization(
        kind=Kind.PROVIDER,
        name="Sandbox Provider",
        short_name=PROVIDER,
        parent_id=None,
        reply_to=OPERATOR_EMAIL,
        support_phone="+1 555 0100",
        by=by,
    )
    channel = create_organization(
        kind=Kind.CHANNEL, name=CHANNEL, short_name="harbour", parent_id=provider, by=by
    )
    for place, (name, domain) in zip((provider, channel, channel), CUSTOMERS, strict=True):
        create_organization(
            kind=Kind.CUSTOMER, name=name, short_name=name.split()[0].lower(), parent_id=place, domain=domain, by=by
        )
    operator = create_operator(
        email=OPERATOR_EMAIL,
        name=OPERATOR,
        password=SealedText(password),
        organization_id=provider,
        role=Role.ADMIN,
        by=by,
    )
    return provider, enroll_totp(operator, by=by).reveal()


def main() -> None:
    """Read, play, print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gangway.config.settings.django")
    django.setup()
    given = json.load(sys.stdin)
    print(json.dumps(play(given["password"])))


if __name__ == "__main__":
    main()
