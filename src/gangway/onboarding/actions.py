"""What people do on the way aboard.

The wizard's actions enter the case's scope by themselves; the operator's are called inside the operator's scope.
Each is one transaction: the state, its audit event and its job happen together or not at all.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations import tenants
from gangway.onboarding import applications, operator, plans
from gangway.onboarding.errors import NotNow, SignInTooOld
from gangway.onboarding.models import Case
from gangway.onboarding.rows import lock_case, lock_onboarding, lock_sign_in, move_case, scope_of_case, scope_of_run
from gangway.onboarding.shapes import Begun, Departure
from gangway.onboarding.signed_in import note_left, where_signed_in
from gangway.onboarding.stages import colleague as stage
from gangway.onboarding.stages import invitation, redirect, registration, sign_in
from gangway.onboarding.states import CaseState, SignInState
from gangway.provisioning import actions as provisioning
from gangway.provisioning.queries import PlanChanged

# The administrator's side


def begin_case(*, token: SealedText, by: Actor, now: datetime) -> Begun:
    """*Continue*: trade the link for its case; coming back continues the same one. Raises `LinkClosed`."""
    return invitation.begin(token=token, by=by, now=now)


def choose_new(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Create New App Registration*. Further on already: nothing changes. Raises `LinkClosed`, `NoSuchCase`."""
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.state in {CaseState.BEGUN, CaseState.ABANDONED}:
            move_case(case, CaseState.IDENTIFYING, by=by, now=now)


