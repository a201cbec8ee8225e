"""*I didn't expect this*: the invitation is frozen, whoever is in the wizard is stopped, the provider is alarmed.

A run at work is stopped, and takes back what it made. What rests or was proved stays as it is until the operator has
looked: they unfreeze it, and it goes on where it stands, or withdraw it, which takes everything back.
"""

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.queries import LinkDead
from gangway.invitations.states import State
from gangway.jobs.actions import defer
from gangway.onboarding import unexpected
from gangway.onboarding.errors import NoSuchCase, StillBeingStopped
from gangway.onboarding.models import Case
from gangway.onboarding.rows import lock_case, scope_of_case
from gangway.onboarding.stages import colleague, handover, renewed
from gangway.onboarding.states import CaseState
from gangway.organizations.scope import within
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as runs
from gangway.provisioning.beside import at_work_beside
from gangway.provisioning.errors import RunOver, RunUnderWay
from gangway.provisioning.states import LIVING, RunState

GOES_ON: Final = {
    RunState.PROVED: State.AUTHENTICATED,
    RunState.WAITING: State.WAITING_FOR_ADMINISTRATOR,
    RunState.COPYING: State.COPYING,
}
"""Where an invitation goes on by what its run has come to meanwhile; any other begins again with its link."""
UNTOUCHED: Final = frozenset({State.QUEUED, State.BOUNCED, State.WAITING_FOR_APPROVAL})
"""Nobody was at work in these: it goes on in the very same."""


def report_by_link(*, token: SealedText, by: Actor, now: datetime) -> None:
    """The holder of a link, a dead one too, didn't expect it. Raises `NoSuchCase` for a link that never was."""
    held = invited.by_token(token, now=now)
    if held is None:
        raise NoSuchCase
    with within(held.organization_path), transaction.atomic():
        _freeze(held.invitation_id, by=by, now=now, dead=isinstance(held, LinkDead))


def report_by_case(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """The same from within the wizard. Raises `NoSuchCase`."""
    with scope_of_case(case_id), transaction.atomic():
        _freeze(lock_case(case_id).invitation_id, by=by, now=now)


@transaction.atomic
def unfreeze(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """The operator has asked, and lets it go on where it stands; the earlier links work again.

    Raises `StillBeingStopped`, `NoSuchInvitation`, `InvitationOver`, `InvitationMoved`.
    """
    if any(_is_being_stopped(case) for case in _locked_cases(invitation_id)):
        raise StillBeingStopped
    to = _goes_on(invitation_id)
    invitations.unfreeze(invitation_id=invitation_id, to=to, by=by, now=now)
    defer(unexpected.TELL, invitation_id=str(invitation_id))
    case = colleague.first_case(invitation_id)
    if to is not State.AUTHENTICATED or case is None:
        return
    if renewed.concludes(case):  # it was proved while nothing might end
        renewed.conclude(case, by=by, now=now)
    elif not handover.was_told(invitation_id):
        handover.tell_both_sides(case, by=by)


def ask_for_link(*, token: SealedText, by: Actor, now: datetime) -> None:
    """The holder of a dead link asks for a new one. Raises `AskedJustNow`, `NoSuchCase` for a link that isn't dead."""
    held = invited.by_token(token, now=now)
    if not isinstance(held, LinkDead) or not held.may_ask:
        raise NoSuchCase
    with within(held.organization_path):
        invitations.ask_for_link(invitation_id=held.invitation_id, link_id=held.link_id, by=by, now=now)


def stop_reminders(*, token: SealedText, by: Actor, now: datetime) -> None:
    """Whoever holds a link of an invitation wants no more reminders, also of what waits for another administrator.

    Raises `NoSuchCase` for a link that never was, and for one that was taken from its holder or replaced: whoever has
    the one in its place still counts on being reminded.
    """
    held = invited.by_token(token, now=now)
    if held is None or (isinstance(held, LinkDead) and not held.may_stop_reminders):
        raise NoSuchCase
    with within(held.organization_path), transaction.atomic():
        colleague.stop_all_reminders(held.invitation_id, by=by, now=now)


def _freeze(invitation_id: UUID, *, by: Actor, now: datetime, dead: bool = False) -> None:
    cases = _locked_cases(invitation_id)
    done = invitations.report(invitation_id=invitation_id, by=by, now=now, dead=dead)
    if done == "told late":
        defer(unexpected.TELL_LATE, invitation_id=str(invitation_id))
    if done != "frozen":
        return
    defer(unexpected.TELL, invitation_id=str(invitation_id))
    for case in cases:
        colleague.let_go(case, by=by, now=now)
    for run_id in {case.run_id for case in cases if case.run_id is not None}:
        at_work = [run_id] if runs.run(run_id).state in LIVING else []
        for one in (*at_work_beside(run_id), *at_work):  # what waits for the first run to end is stopped before it
            with suppress(RunOver, RunUnderWay):
                provisioning.cancel_run(run_id=one, by=by, now=now)


def _locked_cases(invitation_id: UUID) -> list[Case]:
    """All of them, so that no run of theirs ends unseen meanwhile."""
    ids = Case.objects.filter(invitation_id=invitation_id).order_by("created_at", "pk").values_list("pk", flat=True)
    return [lock_case(case_id) for case_id in list(ids)]


def _is_being_stopped(case: Case) -> bool:
    """Whether its run is at work, or has come to an end that isn't written down in the case yet."""
    if case.run_id is None:
        return False
    state = runs.run(case.run_id).state
    return state in LIVING or (case.state == CaseState.PROVISIONING and state is not RunState.COPYING)


def _goes_on(invitation_id: UUID) -> State:
    case = colleague.first_case(invitation_id)
    if case is not None and case.run_id is not None:
        found = GOES_ON.get(runs.run(case.run_id).state)
        if found is not None:
            return found
    if case is not None and case.state == CaseState.DONE:
        return State.AUTHENTICATED
    before = invited.before_report(invitation_id)
    if before in UNTOUCHED:
        return before
    return State.OPENED if case is not None else State.SENT
