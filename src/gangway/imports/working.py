"""Going through the rows of an import. Workers only; killed at any point, it goes on where it was.

A row is one transaction: its new state, the planned service and the invitation, or none of them. So it is done once,
however often it is begun.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q

from gangway.audit.events import Event
from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.imports.cells import language_of, licence_of, typed_of, users_of
from gangway.imports.customers import found_or_made
from gangway.imports.errors import ImportMoved, KeepsFailing
from gangway.imports.models import Import, Row
from gangway.imports.outcomes import problem_of, proves, settle
from gangway.imports.pacing import WAITS, give_back, take_turn
from gangway.imports.rows import WORK, locked, move, place_of, tell
from gangway.imports.states import ALIVE, ImportState, Kind, RowState, Wait
from gangway.invitations.errors import TooManyLinks
from gangway.jobs.actions import defer
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.onboarding.beginning import Wanted, invite, use_known
from gangway.onboarding.defaults import Defaults, defaults_for
from gangway.onboarding.tenant_lookup import checked_domain
from gangway.organizations.hosts import public_url
from gangway.organizations.queries import holds, provider_of
from gangway.organizations.roles import Capability
from gangway.organizations.scope import within, within_everything
from gangway.organizations.told import answerable
from gangway.vault.actions import destroy, reveal
from gangway.vault.errors import SealingKeyUnreadable, VaultClosed

REASON: Final = "a worker goes through everybody's imports"
WORKER: Final = Actor.system("imports")
SOON: Final = timedelta(seconds=3)
MOST_TRIES: Final = 3
KEPT: Final = timedelta(days=90)
"""How long the rows of an import that ended are kept."""
NOT_TRIED: Final = (VaultClosed, SealingKeyUnreadable, TooManyLinks)
"""Of none of these the row is the cause: a worker without the key, or no more links within this hour."""
WAITED_FOR: Final = timedelta(minutes=10)
"""Whoever starts an import that takes longer has gone elsewhere, and gets a mail at its end."""
OUTCOMES: Final = {
    ImportState.DONE: "all rows have had their turn",
    ImportState.STOPPED: "it was stopped",
    ImportState.EXPIRED: "its time was over",
}
BECAME: Final = {
    RowState.WRONG: "Not imported, as something in the row is wrong",
    RowState.READY: "Not begun",
    RowState.LEFT_OUT: "Left out",
    RowState.INVITED: "Invited",
    RowState.PROVING: "Still being proved",
    RowState.PROVED: "Proved",
    RowState.FAILED: "Failed",
}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all rows of an import share."""

    whole: Import
    defaults: Defaults
    by: Actor


def go_on(import_id: UUID, *, now: datetime) -> None:
    """Do the next rows, look what came of those that are being proved, and come back while something remains."""
    with within_everything(REASON):
        whole = Import.objects.select_related("organization").filter(pk=import_id).first()
    if whole is None:
        return
    with within(whole.organization.path):
        proving = settle(whole.pk, now=now)
        if whole.state == ImportState.RUNNING:
            _go_through(whole, now=now)
        elif proving:
            _come_back(whole.pk, at=now + SOON)


def look_after_all(*, now: datetime) -> None:
    """Wake imports whose job was lost, end what is too old, and destroy secrets that nobody needs any more."""
    with within_everything(REASON):
        proving = Row.objects.filter(state=RowState.PROVING.value).values("whole_id")
        going = Import.objects.filter(Q(state=ImportState.RUNNING.value) | Q(pk__in=proving))
        going_ids = list(going.values_list("pk", flat=True))
        late = Import.objects.filter(state__in=[state.value for state in ALIVE], expires_at__lte=now)
        late_ids = list(late.values_list("pk", flat=True))
        sealed = Row.objects.filter(sealed_id__isnull=False).exclude(whole__state__in=[one.value for one in ALIVE])
        sealed_ids = set(sealed.values_list("whole_id", flat=True))
    for import_id in late_ids:
        _expire(import_id, now=now)
    for import_id in {*sealed_ids, *late_ids}:
        forget_secrets(import_id)
    for import_id in going_ids:
        _come_back(import_id, at=None)


