"""Host names of providers and channels: links to our pages use the nearest one above, and no other name is answered.

A name counts once its owner proved that it is theirs (`host_proof`), or whoever runs the server vouches for it in the
settings. The one place that links are begun with is `public_url`. A name is compared as a whole: there are no
wildcards. A former name is answered as long as links that went out under it are good (`former_hosts`), unless somebody
else proves by then that it is theirs.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.organizations.details import is_host_name
from gangway.organizations.errors import HostNameTaken, InvalidHostName, NoSuchOrganization, WrongPlace
from gangway.organizations.models import HostName, Organization
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, through
from gangway.organizations.states import HostSeen

TOKEN_BYTES = 32
ANSWERED: Final = timedelta(days=30)
"""A former name is answered so long at least."""
PRESENT: Final = Q(proved_at__isnull=False, left_at__isnull=True)
"""The names that count."""
WITH_HOSTS = (Kind.PROVIDER.value, Kind.CHANNEL.value)


@dataclass(frozen=True, slots=True)
class Host:
    """A host name and its proof: a TXT record at `record`, saying `text`. `seen`: what a worker saw there last."""

    id: int
    name: str
    token: str
    proved_at: datetime | None
    looked_at: datetime | None
    seen: HostSeen

    @property
    def record(self) -> str:
        """Where the record stands."""
        return f"_gangway.{self.name}"

    @property
    def text(self) -> str:
        """What the record says."""
        return f"gangway-host={self.token}"


@transaction.atomic
def set_host(organization_id: UUID, *, name: str, by: Actor) -> str:
    """Set the host name of a provider or channel of the scope and return it; an empty one takes it away.

    It counts once it is proved. The one before stays answered for a while; taken back in that time, it counts at
    once. Raises `NoSuchOrganization`, `WrongPlace`, and `InvalidHostName` or `HostNameTaken` at
    "host".
    """
    where = Organization.objects.filter(pk=organization_id, removed_at__isnull=True).first()
    if where is None:
        raise NoSuchOrganization
    if where.kind not in WITH_HOSTS:
        raise WrongPlace
    known = host_of(organization_id)
    wanted, before = _checked(name), known.name if known else ""
    if wanted == before:
        return wanted
    with through(Door.HOST):
        if HostName.objects.filter(PRESENT, name=wanted).exists():
            raise HostNameTaken(field="host")
    _leave(organization_id)
    if wanted and not _take_back(organization_id, wanted):
        _add(where, wanted)
    facts = {"name": where.name, "before": before, "after": wanted}
    record(Event.HOST_NAME_SET, by=by, organization_id=where.pk, subject=f"organization:{where.pk}", data=facts)
    return wanted


def host_of(organization_id: UUID) -> Host | None:
    """Return an organization's own host name, proved or not; None when links use that of the level above."""
    row = HostName.objects.filter(organization_id=organization_id, left_at__isnull=True).first()
    return None if row is None else host_view(row)


def every_host(*, most: int) -> tuple[int, tuple[tuple[str, Host], ...]]:
    """Return how many organizations of the scope have a host name, and the first with their names: unproved ones first.

    Former names don't count.
    """
    rows = HostName.objects.filter(left_at__isnull=True).select_related("organization")
    told = rows.order_by(F("proved_at").desc(nulls_first=True), "name", "pk")[:most]
    return rows.count(), tuple((row.organization.name, host_view(row)) for row in told)


def former_hosts_of(organization_id: UUID) -> tuple[tuple[str, datetime], ...]:
    """Return an organization's former host names that are still answered, each with until when at least."""
    rows = HostName.objects.filter(organization_id=organization_id, answered_until__gt=clock.now())
    told = rows.order_by("-answered_until").values_list("name", "answered_until")
    return tuple((name, until) for name, until in told if until is not None)


def forget_former_hosts(organization_id: UUID) -> None:
    """Answer an organization's former host names no longer: it goes."""
    HostName.objects.filter(organization_id=organization_id, left_at__isnull=False).delete()


def host_view(row: HostName) -> Host:
    """Return a row as others see it."""
    return Host(row.pk, row.name, row.token, row.proved_at, row.looked_at, HostSeen(row.seen))


