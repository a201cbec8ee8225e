"""What an invitation changes about a service that is connected: the difference only, in sentences."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from gangway.connections.care_view import rotation_beside, rotation_of
from gangway.connections.companions import companions
from gangway.connections.queries import ConnectionView, connection
from gangway.connections.repairs import Repair
from gangway.invitations.aims import Purpose
from gangway.provisioning import queries as provisioning
from gangway.provisioning.beside import besides
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.leaving import going
from gangway.provisioning.queries import Change
from gangway.provisioning.shapes import FeatureRow
from gangway.provisioning.usage import changes_itself
from gangway.services.licences import LicenceType
from gangway.services.queries import service


def purpose_of_repair(service_id: UUID, plan: Mapping[str, Any]) -> Purpose:
    """Say whether this plan of a connected service repairs its registration, or moves it to a newer profile."""
    found = connection(service_id)
    before = _plan_before(found.registration_id) if found else None
    newer = before is not None and (before["profile"], before["version"]) != (plan["profile"], plan["version"])
    return Purpose.MOVE if newer else Purpose.REPAIR


def addable(service_id: UUID) -> tuple[FeatureRow, ...]:
    """What a connected service may get by another sign-in: features with a registration of their own, not had yet."""
    return tuple(feature for feature in _not_had(service_id) if feature.beside)


def renewing(service_id: UUID) -> tuple[FeatureRow, ...]:
    """What would let a connection's registration renew its own secret, where it wasn't asked for or was declined.

    The registration can't give itself that right: an administrator of the customer has to sign in once.
    """
    cared = rotation_of(service_id)
    if cared is None or not cared.ends or cared.by_itself:
        return ()
    return tuple(feature for feature in _not_had(service_id) if feature.renewing)


def _not_had(service_id: UUID) -> Iterator[FeatureRow]:
    found = connection(service_id)
    plan = _plan_before(found.registration_id) if found and found.is_ours else None
    if plan is None:
        return
    has = {feature.key for feature in provisioning.explain(plan).features if feature.on}
    yield from (feature for feature in provisioning.choices(plan["profile"]).features if feature.key not in has)


def what_changes(
    service_id: UUID,
    purpose: Purpose,
    plan: Mapping[str, Any],
    *,
    wanted: Mapping[str, Any],
    goes_on: bool,
    repair: Repair | None = None,
    removes: Iterable[str] = (),
) -> Iterator[str]:
    """Tell what will be otherwise. `goes_on`: the registration that is there is used, and no new one made.

    `repair`: what it has to do, when it adds just what is missing. `removes`: names of credentials that are left over
    on it.
    """
    found = connection(service_id)
    if found is None:
        return
    if purpose is Purpose.UPGRADE:
        licence = LicenceType(wanted["licence_type"]).label
        yield f"The licence becomes {licence} instead of {service(service_id).licence.label}."
    keeps = goes_on and repair is not None and not repair.own.renews
    different = list(_different(service_id, found.registration_id, plan, keeps=keeps))
    if goes_on:
        yield from _credentials(found, plan, repair)
        yield from different or ["Its permissions and roles stay as they are."]
        yield from (f"Removed from it, as nobody uses it: the credential {name}." for name in removes)
    else:
        yield "A new App registration is made; the service moves to it once it is proved."
        yield from different
        yield _what_becomes_of(found)
        yield from map(_left_to_them, _beside(service_id, plan))


def _credentials(found: ConnectionView, plan: Mapping[str, Any], repair: Repair | None) -> Iterator[str]:
    if repair is not None and not repair.own.renews:
        yield f"The App registration {found.registration_name} stays and keeps its credential."
    else:
        yield f"The App registration {found.registration_name} stays and gets a new credential."
        yield from [repair.own.renews] if repair is not None else []
    kept = () if repair is None else [profile for profile, one in repair.beside.items() if not one.renews]
    renewed = _beside(found.service_id, plan, besides=kept)
    yield from (f"The App registration {name} gets a new credential, too." for name in renewed)


def uses_ours_beside(service_id: UUID, registration_id: UUID) -> bool:
    """Whether anything of ours beside a registration is this service's, or was begun for it."""
    used = any(one.registration.is_ours for one in companions(service_id))
    return used or bool(besides(registration_id=registration_id, service_id=service_id))


def _what_becomes_of(found: ConnectionView) -> str:
    """Tell what happens to a registration that a service moves away from."""
    if not found.is_ours or found.lost:
        return f"{found.registration_name} is no longer used then; you can delete it."
    if not going(registration_id=found.registration_id, service_id=found.service_id).whole:
        return (
            f"{found.registration_name} stays, as other services use it; this service's credential is removed from it."
        )
    if changes_itself(found.registration_id):
        return f"{found.registration_name} rests for a while then, and is deleted after that."
    return _left_to_them(found.registration_name)


def _left_to_them(registration_name: str) -> str:
    """Tell it of a registration that nothing but a person's right can take away."""
    return (
        f"{registration_name} rests for a while then. It can't delete itself: "
        "an administrator of yours has to delete it after that."
    )


def _beside(service_id: UUID, plan: Mapping[str, Any], *, besides: Collection[str] = ()) -> list[str]:
    """Names of the registrations beside the service's own that the same sign-in renews; `besides`: not of these."""
    asked = {profile for profile in plan.get("beside", {}) if profile not in besides}
    found = (one for one in companions(service_id) if one.profile in asked)
    return [one.registration.display_name for one in found if one.credential and one.registration.is_ours]


def _different(service_id: UUID, registration_id: UUID, plan: Mapping[str, Any], *, keeps: bool) -> Iterator[str]:
    """What the plan asks for otherwise than before, and what was granted once and is missing now.

    `keeps`: the credential in use stays, so nothing is otherwise about it.
    """
    before = _plan_before(registration_id)
    if before and "beside" not in plan and not uses_ours_beside(service_id, registration_id):
        before, _fingerprint = provisioning.for_further(before)  # what is beside is another service's, or their own
    found = provisioning.difference(before, dict(plan)) if before else ()
    changes = [change for change in found if not (keeps and change.of_credential)]
    yield from map(_said, changes)
    told = " ".join(change.what for change in changes)
    yield from (f"Missing now, and added: {name}" for name in _lacking(service_id) if name not in told)


def _lacking(service_id: UUID) -> Iterator[str]:
    """What the newest version has and the registration hasn't, nor that of ours which is used beside it."""
    beside = (rotation_beside(service_id, one.profile) for one in companions(service_id) if one.registration.is_ours)
    for care in (rotation_of(service_id), *beside):
        yield from care.lacks if care else ()


def _said(change: Change) -> str:
    if change.kind == "added":
        return f"Added: {change.what}"
    return f"No longer asked for: {change.what}" if change.kind == "removed" else change.what


def _plan_before(registration_id: UUID) -> dict[str, Any] | None:
    try:
        return provisioning.plan_of(registration_id)
    except NoSuchRegistration:
        return None
