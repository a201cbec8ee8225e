"""How a run ended, and what that means for the case, the invitation and the people who wait.

The delegated token is destroyed here in every case: proved, waiting, failed, cancelled. Progress is kept in the run.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation.errors import WhoActs
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.states import ENDED, State, sources_of
from gangway.onboarding import withdrawal
from gangway.onboarding.models import Case
from gangway.onboarding.rows import lock_case, move_case
from gangway.onboarding.shapes import NextMove
from gangway.onboarding.stages import colleague, handover, renewed, sign_in
from gangway.onboarding.states import CaseState
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as provisioning
from gangway.provisioning.beside import at_work_beside, first_of
from gangway.provisioning.queries import Part, RunView
from gangway.provisioning.states import RunState

WORKER: Final = Actor.system("onboarding")
FAILED: Final = invitations.News(
    "Making the registration failed",
    "Look at the run: it says the cause and who can do something about it. The administrator can begin again.",
)

NEEDS_SIGN_IN: Final = invitations.News(
    "Somebody must sign in again",
    "Nothing has to be done: the administrator was told, too, and goes on by the link in that mail.",
)

NOBODY_MAILED: Final = invitations.News(
    "Somebody must sign in again",
    "Whoever was at it has no link any more, so nobody was asked. Resend the invitation: its link goes on with what "
    "was made so far.",
)

MEANING: Final = {
    RunState.PROVED: (CaseState.DONE, State.AUTHENTICATED),
    RunState.WAITING: (CaseState.WAITING, State.WAITING_FOR_ADMINISTRATOR),
    RunState.NEEDS_SIGN_IN: (CaseState.NEEDS_SIGN_IN, State.FAILED),
    RunState.FAILED: (CaseState.FAILED, State.FAILED),
    RunState.CANCELLED: (CaseState.FAILED, State.FAILED),
}
"""Of each end of a run: where it puts the case, and where the invitation."""

FROM_WORK: Final = sources_of(State.COPYING) - {State.REPORTED}
RESTS: Final = frozenset({CaseState.WAITING, CaseState.NEEDS_SIGN_IN, CaseState.FAILED})
IN_THE_MIDDLE: Final = frozenset({CaseState.IDENTIFYING, CaseState.SIGNING_IN, CaseState.SIGNED_IN, CaseState.NAMING})
FOLLOWS: Final = {
    CaseState.DONE: RESTS | IN_THE_MIDDLE | {CaseState.ABANDONED},
    CaseState.WAITING: RESTS,
    CaseState.NEEDS_SIGN_IN: RESTS,
    CaseState.FAILED: RESTS,
}
"""Where the cases of others must stand to follow: what is finished is finished for all, else only those that rest."""


def run_ended(*, run_id: UUID, now: datetime) -> None:
    """Write down how a run ended or came to rest, in the cases of all who work on it.

    They wait for what is made beside it, and stand as the first run does whatever becomes of that. What Microsoft
    copies longer is taken over when it is proved. A second time, or for a run that goes on again: nothing happens.
    """
    with within_everything("a worker follows everybody's runs"), transaction.atomic():
        ended, run_id = run_id, first_of(run_id)
        ids = list(Case.objects.filter(run_id=run_id).order_by("created_at", "pk").values_list("pk", flat=True))
        cases = [lock_case(case_id) for case_id in ids]
        run = provisioning.run(run_id) if cases else None
        if run is not None and run.state is RunState.COPYING:
            _copies(cases[0])
        if run is None or run.state not in MEANING or at_work_beside(run_id):
            return
        at_it = next((case for case in cases if case.state == CaseState.PROVISIONING), _worked_on(cases))
        moved = [case for case in cases if _conclude(case, run, now=now)]
        if moved or _nobody_is_at_it(cases[0]):
            _tell(_worked_on(cases), run, at_it, now=now)
        elif ended != run_id:
            renewed.proved_later(_worked_on(cases), by=WORKER, now=now)


def _copies(case: Case) -> None:
    """Microsoft is copying: the person's part is done, and both sides read so."""
    if invited.invitation(case.invitation_id).state in FROM_WORK:
        sign_in.invitation_on(case, State.COPYING, by=WORKER)


