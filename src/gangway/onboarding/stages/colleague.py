"""The second administrator: what remains is handed to them, they walk the wizard for their part, the run goes on.

Everything here is about one run that several people work on one after the other; each has a case of their own.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from gangway.audit.record import Actor
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.actions import Rest
from gangway.invitations.errors import ColleagueIsOneself, InvitationsError, NoSuchHandoff
from gangway.invitations.notices import page_for
from gangway.invitations.queries import InvitationView, LinkHeld
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.onboarding.errors import LinkClosed, NotNow
from gangway.onboarding.models import Case, ExistingRegistration
from gangway.onboarding.rows import lock_case, move_case
from gangway.onboarding.stages import sign_in
from gangway.onboarding.states import CaseState
from gangway.organizations.hosts import public_url
from gangway.organizations.place_queries import tenants_of
from gangway.organizations.told import answerable
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as made
from gangway.provisioning.errors import NotWaiting
from gangway.provisioning.queries import Part, WaitingView

BEFORE_SIGNING_IN: Final = frozenset({CaseState.BEGUN, CaseState.IDENTIFYING, CaseState.SIGNING_IN})
AT_A_SIGN_IN: Final = frozenset({CaseState.SIGNING_IN, CaseState.SIGNED_IN})
NOTHING_MADE: Final = "Nothing has been made yet."
ALL_OF_IT: Final = "Sign in at Microsoft, and give what is asked for: the page behind the link lists all of it."
ANY_ROLE: Final = (
    "Application Administrator to begin; Privileged Role Administrator or Global Administrator to finish it"
)
SIGN_IN_AGAIN: Final = "Sign in again; what was made so far is kept."
HANDED_ON: Final = invitations.News(
    "Handed on to another administrator",
    "Nothing has to be done. If the address looks wrong to you, withdraw the link on the invitation's page.",
)
NOBODY_YET = "Nobody was asked to finish it yet: you can send a link from the invitation's page."


def first_case(invitation_id: UUID) -> Case | None:
    """The case of whoever the invitation went to."""
    return Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True).first()


def begin_rest(held: LinkHeld, *, now: datetime) -> tuple[Case, bool]:
    """Find another administrator's case, or make it: it goes on with the first one's run. Raises `LinkClosed`."""
    assert held.handoff_id is not None  # noqa: S101 - the caller looked
    found = Case.objects.filter(handoff_id=held.handoff_id).first()
    if found is not None:
        return found, False
    first = first_case(held.invitation_id)
    if first is None or first.run_id is None:
        raise LinkClosed
    case = Case(
        organization_id=held.organization_id,
        invitation_id=held.invitation_id,
        handoff_id=held.handoff_id,
        service_id=held.service_id,
        provider_id=first.provider_id,
        state=CaseState.IDENTIFYING,
        run_id=first.run_id,
        registration_id=first.registration_id,
        registration_name=first.registration_name,
        created_at=now,
        touched_at=now,
    )
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        return Case.objects.get(handoff_id=held.handoff_id), False
    return case, True


def goes_on_at(case: Case) -> CaseState:
    """Where somebody who comes back goes on: whose part is done sees what is waited for.

    Everybody else signs in, or types a registration that is there already, as they chose last.
    """
    waits = case.handoff_id is None and case.run_id is not None and made.waiting_of(case.run_id) is not None
    if waits:
        return CaseState.WAITING
    types = case.run_id is None and ExistingRegistration.objects.filter(case=case, passed_over=False).exists()
    return CaseState.TYPING if types else CaseState.IDENTIFYING


def hand_off(case: Case, *, colleague: str, by: Actor, now: datetime) -> UUID:
    """Mail a link of their own to another administrator, and tell the operator. `case`: the first one's, locked.

    Before anything is made they get the whole of it, later what remains. Raises at "colleague" what the address's
    rules say; `NothingToHandOff`, `NotNow`.
    """
    if case.run_id is None:
        return _hand_on(case, colleague=colleague, by=by, now=now)
    waits = _waits(case)
    about = invited.invitation(case.invitation_id)
    _is_somebody_else(colleague, about, upn=str(case.signer.get("upn", "")))
    handoff_id = invitations.hand_off(
        invitation_id=about.id, recipient=colleague, domains=waits.domains, rest=rest_of(waits), by=by, now=now
    )
    if by.kind == "administrator":
        asked = f"{by.name} asked {invited.handoff(handoff_id).recipient} to finish it."
        tell_operator(about, waits, asked=asked, by=by)
    return handoff_id


def _hand_on(case: Case, *, colleague: str, by: Actor, now: datetime) -> UUID:
    """Hand over the whole walk: whoever comes by the new link goes on exactly here, with an account of their own."""
    if CaseState(case.state) not in BEFORE_SIGNING_IN and not _cannot_begin(case):
        raise NotNow(state=case.state)
    about = invited.invitation(case.invitation_id)
    _is_somebody_else(colleague, about, upn=case.administrator_upn)
    who = by if by.kind != "administrator" else replace(by, name=str(case.signer.get("upn", "")) or about.recipient)
    rest = Rest(
        done_by=who.name,
        done=(NOTHING_MADE,),
        remaining=(ALL_OF_IT,),
        roles=ANY_ROLE,
        deadline_at=about.lasts_until,
        waits_for=about.approval_until,
    )
    handoff_id = invitations.hand_off(
        invitation_id=about.id, recipient=colleague, domains=_domains(case), rest=rest, by=who, now=now
    )
    if case.state in AT_A_SIGN_IN:
        sign_in.retire(case, by=by, now=now)
        move_case(case, CaseState.IDENTIFYING, by=by, now=now)
    if by.kind == "administrator":
        asked = f"{who.name} asked {invited.handoff(handoff_id).recipient} to sign in instead."
        invitations.tell_operator(invitation_id=about.id, news=HANDED_ON, what=asked, by=by)
    return handoff_id


def _cannot_begin(case: Case) -> bool:
    """Whether whoever signed in turned out to have no right to make the registration, so that all of it remains."""
    can = case.signer.get("can", {})
    return case.state == CaseState.SIGNED_IN and can.get(Part.REGISTRATION.value) == "needs_other"


def waits_now(case: Case, *, by: Actor, now: datetime) -> None:
    """The first one's part is done: keep the invitation open, ask the colleague who was named, tell the operator."""
    waits = made.waiting_of(case.run_id) if case.run_id else None
    if waits is None:
        return
    life = settings.GANGWAY.invitation_days
    invitations.keep_open(invitation_id=case.invitation_id, until=waits.deadline_at + timedelta(days=life))
    about = invited.invitation(case.invitation_id)
    asked = NOBODY_YET
    if case.colleague and case.colleague.casefold() not in _asked(case):
        asked = _ask_named(case, waits, now=now)
    tell_operator(about, waits, asked=asked, by=by)
    if about.reminders_stopped_at is not None:  # asked for before it came to wait
        provisioning.stop_reminders(run_id=waits.run_id, by=by, now=now)


