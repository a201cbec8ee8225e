"""Opening and closing a run: what happens in the database before the engine starts and after it ended. Sync."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.microsoft.errors import CopiedTooSlowly
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import beyond, credential_rows, faults, leftovers, sign_in_application, waiting
from gangway.provisioning import lease as leases
from gangway.provisioning.added import added_by, give_back_plan, given_in_vain, leaves_nobody, rights_known
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.engine.course import Ending
from gangway.provisioning.engine.ports import Look
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.step import REMOVING
from gangway.provisioning.engine.teardown import TornDown
from gangway.provisioning.errors import NoSuchRun, NotAllGone, RunCancelled, TookTooLong
from gangway.provisioning.in_use import credentials_in_use
from gangway.provisioning.journal_store import ENGINE, SEEN, found
from gangway.provisioning.lease import Lease, Taken
from gangway.provisioning.models import MADE, Credential, Registration, Run, StepRecord
from gangway.provisioning.moves import TASK, is_first, locked, locked_after, move, queue_lock
from gangway.provisioning.starting import start_teardown
from gangway.provisioning.states import (
    HOLDING,
    LIVING,
    CredentialState,
    RegistrationState,
    RunKind,
    RunState,
    StepState,
)
from gangway.vault.actions import destroy, reveal
from gangway.vault.errors import SecretDestroyed, SecretMissing
from gangway.vault.places import Place

LOOKS: Final = tuple(look.value for look in Look)
REACHING: Final = frozenset({RunKind.SETUP, RunKind.REPAIR, RunKind.UPGRADE})
"""Kinds whose failure says something about the registration itself."""
TOO_LONG: Final = (TookTooLong, CopiedTooSlowly)
"""What a run fails with when its time is over, whatever it was doing just then."""
LOOK_MAY_TAKE: Final = 90.0
"""Seconds that one look at a run that Microsoft is still copying may take, all its waits together."""
NEIGHBOUR_AT_WORK: Final = timedelta(seconds=1)
"""How soon a run asks again whether the tenant is free; a lease that nobody renews ends later than most runs."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A run this worker has now. `token`: None when it is gone. `needed_by_others`: the sign-in application stays.

    `lacking`: permissions that Microsoft was seen not to offer here. `vain`: rights, by the keys of their steps, that
    it gave by an earlier plan.
    `cancel_asked`: it goes no further, and what it made is taken back. `trouble`: why its token can't be opened.
    `copying`: it rests while Microsoft is copying, and is only looked at again. `says_words`: why it takes longer.
    `credentials`: those that count, read under the lease. `first`: no worker had it before, so it has no steps yet.
    """

    run_id: UUID
    registration_id: UUID
    organization_id: UUID
    service_id: UUID
    path: str
    tenant_id: str
    cloud: str
    display_name: str
    plan: dict[str, Any]
    credential_name: str
    sign_in_client_id: str
    proved: bool
    needed_by_others: bool
    queued_at: datetime
    started_at: datetime
    copying: bool
    app_id: str
    principal_id: str
    token: SealedText | None
    lease: Lease
    says_words: bool
    credentials: tuple[Credential, ...]
    first: bool = False
    cancel_asked: bool = False
    trouble: GangwayError | None = None
    lacking: tuple[str, ...] = ()
    object_id: str = ""
    kind: RunKind = RunKind.SETUP
    wanted: dict[str, Any] = field(default_factory=dict)
    signer_upn: str = ""
    vain: frozenset[str] = frozenset()


def open_run(run_id: UUID, *, owner: str, now: datetime) -> Opened | None:
    """Take a run and its tenant. None when it rests or ended, or the tenant is at work: then it comes back later.

    One that is made beside another waits until that one has come to rest, which wakes it.
    """
    with within_everything("a worker is given a run by its id"):
        rows = Run.objects.filter(pk=run_id)
        about = rows.values_list("organization__path", "registration__tenant_id", "after_id").first()
    if about is None:
        raise NoSuchRun
    path, tenant_id, after_id = about
    with within(path), transaction.atomic():
        lease = leases.acquire(
            tenant_id=tenant_id, owner=owner, seconds=settings.GANGWAY.worker_stalled_seconds, now=now
        )
        run = locked_after(run_id, after_id)
        if RunState(run.state) not in HOLDING or _waits_for_another(run) or _is_looked_at(run, now):
            if isinstance(lease, Lease):
                leases.release(lease)
            return None
        if isinstance(lease, Taken):
            again = min(lease.until, now + NEIGHBOUR_AT_WORK)
            defer(TASK, queueing_lock=queue_lock(run_id), run_at=again, run_id=str(run_id))
            return None
        if run.state == RunState.COPYING:
            run.look_at = now + timedelta(seconds=LOOK_MAY_TAKE)
            run.save(update_fields=["look_at"])
        else:
            started = run.started_at or now
            move(run, RunState.RUNNING, by=ENGINE, now=now, started_at=started, attempt=run.attempt + 1)
        return _opened(run, path, lease)


def _is_looked_at(run: Run, now: datetime) -> bool:
    """Whether a run that Microsoft is copying has its look already, or isn't due yet."""
    return run.state == RunState.COPYING and run.look_at is not None and run.look_at > now


