"""The operator's part: *Add*, validation, Microsoft 365 Settings, prerequisites, summary, *Create service*.

Each step is a named state in one row, so an operator can leave and come back, and a colleague can go on.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import actions as connections
from gangway.connections import verdict
from gangway.connections.states import AuthenticatedBy
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.errors import InvitationMoved
from gangway.invitations.queries import InvitationView
from gangway.invitations.states import State
from gangway.jobs.actions import defer
from gangway.onboarding.errors import (
    AlreadyAdded,
    NotAVerifiedDomain,
    NotNow,
    NotReady,
    NotReadyToAdd,
    NotValidated,
    TenantNotTheirs,
)
from gangway.onboarding.models import Case, ExistingRegistration, OperatorOnboarding
from gangway.onboarding.rows import lock_onboarding
from gangway.onboarding.stages import handover
from gangway.onboarding.stages.besides import take_over_besides
from gangway.onboarding.stages.registration import proved_credential
from gangway.onboarding.states import OPERATOR_ORDER, OperatorStep
from gangway.organizations.place_queries import tenants_of
from gangway.organizations.taken_over import named
from gangway.provisioning import queries as provisioning
from gangway.provisioning.queries import RegistrationView
from gangway.provisioning.tenants import in_tenant
from gangway.services import actions as services
from gangway.services.queries import service
from gangway.services.states import Deployment

PREREQUISITES: Final = frozenset({"domains", "licences", "permissions", "roles"})
"""What the prerequisites page shows, out of everything that the validation looked at."""
ONMICROSOFT: Final = ".onmicrosoft.com"


def add(invitation_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """Take an authenticated invitation over: exactly one winner, by the invitation's move and a unique key.

    Whoever won and presses again gets the same part. Nothing is taken over from a tenant that is none of those by which
    the customer is known by now: then it can still be written down as theirs, or the invitation withdrawn.
    Raises `AlreadyAdded`, `NotReadyToAdd`, `TenantNotTheirs`.
    """
    about = invited.invitation(invitation_id)
    if about.state is State.AUTHENTICATED and about.purpose == Purpose.CONNECT:
        _refuse_another_tenant(about)
    return take_over(invitation_id, by=by, now=now)


def take_over(invitation_id: UUID, *, by: Actor, now: datetime) -> UUID:
    """The same for what an operator has just asked for themselves: its tenant is compared where it goes on.

    Raises `AlreadyAdded`, `NotReadyToAdd`.
    """
    if invited.invitation(invitation_id).purpose != Purpose.CONNECT:
        raise NotReadyToAdd
    try:
        with transaction.atomic():
            invitations.move(invitation_id=invitation_id, to=State.ADDED, by=by, expected={State.AUTHENTICATED})
            return _begin(invited.invitation(invitation_id), by=by, now=now)
    except (InvitationMoved, IntegrityError) as error:
        return _already(invitation_id, by=by, error=error)


def go_on_typed(invitation_id: UUID, by: Actor, now: datetime) -> None:
    """What an operator typed is proved: add it for them, and look at it as a service will use it."""
    onboarding_id = take_over(invitation_id, by=by, now=now)
    ask_validation(lock_onboarding(onboarding_id), by=by, now=now)


def _begin(invitation: InvitationView, *, by: Actor, now: datetime) -> UUID:
    about = provisioning.registration(invitation.registration_id)
    credential = proved_credential(about, invitation.service_id)
    if credential is None:
        raise NotReadyToAdd
    row = OperatorOnboarding.objects.create(
        organization_id=invitation.organization_id,
        invitation_id=invitation.id,
        case=Case.objects.get(invitation_id=invitation.id, handoff__isnull=True),
        service_id=invitation.service_id,
        registration_id=about.id,
        credential_id=credential.id,
        added_by_id=by.id,
        added_by_name=by.name[:200],
        added_at=now,
    )
    _record(Event.PENDING_ADDED, row, by, {"invitation": str(invitation.id)})
    return row.pk


def _already(invitation_id: UUID, *, by: Actor, error: Exception) -> UUID:
    row = OperatorOnboarding.objects.filter(invitation_id=invitation_id).first()
    if row is None:
        raise NotReadyToAdd from error
    if row.added_by_id != by.id:
        winner = named(row.added_by_name, at=row.added_at, moved_at=row.organization.moved_at)
        raise AlreadyAdded(winner=winner, onboarding_id=str(row.pk)) from error
    return row.pk


def asks_tenant(row: OperatorOnboarding) -> bool:
    """Whether an operator has to say that the tenant is the customer's: nothing is known to compare it with.

    Whoever typed the tenant here has said so already.
    """
    if row.tenant_confirmed_at or _is_theirs(row) is not None:
        return False
    typed = _typed(row)
    return typed is None or not typed.typed_by_id


def confirm_tenant(row: OperatorOnboarding, *, by: Actor, now: datetime) -> None:
    """Keep that an operator knows the tenant as the customer's."""
    if not asks_tenant(row):
        return
    about = provisioning.registration(row.registration_id)
    row.tenant_confirmed_at = now
    row.save(update_fields=["tenant_confirmed_at"])
    facts = {"tenant": about.tenant_id, "name": about.tenant_name, "domains": ", ".join(about.domains)}
    _record(Event.ONBOARDING_TENANT_CONFIRMED, row, by, facts)