def forget_secrets(import_id: UUID) -> None:
    """Destroy what is sealed for an import that has ended; nothing while it lives."""
    with within_everything(REASON):
        rows = Row.objects.filter(whole_id=import_id, sealed_id__isnull=False)
        rows = rows.exclude(whole__state__in=[state.value for state in ALIVE])
        for row_id in list(rows.values_list("pk", flat=True)):
            with transaction.atomic():
                row = Row.objects.select_for_update(of=("self",)).get(pk=row_id)
                _let_go(row)


def forget_rows(*, now: datetime) -> int:
    """Remove the rows of imports that ended long ago: they have addresses of people. The import itself stays."""
    with within_everything(REASON), transaction.atomic():
        old = Import.objects.filter(ended_at__lt=now - KEPT)
        removed, _each = Row.objects.filter(whole_id__in=list(old.values_list("pk", flat=True))).delete()
    return removed


def _go_through(whole: Import, *, now: datetime) -> None:
    by = Actor(kind="person", id=whole.by_id, name=whole.by_name, request_id=f"import:{whole.pk}")
    if not holds(UUID(whole.by_id), Capability.ADD_SERVICE, path=whole.organization.path):
        _stop(whole.pk, f"{whole.by_name} may not add services here any more.", now=now)
        return
    if whole.goes_on_at is None or whole.goes_on_at <= now:
        _do_some(whole, Ground(whole, defaults_for(provider_of(whole.organization_id).id), by), now=now)
    if whole.rows.filter(state=RowState.PROVING.value).exists():
        _come_back(whole.pk, at=now + SOON)
    elif whole.goes_on_at is not None:
        _come_back(whole.pk, at=whole.goes_on_at)
    else:
        _conclude(whole.pk, now=now)


def _do_some(whole: Import, ground: Ground, *, now: datetime) -> None:
    """Do as many rows as may be done now, and write down when it goes on, and what it waits for, if there are more."""
    turn = take_turn(whole, now=now)
    wait = turn.wait
    try:
        for row_id in turn.rows:
            _try(row_id, ground, now=now)
    except TooManyLinks:
        give_back(turn)
        wait = Wait.LINKS
    except NOT_TRIED:
        give_back(turn)
        raise
    more = whole.rows.filter(state=RowState.READY.value).exists()
    whole.goes_on_at = now + WAITS[wait] if more else None
    running = Import.objects.filter(pk=whole.pk, state=ImportState.RUNNING.value)
    running.update(goes_on_at=whole.goes_on_at, waits_for=wait.value if more else "")


def _try(row_id: UUID, ground: Ground, *, now: datetime) -> None:
    """Do one row, or write down why it can't be done. Raises `NOT_TRIED`: then the row and its secret wait."""
    ready = Row.objects.filter(pk=row_id, state=RowState.READY.value)
    if not ready.update(tries=F("tries") + 1):
        return
    try:
        _attempt(row_id, ground, now=now)
    except NOT_TRIED:
        ready.update(tries=F("tries") - 1)
        raise


def _attempt(row_id: UUID, ground: Ground, *, now: datetime) -> None:
    """Open the row's secret in a transaction of its own: whatever comes of the row, the log says who opened it."""
    secret, error = SealedText(""), None
    try:
        secret = _opened(Row.objects.get(pk=row_id), by=ground.by)
    except NOT_TRIED:
        raise
    except GangwayError as broken:
        error = broken
    with transaction.atomic():
        row = Row.objects.select_for_update(of=("self",)).get(pk=row_id)
        if row.state != RowState.READY:
            return
        try:
            if error is not None:
                raise error
            with transaction.atomic():
                row.invitation_id = _do(row, secret, ground, now=now)
        except NOT_TRIED:
            raise
        except GangwayError as refused:
            log.info("import_row_failed", row=str(row_id), error=refused.code)
            row.state, row.problem = RowState.FAILED.value, problem_of(refused)
        else:
            row.state = RowState.PROVING.value if proves(row, ground.whole) else RowState.INVITED.value
        row.changed_at = now
        row.save(update_fields=["state", "problem", "invitation_id", "changed_at"])
        _let_go(row)