def _waits_for_another(run: Run) -> bool:
    if run.after_id is None:
        return False
    return Run.objects.filter(pk=run.after_id, state__in=[state.value for state in LIVING]).exists()


def _opened(run: Run, path: str, lease: Lease) -> Opened:
    registration = run.registration
    token, trouble = _token(run)
    return Opened(
        run_id=run.pk,
        registration_id=registration.pk,
        organization_id=run.organization_id,
        service_id=run.service_id,
        path=path,
        tenant_id=registration.tenant_id,
        cloud=registration.cloud,
        display_name=registration.display_name,
        plan=registration.plan,
        lacking=beyond.skipped(registration.beyond),
        credential_name=run.credential_name,
        sign_in_client_id=run.sign_in_client_id,
        proved=_is_proved(run),
        needed_by_others=sign_in_application.is_needed_by_others(run),
        queued_at=run.queued_at,
        started_at=run.started_at or run.queued_at,
        copying=run.state == RunState.COPYING,
        app_id=registration.app_id,
        object_id=registration.object_id,
        principal_id=registration.service_principal_id,
        token=token,
        lease=lease,
        says_words=bool(run.words),
        credentials=tuple(
            credential_rows.of_service(registration.pk, run.service_id, besides=run.wanted.get("renews"))
        ),
        first=run.attempt == 1 and run.state == RunState.RUNNING,
        cancel_asked=run.cancel_asked_at is not None,
        trouble=trouble,
        kind=RunKind(run.kind),
        wanted=run.wanted,
        signer_upn=run.signer_upn,
        vain=given_in_vain(run),
    )


def is_there(opened: Opened) -> bool:
    """Whether the registration and its principal were made, or seen, by now."""
    with within(opened.path):
        rows = Registration.objects.filter(pk=opened.registration_id)
        return rows.exclude(app_id="").exclude(service_principal_id="").exists()


def _is_proved(run: Run) -> bool:
    proved_at = run.registration.proved_at
    return proved_at is not None and proved_at >= run.queued_at


def _token(run: Run) -> tuple[SealedText | None, GangwayError | None]:
    """None when it is gone; and the trouble when it is there and can't be opened."""
    if run.token_sealed_id is None or run.token_row_id is None:
        return None, None
    place = Place(run.organization_id, run.token_field, run.token_row_id)
    try:
        return reveal(sealed_id=run.token_sealed_id, place=place, purpose="make the registration", by=ENGINE), None
    except (SecretDestroyed, SecretMissing):
        return None, None
    except GangwayError as trouble:
        return None, trouble


