"""Reads of this room. Everything returned is a plain frozen value from `shapes`, and only `user_code` shows a code.

The wizard's reads enter the case's scope by themselves; the operator's are called inside the operator's scope.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.invitations.queries import LinkDead, LinkHeld
from gangway.invitations.waiting_for import latest_day
from gangway.microsoft import dictionary
from gangway.microsoft.errors import PolicyBlocked
from gangway.onboarding import applications, case_view, operator_view, plans
from gangway.onboarding.disconnections import sign_in_address
from gangway.onboarding.errors import NoSuchCase, NoSuchOnboarding
from gangway.onboarding.existing_view import by_hand_of, end_is_unknown
from gangway.onboarding.models import Case, OperatorOnboarding, SignIn
from gangway.onboarding.rows import scope_of_case, scope_of_run
from gangway.onboarding.shapes import (
    AskedBy,
    Asker,
    CaseView,
    CheckItemView,
    Done,
    NextMove,
    Offer,
    OperatorOnboardingView,
    Part,
    PortalPath,
    Problem,
    SignerView,
    SignInApplicationView,
    SignInView,
    Step,
    Unfinished,
    ValidationView,
)
from gangway.onboarding.stages import redirect
from gangway.onboarding.stages.sign_in import page_context
from gangway.onboarding.states import SignInState
from gangway.organizations.scope import within
from gangway.organizations.taken_over import named
from gangway.provisioning.by_hand import ByHand
from gangway.provisioning.errors import RegistrationNameTaken
from gangway.provisioning.queries import Change
from gangway.provisioning.support import bundle
from gangway.provisioning.tenants import is_taken
from gangway.services.names import broken_rules
from gangway.services.states import Lifecycle
from gangway.vault.page_codes import unveil

MOST_UNFINISHED: Final = 50

__all__ = [
    "AskedBy",
    "CaseView",
    "CheckItemView",
    "Done",
    "LinkDead",
    "NextMove",
    "Offer",
    "OperatorOnboardingView",
    "Part",
    "PortalPath",
    "Problem",
    "SignInApplicationView",
    "SignInView",
    "SignerView",
    "Step",
    "Unfinished",
    "ValidationView",
    "asked_by",
    "asked_by_run",
    "by_hand_of_case",
    "case",
    "case_of_invitation",
    "explained",
    "latest_approval",
    "name_faults",
    "offer",
    "onboarding",
    "onboarding_of_invitation",
    "onboardings_of",
    "own_view_of",
    "plan_changes",
    "redirect_works",
    "secret_end_is_unknown",
    "sign_in_applications",
    "unfinished",
    "user_code",
    "validation",
]


def offer(token: SealedText) -> Offer | LinkDead | None:
    """Return what a link offers, for the page before *Continue*; None for a stranger. Nothing changes."""
    held = invited.by_token(token)
    if not isinstance(held, LinkHeld):
        return held
    with within(held.organization_path):
        about = invited.invitation(held.invitation_id)
        return case_view.offer_of_rest(about, held.handoff_id) if held.handoff_id else case_view.offer_of(about)


def asked_by(token: SealedText) -> AskedBy | None:
    """Return who asks for what by a link, a dead one too; None for one that never was."""
    held = invited.by_token(token)
    if held is None:
        return None
    with within(held.organization_path):
        about = invited.invitation(held.invitation_id)
        return AskedBy(
            asker=case_view.asker_of(about),
            customer_name=about.customer_name,
            service_name=about.service_full_name,
            matching_phrase=about.matching_phrase,
            invitation_id=about.id,
            reminders_stopped=about.reminders_stopped_at is not None,
            asked_at=about.asked_again_at,
            language=about.language,
        )


def own_view_of(held: LinkDead) -> str:
    """Return where the administrators of what a link has connected sign in from now on; empty where that isn't."""
    with within(held.organization_path):
        return sign_in_address(invited.invitation(held.invitation_id).organization_id)


def case(case_id: UUID, *, now: datetime | None = None) -> CaseView:
    """Return everything the wizard's pages need about a case; raises `NoSuchCase`."""
    with scope_of_case(case_id):
        row = Case.objects.filter(pk=case_id).select_related("sign_in").first()
        if row is None:
            raise NoSuchCase
        return case_view.view_of(row, now=now or clock.now())


def asked_by_run(run_id: UUID) -> tuple[Asker, str]:
    """Return who asks whoever comes back about a run from Microsoft's page, in which language; raises `NoSuchCase`."""
    with scope_of_run(run_id) as case_id:
        invitation_id = Case.objects.values_list("invitation_id", flat=True).get(pk=case_id)
        about = invited.invitation(invitation_id)
        return case_view.asker_of(about), about.language


def plan_changes(case_id: UUID, *, seen: str = "") -> tuple[Change, ...]:
    """Return what is asked for otherwise than in the plan that somebody saw, or (empty) that they went on with."""
    with scope_of_case(case_id):
        invitation_id = Case.objects.values_list("invitation_id", flat=True).get(pk=case_id)
        return plans.changes_since(invitation_id, seen or invited.invitation(invitation_id).agreed_fingerprint)


def latest_approval(case_id: UUID, *, now: datetime) -> date:
    """Return the last day until which somebody behind a link may have it wait for an approval."""
    with scope_of_case(case_id):
        invitation_id = Case.objects.values_list("invitation_id", flat=True).get(pk=case_id)
        return latest_day(invitation_id, by_operator=False, now=now)


