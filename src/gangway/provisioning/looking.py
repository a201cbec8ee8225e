"""Looking at a run that waits, with nothing but its registration's own fresh tokens. Worker only.

What has come is ticked off. When all has come, the run goes on as one that Microsoft is copying: it is proved by the
registration alone. When its time is over, it ends, and says what is left in the tenant.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.jobs.actions import defer
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import Busy, Forbidden, MicrosoftError, NotHeard
from gangway.microsoft.graph.shapes import Unit
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import (
    beyond,
    clouds,
    credential_rows,
    faults,
    opening,
    sign_in_application,
    unit_known,
    waiting,
)
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.alone import Alone
from gangway.provisioning.engine.blueprint import draw
from gangway.provisioning.engine.remaining import Remains, still_missing, waits_for
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.verify import COPYING, not_known_everywhere
from gangway.provisioning.errors import NotWaiting, WaitedTooLong
from gangway.provisioning.journal_store import ENGINE
from gangway.provisioning.models import Run, StepRecord, Waiting
from gangway.provisioning.moves import TASK, move, queue_lock
from gangway.provisioning.states import RunState, StepState

log = structlog.get_logger(__name__)

LOOK_MAY_TAKE: Final = 60.0
"""Seconds for one look, all its requests together."""
SEEN_IN_TOKEN: Final = "Seen in the registration's own fresh token."  # noqa: S105 - a sentence
NOTHING_YET: Final = "Nothing of it has come yet."
SOME_HAS_COME: Final = "Some of it has come."


@dataclass(frozen=True, slots=True)
class Subject:
    """What a look needs, out of the database. `credential` is None when nothing can be seen from here.

    `trouble`: why what it signs in with can't be opened.
    """

    path: str
    run_id: UUID
    registration_id: UUID
    tenant_id: str
    cloud: str
    app_id: str
    principal_id: str
    display_name: str
    plan: dict[str, Any]
    lacking: tuple[str, ...]
    credential: OwnCredential | None
    trouble: GangwayError | None
    unit: Unit | None


async def look(run_id: UUID) -> None:
    """Look once and write down what was seen. Twice, late or for a run that went on: nothing happens."""
    subject = await in_database(_claim, run_id, clock.now())
    if subject is None:
        return
    missing: tuple[str, ...] | None = None
    error = subject.trouble
    if subject.credential is not None:
        try:
            async with asyncio.timeout(LOOK_MAY_TAKE):
                missing = await _missing(subject, subject.credential)
        except TimeoutError:
            error = NotHeard()
        except GangwayError as told:
            error = told
    await in_database(_keep, subject, missing, error, clock.now())


async def _missing(subject: Subject, credential: OwnCredential) -> tuple[str, ...]:
    where = clouds.cloud(subject.cloud)
    alone = Alone(
        blueprint=draw(
            subject.plan,
            registration=str(subject.registration_id),
            display_name=subject.display_name,
            notes="",
            sign_in_client=None,
        ).lacks(subject.lacking),
        cloud=where,
        tenant_id=subject.tenant_id,
        own=await clouds.RegistrationSignIn.at(where, TenantId(subject.tenant_id)),
        app_id=AppId(subject.app_id),
        principal=ObjectId(subject.principal_id),
        credential=credential,
        patience=clouds.short_patience(),
        unit=subject.unit,
    )
    try:
        return (await alone.look()).missing
    except Forbidden:
        return ()  # all rights are in the tokens, and what stands behind them doesn't know yet: the proof is patient


def _claim(run_id: UUID, now: datetime) -> Subject | None:
    """Take what a look needs; the row is due again soon, in case this worker is never heard of again."""
    with within_everything("a worker is given a run by its id"):
        path = Run.objects.filter(pk=run_id).values_list("organization__path", flat=True).first()
    if path is None:
        return None
    with within(path), transaction.atomic():
        try:
            row = waiting.locked(run_id)
        except NotWaiting:
            return None
        if row.next_check_at is not None:
            row.next_check_at = now + waiting.CLAIMED_FOR
            row.save(update_fields=["next_check_at"])
        elif row.deadline_at > now:
            return None
        run = row.run
        registration = run.registration
        credential, trouble = _credential(run) if row.next_check_at is not None else (None, None)
        return Subject(
            path=path,
            run_id=run_id,
            registration_id=registration.pk,
            tenant_id=registration.tenant_id,
            cloud=registration.cloud,
            app_id=registration.app_id,
            principal_id=registration.service_principal_id,
            display_name=registration.display_name,
            plan=registration.plan,
            lacking=beyond.skipped(registration.beyond),
            credential=credential,
            trouble=trouble,
            unit=unit_known.known(registration.pk, pinning.read(registration.plan).unit),
        )


def _credential(run: Run) -> tuple[OwnCredential | None, GangwayError | None]:
    rows = credential_rows.of_service(run.registration_id, run.service_id)
    row = rows.filter(made_at__isnull=False).order_by("made_at").last()
    if row is None:
        return None, None
    try:
        return credential_rows.opened(row, purpose="look what has been granted", by=ENGINE), None
    except GangwayError as trouble:
        return None, trouble


def _keep(subject: Subject, missing: tuple[str, ...] | None, error: GangwayError | None, now: datetime) -> None:
    with within(subject.path), transaction.atomic():
        try:
            row = waiting.locked(subject.run_id)
        except NotWaiting:
            return  # somebody signed in meanwhile, and the run goes on
        before = waiting.remaining(row)
        left = before if missing is None else still_missing(before, missing)
        _note(row, before, left, error, now=now)
        if not left:
            _goes_on(row, now=now)
        elif now >= row.deadline_at:
            _ends(row, left, now=now)


def _note(
    row: Waiting, before: tuple[Remains, ...], left: tuple[Remains, ...], error: GangwayError | None, *, now: datetime
) -> None:
    """Write down what a look showed, and tick off what has come."""
    row.checks, row.checked_at = row.checks + 1, now
    row.trouble = faults.kept(error, now=now) if error else None
    row.found = _words(before, left, error)
    if len(left) < len(before):
        row.remaining, row.kind = [waiting.kept(one) for one in left], waits_for(left or before).value
        row.consent_link = row.consent_link and any(one.part is Part.CONSENT for one in left)
        if left:
            row.run.waiting_for = opening.waiting_words(one.part for one in left)
            row.run.save(update_fields=["waiting_for"])
        keys = {one.key for one in before} - {one.key for one in left}
        rows = StepRecord.objects.filter(run_id=row.run_id, key__in=keys).exclude(state=StepState.DONE.value)
        rows.update(state=StepState.DONE.value, intent_at=now, done_at=now, words=SEEN_IN_TOKEN)
        facts = {"left": ", ".join(one.name for one in left)}
        subject = f"run:{row.run_id}"
        record(Event.WAITING_SHRANK, by=ENGINE, organization_id=row.organization_id, subject=subject, data=facts)
    if row.next_check_at is not None:
        row.next_check_at = waiting.next_look(row, now=now)
    row.save()


def _words(before: tuple[Remains, ...], left: tuple[Remains, ...], error: GangwayError | None) -> str:
    if isinstance(error, (NotHeard, Busy)):
        return "Microsoft did not answer; we look again."
    if isinstance(error, MicrosoftError) and not_known_everywhere(error):
        return "Microsoft doesn't let the registration sign in: perhaps somebody deleted it or its secret."
    if error is not None:
        return error.what[:300]
    if not left:
        return COPYING
    return SOME_HAS_COME if len(left) < len(before) else NOTHING_YET


def _goes_on(row: Waiting, *, now: datetime) -> None:
    """All has come: the registration proves it by itself, whatever becomes of this worker."""
    words = {"waiting_for": "", "error": None, "ended_at": None, "copying_since": now, "look_at": now, "looks": 0}
    move(row.run, RunState.COPYING, by=ENGINE, now=now, data={"seen": "by the registration's own token"}, **words)
    defer(TASK, queueing_lock=queue_lock(row.run_id), run_id=str(row.run_id))
    if row.run.on_end:
        defer(row.run.on_end, run_id=str(row.run_id))
    log.info("waiting_run_goes_on", run_id=str(row.run_id), checks=row.checks)


def _ends(row: Waiting, left: tuple[Remains, ...], *, now: datetime) -> None:
    registration = row.run.registration
    days = (row.deadline_at - row.since).days
    error = WaitedTooLong(
        f"Nobody finished this within {days} days. Still missing: {', '.join(one.name for one in left)}.",
        cure=_what_is_left(registration.display_name, registration.app_id),
    )
    sign_in_application.note(row.run, "no", by=ENGINE, now=now)
    move(row.run, RunState.FAILED, by=ENGINE, now=now, error=faults.kept(error, now=now), data={"error": error.code})
    if row.run.on_end:
        defer(row.run.on_end, run_id=str(row.run_id))


def _what_is_left(name: str, app_id: str) -> str:
    again = "A Privileged Role Administrator or a Global Administrator can still sign in and finish it."
    if not app_id:
        return f"Nothing of it is in the tenant. {again}"
    return (
        f"In the tenant there is still the app registration “{name}” (Application ID {app_id}) with its secret and its "
        f"enterprise application, and the application that was signed in to. {again} Else delete them there."
    )
