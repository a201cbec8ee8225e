"""Before a link goes out: whose Microsoft 365 the customer's domain belongs to is known, or the link waits for it.

A domain that Microsoft doesn't know is refused where it is typed. Where Microsoft hasn't answered yet, the invitation
stays a draft that goes out by itself; should the domain turn out to be unknown, its operator is told.
"""

import time
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from gangway.audit.record import Actor
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations import tenants
from gangway.onboarding import tenant_lookup
from gangway.onboarding.errors import DomainUnknown, NotADomain
from gangway.onboarding.models import TenantLookup
from gangway.onboarding.states import LookupState
from gangway.onboarding.tenant_lookup import TenantFound
from gangway.organizations.place_queries import tenants_of
from gangway.organizations.scope import within_everything

WORKER: Final = Actor.system("tenant lookup")
PAUSE: Final = 0.1
log = structlog.get_logger(__name__)


def look(customer_id: UUID, *, domain: str = "", now: datetime) -> TenantFound | None:
    """Say whose a customer's domain is, and have a worker ask where that isn't known yet.

    Without `domain` it is the one that the customer is known by first. None where none is compared: there is no domain,
    or the tenant's id is typed beside it. Raises `DomainUnknown` at "domain", `NoSuchOrganization`.
    """
    meant = _meant(customer_id, domain)
    if not meant:
        return None
    found = tenant_lookup.ask(customer_id=customer_id, domain=meant, now=now)
    if found.state is LookupState.NOT_FOUND:
        cure = None if domain else "Correct it, or the cloud, on the customer's page."
        raise DomainUnknown(
            f"Microsoft knows no tenant with the domain {meant} in this customer's cloud.", cure=cure, field="domain"
        )
    return found


def wait_for_answer(customer_id: UUID, *, domain: str = "", seconds: float, now: datetime) -> None:
    """Give a worker a moment to answer, as `look` asks. Call it outside a transaction. Raises `NoSuchOrganization`."""
    meant, until = _meant(customer_id, domain), time.monotonic() + seconds
    if not meant:
        return
    found: TenantFound | None = tenant_lookup.ask(customer_id=customer_id, domain=meant, now=now)
    while found is not None and not found.is_over and time.monotonic() < until:
        time.sleep(PAUSE)
        found = tenant_lookup.found(customer_id=customer_id, domain=meant)


def _meant(customer_id: UUID, domain: str) -> str:
    """Return the domain whose tenant is compared; empty where there is none, or the tenant's id is typed beside it."""
    theirs = tenants_of(customer_id)
    meant = domain or next((one.domain for one in theirs[:1]), "")
    if any(one.tenant_id for one in theirs if one.domain in {meant, ""}):
        return ""
    try:
        return tenant_lookup.checked_domain(meant) if meant else ""
    except NotADomain:
        return ""  # typed on the customer's page, whose rule is wider


def hold_or_expect(invitation_id: UUID, found: TenantFound | None, *, by: Actor, now: datetime) -> None:
    """Keep with an invitation what is known of its tenant; a draft without an answer goes out once there is one."""
    if found is None:
        return
    if found.state is LookupState.FOUND:
        tenants.expect_tenant(invitation_id=invitation_id, domain=found.domain, tenant_id=found.tenant_id)
    else:
        tenants.hold_for(invitation_id=invitation_id, domain=found.domain, by=by, now=now)


def is_known(found: TenantFound | None) -> bool:
    """Whether a link may go out now."""
    return found is None or found.state is LookupState.FOUND


@transaction.atomic
def send_draft(*, invitation_id: UUID, anyway: bool = False, by: Actor, now: datetime) -> bool:
    """*Send*: at once where the tenant is known, else as soon as it is. Says whether it went out.

    `anyway`: at once, whatever Microsoft says of the domain. Raises as `invitations.send_draft`, `DomainUnknown`.
    """
    about = invited.invitation(invitation_id)
    found = None if anyway else look(about.organization_id, now=now)
    hold_or_expect(invitation_id, found, by=by, now=now)
    if not is_known(found):
        return False
    invitations.send_draft(invitation_id=invitation_id, by=by, now=now)
    return True


def answered(lookup_id: UUID, *, now: datetime) -> None:
    """Take note of what a worker was told: what waited for it goes out, or its operator is told why not."""
    with within_everything("a worker is given a lookup by its id"):
        rows = TenantLookup.objects.filter(pk=lookup_id)
        row = rows.values("organization_id", "domain", "state", "tenant_id").first()
    if row is None or row["state"] not in {LookupState.FOUND, LookupState.NOT_FOUND}:
        return
    for one in tenants.held(domain=row["domain"], organization_id=row["organization_id"]):
        try:
            with within_everything("a worker looks after everybody's held invitations"), transaction.atomic():
                if row["state"] == LookupState.NOT_FOUND:
                    tenants.stay_unsent(invitation_id=one.id, by=WORKER, now=now)
                    continue
                tenants.expect_tenant(invitation_id=one.id, domain=one.domain, tenant_id=row["tenant_id"])
                invitations.send_draft(invitation_id=one.id, by=one.by, now=now)
        except GangwayError as error:  # too many links within this hour, or withdrawn in this moment
            log.info("held_invitation_waits", invitation=str(one.id), error=error.code)


def go_on(*, now: datetime) -> None:
    """Ask again for what is still held: Microsoft was silent, or nothing could be sent when the answer came."""
    for one in tenants.held():
        with within_everything("a worker looks after everybody's held invitations"):
            tenant_lookup.ask(customer_id=one.organization_id, domain=one.domain, now=now)
            rows = TenantLookup.objects.filter(organization_id=one.organization_id, domain=one.domain)
            ids = list(rows.values_list("pk", flat=True))
        for lookup_id in ids:
            answered(lookup_id, now=now)
