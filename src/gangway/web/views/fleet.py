"""*Connections*: the fleet at a glance, its backlog and what belongs to nothing; rotation, freezes and repair."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.connections import policy
from gangway.connections.care_view import (
    LESS,
    ends_beside,
    fleet,
    lacking_beside,
    orphans,
    rotation_beside,
    rotation_of,
)
from gangway.connections.companions import companions
from gangway.connections.fleet import backlog
from gangway.connections.queries import connection
from gangway.connections.rotation import rotate_now
from gangway.connections.schedule import Wishes
from gangway.connections.states import SUSPENDED
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.onboarding.otherwise import addable, purpose_of_repair, renewing
from gangway.onboarding.renewal import reinitiate, without_theirs
from gangway.organizations.changing import hold_in_use
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Capability, may_undo
from gangway.organizations.roles import Kind as Level
from gangway.provisioning.renewable import newest_plan
from gangway.provisioning.sighted import Sighted
from gangway.services.queries import service
from gangway.services.states import Connection
from gangway.web import zones
from gangway.web.decided import DECIDED
from gangway.web.desk import DeskRequest, may, need_settling
from gangway.web.forms.base import told
from gangway.web.forms.care import FreezeForm, PolicyForm, RepairForm
from gangway.web.forms.opened import edited
from gangway.web.listing import asked
from gangway.web.lists import asked_of, bulk_of
from gangway.web.words import CONNECTION, LOOKED_BY, ROTATION, STANDING, said

PAGE: Final = ["GET", "HEAD", "POST"]
AT_MOST: Final = 100


@require_safe
@may(Capability.SEE_CONNECTION)
def connections(request: DeskRequest) -> HttpResponse:
    """List the connections, and say how far their own validations are behind."""
    wanted = asked_of("connections", request)
    page = fleet(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    beside = ends_beside(row.service_id for row in page.rows)
    lacking = lacking_beside(row.service_id for row in page.rows)
    values = {
        "page": page,
        "rows": [
            {
                "row": row,
                "pill": said(CONNECTION, row.status),
                "rotation": said(ROTATION, row.rotation),
                "beside": beside.get(row.service_id, ()),
                "lacks": (*row.lacks, *lacking.get(row.service_id, ())),
            }
            for row in page.rows
        ],
        "wanted": wanted,
        "backlog": backlog(now=now()),
        "statuses": [(str(state), said(CONNECTION, state).word) for state in Connection],
        "suspended": SUSPENDED,
        "rotations": [(state, pill.word) for state, pill in ROTATION.items()],
        "drifts": [(LESS, _("Less than the newest version"))],
        "bulk": bulk_of("connections", request.seat.capabilities),
        "may_change": Capability.CHANGE_CONNECTION in request.seat.capabilities,
        "may_settle": Capability.CHANGE_SETTINGS in request.seat.capabilities,
    }
    return render(request, "fleet/list.html", values)


@require_safe
@may(Capability.SEE_CONNECTION)
def orphan_list(request: DeskRequest) -> HttpResponse:
    """What belongs to nothing, and how far we know it; what is left in tenants has its own list."""
    found = orphans(limit=AT_MOST, page=asked(request).page)
    seen = [{"row": row, "pill": said(STANDING, row.standing or ""), "by": _looked_by(row)} for row in found.sighted]
    values = {"lost": found.lost, "unused": found.unused, "seen": seen, "coverage": found.coverage, "page": found}
    return render(request, "fleet/orphans.html", values)


def _looked_by(row: Sighted) -> str:
    return str(said(LOOKED_BY, row.source).word) if row.source else ""


@require_POST
@may(Capability.CHANGE_CONNECTION)
def rotate(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Rotate now*: the run's page tells how it goes."""
    about = service(service_id)
    try:
        run_id = rotate_now(service_id=about.id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:service_m365", service_id)
    return redirect("web:run", run_id)


@require_http_methods(PAGE)
@may(Capability.CHANGE_CONNECTION)
def repair(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Repair*: ask an administrator of the customer for just what is missing."""
    about, found, cared = service(service_id), connection(service_id), rotation_of(service_id)
    if found is None or cared is None or found.lost:
        raise Http404
    beside = [(one, rotation_beside(service_id, one.profile)) for one in companions(service_id)]
    lacking = [(one, care) for one, care in beside if care is not None and care.lacks]
    only_theirs = lacking and not cared.lacks and not any(one.registration.is_ours for one, _ in lacking)
    offered = (*(() if only_theirs else renewing(service_id)), *addable(service_id))
    may_ask = cared.is_ours and (bool(offered) or not only_theirs)
    first = {"recipient": _asked_before(found.user_name), "adding": request.GET.getlist("add")}
    form = RepairForm(request.POST or None, initial=first, offered=offered, customer_id=about.customer_id)
    if request.method == "POST" and may_ask and form.is_valid():
        try:
            adding = form.cleaned_data["adding"]
            plan = newest_plan(found.registration_id, adding=adding)
            makes_beside = any(feature.beside for feature in offered if feature.key in adding)
            plan = plan if makes_beside else without_theirs(service_id, plan)
            invitation_id = reinitiate(
                service_id=service_id,
                recipient=form.cleaned_data["recipient"],
                knowingly=form.cleaned_data["knowingly"],
                plan=plan,
                purpose=purpose_of_repair(service_id, plan),
                level=request.seat.organization_kind,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The administrator is asked for what is missing of “%s”.") % about.short_name)
            if Capability.ADD_SERVICE in request.seat.capabilities:
                return redirect("web:invitation_sent", invitation_id)
            return redirect("web:service_m365", about.id)
    values = {"service": about, "found": found, "cared": cared, "form": form, "offered": offered}
    values |= {"beside": lacking, "may_ask": may_ask}
    return render(request, "fleet/repair.html", values)


@require_http_methods(PAGE)
@may(Capability.EDIT_CUSTOMERS)
def rotation_policy(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """How an organization's credentials are renewed by themselves."""
    need_settling(request, place(organization_id).kind)
    if "inherit" in request.POST:
        policy.inherit(organization_id, by=request.actor, now=now())
        messages.success(request, _("Nothing is set here any more. Days that are set already are thought over anew."))
        return redirect("web:rotation_policy", organization_id)
    form = _policy_form(organization_id, request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                policy.set_wishes(organization_id, form.wishes(), by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is saved. Days that are set already are thought over anew."))
            return redirect("web:rotation_policy", organization_id)
    return _policy_page(request, organization_id, form=form, freeze=FreezeForm(zone=zones.of(request)))


@require_POST
@may(Capability.EDIT_CUSTOMERS)
def freeze_add(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """A time in which nothing is changed by itself in the tenants of an organization."""
    about, zone = place(organization_id), zones.of(request)
    form = FreezeForm(request.POST, zone=zone)
    need_settling(request, about.kind)
    if form.is_valid():
        given = form.cleaned_data
        try:
            policy.add_freeze(
                about.id,
                begins=given["begins"].replace(tzinfo=zone),
                ends=given["ends"].replace(tzinfo=zone),
                why=given["why"],
                level=request.seat.organization_kind,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(
                request, _("Nothing is renewed by itself at %(name)s in that time.") % {"name": about.name}
            )
            return redirect("web:rotation_policy", organization_id)
    return _policy_page(request, organization_id, form=_policy_form(organization_id), freeze=form)


@require_POST
@may(Capability.EDIT_CUSTOMERS)
def freeze_end(request: DeskRequest, organization_id: UUID, freeze_id: UUID) -> HttpResponse:
    """Take a freeze away."""
    about = place(organization_id)
    need_settling(request, about.kind)
    try:
        level = request.seat.organization_kind
        policy.end_freeze(freeze_id, organization_id=about.id, level=level, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The freeze of %(name)s is taken away.") % {"name": about.name})
    return redirect("web:rotation_policy", organization_id)


def _policy_page(request: DeskRequest, organization_id: UUID, *, form: PolicyForm, freeze: FreezeForm) -> HttpResponse:
    about = place(organization_id)
    values = {
        "form": form,
        "freeze": freeze,
        "about": about,
        "has_own": policy.own_wishes(organization_id) is not None,
        "freezes": [
            {
                "one": one,
                "may_end": may_undo(request.seat.organization_kind, one.level),
                "set_by": DECIDED[one.level] if one.level else "",
            }
            for one in policy.freezes_of(organization_id)
        ],
        "above": policy.freezes_above(organization_id),
        "is_provider": about.kind is Level.PROVIDER,
    }
    return render(request, "fleet/policy.html", values)


def _policy_form(organization_id: UUID, data: Any = None) -> PolicyForm:
    def made(typed: Any) -> PolicyForm:
        return PolicyForm(typed, initial=_typed(policy.counting(organization_id)))

    return edited(made, data, hold=partial(hold_in_use, organization_id))


def _typed(wishes: Wishes) -> dict[str, Any]:
    return {"rotates": wishes.rotates, "days_before": wishes.days_before, "notice_days": wishes.notice_days}


def _asked_before(user_name: str) -> str:
    """Whoever authenticated the registration is asked first, as far as their name is an address."""
    return user_name if "@" in user_name else ""