def _conclude(case: Case, run: RunView, *, now: datetime) -> bool:
    """Move one case as the run's end says; those of others follow from where they rest. Says whether it moved."""
    to, _invitation = MEANING[run.state]
    here = CaseState(case.state)
    if not (here is CaseState.PROVISIONING or (here in FOLLOWS[to] and here is not to)):
        return False
    sign_in.retire(case, by=WORKER, now=now)
    move_case(case, to, by=WORKER, now=now, problem=problem_of(run, now=now))
    return True


def _nobody_is_at_it(case: Case) -> bool:
    """Whether an invitation waits although every walk of it was let go: what it waited for has still ended."""
    return invited.invitation(case.invitation_id).state is State.WAITING_FOR_ADMINISTRATOR


def _worked_on(cases: list[Case]) -> Case:
    """The case of whoever the invitation went to: it has all facts that both sides are told of."""
    return next((case for case in cases if case.handoff_id is None), cases[0])


def _tell(case: Case, run: RunView, at_it: Case, *, now: datetime) -> None:
    """Tell whoever waits for it. `at_it`: of whoever signed in for it."""
    to, invitation = MEANING[run.state]
    if invited.invitation(case.invitation_id).state in ENDED:
        if run.state is RunState.PROVED:
            withdrawal.take_back(run.id, by=WORKER, now=now)
        return  # withdrawn while the run was at work: nobody waits for it any more
    if invited.invitation(case.invitation_id).state is State.REPORTED:
        return  # frozen: it goes on by what the run has come to, once the operator has looked
    sign_in.invitation_on(case, invitation, by=WORKER)
    if to is CaseState.DONE and renewed.concludes(case):
        renewed.conclude(case, by=WORKER, now=now)
    elif to is CaseState.DONE:
        handover.tell_both_sides(case, by=WORKER)
    if to is CaseState.WAITING:
        colleague.waits_now(case, by=WORKER, now=now)
    if run.state in {RunState.FAILED, RunState.NEEDS_SIGN_IN}:
        what = run.error.what if run.error else run.waiting_for or run.headline
        news = FAILED
        if run.state is RunState.NEEDS_SIGN_IN:
            news = NEEDS_SIGN_IN if colleague.ask_to_sign_in(at_it, by=WORKER, now=now) else NOBODY_MAILED
        invitations.tell_operator(invitation_id=case.invitation_id, news=news, what=what, by=WORKER)


def problem_of(run: RunView, *, now: datetime) -> dict[str, Any]:
    """Put a run's rest into the words of a problem; empty for a proved one."""
    if run.state is RunState.PROVED:
        return {}
    if run.error is None:
        return _waiting(run, now=now)
    error = run.error
    marks = [
        ["AADSTS", str(error.aadsts or "")],
        ["Error", error.microsoft_code],
        ["Request ID", error.request_id],
        ["Correlation ID", error.correlation_id],
        ["Time", error.at.isoformat(timespec="seconds")],
    ]
    return {
        "code": error.code,
        "what": error.what,
        "cure": error.cure,
        "acts": error.acts.value,
        "next_move": NextMove.START_AGAIN.value,
        "at": error.at.isoformat(),
        "retry_at": "",
        "field": error.field or "",
        "details": [mark for mark in marks if mark[1]],
    }


def _waiting(run: RunView, *, now: datetime) -> dict[str, Any]:
    waits = run.state is RunState.WAITING
    return {
        "code": f"onboarding:run:{run.state.value}",
        "what": run.waiting_for or run.headline,
        "cure": _NOT_BEGUN if waits and Part.REGISTRATION in provisioning.parts_left(run.id) else _CURES[run.state],
        "acts": WhoActs.ADMINISTRATOR.value,
        "next_move": (NextMove.ASK_COLLEAGUE if waits else NextMove.START_AGAIN).value,
        "at": now.isoformat(),
        "retry_at": "",
        "field": "",
        "details": [],
    }


_NOT_BEGUN: Final = (
    "Somebody of your organization who has a role that is named here opens the same link, signs in, and goes on."
)
"""The registration itself is among what remains: who signed in could do nothing, or not the first of it."""

_CURES: Final = {
    RunState.WAITING: "Your part is done and kept. A Privileged Role Administrator or Global Administrator of your "
    "organization opens the same link, signs in, and finishes it.",
    RunState.NEEDS_SIGN_IN: colleague.SIGN_IN_AGAIN,
    RunState.FAILED: colleague.SIGN_IN_AGAIN,
    RunState.CANCELLED: "What was made so far was taken back. Sign in to begin again.",
}
