"""Reads of this room; plain values. Call them inside a scope (organizations.scope)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from gangway.foundation import clock
from gangway.provisioning import beyond, consent, faults, scopes
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.difference import Change
from gangway.provisioning.engine.pinning import (
    LONGEST_ROLE_DAYS,
    NotInAUnit,
    PlanChanged,
    PlanUnknown,
    UnitMalformed,
    UnitNotNamed,
)
from gangway.provisioning.engine.profile import Role
from gangway.provisioning.engine.remaining import WaitsFor
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.roles import key_of
from gangway.provisioning.engine.verify import NOT_CALLED_YET
from gangway.provisioning.errors import NoSuchRegistration, NoSuchRun
from gangway.provisioning.headlines import headline
from gangway.provisioning.models import MADE, Credential, Registration, Run, StepRecord
from gangway.provisioning.moves import set_going_since, token_is_held
from gangway.provisioning.plans import (
    choices,
    declined_of,
    difference,
    explain,
    fingerprinted,
    for_further,
    holds,
    pin,
    with_declined,
)
from gangway.provisioning.scopes import AskedScope
from gangway.provisioning.shapes import (
    CredentialView,
    ErrorView,
    HeldRight,
    PlanView,
    Proof,
    RegistrationView,
    RunView,
    StepView,
)
from gangway.provisioning.states import (
    HOLDING,
    RESTING,
    UNENDED,
    CredentialState,
    RegistrationState,
    RunKind,
    RunState,
    StepState,
)
from gangway.provisioning.waiting import due_reminders
from gangway.provisioning.waiting_view import RemainingRow, WaitingView, kinds_of, parts_left, rest_of, waiting_of

__all__ = [
    "LONGEST_ROLE_DAYS",
    "AskedScope",
    "Change",
    "ErrorView",
    "NotInAUnit",
    "Part",
    "PlanChanged",
    "PlanUnknown",
    "PlanView",
    "RegistrationView",
    "RemainingRow",
    "RunView",
    "StepView",
    "UnitMalformed",
    "UnitNotNamed",
    "WaitingView",
    "WaitsFor",
    "choices",
    "consented_run",
    "declined_of",
    "difference",
    "due_reminders",
    "explain",
    "fingerprinted",
    "for_further",
    "holds",
    "kinds_of",
    "parts_left",
    "pin",
    "registration",
    "rest_of",
    "run",
    "scopes_for",
    "set_going_since",
    "token_is_held",
    "waiting_of",
    "with_declined",
]

SCOPES: Final = scopes.of_parts(tuple(Part), says_goodbye=True)
"""All that the sign-in of somebody who does everything asks for."""

EVERY_SCOPE: Final = (*SCOPES, scopes.READ_ROLES)
"""All that any sign-in may ask for, but for an administrative unit."""

LEFT_OUT: Final = "Microsoft does not offer it in this tenant. Its feature is optional, so it was left out."

PUBLIC: Final = {
    "thumbprint": "Thumbprint (SHA-256)",
    "issuer": "Issuer",
    "subject": "Subject",
    "audience": "Audience",
}
"""Public facts of credentials, by the names that Microsoft's portal gives them."""

PROOF_WORDS: Final[dict[str, str]] = {
    "read_back": "Read back from the tenant.",
    "token_claim": "Seen in the registration's own fresh token.",
    "called": "Really called.",
    "not_called_yet": NOT_CALLED_YET,
    "removed": "Only for the set-up. Taken away again and read back: it is gone.",
    "unknown": "Not proved yet.",
}


def scopes_for(plan: dict[str, Any], *, parts: Collection[Part] = tuple(Part), reads_roles: bool = False) -> list[str]:
    """Delegated scopes that the sign-in of somebody who does these parts asks for. Raises PlanUnknown.

    `reads_roles`: what they don't give may be there already, and then has to be seen.
    """
    read = pinning.read(plan)
    found = scopes.of_parts(
        parts,
        says_goodbye=not read.keep_sign_in_application,
        finds_unit=read.in_unit,
        reads_roles=reads_roles and bool(read.roles),
    )
    return list(found)


def asked_at_microsoft(
    plan: dict[str, Any], *, parts: Collection[Part] = tuple(Part), reads_roles: bool = False
) -> tuple[AskedScope, ...]:
    """The same, as Microsoft's page will name them, each with what we need it for. Raises PlanUnknown."""
    return scopes.told(scopes_for(plan, parts=parts, reads_roles=reads_roles))


def claims_wanted(run_id: UUID) -> str:
    """What the sign-in that goes on with this run must ask Microsoft for, as JSON; empty for nothing special."""
    error: dict[str, Any] | None = Run.objects.filter(pk=run_id).values_list("error", flat=True).first()
    return str((error or {}).get("claims", ""))


def consent_not_given(description: str) -> consent.NotGiven | None:
    """Why Microsoft's consent page says that there is none; it proves nothing, and only helps whoever reads it."""
    return consent.not_given(description)


def consented_run(state: str) -> UUID | None:
    """The run whose link to Microsoft's consent page somebody comes back from; None for a state that isn't ours."""
    return consent.run_of(state)


