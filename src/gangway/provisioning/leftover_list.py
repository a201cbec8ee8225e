"""The list of leftovers: what is still in a tenant, and how a person takes it away there. Call it inside a scope."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from gangway.organizations.pages import Page, batched, both_ways, every, page_of
from gangway.organizations.taken_over import named
from gangway.provisioning.models import Leftover, Registration
from gangway.provisioning.run_list import of_ids, of_registrations
from gangway.provisioning.states import LeftoverKind
from gangway.services.queries import of_services

CENTER: Final = "Microsoft Entra admin center"
BY_HAND: Final[Mapping[LeftoverKind, tuple[str, ...]]] = {
    LeftoverKind.APPLICATION: ("App registrations", "All applications", "{name}", "Delete"),
    LeftoverKind.DELETED_APPLICATION: ("App registrations", "Deleted applications", "{name}", "Delete permanently"),
    LeftoverKind.PRINCIPAL: ("Enterprise applications", "All applications", "{name}", "Properties", "Delete"),
    LeftoverKind.CREDENTIAL: ("App registrations", "{application}", "Certificates & secrets", "{name}", "Delete"),
    LeftoverKind.PERMISSION: ("Enterprise applications", "{application}", "Permissions", "{name}", "Revoke permission"),
    LeftoverKind.ROLE: ("Roles & admins", "{name}", "Assignments", "{application}", "Remove assignments"),
    LeftoverKind.SIGN_IN_APPLICATION: (
        "Enterprise applications",
        "All applications",
        "{name}",
        "Properties",
        "Delete",
    ),
}
"""Where an administrator finds each kind of thing in the portal, click by click."""

CLEARED: Final = "cleared"
SORTS: Final = both_ways(since="since")
ABOUT: Final = ("registration", "service", "organization")
NOT_LISTED: Final = ("registration__plan", "registration__proofs", "registration__beyond")


@dataclass(frozen=True, slots=True)
class LeftoverRow:
    """One leftover. `portal` is the way to it by hand; `cleared_by` is empty while it is open."""

    id: UUID
    kind: LeftoverKind
    name: str
    object_id: str
    app_id: str
    why: str
    portal: tuple[str, ...]
    service_id: UUID
    short_name: str
    customer_name: str
    tenant_id: str
    tenant_name: str
    """As it was read, or as it is known of a registration of the scope; else empty."""
    is_elsewhere: bool
    """Whether it is in another organization's tenant, where somebody signed in who was invited for this customer."""
    run_id: UUID | None
    """None when a sign-in left it that no run came of."""
    by_hand: bool
    """Whether only a person may remove it: our journal doesn't say that it is ours."""
    seen_by_look: bool
    """Whether a look in the tenant found it, and no run left it."""
    seen_at: datetime
    since: datetime
    cleared_at: datetime | None
    cleared_by: str

    @property
    def tenant(self) -> str:
        """How the tenant is called, as far as anybody here may know."""
        return self.tenant_name or self.tenant_id


@dataclass(frozen=True, slots=True)
class StillThere:
    """How many of a service's leftovers are open: in the customer's tenant, and in other organizations'."""

    here: int
    elsewhere: int


def leftovers(*, search: str = "", state: str = "", kind: str = "", sort: str = "", page: int = 1) -> Page[LeftoverRow]:
    """Return the scope's leftovers, the newest first; only open ones unless `state` asks for those that are cleared.

    `search`: the beginning of the service's name, words of it, of the thing itself, or an id copied from a page.
    """
    found = page_of(_found(search, state, kind, sort), page, lambda row: row)
    return Page(_rows(found.rows), found.number, found.has_next)


def every_leftover(
    *, search: str = "", state: str = "", kind: str = "", sort: str = "", among: Collection[UUID] | None = None
) -> Iterator[LeftoverRow]:
    """Give all that `leftovers` would show on its pages, or those of them with these ids, for an export."""
    rows = every(_found(search, state, kind, sort), lambda row: row, among=among)
    return (row for some in batched(rows) for row in _rows(some))


