"""What remains in a tenant and only a person's right can take away: listed, and removed by somebody who signs in. Sync.

The list of leftovers is what is looked at. A registration that the customer made, and what somebody typed in, never
comes up here; of a registration that a living service signs in with, nothing goes but what is named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db import models, transaction

from gangway.audit.record import Actor
from gangway.provisioning import leftovers, scopes
from gangway.provisioning.added import rights_listed, rights_others_need
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.in_use import credentials_in_use, is_used
from gangway.provisioning.models import FEDERATED, MADE, Credential, Leftover, Registration, Run
from gangway.provisioning.starting import WHOLE, SignedIn, start_teardown
from gangway.provisioning.states import RESTING, CredentialState, LeftoverKind, RunKind

PARTS: Final = {
    LeftoverKind.CREDENTIAL: frozenset({Part.REGISTRATION}),
    LeftoverKind.PERMISSION: frozenset({Part.CONSENT}),
    LeftoverKind.ROLE: frozenset({Part.ROLES}),
}
"""What removing a single thing needs; a whole registration needs all, as its rights go before it: who restores a
deleted registration within Microsoft's thirty days gets it back without them."""

Named = tuple[LeftoverKind, str, str]
"""A leftover as it is shown: its kind, its name, and what it is called in the tenant."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is still there."""

    kind: LeftoverKind
    name: str
    object_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """What remains of one registration. `parts`: what whoever signs in has to be able to do."""

    registration_id: UUID
    name: str
    app_id: str
    tenant_id: str
    tenant_name: str
    short_name: str
    things: tuple[Thing, ...]
    parts: frozenset[Part]


def remains_in(tenant_id: str, *, cloud: str) -> tuple[Remaining, ...]:
    """Return what remains of the scope's registrations in this tenant."""
    rows = _open_ones().filter(registration__tenant_id=tenant_id, registration__cloud=cloud)
    ordered = rows.select_related("registration", "service").order_by("registration__created_at", "since", "id")
    grouped = groupby(ordered, key=lambda row: row.registration_id)
    return tuple(one for _, found in grouped for one in _remaining(tuple(found)))


def remains_of(service_id: UUID) -> tuple[Remaining, ...]:
    """Return what remains that was made for a service and that a sign-in could remove."""
    rows = _open_ones().filter(service_id=service_id).select_related("registration", "service")
    grouped = groupby(rows.order_by("registration_id", "since", "id"), key=lambda row: row.registration_id)
    return tuple(one for _, found in grouped for one in _remaining(tuple(found)))


def credentials_left(*, registration_id: UUID, service_id: UUID) -> dict[UUID, str]:
    """Return the service's own credentials among what remains of a registration, by id, with their names there.

    Whoever signs in for a renewal can take them along. A federated one may serve others, so it isn't among them.
    """
    rows = _open_ones().filter(registration_id=registration_id, service_id=service_id)
    found = _credentials(_removable(tuple(rows.select_related("registration", "service"))))
    mine = found.filter(service_id=service_id).exclude(kind=FEDERATED)
    return dict(mine.order_by("announced_at").values_list("pk", "display_name"))


def scopes_of(remaining: Iterable[Remaining]) -> tuple[str, ...]:
    """Return the delegated scopes that removing all of this needs, and no others."""
    parts = frozenset[Part]().union(*(one.parts for one in remaining))
    return scopes.of_parts(parts, says_goodbye=True)


@transaction.atomic
def remove_with(
    registration_id: UUID, *, agreed: Collection[Named], signed_in: SignedIn, by: Actor, now: datetime
) -> UUID | None:
    """Start taking away what somebody agreed to and remains of a registration, by their sign-in.

    None when nothing of it remains any more, and when the whole registration would take along what they were not shown.
    A tear-down that rests since nobody could do it goes on; else one of what was agreed begins. Raises RunUnderWay.
    """
    registration = Registration.objects.select_for_update(of=("self",)).filter(pk=registration_id).first()
    there = [] if registration is None else _removable(tuple(_open_ones().filter(registration=registration)))
    found = [row for row in there if (row.kind, row.name, row.object_id) in agreed]
    if registration is None or not found or (_goes_whole(found) and len(found) < len(there)):
        return None
    given: dict[str, Any] = {"registration_id": registration_id, "signed_in": signed_in, "by": by, "now": now}
    resting = Run.objects.filter(
        registration=registration, kind=RunKind.TEARDOWN.value, state__in=[state.value for state in RESTING]
    )
    run, parts = resting.order_by("-created_at").first(), _parts(registration, found)
    if run is not None and (_goes_whole(found) or _takes_no_more(run, parts)):
        wanted = {**run.wanted, "credentials": [UUID(one) for one in run.wanted.get("credentials", ())]}
        return start_teardown(**given, service_id=run.service_id, on_end=run.on_end, **wanted)
    if _goes_whole(found):
        never_used = registration.proved_at is None
        return start_teardown(**given, service_id=found[0].service_id, whole=True, for_good=never_used)
    return start_teardown(**given, service_id=found[0].service_id, whole=False, **parts)


