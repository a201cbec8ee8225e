"""Pinned plans: what an invitation promised, word for word, and a fingerprint that people can compare.

A pinned plan is a plain dictionary, since it is stored with the invitation. It names every permission and role by id:
what a change board approved is what is made, also when a later release knows a newer profile.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.provisioning.engine import profile as profiles
from gangway.provisioning.engine.profile import Permission, Profile, Role, Service


class PlanUnknown(GangwayError):
    """A pinned plan that this release can't read or no longer knows."""

    code = "provisioning:plan:unknown"
    what = "This invitation asks for something that this release does not know."
    cure = "Ask your provider for a new invitation."
    acts = WhoActs.OPERATOR


class PlanChanged(GangwayError):
    """A plan whose fingerprint isn't the one that was approved."""

    code = "provisioning:plan:changed"
    what = "What this invitation asks for has changed since it was sent."
    cure = "Ask your provider for a new invitation and compare the fingerprints."
    acts = WhoActs.OPERATOR


@dataclass(frozen=True)
class Pinned:
    """A pinned plan, read back with its words."""

    profile: Profile
    version: int
    permissions: tuple[Permission, ...]
    roles: tuple[Role, ...]
    services: tuple[Service, ...]
    credential_kind: str
    credential_days: int
    keep_sign_in_application: bool


def pin(
    *,
    profile: str,
    version: int,
    role_choice: str | None = None,
    credential_days: int | None = None,
    keep_sign_in_application: bool = False,
) -> dict[str, Any]:
    """A plan to store with an invitation. Raises PlanUnknown when the profile has no such version, roles or days."""
    known = profiles.load(profile)
    if known is None or version not in known.versions:
        raise PlanUnknown
    chosen = known.role_choice(role_choice or known.default_role_choice)
    days = credential_days or known.credential.default_days
    if chosen is None or not 1 <= days <= known.credential.longest_days:
        raise PlanUnknown
    return {
        "profile": profile,
        "version": version,
        "features": sorted({permission.feature for permission in known.permissions_of(version)}),
        "permissions": {entry.value: entry.id for entry in known.permissions_of(version)},
        "services": [service.app_id for service in known.services_of(version)],
        "role_choice": chosen.key,
        "roles": {role.name: role.template_id for role in chosen.roles},
        "credential": {"kind": "secret", "days": days},
        "keep_sign_in_application": keep_sign_in_application,
    }


def read(plan: Mapping[str, Any]) -> Pinned:
    """The plan with its words. Raises PlanUnknown when this release would make anything else than it says."""
    try:
        again = pin(
            profile=plan["profile"],
            version=plan["version"],
            role_choice=plan["role_choice"],
            credential_days=plan["credential"]["days"],
            keep_sign_in_application=plan["keep_sign_in_application"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanUnknown from error
    if fingerprint(again) != fingerprint(plan):
        raise PlanUnknown
    known = profiles.load(plan["profile"])
    chosen = known.role_choice(plan["role_choice"]) if known else None
    if known is None or chosen is None:
        raise PlanUnknown
    version = plan["version"]
    return Pinned(
        profile=known,
        version=version,
        permissions=known.permissions_of(version),
        roles=chosen.roles,
        services=known.services_of(version),
        credential_kind=plan["credential"]["kind"],
        credential_days=plan["credential"]["days"],
        keep_sign_in_application=plan["keep_sign_in_application"],
    )


def fingerprint(plan: Mapping[str, Any]) -> str:
    """sha256, hexadecimal, over the plan's canonical JSON: keys in order, no blanks, UTF-8."""
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def shown(whole: str) -> str:
    """A fingerprint for eyes: the first 32 of its 64 digits in groups of four (128 bits, enough to compare)."""
    digits = whole[:32].upper()
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
