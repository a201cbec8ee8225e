"""How connections are looked after, for pages: one service's rotation, and the fleet as a list. Call it in a scope."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from gangway.connections.kept import SOMETHING_LACKS, Kept, Looked, credential_of, credentials_of, whose
from gangway.connections.models import STATUSES, Care, Companion, Connection, Validation
from gangway.connections.policy import counting
from gangway.connections.states import LOOKED_AT, SUSPENDED, Rotation
from gangway.foundation import clock
from gangway.organizations.pages import Page, every, page_of
from gangway.provisioning.orphans import Unused, unused_credentials
from gangway.provisioning.queries import choices
from gangway.provisioning.sighted import Coverage, Sighted, coverage, gone_registrations, sighted
from gangway.services.overview import without
from gangway.services.queries import ServiceRow, of_services
from gangway.services.states import Lifecycle

LESS: Final = "less"
"""The filter for connections that lack what the newest version has."""
SORTS: Final = {"look": ("validate_at", "pk"), "-look": ("-validate_at", "-pk")}


@dataclass(frozen=True, slots=True)
class RotationView:
    """How a connection's credential is renewed. `by_itself`: no person at the customer is needed.

    `is_known`: a token was looked at, so what it may do is known. `looked_at_next`: when another one is. `unplanned`:
    it renews itself, and no day is found for that; `unwanted`: nor will be, for they don't want rotations.
    """

    state: Rotation
    at: datetime | None
    words: str
    run_id: UUID | None
    by_itself: bool
    is_known: bool
    is_ours: bool
    ends: bool
    lacks: tuple[str, ...]
    looked_at_next: datetime | None = None
    unplanned: bool = False
    unwanted: bool = False


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One connection in the list. `rotation`: a value of `Rotation`, or `LOOKED_AT`."""

    service_id: UUID
    short_name: str
    customer_name: str
    status: str
    status_words: str
    ends_at: datetime | None
    rotation: str
    rotate_at: datetime | None
    validate_at: datetime
    last_validated_at: datetime | None
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """When a credential ends that a service uses beside its connection, and what it is for."""

    title: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Orphans:
    """What belongs to nothing, by our own rows and by what was seen in tenants.

    `lost`: services whose registration is gone, or whose connection we don't know. `sighted`: how registrations stood
    in their tenants, and since when that is known. `number`: the page of all three lists, counted from 1.
    """

    number: int
    has_next: bool
    lost: Sequence[ServiceRow]
    unused: Sequence[Unused]
    sighted: Sequence[Sighted]
    coverage: Coverage

    @property
    def has_previous(self) -> bool:
        """Whether there is a page before this one."""
        return self.number > 1


def rotation_of(service_id: UUID) -> RotationView | None:
    """Return how a service's credential is renewed; None without a connection."""
    row = Connection.objects.filter(service_id=service_id).first()
    if row is None:
        return None
    care = Care.objects.filter(pk=row.pk).first()
    return _rotation(care, row)


def rotation_beside(service_id: UUID, profile: str) -> RotationView | None:
    """Return how the credential of what a service uses beside its connection is renewed; None when it has none."""
    row = Companion.objects.filter(service_id=service_id, profile=profile).first()
    if row is None:
        return None
    return _rotation(row, row)


