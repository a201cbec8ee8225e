"""The list of runs, newest first, and what the page of one run tells beside its steps. Call it inside a scope."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.organizations.pages import Page, both_ways, every, one_of, page_of
from gangway.organizations.search import fold
from gangway.provisioning import faults
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import Leftover, Registration, Run
from gangway.provisioning.states import UNENDED, RunKind, RunState
from gangway.services.queries import of_services

SORTS: Final = both_ways(begun="created_at")
NOT_LISTED: Final = ("result", "wanted", "registration__plan", "registration__proofs", "registration__beyond")
"""What no list shows, and is long."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in a list. `why` says in a sentence why it rests or stopped; empty when there is nothing to say."""

    id: UUID
    kind: str
    state: RunState
    why: str
    service_id: UUID
    short_name: str
    customer_name: str
    registration_name: str
    tenant_name: str
    signer_upn: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeftRow:
    """Something that a run left in the tenant. `cleared_at`: when it was seen gone, or somebody said so."""

    name: str
    kind: str
    object_id: str
    why: str
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run's page shows beside its steps. `look_at`: when we look again by ourselves, while it rests."""

    kind: str
    short_name: str
    attempt: int
    fingerprint_shown: str
    copying_since: datetime | None
    looks: int
    look_at: datetime | None
    left: tuple[LeftRow, ...]


def run_facts(run_id: UUID) -> RunFacts | None:
    """Return these facts; None when there is no such run in the scope."""
    row = Run.objects.select_related("registration", "service").filter(pk=run_id).first()
    if row is None:
        return None
    left = Leftover.objects.filter(run_id=run_id).order_by("since", "name")
    return RunFacts(
        kind=row.kind,
        short_name=row.service.short_name,
        attempt=row.attempt,
        fingerprint_shown=pinning.shown(pinning.fingerprint(row.registration.plan)),
        copying_since=row.copying_since,
        looks=row.looks,
        look_at=row.look_at,
        left=tuple(LeftRow(one.name, one.kind, one.object_id, one.why, one.cleared_at) for one in left),
    )


def runs(*, search: str = "", state: str = "", kind: str = "", sort: str = "", page: int = 1) -> Page[RunRow]:
    """Return the scope's runs.

    `search`: the beginning of a name of the service's or the registration's, words of the service's, or an id of the
    run or the tenant; `state`: a RunState, and `kind`: a RunKind, or empty, which anything unknown is taken for;
    `sort`: a key of `SORTS`, else the newest first.
    """
    return page_of(_found(search, state, kind, sort), page, _row, keys_first=True)


def every_run(
    *, search: str = "", state: str = "", kind: str = "", sort: str = "", among: Collection[UUID] | None = None
) -> Iterator[RunRow]:
    """Give all that `runs` would show on its pages, or those of them with these ids, for an export."""
    return every(_found(search, state, kind, sort), _row, among=among)


def _found(search: str, state: str, kind: str, sort: str) -> QuerySet[Run]:
    rows = Run.objects.filter(_meant_by(search))
    if state in set(RunState):
        rows = rows.filter(state=state)
    if kind in set(RunKind):
        rows = rows.filter(kind=kind)
    rows = rows.select_related("registration", "service", "organization").defer(*NOT_LISTED)
    return rows.order_by(*SORTS.get(sort, SORTS["-begun"]))


def _meant_by(search: str) -> Q:
    """An id is asked for whole, as one copies it from a page, a log or a support bundle."""
    try:
        whole = UUID(search.strip())
    except ValueError:
        return of_services(search) | of_registrations(search)
    return Q(pk=whole) | of_ids(str(whole))


def of_registrations(search: str) -> Q:
    """Return the condition for rows of registrations whose name begins so; none for an empty search."""
    beginning = fold(search.replace("\x00", "")).strip()
    named = Registration.objects.filter(name_key__startswith=beginning)
    return one_of(named, at="registration") if beginning else Q()


def of_ids(whole: str) -> Q:
    """Return the condition for rows of registrations with this id of a tenant or an application."""
    return one_of(Registration.objects.filter(Q(tenant_id=whole) | Q(app_id=whole)), at="registration")


def _row(row: Run) -> RunRow:
    error = faults.view(row.error)
    return RunRow(
        id=row.pk,
        kind=row.kind,
        state=RunState(row.state),
        why=error.what if error else row.waiting_for or row.words,
        service_id=row.service_id,
        short_name=row.service.short_name,
        customer_name=row.organization.name,
        registration_name=row.registration.display_name,
        tenant_name=row.registration.tenant_name,
        signer_upn=row.signer_upn,
        created_at=row.created_at,
        ended_at=None if row.state in UNENDED else row.ended_at,
    )