def another_tenant(row: OperatorOnboarding) -> str:
    """Say that the tenant is none of those by which the customer is known now; empty unless it is so.

    Compared here once more, whoever confirmed what before: the customer may have become known only after the sign-in.
    """
    if _is_theirs(row) is not False:
        return ""
    cure = (
        "If it is theirs as well, write it down in the customer's Microsoft tenants; if not, the service has to be "
        "deleted: what was made in that tenant is taken back then."
    )
    return f"{_not_theirs(row.registration_id, row.organization_id)} {cure}"


def _refuse_another_tenant(about: InvitationView) -> None:
    if _known_by(about.registration_id, about.organization_id) is False:
        raise TenantNotTheirs(_not_theirs(about.registration_id, about.organization_id))


def _not_theirs(registration_id: UUID, customer_id: UUID) -> str:
    about = provisioning.registration(registration_id)
    known = " or ".join(dict.fromkeys(one.domain or one.tenant_id for one in tenants_of(customer_id)))
    name = about.tenant_name or about.tenant_id
    return f"This tenant, {name}, is not the one by which the customer is known: {known}."


def _is_theirs(row: OperatorOnboarding) -> bool | None:
    return _known_by(row.registration_id, row.organization_id)


def _known_by(registration_id: UUID, customer_id: UUID) -> bool | None:
    """Whether a customer is known by a registration's tenant; None where that can't be told by what is known."""
    about, known = provisioning.registration(registration_id), tenants_of(customer_id)
    domains = {domain.casefold() for domain in about.domains}
    if not domains:  # which nobody could read
        known = tuple(replace(one, domain="") for one in known if one.tenant_id)
    return any(one.is_it(about.tenant_id, domains) for one in known) if known else None


def connected_besides(row: OperatorOnboarding) -> tuple[str, ...]:
    """Return the scope's other services that are connected with this tenant; what others have there isn't told."""
    tenant_id = provisioning.registration(row.registration_id).tenant_id
    return tuple(name for name in in_tenant(tenant_id).services if name != service(row.service_id).short_name)


def ask_validation(row: OperatorOnboarding, *, by: Actor, now: datetime) -> None:
    """Have a worker look at the registration; asking while it looks changes nothing."""
    if row.finished_at is not None:
        raise NotNow
    if row.check_state in {"queued", "running"}:
        return
    _go(row, OperatorStep.VALIDATION, by=by, back=True)
    row.check_state, row.check_items, row.check_problem = "queued", [], {}
    row.check_status, row.check_granted, row.check_roles = "unknown", None, None
    row.check_started_at, row.check_ended_at = now, None
    row.save()
    _record(Event.ONBOARDING_VALIDATION_ASKED, row, by, {})
    defer("onboarding:validate_onboarding", onboarding_id=str(row.pk))


def accept_validation(row: OperatorOnboarding, *, by: Actor) -> None:
    """Go on to the settings. Raises `NotValidated` while it runs, and when the credentials don't work."""
    if row.check_state != "done" or broken(row):
        raise NotValidated(None if row.check_state != "done" else " ".join(broken(row)))
    _go(row, OperatorStep.SETTINGS, by=by)


def save_settings(row: OperatorOnboarding, *, domain: str, by: Actor) -> None:
    """Keep M365 Domain (Override Admin Domain) and go on. Raises `NotAVerifiedDomain` at "domain", `NotNow`."""
    _need(row, OperatorStep.SETTINGS)
    wanted = domain.strip().casefold()
    if wanted not in domains_of(provisioning.registration(row.registration_id)):
        raise NotAVerifiedDomain(field="domain")
    row.m365_domain = wanted
    row.save(update_fields=["m365_domain"])
    _go(row, OperatorStep.PREREQUISITES, by=by)


def accept_prerequisites(row: OperatorOnboarding, *, by: Actor) -> None:
    """Go on to the summary: what is missing for calling is shown there again and doesn't forbid the service."""
    _need(row, OperatorStep.PREREQUISITES)
    _go(row, OperatorStep.SUMMARY, by=by)


