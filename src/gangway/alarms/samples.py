"""Alarms of many services, most of them cleared, to try their list at size. For a database of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from gangway.alarms.models import Alarm
from gangway.alarms.states import Kind, Severity
from gangway.foundation import clock
from gangway.organizations.pages import batched
from gangway.organizations.search import words
from gangway.services.samples import Sample

OPEN_EACH, CLEARED_EACH, SEEN_EACH = 50, 8, 3
"""One of so many services has an open alarm, or has had one; one of so many open ones is acknowledged."""
KINDS: Final = (Kind.CONNECTION, Kind.CREDENTIAL_ENDS, Kind.ROTATION, Kind.DRIFT)
SAID: Final = "The connection doesn't work: a sample."


def add_alarms(samples: Sequence[Sample]) -> None:
    """Add an open alarm of some services and a cleared one of more. Nobody is told of them."""
    now = clock.now()
    for some in batched(iter(samples)):
        opened = [_row(one, now) for one in some if one.place % OPEN_EACH == 0]
        cleared = [_row(one, now, cleared=True) for one in some if one.place % CLEARED_EACH == 0]
        Alarm.objects.bulk_create([*opened, *cleared])


def _row(sample: Sample, now: datetime, *, cleared: bool = False) -> Alarm:
    turn = sample.place // OPEN_EACH
    raised_at = now - timedelta(minutes=sample.place * 17 % (60 * 24 * 60))
    over_at = raised_at + (now - raised_at) / 2
    seen = not cleared and turn % SEEN_EACH == 0
    return Alarm(
        organization_id=sample.customer_id,
        kind=KINDS[turn % len(KINDS)].value,
        subject=sample.subject,
        service_id=sample.id,
        about=sample.short_name,
        severity=list(Severity)[turn % len(Severity)].value,
        words=SAID,
        search_words=words(sample.short_name, sample.search_words, SAID),
        raised_at=raised_at,
        changed_at=over_at,
        acknowledged_at=over_at if seen else None,
        acknowledged_by="a sample" if seen else "",
        cleared_at=over_at if cleared else None,
        cleared_by="a sample" if cleared else "",
    )