def user_code(case_id: UUID) -> str:
    """Return the code to type at Microsoft, for this rendering only; empty when there is none to show."""
    with scope_of_case(case_id):
        row = SignIn.objects.filter(case_id=case_id, state=SignInState.CODE_READY).first()
    if row is None or not row.user_code:
        return ""
    return unveil(row.user_code, context=page_context(row.pk)).reveal()


def redirect_works(offer: Offer, *, host: str) -> bool:
    """Whether Microsoft can send a browser back that is here under this host name, as far as anybody knows."""
    if not offer.login_origin or offer.sign_in_application is None:
        return False
    back = redirect.return_address(host)
    return redirect.may_be_listed(back) and back not in offer.sign_in_application.unlisted


class Meaning(NamedTuple):
    """What an error on Microsoft's own page means, what to do, and if it is a policy that perhaps lets another way."""

    what: str
    cure: str
    is_policy: bool


def explained(number: str) -> Meaning | None:
    """Say what an AADSTS number means and what to do, by the dictionary of Microsoft's errors; None for an unknown."""
    entry = dictionary.of_signal(f"AADSTS{number}")
    if entry is None:
        return None
    words = entry.words.with_facts(dictionary.NO_FACTS)
    return Meaning(words.what, words.cure, is_policy=entry.error == PolicyBlocked.__name__)


def support_bundle(case_id: UUID, *, now: datetime) -> str:
    """The support bundle of a case's run, for the administrator's IT team. Raises NoSuchCase while there is no run."""
    with scope_of_case(case_id):
        run_id = Case.objects.values_list("run_id", flat=True).get(pk=case_id)
        if run_id is None:
            raise NoSuchCase
        return bundle(run_id, now=now)


def case_of_invitation(invitation_id: UUID) -> CaseView | None:
    """Return the case of an invitation, so that an operator sees the same step and problem as the administrator."""
    rows = Case.objects.filter(invitation_id=invitation_id, handoff__isnull=True)
    row = rows.select_related("sign_in").first()
    return None if row is None else case_view.view_of(row, now=clock.now())


def onboarding(onboarding_id: UUID) -> OperatorOnboardingView:
    """Return everything the Onboarding wizard's pages need; raises `NoSuchOnboarding`."""
    return operator_view.view_of(_onboarding(onboarding_id))


def validation(onboarding_id: UUID) -> ValidationView:
    """Return the live result of the validation; raises `NoSuchOnboarding`."""
    return operator_view.validation_of(_onboarding(onboarding_id))


def by_hand_of_case(case_id: UUID) -> ByHand:
    """Return a case's plan as a script and as steps to click. Raises `NoSuchCase`, `PlanUnknown`."""
    with scope_of_case(case_id):
        return by_hand_of(Case.objects.values_list("invitation_id", flat=True).get(pk=case_id))


def secret_end_is_unknown(case_id: UUID) -> bool:
    """Say whether a case ended with a secret whose end nobody could read or typed."""
    with scope_of_case(case_id):
        return end_is_unknown(Case.objects.get(pk=case_id)) is not None


def name_faults(case_id: UUID, typed: str) -> tuple[str, ...]:
    """Return a sentence for each thing that is wrong with a name for a case's registration; *Start* decides."""
    if sentences := broken_rules(typed):
        return sentences
    with scope_of_case(case_id):
        row = Case.objects.get(pk=case_id)
        own = invited.invitation(row.invitation_id).registration_id
        taken = is_taken(typed, tenant_id=str(row.signer.get("tenant_id", "")), but=own)
    return (RegistrationNameTaken.what, RegistrationNameTaken.cure) if taken else ()


def onboarding_of_invitation(invitation_id: UUID) -> UUID | None:
    """Return what *Add* made of an invitation, to go on with it; None before *Add*."""
    return OperatorOnboarding.objects.filter(invitation_id=invitation_id).values_list("pk", flat=True).first()


def onboardings_of(invitation_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the unfinished onboardings of several invitations in one query, by invitation."""
    rows = OperatorOnboarding.objects.filter(invitation_id__in=list(invitation_ids), finished_at__isnull=True)
    return dict(rows.values_list("invitation_id", "pk"))


def unfinished(*, customer_id: UUID | None = None, service_id: UUID | None = None) -> tuple[Unfinished, ...]:
    """Return what was added in the scope and isn't created yet, newest first; of one customer or service, if named."""
    rows = OperatorOnboarding.objects.filter(finished_at__isnull=True, service__lifecycle=Lifecycle.PLANNED.value)
    if customer_id is not None:
        rows = rows.filter(organization_id=customer_id)
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    found = rows.select_related("service", "organization").order_by("-added_at", "id")[:MOST_UNFINISHED]
    return tuple(
        Unfinished(
            id=row.pk,
            invitation_id=row.invitation_id,
            service_short_name=row.service.short_name,
            customer_name=row.organization.name,
            added_by=named(row.added_by_name, at=row.added_at, moved_at=row.organization.moved_at),
            added_at=row.added_at,
        )
        for row in found
    )


def sign_in_applications(provider_id: UUID | None = None) -> list[SignInApplicationView]:
    """Return the sign-in applications of this server, or of one provider. Client ids are no secrets."""
    return applications.listed(provider_id)


def _onboarding(onboarding_id: UUID) -> OperatorOnboarding:
    row = OperatorOnboarding.objects.filter(pk=onboarding_id).select_related("case").first()
    if row is None:
        raise NoSuchOnboarding
    return row
