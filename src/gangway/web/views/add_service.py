"""*Add Service* → *Direct Routing* → customer → *Add New Tenant*: a service is planned and its invitation sent."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.terms import terms_of
from gangway.onboarding.before_sending import wait_for_answer
from gangway.onboarding.beginning import Wanted, invite, use_known
from gangway.onboarding.defaults import Defaults, defaults_for
from gangway.onboarding.queries import sign_in_applications
from gangway.organizations.languages import language_of
from gangway.organizations.place_queries import place
from gangway.organizations.queries import customer, customers
from gangway.organizations.roles import Capability
from gangway.provisioning.queries import PlanView, choices, explain
from gangway.provisioning.usage import shared_by
from gangway.services.licences import LicenceType
from gangway.services.pool import pool_seen_by
from gangway.web import typed_secret
from gangway.web.again import asked_before
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.existing import Known
from gangway.web.forms.new_tenant import NewTenant
from gangway.web.forms.plan import AskedFor
from gangway.web.forms.service import short_name_faults
from gangway.web.listing import asked
from gangway.web.names import rules

SHORT_NAME_RULES = _("Unique: no other service of the same provider has it; upper and lower case count as the same")
ANSWER_SECONDS = 2
"""So long *Next* waits for whose a domain is, which was asked while it was typed; later than that the link waits."""
LICENCES = {
    LicenceType.HOSTED_ESSENTIALS_PLUS.value: _("Direct Routing with the customer's Microsoft 365 connected."),
    LicenceType.HOSTED_PRO.value: _("The same connection, with everything that your platform offers for it."),
}


@require_safe
@may(Capability.ADD_SERVICE)
def choose_customer(request: DeskRequest) -> HttpResponse:
    """Choose whose service it will be."""
    wanted = asked(request)
    return render(
        request,
        "add_service/customer.html",
        {
            "page": customers(search=wanted.search, page=wanted.page),
            "wanted": wanted,
            "may_add_customer": Capability.EDIT_CUSTOMERS in request.seat.capabilities,
        },
    )


@require_safe
@may(Capability.ADD_SERVICE)
def choose_way(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """Choose between *Add New Tenant* and the *Pending Invitations* of this customer."""
    return render(request, "add_service/way.html", {"customer": customer(customer_id), "known": shared_by(customer_id)})


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def new_tenant(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """Ask for names, licence, users and the administrator's address; *Next* sends the link.

    It begins with the provider's defaults; *Invite again*, with what was asked for before.
    """
    whose, before = customer(customer_id), asked_before(request, customer_id)
    begins = defaults_for(whose.provider_id)
    first = {"licence_type": begins.licence_type, "domain": whose.domain, "language": language_of(customer_id)}
    first |= {"days": terms_of(customer_id).life_days} | (before.first if before else {})
    known_domains = place(customer_id).domains
    form = NewTenant(
        request.POST or None,
        customer_id=customer_id,
        provider_id=whose.provider_id,
        known_domains=known_domains,
        initial=first,
    )
    plan = before.plan if before else None
    asked_for = AskedFor(request.POST or None, profile=choices(), plan=plan, defaults=None if plan else begins)
    if request.method != "POST":
        typed_secret.forget(request)
    aside = typed_secret.kept(request, customer_id, now=now())
    known = Known(request.POST if form.uses_known else None, customer_id=customer_id, aside=aside)
    if request.method == "POST" and form.is_valid() and not form.uses_known:
        wait_for_answer(customer_id, domain=form.cleaned_data["domain"], seconds=ANSWER_SECONDS, now=now())
    if request.method == "POST" and form.is_valid() & asked_for.is_valid() & (not form.uses_known or known.is_valid()):
        try:
            invitation_id = _start(request, customer_id, form, asked_for, known)
        except GangwayError as error:
            form.refuse(error)
        else:
            typed_secret.forget(request)
            return redirect(_next(request, form), invitation_id)
    if form.uses_known and (secret := known.new_secret):
        typed_secret.keep(request, customer_id, secret, now=now())
        known.keep_secret()
    values = {
        "customer": whose,
        "form": form,
        "asked_for": asked_for,
        "known": known,
        "name_rules": rules(SHORT_NAME_RULES),
        "licences": [{"kind": kind, "words": LICENCES[kind.value]} for kind in LicenceType],
        "plan": plan if plan and not asked_for.is_bound else _asked_of(asked_for, begins),
        "pool": pool_seen_by(request.seat, whose.provider_id),
        "may_sign_in": any(one.cloud == whose.cloud for one in sign_in_applications(whose.provider_id)),
    }
    return render(request, "add_service/new_tenant.html", values)


@require_safe
@may(Capability.ADD_SERVICE)
def asked_for_state(request: DeskRequest, customer_id: UUID) -> HttpResponse:
    """Say what the administrator would be asked to grant by what is ticked by now. A hint; *Next* pins it."""
    begins = defaults_for(customer(customer_id).provider_id)
    form = AskedFor(request.GET, profile=choices(), defaults=begins)
    values = {"plan": _asked_of(form, begins), "form": form, "again": True}
    return render(request, "add_service/_asked_for.html", values)


def _asked_of(form: AskedFor, begins: Defaults) -> PlanView | None:
    """What was chosen makes this plan; before anything is, the defaults do. None when it can't be pinned."""
    if form.is_bound and not form.is_valid():
        return None
    return explain(form.plan if form.is_bound else begins.pinned()[0])


def _next(request: DeskRequest, form: NewTenant) -> str:
    """Where one goes on: to what was typed, to the mail of a draft, or to what happens now."""
    if form.uses_known:
        return "web:known_registration"
    return "web:invitation_mail" if "draft" in request.POST else "web:invitation_sent"


@require_safe
@may(Capability.ADD_SERVICE)
def short_name_word(request: DeskRequest) -> HttpResponse:
    """Say while a person types whether the short name can be used. A hint; *Next* decides."""
    typed = request.GET.get("short_name", "")
    faults = short_name_faults(request.seat.provider_id, typed) if typed else ()
    return render(request, "add_service/_short_name.html", {"typed": typed, "faults": faults})


def _start(request: DeskRequest, customer_id: UUID, form: NewTenant, asked_for: AskedFor, known: Known) -> UUID:
    """Plan the service, and invite its administrator or begin with what the operator typed; both or neither."""
    given = form.cleaned_data
    wanted = Wanted(
        customer_id=customer_id,
        full_name=given["full_name"],
        short_name=given["short_name"],
        licence_type=given["licence_type"],
        licensed_users=given["licensed_users"],
        domain=given["domain"],
        plan=asked_for.plan,
        plan_fingerprint=asked_for.fingerprint,
        finish_by_itself=given["finish_by_itself"] and not form.uses_known,
        language=given["language"],
    )
    if form.uses_known:
        return use_known(wanted, typed=known.typed, aside=known.aside, by=request.actor, now=now())
    return invite(
        wanted,
        recipient=given["recipient"],
        phone=given["phone"],
        days=given["days"],
        draft="draft" in request.POST,
        knowingly=given["knowingly"],
        by=request.actor,
        now=now(),
    )
