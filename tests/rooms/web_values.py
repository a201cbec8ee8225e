"""Made-up values for pages whose real ones come from work at Microsoft: cases, sign-ins, runs, connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gangway.connections.queries import ConnectionView, ItemView, ValidationRow
from gangway.connections.rights import GrantRow
from gangway.foundation.errors import WhoActs
from gangway.invitations.queries import HandoffView
from gangway.onboarding.shapes import (
    Asker,
    CaseView,
    CheckItemView,
    Done,
    ExistingView,
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
    ValidationView,
)
from gangway.onboarding.states import CaseState, OperatorStep, SignInState
from gangway.provisioning.queries import Part as WorkPart
from gangway.provisioning.queries import RemainingRow, WaitingView, WaitsFor
from gangway.provisioning.shapes import (
    CredentialView,
    HeldRight,
    PermissionRow,
    PlanView,
    RegistrationView,
    RoleRow,
    RunView,
    StepView,
)
from gangway.provisioning.states import RegistrationState, RunState, StepState

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CODE = "EK7Q2LXNB"
TENANT = "b4c81d5e-2f0a-4a77-9d0e-6a1f3c9e7d21"
APP = "6f2d9b30-51c7-4e0b-8a46-0d7c2b1e95aa"
NIL = UUID(int=7)

PLAN = PlanView(
    profile="teams-voice",
    version=2,
    permissions=(
        PermissionRow(
            "Organization.Read.All",
            "application",
            "Reads your organization's name, domains and licences, so that numbers are set up for the right tenant.",
            "We could not tell which domains and how many Teams Phone licences you have.",
            2,
            "connection",
            1,
        ),
        PermissionRow(
            "User.Read.All",
            "application",
            "Reads your users' names and addresses, to give them phone numbers.",
            "Users could not be found by name.",
            3,
            "connection",
            1,
        ),
        PermissionRow(
            "GroupMember.Read.All",
            "application",
            "Reads who is in which group, for policies that are given to groups.",
            "Group policies could not be read.",
            3,
            "policies",
            2,
        ),
    ),
    roles=(
        RoleRow(
            "Teams Telephony Administrator",
            "aa38014f",
            "Sets numbers and calling policies.",
            "No numbers could be set.",
        ),
        RoleRow("Skype for Business Administrator", "75941009", "Sets up voice routing in Teams.", "No routing."),
    ),
    credential_kind="secret",
    credential_days=180,
    fingerprint="4b1f90c2" * 8,
    fingerprint_shown=" ".join(["4b1f", "90c2"] * 4),
)

APPLICATION = SignInApplicationView(
    NIL,
    NIL,
    "Sailmaker Voice",
    "public",
    "Sandbox1",
    "Sandbox1-sp2-token",
    "0c8f2a17-9d11-4d0c-b6fb-2b7f2f0c11de",
    TENANT,
)

OFFER = Offer(
    invitation_id=NIL,
    invitation_state="opened",
    asker=Asker(NIL, "Sailmaker Voice", "support@sailmaker.example", "Ida Larsen", "ida@sailmaker.example"),
    customer_name="Contoso Bakeries",
    service_id=NIL,
    service_short_name="contoso-hq",
    service_full_name="Contoso Bakeries, headquarters and 12 shops",
    licence="Hosted Essentials+",
    licensed_users=120,
    matching_phrase="amber lantern seven",
    expires_at=NOW + timedelta(days=6),
    minutes=3,
    plan=PLAN,
    plan_fingerprint=PLAN.fingerprint_shown,
    expected_domain="contoso.example",
    sign_in_application=APPLICATION,
)

PROBLEM = Problem(
    code="onboarding:sign_in:wrong_tenant",
    what="You signed in to Fabrikam, but this invitation is for Contoso Bakeries.",
    cure="Sign in with an administrator account of Contoso Bakeries.",
    acts=WhoActs.ADMINISTRATOR,
    next_move=NextMove.START_AGAIN,
    reference="c0ffee12",
    at=NOW,
    details=(("AADSTS", "53003"), ("Correlation ID", "7d5f2c1e-98aa-4f6f-9d2b-1c0a7e55d210")),
)


def sign_in(state: SignInState = SignInState.CODE_READY, **changes: Any) -> SignInView:
    """The latest sign-in, by default with a code waiting to be typed."""
    return replace(
        SignInView(
            id=NIL,
            state=state,
            upn="admin@contoso.example",
            words="Waiting for you at Microsoft …",
            has_code=state is SignInState.CODE_READY,
            verification_uri="https://microsoft.com/devicelogin",
            started_at=NOW,
            expires_at=NOW + timedelta(minutes=15),
            seconds_left=900,
            problem=None,
        ),
        **changes,
    )


SIGNER = SignerView(
    upn="admin@contoso.example",
    name="Nils Åkerström",
    object_id=str(NIL),
    tenant_id=TENANT,
    tenant_name="Contoso Bakeries",
    domains=("contoso.example", "contosobakeries.onmicrosoft.com"),
    roles=("Application Administrator",),
    parts=(
        Part("application", "Make the App registration and its secret", "can"),
        Part("grants", "Grant the permissions", "needs_other"),
        Part("roles", "Assign the directory roles", "unknown"),
    ),
    can_everything=False,
    summary="You can make the registration; a Privileged Role or Global Administrator must grant it.",
    other_than_named="",
)

_STEPS = (
    (1, "application", "Make the App registration", StepState.DONE, 0.4, ""),
    (2, "service_principal", "Make its enterprise application", StepState.DONE, 0.6, ""),
    (3, "grants", "Grant the permissions", StepState.DONE, 0.0, "They were granted already."),
    (4, "roles", "Assign the roles", StepState.INTENDED, None, "Microsoft is copying it; this can take a minute."),
    (5, "credential", "Make and seal the secret", StepState.PLANNED, None, ""),
    (6, "proof", "Prove it with a fresh token", StepState.PLANNED, None, ""),
)


def run(state: RunState = RunState.RUNNING, **changes: Any) -> RunView:
    """A run in the middle of its work."""
    return replace(
        RunView(
            id=NIL,
            registration_id=NIL,
            service_id=NIL,
            state=state,
            headline="Four of six steps are done.",
            steps=tuple(StepView(*row, request_id=f"0f{row[0]}c-77aa") for row in _STEPS),
            error=None,
            waiting_for="",
            remaining=("Make and seal the secret",),
            progress=66,
            signer_upn="admin@contoso.example",
            started_at=NOW,
            ended_at=None,
        ),
        **changes,
    )


DONE = Done(
    registration_name="contoso-voice",
    application_id=APP,
    tenant_id=TENANT,
    tenant_name="Contoso Bakeries",
    permissions=("Organization.Read.All", "User.Read.All", "GroupMember.Read.All"),
    roles=("Teams Telephony Administrator", "Skype for Business Administrator"),
    granted_by="Nils Åkerström (admin@contoso.example)",
    granted_at=NOW,
    credential_expires_at=NOW + timedelta(days=180),
    sign_in_application_removed="yes",
    next_steps=("Sailmaker Voice creates the service.", "You get a mail when it is there."),
    portal_paths=(
        PortalPath(
            "App registration", "Entra admin center › App registrations › contoso-voice", "https://entra.example/apps"
        ),
        PortalPath("Permissions", "… › API permissions", ""),
    ),
    undo=("Open App registrations › contoso-voice.", "Press Delete. Calling stops working at once."),
    own_view="https://calls.example/customer/at/1/",
)

WAITING = WaitingView(
    run_id=NIL,
    kind=WaitsFor.CONSENT_AND_ROLES,
    remaining=(
        RemainingRow(
            WorkPart.CONSENT,
            "Permission",
            "Organization.Read.All",
            "Privileged Role Administrator",
            PLAN.permissions[0].why,
            2,
        ),
        RemainingRow(WorkPart.ROLES, "Directory role", "Teams Administrator", "Privileged Role Administrator"),
    ),
    done=("App registration created", "Secret made and sealed"),
    done_by="admin@contoso.example",
    registration_name="contoso-voice",
    app_id=APP,
    tenant_id=TENANT,
    tenant_name="Contoso Bakeries",
    domains=("contoso.example",),
    since=NOW,
    deadline_at=NOW + timedelta(days=60),
    can_check=True,
    checked_at=NOW,
    next_check_at=NOW + timedelta(minutes=1),
    found="Nothing of it has come yet.",
    trouble=None,
    consent_url="https://login.example/b4c8/v2.0/adminconsent?client_id=6f2d",
    planned_on=None,
    reminders=1,
    next_reminder_at=NOW + timedelta(days=3),
    reminders_stopped_at=None,
)

COLLEAGUE = HandoffView(
    id=NIL,
    invitation_id=NIL,
    recipient="riley@contoso.example",
    by_name="admin@contoso.example",
    created_at=NOW,
    expires_at=NOW + timedelta(days=7),
    sent_count=1,
    opened_at=None,
    revoked_at=None,
    mail_error="",
)

_STATE_OF = {
    Step.CHOOSE: CaseState.BEGUN,
    Step.WHO: CaseState.IDENTIFYING,
    Step.USE: CaseState.TYPING,
    Step.PROVING: CaseState.PROVING,
    Step.CODE: CaseState.SIGNING_IN,
    Step.SIGNED_IN: CaseState.SIGNED_IN,
    Step.NAME: CaseState.NAMING,
    Step.PROVISIONING: CaseState.PROVISIONING,
    Step.WAITING: CaseState.WAITING,
    Step.DONE: CaseState.DONE,
    Step.CLOSED: CaseState.ABANDONED,
}


def existing(state: CaseState = CaseState.TYPING, **changes: Any) -> ExistingView:
    """A registration that is there already, typed in part."""
    return replace(
        ExistingView(
            case_id=NIL,
            state=state,
            tenant="contoso.example",
            client_id=APP,
            kind="secret",
            kinds=("secret", "certificate", "federated"),
            has_secret=False,
            ends_on=None,
            about={},
            certificate_der="",
            key_ends_at=None,
            faults={},
            items=(),
            checked_at=None,
            problem=None,
            by_operator=False,
        ),
        **changes,
    )


def case(step: Step = Step.CHOOSE, **changes: Any) -> CaseView:
    """A case that stands at this step, with what is known by then."""
    late = step in {Step.SIGNED_IN, Step.NAME, Step.PROVISIONING, Step.WAITING, Step.DONE}
    return replace(
        CaseView(
            id=NIL,
            state=_STATE_OF[step],
            step=step,
            offer=OFFER,
            administrator_upn="" if step is Step.CHOOSE else "admin@contoso.example",
            sign_in=sign_in() if step is Step.CODE else None,
            signer=SIGNER if late else None,
            registration_name="contoso-voice" if step in {Step.PROVISIONING, Step.WAITING, Step.DONE} else "",
            name_error="",
            run=run() if step is Step.PROVISIONING else run(RunState.WAITING) if step is Step.WAITING else None,
            problem=None,
            done=DONE if step is Step.DONE else None,
            closed="The invitation was withdrawn by Sailmaker Voice." if step is Step.CLOSED else "",
            waiting=WAITING if step is Step.WAITING else None,
            colleagues=(COLLEAGUE,) if step is Step.WAITING else (),
            existing=existing(_STATE_OF[step]) if step in {Step.USE, Step.PROVING} else None,
        ),
        **changes,
    )


REGISTRATION = RegistrationView(
    id=NIL,
    organization_id=NIL,
    tenant_id=TENANT,
    tenant_name="Contoso Bakeries",
    domains=("contoso.example", "contosobakeries.onmicrosoft.com"),
    display_name="contoso-voice",
    app_id=APP,
    object_id=str(NIL),
    service_principal_id=str(NIL),
    profile="teams-voice",
    profile_version=2,
    state=RegistrationState.PROVED,
    signer_upn="admin@contoso.example",
    signer_name="Nils Åkerström",
    made_at=NOW,
    proved_at=NOW,
    permissions=(
        HeldRight("Organization.Read.All", "permission", "", "read_back", "Read back from the tenant"),
        HeldRight("User.Read.All", "permission", "", "token_claim", "In the fresh token, not called yet"),
    ),
    roles=(HeldRight("Teams Telephony Administrator", "role", "", "token_claim", "Seen in its own token"),),
    credentials=(CredentialView(NIL, NIL, "contoso-hq", str(NIL), "proved", NOW + timedelta(days=180), 180),),
    sign_in_application_removed="yes",
)

CHECKS = (
    CheckItemView("token", "A token with the new secret", "ok", "Microsoft gave one.", ""),
    CheckItemView("domains", "Verified domains", "ok", "contoso.example, contosobakeries.onmicrosoft.com", ""),
    CheckItemView(
        "licences",
        "Teams Phone licences left",
        "warning",
        "3 are left; the service has 120 users.",
        "Buy 117 more, or assign fewer users.",
    ),
    CheckItemView("teams", "Teams administration", "pending", "", ""),
)


def validation(state: Any = "running", **changes: Any) -> ValidationView:
    """A validation of the credentials, by default on its way."""
    return replace(ValidationView(state, "unknown", CHECKS, NOW, None, None), **changes)


def onboarding(step: OperatorStep = OperatorStep.REGISTRATION, **changes: Any) -> OperatorOnboardingView:
    """An operator's onboarding at this step."""
    return replace(
        OperatorOnboardingView(
            id=NIL,
            step=step,
            invitation_id=NIL,
            service_id=NIL,
            service_short_name="contoso-hq",
            service_full_name="Contoso Bakeries, headquarters and 12 shops",
            licence="Hosted Essentials+",
            licensed_users=120,
            customer_name="Contoso Bakeries",
            added_by="Ida Larsen",
            added_at=NOW,
            registration=REGISTRATION,
            signer_upn="admin@contoso.example",
            signer_name="Nils Åkerström",
            signed_in_at=NOW,
            tenant_id=TENANT,
            tenant_name="Contoso Bakeries",
            domains=("contosobakeries.onmicrosoft.com", "contoso.example"),
            m365_domain="contosobakeries.onmicrosoft.com",
            validation=validation("done", status="warning"),
            prerequisites=CHECKS[:3],
            may_finish=True,
            blockers=(),
        ),
        **changes,
    )


