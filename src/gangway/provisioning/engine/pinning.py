"""Pinned plans: what an invitation promised, word for word, and a fingerprint that people can compare.

A pinned plan is a plain dictionary, since it is stored with the invitation. It names every permission and role by id:
what a change board approved is what is made, also when a later release knows a newer profile. Its `format` says how it
is to be read; plans from before there was one are read as they are, so that their fingerprints stay.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.provisioning.engine import profile as profiles
from gangway.provisioning.engine.profile import Feature, Permission, Profile, Role, Service

FORMAT: Final = 2
GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LONGEST_UNIT: Final = 256
LONGEST_ROLE_DAYS: Final = 365
"""PIM's own longest active assignment, unless a tenant allows more."""
"""Characters of a display name at Microsoft."""


class PlanUnknown(GangwayError):
    """A pinned plan that this release can't read or no longer knows."""

    code = "provisioning:plan:unknown"
    what = "This invitation asks for something that this release does not know."
    cure = "Ask your provider for a new invitation."
    acts = WhoActs.OPERATOR


class PlanChanged(GangwayError):
    """A plan whose fingerprint isn't the one that was seen."""

    code = "provisioning:plan:changed"
    what = "What this invitation asks for has changed since you looked."
    cure = "Read what is different now, then go on."
    acts = WhoActs.ADMINISTRATOR


class NotInAUnit(GangwayError):
    """Roles that Microsoft doesn't limit to an administrative unit."""

    code = "provisioning:plan:roles_not_in_a_unit"
    what = "Microsoft does not let these roles be limited to an administrative unit."
    cure = "Choose Teams Administrator, or leave the administrative unit out."
    acts = WhoActs.OPERATOR


class UnitNotNamed(GangwayError):
    """Roles are to be limited to an administrative unit, and nobody said to which."""

    code = "provisioning:plan:unit_not_named"
    what = "The administrative unit is not named yet."
    cure = "Type its name or its object ID, or decline the limit to one administrative unit."
    acts = WhoActs.ADMINISTRATOR


class UnitMalformed(GangwayError):
    """Neither an id nor a name that a unit can have."""

    code = "provisioning:plan:unit_malformed"
    what = "This can't be the name of an administrative unit."
    cure = f"Type its name as it stands in Microsoft Entra, up to {LONGEST_UNIT} characters, or its object ID."
    acts = WhoActs.ADMINISTRATOR


@dataclass(frozen=True)
class Pinned:
    """A pinned plan, read back with its words.

    `features`: what it is used for, without those that were declined. `optional`: keys of asked features that may be
    declined. `unit`: id or name of an administrative unit, empty when nobody named one. `role_days`: for how many days
    PIM gives the roles; 0: they don't end. `days_chosen`: somebody chose
    the credential's life; else it follows the features. `beside`: plans of the registrations that are made beside it.
    """

    profile: Profile
    version: int
    features: tuple[Feature, ...]
    optional: frozenset[str]
    declined: frozenset[str]
    permissions: tuple[Permission, ...]
    role_choice: str
    roles: tuple[Role, ...]
    services: tuple[Service, ...]
    unit: str
    role_days: int
    credential_kind: str
    credential_days: int
    days_chosen: bool
    keep_sign_in_application: bool
    beside: tuple[Mapping[str, Any], ...] = ()

    @property
    def owns_itself(self) -> bool:
        """Whether the registration's principal is to be an owner of its application."""
        return any(feature.owner for feature in self.features)

    @property
    def in_unit(self) -> bool:
        """Whether roles are to be limited to an administrative unit."""
        return any(feature.unit for feature in self.features)

    @property
    def asked(self) -> tuple[Feature, ...]:
        """All features that were asked for, the declined ones as well."""
        keys = {feature.key for feature in self.features} | self.declined
        return tuple(feature for feature in self.profile.features_of(self.version) if feature.key in keys)