def _do(row: Row, secret: SealedText, ground: Ground, *, now: datetime) -> UUID:
    """Plan the service, and invite or have proved; gives the invitation's id."""
    cells: dict[str, str] = row.values
    plan, fingerprint = ground.defaults.pinned()
    domain = checked_domain(cells["domain"]) if cells.get("domain") else ""
    wanted = Wanted(
        customer_id=found_or_made({**cells, "domain": domain}, home_id=ground.whole.organization_id, by=ground.by),
        full_name=cells.get("full_name", ""),
        short_name=cells["short_name"],
        licence_type=licence_of(cells["licence"]).value,
        licensed_users=users_of(cells["users"]),
        domain=domain,
        plan=plan,
        plan_fingerprint=fingerprint,
        finish_by_itself=ground.whole.finish_by_itself,
        language=language_of(cells.get("language", "")),
    )
    if ground.whole.kind == Kind.EXISTING:
        return use_known(wanted, typed=typed_of(cells, secret), by=ground.by, now=now)
    return invite(
        wanted,
        recipient=cells["email"],
        phone=cells.get("phone", ""),
        days=ground.whole.days,
        knowingly=cells["email"] if ground.whole.knowingly else "",
        by=ground.by,
        now=now,
    )


def _opened(row: Row, *, by: Actor) -> SealedText:
    """Return a row's secret. Raises `KeepsFailing` without opening it once more."""
    if row.tries > MOST_TRIES:
        raise KeepsFailing
    if row.sealed_id is None:
        return SealedText("")
    return reveal(sealed_id=row.sealed_id, place=place_of(row), purpose="import a connection", by=by)


def _let_go(row: Row) -> None:
    """Destroy a locked row's secret."""
    destroy(sealed_id=row.sealed_id, by=WORKER)
    row.sealed_id = None
    row.save(update_fields=["sealed_id"])


def _conclude(import_id: UUID, *, now: datetime) -> None:
    with transaction.atomic():
        whole = locked(import_id)
        if whole.state == ImportState.RUNNING:
            move(whole, ImportState.DONE, now=now)
            _tell_end(whole)


def _stop(import_id: UUID, why: str, *, now: datetime) -> None:
    _end(import_id, ImportState.STOPPED, why, now=now)
    forget_secrets(import_id)


def _expire(import_id: UUID, *, now: datetime) -> None:
    with within_everything(REASON):
        _end(import_id, ImportState.EXPIRED, "Its time was over.", now=now)


def _end(import_id: UUID, to: ImportState, why: str, *, now: datetime) -> None:
    with transaction.atomic():
        whole = locked(import_id)
        try:
            move(whole, to, now=now, why=why)
        except ImportMoved:
            return
        ready = whole.rows.filter(state=RowState.READY.value)
        ready.update(state=RowState.LEFT_OUT.value, changed_at=now)
        _tell_end(whole)


def _tell_end(whole: Import) -> None:
    counts = {state.value: whole.rows.filter(state=state.value).count() for state in RowState}
    tell(Event.IMPORT_ENDED, whole, by=WORKER, data={"state": whole.state, **counts})
    if whole.started_at and whole.ended_at and (whole.why or whole.ended_at - whole.started_at > WAITED_FOR):
        _mail_end(whole, counts)


def _mail_end(whole: Import, counts: dict[str, int]) -> None:
    """Mail whoever started it, or who stands in for them: nobody sits before its page for hours."""
    for one in answerable(whole.by_id, whole.organization_id, may=Capability.ADD_SERVICE):
        outbox.put(
            organization_id=whole.organization_id,
            kind=MessageKind.IMPORT_ENDED,
            to=one.email,
            language="en",
            context={
                "file": whole.file_name,
                "outcome": OUTCOMES[ImportState(whole.state)],
                "why": whole.why,
                "counts": "\n".join(f"{BECAME[RowState(state)]}: {count}" for state, count in counts.items() if count),
                "page": f"{public_url(one.organization_id)}/imports/{whole.pk}/",
            },
            link=None,
            subject_ref=f"import:{whole.pk}",
            by=WORKER,
        )


def _come_back(import_id: UUID, *, at: datetime | None) -> None:
    one = f"import:{import_id}"
    defer(WORK, lock=one, queueing_lock=one, run_at=at, import_id=str(import_id))