_ITEM = ItemView("licences", "Teams Phone licences", "warning", "3 are left.", "Buy more.")


def connection(**changes: Any) -> ConnectionView:
    """A service's connection with two validations behind it."""
    past = ValidationRow(NIL, "done", "warning", "Ida Larsen", NOW, NOW, "One thing needs attention.", (_ITEM,))
    return replace(
        ConnectionView(
            service_id=NIL,
            registration_id=NIL,
            user_name="admin@contoso.example",
            application_id=APP,
            registration_name="contoso-voice",
            tenant_id=TENANT,
            tenant_name="Contoso Bakeries",
            m365_domain="contosobakeries.onmicrosoft.com",
            secret_expires_at=NOW + timedelta(days=180),
            days_left=180,
            roles=("Teams Telephony Administrator", "Skype for Business Administrator"),
            grants=(
                GrantRow(
                    "Organization.Read.All",
                    "permission",
                    "Reads domains and licences.",
                    "as_planned",
                    "Seen in its own fresh token",
                ),
                GrantRow("User.Read.All", "permission", "Reads users.", "missing", "Seen in its own fresh token"),
                GrantRow(
                    "Directory.ReadWrite.All",
                    "permission",
                    "Not in the profile.",
                    "more_than_needed",
                    "Seen in its own fresh token",
                ),
                GrantRow(
                    "Teams Telephony Administrator", "role", "Sets numbers.", "unknown", "Seen in its own fresh token"
                ),
            ),
            status="warning",
            status_words="3 Teams Phone licences are left.",
            status_since=NOW,
            last_validated_at=NOW,
            last_good_at=NOW - timedelta(days=1),
            running=None,
            history=(past, replace(past, status="ok", words="All was well.", items=(), asked_by="")),
        ),
        **changes,
    )
