"""What a validation means for people: an alarm while something is wrong, cleared by the next good look. For workers."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.states import Kind, Severity
from gangway.audit.record import Actor
from gangway.connections import adopting, roles_ending, saying, schedule, verdict
from gangway.connections.fleet import AGAIN_AFTER
from gangway.connections.kept import Kept, Looked, care_of, connection_of, credential_of, is_lacking, key_of, name_of
from gangway.connections.models import Care, Connection
from gangway.connections.states import Rotation
from gangway.connections.verdict import KeptItem, Status
from gangway.provisioning.renewable import lacks, may_change_itself
from gangway.services.queries import service

WORKER: Final = Actor.system("connections")
OWN_WARNING: Final = frozenset({"secret"})
"""What has warnings of its own, at its thresholds."""
PATIENCE: Final = timedelta(hours=24)
"""So long nobody is told that Microsoft doesn't answer: it says nothing about the connection."""
OURS: Final = "Press Repair on the Connections page: an administrator of the customer is asked for just that."
THEIRS: Final = (
    "The customer made this registration, so the customer adds it: the page behind Repair on the Connections page says "
    "where. The next validation sees it."
)
UNKNOWN: Final = "Nobody knows whether it works"


def follow(
    row: Looked,
    items: list[KeptItem],
    granted: list[str] | None,
    *,
    roles: Collection[str] | None = None,
    stale: Collection[str] = (),
    now: datetime,
) -> None:
    """Raise or clear the alarms of what was looked at (locked) by what was seen; say when it is looked at again.

    `stale`: keys of the items that are by our record alone, since Microsoft didn't answer just now.
    """
    if connection_of(row).suspended_at is not None:
        return
    status = _judge(row, items, now=now)
    kept = care_of(row).select_for_update(of=("self",)).first()
    if kept is None and isinstance(row, Connection):
        adopting.adopt(row, now=now)
        kept = care_of(row).select_for_update(of=("self",)).first()
    if kept is None:
        return
    _learn(kept, status, granted, now=now)
    if isinstance(row, Connection):
        roles_ending.follow(row, kept, items, stale=stale, now=now)
    if granted is not None:
        kept.lacks = lacks(row.registration_id, granted, roles=roles)
    kept.save(update_fields=["validate_at", "lacks", "renews_itself", "tend_at", "rotation"])
    if granted is not None:
        _note_lacking(connection_of(row))
        _drift(row, kept.lacks, now=now)


def _note_lacking(row: Connection) -> None:
    """Keep for lists whether anything of a service lacks what the newest version has."""
    care = Care.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if care is not None and care.lacking != is_lacking(row, care.lacks):
        Care.objects.filter(pk=row.pk).update(lacking=not care.lacking)


def _judge(row: Looked, items: list[KeptItem], *, now: datetime) -> Status:
    seen = [item for item in items if item["key"] not in OWN_WARNING and not roles_ending.is_told_apart(item)]
    status = verdict.status_of(seen)
    if status in {"error", "warning"}:
        severity = Severity.CRITICAL if status == "error" else Severity.WARNING
        _raise(row, severity, verdict.words_of(seen), now=now)
    elif status == "ok":
        clear_alarm(**key_of(row, Kind.CONNECTION), why="It was validated and works.", by=WORKER, now=now)
    elif row.status == "unknown" and row.status_since is not None and now - row.status_since > PATIENCE:
        _raise(row, Severity.WARNING, f"{UNKNOWN}: {verdict.words_of(seen)}", now=now)
    return status


def _learn(kept: Kept, status: Status, granted: list[str] | None, *, now: datetime) -> None:
    """Keep when it is looked at again, and whether it may renew itself."""
    later = schedule.slot(kept.pk, now)
    kept.validate_at = min(later, now + AGAIN_AFTER) if status == "unknown" else later
    kept.tend_at = now  # a renewal is seen by its validation first
    if granted is None or may_change_itself(granted) == kept.renews_itself:
        return
    kept.renews_itself = not kept.renews_itself
    if kept.renews_itself and kept.rotation == Rotation.NEEDS_CUSTOMER:
        kept.rotation = Rotation.NONE.value


def _drift(row: Looked, missing: list[str] | None, *, now: datetime) -> None:
    """A registration of an older version works; what newer ones have besides is told, not urgent."""
    key = key_of(row, Kind.DRIFT)
    if not missing:
        clear_alarm(**key, why="Nothing is missing.", by=WORKER, now=now)
        return
    about, credential = service(row.service_id), credential_of(row)
    raise_alarm(
        **key,
        service_id=about.id,
        about=name_of(row, about),
        severity=Severity.NOTICE,
        words=f"Its registration lacks what the newest version has: {', '.join(missing)}.",
        cure=THEIRS if credential is not None and not credential.is_ours else OURS,
        by=WORKER,
        now=now,
    )


def _raise(row: Looked, severity: Severity, words: str, *, now: datetime) -> None:
    about = service(row.service_id)
    raise_alarm(
        **key_of(row, Kind.CONNECTION),
        service_id=about.id,
        about=name_of(row, about),
        severity=severity,
        words=words,
        cure="Open its M365 Configuration: each line of the last validation says what to do.",
        for_contacts=saying.TOLD if severity is Severity.CRITICAL else "",
        by=WORKER,
        now=now,
    )