def close(opened: Opened, ending: Ending, *, now: datetime) -> None:
    """Write down a good end: proved, or waiting for somebody with more rights. Under the tenant's lease, see `end`.

    Raises RunCancelled.
    """
    with within(opened.path), transaction.atomic(savepoint=False):
        run = not_cancelled(locked(opened.run_id))
        registration = run.registration
        found(registration, ending.seen, now=now)
        registration.beyond = beyond.kept(ending.proofs.beyond) if ending.proofs.beyond else registration.beyond
        if ending.withheld:
            waiting_for = waiting_words(step.part for step in ending.withheld)
            registration.save(update_fields=SEEN)
            move(
                run,
                RunState.WAITING,
                by=ENGINE,
                now=now,
                waiting_for=waiting_for,
                error=None,
                data={"for": waiting_for},
            )
            waiting.begin(run, ending, now=now)
        else:
            registration.sign_in_application_gone = ending.gone
            registration.proofs = registration.proofs | _taken_away(registration, ending)
            registration.save(update_fields=[*SEEN, "sign_in_application_gone", "proofs"])
            leftovers.write(run, ending.left, by=ENGINE, now=now)
            leftovers.rights_settled(run, _rights_kept(run, ending), gone=ending.settled, by=ENGINE, now=now)
            leftovers.in_hand_again(run, now=now)
            sign_in_application.note(run, ending.gone, by=ENGINE, now=now)
            move(run, RunState.PROVED, by=ENGINE, now=now, waiting_for="", error=None)
        _tell(run)
        leases.release(opened.lease)


def keep_lacking(opened: Opened, lacking: tuple[str, ...], *, now: datetime) -> None:
    """Keep what Microsoft was seen not to offer here for whoever proves the run without a token. Raises LeaseLost."""
    with within(opened.path), transaction.atomic():
        registration = ours(opened, now).registration
        registration.beyond = registration.beyond | {"skipped": list(lacking)}
        registration.save(update_fields=["beyond"])


def _taken_away(registration: Registration, ending: Ending) -> dict[str, str]:
    """Proofs of what is seen gone; nothing of what the plan doesn't name any more."""
    planned = {entry.value for entry in pinning.read(registration.plan).permissions}
    return {f"grant:{value}": "removed" for value in ending.settled if value in planned}


def _rights_kept(run: Run, ending: Ending) -> frozenset[str]:
    """The names of the rights that the proved plan holds on to, other than those that should have gone."""
    plan, left = pinning.read(run.registration.plan), {one.name for one in ending.left}
    return frozenset({entry.value for entry in plan.permissions} | {role.name for role in plan.roles}) - left


def stop(opened: Opened, to: RunState, error: GangwayError, *, now: datetime) -> bool:
    """Write down that the run rests at an error: failed, or in need of a new sign-in. What was made is kept.

    False, and nothing changed, when it only took too long and its proof was written down at the last moment: then it
    ends well. Raises LeaseLost, RunCancelled.
    """
    with within(opened.path), transaction.atomic():
        run = not_cancelled(ours(opened, now))
        reaches = RunKind(run.kind) in REACHING
        if reaches and isinstance(error, TOO_LONG) and _is_proved(run):
            return False
        if to is RunState.FAILED and reaches and run.registration.proved_at is not None:
            run.registration.state = RegistrationState.BROKEN.value
            run.registration.save(update_fields=["state"])
        if to is RunState.FAILED:
            sign_in_application.note(run, "no", by=ENGINE, now=now)
        facts = faults.kept(error, now=now)
        move(run, to, by=ENGINE, now=now, error=facts, data={"error": error.code})
        _tell(run)
        leases.release(opened.lease)
        return True