def _ask_named(case: Case, waits: WaitingView, *, now: datetime) -> str:
    """Hand off to whom the first administrator named beforehand; what doesn't work is told, the wait begins anyway."""
    who = Actor(kind="administrator", id="", name=str(case.signer.get("upn", case.administrator_upn)))
    try:
        with transaction.atomic():
            invitations.hand_off(
                invitation_id=case.invitation_id,
                recipient=case.colleague,
                domains=waits.domains,
                rest=rest_of(waits),
                by=who,
                now=now,
            )
    except InvitationsError as error:
        return f"{who.name} named {case.colleague}, but no link was sent: {error.what}"
    return f"{who.name} asked {case.colleague} to finish it."


def remind(case: Case, *, by: Actor, now: datetime) -> None:
    """Remind of what remains, when it is due. Belongs inside a transaction."""
    waits = made.waiting_of(case.run_id) if case.run_id else None
    if waits is None or not provisioning.reminded(run_id=waits.run_id, by=by, now=now):
        return
    invitations.remind_again(invitation_id=case.invitation_id, rest=rest_of(waits), by=by, now=now)


def ask_to_sign_in(case: Case, *, by: Actor, now: datetime) -> bool:
    """Mail whoever was at it that a sign-in is needed once more, with a fresh link: they may have closed the page.

    Says whether a mail went out: none does to whoever's own link was withdrawn meanwhile.
    """
    about = invited.invitation(case.invitation_id)
    upn = str(case.signer.get("upn", case.administrator_upn))
    living = (one for one in invited.handoffs(about.id) if one.revoked_at is None)
    theirs = (one.id for one in living if one.recipient.casefold() == upn.casefold())
    rest = Rest(
        done_by=upn,
        done=(),
        remaining=(SIGN_IN_AGAIN,),
        roles=ANY_ROLE,
        deadline_at=about.lasts_until,
        waits_for=about.approval_until,
    )
    try:
        invitations.ask_again(
            invitation_id=about.id, handoff_id=case.handoff_id or next(theirs, None), rest=rest, by=by, now=now
        )
    except NoSuchHandoff:
        return False
    return True


