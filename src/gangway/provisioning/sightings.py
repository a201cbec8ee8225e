"""What was seen in a tenant beside what we hold of it: what belongs to nothing becomes a leftover. Sync, for workers.

Only the registrations of one organization are compared: what others have in the same tenant, and what no row of ours
names, is passed over, for nobody here could say whose it is. Nothing is taken away by it.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from gangway.audit.record import Actor
from gangway.microsoft.graph.shapes import Application, FederatedKey
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import leftovers
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.blueprint import UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.sight import Source, Standing, TenantSight, keys_of
from gangway.provisioning.in_use import is_used
from gangway.provisioning.models import MADE, Credential, Leftover, Registration, Run
from gangway.provisioning.orphans import SETTLED
from gangway.provisioning.states import HOLDING, NEIGHBOURS, CredentialState, LeftoverKind, RegistrationState

LOOK: Final = Actor.system("look in the tenant")
COPIED: Final = timedelta(hours=1)
"""What was made or taken away so shortly ago, Microsoft may still show otherwise."""
MARK: Final = re.compile(r"-[0-9a-f]{8}$")
"""The end of a credential's name: no other attempt has the same."""

UNUSED: Final = "It was seen in the tenant, and no service signs in with it any more."
STILL_THERE: Final = "It was taken for removed, but it was seen in the tenant."
WITHOUT_REGISTRATION: Final = "It was seen in the tenant, and its app registration wasn't."
UNUSED_CREDENTIAL: Final = "It was seen at the app registration, and no service signs in with it."
NOT_RECORDED: Final = "It has a name that we announced, and we never heard that it was made."
LIKE_OURS: Final = "Its name is like those that we give, but we hold no record of it: ask who made it."

BY_HAND: Final = {"by_hand": "yes"}
"""For what our journal has no right to remove: an administrator does, by our words."""
LOOKED: Final = {"look": "yes"}
TRUSTED: Final = {"trust": "yes"}
"""For a federated credential, which not every look is told of."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What belongs to nothing, and for which service it was made, where that is known."""

    left: Left
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class InUse:
    """What services sign in with: credentials by their ids, and in some registrations whatever is proved there."""

    credentials: frozenset[UUID]
    registrations: frozenset[UUID] = frozenset()

    def has(self, row: Credential) -> bool:
        """Whether a service signs in with this one."""
        if row.registration_id in self.registrations and row.state == CredentialState.PROVED:
            return True
        return row.pk in self.credentials


def keep(sight: TenantSight, *, path: str, used: InUse, now: datetime) -> None:
    """Write down how the organization's registrations of that tenant stand there, and list what belongs to nothing."""
    with within(path), transaction.atomic():
        rows = Registration.objects.select_for_update(of=("self",)).filter(tenant_id=sight.tenant_id, cloud=sight.cloud)
        if sight.source is Source.ITSELF:
            rows = rows.filter(app_id__in=sight.signs_in | sight.unknown)
        for row in rows.order_by("pk"):
            _look_at(row, sight, used, now)


def path_of(registration_id: UUID) -> str:
    """Return the scope of whoever has a registration; empty when it is gone. For workers."""
    with within_everything("a worker is given a registration by its id"):
        rows = Registration.objects.filter(pk=registration_id)
        return rows.values_list("organization__path", flat=True).first() or ""


def _look_at(row: Registration, sight: TenantSight, used: InUse, now: datetime) -> None:
    unique_name = f"{UNIQUE_NAME_PREFIX}{row.pk}"
    is_ours = row.origin == MADE
    standing = sight.standing(unique_name=unique_name, app_id=row.app_id, is_ours=is_ours) if row.app_id else None
    if standing is None or _is_in_hand(row, now):
        return
    if standing is Standing.GONE and not sight.tells_deleted and row.seen == Standing.DELETED:
        standing = Standing.DELETED  # it isn't there, and this look can't tell whether Microsoft still keeps it
    if sight.source is Source.ITSELF and row.seen == standing and row.seen_by != Source.ITSELF:
        return  # an earlier look read more than that
    row.seen, row.seen_at, row.seen_by = standing.value, now, sight.source.value
    row.save(update_fields=["seen", "seen_at", "seen_by"])
    run = Run.objects.filter(registration_id=row.pk).order_by("-created_at").first()
    if not is_ours or run is None:
        return
    there = sight.application(unique_name=unique_name, app_id=row.app_id)
    if standing is Standing.THERE and there is None:
        return
    found = tuple(_belongs_to_nothing(row, there, sight, used, now))
    for one in found:
        _list(run, one, now)
    _clear(row, found, there, sight, now)


def _is_in_hand(row: Registration, now: datetime) -> bool:
    """Whether a run is at work on it, or was so shortly ago that Microsoft's copies may not agree yet."""
    runs = Run.objects.filter(registration_id=row.pk)
    if runs.filter(state__in=[state.value for state in HOLDING]).exists():
        return True
    latest = runs.aggregate(at=Max("ended_at"))["at"]
    cleared = Leftover.objects.filter(registration_id=row.pk).aggregate(at=Max("cleared_at"))["at"]
    return any(at is not None and at > now - COPIED for at in (latest, cleared, row.made_at))


