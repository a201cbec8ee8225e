"""An organization's own wishes on when its people are told; without any, those of the level above count."""

from dataclasses import asdict
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from gangway.alarms.errors import HoursWrong
from gangway.alarms.hours import HOURS, Hours
from gangway.alarms.models import Preference
from gangway.audit.events import Event
from gangway.audit.record import Actor, differing, record

FIELDS = ("digest_hour", "quiet_from", "quiet_until", "zone", "urgent_at_once")


def own_hours(organization_id: UUID) -> Hours | None:
    """Return what an organization wishes itself; None when it wishes nothing of its own."""
    row = Preference.objects.filter(organization_id=organization_id).first()
    return None if row is None else _hours(row)


def hours_for(path: str) -> Hours:
    """Return the wishes that count for the organization at `path`: the nearest ones. Looks above: for workers."""
    ids = [UUID(hex=each) for each in path.strip("/").split("/")]
    found = {row.organization_id: row for row in Preference.objects.filter(organization_id__in=ids)}
    nearest = next((found[each] for each in reversed(ids) if each in found), None)
    return Hours() if nearest is None else _hours(nearest)


@transaction.atomic
def set_hours(organization_id: UUID, hours: Hours, *, by: Actor) -> None:
    """Keep an organization's wishes. Raises `HoursWrong` at the field that is wrong."""
    _check(hours)
    known = Preference.objects.select_for_update(of=("self",)).filter(organization_id=organization_id).first()
    before, after = differing(asdict(_hours(known)) if known else {}, asdict(hours))
    if not after:
        return
    Preference.objects.update_or_create(organization_id=organization_id, defaults=asdict(hours))
    subject = f"organization:{organization_id}"
    record(
        Event.ALARM_HOURS_CHANGED, by=by, organization_id=organization_id, subject=subject, before=before, after=after
    )


def _check(hours: Hours) -> None:
    for field in ("digest_hour", "quiet_from", "quiet_until"):
        hour = getattr(hours, field)
        if hour is not None and not 0 <= hour < HOURS:
            raise HoursWrong(field=field)
    if (hours.quiet_from is None) != (hours.quiet_until is None) or (
        hours.quiet_from is not None and hours.quiet_from == hours.quiet_until
    ):
        raise HoursWrong(field="quiet_until")
    try:
        ZoneInfo(hours.zone)
    except (KeyError, ValueError, OSError) as error:
        raise HoursWrong(field="zone") from error


def _hours(row: Preference) -> Hours:
    return Hours(**{name: getattr(row, name) for name in FIELDS})
