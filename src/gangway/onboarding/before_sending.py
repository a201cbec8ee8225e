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
from gangway.invitations.tenants import Held
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


def look(
    customer_id: UUID, *, domain: str = "", refuse: bool = True, anew: bool = True, now: datetime
) -> TenantFound | None:
    """Say whose a customer's domain is, and have a worker ask where that isn't known yet.

    Without `domain` it is the one that the customer is known by first. None where none is compared: there is no domain,
    or the tenant's id is typed beside it. `anew` as in `tenant_lookup.ask`.

    Raises `NoSuchOrganization`, and `DomainUnknown` at "domain" if it may `refuse`.
    """
    meant = _meant(customer_id, domain)
    if not meant:
        return None
    found = tenant_lookup.ask(customer_id=customer_id, domain=meant, anew=anew, now=now)
    if refuse and found.state is LookupState.NOT_FOUND:
        on_page = _as_known(customer_id, meant)
        raise DomainUnknown(
            f"Microsoft knows no tenant with the domain {meant} in this customer's cloud.",
            cure="Correct it, or the cloud, on the customer's page." if on_page else None,
            field="domain",
        )
    return found


def wait_for_answer(customer_id: UUID, *, domain: str = "", seconds: float, now: datetime) -> None:
    """Give a worker a moment to answer, as `look` asks. Call it outside a transaction. Raises `NoSuchOrganization`."""
    until = time.monotonic() + seconds
    found = look(customer_id, domain=domain, refuse=False, now=now)
    while found is not None and not found.is_over and time.monotonic() < until:
        time.sleep(PAUSE)
        found = tenant_lookup.found(customer_id=customer_id, domain=found.domain)


def _meant(customer_id: UUID, domain: str) -> str:
    """Return the domain whose tenant is compared; empty where there is none, or the tenant's id is typed beside it."""
    theirs = tenants_of(customer_id)
    meant = domain or next((one.domain for one in theirs[:1]), "")
    if any(one.tenant_id for one in theirs if one.domain in {meant, ""}):
        return ""
    return _checked(meant)


def _as_known(customer_id: UUID, domain: str) -> str:
    """Return a domain as it stands on the customer's page now; empty where it doesn't."""
    return next((one.domain for one in tenants_of(customer_id) if _checked(one.domain) == domain), "")


def _checked(domain: str) -> str:
    try:
        return tenant_lookup.checked_domain(domain) if domain else ""
    except NotADomain:
        return ""  # typed on the customer's page, whose rule is wider


def hold_or_expect(invitation_id: UUID, found: TenantFound | None, *, by: Actor, now: datetime) -> None:
    """Keep with an invitation what is known of its tenant; a draft without an answer goes out once there is one."""
    if found is None:
        tenants.expect_tenant(invitation_id=invitation_id, domain="", tenant_id="")
    elif found.state is LookupState.FOUND:
        tenants.expect_tenant(invitation_id=invitation_id, domain=found.domain, tenant_id=found.tenant_id)
    else:
        tenants.hold_for(invitation_id=invitation_id, domain=found.domain, by=by, now=now)


def is_known(found: TenantFound | None) -> bool:
    """Whether a link may go out now."""
    return found is None or found.state is LookupState.FOUND


def send_draft(*, invitation_id: UUID, anyway: bool = False, by: Actor, now: datetime) -> bool:
    """*Send*: at once where the tenant is known, else as soon as it is. Says whether it went out.

    `anyway`: at once, whatever Microsoft says of the domain. Raises as `invitations.send_draft`, and `DomainUnknown`:
    that stays in doubt, so call it outside a transaction.
    """
    try:
        return _send_draft(invitation_id, anyway=anyway, by=by, now=now)
    except DomainUnknown:
        tenants.doubt_draft(invitation_id=invitation_id, now=now)
        raise


@transaction.atomic
def _send_draft(invitation_id: UUID, *, anyway: bool, by: Actor, now: datetime) -> bool:
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
        row = TenantLookup.objects.filter(pk=lookup_id).values("organization_id", "state").first()
    if row is not None and row["state"] in {LookupState.FOUND, LookupState.NOT_FOUND}:
        for one in tenants.held(organization_id=row["organization_id"]):
            _look_again(one, now=now)


def go_on(*, now: datetime) -> None:
    """Ask again for what is still held: Microsoft was silent, or nothing could be sent when the answer came."""
    for one in tenants.held():
        _look_again(one, now=now)


def _look_again(held: Held, *, now: datetime) -> None:
    """Send a held draft if that may be by now. It follows the customer's page: its cloud, and its present domain."""
    try:
        with within_everything("a worker looks after everybody's held invitations"), transaction.atomic():
            domain = _as_known(held.organization_id, held.domain)
            found = look(held.organization_id, domain=domain, refuse=False, anew=not domain, now=now)
            if found is not None and found.domain != held.domain:
                tenants.hold_for(invitation_id=held.id, domain=found.domain, by=WORKER, now=now)
            if found is not None and found.state is LookupState.NOT_FOUND:
                tenants.stay_unsent(invitation_id=held.id, by=WORKER, now=now)
            elif is_known(found):
                hold_or_expect(held.id, found, by=WORKER, now=now)
                invitations.send_draft(invitation_id=held.id, by=held.by, now=now)
    except GangwayError as error:  # too many links within this hour, or withdrawn in this moment
        log.info("held_invitation_waits", invitation=str(held.id), error=error.code)
