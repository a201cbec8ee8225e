"""When somebody may be told: at once, at the hour of their daily mail, or when their quiet hours are over. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gangway.alarms.states import Severity

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Hours:
    """An organization's wishes, by the clock of its zone. Quiet hours may go over midnight."""

    digest_hour: int | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    zone: str = "UTC"
    urgent_at_once: bool = True

    def send_at(self, now: datetime, severity: Severity) -> datetime:
        """Return when an alarm of this severity, raised now, may be told."""
        if severity is Severity.CRITICAL and self.urgent_at_once:
            return now
        moment = now if self.digest_hour is None else self._next(now, self.digest_hour)
        return self._after_quiet(moment)

    def _after_quiet(self, moment: datetime) -> datetime:
        if self.quiet_from is None or self.quiet_until is None:
            return moment
        hour = moment.astimezone(ZoneInfo(self.zone)).hour
        inside = (hour - self.quiet_from) % HOURS < (self.quiet_until - self.quiet_from) % HOURS
        return self._next(moment, self.quiet_until) if inside else moment

    def _next(self, now: datetime, hour: int) -> datetime:
        """Return the next time that a clock on the wall there shows this full hour."""
        zone = ZoneInfo(self.zone)
        there = now.astimezone(zone)
        day = there.date() if there.hour < hour else there.date() + timedelta(days=1)
        return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(now.tzinfo)
