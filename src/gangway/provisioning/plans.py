"""Pinned plans for other rooms: what can be chosen, pinned, declined, compared, and said in words."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.conf import settings

from gangway.federation.queries import issuer
from gangway.provisioning.engine import difference as differences
from gangway.provisioning.engine import pinning, wider
from gangway.provisioning.engine import profile as profiles
from gangway.provisioning.engine.difference import Change
from gangway.provisioning.engine.pinning import Pinned, PlanUnknown
from gangway.provisioning.engine.profile import Feature, Permission, Profile, Role
from gangway.provisioning.shapes import FeatureRow, PermissionRow, PlanView, ProfileView, RoleChoiceRow, RoleRow

VOICE: Final = "teams-voice"


def choices(profile: str = VOICE) -> ProfileView:
    """What an operator may choose of a profile's newest version. Raises PlanUnknown."""
    known = profiles.load(profile)
    if known is None:
        raise PlanUnknown
    return ProfileView(
        name=known.name,
        version=known.newest,
        title=known.title,
        features=tuple(_feature(entry, on=entry.on_by_default) for entry in known.features_of(known.newest)),
        role_choices=tuple(
            RoleChoiceRow(entry.key, entry.title, entry.why, all(role.in_unit for role in entry.roles))
            for entry in known.role_choices
        ),
        default_role_choice=known.default_role_choice,
        longest_days=known.credential.longest_days,
        credential_kinds=_kinds(known),
    )


def _kinds(known: Profile) -> tuple[str, ...]:
    """The default first. Federation is offered only where the platform is an issuer."""
    kinds = [kind for kind in known.credential.kinds if kind != "federated" or issuer()]
    return tuple(sorted(kinds, key=lambda kind: kind != settings.GANGWAY.credential_kind))


def pin(
    *,
    profile: str = VOICE,
    version: int = 2,
    role_choice: str | None = None,
    features: Collection[str] | None = None,
    unit: str = "",
    role_days: int = 0,
    credential_kind: str | None = None,
    credential_days: int | None = None,
) -> tuple[dict[str, Any], str]:
    """The plan to store with an invitation, and its fingerprint (sha256, hexadecimal).

    What nobody says about the credential is as the settings have it. Raises PlanUnknown, NotInAUnit at "role_choice",
    UnitMalformed at "unit".
    """
    known = profiles.load(profile)
    plan = pinning.pin(
        profile=profile,
        version=version,
        role_choice=role_choice,
        features=features,
        unit=unit,
        role_days=role_days,
        credential_kind=credential_kind or (_kinds(known)[0] if known else None),
        credential_days=credential_days or settings.GANGWAY.credential_days,
    )
    return plan, pinning.fingerprint(plan)


def with_declined(plan: Mapping[str, Any], declined: Collection[str], *, unit: str = "") -> dict[str, Any]:
    """The plan without what an administrator declined, limited to the unit that they named (empty: as it was).

    What can't be declined any more, since it isn't asked for any more, is passed over. Raises PlanUnknown, and
    UnitMalformed at "unit".
    """
    optional = pinning.read(plan).optional
    return pinning.decline(plan, [key for key in declined if key in optional], unit=unit or None)


def declined_of(plan: Mapping[str, Any]) -> tuple[FeatureRow, ...]:
    """What was declined of a plan. Raises PlanUnknown."""
    return explain(plan).declined


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What the second plan asks for otherwise than the first. Raises PlanUnknown."""
    return differences.differences(before, after)


def fingerprinted(plan: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A plan that was pinned before, and its fingerprint, for another invitation."""
    return dict(plan), pinning.fingerprint(plan)


def for_further(plan: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A registration's plan for a further service, and its fingerprint: what is beside is the other service's."""
    return fingerprinted(pinning.beside_as_in(plan, None))


def holds(value: str, granted: Collection[str]) -> bool:
    """Whether somebody with these permissions has this one, itself or by a wider one."""
    return bool(wider.satisfying(value, granted))


def explain(plan: Mapping[str, Any]) -> PlanView:
    """A pinned plan in words. Raises PlanUnknown."""
    read, whole = pinning.read(plan), pinning.fingerprint(plan)
    return PlanView(
        profile=read.profile.name,
        version=read.version,
        permissions=tuple(_permission(entry, read) for entry in read.permissions),
        roles=tuple(_role(role, read) for role in read.roles),
        credential_kind=read.credential_kind,
        credential_days=read.credential_days,
        fingerprint=whole,
        fingerprint_shown=pinning.shown(whole),
        features=tuple(_feature(entry, on=entry.key not in read.declined) for entry in read.asked),
        role_choice=read.role_choice,
        unit=read.unit,
        needs_unit=read.in_unit,
        days_chosen=read.days_chosen,
        role_days=read.role_days,
        title=read.profile.title,
        beside=tuple(explain(one) for one in read.beside),
    )


def _feature(entry: Feature, *, on: bool) -> FeatureRow:
    return FeatureRow(
        key=entry.key,
        title=entry.title,
        why=entry.why,
        declining=entry.declining,
        optional=entry.optional,
        on=on,
        needs_unit=entry.unit,
        beside=bool(entry.registration),
        renewing=entry.owner,
    )


def _permission(entry: Permission, plan: Pinned) -> PermissionRow:
    """Its reason, and what it is good for besides with the features of this plan."""
    chosen = {feature.key for feature in plan.features}
    reasons = [entry.why, *(reason.why for reason in entry.also if reason.feature in chosen)]
    return PermissionRow(
        name=entry.value,
        kind=entry.kind,
        why=" ".join(reasons),
        without=entry.without,
        risk=entry.risk,
        feature=entry.feature,
        setup_only=entry.stage == "setup",
    )


def _role(role: Role, plan: Pinned) -> RoleRow:
    limited = plan.in_unit and role.in_unit
    return RoleRow(role.name, role.template_id, role.why, role.without, role.risk, limited)
