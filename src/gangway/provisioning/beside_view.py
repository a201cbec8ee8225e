"""What is made beside a registration, as both sides see it. Call it inside a scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gangway.provisioning import queries
from gangway.provisioning.beside import beside_id, ids_beside, latest_run
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.models import Run
from gangway.provisioning.plans import explain
from gangway.provisioning.shapes import CredentialView, PlanView, RegistrationView, RunView
from gangway.provisioning.states import CredentialState, RunState
from gangway.provisioning.waiting_view import WaitingView, parts_left, waiting_of


@dataclass(frozen=True, slots=True)
class BesideView:
    """One registration of its own: what was planned, and what has come of it.

    `registration` and `run` are None before it was begun, or when it could not be.
    """

    plan: PlanView
    registration: RegistrationView | None
    run: RunView | None
    waiting: WaitingView | None

    @property
    def is_made(self) -> bool:
        """Whether it was proved."""
        return self.registration is not None and self.registration.proved_at is not None


def beside_of(registration_id: UUID, plan: Mapping[str, Any]) -> tuple[BesideView, ...]:
    """Everything that a pinned plan wants beside the registration with this id. Raises PlanUnknown."""
    return tuple(_view(beside_id(registration_id, one["profile"]), explain(one)) for one in pinning.read(plan).beside)


def _view(registration_id: UUID, plan: PlanView) -> BesideView:
    run = latest_run(registration_id)
    if run is None:
        return BesideView(plan, None, None, None)
    return BesideView(plan, queries.registration(registration_id), queries.run(run.pk), waiting_of(run.pk))


def parts_left_beside(run_id: UUID) -> frozenset[Part]:
    """The parts that somebody else has to do of what waits beside a run."""
    row = Run.objects.filter(pk=run_id).first()
    ids = ids_beside(row.registration_id).values() if row else ()
    runs = (latest_run(one) for one in ids)
    return frozenset[Part]().union(*(parts_left(run.pk) for run in runs if run and run.state == RunState.WAITING))


def credential_beside(about: RegistrationView, service_id: UUID) -> CredentialView | None:
    """The service's own proved credential of such a registration, of two the one in use: see `renewable_of`."""
    own = [one for one in about.credentials if one.service_id == service_id and one.state == CredentialState.PROVED]
    return own[-1] if own else None
