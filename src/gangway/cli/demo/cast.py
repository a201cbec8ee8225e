"""Who and what the demo plays with: a provider with a channel and customers, an operator, the sign-in application.

Run as a process of its own with the database's owner role: ``python -m gangway.cli.demo.cast``. It reads one JSON
object from standard input (passwords must not stand in a command line) and prints one.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final

import django

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from gangway.audit.record import Actor

SERVER: Final = "Sandbox1"
PROVIDER: Final = "sp2"
CHANNEL: Final = "Harbour Telecom"
CUSTOMERS: Final = (
    ("Contoso", "contoso.com"),
    ("Fabrikam", "fabrikam.com"),
    ("Adventure Works", ""),
)
OPERATOR_EMAIL: Final = "olivia@sp2.example"
"""The one a person signs in as."""

WALKER_EMAIL: Final = "otto@sp2.example"
"""The one who walks by himself: each one-time code is good once, so he needs codes of his own."""

OPERATORS: Final = {OPERATOR_EMAIL: "Olivia Operator", WALKER_EMAIL: "Otto Operator"}

TENANTS: Final = {"contoso.com": "c0475050-0000-4000-8000-000000000001"}
"""Tenants of customers in that seed, by their domain: their people may sign in with Microsoft."""

ADMINISTRATORS: Final = {TENANTS["contoso.com"]: "grace.global@contoso.com"}
"""Who administers these tenants in that seed."""

PEOPLE_CLIENT_ID: Final = "0bec0ffe-0000-4000-8000-000000000001"
"""The Operation Center's own application in that seed."""

APP_ROLES: Final = {"Gangway.Operator": "operator", "Gangway.Monitor": "monitor"}
"""Its app roles, and what they give at a customer."""

CLIENT_ID: Final = "5a4db0c1-0000-4000-8000-000000000001"
HOME_TENANT: Final = "a11ce000-0000-4000-8000-000000000001"
"""The sign-in application and its tenant in the emulator's documented default seed."""


def play(*, passwords: dict[str, str], keys_wanted: list[str], features: Sequence[str] = ()) -> dict[str, str]:
    """Bring everybody on the stage, once per database.

    Returns keys for one-time codes of the operators that are named in ``keys_wanted``; earlier keys of theirs end.
    ``features``: what new services begin with, unless somebody has set the provider's defaults by hand.
    """
    from django.contrib.auth import get_user_model  # noqa: PLC0415 (Django must be set up first)

    from gangway.audit.record import Actor  # noqa: PLC0415
    from gangway.foundation.clock import now  # noqa: PLC0415
    from gangway.onboarding import applications  # noqa: PLC0415
    from gangway.onboarding.defaults import Defaults, defaults_for, set_defaults  # noqa: PLC0415
    from gangway.organizations import queries  # noqa: PLC0415
    from gangway.organizations.actions import enroll_totp  # noqa: PLC0415
    from gangway.organizations.scope import within_everything  # noqa: PLC0415

    by = Actor.system("demo")
    with within_everything("the demo makes its organizations"):
        known = next((found.id for found in queries.providers() if found.short_name == PROVIDER), None)
        provider = known or _make(passwords, by)
        if features and defaults_for(provider) == Defaults():
            set_defaults(provider, defaults=Defaults(features=tuple(features)), by=by, now=now())
        applications.register(
            provider_id=provider,
            client_id=CLIENT_ID,
            home_tenant_id=HOME_TENANT,
            cloud="public",
            by=by,
            now=now(),
        )
        people = {email: get_user_model().objects.get(email=email) for email in keys_wanted}
        return {email: enroll_totp(person.pk, by=by).reveal() for email, person in people.items()}


def _make(passwords: dict[str, str], by: Actor) -> UUID:
    """Make the organizations and the operators, all or nothing; returns the provider's id."""
    from django.db import transaction  # noqa: PLC0415

    from gangway.foundation.sealed import SealedText  # noqa: PLC0415
    from gangway.organizations.actions import create_operator, create_organization  # noqa: PLC0415
    from gangway.organizations.roles import Kind, Role  # noqa: PLC0415

    with transaction.atomic():
        provider = create_organization(
            kind=Kind.PROVIDER,
            name="Sandbox Provider",
            short_name=PROVIDER,
            parent_id=None,
            reply_to=OPERATOR_EMAIL,
            support_phone="+1 555 0100",
            by=by,
        )
        channel = create_organization(kind=Kind.CHANNEL, name=CHANNEL, short_name="harbour", parent_id=provider, by=by)
        customers = {}
        for place, (name, domain) in zip((provider, channel, channel), CUSTOMERS, strict=True):
            short = name.split()[0].lower()
            customers[domain] = create_organization(
                kind=Kind.CUSTOMER, name=name, short_name=short, parent_id=place, domain=domain, by=by
            )
        people = [
            create_operator(
                email=email,
                name=name,
                password=SealedText(passwords[email]),
                organization_id=provider,
                role=Role.ADMIN,
                by=by,
            )
            for email, name in OPERATORS.items()
        ]
        for domain, tenant_id in TENANTS.items():
            _let_in(customers[domain], tenant_id, giver=people[0], by=by)
    return provider


def _let_in(customer: UUID, tenant_id: str, *, giver: UUID, by: Actor) -> None:
    """Let a tenant's people sign in to their organization with Microsoft, by their app roles.

    Nobody signs in for the proof: whoever starts the demo has the tenant's directory, too.
    """
    from gangway.accounts import rules, tenant_proof  # noqa: PLC0415
    from gangway.accounts.microsoft import Who  # noqa: PLC0415
    from gangway.accounts.states import ClaimKind  # noqa: PLC0415
    from gangway.foundation.clock import now  # noqa: PLC0415
    from gangway.foundation.ids import ObjectId, TenantId  # noqa: PLC0415
    from gangway.organizations.queries import seat  # noqa: PLC0415
    from gangway.organizations.roles import Role  # noqa: PLC0415

    row = rules.add_tenant(customer, tenant_id=tenant_id, cloud="public", does_second_factor=True, by=by, now=now())
    held = frozenset(tenant_proof.SPEAK_FOR_IT)
    administrator = Who(TenantId(tenant_id), ObjectId(""), ADMINISTRATORS[tenant_id], "", home_issuer="", wids=held)
    tenant_proof.prove(row, administrator, cloud="public", by=by, now=now())
    for value, role in APP_ROLES.items():
        rules.map_role(row, kind=ClaimKind.APP_ROLE, value=value, role=Role(role), seat=seat(giver), by=by)


def main() -> None:
    """Read, play, print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gangway.config.settings.django")
    django.setup()
    print(json.dumps(play(**json.load(sys.stdin))))


if __name__ == "__main__":
    main()
