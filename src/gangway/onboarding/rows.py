"""Finding and moving this room's rows: lock, compare with the table of moves, change, record; one transaction.

Rows are locked before they are compared. (A filtered `update()` would not do: within a scope Django turns it into
`WHERE id IN (SELECT …)`, whose inner part PostgreSQL does not check again after waiting for somebody else's change.)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.onboarding.errors import NoSuchCase, NoSuchOnboarding, NotNow
from gangway.onboarding.models import Case, ExistingRegistration, OperatorOnboarding, SignIn
from gangway.onboarding.states import ALIVE, CASE_MOVES, HOLDS_TOKEN, SIGN_IN_MOVES, CaseState, SignInState
from gangway.organizations.scope import Door, through, within
from gangway.provisioning.queries import token_is_held
from gangway.vault.actions import destroy

CASE_EVENTS: Final = {
    CaseState.BEGUN: Event.CASE_CHOOSING,
    CaseState.IDENTIFYING: Event.CASE_IDENTIFYING,
    CaseState.TYPING: Event.CASE_TYPING,
    CaseState.PROVING: Event.CASE_PROVING,
    CaseState.SIGNING_IN: Event.CASE_SIGNING_IN,
    CaseState.SIGNED_IN: Event.CASE_SIGNED_IN,
    CaseState.NAMING: Event.CASE_CONFIRMED,
    CaseState.PROVISIONING: Event.CASE_PROVISIONING,
    CaseState.WAITING: Event.CASE_WAITING,
    CaseState.NEEDS_SIGN_IN: Event.CASE_NEEDS_SIGN_IN,
    CaseState.FAILED: Event.CASE_FAILED,
    CaseState.DONE: Event.CASE_DONE,
    CaseState.ABANDONED: Event.CASE_ABANDONED,
}

TYPED: Final = frozenset({CaseState.TYPING, CaseState.PROVING})
"""In these a secret that was typed may be sealed."""

SIGN_IN_EVENTS: Final = {
    SignInState.ASKED: Event.SIGN_IN_ASKED,
    SignInState.CODE_READY: Event.SIGN_IN_CODE_READY,
    SignInState.RETURNED: Event.SIGN_IN_RETURNED,
    SignInState.CHECKING: Event.SIGN_IN_CHECKING,
    SignInState.GRANTED: Event.SIGN_IN_GRANTED,
    SignInState.REPLACED: Event.SIGN_IN_REPLACED,
}
"""Every other state of a sign-in is a refusal, and the event's data says which."""


@contextmanager
def scope_of_case(case_id: UUID) -> Iterator[None]:
    """Enter the scope of the organization that a case belongs to; raises `NoSuchCase`.

    The case's id, out of the wizard's session, is the administrator's only ticket: it opens this one organization.
    """
    with through(Door.CASE):
        path = Case.objects.filter(pk=case_id).values_list("organization__path", flat=True).first()
    if path is None:
        raise NoSuchCase
    with within(path):
        yield


@contextmanager
def scope_of_run(run_id: UUID) -> Iterator[UUID]:
    """Enter the scope of a run that somebody comes back about from Microsoft's page; gives its first case's id.

    Raises `NoSuchCase`.
    """
    with through(Door.CASE):
        rows = Case.objects.filter(run_id=run_id, handoff__isnull=True)
        found = rows.values_list("pk", "organization__path").first()
    if found is None:
        raise NoSuchCase
    with within(found[1]):
        yield found[0]


def lock_case(case_id: UUID) -> Case:
    """Lock a case until the end of the transaction; raises `NoSuchCase`."""
    row = Case.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if row is None:
        raise NoSuchCase
    return row


def lock_sign_in(case: Case) -> SignIn | None:
    """Lock the latest sign-in of a locked case; None when there was none yet."""
    if case.sign_in_id is None:
        return None
    return SignIn.objects.select_for_update(of=("self",)).get(pk=case.sign_in_id)


