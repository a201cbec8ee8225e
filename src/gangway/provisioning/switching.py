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
from gangway.provisioning.starting import start_teardown
from gangway.provisioning.states import RESTING, CredentialState, RunState

log = structlog.get_logger(__name__)

Switch = Callable[[UUID, UUID, UUID], None]
"""(service, old credential, new credential), called within the transaction that makes the new one the one in use."""

SWITCHES: Final[list[Switch]] = []
SCHEDULE: Final = Actor.system("rotation schedule")
MOST: Final = 200
FOR_A_PERSON: Final = timedelta(days=14)
"""So long a run that rests for somebody's sign-in holds up what would take its place; what waits ends by itself."""


@dataclass(frozen=True, slots=True)
class Rested:
    """A credential whose rest is over."""

    id: UUID
    path: str


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

    One that fails doesn't hold up the others.
    """
    with within_everything("credentials whose rest is over, whoever they belong to"):
        rows = Credential.objects.filter(state=CredentialState.RESTING.value, rest_until__lte=now)
        open_ones = Leftover.objects.filter(cleared_at__isnull=True).values("object_id")
        due = rows.exclude(key_id__in=open_ones).order_by("rest_until")[:MOST]
        rested = [Rested(*row) for row in due.values_list("pk", "organization__path")]
    for one in rested:
        try:
            with within(one.path), transaction.atomic():
                _remove(one.id, now=now)
        except GangwayError:
            log.exception("rested_credential_not_removed", credential=str(one.id))


def _remove(credential_id: UUID, *, now: datetime) -> None:
    """What is ours goes from the tenant, with its registration when nobody signs in with that any more."""
    leftovers.hold_registrations(Credential.objects.filter(pk=credential_id).values_list("registration_id", flat=True))
    row = Credential.objects.select_for_update(of=("self",)).select_related("registration").get(pk=credential_id)
    if credential_rows.is_needed_by_others(row) or row.origin != MADE:
        credential_rows.remove(row, by=SCHEDULE)  # in the tenant it stays: another service's, or somebody typed it in
        return
    used = credentials_in_use(row.registration_id)
    if row.pk in used:
        return  # a service signs in with it after all: it goes when that is over
    whole = row.registration.origin == MADE and not used and not not_gone(row.registration_id, now=now).exists()
    if _somebody_goes_on(row, whole=whole, now=now):
        return
    try:
        with transaction.atomic():
            start_teardown(
                registration_id=row.registration_id,
                service_id=row.service_id,
                whole=whole,
                credentials=() if whole else [row.pk],
                by=SCHEDULE,
                now=now,
            )
    except RunUnderWay:
        return  # the registration is at work: its turn comes with a later look


def _somebody_goes_on(row: Credential, *, whole: bool, now: datetime) -> bool:
    """Whether a person goes on with a run, or is waited for, whose place the tear-down would take."""
    resting = Run.objects.filter(
        Q(state=RunState.WAITING.value) | Q(ended_at__gt=now - FOR_A_PERSON),
        registration_id=row.registration_id,
        kind__in=REACHING,
        state__in=[state.value for state in RESTING],
    )
    return bool((resting if whole else resting.filter(service_id=row.service_id)).exists())
