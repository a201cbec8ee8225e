"""Registrations of their own that are made in the same sign-in as a first one: call quality beside calling.

Each has its own registration, run and credential. The first run goes first, whatever becomes of it; the one beside
follows with the same sealed token, and nothing that happens to it changes the first one. Sync, in the caller's scope.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import structlog
from django.db import transaction
from django.db.models import Q

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.provisioning import waiting
from gangway.provisioning.engine import pinning
from gangway.provisioning.errors import RegistrationNameTaken
from gangway.provisioning.models import Registration, Run
from gangway.provisioning.renewable import renewable_of
from gangway.provisioning.runs import resume_run, start_run
from gangway.provisioning.shapes import SignerFacts
from gangway.provisioning.starting import SignedIn, start_repair
from gangway.provisioning.states import HOLDING, LIVING, RESTING, RegistrationState, RunKind, RunState
from gangway.provisioning.taking_back import take_back
from gangway.services import names
from gangway.vault.places import Place

NAMES: Final = {"qoe": "QoE"}
"""What the name of such a registration ends with, by its profile."""
MOST_NAMES: Final = 9
MOST_TIMES: Final = 9
"""So often one is begun anew while the one before is still being taken away."""

log = structlog.get_logger(__name__)


def beside_id(registration_id: UUID, profile: str) -> UUID:
    """The id of the registration that belongs beside this one; the same at every attempt."""
    ids = _ids(registration_id, profile)
    begun = set(Registration.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return next((one for one in reversed(ids) if one in begun), ids[0])


def _ids(registration_id: UUID, profile: str) -> list[UUID]:
    """The first one's id, and those for when the one before is still being taken away."""
    return [uuid5(registration_id, profile if time == 1 else f"{profile} {time}") for time in range(1, MOST_TIMES + 1)]


