"""From a case's rows to what the wizard's pages show."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.actions import check_colleague
from gangway.invitations.errors import InvitationsError
from gangway.invitations.letters import MINUTES, whole_role
from gangway.invitations.queries import InvitationView
from gangway.invitations.states import State
from gangway.microsoft.cloud import Cloud
from gangway.onboarding import applications, done_view, expected, problems, repairs
from gangway.onboarding.existing_view import existing_of
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.shapes import Asker, Assisted, CaseView, Offer, Part, SignerView, SignInView, Step
from gangway.onboarding.stages.invitation import why_closed_to
from gangway.onboarding.stages.registration import is_in_use
from gangway.onboarding.stages.sign_in import what_remains, words_of
from gangway.onboarding.states import AT_MICROSOFT, CaseState, SignInState, Way
from gangway.organizations import queries as organizations
from gangway.organizations.people_queries import works_above
from gangway.provisioning import queries as provisioning
from gangway.provisioning.beside_view import beside_of
from gangway.provisioning.queries import WaitingView
from gangway.provisioning.tenants import free_name, in_tenant
from gangway.services.queries import service

PARTS: Final = {
    "registration": "Create the app registration and its secret",
    "consent": "Consent to the permissions",
    "roles": "Give the registration its directory roles",
}


STEP_OF: Final = {
    CaseState.BEGUN: Step.CHOOSE,
    CaseState.ABANDONED: Step.CHOOSE,
    CaseState.IDENTIFYING: Step.WHO,
    CaseState.TYPING: Step.USE,
    CaseState.PROVING: Step.PROVING,
    CaseState.SIGNING_IN: Step.CODE,
    CaseState.SIGNED_IN: Step.SIGNED_IN,
    CaseState.NAMING: Step.NAME,
    CaseState.PROVISIONING: Step.PROVISIONING,
    CaseState.WAITING: Step.WAITING,
    CaseState.NEEDS_SIGN_IN: Step.PROVISIONING,
    CaseState.FAILED: Step.PROVISIONING,
    CaseState.DONE: Step.DONE,
}
"""The page of the wizard on which a case stands."""

LONG: Final = timedelta(minutes=4)
"""Whoever is at Microsoft for longer has met something there that isn't told to us."""
AT_REST: Final = frozenset({CaseState.WAITING, CaseState.NEEDS_SIGN_IN, CaseState.FAILED})
"""In these a case shows why; afterwards its row still knows what Microsoft said about the name."""


def offer_of(about: InvitationView, *, rest: WaitingView | None = None, until: datetime | None = None) -> Offer:
    """Say what an invitation offers: who asks, for whom, for what, until when, and what exactly will be made."""
    planned, customer = service(about.service_id), organizations.customer(about.organization_id)
    repair = None if rest else repairs.repair_asked(about, now=clock.now())
    return Offer(
        invitation_id=about.id,
        invitation_state=about.state.value,
        asker=asker_of(about),
        customer_name=about.customer_name,
        service_id=about.service_id,
        service_short_name=about.service_short_name,
        service_full_name=about.service_full_name,
        licence=planned.licence.label,
        licensed_users=planned.licensed_users,
        matching_phrase=about.matching_phrase,
        expires_at=until or about.lasts_until,
        approval_until=about.approval_until if about.state is State.WAITING_FOR_APPROVAL else None,
        minutes=int(MINUTES),
        plan=provisioning.explain(about.plan),
        plan_fingerprint=about.plan_fingerprint,
        expected_domain=customer.domain,
        sign_in_application=applications.find(about.provider_id, cloud=customer.cloud),
        asks=provisioning.asked_at_microsoft(about.plan, parts=repair.parts, reads_roles=True)
        if repair
        else provisioning.asked_at_microsoft(about.plan),
        for_own=works_above(about.recipient, about.organization_id),
        login_origin=Cloud.of(settings.GANGWAY, customer.cloud).pages,
        rest=rest,
        purpose=about.purpose,
        changes=about.changes,
        whole_role=whole_role(repair.parts) if repair else "",
        keeps_credential=repair is not None and not repair.own.renews,
        kept_beside=frozenset(name for name, one in repair.beside.items() if not one.made) if repair else frozenset(),
        language=about.language,
    )


def offer_of_rest(about: InvitationView, handoff_id: UUID) -> Offer:
    """Say what another administrator is asked for: only what remains, until their own link's end."""
    first = Case.objects.filter(invitation_id=about.id, handoff__isnull=True).first()
    rest = provisioning.rest_of(first.run_id) if first and first.run_id else None
    beside = tuple(one for one in beside_of(about.registration_id, about.plan) if one.waiting)
    offer = offer_of(about, rest=rest, until=invited.handoff(handoff_id).expires_at)
    asks = provisioning.asked_at_microsoft(about.plan, parts=what_remains(first), reads_roles=True) if first else ()
    return replace(offer, rest_beside=beside, asks=asks)


def asker_of(about: InvitationView) -> Asker:
    """Say who asks: the provider, and the person there; nobody by name who could not be asked back there any more."""
    provider = organizations.provider_of(about.organization_id)
    person = organizations.colleague(about.created_by_id, path=about.organization_path)
    return Asker(
        provider_id=provider.id,
        provider_name=provider.name,
        reply_to=provider.reply_to,
        operator_name="" if about.created_by_id and person is None else about.created_by_name,
        operator_email=person.email if person else "",
        organization_path=about.organization_path,
    )