def lock_onboarding(onboarding_id: UUID) -> OperatorOnboarding:
    """Lock an operator's part until the end of the transaction; raises `NoSuchOnboarding`."""
    row = OperatorOnboarding.objects.select_for_update(of=("self",)).filter(pk=onboarding_id).first()
    if row is None:
        raise NoSuchOnboarding
    return row


def move_case(row: Case, to: CaseState, *, by: Actor, now: datetime, **changes: Any) -> None:
    """Move a locked case and set `changes`; raises `NotNow` when the table has no such move."""
    if to not in CASE_MOVES[CaseState(row.state)]:
        raise NotNow(state=row.state, wanted=to.value)
    before, row.state = row.state, to
    _save(row, state=to, touched_at=now, **changes)
    if before in TYPED and to not in TYPED | {CaseState.DONE}:
        _forget_secret(row, by=by)
    if to is CaseState.PROVISIONING:
        forget_typed(row, by=by)
    if to in {CaseState.BEGUN, CaseState.TYPING, CaseState.IDENTIFYING}:
        ExistingRegistration.objects.filter(case=row).update(passed_over=to is not CaseState.TYPING)
    _record(CASE_EVENTS[to], f"case:{row.pk}", row.organization_id, by, {"from": before, "to": to.value})


def _forget_secret(case: Case, *, by: Actor) -> None:
    """Destroy a secret that was typed; a certificate or a trust stays, for the customer may have told the tenant."""
    if ExistingRegistration.objects.filter(case=case, kind="secret").exists():
        forget_typed(case, by=by)


def forget_typed(case: Case, *, by: Actor) -> None:
    """Destroy what is sealed of a registration that was typed, and what belonged to it; the rest stays as typed."""
    row = ExistingRegistration.objects.select_for_update(of=("self",)).filter(case=case).first()
    if row is not None:
        destroy(sealed_id=row.sealed_id, by=by)
        _save(row, sealed_id=None, about={}, certificate_der="", key_ends_at=None)


def move_sign_in(row: SignIn, to: SignInState, *, by: Actor, now: datetime, **changes: Any) -> None:
    """Move a locked sign-in and set `changes`; what it may no longer hold is destroyed. Raises `NotNow`."""
    if to not in SIGN_IN_MOVES[SignInState(row.state)]:
        raise NotNow(state=row.state, wanted=to.value)
    before = row.state
    ended = {} if to in ALIVE else {"next_poll_at": None, "ended_at": now}
    _save(row, state=to, lease_owner="", lease_until=None, **ended, **changes, **_let_go(row, to, by=by))
    event = SIGN_IN_EVENTS.get(to, Event.SIGN_IN_REFUSED)
    _record(event, f"case:{row.case_id}", row.organization_id, by, {"from": before, "to": to.value})


def _let_go(row: SignIn, to: SignInState, *, by: Actor) -> dict[str, Any]:
    """Destroy the code or token that a sign-in must not keep in its next state; what stays is left untouched."""
    gone: dict[str, Any] = {}
    if to is not SignInState.CHECKING:
        destroy(sealed_id=row.identity_id, by=by)
        gone |= {"identity_id": None}
    if to is not SignInState.CODE_READY:
        destroy(sealed_id=row.device_code_id, by=by)
        gone |= {"device_code_id": None, "user_code": ""}
    if to is not SignInState.RETURNED:
        destroy(sealed_id=row.verifier_id, by=by)
        destroy(sealed_id=row.code_id, by=by)
        gone |= {"verifier_id": None, "code_id": None}
    if to not in HOLDS_TOKEN:
        if not token_is_held(row.token_id):  # else the last run that works with it destroys it
            destroy(sealed_id=row.token_id, by=by)
        gone |= {"token_id": None}
    return gone


def _save(row: Case | SignIn | ExistingRegistration, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


def _record(event: Event, subject: str, organization_id: UUID, by: Actor, data: dict[str, str]) -> None:
    record(event, by=by, organization_id=organization_id, subject=subject, data=data)
