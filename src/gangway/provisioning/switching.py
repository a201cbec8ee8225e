"""From an old credential to a new one: the rooms above say how, and all of it happens in one transaction. Sync.

A service's connection stands above this room, so it can't be called from here: it registers what it does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.errors import GangwayError
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import credential_rows, leftovers
from gangway.provisioning.added import REACHING
from gangway.provisioning.errors import RunUnderWay
from gangway.provisioning.in_use import credentials_in_use, not_gone
from gangway.provisioning.models import MADE, Credential, Leftover, Run
from gangway.provisioning.orphans import SETTLED
from gangway.provisioning.resting import Resting, held_back
from gangway.provisioning.starting import start_teardown
from gangway.provisioning.states import RESTING, CredentialState, LeftoverKind, RunState

log = structlog.get_logger(__name__)

Switch = Callable[[UUID, UUID, UUID], None]
"""(service, old credential, new credential), called within the transaction that makes the new one the one in use."""

SWITCHES: Final[list[Switch]] = []
SCHEDULE: Final = Actor.system("rotation schedule")
MOST: Final = 200
FOR_A_PERSON: Final = SETTLED
"""So long a run that rests for somebody's sign-in holds up what would take its place; what waits ends by itself."""


@dataclass(frozen=True, slots=True)
class Rested:
    """A credential whose rest is over."""

    id: UUID
    resting: Resting


def on_switch(switch: Switch) -> None:
    """Have something done in every switch; call it when the application is ready."""
    if switch not in SWITCHES:
        SWITCHES.append(switch)


def switch(old_id: UUID, new_id: UUID, *, by: Actor, now: datetime) -> None:
    """The proved new credential takes the old one's place, which rests. In the caller's transaction, done once."""
    leftovers.taken_into_use([old_id, new_id], now=now)
    rows = Credential.objects.select_for_update(of=("self",)).in_bulk([old_id, new_id])
    old, new = rows[old_id], rows[new_id]
    new.state = CredentialState.PROVED.value
    new.save(update_fields=["state"])
    if old.state != CredentialState.REMOVED.value:
        old.state = CredentialState.RESTING.value
    old.rest_until = now + timedelta(hours=settings.GANGWAY.credential_rest_hours)
    old.save(update_fields=["state", "rest_until"])
    for follow in SWITCHES:
        follow(new.service_id, old.pk, new.pk)
    facts = {"name": new.display_name, "in_place_of": old.display_name, "rests_until": old.rest_until.isoformat()}
    subject = f"service:{new.service_id}"
    record(Event.CREDENTIAL_SWITCHED, by=by, organization_id=new.organization_id, subject=subject, data=facts)


def remove_what_rested(*, now: datetime) -> None:
    """Start a tear-down for every credential whose rest is over; one that stands as a leftover is tried there.

    One that fails, or that is held up, doesn't hold up the others.
    """
    with within_everything("credentials whose rest is over, whoever they belong to"):
        rows = Credential.objects.filter(state=CredentialState.RESTING.value, rest_until__lte=now)
        open_ones = Leftover.objects.filter(cleared_at__isnull=True).values("object_id")
        due = rows.exclude(key_id__in=open_ones).order_by("rest_until")
        rested = [Rested(row.pk, _resting(row)) for row in due.select_related("organization")]
    held = held_back([one.resting for one in rested], now=now)
    begun = 0
    for one in (one for one in rested if one.resting not in held):
        if begun == MOST:
            return
        try:
            with within(one.resting.path), transaction.atomic():
                begun += _remove(one.id, now=now)
        except GangwayError:
            log.exception("rested_credential_not_removed", credential=str(one.id))


def _remove(credential_id: UUID, *, now: datetime) -> bool:
    """What is ours goes from the tenant, with its registration when nobody signs in with that any more.

    Gives whether something was done. What somebody goes on with holds up the registration, never a single credential.
    """
    leftovers.hold_registrations(Credential.objects.filter(pk=credential_id).values_list("registration_id", flat=True))
    rows = Credential.objects.select_for_update(of=("self",)).select_related("registration", "organization")
    row = rows.get(pk=credential_id)
    used = credentials_in_use(row.registration_id)
    resting = Credential.objects.filter(registration_id=row.registration_id, state=CredentialState.RESTING.value)
    whole = row.registration.origin == MADE and not used and not not_gone(row.registration_id, now=now).exists()
    if held_back([_resting(row)], now=now):
        return False
    if whole and held_back([_resting(one) for one in resting.select_related("organization")], now=now):
        whole = False  # the registration stays for the one that is held, and this one needn't
    if credential_rows.is_needed_by_others(row) or (row.origin != MADE and not whole):
        credential_rows.remove(row, by=SCHEDULE)  # in the tenant it stays: another service's, or somebody typed it in
        return True
    if row.pk in used:
        return False  # a service signs in with it after all: it goes when that is over
    if whole and (_is_listed(row.registration_id) or _somebody_goes_on(row.registration_id, now=now)):
        return False
    try:
        with transaction.atomic():
            start_teardown(
                registration_id=row.registration_id,
                service_id=row.service_id,
                whole=whole,
                credentials=() if whole else [row.pk],
                beside=not whole,
                by=SCHEDULE,
                now=now,
            )
    except RunUnderWay:
        return False  # the registration is at work: its turn comes with a later look
    return True


def _resting(row: Credential) -> Resting:
    until = row.rest_until or row.announced_at
    since = until - timedelta(hours=settings.GANGWAY.credential_rest_hours)
    return Resting(row.service_id, row.organization.path, since)


def _is_listed(registration_id: UUID) -> bool:
    """Whether the registration stands as a leftover: it is tried there, or a person signs in for it.

    What a look found, nobody has tried to remove.
    """
    rows = Leftover.objects.filter(registration_id=registration_id, kind=LeftoverKind.APPLICATION.value)
    return bool(rows.filter(cleared_at__isnull=True, facts__look__isnull=True).exists())


def _somebody_goes_on(registration_id: UUID, *, now: datetime) -> bool:
    """Whether a person goes on with a run, or is waited for, whose place the tear-down would take."""
    resting = Run.objects.filter(
        Q(state=RunState.WAITING.value) | Q(ended_at__gt=now - FOR_A_PERSON),
        registration_id=registration_id,
        kind__in=REACHING,
        state__in=[state.value for state in RESTING],
    )
    return bool(resting.exists())
