"""Starting runs on a registration that is there: repair, upgrade, audit, tear-down, rotation. Sync, idempotent.

Asking twice for a service gives the same run; one that rests goes on. Without a delegated token a run works by the
registration's own right, where it has one, and says what somebody has to sign in for where it hasn't.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.provisioning import credential_rows, leftovers, sign_in_application
from gangway.provisioning.added import (
    GIVEN_UP,
    PLAN_BEFORE,
    Added,
    added_by,
    give_back_plan,
    given_up_by_resting,
    leaves_nobody,
    left_by,
    plan_to_give_back,
    rights_listed,
    rights_others_need,
)
from gangway.provisioning.engine import pinning
from gangway.provisioning.errors import (
    GivenToUs,
    LeftoverCleared,
    NobodyToRemove,
    NoSuchCredential,
    NoSuchRegistration,
    OnlyByHand,
    RunUnderWay,
    UsedAgain,
)
from gangway.provisioning.in_use import credentials_in_use, is_used
from gangway.provisioning.models import FEDERATED, MADE, Credential, Registration, Run, StepRecord
from gangway.provisioning.moves import TASK, is_first, move, queue_lock
from gangway.provisioning.shapes import SignerFacts
from gangway.provisioning.states import (
    HOLDING,
    NEIGHBOURS,
    RESTING,
    CredentialState,
    LeftoverKind,
    RunKind,
    RunState,
)
from gangway.services.queries import service
from gangway.services.states import LIVES
from gangway.vault.places import Place

LEFT: Final = "left"
"""Where a run keeps the parts that its sign-in wasn't asked for, in what it wants."""
WHOLE: Final = frozenset({LeftoverKind.APPLICATION, LeftoverKind.PRINCIPAL, LeftoverKind.DELETED_APPLICATION})
"""Leftovers that go with their registration."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody's fresh sign-in for a run: their sealed delegated token, and who they are."""

    token_sealed_id: UUID
    token_place: Place
    client_id: str
    signer: SignerFacts


@transaction.atomic
def start_teardown(
    *,
    registration_id: UUID,
    service_id: UUID,
    whole: bool,
    for_good: bool = False,
    credentials: Iterable[UUID] = (),
    permissions: Iterable[str] = (),
    roles: Iterable[str] = (),
    signed_in: SignedIn | None = None,
    beside: bool = False,
    on_end: str = "",
    by: Actor,
    now: datetime,
) -> UUID:
    """Take a registration of ours out of the tenant (`whole`), else only what is named; gives the run's id.

    Named are credentials of ours, and permissions and roles by their ids. A registration that the customer made is
    never deleted, and what somebody typed in is never removed: the run's result lists it. `for_good` also ends the
    thirty days in which Microsoft keeps a deleted registration. `beside`: a run that rests for somebody stays as it is.
    Raises NoSuchRegistration, RunUnderWay.
    """
    registration = _locked(registration_id)
    wanted = {"whole": whole, "for_good": for_good, "credentials": sorted(str(one) for one in credentials)}
    rights = {"permissions": sorted(permissions), "roles": sorted(roles)}
    wanted |= {name: ids for name, ids in rights.items() if ids}
    return _start(
        registration,
        RunKind.TEARDOWN,
        service_id,
        wanted=wanted,
        beside=beside,
        signed_in=signed_in,
        on_end=on_end,
        by=by,
        now=now,
    )


