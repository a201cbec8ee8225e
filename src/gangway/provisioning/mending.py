"""What a repair has to do on a registration that is there, by what was last seen of it: only that is asked for. Reads.

What nobody has seen may be missing, so it is asked for as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gangway.foundation import clock
from gangway.provisioning import beyond
from gangway.provisioning.beside import ids_beside, latest_run
from gangway.provisioning.credential_ends import is_soon
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.observe import EXTEND_BEFORE
from gangway.provisioning.engine.pinning import Pinned
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.wider import not_satisfied
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.renewable import may_change_itself, renewable_of
from gangway.provisioning.states import CredentialState, RegistrationState, RunState

GONE: Final = "Another credential is made, as the one in use is gone from the tenant."
REFUSED: Final = "Another credential is made, as Microsoft does not take the one in use."
EXPIRED: Final = "Another credential is made, as the one in use has expired."
ENDS: Final = "Another credential is made, as the one in use ends soon."
OTHER_KIND: Final = "Another credential is made, as another kind is asked for."


@dataclass(frozen=True, slots=True)
class Look:
    """What was last seen of a registration. None: nobody could say. `refused`: it could not sign in."""

    granted: Collection[str] | None = None
    roles: Collection[str] | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Mending:
    """The parts that there is anything to do of. `renews`: why another credential is made; empty: the one in use stays.

    `made`: whether all of it is made anew.
    """

    parts: frozenset[Part] = frozenset()
    renews: str = ""
    made: bool = False


def is_known(registration_id: UUID) -> bool:
    """Whether we hold a record of it."""
    return Registration.objects.filter(pk=registration_id).exists()


def mending(
    registration_id: UUID, plan: Mapping[str, Any], *, credential_id: UUID | None, seen: Look, now: datetime
) -> Mending:
    """Say what has to be done so that a registration reaches a plan. Raises NoSuchRegistration, PlanUnknown."""
    row, pinned = Registration.objects.filter(pk=registration_id).first(), pinning.read(plan)
    if row is None:
        raise NoSuchRegistration
    why = _why_renewed(credential_id, pinned, seen, now=now)
    wanted = {entry.value for entry in pinned.permissions if entry.stage == "always"} - set(beyond.skipped(row.beyond))
    parts = set()
    if why or seen.refused or not_satisfied(wanted, _listed(row)):
        parts.add(Part.REGISTRATION)
    if seen.granted is None or not_satisfied(wanted, seen.granted):
        parts.add(Part.CONSENT)
    if pinned.roles and (_lacks_roles(pinned, seen) or _roles_end(row, pinned, now=now)):
        parts.add(Part.ROLES)
    return Mending(frozenset(parts), why)


def mending_beside(
    registration_id: UUID,
    service_id: UUID,
    plan: Mapping[str, Any],
    *,
    seen: Mapping[str, Look],
    now: datetime,
) -> dict[str, Mending]:
    """Say the same of all that a plan wants beside a registration, by profile; `seen`: what was last seen of each.

    What another service has there stays as it is.
    """
    begun = ids_beside(registration_id)
    found: dict[str, Mending] = {}
    for one in pinning.read(plan).beside:
        profile, there = one["profile"], begun.get(one["profile"])
        current = renewable_of(registration_id=there, service_id=service_id) if there else None
        if there is None or (current is None and not _is_proved(there)):
            roles = {Part.ROLES} if pinning.read(one).roles else set()
            found[profile] = Mending(frozenset({Part.REGISTRATION, Part.CONSENT, *roles}), made=True)
        elif current is None or not current.is_ours:
            found[profile] = Mending()
        else:
            look = seen.get(profile, Look())
            found[profile] = mending(there, one, credential_id=current.credential_id, seen=look, now=now)
    return found


def _is_proved(registration_id: UUID) -> bool:
    run = latest_run(registration_id)
    gone = run is not None and run.registration.state == RegistrationState.REMOVED
    return run is not None and not gone and run.state == RunState.PROVED


def _listed(row: Registration) -> set[str]:
    """What was proved of its permissions once stands on the application's own list, as far as we know."""
    proved = {key.removeprefix("grant:") for key, how in row.proofs.items() if how != "unknown"}
    return proved | {wide for value in proved if (wide := beyond.instead(row.beyond, value))}


def _lacks_roles(pinned: Pinned, seen: Look) -> bool:
    return seen.roles is None or not {role.template_id for role in pinned.roles} <= set(seen.roles)


def _roles_end(row: Registration, pinned: Pinned, *, now: datetime) -> bool:
    """Whether roles that PIM gave are extended by whoever signs in now."""
    if not pinned.role_days or row.roles_end_at is None:
        return False
    return row.roles_end_at < now + min(EXTEND_BEFORE, timedelta(days=pinned.role_days) / 2)


def _why_renewed(credential_id: UUID | None, pinned: Pinned, seen: Look, *, now: datetime) -> str:
    """Why another credential is made; empty while the one in use is good.

    One that its registration renews by itself may end soon.
    """
    rows = Credential.objects.exclude(state=CredentialState.REMOVED.value)
    row = rows.filter(pk=credential_id).first() if credential_id else None
    if row is None:
        return GONE
    if row.kind != pinned.credential_kind and not row.why:
        return OTHER_KIND
    if row.expires_at is not None and row.expires_at <= now:
        return EXPIRED
    if seen.refused:
        return REFUSED
    if row.expires_at is None or may_change_itself(seen.granted):
        return ""
    life = (row.expires_at - row.made_at).days if row.made_at else None
    return ENDS if is_soon(clock.days_until(row.expires_at, now=now), life=life) else ""