def run(run_id: UUID) -> RunView:
    """One run with its steps, live. Raises NoSuchRun."""
    row = Run.objects.filter(pk=run_id).first()
    if row is None:
        raise NoSuchRun
    state, kind = RunState(row.state), RunKind(row.kind)
    rows = StepRecord.objects.filter(run_id=run_id).order_by("number")
    steps = tuple(_step(step, at_work=state in HOLDING) for step in rows)
    done = sum(step.state is StepState.DONE for step in steps)
    return RunView(
        id=row.pk,
        registration_id=row.registration_id,
        service_id=row.service_id,
        state=state,
        headline=row.words or headline(kind, state),
        steps=steps,
        error=faults.view(row.error),
        waiting_for=row.waiting_for,
        remaining=()
        if state is RunState.PROVED
        else tuple(step.label for step in steps if step.state is not StepState.DONE),
        progress=100 if state is RunState.PROVED else 100 * done // max(len(steps), 1),
        signer_upn=row.signer_upn,
        started_at=row.started_at,
        ended_at=None if state in UNENDED else row.ended_at,
        after_id=row.after_id,
        credential_days=row.wanted.get("credential_days"),
    )


def resting_runs() -> list[UUID]:
    """Runs that make or change a registration and rest until somebody signs in, or lets go of them."""
    kinds, states = (RunKind.SETUP, RunKind.REPAIR, RunKind.UPGRADE), [state.value for state in RESTING]
    rows = Run.objects.filter(state__in=states, kind__in=[kind.value for kind in kinds])
    return list(rows.values_list("pk", flat=True))


def registration(registration_id: UUID) -> RegistrationView:
    """One registration with its rights and credentials. Raises NoSuchRegistration."""
    row = Registration.objects.filter(pk=registration_id).first()
    if row is None:
        raise NoSuchRegistration
    plan = pinning.read(row.plan)
    credentials = row.credentials.exclude(state=CredentialState.REMOVED.value).order_by("-announced_at")
    now = clock.now()
    return RegistrationView(
        id=row.pk,
        organization_id=row.organization_id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        domains=tuple(row.domains),
        display_name=row.display_name,
        app_id=row.app_id,
        object_id=row.object_id,
        service_principal_id=row.service_principal_id,
        profile=plan.profile.name,
        profile_version=plan.version,
        state=RegistrationState(row.state),
        signer_upn=row.signer_upn,
        signer_name=row.signer_name,
        made_at=row.made_at,
        proved_at=row.proved_at,
        permissions=tuple(
            _right(row, f"grant:{entry.value}", entry.value, "permission", entry.why) for entry in plan.permissions
        ),
        roles=tuple(_role(row, role, limited=plan.in_unit and role.in_unit) for role in plan.roles),
        credentials=tuple(_credential(credential, now) for credential in credentials),
        sign_in_application_removed=_gone(row.sign_in_application_gone),
        cloud=row.cloud,
        roles_end_at=row.roles_end_at,
        declined=explain(row.plan).declined,
        surplus=beyond.more_than_needed(row.beyond),
        is_ours=row.origin == MADE,
    )


def name_of(registration_id: UUID) -> str:
    """The name that a registration has in the customer's tenant. Raises NoSuchRegistration."""
    found = Registration.objects.filter(pk=registration_id).values_list("display_name", flat=True).first()
    if found is None:
        raise NoSuchRegistration
    return found


def plan_of(registration_id: UUID) -> dict[str, Any]:
    """The pinned plan of a registration, as an invitation keeps it. Raises NoSuchRegistration."""
    row = Registration.objects.filter(pk=registration_id).first()
    if row is None:
        raise NoSuchRegistration
    plan: dict[str, Any] = row.plan
    return plan


def registration_of_credential(credential_id: UUID) -> UUID | None:
    """The registration that a credential belongs to; None when there is no such credential."""
    return Credential.objects.filter(pk=credential_id).values_list("registration_id", flat=True).first()


def credential_end(credential_id: UUID) -> datetime | None:
    """Until when a credential is good; None when nobody could read it, or there is no such credential."""
    return Credential.objects.filter(pk=credential_id).values_list("expires_at", flat=True).first()


def _step(row: StepRecord, *, at_work: bool) -> StepView:
    unknown = row.state == StepState.INTENDED.value and not at_work
    return StepView(
        number=row.number,
        kind=row.kind,
        label=row.label,
        state="unknown" if unknown else StepState(row.state),
        seconds=row.seconds,
        words=row.words,
        request_id=row.request_id,
    )


def _right(row: Registration, key: str, name: str, kind: Literal["permission", "role"], why: str) -> HeldRight:
    if kind == "permission" and name in beyond.skipped(row.beyond):
        return HeldRight(name, kind, why, "unknown", LEFT_OUT, "left_out")
    proof: Proof = row.proofs.get(key, "unknown")
    words, wider = PROOF_WORDS[proof], beyond.instead(row.beyond, name)
    if kind == "role" and proof != "unknown":
        words = f"{words} {NOT_CALLED_YET}"
    if wider:
        words = f"Covered by {wider}, which is wider. {words}"
    return HeldRight(name, kind, why, proof, words, "unknown" if proof == "unknown" else "as_planned", wider)


def _role(row: Registration, role: Role, *, limited: bool) -> HeldRight:
    right = _right(row, key_of(role, limited=limited), role.name, "role", role.why)
    return replace(right, role_id=role.template_id, in_token=not limited)


def _credential(row: Credential, now: datetime) -> CredentialView:
    return CredentialView(
        id=row.pk,
        service_id=row.service_id,
        display_name=row.display_name,
        key_id=row.key_id,
        state=row.state,
        expires_at=row.expires_at,
        days_left=None if row.expires_at is None else clock.days_until(row.expires_at, now=now),
        kind=row.kind,
        about=tuple((name, row.about[key]) for key, name in PUBLIC.items() if row.about.get(key)),
        why=row.why,
        end_from="read" if row.end_read_at else "recorded" if row.origin == MADE else "typed",
        end_read_at=row.end_read_at,
    )


def _gone(kept: str) -> Literal["yes", "no", "unknown"]:
    return "yes" if kept == "yes" else "no" if kept == "no" else "unknown"