def _belongs_to_nothing(
    row: Registration, there: Application | None, sight: TenantSight, used: InUse, now: datetime
) -> Iterator[_Found]:
    facts = {"app_id": row.app_id, "unique_name": f"{UNIQUE_NAME_PREFIX}{row.pk}"}
    if there is None:
        principal = sight.principal(row.app_id)
        if principal is not None:
            kind, name = LeftoverKind.PRINCIPAL, principal.display_name or row.display_name
            yield _Found(Left(kind, name, principal.object_id, facts, WITHOUT_REGISTRATION))
    elif row.state == RegistrationState.REMOVED:
        yield _Found(Left(LeftoverKind.APPLICATION, there.display_name, there.object_id, facts, STILL_THERE))
    elif not is_used(row) and not _is_awaited(row, now):
        yield _Found(Left(LeftoverKind.APPLICATION, there.display_name, there.object_id, facts, UNUSED))
    else:
        yield from _credentials(row, there, used, now)


def _is_awaited(row: Registration, now: datetime) -> bool:
    """Whether somebody may still come and finish it."""
    runs = Run.objects.filter(registration_id=row.pk)
    waits = runs.filter(state__in=[state.value for state in NEIGHBOURS]).exists()
    return waits or runs.filter(queued_at__gt=now - SETTLED).exists()


def _credentials(row: Registration, there: Application, used: InUse, now: datetime) -> Iterator[_Found]:
    known = list(Credential.objects.filter(registration_id=row.pk).select_related("service"))
    by_key = {one.key_id: [other for other in known if other.key_id == one.key_id] for one in known if one.key_id}
    announced = {one.display_name: one for one in known if not one.key_id}
    services = {one.service.short_name: one.service_id for one in known}
    for key in keys_of(there):
        rows = by_key.get(key.key_id) or [announced[name] for name in [key.display_name] if name in announced]
        facts = {"app_id": there.app_id, "application": there.display_name}
        facts |= TRUSTED if isinstance(key, FederatedKey) else {}
        if not rows:
            whose = services.get(MARK.sub("", key.display_name))
            if whose and MARK.search(key.display_name):
                left = Left(LeftoverKind.CREDENTIAL, key.display_name, key.key_id, facts | BY_HAND, LIKE_OURS)
                yield _Found(left, whose)
            continue
        rows.sort(key=lambda row: row.state == CredentialState.REMOVED)
        held, whys = rows[0], [_why(row, used, now) for row in rows]  # a federated one serves several services
        if held.origin == MADE and all(whys):
            more = BY_HAND if held.state == CredentialState.REMOVED else {}
            name = held.key_id or held.display_name
            left = Left(LeftoverKind.CREDENTIAL, held.display_name, name, facts | more, whys[0])
            yield _Found(left, held.service_id)


def _why(held: Credential, used: InUse, now: datetime) -> str:
    """Why a credential of ours belongs to nothing; empty when it does, or may soon."""
    if held.state == CredentialState.REMOVED:
        return STILL_THERE
    if held.state == CredentialState.ANNOUNCED:
        return NOT_RECORDED if held.announced_at < now - COPIED else ""
    if held.state == CredentialState.RESTING or used.has(held) or held.announced_at > now - SETTLED:
        return ""
    return UNUSED_CREDENTIAL


def _list(run: Run, found: _Found, now: datetime) -> None:
    """Put it on the list; what a run has put there, however it called it, is only seen again."""
    one = found.left
    rows = Leftover.objects.filter(registration_id=run.registration_id, kind=one.kind.value, cleared_at=None)
    named = Q(name=one.name) | Q(object_id=one.object_id)
    same = rows if one.kind is not LeftoverKind.CREDENTIAL else rows.filter(named)
    if not same.update(seen_at=now):
        listed = Left(one.kind, one.name, one.object_id, {**one.facts, **LOOKED}, one.why)
        leftovers.write(run, [listed], service_id=found.service_id, by=LOOK, now=now)


def _clear(
    row: Registration, found: Collection[_Found], there: Application | None, sight: TenantSight, now: datetime
) -> None:
    """Clear what an earlier look had listed and this one saw gone, or in use again.

    What goes with a registration that can be restored, or that Entra only once didn't know, may be needed again.
    """
    still = {(one.left.kind.value, one.left.object_id) for one in found}
    for_good = there is not None or sight.shows_gone(unique_name=f"{UNIQUE_NAME_PREFIX}{row.pk}")
    ids = {there.object_id, *(key.key_id for key in keys_of(there))} if there else set[str]()
    names = {key.display_name for key in keys_of(there)} if there else set[str]()
    rows = Leftover.objects.select_for_update(of=("self",)).filter(
        registration_id=row.pk, cleared_at=None, facts__look="yes"
    )
    for one in rows:
        if one.kind == LeftoverKind.PRINCIPAL and (sight.principals is None or not sight.principals.whole):
            continue
        if (one.kind, one.object_id) in still or (there and one.facts.get("trust") and not there.tells_trust):
            continue
        is_there = one.object_id in ids or (one.kind == LeftoverKind.CREDENTIAL and one.object_id in names)
        if is_there:
            leftovers.clear(one, by=leftovers.TAKEN, now=now)
        elif not for_good or one.kind == LeftoverKind.PRINCIPAL:
            leftovers.clear(one, by=LOOK, now=now)
        else:
            leftovers.gone(one, by=LOOK, now=now)
