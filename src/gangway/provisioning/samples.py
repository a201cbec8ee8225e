"""Registrations, their runs and what is left of some, by the hundred thousand. For a database of their own.

No tenant holds any of it, and no vault their secrets: a worker that looked at one would find nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from gangway.audit.loading import load
from gangway.organizations.pages import batched
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.queries import pin
from gangway.provisioning.states import CredentialState, LeftoverKind, RegistrationState, RunKind, RunState
from gangway.services.samples import Sample

LIFE: Final = timedelta(days=365)
TAKES: Final = timedelta(minutes=2)
AGAIN_EACH: Final = 10
"""One of so many services has had a second run."""
LEFT_EACH: Final = 200
"""Of one in so many services something is left in a tenant; every other of those is cleared."""
ENDS: Final = (RunState.PROVED,) * 7 + (RunState.FAILED, RunState.CANCELLED, RunState.WAITING)
"""How second runs ended or stand."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a sample's connection needs of its registration."""

    sample: Sample
    registration_id: UUID
    credential_id: UUID


def add_registrations(samples: Sequence[Sample]) -> list[Registered]:
    """Add a proved registration, its credential and runs of each service, and a leftover of a few."""
    plan, _ = pin()
    made: list[Registered] = []
    for some in batched(iter(samples)):
        registrations = [_registration(one, plan) for one in some]
        credentials = [_credential(*pair) for pair in zip(some, registrations, strict=True)]
        pairs = list(zip(some, registrations, strict=True))
        runs = [_run(*pair) for pair in pairs]
        again = [_second(*pair) for pair in pairs if pair[0].place % AGAIN_EACH == 0]
        left = [_leftover(one, run) for one, run in zip(some, runs, strict=True) if one.place % LEFT_EACH == 0]
        load(registrations)
        load(credentials)
        load([*runs, *again])
        load(left)
        made += [Registered(one, key.registration_id, key.pk) for one, key in zip(some, credentials, strict=True)]
    return made


def _registration(sample: Sample, plan: dict[str, Any]) -> Registration:
    return Registration(
        organization_id=sample.customer_id,
        provider_id=sample.provider_id,
        tenant_id=sample.tenant_id,
        tenant_name=f"{sample.short_name}.example",
        domains=[f"{sample.short_name}.example"],
        display_name=sample.short_name,
        name_key=sample.short_name,
        plan=plan,
        app_id=str(uuid4()),
        object_id=str(uuid4()),
        service_principal_id=str(uuid4()),
        state=RegistrationState.PROVED.value,
        signer_upn=f"ada@{sample.short_name}.example",
        created_at=sample.created_at,
        made_at=sample.created_at,
        proved_at=sample.created_at + TAKES,
    )


def _credential(sample: Sample, registration: Registration) -> Credential:
    ends_at = sample.credential_ends_at or sample.created_at + LIFE
    return Credential(
        organization_id=sample.customer_id,
        registration=registration,
        service_id=sample.id,
        display_name=f"{sample.short_name}-1",
        key_id=str(uuid4()),
        sealed_id=uuid4(),
        state=CredentialState.PROVED.value,
        announced_at=ends_at - LIFE,
        made_at=ends_at - LIFE,
        expires_at=ends_at,
    )


def _run(sample: Sample, registration: Registration, **changes: Any) -> Run:
    begun: datetime = changes.pop("begun", sample.created_at)
    values: dict[str, Any] = {"state": RunState.PROVED.value, "ended_at": begun + TAKES, "kind": RunKind.SETUP.value}
    return Run(
        organization_id=sample.customer_id,
        registration=registration,
        service_id=sample.id,
        attempt=1,
        credential_name=f"{sample.short_name}-1",
        sign_in_client_id=str(uuid4()),
        signer_upn=registration.signer_upn,
        created_at=begun,
        queued_at=begun,
        started_at=begun,
        **values | changes,
    )


def _second(sample: Sample, registration: Registration) -> Run:
    state, begun = ENDS[sample.place // AGAIN_EACH % len(ENDS)], sample.created_at + timedelta(hours=1)
    ended = None if state is RunState.WAITING else begun + TAKES
    kind = RunKind.ROTATION if state is RunState.PROVED else RunKind.REPAIR
    return _run(sample, registration, begun=begun, state=state.value, kind=kind.value, ended_at=ended)


def _leftover(sample: Sample, run: Run) -> Leftover:
    cleared = sample.place // LEFT_EACH % 2 == 0
    return Leftover(
        organization_id=sample.customer_id,
        registration=run.registration,
        run=run,
        service_id=sample.id,
        kind=LeftoverKind.APPLICATION.value,
        name=f"{sample.short_name}-old",
        object_id=str(uuid4()),
        why="A sample.",
        since=run.created_at,
        seen_at=run.created_at,
        cleared_at=run.ended_at if cleared else None,
        cleared_by_name="a sample" if cleared else "",
    )