def _found(search: str, state: str, kind: str, sort: str) -> QuerySet[Leftover]:
    rows = Leftover.objects.filter(_meant_by(search), cleared_at__isnull=state != CLEARED)
    if kind in set(LeftoverKind):
        rows = rows.filter(kind=kind)
    rows = rows.select_related(*ABOUT).defer(*NOT_LISTED)
    return rows.order_by(*SORTS.get(sort, SORTS["-since"]))


def open_for(service_id: UUID) -> StillThere:
    """Return how many leftovers of a service are open."""
    rows = Leftover.objects.filter(service_id=service_id, cleared_at__isnull=True)
    elsewhere = rows.filter(facts__elsewhere="yes").count()
    return StillThere(here=rows.count() - elsewhere, elsewhere=elsewhere)


def leftover(leftover_id: UUID) -> LeftoverRow | None:
    """Return one leftover; None when there is no such one in the scope."""
    rows = _rows(Leftover.objects.filter(pk=leftover_id).select_related(*ABOUT))
    return rows[0] if rows else None


def _meant_by(search: str) -> Q:
    plain = search.replace("\x00", "").strip()
    if not plain:
        return Q()
    by_id = Q(object_id=plain) | Q(facts__tenant_id=plain) | Q(facts__app_id=plain) | of_ids(plain)
    return by_id | Q(name__istartswith=plain) | of_services(search) | of_registrations(search)


def _rows(rows: Iterable[Leftover]) -> tuple[LeftoverRow, ...]:
    """Give rows their shape: tenants whose names nobody read here by those that registrations of the scope know."""
    known = [(row, _facts(row)) for row in rows]
    nameless = {facts["tenant_id"] for _row, facts in known if not facts.get("tenant_name")}
    there = Registration.objects.filter(tenant_id__in=nameless).exclude(tenant_name="").order_by("created_at")
    called = dict(there.values_list("tenant_id", "tenant_name"))
    return tuple(_shown(row, facts, called.get(facts["tenant_id"], "")) for row, facts in known)


def _facts(row: Leftover) -> dict[str, str]:
    facts = {key: value for key, value in row.facts.items() if value}
    if row.registration is None:
        return facts
    about = {"application": row.registration.display_name, "app_id": row.registration.app_id}
    where = {"tenant_id": row.registration.tenant_id, "tenant_name": row.registration.tenant_name}
    return {**about, **where, **facts}


def _shown(row: Leftover, facts: dict[str, str], called: str) -> LeftoverRow:
    kind = LeftoverKind(row.kind)
    names = {"name": row.name, "application": facts.get("application", "")}
    return LeftoverRow(
        id=row.pk,
        kind=kind,
        name=row.name,
        object_id=row.object_id,
        app_id=facts.get("app_id", ""),
        why=row.why,
        portal=(CENTER, *(place.format(**names) for place in BY_HAND[kind])),
        service_id=row.service_id,
        short_name=row.service.short_name,
        customer_name=row.organization.name,
        tenant_id=facts["tenant_id"],
        tenant_name=facts.get("tenant_name") or called,
        is_elsewhere="elsewhere" in row.facts,
        run_id=row.run_id,
        by_hand=bool(row.facts.get("by_hand")),
        seen_by_look=bool(row.facts.get("look")),
        seen_at=row.seen_at,
        since=row.since,
        cleared_at=row.cleared_at,
        cleared_by=named(row.cleared_by_name, at=row.cleared_at, moved_at=row.organization.moved_at),
    )


def tried_together(leftover_ids: Sequence[UUID]) -> list[list[UUID]]:
    """Return the same leftovers, those together that one tear-down takes; what can't be tried stands alone."""
    rows = Leftover.objects.filter(pk__in=leftover_ids, cleared_at=None).exclude(facts__has_key="by_hand")
    rows = rows.exclude(kind=LeftoverKind.SIGN_IN_APPLICATION.value)
    registrations, groups = dict(rows.values_list("pk", "registration_id")), dict[UUID, list[UUID]]()
    for one in leftover_ids:
        groups.setdefault(registrations.get(one, one), []).append(one)
    return list(groups.values())