def view_of(row: Case, *, now: datetime) -> CaseView:
    """Gather a case for the pages; within its scope."""
    about = invited.invitation(row.invitation_id)
    closed = why_closed_to(row, about, now=now)
    is_rest = row.handoff_id is not None
    run = provisioning.run(row.run_id) if row.run_id else None
    waiting = provisioning.waiting_of(row.run_id) if row.run_id else None
    colleagues = () if is_rest else invited.handoffs(row.invitation_id)
    return CaseView(
        id=row.pk,
        state=CaseState(row.state),
        step=Step.CLOSED if closed else STEP_OF[CaseState(row.state)],
        offer=offer_of_rest(about, row.handoff_id) if row.handoff_id else offer_of(about),
        administrator_upn=row.administrator_upn,
        sign_in=sign_in_view(row.sign_in, now=now) if row.sign_in else None,
        signer=signer_view(row.signer) if row.signer else None,
        registration_name=row.registration_name,
        name_error=_name_error(row.problem),
        run=run,
        problem=problems.shown(row.problem, reference=str(row.pk)) if row.state in AT_REST else None,
        done=done_view.done_of(row, about) if row.state == CaseState.DONE else None,
        closed=closed,
        is_rest=is_rest,
        waiting=waiting,
        colleagues=colleagues,
        colleague=row.colleague,
        colleague_refused=_colleague_refused(row, waiting) if row.colleague and not colleagues else "",
        keeps_name=provisioning.name_of(about.registration_id) if is_in_use(row, about) else "",
        suggests=_suggested(row, about) if row.state == CaseState.NAMING else "",
        sessions_from=about.sessions_from,
        connected=_connected(row) if row.state == CaseState.SIGNED_IN else (),
        assisted=_assisted(row),
        existing=existing_of(row),
        beside=beside_of(about.registration_id, about.plan),
        expected=expected.domains_for(row) if row.state == CaseState.IDENTIFYING else (),
        is_compared=row.state != CaseState.SIGNED_IN or expected.is_compared(row),
    )


def _colleague_refused(row: Case, waiting: WaitingView | None) -> str:
    """Why nobody was asked although somebody was named: their address was fine before the tenant was known."""
    if waiting is None:
        return ""
    try:
        check_colleague(invitation_id=row.invitation_id, recipient=row.colleague, domains=waiting.domains)
    except InvitationsError as error:
        return error.what
    return ""


def _connected(row: Case) -> tuple[str, ...]:
    """What the case's own scope has in the tenant already: that of others stays hidden, its existence too."""
    own = service(row.service_id).short_name
    return tuple(name for name in in_tenant(str(row.signer.get("tenant_id", ""))).services if name != own)


def _suggested(row: Case, about: InvitationView) -> str:
    """The service's own name, unless the customer's registration has it already that the service moves away from."""
    return free_name(about.service_short_name, tenant_id=str(row.signer.get("tenant_id", "")))


def _assisted(row: Case) -> Assisted | None:
    return Assisted(row.assisted_by_id, row.assisted_by_name, row.assisted_at) if row.assisted_at else None


def sign_in_view(row: SignIn, *, now: datetime) -> SignInView:
    """Show a sign-in, without its code."""
    left = (row.code_expires_at - now).total_seconds() if row.code_expires_at else 0
    return SignInView(
        id=row.pk,
        state=SignInState(row.state),
        upn=row.upn,
        words=words_of(row),
        has_code=row.state == SignInState.CODE_READY and bool(row.user_code),
        verification_uri=row.verification_uri,
        started_at=row.created_at,
        expires_at=row.code_expires_at,
        seconds_left=max(0, round(left)),
        problem=problems.shown(row.problem, reference=str(row.pk)),
        way=Way(row.way),
        waits_long=row.state in AT_MICROSOFT and row.created_at + LONG <= now,
    )


def signer_view(facts: dict[str, Any]) -> SignerView:
    """Show who signed in and what of the plan they can do."""
    parts = _parts(facts)
    return SignerView(
        upn=facts["upn"],
        name=facts["name"],
        object_id=facts["user_id"],
        tenant_id=facts["tenant_id"],
        tenant_name=facts["tenant_name"],
        domains=tuple(facts["domains"]),
        roles=tuple(sorted(facts["active_roles"].values())),
        parts=parts,
        can_everything=all(verdict == "can" for verdict in facts["can"].values()),
        summary=facts["cannot_summary"],
        other_than_named=facts.get("other_than_named", ""),
        notes=tuple(facts.get("preflight", {}).get("notes", ())),
        tenant_notes=tuple(facts.get("preflight", {}).get("tenant", ())),
    )


def _parts(facts: dict[str, Any]) -> tuple[Part, ...]:
    """The pre-flight's steps; for a sign-in from before there was one, what the roles alone tell."""
    steps = facts.get("preflight", {}).get("steps")
    if steps:
        return tuple(Part(row["key"], row["label"], row["result"], row["words"], row["cure"]) for row in steps)
    return tuple(Part(key, PARTS.get(key, key), verdict) for key, verdict in facts["can"].items())


def _name_error(problem: dict[str, Any]) -> str:
    return f"{problem['what']} {problem['cure']}" if problem.get("field") in {"name", "display_name"} else ""
