"""Host names of providers and channels: links to our pages use the nearest one above, and no other name is answered.

The one place that links are begun with is `public_url`. A name is compared as a whole: there are no wildcards.
"""

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.organizations.details import is_host_name
from gangway.organizations.errors import HostNameTaken, InvalidHostName, NoSuchOrganization, WrongPlace
from gangway.organizations.models import HostName, Organization
from gangway.organizations.roles import Kind
from gangway.organizations.scope import Door, through

WITH_HOSTS = (Kind.PROVIDER.value, Kind.CHANNEL.value)


@transaction.atomic
def set_host(organization_id: UUID, *, name: str, by: Actor) -> str:
    """Set the host name of a provider or channel of the scope and return it; an empty one takes it away.

    Raises `NoSuchOrganization`, `WrongPlace`, and `InvalidHostName` or `HostNameTaken` at "host".
    """
    where = Organization.objects.filter(pk=organization_id, removed_at__isnull=True).first()
    if where is None:
        raise NoSuchOrganization
    if where.kind not in WITH_HOSTS:
        raise WrongPlace
    wanted, before = _checked(name), host_of(organization_id)
    if wanted == before:
        return wanted
    HostName.objects.filter(organization_id=organization_id).delete()
    if wanted:
        _add(organization_id, wanted)
    facts = {"name": where.name, "before": before, "after": wanted}
    record(Event.HOST_NAME_SET, by=by, organization_id=where.pk, subject=f"organization:{where.pk}", data=facts)
    return wanted


def host_of(organization_id: UUID) -> str:
    """Return an organization's own host name; empty when links use that of the level above."""
    return HostName.objects.filter(organization_id=organization_id).values_list("name", flat=True).first() or ""


def hosts_of(provider_id: UUID) -> tuple[str, ...]:
    """Return the host names of a provider of the scope and of its channels; the provider's own first."""
    where = Organization.objects.filter(pk=provider_id).first()
    if where is None:
        raise NoSuchOrganization
    rows = HostName.objects.filter(organization__path__startswith=where.path).order_by("organization__path")
    return tuple(rows.values_list("name", flat=True))


def is_ours(host: str) -> bool:
    """Return whether some organization is met under this host name. Needs no scope."""
    with through(Door.HOST):
        return HostName.objects.filter(name=host.lower()).exists()


def public_url(organization_id: UUID) -> str:
    """Return where people of an organization reach our pages: the nearest host name above, else the platform's own."""
    with through(Door.ANCESTORS):
        path = Organization.objects.filter(pk=organization_id).values_list("path", flat=True).first() or ""
        above = [UUID(hex=each) for each in path.strip("/").split("/") if each]
        found = dict(HostName.objects.filter(organization_id__in=above).values_list("organization_id", "name"))
    nearest = next((found[each] for each in reversed(above) if each in found), "")
    return origin_of(nearest)


def origin_of(host: str) -> str:
    """Return the address of our pages under a host name, by the scheme and port of the platform's own."""
    own = str(settings.GANGWAY.public_url).rstrip("/")
    if not host:
        return own
    parts = urlsplit(own)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _checked(name: str) -> str:
    wanted = name.strip().lower()
    if wanted and not is_host_name(wanted):
        raise InvalidHostName(field="host")
    if wanted in {host.lower() for host in settings.GANGWAY.hosts}:
        raise HostNameTaken(field="host")
    return wanted


def _add(organization_id: UUID, name: str) -> None:
    row = HostName(organization_id=organization_id, name=name, set_at=clock.now())
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise HostNameTaken(field="host") from error