def choose_again(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Back* to the page on which the ways are chosen; what was typed is kept, a typed secret is not.

    Raises `LinkClosed`; `NotNow` once something is being made, and for somebody who does the rest only.
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.run_id is not None or case.handoff_id is not None:
            raise NotNow(state=case.state)
        if case.state not in {CaseState.BEGUN, CaseState.ABANDONED}:
            move_case(case, CaseState.BEGUN, by=by, now=now)
            note_left(case, by=by, now=now)


def choose_features(
    *, case_id: UUID, declined: Collection[str], unit: str = "", seen: str, by: Actor, now: datetime
) -> None:
    """Decline optional features, or take that back, and name the administrative unit. `seen`: the plan's fingerprint.

    Raises `PlanChanged` when the plan is another one by now, `PlanIsFixed`, `LinkClosed`, and at "unit" UnitMalformed.
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        plans.decline(case, declined=declined, unit=unit, seen=seen, by=by, now=now)


def await_approval(*, case_id: UUID, day: date, by: Actor, now: datetime) -> None:
    """Somebody must agree first, until the end of this day. Raises `DayNotPossible` at "approval_on", `LinkClosed`."""
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        invitations.await_approval(invitation_id=case.invitation_id, day=day, by=by, now=now)


def start_authentication(
    *,
    case_id: UUID,
    upn: str,
    seen: str = "",
    declined: Collection[str] | None = None,
    unit: str = "",
    colleague: str | None = None,
    by: Actor,
    now: datetime,
) -> UUID:
    """*Start Authentication*: have a worker get a device code; an earlier sign-in of the case is replaced.

    `seen`: fingerprint of the plan that the person saw, who agrees to it by going on; `declined` and `unit` are chosen
    in the same breath, as by `choose_features` (None: nothing to choose). `colleague`: who else will grant consent and
    roles; this sign-in then asks for the registration's rights alone. Returns the sign-in's id.

    Raises `NotAPrincipalName`, `GuestName`, `TooManySignIns` (all at "upn"), UnitNotNamed and UnitMalformed at "unit",
    `InvalidRecipient`, `ColleagueElsewhere` and `ColleagueIsOneself` at "colleague", `PlanChanged`,
    `NoSignInApplication`, `LinkClosed`, `NotNow` (a run is under way or has succeeded).
    """
    checked = sign_in.check_upn(upn)
    with scope_of_case(case_id), transaction.atomic():
        case = _identified(
            case_id, checked, seen=seen, declined=declined, unit=unit, colleague=colleague, by=by, now=now
        )
        return sign_in.ask(case, upn=checked, by=by, now=now).pk


def sign_in_with_microsoft(
    *,
    case_id: UUID,
    upn: str,
    host: str,
    seen: str = "",
    declined: Collection[str] | None = None,
    unit: str = "",
    colleague: str | None = None,
    by: Actor,
    now: datetime,
) -> Departure:
    """*Sign in with Microsoft*: say where to send the browser, which comes back under the same host name.

    Everything else is as with `start_authentication`. Raises `NotThisWay` besides.
    """
    checked = sign_in.check_upn(upn)
    with scope_of_case(case_id), transaction.atomic():
        case = _identified(
            case_id, checked, seen=seen, declined=declined, unit=unit, colleague=colleague, by=by, now=now
        )
        return redirect.leave(case, upn=checked, host=host, by=by, now=now)


def _identified(
    case_id: UUID,
    upn: str,
    *,
    seen: str,
    declined: Collection[str] | None,
    unit: str,
    colleague: str | None,
    by: Actor,
    now: datetime,
) -> Case:
    """Lock the case of somebody who goes on with a plan they saw, whichever way they then sign in."""
    case = invitation.open_case(case_id, now=now)
    if declined is not None:
        seen = plans.decline(case, declined=declined, unit=unit, seen=seen, by=by, now=now)
    plans.agree(case, seen=seen)
    if colleague is not None and case.handoff_id is None:
        case.colleague = stage.check_colleague(case, colleague, upn=upn) if colleague.strip() else ""
        case.save(update_fields=["colleague"])
    if case.state != CaseState.IDENTIFYING:
        move_case(case, CaseState.IDENTIFYING, by=by, now=now)
    return case


def take_a_code(*, case_id: UUID, by: Actor, now: datetime) -> UUID:
    """Switch to the code, with the account that was named; the other attempt ends. Raises as `start_authentication`."""
    with scope_of_case(case_id), transaction.atomic():
        return sign_in.ask(_switching(case_id, by=by, now=now), upn=_named(case_id), by=by, now=now).pk


def take_the_redirect(*, case_id: UUID, host: str, by: Actor, now: datetime) -> Departure:
    """Switch to the redirect, or go there once more; the other attempt ends. Raises as `sign_in_with_microsoft`."""
    with scope_of_case(case_id), transaction.atomic():
        return redirect.leave(_switching(case_id, by=by, now=now), upn=_named(case_id), host=host, by=by, now=now)


def _switching(case_id: UUID, *, by: Actor, now: datetime) -> Case:
    """Lock a case in the middle of a sign-in whose plan is still the agreed one. Raises `NotNow`, `PlanChanged`."""
    case, about = invitation.open_with_invitation(case_id, now=now)
    if case.state != CaseState.SIGNING_IN:
        raise NotNow
    if not plans.is_agreed(about):
        raise PlanChanged
    sign_in.retire(case, by=by, now=now)
    move_case(case, CaseState.IDENTIFYING, by=by, now=now)
    return case


def _named(case_id: UUID) -> str:
    return Case.objects.values_list("administrator_upn", flat=True).get(pk=case_id)


def come_back(*, case_id: UUID, returned: Mapping[str, str], begun: Collection[str], by: Actor, now: datetime) -> None:
    """Microsoft sent the browser back. With `come_back_from_consent` the only thing that a GET moves.

    `returned`: the query; `begun`: the marks of the departures that this very browser session was given. Raises
    `NotBegunHere`, `AttemptReplaced`, `AnswerTooLate`, `AnswerUsed`, `LinkClosed`.
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        redirect.come_back(case, returned=returned, begun=begun, by=by, now=now)


def tell_blocked(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Microsoft blocks me*: end the sign-in that could only go on waiting, and say why. Raises `NotNow`."""
    with scope_of_case(case_id), transaction.atomic():
        sign_in.tell_blocked(invitation.open_case(case_id, now=now), by=by, now=now)


def say_tenant_is_theirs(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Tell my provider that this is our Microsoft 365*, after a refusal for that. Raises `NotNow`, `LinkClosed`."""
    with scope_of_case(case_id), transaction.atomic():
        row = lock_sign_in(invitation.open_case(case_id, now=now))
        if row is None or row.state != SignInState.WRONG_TENANT:
            raise NotNow
        tenants.say_it_is_theirs(
            invitation_id=row.case.invitation_id, where=where_signed_in(row.signer), by=by, now=now
        )


def sign_in_again(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """Back to *who you are*, from any problem or as somebody else; what was made so far is kept.

    Raises `LinkClosed`, `NotNow` (a run is under way or has succeeded).
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.state != CaseState.IDENTIFYING:
            sign_in.retire(case, by=by, now=now)
            move_case(case, CaseState.IDENTIFYING, by=by, now=now)


def confirm_other_person(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """Go on, knowingly, with another account than the one that was named. Raises `NotNow`, `LinkClosed`."""
    with scope_of_case(case_id), transaction.atomic():
        sign_in.confirm_other_person(invitation.open_case(case_id, now=now), by=by, now=now)


def confirm_signed_in(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Next Step*, after seeing who signed in to which tenant. Raises `NotNow`, `LinkClosed`."""
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.state != CaseState.NAMING:
            move_case(case, CaseState.NAMING, by=by, now=now)


def do_my_part(*, case_id: UUID, colleague: str, by: Actor, now: datetime) -> None:
    """*Do my part and ask a colleague for the rest*: *Next Step*, and whom to ask once this person's part is done.

    Nobody named: they can be named afterwards. Raises `InvalidRecipient`, `ColleagueElsewhere` and `ColleagueIsOneself`
    at "colleague"; `NotNow`, `LinkClosed`.
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.state != CaseState.NAMING:
            move_case(case, CaseState.NAMING, by=by, now=now)
        upn = str(case.signer.get("upn", ""))
        case.colleague = stage.check_colleague(case, colleague, upn=upn) if colleague.strip() else ""
        case.save(update_fields=["colleague"])


def hand_off(*, case_id: UUID, colleague: str, by: Actor, now: datetime) -> None:
    """Send another administrator a link of their own for what remains; the operator is told.

    Raises at "colleague" what the address's rules say; `NothingToHandOff`, `NotNow`, `LinkClosed`.
    """
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if case.handoff_id is not None:
            raise NotNow
        stage.hand_off(case, colleague=colleague, by=by, now=now)


def check_now(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*Check now*: see whether what remains has come. Raises `NotWaiting`, `NothingToSee`, `CheckedJustNow`."""
    with scope_of_case(case_id), transaction.atomic():
        stage.check_now(invitation.open_case(case_id, now=now), by=by, now=now)


def back_to_waiting(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """Back from *who you are* to what is waited for. Raises `NotNow` when nothing is."""
    with scope_of_case(case_id), transaction.atomic():
        case = invitation.open_case(case_id, now=now)
        if stage.goes_on_at(case) is not CaseState.WAITING:
            raise NotNow
        move_case(case, CaseState.WAITING, by=by, now=now)


def plan_for(*, case_id: UUID, day: date | None, by: Actor, now: datetime) -> None:
    """*It is planned for …*: no reminder goes out before. Raises `NotADayToPlan` at "planned_on", `NotWaiting`."""
    with scope_of_case(case_id), transaction.atomic():
        stage.plan_for(invitation.open_case(case_id, now=now), day=day, by=by, now=now)


def stop_reminders(*, case_id: UUID, by: Actor, now: datetime) -> None:
    """*No more reminders*. Raises `NotWaiting`, `NotNow`."""
    with scope_of_case(case_id), transaction.atomic():
        stage.stop_reminders(invitation.open_case(case_id, now=now), by=by, now=now)


def come_back_from_consent(*, run_id: UUID, now: datetime) -> None:
    """Somebody comes back from Microsoft's consent page: look soon. That they say so proves nothing.

    One of two things that a GET moves: a look that would come anyway comes earlier. Raises `NoSuchCase`.
    """
    by = Actor.system("consent page")
    with scope_of_run(run_id) as case_id:
        provisioning.check_beside(run_id, by=by, now=now)
        with transaction.atomic(), suppress(GangwayError):
            stage.check_now(invitation.open_case(case_id, now=now), by=by, now=now)


def finish_rest(*, case_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Finish the connection*: the run goes on with another administrator's sign-in. Raises as `start_provisioning`."""
    confirm_signed_in(case_id=case_id, by=by, now=now)
    return start_provisioning(case_id=case_id, name="", by=by, now=now)


def start_provisioning(
    *, case_id: UUID, name: str, credential_days: int | None = None, by: Actor, now: datetime
) -> UUID:
    """*Start Provisioning*: a run makes the registration, or the resting run goes on. Returns the run's id.

    `credential_days`: fewer than planned. Raises at "name" and "days" what their rules say; `SignInTooOld` when the
    token's time is (nearly) over, `PlanChanged` when the plan isn't the agreed one any more: the case is then back at
    *who you are*. `NotNow`, `LinkClosed`.
    """
    with scope_of_case(case_id):
        with transaction.atomic():
            case, about = invitation.open_with_invitation(case_id, now=now)
            if case.state != CaseState.NAMING:
                raise NotNow(state=case.state)
            agreed, held = plans.is_agreed(about), registration.fresh_sign_in(case, now=now)
            if agreed and held is not None:
                days = credential_days
                return registration.start(case, about, held, name=name, credential_days=days, by=by, now=now)
            sign_in.retire(case, by=by, now=now)
            move_case(case, CaseState.IDENTIFYING, by=by, now=now)
        raise SignInTooOld if agreed else PlanChanged


# The operator's side


@transaction.atomic
def hand_off_for_operator(*, invitation_id: UUID, colleague: str, by: Actor, now: datetime) -> None:
    """Send another administrator of the customer a link for what remains. Raises as `hand_off`."""
    stage.hand_off(_first_case(invitation_id), colleague=colleague, by=by, now=now)


@transaction.atomic
def check_now_for_operator(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """*Check now*, on the operator's side. Raises as `check_now`."""
    stage.check_now(_first_case(invitation_id), by=by, now=now)


@transaction.atomic
def plan_for_operator(*, invitation_id: UUID, day: date | None, by: Actor, now: datetime) -> None:
    """The customer told the operator when it is planned for. Raises as `plan_for`."""
    stage.plan_for(_first_case(invitation_id), day=day, by=by, now=now)


@transaction.atomic
def stop_reminders_for_operator(*, invitation_id: UUID, by: Actor, now: datetime) -> None:
    """*No more reminders*, on the operator's side, whether anything is waited for or not. Raises `NoSuchInvitation`."""
    stage.stop_all_reminders(invitation_id, by=by, now=now)


@transaction.atomic
def withdraw_handoff(*, handoff_id: UUID, by: Actor, now: datetime) -> None:
    """Withdraw another administrator's link: whoever uses it now is stopped, their token destroyed.

    Where they walk in the first one's case, as before anything was made, it is let go of with them: nobody can tell
    whose code or token it holds. What their run does at this moment is let finish. Raises `NoSuchHandoff`; once more
    changes nothing.
    """
    own = Case.objects.filter(handoff_id=handoff_id).first()
    case = own or stage.first_case(invited.handoff(handoff_id).invitation_id)
    locked = lock_case(case.pk) if case else None
    one = invited.handoff(handoff_id)
    if one.revoked_at is not None:
        return
    shared = own is None and one.opened_at is not None
    invitations.revoke_handoff(handoff_id=handoff_id, shared=shared, by=by, now=now)
    if locked is not None and (own or shared):
        stage.let_go(locked, by=by, now=now)


def _first_case(invitation_id: UUID) -> Case:
    found = stage.first_case(invitation_id)
    if found is None:
        raise NotNow
    return lock_case(found.pk)


def add_pending(*, invitation_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Add*: take an authenticated invitation over; exactly one of two at the same time gets it.

    Returns the onboarding's id, to the winner also when pressed again. Raises `AlreadyAdded`, `NotReadyToAdd`,
    `TenantNotTheirs`.
    """
    return operator.add(invitation_id, by=by, now=now)


@transaction.atomic
def validate(*, onboarding_id: UUID, by: Actor, now: datetime) -> None:
    """*Next* on the details, and *Check again*: a worker looks at the registration. Raises `NoSuchOnboarding`."""
    operator.ask_validation(lock_onboarding(onboarding_id), by=by, now=now)


@transaction.atomic
def confirm_tenant(*, onboarding_id: UUID, by: Actor, now: datetime) -> None:
    """Agree to *This is their tenant*, asked where no domain was known. Raises `NoSuchOnboarding`."""
    operator.confirm_tenant(lock_onboarding(onboarding_id), by=by, now=now)


@transaction.atomic
def accept_validation(*, onboarding_id: UUID, by: Actor, now: datetime) -> None:  # noqa: ARG001 - actions are alike
    """*Next* on the validation. Raises `NotValidated` while it runs, and when the credentials don't work."""
    operator.accept_validation(lock_onboarding(onboarding_id), by=by)


@transaction.atomic
def save_microsoft_settings(*, onboarding_id: UUID, domain: str, by: Actor, now: datetime) -> None:  # noqa: ARG001
    """*Next* on Microsoft 365 Settings. Raises `NotAVerifiedDomain` at "domain", `NotNow`."""
    operator.save_settings(lock_onboarding(onboarding_id), domain=domain, by=by)


@transaction.atomic
def accept_prerequisites(*, onboarding_id: UUID, by: Actor, now: datetime) -> None:  # noqa: ARG001 - actions are alike
    """*Next* on the prerequisites. Raises `NotNow`."""
    operator.accept_prerequisites(lock_onboarding(onboarding_id), by=by)


@transaction.atomic
def finish(*, onboarding_id: UUID, by: Actor, now: datetime) -> UUID:
    """*Create service*. Returns the service's id, also when pressed again. Raises `NotReady` with what is missing."""
    return operator.finish(lock_onboarding(onboarding_id), by=by, now=now)


# Set-up


def register_sign_in_application(
    *, provider_id: UUID, client_id: str, home_tenant_id: str, cloud: str = "public", by: Actor, now: datetime
) -> UUID:
    """Tell Gangway the application that a provider's customers sign in to; once more changes it.

    `client_id`: its Application (client) ID; `home_tenant_id`: the tenant it was registered in, which no customer can
    connect. Raises `NotAGuid` at its field, `NoSuchOrganization`.
    """
    return applications.register(
        provider_id=provider_id, client_id=client_id, home_tenant_id=home_tenant_id, cloud=cloud, by=by, now=now
    )
