"""The end of directory roles that PIM gave: people are warned of it as of a credential's end. For workers.

A validation has just read the end, or says that it couldn't. So somebody who extended the roles is never told that they
end, and the next look comes when the next threshold does. Where PIM lets nobody read it, our record counts; where it
only didn't answer just now, all stays as it is until the next look, which comes soon.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind
from gangway.audit.record import Actor
from gangway.connections import saying, schedule, warned
from gangway.connections.fleet import AGAIN_AFTER
from gangway.connections.kept import Kept, credential_of, key_of
from gangway.connections.models import Connection
from gangway.connections.verdict import KeptItem
from gangway.services.queries import service

ITEM: Final = "roles_end"
WORKER: Final = Actor.system("connections")
EXTENDED: Final = "They end later than was known, or not at all."


def is_told_apart(item: KeptItem) -> bool:
    """Whether a line of a validation tells of that end, which has warnings of its own."""
    return item["key"] == ITEM and item["state"] != "unknown"


def follow(row: Connection, kept: Kept, items: Iterable[KeptItem], *, stale: Collection[str], now: datetime) -> None:
    """Warn once at each threshold, by what was just seen of a connection (locked). The caller saves `kept`.

    `stale`: keys of what Microsoft didn't answer about just now.
    """
    if ITEM in stale:
        kept.validate_at = min(kept.validate_at, now + AGAIN_AFTER)
        return
    seen = any(is_told_apart(item) for item in items)
    if not seen and not warned.was(row.pk):
        return
    about, key = credential_of(row), key_of(row, Kind.ROLES_END)
    ends_at = about.roles_end_at if about is not None else None
    if about is None or (ends_at is not None and not seen):
        return
    given_at = ends_at - timedelta(days=about.role_days) if ends_at is not None and about.role_days else None
    crossed = schedule.crossed(ends_at, given_at, now) if ends_at is not None else ()
    moved = warned.forget(row.pk, but=crossed)
    ahead = schedule.next_threshold(ends_at, given_at, now) if ends_at is not None else None
    if ahead is not None:
        kept.validate_at = min(kept.validate_at, ahead)
    if ends_at is None or not crossed:
        clear_alarm(**key, why=EXTENDED, by=WORKER, now=now)
    elif warned.is_due(row, Kind.ROLES_END, row.pk, crossed, moved=moved, now=now):
        days, named = crossed[-1], service(row.service_id)
        raise_alarm(
            **key,
            service_id=named.id,
            about=named.short_name,
            severity=saying.severity_of(days),
            words=saying.roles_ending(days, ends_at),
            cure=saying.EXTEND,
            for_contacts=saying.LINK_COMES,
            again=True,
            by=WORKER,
            now=now,
        )