def cancelled(opened: Opened, taken: TornDown, error: GangwayError | None, *, now: datetime) -> None:
    """Write down that the run was cancelled at work; with nothing left of it, its name is free again."""
    with within(opened.path), transaction.atomic():
        run = ours(opened, now)
        never_used = run.kind == RunKind.SETUP and is_first(run)
        give_back_plan(run)
        if error is None:
            made = StepRecord.objects.filter(run_id=run.pk, state=StepState.DONE.value).exclude(kind__in=LOOKS)
            made.exclude(kind__startswith=REMOVING).update(state=StepState.UNDONE.value)
        leftovers.write(run, (*taken.left, *taken.kept), by=ENGINE, now=now)
        sign_in_application.note(run, taken.gone, by=ENGINE, now=now)
        if error is None:
            _not_there(run, added_by(run).credentials, now=now)
            leftovers.seen_gone(run, besides=taken.kept, whole=never_used, by=ENGINE, now=now)
        if error is None and never_used:
            removed(run.registration)
        facts = faults.kept(error, now=now) if error else None
        data = {"error": error.code} if error else None
        move(run, RunState.CANCELLED, by=ENGINE, now=now, error=facts, data=data)
        _tell(run)
        leases.release(opened.lease)
        if not never_used and leaves_nobody(run, added_by(run)):
            start_teardown(
                registration_id=run.registration_id, service_id=run.service_id, whole=True, by=ENGINE, now=now
            )


def torn_down(opened: Opened, torn: TornDown, stays: tuple[Left, ...], *, now: datetime) -> None:
    """Write down how a tear-down ended: everything that is ours is gone, or what is left and why."""
    with within(opened.path), transaction.atomic():
        run = ours(opened, now)
        whole = bool(run.wanted.get("whole")) and run.registration.origin == MADE
        leftovers.write(run, (*torn.left, *torn.kept), by=ENGINE, now=now)
        sign_in_application.note(run, torn.gone, by=ENGINE, now=now)
        besides, rights = (*torn.left, *torn.kept), _rights_wanted(run)
        if not torn.left and not whole:
            _not_there(run, _credentials_wanted(run), now=now)
        leftovers.seen_gone(run, besides=besides, whole=whole, rights=rights, by=ENGINE, now=now)
        if whole and not torn.left:
            removed(run.registration)
        run.result = {"stays": [_plain(one) for one in stays], "kept": [_plain(one) for one in torn.kept]}
        run.save(update_fields=["result"])
        if torn.left:
            error = NotAllGone(left=", ".join(one.name for one in torn.left))
            facts = faults.kept(error, now=now)
            move(run, RunState.FAILED, by=ENGINE, now=now, error=facts, data={"error": error.code})
        else:
            move(run, RunState.PROVED, by=ENGINE, now=now, waiting_for="", error=None)
        _tell(run)
        leases.release(opened.lease)


def _credentials_wanted(run: Run) -> Iterable[UUID]:
    """Our credentials that a tear-down was to take away: all of what the customer made, else those that are named."""
    rows = Credential.objects.filter(registration_id=run.registration_id, origin=MADE)
    named = rows if run.wanted.get("whole") else rows.filter(pk__in=run.wanted.get("credentials", ()))
    return named.values_list("pk", flat=True)


def _not_there(run: Run, credentials: Iterable[UUID], *, now: datetime) -> None:
    """Of what was to be taken away and isn't left, the tenant listed nothing any more, whoever removed it.

    One whose making nobody answered may still come up, until Microsoft's copies agree.
    """
    copied = now - timedelta(seconds=settings.GANGWAY.propagation_deadline_seconds)
    rows = Credential.objects.select_for_update(of=("self",)).filter(pk__in=list(credentials))
    rows = rows.exclude(state=CredentialState.REMOVED.value).exclude(key_id="", announced_at__gt=copied)
    for row in rows.exclude(pk__in=credentials_in_use(run.registration_id)):
        if not credential_rows.is_needed_by_others(row):
            credential_rows.gone(row, by=ENGINE)


def _rights_wanted(run: Run) -> frozenset[str]:
    """The names of the permissions and roles that a tear-down was to take away."""
    wanted = {*run.wanted.get("permissions", ()), *run.wanted.get("roles", ())}
    permissions, roles = rights_known(run.registration.plan)
    named = {entry.id: entry.value for entry in permissions} | {role.template_id: role.name for role in roles}
    return frozenset(name for one, name in named.items() if one in wanted)


