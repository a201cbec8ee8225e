"""Starting, resuming and cancelling runs. Sync, in the caller's scope and transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.clouds import CloudName, cloud_name
from gangway.jobs.actions import defer
from gangway.provisioning import added, sign_in_application, starting
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.pinning import Pinned
from gangway.provisioning.errors import LifeOutOfRange, NoSuchRun, RegistrationNameTaken, RunUnderWay
from gangway.provisioning.models import ONE_NAME_PER_TENANT, Registration, Run, StepRecord
from gangway.provisioning.moves import TASK, locked, move, queue_lock
from gangway.provisioning.shapes import SignerFacts
from gangway.provisioning.states import HOLDING, LIVING, RESTING, RegistrationState, RunKind, RunState
from gangway.services import names
from gangway.vault.places import Place

DAYS = "days"
FIELD = "name"
"""The form field of a registration's name."""


@transaction.atomic
def start_run(
    *,
    registration_id: UUID,
    organization_id: UUID,
    provider_id: UUID,
    service_id: UUID,
    tenant_id: str,
    cloud: str = CloudName.PUBLIC,
    tenant_name: str,
    domains: Sequence[str],
    display_name: str,
    plan: Mapping[str, Any],
    credential_name: str,
    sign_in_client_id: str,
    delegated_token_sealed_id: UUID,
    delegated_token_place: Place,
    signer: SignerFacts,
    on_end: str = "",
    credential_days: int | None = None,
    after: UUID | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """Have a worker make the registration; gives the run's id.

    `registration_id` is the invitation's own: with the same one, a registration that was begun is gone on with, perhaps
    under another name. `on_end` is a task that is deferred with `run_id` in every transaction in which the run comes to
    rest or to its end. `credential_days`: fewer than the plan's, when the administrator wants so. `after`: a run
    that shares its sign-in and goes first; its coming to rest starts this one. Raises InvalidName
    and RegistrationNameTaken at "name", LifeOutOfRange at "days", PlanUnknown, RunUnderWay, CloudUnknown.
    """
    wanted = _wanted(pinning.read(plan), credential_days) | {"left": list(signer.left)}
    wanted[added.GIVEN_UP] = added.given_up_before(registration_id, plan)
    registration = _registration(
        registration_id=registration_id,
        organization_id=organization_id,
        provider_id=provider_id,
        tenant_id=tenant_id,
        cloud=cloud,
        plan=plan,
        now=now,
    )
    aside = _put_aside(registration, by=by, now=now)
    registration.tenant_name, registration.domains = tenant_name, list(domains)
    _sign(registration, signer)
    _name(registration, display_name)
    run = Run.objects.create(
        organization_id=organization_id,
        registration=registration,
        service_id=service_id,
        state=RunState.QUEUED.value,
        credential_name=credential_name,
        sign_in_client_id=sign_in_client_id,
        token_sealed_id=delegated_token_sealed_id,
        token_field=delegated_token_place.field,
        token_row_id=delegated_token_place.row_id,
        signer_upn=signer.upn,
        on_end=on_end,
        after_id=after,
        wanted=wanted,
        created_at=now,
        queued_at=now,
    )
    for one in aside:
        sign_in_application.note(one, "no", by=by, now=now)
    facts = {"registration": str(registration.pk), "name": registration.display_name, "signer": signer.upn}
    record(Event.RUN_QUEUED, by=by, organization_id=organization_id, subject=f"run:{run.pk}", data=facts)
    if after is None:
        defer(TASK, queueing_lock=queue_lock(run.pk), run_id=str(run.pk))
    return run.pk


@transaction.atomic
def resume_run(
    *,
    run_id: UUID,
    delegated_token_sealed_id: UUID,
    delegated_token_place: Place,
    sign_in_client_id: str,
    signer: SignerFacts,
    display_name: str = "",
    plan: Mapping[str, Any] | None = None,
    credential_days: int | None = None,
    renews: UUID | None = None,
    after: UUID | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Go on with a run that waits, needs a sign-in or failed, with a fresh sign-in; the person may be another one.

    `plan`: what was agreed to since. `display_name`: another name, after Microsoft refused the first. `renews`: the
    credential beside which another one is made after all. `after`: as in `start_run`. Raises RunUnderWay, also while
    another run is at work on the registration, RunOver, at "name" InvalidName and RegistrationNameTaken, at "days"
    LifeOutOfRange.
    """
    run = locked(run_id)
    at_work = Run.objects.filter(registration_id=run.registration_id, state__in=[state.value for state in HOLDING])
    if at_work.exclude(pk=run_id).exists():
        raise RunUnderWay
    vain = added.given_up(run, run.registration.plan if plan is None else plan)
    run.registration.plan = run.registration.plan if plan is None else dict(plan)
    _sign(run.registration, signer)
    _name(run.registration, display_name or run.registration.display_name)
    move(
        run,
        RunState.QUEUED,
        by=by,
        now=now,
        data={"signer": signer.upn},
        wanted={
            **run.wanted,
            **_wanted(pinning.read(run.registration.plan), credential_days),
            "left": list(signer.left),
            added.GIVEN_UP: vain,
            **({"renews": str(renews)} if renews else {}),
        },
        queued_at=now,
        started_at=None,
        ended_at=None,
        error=None,
        cancel_asked_at=None,
        waiting_for="",
        signer_upn=signer.upn,
        sign_in_client_id=sign_in_client_id,
        after_id=after,
        token_sealed_id=delegated_token_sealed_id,
        token_field=delegated_token_place.field,
        token_row_id=delegated_token_place.row_id,
    )
    if after is None:
        defer(TASK, queueing_lock=queue_lock(run.pk), run_id=str(run.pk))


@transaction.atomic
def cancel_run(*, run_id: UUID, by: Actor, now: datetime) -> None:
    """A run will not go on. One at work is stopped before its next step, and its worker takes back what it made.

    One that still holds its authority, since it is queued again or Microsoft is copying, is taken back likewise. One
    that rests has no authority left: a tear-down of its own takes back what the registration's own right allows,
    and lists the rest as leftovers. If it made nothing, its name is free again. Whoever asked for a run that was to go
    on by itself is told of its end. Raises RunOver.
    """
    run = locked(run_id)
    was_to_go_on = RunState(run.state) in HOLDING
    begun = run.state == RunState.QUEUED and run.token_sealed_id is not None and _has_begun(run)
    if run.state == RunState.RUNNING or begun:
        run.cancel_asked_at = now
        run.save(update_fields=["cancel_asked_at"])
        return
    if run.state == RunState.COPYING and run.token_sealed_id is not None:
        move(run, RunState.QUEUED, by=by, now=now, queued_at=now, cancel_asked_at=now)
        defer(TASK, queueing_lock=queue_lock(run.pk), run_id=str(run.pk))
        return
    move(run, RunState.CANCELLED, by=by, now=now)
    if run.on_end and was_to_go_on:
        defer(run.on_end, run_id=str(run.pk))
    if RunKind(run.kind) is RunKind.TEARDOWN or starting.undo_rested(run, by=by, now=now) is not None:
        return
    if RunKind(run.kind) is RunKind.SETUP and run.registration.proved_at is None:
        run.registration.state = RegistrationState.REMOVED.value
        run.registration.save(update_fields=["state"])


def _has_begun(run: Run) -> bool:
    return StepRecord.objects.filter(run_id=run.pk, intent_at__isnull=False).exists()


def _registration(
    *,
    registration_id: UUID,
    organization_id: UUID,
    provider_id: UUID,
    tenant_id: str,
    cloud: str,
    plan: Mapping[str, Any],
    now: datetime,
) -> Registration:
    row = Registration.objects.select_for_update(of=("self",)).filter(pk=registration_id).first()
    if row is not None and row.tenant_id != tenant_id and not row.app_id:
        row.tenant_id, row.cloud = tenant_id, cloud
    if row is not None and (row.organization_id != organization_id or row.tenant_id != tenant_id):
        raise NoSuchRun
    if row is None:
        row = Registration(
            pk=registration_id,
            organization_id=organization_id,
            provider_id=provider_id,
            tenant_id=tenant_id,
            cloud=cloud_name(cloud).value,
            created_at=now,
            state=RegistrationState.MAKING.value,
        )
    if row.state == RegistrationState.REMOVED:
        row.state, row.made_at, row.proved_at = RegistrationState.MAKING.value, None, None
        row.app_id = row.object_id = row.service_principal_id = ""
    row.plan = dict(plan)
    return row


def _wanted(plan: Pinned, days: int | None) -> dict[str, Any]:
    """A life may only become shorter than what was pinned. Raises LifeOutOfRange at "days"."""
    if days is None:
        return {}
    if not 1 <= days <= plan.credential_days:
        raise LifeOutOfRange(f"The life of the credential must be 1 to {plan.credential_days} days.", field=DAYS)
    return {"credential_days": days}


def _put_aside(registration: Registration, *, by: Actor, now: datetime) -> list[Run]:
    """A new run takes the place of those that rest, which are given: its sign-in may be of another tenant."""
    rows = Run.objects.select_for_update(of=("self",)).select_related("registration")
    aside = []
    for run in rows.filter(registration_id=registration.pk):
        if RunState(run.state) in LIVING:
            raise RunUnderWay
        if RunState(run.state) in RESTING:
            move(run, RunState.CANCELLED, by=by, now=now)
            aside.append(run)
    return aside


def _sign(registration: Registration, signer: SignerFacts) -> None:
    registration.signer_upn, registration.signer_name = signer.upn, signer.name
    registration.signer_oid = signer.user_id


def _name(registration: Registration, display_name: str) -> None:
    """Give it its name and save it. Raises InvalidName, RegistrationNameTaken at "name"."""
    name = names.check(display_name, field=FIELD)
    registration.display_name, registration.name_key = name, names.key(name)
    try:
        registration.save()  # a name that is taken ends the caller's transaction
    except IntegrityError as error:
        if ONE_NAME_PER_TENANT in str(error):
            raise RegistrationNameTaken(field=FIELD) from error
        raise
