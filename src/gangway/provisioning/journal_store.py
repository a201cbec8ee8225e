"""The engine's journal in the database. Every write first makes sure that the tenant's lease is still ours."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.foundation.ids import KeyId
from gangway.foundation.sealed import SealedText
from gangway.jobs.threads import in_database
from gangway.microsoft.graph.shapes import Application, ServicePrincipal
from gangway.microsoft.signin.own_credentials import OwnCredential, Secret
from gangway.organizations.scope import within
from gangway.provisioning import lease as leases
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.observation import Held, Observation
from gangway.provisioning.engine.ports import Looked, Noted, Proofs
from gangway.provisioning.engine.steps.application import CreateApplication
from gangway.provisioning.engine.steps.credentials import AddPassword, Fresh, RemoveLeftover
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.engine.steps.step import Step
from gangway.provisioning.engine.verify import LABELS, looks_of
from gangway.provisioning.errors import NoSuchCredential, RunCancelled
from gangway.provisioning.lease import Lease
from gangway.provisioning.models import Credential, Registration, Run, StepRecord
from gangway.provisioning.states import CredentialState, RegistrationState, StepState
from gangway.vault.actions import reveal, seal
from gangway.vault.places import Place

P = ParamSpec("P")
R = TypeVar("R")

SECRET: Final = "provisioning.credential.secret"  # noqa: S105 - the name of a place
ENGINE: Final = Actor.system("provisioning")
FIRST_LOOK: Final = 900
FAREWELL: Final = 990
"""Numbers of the rows that stand at the end of every list, however many steps come before."""


def secret_place(credential: Credential) -> Place:
    """Where a credential's text is sealed."""
    return Place(credential.organization_id, SECRET, credential.pk)


def found(row: Registration, seen: Observation, *, now: datetime) -> None:
    """Put what was really seen in the tenant on the row (not saved yet), also when a lost worker made it."""
    if seen.application is not None:
        row.app_id, row.object_id = seen.application.app_id, seen.application.object_id
        row.made_at = row.made_at or now
    if seen.principal is not None:
        row.service_principal_id = seen.principal.object_id


