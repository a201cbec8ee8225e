"""*Sign-in rules*: the second factor, the organization's own Entra tenants, and what their roles and groups give."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gangway.accounts import microsoft, rules
from gangway.accounts.queries import needs_second_factor, second_factor_rule, tenants
from gangway.accounts.states import ClaimKind, SecondFactor
from gangway.accounts.tenant_proof import SPEAK_FOR_IT
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.organizations.changing import hold_in_use
from gangway.organizations.roles import Capability, Role
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.forms.operators import ROLE_WORDS, MapRole, NewTenant, SecondFactorRule

HERE = "web:sign_in_rules"


@require_http_methods(["GET", "HEAD"])
@may(Capability.CHANGE_SIGN_IN)
def overview(request: DeskRequest) -> HttpResponse:
    """Show how people sign in to the organization."""
    return _page(request)


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def second_factor_rule_change(request: DeskRequest) -> HttpResponse:
    """Say whether a second factor is needed."""
    here, form = request.seat.organization_id, _rule_form(request.seat.organization_id, request.POST)
    if form.is_valid():
        try:
            with form.saving():
                rules.set_second_factor(here, rule=SecondFactor(form.cleaned_data["rule"]), by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The rule is changed."))
            return redirect(HERE)
    return _page(request, rule=form)


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def add_tenant(request: DeskRequest) -> HttpResponse:
    """Let a tenant's people sign in with Microsoft."""
    form = NewTenant(request.POST)
    if form.is_valid():
        try:
            rules.add_tenant(
                request.seat.organization_id,
                tenant_id=form.cleaned_data["tenant_id"],
                cloud=microsoft.cloud_of_people(),
                does_second_factor=form.cleaned_data["does_second_factor"],
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The tenant is added. Prove next that it is yours."))
            return redirect(HERE)
    return _page(request, new_tenant=form)


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def remove_tenant(request: DeskRequest, tenant_row_id: UUID) -> HttpResponse:
    """Let a tenant's people in no longer."""
    rules.remove_tenant(tenant_row_id, seat=request.seat, by=request.actor)
    messages.success(request, _("The tenant's people can't sign in with Microsoft any more."))
    return redirect(HERE)


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def map_role(request: DeskRequest, tenant_row_id: UUID) -> HttpResponse:
    """Let an app role or a group give a role."""
    form = MapRole(request.POST, seat=request.seat, kind=request.seat.organization_kind)
    if form.is_valid():
        given = form.cleaned_data
        try:
            rules.map_role(
                tenant_row_id,
                kind=ClaimKind(given["kind"]),
                value=given["value"],
                role=Role(given["role"]),
                seat=request.seat,
                by=request.actor,
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(value)s gives a role now.") % {"value": given["value"]})
            return redirect(HERE)
    return _page(request, mapping=(tenant_row_id, form))


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def unmap_role(request: DeskRequest, mapping_id: UUID) -> HttpResponse:
    """Let an app role or a group give nothing any more."""
    try:
        rules.unmap_role(mapping_id, seat=request.seat, by=request.actor)
    except GangwayError as error:
        messages.error(request, told(error))
    return redirect(HERE)


def _page(
    request: DeskRequest,
    *,
    rule: SecondFactorRule | None = None,
    new_tenant: NewTenant | None = None,
    mapping: tuple[UUID, MapRole] | None = None,
) -> HttpResponse:
    """Show the page, with the one form that was refused as it was typed."""
    here = request.seat
    known = tenants(here.organization_id)
    values = {
        "is_needed": needs_second_factor(here.path),
        "rule": rule or _rule_form(here.organization_id),
        "new_tenant": new_tenant or NewTenant(),
        "tenants": [
            {
                "tenant": row,
                "mappings": [(each, ROLE_WORDS[each.role]) for each in row.mappings],
                "form": mapping[1]
                if mapping and mapping[0] == row.id
                else MapRole(seat=here, kind=here.organization_kind, auto_id=f"id_{row.id}_%s"),
            }
            for row in known
        ],
        "offers_microsoft": microsoft.is_offered(),
        "provers": list(SPEAK_FOR_IT.values()),
    }
    return render(request, "operators/rules.html", values)


def _rule_form(organization_id: UUID, data: Any = None) -> SecondFactorRule:
    def made(typed: Any) -> SecondFactorRule:
        return SecondFactorRule(typed, initial={"rule": second_factor_rule(organization_id).value})

    return edited(made, data, hold=partial(hold_in_use, organization_id))
