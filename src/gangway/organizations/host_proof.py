"""Proving that a host name is its organization's: a worker looks for a TXT record that only its owner can have made.

That the name leads to this server would prove nothing: another organization could claim a name whose owner sent it here
already. Only the name server of the host is asked; nothing is ever fetched from an address that somebody typed.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import dns.exception
import dns.resolver
from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.hosts import Host, host_view
from gangway.organizations.models import HostName
from gangway.organizations.name_servers import resolver
from gangway.organizations.scope import within_everything
from gangway.organizations.states import HostSeen

LOOK: Final = "organizations:look_at_host"
PATIENCE: Final = 10.0
"""Seconds for all that is asked of name servers about one name."""
FOR_DAYS: Final = timedelta(days=30)
"""How long workers look by themselves; after that, when somebody asks."""
MOST: Final = 200
REASON: Final = "a worker looks at host names"
WORKER: Final = Actor.system("host names")


@transaction.atomic
def ask_look(organization_id: UUID, *, by: Actor) -> None:
    """Have a worker look at an organization's host name now. Raises `NoSuchOrganization` where there is none."""
    row = HostName.objects.filter(organization_id=organization_id, left_at__isnull=True).first()
    if row is None:
        raise NoSuchOrganization
    row.looked_at, row.seen = None, HostSeen.NOT_YET.value
    row.save(update_fields=["looked_at", "seen"])
    subject = f"organization:{organization_id}"
    facts = {"host": row.name}
    record(Event.HOST_NAME_LOOK_ASKED, by=by, organization_id=organization_id, subject=subject, data=facts)
    defer(LOOK, queueing_lock=f"{LOOK}:{row.pk}", host_id=row.pk)


def to_look_at(*, now: datetime) -> list[int]:
    """Return the names that nobody has proved yet, those that waited longest first."""
    with within_everything(REASON):
        rows = HostName.objects.filter(proved_at__isnull=True, set_at__gt=now - FOR_DAYS)
        return list(rows.order_by("looked_at", "pk").values_list("pk", flat=True)[:MOST])


def begin(host_id: int) -> Host | None:
    """Return what is to be looked for; None when it is proved or gone by now."""
    with within_everything(REASON):
        row = HostName.objects.filter(pk=host_id, proved_at__isnull=True).first()
        return None if row is None else host_view(row)


async def look(host: Host) -> HostSeen:
    """Ask the host's name server for the record; never raises for what it says."""
    try:
        answer = await resolver(seconds=PATIENCE).resolve(host.record, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return HostSeen.NOTHING
    except (dns.exception.DNSException, OSError, ValueError):
        return HostSeen.SILENCE
    said = {b"".join(each.strings).decode("utf-8", "replace").strip() for each in answer}
    return HostSeen.RIGHT if host.text in said else HostSeen.OTHER


def end(host: Host, seen: HostSeen, *, now: datetime) -> None:
    """Write down what was seen; the right record makes the name count, unless another organization was first."""
    with within_everything(REASON), transaction.atomic():
        row = HostName.objects.select_for_update(of=("self",)).filter(pk=host.id, token=host.token).first()
        if row is None or row.proved_at is not None:
            return
        row.seen, row.looked_at = seen.value, now
        row.proved_at = now if seen is HostSeen.RIGHT else None
        try:
            with transaction.atomic():
                if row.proved_at is not None:
                    HostName.objects.filter(name=row.name, left_at__isnull=False).delete()
                row.save()
        except IntegrityError:
            return
        if row.proved_at is not None:
            where = row.organization_id
            facts = {"host": row.name}
            record(
                Event.HOST_NAME_PROVED, by=WORKER, organization_id=where, subject=f"organization:{where}", data=facts
            )
