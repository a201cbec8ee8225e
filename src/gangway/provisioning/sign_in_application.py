"""The sign-in application's enterprise application in a tenant: who still needs it, and where it is listed. Sync.

Each sign-in puts it there, and the last run of the tenant takes it away. When that run ends otherwise, or no run comes
of a sign-in, it is listed; a later run that sees it gone clears what was listed in that tenant.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.foundation.ids import AppId
from gangway.organizations.scope import within_everything
from gangway.provisioning import leftovers
from gangway.provisioning.added import REACHING
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.goodbye import Gone, sign_in_application_left
from gangway.provisioning.engine.steps.farewell import RemoveSignInApplication
from gangway.provisioning.leftovers import SignInLeft, sign_in_applications, write_sign_in
from gangway.provisioning.models import Leftover, Run, StepRecord
from gangway.provisioning.states import NEIGHBOURS, LeftoverKind, RunState

Need = Callable[[str, str], bool]
"""(tenant, client) → whether somebody who signed in there hasn't got a run yet."""
NEEDS: Final[list[Need]] = []


class Stays(StrEnum):
    """Why it is in the tenant after a run: as planned, for others at work there, left over, or nobody saw it gone."""

    KEPT = "kept"
    NEEDED = "needed"
    LEFT = "left"
    UNSEEN = "unseen"


def on_need(need: Need) -> None:
    """Have it asked before the sign-in application leaves a tenant; call it when the application is ready."""
    if need not in NEEDS:
        NEEDS.append(need)


def is_needed_by_others(run: Run) -> bool:
    """Whether another run of the tenant, or somebody who is about to start one, works with the same sign-in."""
    return _is_needed(run.registration.tenant_id, run.sign_in_client_id, besides=run.pk)


def _is_needed(tenant_id: str, client_id: str, *, besides: UUID | None = None) -> bool:
    itself = [besides] if besides else []
    with within_everything("other customers' runs may share the tenant's sign-in application"):
        others = Run.objects.filter(
            registration__tenant_id=tenant_id,
            sign_in_client_id=client_id,
            state__in=[state.value for state in NEIGHBOURS],
        )
        return others.exclude(pk__in=itself).exists() or any(need(tenant_id, client_id) for need in NEEDS)


def stays(run_id: UUID) -> Stays | None:
    """Say why what somebody signed in to for a run stays; None when it went, or nothing is known to be left of it.

    Told by the run's own rows: to a web process the database shows no other customer's in the same tenant.
    """
    run = Run.objects.select_related("registration").filter(pk=run_id).first()
    if run is None or not run.sign_in_client_id:
        return None
    left = Stays.UNSEEN if run.registration.sign_in_application_gone == "unknown" else Stays.LEFT
    rows = Leftover.objects.filter(run_id=run_id, kind=LeftoverKind.SIGN_IN_APPLICATION.value)
    listed = list(rows.values_list("cleared_at", flat=True))
    if listed:
        return left if None in listed else None
    if run.registration.sign_in_application_gone == "yes":  # by this run or, if it wasn't proved, by one before it
        return None
    if pinning.read(run.registration.plan).keep_sign_in_application:
        return Stays.KEPT
    if run.state != RunState.PROVED.value or run.kind not in REACHING:
        return None
    goodbye = StepRecord.objects.filter(run_id=run_id, key=RemoveSignInApplication().key)
    return left if goodbye.exists() else Stays.NEEDED  # what is left to others stands on no list of this run


def note(run: Run, gone: Gone, *, by: Actor, now: datetime) -> None:
    """Write down what a run that ends says of it: list it unless it was seen gone, or somebody needs it yet."""
    if not run.sign_in_client_id:
        return
    about = (run.registration.tenant_id, run.sign_in_client_id)
    if gone == "yes":
        with within_everything("other customers' runs may have left the tenant's sign-in application"):
            for row in sign_in_applications(*about).select_for_update(of=("self",)):
                leftovers.clear(row, by=by, now=now)
        return
    kept = pinning.read(run.registration.plan).keep_sign_in_application
    if not kept and not sign_in_applications(*about).exists() and not is_needed_by_others(run):
        left = sign_in_application_left(AppId(run.sign_in_client_id), None, gone)
        leftovers.write(run, [left], by=by, now=now)


def note_without_run(about: SignInLeft, *, plan: Mapping[str, Any], by: Actor, now: datetime) -> None:
    """Somebody signed in and is let go before a run: list it when nobody needs it any more."""
    client_id = about.client_id
    kept = pinning.read(plan).keep_sign_in_application
    listed = sign_in_applications(about.tenant_id, client_id)
    if not kept and not listed.exists() and not _is_needed(about.tenant_id, client_id):
        write_sign_in(about, sign_in_application_left(AppId(client_id), None), by=by, now=now)
