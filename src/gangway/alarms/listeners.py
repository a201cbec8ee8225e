"""What follows for open alarms when those who are told change. For workers.

An alarm about telling ends with its reason, and whoever is named later hears of what is open.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms import telling
from gangway.alarms.actions import LONGEST_ABOUT, clear_alarm
from gangway.alarms.models import Alarm
from gangway.alarms.states import ABOUT_TELLING, Kind
from gangway.organizations.scope import within_everything

LOOK: Final = "alarms:look_at_listeners"
SOMEBODY: Final = "There is somebody to tell now."
NOT_TOLD: Final = "Nobody is told at this address any more."
REASON: Final = "alarms of all organizations are told"


def look(*, now: datetime, below: UUID | None = None) -> None:
    """End alarms about telling whose reason is gone: somebody can be told, or the address isn't told any more.

    `below`: only those of this organization, and of what stands below it.
    """
    with within_everything(REASON):
        found = Alarm.objects.filter(kind__in=[kind.value for kind in ABOUT_TELLING], cleared_at__isnull=True)
        for alarm in found if below is None else found.filter(organization__path__contains=f"{below.hex}/"):
            if alarm.kind == Kind.NOBODY_TOLD:
                if telling.addresses_looking_after(alarm.organization_id):
                    _end(alarm, SOMEBODY, now=now)
            elif alarm.about not in {one[:LONGEST_ABOUT] for one in telling.addresses_of(alarm.organization_id)}:
                _end(alarm, NOT_TOLD, now=now)


def told_changed(organization_id: UUID, *, now: datetime) -> None:
    """Tell the contacts that an organization has now of what is open; who was told of it isn't told again."""
    with within_everything(REASON):
        for alarm in Alarm.objects.filter(organization_id=organization_id, cleared_at__isnull=True):
            with transaction.atomic():
                telling.tell(alarm, now=now)
    look(now=now, below=organization_id)


def _end(alarm: Alarm, why: str, *, now: datetime) -> None:
    clear_alarm(
        organization_id=alarm.organization_id,
        kind=Kind(alarm.kind),
        subject=alarm.subject,
        why=why,
        by=telling.TELLER,
        now=now,
        all_clear=False,
    )