@transaction.atomic
def start_repair(
    *,
    registration_id: UUID,
    service_id: UUID,
    plan: Mapping[str, Any],
    renews: UUID | None = None,
    removes: Collection[UUID] = (),
    credential_days: int | None = None,
    signed_in: SignedIn | None = None,
    on_end: str = "",
    by: Actor,
    now: datetime,
) -> UUID:
    """Bring a registration to a pinned plan, its own or a newer one (then it is an upgrade); gives the run's id.

    Its name stays as the customer has it, what others listed and made stays. A service that holds no credential of it
    gets one, and its plan says nothing of what is made beside; one that holds a good one keeps that. `renews`: the
    credential beside which another one is made. `removes`: those that nobody uses and that go by the same sign-in.
    `credential_days`: fewer than planned.
    Raises PlanUnknown, NoSuchRegistration, GivenToUs, RunUnderWay.
    """
    new, registration = pinning.read(plan), _locked(registration_id)
    if registration.origin != MADE:
        raise GivenToUs
    old = pinning.read(registration.plan)
    kind = RunKind.UPGRADE if new.version > old.version else RunKind.REPAIR
    before = plan_to_give_back(registration)
    own, vain = renews or _holds_one(registration_id, service_id), given_up_by_resting(registration_id, plan)
    registration.plan = dict(plan) if own else pinning.beside_as_in(plan, registration.plan)
    registration.save(update_fields=["plan"])
    _give_up(registration, service_id, set(removes) - {renews}, by=by)
    wanted: dict[str, Any] = {"renews": str(renews)} if renews else {}
    wanted |= {"credential_days": min(credential_days, new.credential_days)} if credential_days else {}
    wanted |= {PLAN_BEFORE: before, LEFT: list(signed_in.signer.left) if signed_in else [], GIVEN_UP: vain}
    return _start(registration, kind, service_id, wanted=wanted, signed_in=signed_in, on_end=on_end, by=by, now=now)


@transaction.atomic
def start_audit(
    *,
    registration_id: UUID,
    service_id: UUID,
    signed_in: SignedIn | None = None,
    on_end: str = "",
    by: Actor,
    now: datetime,
) -> UUID:
    """Compare a registration with its plan, and change nothing. Raises NoSuchRegistration, RunUnderWay."""
    registration = _locked(registration_id)
    return _start(
        registration, RunKind.AUDIT, service_id, wanted={}, signed_in=signed_in, on_end=on_end, by=by, now=now
    )


@transaction.atomic
def start_rotation(
    *, registration_id: UUID, service_id: UUID, credential_id: UUID, on_end: str = "", by: Actor, now: datetime
) -> UUID:
    """Put a new credential in the place of the one that the service uses, by the registration's own right.

    `credential_id`: the one in use, which whoever asks knows: the newest that is proved may wait for its operator yet.
    The new one lives as long as the administrator chose for the one before, where that is less than planned. Raises
    NoSuchRegistration, NoSuchCredential when it isn't proved or somebody typed it in, RunUnderWay.
    """
    registration = _locked(registration_id)
    rows = Credential.objects.filter(registration_id=registration_id, service_id=service_id, origin=MADE)
    if not rows.filter(pk=credential_id, state=CredentialState.PROVED.value).exists():
        raise NoSuchCredential
    wanted = {"credential": str(credential_id)} | _chosen_life(registration_id, service_id)
    return _start(
        registration, RunKind.ROTATION, service_id, wanted=wanted, signed_in=None, on_end=on_end, by=by, now=now
    )


def _chosen_life(registration_id: UUID, service_id: UUID) -> dict[str, int]:
    """The days that were chosen when the service last got a credential, where somebody chose fewer than planned."""
    makes = [RunKind.SETUP.value, RunKind.CREDENTIAL.value, RunKind.ROTATION.value]
    runs = Run.objects.filter(registration_id=registration_id, service_id=service_id, state=RunState.PROVED.value)
    last = runs.filter(Q(kind__in=makes) | Q(wanted__has_key="renews")).order_by("-queued_at").first()
    days: int | None = last.wanted.get("credential_days") if last else None
    return {"credential_days": days} if days else {}


@transaction.atomic
def start_credential(
    *, registration_id: UUID, service_id: UUID, on_end: str = "", by: Actor, now: datetime
) -> UUID | None:
    """Give a further service a credential of its own, by the registration's own right; gives the run's id.

    Services of a federated registration share what signs in: then there is nothing to make, and None is given. Raises
    NoSuchRegistration, NoSuchCredential when nothing of ours is in use, RunUnderWay.
    """
    registration = _locked(registration_id)
    living = [state.value for state in LIVES]
    rows = Credential.objects.filter(registration_id=registration_id, origin=MADE, state=CredentialState.PROVED.value)
    current = rows.filter(service__lifecycle__in=living).order_by("-announced_at").first()
    if current is None:
        raise NoSuchCredential
    if current.kind == FEDERATED:
        credential_rows.prove(credential_rows.shared(current, service_id=service_id, now=now).pk)
        return None
    wanted = {"credential": str(current.pk)}
    return _start(
        registration, RunKind.CREDENTIAL, service_id, wanted=wanted, signed_in=None, on_end=on_end, by=by, now=now
    )