def finish(row: OperatorOnboarding, *, by: Actor, now: datetime) -> UUID:
    """*Create service*: service, connection and both statuses, in one transaction. Raises `NotReady`."""
    if row.finished_at is not None:
        return row.service_id
    standing = blockers(row)
    if standing:
        raise NotReady(standing)
    services.create_service(service_id=row.service_id, by=by)
    connections.connect_service(
        service_id=row.service_id,
        organization_id=row.organization_id,
        registration_id=row.registration_id,
        credential_id=row.credential_id,
        user_name=_user_name(row),
        authenticated_by=_authenticated_by(row),
        m365_domain=row.m365_domain,
        items=row.check_items,
        granted=row.check_granted,
        roles=row.check_roles,
        seen_at=row.check_ended_at or now,
        by=by,
        now=now,
    )
    take_over_besides(
        service_id=row.service_id,
        organization_id=row.organization_id,
        registration_id=row.registration_id,
        plan=invited.invitation(row.invitation_id).plan,
        by=by,
        now=now,
    )
    services.set_deployment(service_id=row.service_id, status=Deployment.READY, by=by)
    _go(row, OperatorStep.CREATED, by=by)
    row.finished_at = now
    row.save(update_fields=["finished_at"])
    _record(Event.ONBOARDING_FINISHED, row, by, {"service": str(row.service_id)})
    handover.tell_created(invited.invitation(row.invitation_id), domain=row.m365_domain, by=by, now=now)
    return row.service_id


def _user_name(row: OperatorOnboarding) -> str:
    """Who authenticated the registration: who signed in, or the operator who typed it; nobody for one typed by link."""
    typed = _typed(row)
    if typed is not None:
        return typed.user_name
    return str(row.case.signer.get("upn", "")) or provisioning.registration(row.registration_id).signer_upn


def _authenticated_by(row: OperatorOnboarding) -> AuthenticatedBy:
    typed = _typed(row)
    if typed is None:
        return AuthenticatedBy.SIGN_IN
    return AuthenticatedBy.OPERATOR if typed.typed_by_id else AuthenticatedBy.LINK


def _typed(row: OperatorOnboarding) -> ExistingRegistration | None:
    return ExistingRegistration.objects.filter(case_id=row.case_id, case__run_id__isnull=True).first()


def blockers(row: OperatorOnboarding) -> tuple[str, ...]:
    """Say what stands in the way of *Create service*; empty when nothing does."""
    standing = list(broken(row))
    if row.check_state != "done":
        standing.append("The credentials have not been validated yet.")
    if another := another_tenant(row):
        standing.append(another)
    if asks_tenant(row):
        standing.append("Nobody has confirmed yet that the tenant is the customer's: go back to Registration.")
    if not row.m365_domain:
        standing.append("The Microsoft 365 domain has not been chosen yet.")
    return tuple(standing)


def broken(row: OperatorOnboarding) -> tuple[str, ...]:
    """Say what of the credentials doesn't work, by the last validation. What only the tenant lacks is not counted."""
    return tuple(
        item["words"] for item in row.check_items if item["state"] == "error" and item["key"] not in verdict.BESIDE
    )


def domains_of(about: RegistrationView) -> tuple[str, ...]:
    """Return the tenant's verified domains, its original *.onmicrosoft.com domain first."""
    folded = [domain.casefold() for domain in about.domains]
    return tuple(sorted(folded, key=lambda domain: (not _is_original(domain), domain)))


def _is_original(domain: str) -> bool:
    """Tell the domain that every tenant is born with from `*.mail.onmicrosoft.com` and those added later."""
    return domain.endswith(ONMICROSOFT) and domain.count(".") == ONMICROSOFT.count(".")


def _need(row: OperatorOnboarding, step: OperatorStep) -> None:
    """Raise `NotNow` unless this step was reached; going back to an earlier one and saving it again is fine."""
    if row.finished_at is not None or OPERATOR_ORDER.index(OperatorStep(row.step)) < OPERATOR_ORDER.index(step):
        raise NotNow(step=row.step)


def _go(row: OperatorOnboarding, to: OperatorStep, *, by: Actor, back: bool = False) -> None:
    """Move a locked row on; earlier steps can be done again without losing how far one was, unless `back`."""
    ahead = OPERATOR_ORDER.index(to) > OPERATOR_ORDER.index(OperatorStep(row.step))
    if not (ahead or back):
        return
    row.step = to
    row.save(update_fields=["step"])
    _record(Event.ONBOARDING_STEP_TAKEN, row, by, {"step": to.value})


def _record(event: Event, row: OperatorOnboarding, by: Actor, data: dict[str, str]) -> None:
    record(event, by=by, organization_id=row.organization_id, subject=f"service:{row.service_id}", data=data)