@dataclass(frozen=True)
class RunJournal:
    """The journal of one run and worker. `fresh_seconds`: how long Microsoft may not list a new secret."""

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
    now: Callable[[], datetime] = field(default=clock.now, repr=False)

    async def show(self, steps: Sequence[Step]) -> None:
        await self._write(self._show, steps)

    async def tell(self, words: str) -> None:
        await self._write(self._tell, words)

    async def intend(self, steps: Sequence[Step]) -> None:
        await self._write(self._intend, steps)

    async def note(self, results: Sequence[Noted]) -> None:
        await self._write(self._note, results)

    async def looked(self, looks: Sequence[Looked]) -> None:
        await self._write(self._looked, looks)

    async def gone(self, lost: Sequence[Held]) -> None:
        await self._write(self._gone, lost)

    async def proved(self, seen: Observation, proofs: Proofs) -> None:
        await self._write(self._proved, seen, proofs)

    async def undone(self, result: Noted) -> None:
        await self._write(self._undone, result)

    async def made(self) -> tuple[Step, ...]:
        return await self._write(self._made)

    async def held(self) -> tuple[Held, ...]:
        return await self._write(self._held)

    async def unfinished(self) -> bool:
        """Whether a step of the plan is not done: then only somebody's delegated token could go on."""
        return await self._write(self._unfinished)

    async def credential(self, held: Held) -> OwnCredential:
        return Secret(await in_database(self._secret, held))

    async def _write(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await in_database(self._fenced, lambda: function(*args, **kwargs))

    def _fenced(self, function: Callable[[], R]) -> R:
        with self._scope(), transaction.atomic():
            leases.hold(self.lease, now=self.now())
            if not self.taking_back and Run.objects.filter(pk=self.run_id, cancel_asked_at__isnull=False).exists():
                raise RunCancelled
            return function()

    def _scope(self) -> AbstractContextManager[None]:
        return within(self.path)

    # What follows runs in one transaction each, under the lease.

    def _show(self, steps: Sequence[Step]) -> None:
        known = {row.key: row for row in StepRecord.objects.filter(run_id=self.run_id)}
        wanted = {step.key for step in steps}
        stale = [row.pk for key, row in known.items() if row.state == StepState.PLANNED and key not in wanted]
        StepRecord.objects.filter(pk__in=stale, number__lt=FIRST_LOOK).delete()
        number = max((row.number for row in known.values() if row.number < FIRST_LOOK), default=0)
        new = [step for step in steps if step.key not in known]
        rows = [self._row(number + place, step.kind, step.key, step.label) for place, step in enumerate(new, start=1)]
        StepRecord.objects.bulk_create(rows + self._closing(known))

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

    def _row(self, number: int, kind: str, key: str, label: str) -> StepRecord:
        return StepRecord(
            organization_id=self.organization_id,
            run_id=self.run_id,
            number=number,
            kind=kind,
            key=key,
            label=label,
            state=StepState.PLANNED.value,
        )

    def _tell(self, words: str) -> None:
        Run.objects.filter(pk=self.run_id).update(words=words)

    def _intend(self, steps: Sequence[Step]) -> None:
        rows = {row.key: row for row in StepRecord.objects.filter(run_id=self.run_id)}
        for step in steps:
            row = rows[step.key]
            row.state, row.intent_at, row.attempt = StepState.INTENDED.value, self.now(), row.attempt + 1
            row.done_at, row.words = None, ""
            if isinstance(step, AddPassword):
                row.result = {"credential": step.fresh.credential_id}
                self._announce(step)
            row.save()

    def _announce(self, step: AddPassword) -> None:
        Credential.objects.create(
            pk=UUID(step.fresh.credential_id),
            organization_id=self.organization_id,
            registration_id=self.registration_id,
            service_id=self.service_id,
            display_name=step.fresh.display_name,
            state=CredentialState.ANNOUNCED.value,
            announced_at=self.now(),
        )

    def _note(self, results: Sequence[Noted]) -> None:
        Run.objects.filter(pk=self.run_id).update(words="")
        rows = {row.key: row for row in StepRecord.objects.filter(run_id=self.run_id)}
        for result in results:
            row = rows[result.step.key]
            row.state = (StepState.DONE if result.good else StepState.FAILED).value
            row.done_at, row.seconds, row.request_id = self.now(), result.seconds, result.request_id[:100]
            row.words = (result.words or (result.error.what if result.error and not result.good else ""))[:500]
            row.result = {**row.result, **self._learned(result)}
            row.save()

    def _learned(self, result: Noted) -> dict[str, Any]:
        """Keep what the answer told, and give back what the step's row shall hold of it."""
        if not result.good:
            return {"error": result.error.code} if result.error else {}
        if isinstance(result.step, RemoveLeftover):
            self._remove(UUID(result.step.credential_id), why="interrupted")
        if result.new is not None and isinstance(result.step, AddPassword):
            return self._keep_secret(result)
        if isinstance(result.value, Application):
            ids = {"app_id": result.value.app_id, "object_id": result.value.object_id}
            Registration.objects.filter(pk=self.registration_id).update(**ids, made_at=self.now())
            return ids
        if isinstance(result.value, ServicePrincipal) and result.step.kind == "create_principal":
            ids = {"service_principal_id": result.value.object_id}
            Registration.objects.filter(pk=self.registration_id).update(**ids)
            return ids
        return {}

    def _keep_secret(self, result: Noted) -> dict[str, Any]:
        new, step = result.new, result.step
        if new is None or not isinstance(step, AddPassword):
            raise NoSuchCredential
        row = Credential.objects.select_for_update(of=("self",)).get(pk=UUID(step.fresh.credential_id))
        row.key_id, row.expires_at, row.made_at = new.key_id, new.ends_at, self.now()
        row.sealed_id = seal(place=secret_place(row), text=new.text)
        row.state = CredentialState.MADE.value
        row.save()
        self._record(Event.CREDENTIAL_MADE, f"credential:{row.pk}", {"name": row.display_name, "key": row.key_id})
        return {"key_id": new.key_id}

    def _remove(self, credential_id: UUID, *, why: str) -> None:
        row = Credential.objects.select_for_update(of=("self",)).get(pk=credential_id)
        row.state = CredentialState.REMOVED.value
        row.save(update_fields=["state"])
        self._record(Event.CREDENTIAL_REMOVED, f"credential:{row.pk}", {"name": row.display_name, "why": why})

    def _looked(self, looks: Sequence[Looked]) -> None:
        for looked in looks:
            row = StepRecord.objects.get(run_id=self.run_id, key=looked.look.value)
            row.state = (StepState.DONE if looked.good else StepState.FAILED).value
            row.done_at = self.now()
            row.intent_at = row.done_at - timedelta(seconds=looked.seconds)
            row.seconds, row.request_id, row.words = looked.seconds, looked.request_id[:100], looked.words[:500]
            row.save()

    def _undone(self, result: Noted) -> None:
        if result.good and isinstance(result.step, AddPassword):
            self._remove(UUID(result.step.fresh.credential_id), why="cancelled")
        row = StepRecord.objects.filter(run_id=self.run_id, key=result.step.key).first()
        if row is None:
            return
        row.state = (StepState.UNDONE if result.good else StepState.FAILED).value
        row.words, row.request_id = result.words[:500], result.request_id[:100]
        row.save(update_fields=["state", "words", "request_id"])

    def _made(self) -> tuple[Step, ...]:
        """The application, unless it was in use before; and the secrets of this run."""
        began = Run.objects.values_list("created_at", flat=True).get(pk=self.run_id)
        never_used = Registration.objects.filter(pk=self.registration_id, proved_at__isnull=True).exists()
        secrets = self._credentials().filter(announced_at__gte=began, made_at__isnull=False)
        steps: list[Step] = [CreateApplication(self.blueprint)] if never_used else []
        kept = secrets.exclude(state=CredentialState.REMOVED.value)
        return *steps, *(
            AddPassword(Fresh(str(row.pk), row.display_name, row.expires_at or self.now())) for row in kept
        )

    def _gone(self, lost: Sequence[Held]) -> None:
        for held in lost:
            self._remove(UUID(held.credential_id), why="gone from the tenant")

    def _proved(self, seen: Observation, proofs: Proofs) -> None:
        row = Registration.objects.select_for_update(of=("self",)).get(pk=self.registration_id)
        row.state, row.proved_at, row.proofs = RegistrationState.PROVED.value, self.now(), dict(proofs.rights)
        row.tenant_name = proofs.tenant_name or row.tenant_name
        found(row, seen, now=self.now())
        row.save()
        self._credentials().filter(state=CredentialState.MADE.value).update(state=CredentialState.PROVED.value)
        self._record(Event.REGISTRATION_PROVED, f"registration:{row.pk}", {"application": row.app_id})

    def _credentials(self) -> Any:
        return Credential.objects.filter(registration_id=self.registration_id, service_id=self.service_id)

    def _held(self) -> tuple[Held, ...]:
        youngest = self.now() - timedelta(seconds=self.fresh_seconds)
        rows = self._credentials().exclude(state=CredentialState.REMOVED.value).order_by("announced_at")
        return tuple(
            Held(
                credential_id=str(row.pk),
                display_name=row.display_name,
                key_id=KeyId(row.key_id) if row.key_id else None,
                fresh=row.made_at is not None and row.made_at > youngest,
            )
            for row in rows
        )

    def _unfinished(self) -> bool:
        rows = StepRecord.objects.filter(run_id=self.run_id, number__lt=FIRST_LOOK)
        return rows.exclude(state=StepState.DONE.value).exists()

    def _secret(self, held: Held) -> SealedText:
        with self._scope():
            row = Credential.objects.filter(pk=UUID(held.credential_id)).first()
            if row is None or row.sealed_id is None:
                raise NoSuchCredential
            return reveal(
                sealed_id=row.sealed_id, place=secret_place(row), purpose="prove the new credential", by=ENGINE
            )

    def _record(self, event: Event, subject: str, data: dict[str, Any]) -> None:
        record(event, by=ENGINE, organization_id=self.organization_id, subject=subject, data=data)