def rotations_of(service_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how the rotation of these services' connections stands, as lists have it, of those looked after."""
    rows = Care.objects.filter(connection__service_id__in=list(service_ids)).select_related("connection")
    return {care.connection.service_id: _stands(care) for care in rows}


def _stands(care: Care) -> str:
    """What was kept says "by hand" also before anybody looked, so that it counts only once a worker did."""
    is_due = care.rotation == Rotation.NONE and care.tend_at <= clock.now()
    return LOOKED_AT if is_due else care.rotation


def _rotation(kept: Kept | None, row: Looked) -> RotationView:
    about = credential_of(row)
    state = Rotation(kept.rotation) if kept else Rotation.NONE
    by_itself = about is not None and about.renews_itself(has_right=kept is not None and kept.renews_itself)
    ends = about is not None and about.ends
    unplanned = state is Rotation.NONE and by_itself and ends
    return RotationView(
        state=state,
        at=kept.rotate_at if kept else None,
        words=kept.rotation_words if kept else "",
        run_id=kept.rotation_run_id if kept else None,
        by_itself=by_itself,
        is_known=kept is not None and _is_known(row),
        is_ours=about is not None and about.is_ours,
        ends=ends,
        lacks=tuple(kept.lacks or ()) if kept else (),
        looked_at_next=kept.validate_at if kept else None,
        unplanned=unplanned,
        unwanted=unplanned and not counting(row.organization_id).rotates,
    )


def _is_known(row: Looked) -> bool:
    """One that worked once was signed in with, also where its oldest looks don't tell what the token held."""
    return row.last_good_at is not None or Validation.objects.filter(**whose(row), granted__isnull=False).exists()


def ends_beside(service_ids: Iterable[UUID]) -> dict[UUID, list[Beside]]:
    """Return when credentials end that these services use beside their connection, by service."""
    found: dict[UUID, list[Beside]] = defaultdict(list)
    rows = list(Companion.objects.filter(service_id__in=list(service_ids)).order_by("profile"))
    credentials = credentials_of(rows)
    for row in rows:
        about = credentials.get(row.pk)
        if about is not None and about.ends and about.ends_at is not None:
            found[row.service_id].append(Beside(choices(row.profile).title, about.ends_at))
    return dict(found)


def lacking_beside(service_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return what the newest version has and what these services use beside their connection hasn't, by service."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in Companion.objects.filter(SOMETHING_LACKS, service_id__in=list(service_ids)).order_by("profile"):
        found[row.service_id] += row.lacks or ()
    return dict(found)


def fleet(
    *, search: str = "", status: str = "", rotation: str = "", drift: str = "", sort: str = "", page: int = 1
) -> Page[FleetRow]:
    """Return the scope's connections; `SUSPENDED` is a status as well.

    `sort`: a key of `SORTS`, else those that are looked at soonest first.
    """
    return page_of(_sought(search, status, rotation, drift, sort), page, _row, keys_first=True)


def every_connection(
    *,
    search: str = "",
    status: str = "",
    rotation: str = "",
    drift: str = "",
    sort: str = "",
    among: Collection[UUID] | None = None,
) -> Iterator[FleetRow]:
    """Give all that `fleet` would show on its pages, or the connections of these services of them, for an export."""
    rows = _sought(search, status, rotation, drift, sort)
    return every(rows if among is None else rows.filter(connection__service_id__in=among), _row)


def _sought(search: str, status: str, rotation: str, drift: str, sort: str) -> QuerySet[Care]:
    rows = Care.objects.filter(of_services(search, at="connection__service"))
    rows = _narrowed(rows, status, rotation, drift)
    return rows.select_related("connection__service", "organization").order_by(*SORTS.get(sort, SORTS["look"]))


def orphans(*, limit: int, page: int = 1) -> Orphans:
    """Return services without a registration of ours, and credentials that no connection uses; `limit` of each kind."""
    one_more = {"limit": limit + 1, "after": (max(page, 1) - 1) * limit}
    used = Connection.objects.values_list("credential_id", flat=True)
    beside = Companion.objects.values_list("registration_id", flat=True)
    connected = Connection.objects.exclude(registration_id__in=gone_registrations().values("pk")).values("service_id")
    lost, seen = without(connected, **one_more), sighted(**one_more)
    unused = unused_credentials(used, beside=beside, **one_more)
    return Orphans(
        number=max(page, 1),
        has_next=max(len(lost), len(unused), len(seen)) > limit,
        lost=lost[:limit],
        unused=unused[:limit],
        sighted=seen[:limit],
        coverage=coverage(),
    )


def _narrowed(rows: QuerySet[Care], status: str, rotation: str, drift: str) -> QuerySet[Care]:
    living = rows.filter(connection__service__lifecycle=Lifecycle.CREATED.value)
    if status in {*STATUSES, SUSPENDED}:
        living = living.filter(standing=status)
    if rotation == LOOKED_AT:
        living = living.filter(rotation=Rotation.NONE.value, tend_at__lte=clock.now())
    elif rotation == Rotation.NONE:
        living = living.filter(rotation=rotation, tend_at__gt=clock.now())
    elif rotation in set(Rotation):
        living = living.filter(rotation=rotation)
    if drift == LESS:
        living = living.filter(lacking=True)
    return living


def _row(care: Care) -> FleetRow:
    service = care.connection.service
    return FleetRow(
        service_id=service.pk,
        short_name=service.short_name,
        customer_name=care.organization.name,
        status=care.connection.standing,
        status_words=care.connection.status_words,
        ends_at=service.credential_ends_at,
        rotation=_stands(care),
        rotate_at=care.rotate_at,
        validate_at=care.validate_at,
        last_validated_at=care.connection.last_validated_at,
        lacks=tuple(care.lacks or ()),
    )