def ids_beside(registration_id: UUID) -> dict[str, UUID]:
    """The registrations beside this one that were ever begun, by profile; of several the latest."""
    wanted = {one: profile for profile in NAMES for one in _ids(registration_id, profile)}
    begun = set(Registration.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    return {profile: one for one, profile in wanted.items() if one in begun}


def latest_run(registration_id: UUID) -> Run | None:
    """The newest run that makes this registration."""
    rows = Run.objects.select_related("registration").filter(registration_id=registration_id, kind=RunKind.SETUP.value)
    return rows.order_by("-created_at").first()


def at_work_beside(run_id: UUID) -> list[UUID]:
    """The runs beside this one that a worker is at, or will be in a moment."""
    rows = Run.objects.filter(after_id=run_id, state__in=[one.value for one in LIVING])
    return list(rows.values_list("pk", flat=True))


def first_of(run_id: UUID) -> UUID:
    """The run that this one was made beside; itself when it is a first one."""
    return Run.objects.filter(pk=run_id).values_list("after_id", flat=True).first() or run_id


def make_beside(
    *,
    registration_id: UUID,
    after: UUID,
    plan: Mapping[str, Any],
    delegated_token_sealed_id: UUID,
    delegated_token_place: Place,
    sign_in_client_id: str,
    signer: SignerFacts,
    credential_days: int | None = None,
    kept: Collection[str] = (),
    idle: Collection[str] = (),
    by: Actor,
    now: datetime,
) -> None:
    """Start what the plan wants beside a registration whose run was just started or resumed, or go on with it.

    `after` is that run, `plan` its plan. What was made in an earlier attempt and is declined by now is
    taken back; what was there before stays. A registration that can't be begun never keeps the first one from being
    made. Of what a service has there already, by profile: where the credential in use is `kept`, and where there is
    nothing to do at all (`idle`).
    """
    token = {
        "delegated_token_sealed_id": delegated_token_sealed_id,
        "delegated_token_place": delegated_token_place,
        "sign_in_client_id": sign_in_client_id,
        "signer": signer,
        "after": after,
        "by": by,
        "now": now,
    }
    first_plan = pinning.read(plan)
    wanted, begun = {one["profile"]: one for one in first_plan.beside}, ids_beside(registration_id)
    if not wanted and not begun:
        return
    first = Run.objects.select_related("registration").get(pk=after)
    for profile, made in begun.items():
        if profile not in wanted and _is_of(first, made):
            _take_back(made, by=by, now=now)
    for profile, one in wanted.items():
        own = pinning.read(one).credential_days
        days = own if credential_days == first_plan.credential_days else credential_days and min(credential_days, own)
        try:
            with transaction.atomic():
                lives = token | {"credential_days": days}
                _make(first, profile, one, lives, keeps=profile in kept, idle=profile in idle)
        except GangwayError as error:
            log.warning("not_begun_beside", run_id=str(after), profile=profile, error=error.code)


def _make(first: Run, profile: str, plan: Mapping[str, Any], token: dict[str, Any], *, keeps: bool, idle: bool) -> None:
    registration_id = _beginnable(first.registration_id, profile)
    run = latest_run(registration_id)
    state = None if run is None else RunState(run.state)
    if run is not None and state in HOLDING:
        if first.kind == RunKind.SETUP:
            Run.objects.filter(pk=run.pk).update(after_id=first.pk)
    elif run is not None and state in RESTING:
        resume_run(run_id=run.pk, plan=plan, **token)
    elif run is None or state is not RunState.PROVED or run.registration.state == RegistrationState.REMOVED:
        _begin(first, registration_id, profile, plan, token)
    elif first.kind != RunKind.SETUP and not idle:
        _renew(first, registration_id, plan, token, keeps=keeps)


def _beginnable(registration_id: UUID, profile: str) -> UUID:
    """The one there is; while that is taken away, since it was declined before, another one in its place."""
    there, ids = beside_id(registration_id, profile), _ids(registration_id, profile)
    at_work = Run.objects.filter(registration_id=there, state__in=[one.value for one in HOLDING])
    leaves = Q(kind=RunKind.TEARDOWN.value, wanted__whole=True) | Q(cancel_asked_at__isnull=False)
    if there == ids[-1] or not at_work.filter(leaves).exists():
        return there
    return ids[ids.index(there) + 1]


def _renew(first: Run, registration_id: UUID, plan: Mapping[str, Any], token: dict[str, Any], *, keeps: bool) -> None:
    """Somebody signs in for a service that is there: what it has beside gets another credential in the same go.

    `keeps`: it only gets what it lacks. What is at work on it goes on for whom it was begun.
    """
    current = renewable_of(registration_id=registration_id, service_id=first.service_id)
    at_work = Run.objects.filter(registration_id=registration_id, state__in=[one.value for one in HOLDING])
    if current is None or not current.is_ours or at_work.exists():
        return
    run_id = start_repair(
        registration_id=registration_id,
        service_id=first.service_id,
        plan=plan,
        renews=None if keeps else current.credential_id,
        credential_days=token["credential_days"],
        signed_in=SignedIn(
            token_sealed_id=token["delegated_token_sealed_id"],
            token_place=token["delegated_token_place"],
            client_id=token["sign_in_client_id"],
            signer=token["signer"],
        ),
        on_end=first.on_end,
        by=token["by"],
        now=token["now"],
    )
    Run.objects.filter(pk=run_id).update(after_id=first.pk)


def _begin(first: Run, registration_id: UUID, profile: str, plan: Mapping[str, Any], token: dict[str, Any]) -> None:
    """Under the first name that is free in the tenant. Raises RegistrationNameTaken when all are taken."""
    about = first.registration
    for number in range(1, MOST_NAMES + 1):
        try:
            with transaction.atomic():
                start_run(
                    registration_id=registration_id,
                    organization_id=first.organization_id,
                    provider_id=about.provider_id,
                    service_id=first.service_id,
                    tenant_id=about.tenant_id,
                    cloud=about.cloud,
                    tenant_name=about.tenant_name,
                    domains=about.domains,
                    display_name=name_beside(about.display_name, profile, number),
                    plan=plan,
                    credential_name=first.credential_name,
                    on_end=first.on_end,
                    **token,
                )
                return
        except RegistrationNameTaken:
            if number == MOST_NAMES:
                raise


def name_beside(name: str, profile: str, number: int = 1) -> str:
    """The first one's name, cut where it is long, with what the registration is for."""
    return names.ending_with(name, f"-{NAMES[profile]}{number if number > 1 else ''}")


def check_beside(run_id: UUID, *, by: Actor, now: datetime) -> None:
    """Have workers look soon at what waits beside a run; nothing happens when nothing does, or it was just done."""
    waits = Run.objects.filter(after_id=run_id, state=RunState.WAITING.value).values_list("pk", flat=True)
    for one in list(waits):
        with suppress(GangwayError), transaction.atomic():
            waiting.check_now(run_id=one, by=by, now=now)


def take_back_beside(run_id: UUID, *, by: Actor, now: datetime) -> None:
    """Take back what was made beside a run that is cancelled, proved or not.

    Of a registration that was there before, what a service used beside it already stays, without what it got anew.
    """
    first = Run.objects.get(pk=run_id)
    for one in ids_beside(first.registration_id).values():
        if _is_of(first, one):
            _take_back(one, by=by, now=now)
    for renewal in list(Run.objects.filter(after_id=run_id).exclude(kind=RunKind.SETUP.value)):
        take_back(renewal.pk, by=by, now=now)


def besides(*, registration_id: UUID, service_id: UUID) -> tuple[UUID, ...]:
    """Registrations that were made beside this one for the service, and are not gone yet: they go with it."""
    rows = Registration.objects.filter(pk__in=[one for profile in NAMES for one in _ids(registration_id, profile)])
    mine = rows.exclude(state=RegistrationState.REMOVED.value).filter(runs__service_id=service_id)
    return tuple(mine.values_list("pk", flat=True).distinct())


def _is_of(first: Run, registration_id: UUID) -> bool:
    """Whether a registration beside is this first run's to take back: begun with it, or gone on with and not proved."""
    made = latest_run(registration_id)
    if made is None or first.kind == RunKind.SETUP:
        return made is not None
    fresh = made.created_at >= first.created_at or RunState(made.state) is not RunState.PROVED
    return made.after_id == first.pk and fresh


def _take_back(registration_id: UUID, *, by: Actor, now: datetime) -> None:
    run = latest_run(registration_id)
    if run is not None:
        take_back(run.pk, whole=True, by=by, now=now)
