"""What an emergency concerns: what it takes item by item, and what the same hands may know but nothing is done to.

For workers. What is suspended isn't rotated, and a credential that rests or waits signs in as well: both are listed, so
that nobody takes an emergency for more than it did.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet

from gangway.connections.actions import Paused
from gangway.connections.kept import credentials_of
from gangway.connections.models import Companion, Connection, Emergency, EmergencyItem
from gangway.connections.states import STILL, Deed, ItemState, SuspendedWhy
from gangway.federation.queries import signs_with
from gangway.foundation import clock
from gangway.organizations.roles import Kind, stands_over
from gangway.provisioning.renewable import Unused, federated_of, sealed_ids, unused_of, unused_of_planned
from gangway.services.states import Lifecycle
from gangway.vault.queries import ever_sealed_to

PAUSED: Final = "It is suspended, so its credential was not rotated. Resume it, then press Rotate now."
GOING: Final = "Its service is being deleted: its credential was not rotated, and goes with it."
KEPT: Final = (Lifecycle.CREATED.value, Lifecycle.LEAVING.value)
"""While it lives so, its connection is used, or may be again."""


def write_down(row: Emergency, *, now: datetime) -> None:
    """Write down what it concerns, all in one transaction: half a list would be worse than none."""
    found = {ItemState.WAITING: _suspended_by_one(row) if row.deed == Deed.RESUME else _used(row)}
    if row.deed != Deed.RESUME:
        found[ItemState.UNTOUCHED] = _untouched(row) if row.deed == Deed.ROTATE else [*_planned(row)]
    for state, items in found.items():
        for each in items:
            each.emergency = row
            if each.connection is not None:
                each.organization_id = each.connection.organization_id
            each.state, each.changed_at = state.value, now
        EmergencyItem.objects.bulk_create(items, ignore_conflicts=True, batch_size=1000)
    row.listed_at = now
    row.save(update_fields=["listed_at"])


def _below(row: Emergency) -> QuerySet[Connection]:
    return Connection.objects.filter(organization__path__startswith=row.organization.path)


def _used(row: Emergency) -> list[EmergencyItem]:
    """A connection that is suspended takes what is beside it along, so that is listed only to be rotated.

    One whose service leaves is suspended as well: it would be used again as soon as somebody keeps the service. So is
    what somebody below paused: they could resume it in the midst of the emergency. Their pause is kept with the item.
    """
    used = Q(service__lifecycle=Lifecycle.CREATED.value, suspended_at__isnull=True)
    if row.deed == Deed.SUSPEND:
        used |= Q(service__lifecycle=Lifecycle.LEAVING.value, suspended_why=SuspendedWhy.LEAVING.value)
        below = [kind.value for kind in Kind if not stands_over(kind, Kind(row.level))]
        used |= Q(service__lifecycle__in=KEPT, suspended_level__in=below)
    connections, companions = _sealed(_below(row).filter(used), row.key_number)
    items = [EmergencyItem(connection=one) for one in connections]
    if row.deed == Deed.ROTATE:
        return items + [EmergencyItem(connection=each, companion=beside) for beside, each in companions]
    listed = {one.pk for one in connections}
    besides = {each.pk: each for _, each in companions if each.pk not in listed}
    return items + [EmergencyItem(connection=each) for each in besides.values()]


def _suspended_by_one(row: Emergency) -> list[EmergencyItem]:
    """What an emergency suspended, and nobody resumed or suspended anew since.

    One whose service leaves is listed as well: nothing else would ever end its pause when somebody keeps the service.
    """
    done = EmergencyItem.objects.filter(emergency__deed=Deed.SUSPEND.value, state=ItemState.DONE.value)
    ours = done.filter(connection__suspended_at=F("changed_at"), connection__suspended_why=SuspendedWhy.PAUSED.value)
    suspended = _below(row).filter(service__lifecycle__in=KEPT)
    connections, companions = _sealed(suspended.filter(pk__in=ours.values("connection_id")), row.key_number)
    found = {one.pk: one for one in (*connections, *(each for _, each in companions))}
    return [EmergencyItem(connection=one) for one in found.values()]


def paused_before(connection_id: UUID) -> Paused | None:
    """The lower level's pause in whose place an emergency's stands now; the connection is locked, so that it does."""
    row = Connection.objects.select_for_update(of=("self",), no_key=True).get(pk=connection_id)
    if row.suspended_at is None:
        return None
    took = EmergencyItem.objects.filter(connection=row, emergency__deed=Deed.SUSPEND.value, state=ItemState.DONE.value)
    took = took.filter(changed_at=row.suspended_at, emergency__level=row.suspended_level, paused_at__isnull=False)
    found = took.values_list("paused_level", "paused_at").first()
    return Paused(Kind(found[0]), found[1]) if found is not None and found[1] is not None else None


def _untouched(row: Emergency) -> list[EmergencyItem]:
    there = _below(row).filter(service__lifecycle__in=STILL)
    unused = there.filter(~Q(service__lifecycle=Lifecycle.CREATED.value) | Q(suspended_at__isnull=False))
    connections, companions = _sealed(unused, row.key_number)
    items = [EmergencyItem(connection=one, words=_why(one)) for one in connections]
    items += [EmergencyItem(connection=each, companion=one, words=_why(each)) for one, each in companions]
    return [*items, *_others(there, row.key_number), *_planned(row)]


def _why(connection: Connection) -> str:
    return PAUSED if connection.service.lifecycle == Lifecycle.CREATED else GOING


def _others(there: QuerySet[Connection], number: int | None) -> Iterable[EmergencyItem]:
    """Credentials that sign in although no connection uses them, or not any more."""
    connections = {one.service_id: one for one in there}
    found = {one.credential_id: one for one in unused_of(list(connections))}
    used = {one.credential_id for one in connections.values()}
    beside = credentials_of([*Companion.objects.filter(service_id__in=list(connections))])
    used |= {about.credential_id for about in beside.values()}
    for credential_id in _sealed_to({pk: pk for pk in found if pk not in used}, number):
        about = found[credential_id]
        yield EmergencyItem(connection=connections[about.service_id], credential_id=credential_id, words=_told(about))


def _planned(row: Emergency) -> Iterable[EmergencyItem]:
    """Credentials of services that wait to be created: creating one would put it into use."""
    found = {one.credential_id: one for one in unused_of_planned(row.organization.path)}
    for credential_id in _sealed_to({pk: pk for pk in found}, row.key_number):
        about = found[credential_id]
        yield EmergencyItem(
            service_id=about.service_id,
            organization_id=about.organization_id,
            credential_id=credential_id,
            words=_told(about, Deed(row.deed)),
        )


def _told(about: Unused, deed: Deed = Deed.ROTATE) -> str:
    if not about.is_ours:
        return f"“{about.name}” was typed in earlier: only the customer can remove it, in their tenant."
    if about.rests_until is None:
        return f"“{about.name}” was made and is not in use yet. Withdraw its invitation, or {deed} what it becomes."
    day = f"{about.rests_until.day} {about.rests_until:%B %Y, %H:%M} UTC"
    longer = "longer while its service is suspended or leaves, or in a freeze that began since"
    return f"“{about.name}”, which was in use before, signs in as well until {day}: then it is removed; {longer}."


def _sealed(
    rows: QuerySet[Connection], number: int | None
) -> tuple[list[Connection], list[tuple[Companion, Connection]]]:
    """Of these connections, and of what is beside them and ends, those that the key ever opened."""
    connections = {one.service_id: one for one in rows.select_related("service")}
    companions = {one.pk: one for one in Companion.objects.filter(service_id__in=list(connections))}
    ending = {pk: about.credential_id for pk, about in credentials_of([*companions.values()]).items() if about.ends}
    own = {one.service_id: one.credential_id for one in connections.values()}
    beside = [companions[pk] for pk in _sealed_to(ending, number)]
    return (
        [connections[one] for one in _sealed_to(own, number)],
        [(one, connections[one.service_id]) for one in beside],
    )


def _sealed_to(credentials: Mapping[UUID, UUID], number: int | None) -> list[UUID]:
    """The keys of all these credentials, or, if a key is asked for, of those that it ever opened.

    Of a federated one it opens what its tokens are signed with.
    """
    if number is None:
        return list(credentials)
    seals = sealed_ids(list(credentials.values()))
    there = ever_sealed_to(seals.values(), number)
    by_token = federated_of(list(credentials.values())) if signs_with(number, now=clock.now()) else frozenset()
    return [one for one, held in credentials.items() if seals.get(held) in there or held in by_token]