def check_now(case: Case, *, by: Actor, now: datetime) -> None:
    """*Check now*. Raises `NotWaiting`, `NothingToSee`, `CheckedJustNow`, `NotNow`."""
    provisioning.check_now(run_id=_run(case), by=by, now=now)


def plan_for(case: Case, *, day: date | None, by: Actor, now: datetime) -> None:
    """Say when it is planned for: links last beyond it. Raises `NotADayToPlan` at "planned_on", `NotWaiting`."""
    provisioning.plan_for(run_id=_run(case), day=day, by=by, now=now)
    invitations.wait_for_day(invitation_id=case.invitation_id, day=day, by=by, now=now)


def stop_reminders(case: Case, *, by: Actor, now: datetime) -> None:
    """No more reminders, neither of the wait nor before the invitation's end. Raises `NotWaiting`, `NotNow`."""
    provisioning.stop_reminders(run_id=_run(case), by=by, now=now)
    invitations.stop_reminders(invitation_id=case.invitation_id, by=by, now=now)


def stop_all_reminders(invitation_id: UUID, *, by: Actor, now: datetime) -> None:
    """No more reminders of an invitation, be anything waited for or not: one request is enough for all of them."""
    case = first_case(invitation_id)
    run_id = lock_case(case.pk).run_id if case is not None else None
    if run_id is not None:
        with suppress(NotWaiting):
            provisioning.stop_reminders(run_id=run_id, by=by, now=now)
    invitations.stop_reminders(invitation_id=invitation_id, by=by, now=now)


def rest_of(waits: WaitingView) -> Rest:
    """What mails tell of a wait."""
    return Rest(
        done_by=waits.done_by,
        done=waits.done,
        remaining=tuple(row.words for row in waits.remaining),
        roles="; ".join(waits.who),
        deadline_at=waits.deadline_at,
        waits_for=waits.planned_on,
    )


def tell_operator(about: InvitationView, waits: WaitingView, *, asked: str, by: Actor) -> None:
    """Tell whoever issued the invitation, or who stands in for them; the lists show it to all others."""
    rest = rest_of(waits)
    for one in answerable(about.created_by_id, about.organization_id):
        page = page_for(one, about.id, service_id=about.service_id, organization_id=about.organization_id)
        outbox.put(
            organization_id=about.organization_id,
            kind=MessageKind.OPERATOR_WAITING,
            to=one.email,
            language="en",
            context={
                "customer": about.customer_name,
                "service": about.service_short_name,
                "done_by": rest.done_by,
                "remaining": "\n".join(f"- {line}" for line in rest.remaining),
                "roles": rest.roles,
                "asked": asked,
                "deadline": time_in_words(rest.deadline_at),
                "page": f"{public_url(one.organization_id)}{page}",
            },
            link=None,
            subject_ref=f"waiting:{about.id}",
            by=by,
        )


def _waits(case: Case) -> WaitingView:
    waits = made.waiting_of(_run(case))
    if waits is None:
        raise NotNow
    return waits


def _run(case: Case) -> UUID:
    if case.run_id is None:
        raise NotNow
    return case.run_id


def check_colleague(case: Case, address: str, *, upn: str) -> str:
    """Return whom an administrator names for the rest; raises at "colleague" what the rules say.

    `upn`: the administrator's own. Before anybody has signed in, the customer's own domains are all that is known
    besides the invitation's.
    """
    _is_somebody_else(address, invited.invitation(case.invitation_id), upn=upn)
    return invitations.check_colleague(invitation_id=case.invitation_id, recipient=address, domains=_domains(case))


def _is_somebody_else(address: str, about: InvitationView, *, upn: str) -> None:
    """Raise `ColleagueIsOneself` at "colleague" for whoever is at it, or has the invitation's own links."""
    if address.strip().casefold() in {upn.casefold(), about.recipient.casefold()} - {""}:
        raise ColleagueIsOneself(field="colleague")


def _domains(case: Case) -> set[str]:
    known = {one.domain for one in tenants_of(case.organization_id)} - {""}
    return {*case.signer.get("domains", ()), *known}


def _asked(case: Case) -> set[str]:
    return {one.recipient.casefold() for one in invited.handoffs(case.invitation_id)}


def let_go(case: Case, *, by: Actor, now: datetime) -> None:
    """End what a locked case of a withdrawn link still holds; a run at work is let finish."""
    if CaseState(case.state) in {CaseState.PROVISIONING, CaseState.DONE, CaseState.ABANDONED}:
        return
    sign_in.let_go(case, by=by, now=now)
