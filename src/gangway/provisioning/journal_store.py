"""The engine's journal in the database. Every write first makes sure that the tenant's lease is still ours."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.foundation.ids import KeyId
from gangway.jobs.threads import in_database
from gangway.microsoft.graph.shapes import Application, RoleAssignment, ServicePrincipal, Unit
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within
from gangway.provisioning import beyond, credential_rows, leftovers, unit_known
from gangway.provisioning import lease as leases
from gangway.provisioning.engine.apply import GIVEN_UP, THERE_ALREADY
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.credential_kinds import KINDS
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.plan import is_given_up
from gangway.provisioning.engine.ports import Looked, Noted, Proofs
from gangway.provisioning.engine.settling import NOT_SEEN, ShortenList
from gangway.provisioning.engine.steps import application, owner, principals
from gangway.provisioning.engine.steps.credentials import KEY as CREDENTIAL
from gangway.provisioning.engine.steps.credentials import Fresh, NewCredential, RemoveLeftover
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.engine.steps.removal import RemoveCredential
from gangway.provisioning.engine.steps.step import REMOVING, Step
from gangway.provisioning.engine.verify import LABELS, looks_of
from gangway.provisioning.errors import NoSuchCredential, RunCancelled
from gangway.provisioning.known import Known
from gangway.provisioning.lease import Lease
from gangway.provisioning.looks import Looks
from gangway.provisioning.models import FEDERATED, Credential, Registration, Run, StepRecord
from gangway.provisioning.states import CredentialState, RegistrationState, StepState
from gangway.provisioning.step_rows import StepRows

P = ParamSpec("P")
R = TypeVar("R")

ENGINE: Final = Actor.system("provisioning")
PROVING: Final = "prove the credential"
FIRST_LOOK: Final = 900
FAREWELL: Final = 990
"""Numbers of the rows that stand at the end of every list, however many steps come before."""

SEEN: Final = ("app_id", "object_id", "made_at", "service_principal_id", "beyond")
"""What the tenant tells of a registration itself."""


def found(row: Registration, seen: Observation, *, now: datetime) -> None:
    """Put what was really seen in the tenant on the row (not saved yet), also when a lost worker made it."""
    if seen.application is not None:
        row.app_id, row.object_id = seen.application.app_id, seen.application.object_id
        row.made_at = row.made_at or now
    if seen.principal is not None:
        row.service_principal_id = seen.principal.object_id


def _announced(row: Credential) -> datetime:
    return row.announced_at


@dataclass(frozen=True)
class RunJournal:
    """The journal of one run and worker. `fresh_seconds`: how long Microsoft may not list a new secret.

    `first`: the credentials that count, when they were read already under this lease. `begins`: the run has no steps
    yet. `says_words`: people were told why it takes longer. `signer`: by whose authority it works; empty for the
    registration's own. `renews`: the credential beside which another one is made.
    """

    run_id: UUID
    registration_id: UUID
    organization_id: UUID
    service_id: UUID
    path: str
    lease: Lease
    fresh_seconds: float
    says_goodbye: bool
    blueprint: Blueprint
    taking_back: bool = False
    first: tuple[Credential, ...] | None = None
    begins: bool = False
    says_words: bool = True
    signer: str = ""
    renews: str | None = None
    now: Callable[[], datetime] = field(default=clock.now, repr=False)
    _rows: StepRows = field(init=False, repr=False)
    _looks: Looks = field(default_factory=Looks, repr=False)
    _known: Known = field(init=False, repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", StepRows(self.run_id, told=self.says_words, none_yet=self.begins))
        object.__setattr__(self, "_known", Known(self.first))

    async def show(self, steps: Sequence[Step], *, looked: bool = True) -> None:
        await self._write(self._show, steps, looked=looked)

    async def tell(self, words: str) -> None:
        await self._write(self._tell, words)

    async def intend(self, steps: Sequence[Step], *, planned: Sequence[Step] = ()) -> None:
        await self._write(self._intend, steps, planned)

    async def note(self, results: Sequence[Noted], *, following: Sequence[Step] = ()) -> None:
        await self._write(self._note, results, following)

    async def note_last(self, results: Sequence[Noted]) -> None:
        self._known.last += results

    async def end(self, closing: Callable[[], None]) -> None:
        """Do what closes the run in one transaction with everything that isn't written yet."""
        self._looks.leave()
        await self._write(self._end, closing)

    async def looked(self, looks: Sequence[Looked]) -> None:
        self._looks.add(looks, write=self._write_looks)

    async def flush(self) -> None:
        """Write down the looks that no other write has taken along; the course is over."""
        self._looks.leave()
        await self._write_looks()

    async def _write_looks(self) -> None:
        if self._looks.waiting or self._known.last:
            await self._write(lambda: None)

    async def gone(self, lost: Sequence[Held]) -> None:
        await self._write(self._gone, lost)

    async def proved(self, seen: Observation, proofs: Proofs, *, following: Sequence[Step] = ()) -> None:
        await self._write(self._proved, seen, proofs, following)

    async def held(self) -> tuple[Held, ...]:
        first = self._known.take_first()
        return await self._write(self._held) if first is None else self._of(first)

    async def new_certificates(self) -> frozenset[KeyId]:
        return await self._write(self._new_certificates)

    async def unfinished(self) -> bool:
        """Whether a step of the plan is not done: then only somebody's delegated token could go on."""
        return await self._write(self._unfinished)

    async def unit(self) -> Unit | None:
        """The administrative unit that the blueprint names, where a run found it."""
        return await self._write(lambda: unit_known.known(self.registration_id, self.blueprint.unit))

    async def credential(self, held: Held) -> OwnCredential:
        ready = self._known.opened.pop(held.credential_id, None)
        return await in_database(self._opened, held) if ready is None else ready

    async def _write(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """One write after the other, each to its end.

        A thread that writes can't be called back: whoever's time is over meanwhile goes on only when it is written, and
        so takes nothing back that is just being proved.
        """
        async with self._turn:
            writing = asyncio.ensure_future(in_database(self._fenced, lambda: function(*args, **kwargs)))
            try:
                return await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait([writing])
                raise

    def _fenced(self, function: Callable[[], R]) -> R:
        try:
            with self._scope(), self._looks.taken() as looks, transaction.atomic():
                self._hold()
                self._looked(looks)
                self._note_what_was_last()
                done = function()
                self._rows.flush()
        except BaseException:
            self._rows.forget()
            self._known.opened.clear()
            raise
        self._known.last.clear()
        return done

    def _hold(self) -> None:
        """Make sure that the tenant is ours and that nobody cancelled; one question. Raises LeaseLost, RunCancelled."""
        if leases.hold_and_see(self.lease, self.run_id, now=self.now()) and not self.taking_back:
            raise RunCancelled

    def _scope(self) -> AbstractContextManager[None]:
        return within(self.path)

    # What follows runs in one transaction each, under the lease; at its end the steps that were changed are written.

    def _end(self, closing: Callable[[], None]) -> None:
        self._rows.write(self._unanswered())
        self._rows.remove(self._left_to_others())
        self._rows.flush()
        closing()

    def _left_to_others(self) -> list[str]:
        """A goodbye that stood on the list before others were at work in the tenant: the last of them says it."""
        row = self._rows.all().get(RemoveSignInApplication().key)
        return [row.key] if row is not None and row.state == StepState.PLANNED and not self.says_goodbye else []

    def _unanswered(self) -> list[StepRecord]:
        """What a lost worker began to take away after the proof, and nobody could look at: it isn't still at it."""
        open_ends = [row for row in self._rows.all().values() if self._was_done(row) and self._takes_away(row)]
        for row in open_ends:
            row.state, row.done_at, row.words = StepState.FAILED.value, self.now(), NOT_SEEN
        return open_ends

    def _show(self, steps: Sequence[Step], *, looked: bool) -> None:
        self._rows.write(self._planned(steps, looked=looked))

    def _planned(self, steps: Sequence[Step], *, looked: bool = True) -> list[StepRecord]:
        """Rows for what is new in the plan; what isn't planned any more goes, and what was asked for before is done."""
        known, wanted = self._rows.all(), {step.key for step in steps}
        stale = [key for key, row in known.items() if row.state == StepState.PLANNED and row.number < FIRST_LOOK]
        self._rows.remove(key for key in stale if key not in wanted)
        number = max((row.number for row in known.values() if row.number < FIRST_LOOK), default=0)
        new = [step for step in steps if step.key not in known]
        rows = [
            self._row(number + place, step.kind, step.key, step.label, unit_known.kept(step))
            for place, step in enumerate(new, start=1)
        ]
        lost = [row for key, row in known.items() if key not in wanted and self._was_done(row)] if looked else []
        for row in lost:
            self._settle(row)
        return lost + rows + self._closing(known)

    def _settle(self, row: StepRecord) -> None:
        """A look had no need of a lost intent: it was done, unless what it was for was given up meanwhile."""
        asked = not is_given_up(row.kind, row.key, self.blueprint)
        row.state, row.done_at = (StepState.DONE if asked else StepState.FAILED).value, self.now()
        row.words = GIVEN_UP if not asked else "" if self._takes_away(row) else THERE_ALREADY

    def _was_done(self, row: StepRecord) -> bool:
        """Whether an intent whose answer was lost was done, once a plan that was made by a look has no need of it.

        Whether a credential was made shows by its name, and another one is made in its place.
        """
        return row.state == StepState.INTENDED and row.number < FIRST_LOOK and row.key != CREDENTIAL

    @staticmethod
    def _takes_away(row: StepRecord) -> bool:
        return row.kind.startswith(REMOVING) or row.kind == ShortenList.kind

    def _closing(self, known: dict[str, StepRecord]) -> list[StepRecord]:
        """The looks and the goodbye stand on the list from the beginning."""
        rows = [
            self._row(FIRST_LOOK + place, look.value, look.value, LABELS[look])
            for place, look in enumerate(looks_of(self.blueprint))
            if look.value not in known
        ]
        last = RemoveSignInApplication()
        if self.says_goodbye and last.key not in known:
            rows.append(self._row(FAREWELL, last.kind, last.key, last.label))
        return rows

    def _row(self, number: int, kind: str, key: str, label: str, result: dict[str, Any] | None = None) -> StepRecord:
        return StepRecord(
            organization_id=self.organization_id,
            run_id=self.run_id,
            number=number,
            kind=kind,
            key=key,
            label=label,
            state=StepState.PLANNED.value,
            result=result or {},
        )

    def _tell(self, words: str) -> None:
        if words or self._rows.told:
            Run.objects.filter(pk=self.run_id).update(words=words)
        self._rows.told = bool(words)

    def _intend(self, steps: Sequence[Step], planned: Sequence[Step]) -> None:
        new = self._planned(planned) if planned else []
        self._rows.write([*new, *self._intended(steps, {row.key: row for row in new})])

    def _intended(self, steps: Sequence[Step], new: dict[str, StepRecord]) -> list[StepRecord]:
        rows = [self._rows.all().get(step.key) or new[step.key] for step in steps]
        for step, row in zip(steps, rows, strict=True):
            row.state, row.intent_at, row.attempt = StepState.INTENDED.value, self.now(), row.attempt + 1
            row.done_at, row.words = None, ""
            row.result = row.result | unit_known.kept(step)
            if isinstance(step, NewCredential):
                row.result = {"credential": step.fresh.credential_id}
                self._announce(step.fresh)
        return rows

    def _announce(self, fresh: Fresh) -> None:
        credential_rows.announce(
            fresh,
            organization_id=self.organization_id,
            registration_id=self.registration_id,
            service_id=self.service_id,
            now=self.now(),
        )

    def _note(self, results: Sequence[Noted], following: Sequence[Step]) -> None:
        self._tell("")
        rows = [self._rows.all()[result.step.key] for result in results]
        for result, row in zip(results, rows, strict=True):
            row.state = (StepState.DONE if result.good else StepState.FAILED).value
            row.done_at, row.seconds, row.request_id = self.now(), result.seconds, result.request_id[:100]
            row.words = (result.words or (result.error.what if result.error and not result.good else ""))[:500]
            row.result = {**row.result, **self._learned(result), **self._by(result)}
        self._rows.write([*rows, *self._intended(following, {})])

    def _note_what_was_last(self) -> None:
        if self._known.last:
            self._note(self._known.last, ())

    def _by(self, result: Noted) -> dict[str, str]:
        """By whose authority a step was done: several people may sign in for one run."""
        return {"by": self.signer} if result.good and self.signer else {}

    def _learned(self, result: Noted) -> dict[str, Any]:
        """Keep what the answer told, and give back what the step's row shall hold of it."""
        if result.never_made and isinstance(result.step, NewCredential):
            self._was_refused(result.step)
        if not result.good:
            return {"error": result.error.code} if result.error else {}
        if isinstance(result.step, RemoveLeftover):
            self._remove(UUID(result.step.credential_id), key_id=result.step.key_id, why="interrupted")
        if isinstance(result.step, RemoveCredential):
            self._remove(UUID(result.step.credential_id), key_id=result.step.key_id, why="taken away")
        if isinstance(result.step, NewCredential):
            return self._keep(result.step, result)
        if isinstance(result.value, Application):
            ids = {"app_id": result.value.app_id, "object_id": result.value.object_id}
            Registration.objects.filter(pk=self.registration_id).update(**ids, made_at=self.now())
            return ids
        if isinstance(result.value, RoleAssignment) and result.value.ends_at is not None:
            Registration.objects.filter(pk=self.registration_id).update(roles_end_at=result.value.ends_at)
        if isinstance(result.value, ServicePrincipal) and result.step.kind == "create_principal":
            ids = {"service_principal_id": result.value.object_id}
            Registration.objects.filter(pk=self.registration_id).update(**ids)
            return ids
        return {}

    def _was_refused(self, step: NewCredential) -> None:
        row = Credential.objects.select_for_update(of=("self",)).get(pk=UUID(step.fresh.credential_id))
        credential_rows.remove(row, by=ENGINE)

    def _keep(self, step: NewCredential, result: Noted) -> dict[str, Any]:
        row = credential_rows.keep(step, result, now=self.now())
        facts = {"name": row.display_name, "kind": row.kind, "key": row.key_id, "why": row.why}
        self._record(Event.CREDENTIAL_MADE, f"credential:{row.pk}", facts)
        self._known.opened[str(row.pk)] = credential_rows.opened(row, purpose=PROVING, by=ENGINE)
        return {"key_id": row.key_id}

    def _remove(self, credential_id: UUID, *, key_id: str, why: str) -> None:
        row = Credential.objects.select_for_update(of=("self",)).get(pk=credential_id)
        credential_rows.gone(row, by=ENGINE, why=why)
        leftovers.credential_gone(credential_id, key_id, by=ENGINE, now=self.now())

    def _looked(self, looks: Sequence[Looked]) -> None:
        rows = [self._rows.all()[looked.look.value] for looked in looks]
        for looked, row in zip(looks, rows, strict=True):
            row.state = (StepState.DONE if looked.good else StepState.FAILED).value
            row.done_at = self.now()
            row.intent_at = row.done_at - timedelta(seconds=looked.seconds)
            row.seconds, row.request_id, row.words = looked.seconds, looked.request_id[:100], looked.words[:500]
        if rows:
            self._rows.write(rows)

    def _gone(self, lost: Sequence[Held]) -> None:
        for held in lost:
            self._remove(UUID(held.credential_id), key_id=held.key_id or "", why="gone from the tenant")

    def _proved(self, seen: Observation, proofs: Proofs, following: Sequence[Step]) -> None:
        row = Registration.objects.select_for_update(of=("self",)).get(pk=self.registration_id)
        row.state, row.proved_at, row.proofs = RegistrationState.PROVED.value, self.now(), dict(proofs.rights)
        row.tenant_name = proofs.tenant_name or row.tenant_name
        row.beyond = beyond.kept(proofs.beyond) if proofs.beyond else row.beyond
        found(row, seen, now=self.now())
        if seen.principal is not None:
            row.roles_end_at = self._roles_end_at(row, seen)
        row.save(update_fields=[*SEEN, "state", "proved_at", "proofs", "tenant_name", "roles_end_at"])
        self._rows.write(self._there_nevertheless(seen, proofs))
        self._share(seen)
        if following:
            self._rows.write(self._intended(following, {}))
        self._never_made(seen)
        made = self._credentials().filter(state=CredentialState.MADE.value)
        made.filter(key_id__in=self._signed_in_with(seen)).update(state=CredentialState.PROVED.value)
        self._record(Event.REGISTRATION_PROVED, f"registration:{row.pk}", {"application": row.app_id})

    def _there_nevertheless(self, seen: Observation, proofs: Proofs) -> list[StepRecord]:
        """Steps that Microsoft denied, and whose thing is there by all proofs: "not found" comes after a write as well.

        What stands as failed in a proved run would be believed.
        """
        there = {*proofs.rights, application.KEY, principals.KEY}
        there |= {principals.resource_key(app_id) for app_id, found in seen.resources.items() if found}
        there |= {owner.KEY} if self.blueprint.owns_itself else set()
        denied = [row for key, row in self._rows.all().items() if row.state == StepState.FAILED and key in there]
        for row in denied:
            row.state, row.words = StepState.DONE.value, THERE_ALREADY
        return denied

    def _roles_end_at(self, row: Registration, seen: Observation) -> datetime | None:
        """The first end that was read; else what Microsoft told when it gave the roles."""
        if self.blueprint.role_days and not seen.role_ends:
            return row.roles_end_at
        return min((at for at in seen.role_ends.values() if at is not None), default=None)

    def _never_made(self, seen: Observation) -> None:
        """What was announced, and not found however often one looked, was never made.

        It may come up nevertheless until Microsoft's copies agree: so long it is looked for by its name.
        """
        copied = self.now() - timedelta(seconds=self.fresh_seconds)
        shown = {held.credential_id for held, _ in seen.leftovers}
        lost = {held.credential_id for held in seen.held if held.key_id is None} - shown
        rows = Credential.objects.filter(pk__in=lost if seen.application else ())
        rows = rows.filter(state=CredentialState.ANNOUNCED.value, announced_at__lte=copied)
        for credential_id in rows.values_list("pk", flat=True):
            self._remove(credential_id, key_id="", why="never made")

    def _signed_in_with(self, seen: Observation) -> list[str]:
        """The key id of the credential that was tried."""
        tried = self._tried(seen)
        return [tried.key_id] if tried and tried.key_id else []

    def _tried(self, seen: Observation) -> Held | None:
        """The credential that was tried; without a look at the tenant it is the first that we hold."""
        return seen.credential or next((held for held in self._held() if held.key_id), None)

    def _share(self, seen: Observation) -> None:
        """What another service of the registration signs in with by federation is this one's as well, once."""
        held = self._tried(seen)
        if held is None or held.kind != FEDERATED:
            return
        row = Credential.objects.filter(pk=UUID(held.credential_id)).first()
        mine = credential_rows.of_service(self.registration_id, self.service_id).filter(service_id=self.service_id)
        if row is not None and not mine.filter(key_id=held.key_id).exists():
            credential_rows.shared(row, service_id=self.service_id, now=self.now())

    def _credentials(self) -> Any:
        """Those of the service; a federated one serves all services of the registration."""
        mine = Q(service_id=self.service_id) | Q(kind=FEDERATED)
        return Credential.objects.filter(mine, registration_id=self.registration_id)

    def _held(self) -> tuple[Held, ...]:
        return self._of(credential_rows.of_service(self.registration_id, self.service_id, besides=self.renews))

    def _of(self, rows: Iterable[Credential]) -> tuple[Held, ...]:
        youngest = self.now() - timedelta(seconds=self.fresh_seconds)
        return tuple(credential_rows.held_of(row, youngest=youngest) for row in sorted(rows, key=_announced))

    def _new_certificates(self) -> frozenset[KeyId]:
        youngest, kind = self.now() - timedelta(seconds=self.fresh_seconds), KINDS["certificate"]
        rows = Credential.objects.filter(registration_id=self.registration_id, kind=kind, made_at__gt=youngest)
        away = [CredentialState.ANNOUNCED.value, CredentialState.REMOVED.value]
        return frozenset(KeyId(key_id) for key_id in rows.exclude(state__in=away).values_list("key_id", flat=True))

    def _unfinished(self) -> bool:
        self._rows.flush()
        rows = StepRecord.objects.filter(run_id=self.run_id, number__lt=FIRST_LOOK).exclude(state=StepState.DONE.value)
        return not all(is_given_up(row.kind, row.key, self.blueprint) for row in rows.exclude(words=GIVEN_UP))

    def _opened(self, held: Held) -> OwnCredential:
        with self._scope():
            row = Credential.objects.filter(pk=UUID(held.credential_id)).first()
            if row is None:
                raise NoSuchCredential
            return credential_rows.opened(row, purpose=PROVING, by=ENGINE)

    def _record(self, event: Event, subject: str, data: dict[str, Any]) -> None:
        record(event, by=ENGINE, organization_id=self.organization_id, subject=subject, data=data)
