"""The tenant of a domain, told while somebody types it at *Add New Tenant*: a worker asks Microsoft."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from gangway.foundation.clock import now
from gangway.onboarding.errors import NotADomain
from gangway.onboarding.tenant_lookup import TenantFound, found
from gangway.onboarding.tenant_lookup import ask as look_up
from gangway.organizations.queries import customer
from gangway.organizations.roles import Capability
from gangway.provisioning.usage import shared_by
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.place import CLOUDS

PARTIAL = "add_service/_tenant.html"


@require_POST
@may(Capability.ADD_SERVICE)
def ask(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """Have the domain looked up; what is half typed is no domain, and nothing is said of it."""
    customer(customer_id)
    try:
        known = look_up(customer_id=customer_id, domain=request.POST.get("domain", ""), anew=True, now=now())
    except NotADomain:
        known = None
    return _said(request, customer_id, known)


@require_safe
@may(Capability.ADD_SERVICE)
def state(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """What is known by now."""
    customer(customer_id)
    try:
        known = found(customer_id=customer_id, domain=request.GET.get("domain", ""))
    except NotADomain:
        known = None
    return _said(request, customer_id, known)


def _said(request: DeskRequest, customer_id: UUID, known: TenantFound | None) -> HttpResponse:
    cloud = dict(CLOUDS).get(known.cloud, "") if known else ""
    shared = known is not None and any(one.tenant_id == known.tenant_id for one in shared_by(customer_id))
    values = {"found": known, "customer_id": customer_id, "cloud": cloud, "shared": shared}
    return render(request, PARTIAL, values)