def try_again(*, leftover_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Try again*: start a tear-down of just this leftover; gives the run's id. Raises as `try_together`."""
    return try_together(leftover_ids=[leftover_id], by=by, now=now)


@transaction.atomic
def try_together(*, leftover_ids: Collection[UUID], by: Actor, now: datetime) -> UUID:
    """*Try again* with leftovers of one registration: start a tear-down of just these; gives the run's id.

    Raises NoSuchLeftover, OnlyByHand, UsedAgain, LeftoverCleared, RunUnderWay.
    """
    rows = [leftovers.locked(one) for one in sorted(leftover_ids)]
    registration, service_id = rows[0].registration, rows[0].service_id
    if registration is None or any(row.facts.get("by_hand") for row in rows):
        raise OnlyByHand
    keys = Credential.objects.filter(leftovers.credentials_of(rows), registration_id=registration.pk, origin=MADE)
    kinds, rights = {LeftoverKind(row.kind) for row in rows}, rights_listed(registration, rows)
    needed = rights_others_need(registration, service_id) & {*rights["permissions"], *rights["roles"]}
    whole = not kinds.isdisjoint(WHOLE)
    if needed or keys.filter(pk__in=credentials_in_use(registration.pk)).exists() or (whole and is_used(registration)):
        raise UsedAgain
    if any(row.cleared_at is not None for row in rows):
        raise LeftoverCleared
    living = keys.exclude(state=CredentialState.REMOVED.value).values_list("pk", flat=True)
    single: dict[str, Any] = {"credentials": list(living), **rights}
    if not whole and not any(single.values()):
        raise OnlyByHand
    return start_teardown(
        registration_id=registration.pk,
        service_id=service_id,
        whole=whole,
        for_good=LeftoverKind.DELETED_APPLICATION in kinds,
        **({} if whole else single),
        by=by,
        now=now,
    )


def undo_rested(run: Run, *, by: Actor, now: datetime) -> UUID | None:
    """What a run made that is cancelled while it rests: a tear-down of its own; None when it never made anything."""
    sign_in_application.note(run, "no", by=by, now=now)
    begun = StepRecord.objects.filter(run__registration_id=run.registration_id, intent_at__isnull=False).exists()
    if not begun and not run.registration.app_id:
        return None
    never_used = run.kind == RunKind.SETUP and is_first(run)
    give_back_plan(run)
    added = Added() if never_used else added_by(run)
    whole = never_used or leaves_nobody(run, added)
    if not whole and not added:
        return None
    return start_teardown(
        registration_id=run.registration_id,
        service_id=run.service_id,
        whole=whole,
        for_good=never_used,
        **(Added() if whole else added).wanted(),
        by=by,
        now=now,
    )


def _holds_one(registration_id: UUID, service_id: UUID) -> bool:
    rows = Credential.objects.filter(registration_id=registration_id, service_id=service_id, origin=MADE)
    return rows.filter(state=CredentialState.PROVED.value).exists()


def _give_up(registration: Registration, service_id: UUID, credentials: Collection[UUID | None], *, by: Actor) -> None:
    """Have the next run of the service remove these by their names, as it removes what a lost attempt left."""
    rows = Credential.objects.select_for_update(of=("self",)).filter(pk__in=[one for one in credentials if one])
    rows = rows.filter(registration_id=registration.pk, service_id=service_id, origin=MADE)
    for row in rows.exclude(state=CredentialState.REMOVED.value).exclude(pk__in=credentials_in_use(registration.pk)):
        credential_rows.disown(row, by=by)


def _locked(registration_id: UUID) -> Registration:
    row = Registration.objects.select_for_update(of=("self",)).filter(pk=registration_id).first()
    if row is None:
        raise NoSuchRegistration
    return row


def _start(
    registration: Registration,
    kind: RunKind,
    service_id: UUID,
    *,
    wanted: dict[str, Any],
    beside: bool = False,
    signed_in: SignedIn | None,
    on_end: str,
    by: Actor,
    now: datetime,
) -> UUID:
    """The service's living run of this kind and wish, the resting one set going again, or a new one."""
    standing = _standing(registration, kind, service_id, wanted)
    if standing is not None and RunState(standing.state) in HOLDING:
        return standing.pk
    aside: list[Run] = []
    if kind in {RunKind.TEARDOWN, RunKind.REPAIR, RunKind.UPGRADE} and not beside:
        single = kind is RunKind.TEARDOWN and not wanted["whole"]
        aside = _put_aside(registration, kind, keep=standing, only=service_id if single else None, by=by, now=now)
    token = _token(signed_in)
    if standing is None:
        standing = Run.objects.create(
            organization_id=registration.organization_id,
            registration=registration,
            service_id=service_id,
            kind=kind.value,
            wanted=wanted,
            state=RunState.QUEUED.value,
            credential_name=service(service_id).short_name,
            on_end=on_end,
            created_at=now,
            queued_at=now,
            **token,
        )
        facts = {"registration": str(registration.pk), "kind": kind.value, "name": registration.display_name}
        subject = f"run:{standing.pk}"
        record(Event.RUN_QUEUED, by=by, organization_id=registration.organization_id, subject=subject, data=facts)
    else:
        again: dict[str, Any] = {"queued_at": now, "started_at": None, "ended_at": None, "cancel_asked_at": None}
        again |= {"error": None, "waiting_for": ""}
        again |= {"wanted": standing.wanted | {name: wanted[name] for name in (LEFT, GIVEN_UP) if name in wanted}}
        move(standing, RunState.QUEUED, by=by, now=now, data={"kind": kind.value}, **again, **token)
    for run in aside:
        sign_in_application.note(run, "no", by=by, now=now)
    defer(TASK, queueing_lock=queue_lock(standing.pk), run_id=str(standing.pk))
    return standing.pk


def _standing(registration: Registration, kind: RunKind, service_id: UUID, wanted: dict[str, Any]) -> Run | None:
    """Raises RunUnderWay while something else is at work on the registration, for another service as well."""
    rows = list(Run.objects.select_for_update(of=("self",)).filter(registration_id=registration.pk))
    alike = [run for run in rows if run.kind == kind and run.service_id == service_id]
    same = [run for run in alike if _wish(run.wanted) == _wish(wanted)]
    living = [run for run in rows if RunState(run.state) in HOLDING]
    if any(run not in same for run in living):
        raise RunUnderWay
    going_on = [run for run in same if RunState(run.state) in HOLDING | RESTING]
    return max(going_on, key=lambda run: run.created_at, default=None)


def _wish(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two runs of a kind the same: not how it was before, nor what a sign-in left out."""
    return {name: value for name, value in wanted.items() if name not in {PLAN_BEFORE, LEFT, GIVEN_UP}}


def _put_aside(
    registration: Registration, kind: RunKind, *, keep: Run | None, only: UUID | None, by: Actor, now: datetime
) -> list[Run]:
    """A run that changes the registration takes the place of those that rest; whoever asked for one is told.

    Gives those that kept the sign-in application in its tenant: of one that failed, that was settled.

    `only`: of this service; taking single things away leaves what waits for the registration's other services. A
    tear-down gives back the plan that was there before, and lists what else such a run added.
    """
    rows = Run.objects.select_for_update(of=("self",)).filter(registration_id=registration.pk)
    rows = rows.filter(service_id=only) if only else rows
    aside = [run for run in rows if RunState(run.state) in RESTING and (keep is None or run.pk != keep.pk)]
    kept_it = [run for run in aside if RunState(run.state) in NEIGHBOURS]
    for run in aside:
        move(run, RunState.CANCELLED, by=by, now=now)
        if kind is RunKind.TEARDOWN and PLAN_BEFORE in run.wanted:
            left = () if only is None else left_by(run, why=NobodyToRemove.what)
            leftovers.write(run, left, by=by, now=now)
            give_back_plan(run)
        if run.on_end:
            defer(run.on_end, run_id=str(run.pk))
    return kept_it


def _token(signed_in: SignedIn | None) -> dict[str, Any]:
    if signed_in is None:
        return {"sign_in_client_id": "", "signer_upn": ""}
    return {
        "sign_in_client_id": signed_in.client_id,
        "signer_upn": signed_in.signer.upn,
        "token_sealed_id": signed_in.token_sealed_id,
        "token_field": signed_in.token_place.field,
        "token_row_id": signed_in.token_place.row_id,
    }
