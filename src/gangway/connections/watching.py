"""What a validation means for people: an alarm while something is wrong, cleared by the next good look. For workers."""

from datetime import datetime, timedelta
from typing import Final

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.connections import saying, schedule, verdict
from gangway.connections.models import Care, Connection
from gangway.connections.rotation import Key
from gangway.connections.states import Rotation
from gangway.connections.verdict import KeptItem
from gangway.provisioning.renewable import lacks, may_change_itself
from gangway.services.queries import service

WORKER: Final = Actor.system("connections")
OWN_WARNING: Final = frozenset({"secret"})
"""What has warnings of its own, at its thresholds."""
PATIENCE: Final = timedelta(hours=24)
"""So long nobody is told that Microsoft doesn't answer: it says nothing about the connection."""
AGAIN_AFTER: Final = timedelta(hours=4)
UNKNOWN: Final = "Nobody knows whether it works"


def follow(row: Connection, items: list[KeptItem], granted: list[str] | None, *, now: datetime) -> None:
    """Raise or clear the alarms of a connection (locked) by what was seen; say when it is looked at again."""
    if row.suspended_at is not None:
        return
    seen = [item for item in items if item["key"] not in OWN_WARNING]
    status = verdict.status_of(seen)
    if status in {"error", "warning"}:
        _raise(row, Severity.CRITICAL if status == "error" else Severity.WARNING, verdict.words_of(seen), now=now)
    elif status == "ok":
        clear_alarm(**_key(row, Kind.CONNECTION), why="It was validated and works.", by=WORKER, now=now)
    elif row.status == "unknown" and now - row.status_since > PATIENCE:
        _raise(row, Severity.WARNING, f"{UNKNOWN}: {verdict.words_of(seen)}", now=now)
    _care(row, status, granted, now=now)


def _care(row: Connection, status: str, granted: list[str] | None, *, now: datetime) -> None:
    care = Care.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if care is None:
        return
    later = schedule.slot(row.pk, now)
    care.validate_at = min(later, now + AGAIN_AFTER) if status == "unknown" else later
    care.tend_at = now  # a renewal is seen by its validation first
    if granted is not None:
        care.lacks = lacks(row.registration_id, granted)
        itself = may_change_itself(granted)
        if itself != care.renews_itself:
            care.renews_itself = itself
            if itself and care.rotation == Rotation.NEEDS_CUSTOMER:
                care.rotation = Rotation.NONE.value
    care.save(update_fields=["validate_at", "lacks", "renews_itself", "tend_at", "rotation"])
    if granted is not None:
        _drift(row, care.lacks, now=now)


def _drift(row: Connection, missing: list[str] | None, *, now: datetime) -> None:
    """A registration of an older version works; what newer ones have besides is told, not urgent."""
    key = _key(row, Kind.DRIFT)
    if not missing:
        clear_alarm(**key, why="Nothing is missing.", by=WORKER, now=now)
        return
    about = service(row.service_id)
    raise_alarm(
        **key,
        service_id=about.id,
        about=about.short_name,
        severity=Severity.NOTICE,
        words=f"Its registration lacks what the newest version has: {', '.join(missing)}.",
        cure="Press Repair on the Connections page: an administrator of the customer is asked for just that.",
        by=WORKER,
        now=now,
    )


def _raise(row: Connection, severity: Severity, words: str, *, now: datetime) -> None:
    about = service(row.service_id)
    raise_alarm(
        **_key(row, Kind.CONNECTION),
        service_id=about.id,
        about=about.short_name,
        severity=severity,
        words=words,
        cure="Open its M365 Configuration: each line of the last validation says what to do.",
        for_contacts=saying.TOLD if severity is Severity.CRITICAL else "",
        by=WORKER,
        now=now,
    )


def _key(row: Connection, kind: Kind) -> Key:
    return Key(organization_id=row.organization_id, kind=kind, subject=f"service:{row.service_id}")