def ended(opened: Opened, *, result: dict[str, Any] | None = None, now: datetime) -> None:
    """Write down a good end of a run that changed nothing of the plan: an audit, a rotation, a further credential.

    Raises RunCancelled for the last, which nobody uses yet.
    """
    with within(opened.path), transaction.atomic():
        run = ours(opened, now)
        run = not_cancelled(run) if opened.kind is RunKind.CREDENTIAL else run
        move(run, RunState.PROVED, by=ENGINE, now=now, waiting_for="", error=None, result=result or {})
        _tell(run)
        leases.release(opened.lease)


def removed(registration: Registration) -> None:
    """The registration was seen gone: no credential of it is kept, whoever made it, and its name is free again."""
    rows = Credential.objects.select_for_update(of=("self",)).filter(registration_id=registration.pk)
    for row in rows.exclude(state=CredentialState.REMOVED.value):
        destroy(sealed_id=row.sealed_id, by=ENGINE)
        row.state = CredentialState.REMOVED.value
        row.save(update_fields=["state"])
    if registration.state == RegistrationState.REMOVED:
        return
    registration.state = RegistrationState.REMOVED.value
    registration.save(update_fields=["state"])
    facts = {"application": registration.app_id, "name": registration.display_name}
    subject = f"registration:{registration.pk}"
    record(
        Event.REGISTRATION_REMOVED,
        by=ENGINE,
        organization_id=registration.organization_id,
        subject=subject,
        data=facts,
    )


def _plain(one: Left) -> dict[str, Any]:
    return {"kind": one.kind.value, "name": one.name, "id": one.object_id, "facts": dict(one.facts), "why": one.why}


def come_back(opened: Opened, error: GangwayError, *, seconds: float, now: datetime) -> None:
    """Microsoft is out of reach: the run stays alive, says so, and goes on later."""
    with within(opened.path), transaction.atomic():
        run = ours(opened, now)
        run.words, run.error = error.what, faults.kept(error, now=now)
        run.save(update_fields=["words", "error"])
        leases.release(opened.lease)
        later = now + timedelta(seconds=seconds)
        defer(TASK, queueing_lock=queue_lock(run.pk), run_at=later, run_id=str(run.pk))


def give_back(opened: Opened, *, now: datetime) -> None:
    """The worker is asked to stop: somebody else goes on at once, not after the time of the lease, or of a look.

    The lease is locked before the run, as everybody does; whoever has it by now has the run's next look as well.
    """
    with within(opened.path), transaction.atomic():
        if leases.release(opened.lease):
            Run.objects.filter(pk=opened.run_id, state=RunState.COPYING.value).update(look_at=now)


def is_proved(opened: Opened, *, now: datetime) -> bool:
    """Whether what the run is for was proved since it was queued, whatever became of its end.

    A limit doesn't end the thread that is writing just then, and this waits for it. Raises LeaseLost.
    """
    with within(opened.path), transaction.atomic():
        return _is_proved(ours(opened, now))


def waiting_words(parts: Iterable[Part]) -> str:
    """What somebody with more rights has to do, and whose role is enough for it, in one sentence."""
    words = {
        "registration": "creating the app registration",
        "consent": "consent to the permissions",
        "roles": "its directory roles",
    }
    left = tuple(dict.fromkeys(parts))
    listed = [words[part.value] for part in left]
    joined = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    if Part.REGISTRATION not in left:
        return f"Waiting for {joined}: a Global Administrator or a Privileged Role Administrator has to sign in."
    if len(left) == 1:
        return f"Waiting for {joined}: a Global Administrator or an Application Administrator has to sign in."
    return f"Waiting for {joined}: a Global Administrator has to sign in, or an Application Administrator begins."


def ours(opened: Opened, now: datetime) -> Run:
    """The run, locked, while its tenant's lease is ours. Raises LeaseLost."""
    leases.hold(opened.lease, now=now)
    return locked(opened.run_id)


def not_cancelled(run: Run) -> Run:
    """The same locked run: it may come to rest or to its end. Raises RunCancelled when it is to be taken back."""
    if run.cancel_asked_at is not None:
        raise RunCancelled
    return run


def _tell(run: Run) -> None:
    """Tell whoever asked for the run, in the transaction that ends it."""
    if run.on_end:
        defer(run.on_end, run_id=str(run.pk))