def _parts(registration: Registration, found: Sequence[Leftover]) -> dict[str, Any]:
    """Name the single things among these, as a tear-down wants them."""
    return {"credentials": [row.pk for row in _credentials(found)], **rights_listed(registration, found)}


def _takes_no_more(run: Run, parts: Mapping[str, Any]) -> bool:
    """Whether a resting tear-down of single things takes nothing but these; what is gone already is no matter."""
    if run.wanted.get("whole"):
        return False
    gone = Credential.objects.filter(pk__in=run.wanted.get("credentials", ()), state=CredentialState.REMOVED.value)
    settled = {str(one) for one in gone.values_list("pk", flat=True)}
    return all({*run.wanted.get(part, ())} - settled <= {str(one) for one in named} for part, named in parts.items())


def _open_ones() -> models.QuerySet[Leftover]:
    """All that are open but what ends otherwise: Microsoft drops what it keeps, the sign-in application goes last."""
    besides = [LeftoverKind.SIGN_IN_APPLICATION.value, LeftoverKind.DELETED_APPLICATION.value]
    return Leftover.objects.filter(cleared_at__isnull=True).exclude(kind__in=besides)


def _remaining(rows: Sequence[Leftover]) -> Iterable[Remaining]:
    mine = _removable(rows)
    if not mine:
        return
    about, whole = rows[0].made, _goes_whole(mine)
    yield Remaining(
        registration_id=about.pk,
        name=about.display_name,
        app_id=about.app_id,
        tenant_id=about.tenant_id,
        tenant_name=about.tenant_name,
        short_name=rows[0].service.short_name,
        things=tuple(Thing(LeftoverKind(row.kind), row.name, row.object_id, row.why) for row in mine),
        parts=frozenset(Part) if whole else frozenset[Part]().union(*(PARTS[LeftoverKind(row.kind)] for row in mine)),
    )


def _removable(rows: Sequence[Leftover]) -> list[Leftover]:
    """Those that are ours to remove; of a registration that is in use or the customer's own, only single things."""
    if not rows:
        return []
    ours = rows[0].made.origin == MADE
    keys = {row.key_id for row in _credentials(rows)} | {row.display_name for row in _credentials(rows)}
    used = _names_in_use(rows)
    alone = ours and not is_used(rows[0].made)
    return [
        row
        for row in rows
        if not row.facts.get("by_hand")
        and not (row.kind == LeftoverKind.CREDENTIAL and {row.object_id, row.name} & used)
        and not (row.kind in leftovers.RIGHTS and _others_need(row))
        and (
            (alone if LeftoverKind(row.kind) in WHOLE else ours)
            or (row.kind == LeftoverKind.CREDENTIAL and {row.object_id, row.name} & keys)
        )
    ]


def _others_need(row: Leftover) -> bool:
    rights = rights_listed(row.made, [row])
    needed = rights_others_need(row.made, row.service_id)
    return bool(needed & {*rights["permissions"], *rights["roles"]})


def _names_in_use(rows: Sequence[Leftover]) -> set[str]:
    """How those of the credentials among them may be called that a living service signs in with."""
    if not any(row.kind == LeftoverKind.CREDENTIAL for row in rows):
        return set()
    found = Credential.objects.filter(pk__in=credentials_in_use(rows[0].made.pk))
    return {name for pair in found.values_list("key_id", "display_name") for name in pair if name}


def _goes_whole(rows: Iterable[Leftover]) -> bool:
    return any(LeftoverKind(row.kind) in WHOLE for row in rows)


def _credentials(rows: Iterable[Leftover]) -> models.QuerySet[Credential]:
    """Our own credentials among them; one that Microsoft never gave a key id is known by its name."""
    named = [row for row in rows if row.kind == LeftoverKind.CREDENTIAL]
    found = Credential.objects.filter(registration_id__in={row.registration_id for row in named}, origin=MADE)
    return found.exclude(state=CredentialState.REMOVED.value).filter(leftovers.credentials_of(named))