def hosts_of(provider_id: UUID) -> tuple[str, ...]:
    """Return the host names of a provider of the scope and of its channels that count; the provider's own first."""
    where = Organization.objects.filter(pk=provider_id).first()
    if where is None:
        raise NoSuchOrganization
    rows = HostName.objects.filter(PRESENT, organization__path__startswith=where.path)
    return tuple(rows.order_by("organization__path").values_list("name", flat=True))


def is_ours(host: str) -> bool:
    """Return whether some organization is met under this host name. Needs no scope."""
    with through(Door.HOST):
        return HostName.objects.filter(_answered(), name=host.lower()).exists()


def organization_at(host: str) -> UUID | None:
    """Return whose host name this is, or was last; None for the platform's own and for any other. Needs no scope."""
    with through(Door.HOST):
        rows = HostName.objects.filter(_answered(), name=host.lower()).order_by(F("left_at").desc(nulls_first=True))
        return rows.values_list("organization_id", flat=True).first()


def public_url(organization_id: UUID) -> str:
    """Return where people of an organization reach our pages: the nearest host name above, else the platform's own."""
    with through(Door.ANCESTORS):
        path = Organization.objects.filter(pk=organization_id).values_list("path", flat=True).first() or ""
        above = [UUID(hex=each) for each in path.strip("/").split("/") if each]
        rows = HostName.objects.filter(PRESENT, organization_id__in=above)
        found = dict(rows.values_list("organization_id", "name"))
    nearest = next((found[each] for each in reversed(above) if each in found), "")
    return origin_of(nearest)


def origin_of(host: str) -> str:
    """Return the address of our pages under a host name, by the scheme and port of the platform's own."""
    own = str(settings.GANGWAY.public_url).rstrip("/")
    if not host:
        return own
    parts = urlsplit(own)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _answered() -> Q:
    """The names that count, and the former ones whose time isn't over."""
    return PRESENT | Q(answered_until__gt=clock.now())


def _leave(organization_id: UUID) -> None:
    """Let the present name be a former one; one that was never proved is forgotten."""
    rows = HostName.objects.filter(organization_id=organization_id)
    rows.filter(left_at__isnull=True, proved_at__isnull=True).delete()
    now = clock.now()
    rows.filter(left_at__isnull=True).update(left_at=now, answered_until=now + ANSWERED)


def _take_back(organization_id: UUID, name: str) -> bool:
    """Let a former name be the present one again: it was proved, and nobody else proved it since."""
    rows = HostName.objects.filter(organization_id=organization_id, name=name, answered_until__gt=clock.now())
    return bool(rows.update(left_at=None, answered_until=None))


def _checked(name: str) -> str:
    wanted = name.strip().lower()
    if wanted and not is_host_name(wanted):
        raise InvalidHostName(field="host")
    if wanted in {host.lower() for host in settings.GANGWAY.hosts}:
        raise HostNameTaken(field="host")
    return wanted


def _is_vouched_for(where: Organization, name: str) -> bool:
    """Return whether the settings say that a name is this very organization's.

    A name without an owner would be whose who types it first: it counts only while there is one provider.
    """
    for entry in settings.GANGWAY.vouched_hosts:
        host, _, owner = entry.partition("=")
        if host.strip().lower() == name:
            return owner.strip().lower() == _called(where) if owner else _is_only_provider()
    return False


def _called(where: Organization) -> str:
    """Return what the settings call an organization: a provider's short name, and after a slash its channel's."""
    if where.kind == Kind.PROVIDER.value:
        return where.short_name.lower()
    with through(Door.ANCESTORS):
        above = Organization.objects.values_list("short_name", flat=True).get(pk=str(where.parent_id))
    return f"{above}/{where.short_name}".lower()


def _is_only_provider() -> bool:
    with through(Door.ANCESTORS):
        return Organization.objects.filter(kind=Kind.PROVIDER.value, removed_at__isnull=True).count() == 1


def _add(where: Organization, name: str) -> None:
    """Keep the name: as proved where the settings vouch for it, else with a token that its owner publishes."""
    now, vouched = clock.now(), _is_vouched_for(where, name)
    row = HostName(
        organization_id=where.pk,
        name=name,
        set_at=now,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        proved_at=now if vouched else None,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise HostNameTaken(field="host") from error
