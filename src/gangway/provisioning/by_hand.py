"""What an administrator needs to make the registration by hand: the plan as a script, and as rows to click by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gangway.languages.said import said
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.provisioning.engine import pinning, script
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.pinning import Pinned
from gangway.provisioning.engine.script import Asked, Certificate, Wanted
from gangway.provisioning.engine.steps.credentials import Trust

__all__ = ["ByHand", "Certificate", "Row", "Trust", "by_hand"]

RESOURCES: Final = {GRAPH_APP_ID: "Microsoft Graph"}
NOBODY_NAMED: Final = "?"
"""Stands for an administrative unit that nobody named yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One permission or role as Microsoft's portal lists it. `limited`: only in the administrative unit."""

    name: str
    id: str
    resource: str
    why: str
    limited: bool = False


@dataclass(frozen=True, slots=True)
class ByHand:
    """One plan, to be made by hand. `fingerprint`: as pages show it; `days`: a secret's life."""

    display_name: str
    permissions: tuple[Row, ...]
    roles: tuple[Row, ...]
    unit: str
    unit_open: bool
    role_days: int
    days: int
    fingerprint: str
    script: str


def by_hand(
    plan: Mapping[str, Any],
    *,
    registration_id: UUID,
    display_name: str,
    cloud: str,
    provider: str,
    customer: str,
    certificate: Certificate | None = None,
    trust: Trust | None = None,
) -> ByHand:
    """Tell a pinned plan's blueprint for people's own hands, in the language that is spoken. Raises PlanUnknown.

    Without certificate or trust the registration signs in with a secret.
    """
    pinned, fingerprint = pinning.read(plan), pinning.shown(pinning.fingerprint(plan))
    unit_open = pinned.in_unit and not pinned.unit
    blueprint = _blueprint(plan, pinned, registration_id, display_name, provider)
    text = script.script(
        blueprint,
        Asked(provider, customer, f"{pinned.profile.name}, version {pinned.version}", fingerprint),
        Wanted(display_name, certificate, trust),
        cloud=cloud,
        unit_open=unit_open,
        say=said,
    )
    return ByHand(
        display_name=display_name,
        permissions=tuple(
            Row(entry.value, entry.id, RESOURCES.get(entry.resource, entry.resource), entry.why)
            for entry in blueprint.permissions
        ),
        roles=tuple(
            Row(role.name, role.template_id, "", role.why, blueprint.is_limited(role)) for role in blueprint.roles
        ),
        unit=pinned.unit if pinned.in_unit else "",
        unit_open=unit_open,
        role_days=blueprint.role_days,
        days=blueprint.credential_days,
        fingerprint=fingerprint,
        script=text,
    )


def _blueprint(
    plan: Mapping[str, Any], pinned: Pinned, registration_id: UUID, display_name: str, provider: str
) -> Blueprint:
    if pinned.in_unit and not pinned.unit:
        plan = pinning.decline(plan, pinned.declined, unit=NOBODY_NAMED)
    return draw(
        plan,
        registration=str(registration_id),
        display_name=display_name,
        notes=f"Made by hand for {provider}.",
        sign_in_client=None,
    )