def pin(
    *,
    profile: str,
    version: int,
    role_choice: str | None = None,
    features: Collection[str] | None = None,
    declined: Collection[str] = (),
    unit: str = "",
    role_days: int = 0,
    credential_kind: str | None = None,
    credential_days: int | None = None,
    keep_sign_in_application: bool = False,
    versions: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """A plan to store with an invitation.

    `features`: None for those that are on by default; what isn't optional is in it anyway. `credential_days`: None for
    the default of the features. `role_days`: roles are given through PIM and end after so many days; 0: they don't end.
    `versions`: those of the profiles whose registrations are made beside this one, the newest unless named.

    Raises PlanUnknown when the profile has no such version, roles, features, kind or days; NotInAUnit at "role_choice",
    UnitMalformed at "unit".
    """
    known = profiles.load(profile)
    if known is None or version not in known.versions:
        raise PlanUnknown
    asked = _asked(known, version, features)
    refused = _refused(asked, declined)
    kept = [feature for feature in asked if feature.key not in refused]
    roles = _roles(known, version, role_choice, kept)
    kind = credential_kind or known.credential.kinds[0]
    days = credential_days or _default_days(known, kept)
    if kind not in known.credential.kinds or not 1 <= days <= known.credential.longest_days:
        raise PlanUnknown
    if not 0 <= role_days <= LONGEST_ROLE_DAYS:
        raise PlanUnknown
    keys = {feature.key for feature in kept}
    permissions = [entry for entry in known.permissions_of(version) if entry.feature in keys]
    beside = {
        feature.registration: _beside(
            feature.registration,
            version=(versions or {}).get(feature.registration),
            kind=kind,
            days=credential_days,
            keep_sign_in_application=keep_sign_in_application,
        )
        for feature in kept
        if feature.registration
    }
    return {
        "format": FORMAT,
        "profile": profile,
        "version": version,
        "features": sorted(feature.key for feature in asked),
        "optional": sorted(feature.key for feature in asked if feature.optional),
        "declined": sorted(refused),
        "permissions": {entry.value: entry.id for entry in permissions},
        "setup_only": sorted(entry.value for entry in permissions if entry.stage == "setup"),
        "services": [service.app_id for service in known.services_of(version)],
        "role_choice": role_choice or known.default_role_choice,
        "roles": {role.name: role.template_id for role in roles},
        "unit": _unit(unit, kept),
        "owns_itself": any(feature.owner for feature in kept),
        "credential": {"kind": kind, "days": days, "chosen": credential_days is not None},
        "keep_sign_in_application": keep_sign_in_application,
        **({"role_days": role_days} if role_days else {}),
        **({"beside": beside} if beside else {}),
    }


def _beside(
    profile: str, *, version: int | None, kind: str, days: int | None, keep_sign_in_application: bool
) -> dict[str, Any]:
    """The plan of a registration of its own, with all that its profile offers and the credential as chosen for both."""
    known = profiles.load(profile)
    if known is None:
        raise PlanUnknown
    return pin(
        profile=profile,
        version=version or known.newest,
        credential_kind=kind if kind in known.credential.kinds else None,
        credential_days=days and min(days, known.credential.longest_days),
        keep_sign_in_application=keep_sign_in_application,
    )


def read(plan: Mapping[str, Any]) -> Pinned:
    """The plan with its words. Raises PlanUnknown when this release would make anything else than it says."""
    try:
        again = _again(plan) if "format" in plan else _again_first(plan)
    except (KeyError, TypeError, AttributeError, ValueError, NotInAUnit, UnitMalformed) as error:
        raise PlanUnknown from error
    if fingerprint(again) != fingerprint(plan):
        raise PlanUnknown
    known = profiles.load(plan["profile"])
    if known is None:
        raise PlanUnknown
    version, declined = plan["version"], frozenset(plan.get("declined", ()))
    keys = set(plan["features"]) - declined
    features = tuple(feature for feature in known.features_of(version) if feature.key in keys)
    return Pinned(
        profile=known,
        version=version,
        features=features,
        optional=frozenset(plan.get("optional", ())),
        declined=declined,
        permissions=tuple(entry for entry in known.permissions_of(version) if entry.value in plan["permissions"]),
        role_choice=plan["role_choice"],
        roles=_roles(known, version, plan["role_choice"], features),
        services=known.services_of(version),
        unit=plan.get("unit", ""),
        role_days=plan.get("role_days", 0),
        credential_kind=plan["credential"]["kind"],
        credential_days=plan["credential"]["days"],
        days_chosen=plan["credential"].get("chosen", True),
        keep_sign_in_application=plan["keep_sign_in_application"],
        beside=tuple(plan.get("beside", {}).values()),
    )


def decline(plan: Mapping[str, Any], declined: Collection[str], *, unit: str | None = None) -> dict[str, Any]:
    """The plan as an administrator wants it: without these features, limited to this unit (None: as it was).

    A plan without anything optional stays as it is. Raises PlanUnknown for what can't be declined, UnitMalformed at
    "unit".
    """
    pinned = read(plan)
    wanted = pinned.unit if unit is None else unit
    if not set(declined) <= pinned.optional:
        raise PlanUnknown
    if not pinned.optional:
        return dict(plan)
    return pin(
        profile=pinned.profile.name,
        version=pinned.version,
        role_choice=pinned.role_choice,
        features=plan["features"],
        declined=declined,
        unit=wanted,
        role_days=pinned.role_days,
        credential_kind=pinned.credential_kind,
        credential_days=pinned.credential_days if pinned.days_chosen else None,
        keep_sign_in_application=pinned.keep_sign_in_application,
        versions=_versions(plan),
    )


def beside_as_in(plan: Mapping[str, Any], standing: Mapping[str, Any] | None) -> dict[str, Any]:
    """The plan with what is made beside as another plan of the registration has it (None: nothing), declined or not.

    Raises PlanUnknown.
    """
    pinned, other = read(plan), standing or {"features": ()}
    own = {feature.key for feature in pinned.profile.features_of(pinned.version) if feature.registration}
    wanted, declined = own & set(other["features"]), own & set(other.get("declined", ()))
    if (wanted, declined) == (own & set(plan["features"]), own & pinned.declined):
        return dict(plan)
    return pin(
        profile=pinned.profile.name,
        version=pinned.version,
        role_choice=pinned.role_choice or None,
        features=(set(plan["features"]) - own) | wanted,
        declined=(pinned.declined - own) | declined,
        unit=pinned.unit,
        role_days=pinned.role_days,
        credential_kind=pinned.credential_kind,
        credential_days=pinned.credential_days if pinned.days_chosen else None,
        keep_sign_in_application=pinned.keep_sign_in_application,
        versions=_versions(other),
    )


def fingerprint(plan: Mapping[str, Any]) -> str:
    """sha256, hexadecimal, over the plan's canonical JSON: keys in order, no blanks, UTF-8."""
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def shown(whole: str) -> str:
    """A fingerprint for eyes: all of its digits in groups of four, the same wherever people compare it."""
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def _again(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What this release pins for the same choices."""
    credential = plan["credential"]
    return pin(
        profile=plan["profile"],
        version=plan["version"],
        role_choice=plan["role_choice"],
        features=plan["features"],
        declined=plan["declined"],
        unit=plan["unit"],
        role_days=plan.get("role_days", 0),
        credential_kind=credential["kind"],
        credential_days=credential["days"] if credential["chosen"] else None,
        keep_sign_in_application=plan["keep_sign_in_application"],
        versions=_versions(plan),
    )


def _versions(plan: Mapping[str, Any]) -> dict[str, int]:
    return {name: beside["version"] for name, beside in plan.get("beside", {}).items()}


def _again_first(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the first format: it knew neither features to choose nor kinds of credential."""
    now = pin(
        profile=plan["profile"],
        version=plan["version"],
        role_choice=plan["role_choice"],
        features=plan["features"],
        credential_days=plan["credential"]["days"],
        keep_sign_in_application=plan["keep_sign_in_application"],
    )
    first = {"profile", "version", "features", "permissions", "services", "role_choice", "roles"}
    return {
        **{key: now[key] for key in first},
        "credential": {"kind": "secret", "days": now["credential"]["days"]},
        "keep_sign_in_application": now["keep_sign_in_application"],
    }


def _asked(known: Profile, version: int, keys: Collection[str] | None) -> list[Feature]:
    offered = known.features_of(version)
    chosen = {feature.key for feature in offered if feature.on_by_default} if keys is None else set(keys)
    if not chosen <= {feature.key for feature in offered}:
        raise PlanUnknown
    return [feature for feature in offered if not feature.optional or feature.key in chosen]


def _refused(asked: Collection[Feature], declined: Collection[str]) -> frozenset[str]:
    if not set(declined) <= {feature.key for feature in asked if feature.optional}:
        raise PlanUnknown
    return frozenset(declined)


def _roles(known: Profile, version: int, choice: str | None, features: Collection[Feature]) -> tuple[Role, ...]:
    """The chosen roles and those that come with a feature. Raises NotInAUnit when a unit couldn't limit the former."""
    chosen = known.role_choice(choice or known.default_role_choice)
    if chosen is None and (choice or known.role_choices):
        raise PlanUnknown
    mine = chosen.roles if chosen else ()
    if any(feature.unit for feature in features) and not all(role.in_unit for role in mine):
        raise NotInAUnit(field="role_choice")
    keys = {feature.key for feature in features}
    return (*mine, *(role for role in known.roles_of(version) if role.feature in keys))


def _default_days(known: Profile, features: Collection[Feature]) -> int:
    with_them = (known.credential.days_with.get(feature.key) for feature in features)
    return min((days for days in with_them if days), default=known.credential.default_days)


def _unit(text: str, features: Collection[Feature]) -> str:
    """The unit's id or name, empty when no feature needs one. Raises UnitMalformed at "unit"."""
    if not any(feature.unit for feature in features):
        return ""
    unit = text.strip()
    if len(unit) > LONGEST_UNIT or not unit.isprintable():
        raise UnitMalformed(field="unit")
    return unit.lower() if GUID.fullmatch(unit) else unit
