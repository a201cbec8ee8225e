"""Days, as people count them on the calendar on their wall."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gangway.foundation.clock import earliest_today

NIGHT = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Pacific/Auckland", "Pacific/Pago_Pago"])
def test_nobodys_today_is_over(zone):
    for hour in range(24):
        now = NIGHT.replace(hour=hour)
        assert earliest_today(now) <= now.astimezone(ZoneInfo(zone)).date()


def test_what_is_over_everywhere_is_over():
    assert earliest_today(NIGHT) == date(2026, 11, 22)
    assert earliest_today(NIGHT.replace(hour=12)) == date(2026, 11, 23)
