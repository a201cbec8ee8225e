"""A connected service once more: *Re-initiate Authentication Flow*, its names, and *Upgrade Customer*."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gangway.connections.queries import connection
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations.aims import Purpose
from gangway.invitations.queries import InvitationView, invitation
from gangway.invitations.standing import open_for_connection
from gangway.invitations.states import State
from gangway.onboarding.errors import NotConnected, NotReadyToAdd
from gangway.onboarding.renewal import reinitiate, type_in, upgrade
from gangway.onboarding.together import begin_together
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.roles import SEES_INVITATIONS, Capability
from gangway.provisioning.usage import others_of, uses
from gangway.services.actions import change_licence, hold, rename_service
from gangway.services.errors import SameLicence
from gangway.services.licences import LicenceType
from gangway.services.pool import pool_seen_by
from gangway.services.queries import ServiceView, service
from gangway.services.states import Lifecycle
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.forms.service import Again, LicensedUsers, Names, Upgrade
from gangway.web.names import rules
from gangway.web.views.add_service import LICENCES, SHORT_NAME_RULES
from gangway.web.views.service_portal import head
from gangway.web.wizard_session import remember


def licences_of(about: ServiceView) -> list[dict[str, Any]]:
    """Return the licence types as cards, the present one included."""
    return [{"kind": kind, "words": LICENCES[kind.value]} for kind in type(about.licence)]


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.CHANGE_CONNECTION)
def again(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Re-initiate Authentication Flow*: invite the administrator by mail, or open the wizard with them now."""
    about, found = service(service_id), connection(service_id)
    if found is None or about.lifecycle is not Lifecycle.CREATED:
        raise NotConnected
    first = {"recipient": found.user_name if "@" in found.user_name else ""}
    form = Again(request.POST or None, initial=first, customer_id=about.customer_id)
    at_once = request.POST.get("way") == "now" and Capability.MANAGE_INVITATIONS in request.seat.capabilities
    if request.method == "POST" and form.is_valid():
        recipient = form.cleaned_data["recipient"]
        try:
            invitation_id = reinitiate(
                service_id=service_id,
                recipient=recipient,
                knowingly=form.cleaned_data["knowingly"],
                purpose=Purpose.REPLACE if form.cleaned_data["anew"] else Purpose.RENEW,
                mailed=not at_once,
                level=request.seat.organization_kind,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            return _open(request, invitation_id) if at_once else _told(request, about, recipient)
    used, standing = uses(found.registration_id), open_for_connection(service_id)
    values = {
        "form": form,
        "connection": found,
        "standing": invitation(standing) if standing else None,
        "sees_invitations": bool(request.seat.capabilities & SEES_INVITATIONS),
        "may_revoke": standing is not None and _asked_by(request, standing),
        "may_open": Capability.MANAGE_INVITATIONS in request.seat.capabilities,
        "uses": used,
        "others": others_of(used, about.id),
        "may_type": Capability.ADD_SERVICE in request.seat.capabilities,
    }
    return render(request, "service_portal/reinitiate.html", head(request, about, "m365") | values)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def revoke_asked(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Revoke what one asked of an administrator for a connected service: for those who open no invitations' pages.

    What somebody else asked, or is about to type, is for those who see it; then nothing happens.
    """
    about, standing = service(service_id), open_for_connection(service_id)
    if about.lifecycle is not Lifecycle.CREATED:
        raise NotConnected
    if standing is not None and _asked_by(request, standing):
        withdraw(invitation_id=standing, by=request.actor, now=now())
        messages.success(request, _("The invitation for %(service)s is withdrawn.") % {"service": about.short_name})
    return redirect("web:service_reinitiate", service_id)


@require_POST
@may(Capability.ADD_SERVICE)
@proved_lately
def replace(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Replace the credentials*: type others of this or another App registration; they count when they are proved.

    For those who may open the page behind it: a customer's own people ask their administrator, by *Re-initiate*.
    """
    about = service(service_id)
    try:
        invitation_id = type_in(service_id=about.id, level=request.seat.organization_kind, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:service_reinitiate", about.id)
    return redirect("web:known_registration", invitation_id)


def _asked_by(request: DeskRequest, invitation_id: UUID) -> bool:
    about = invitation(invitation_id)
    return about.created_by_id == request.actor.id and about.state is not State.DRAFT


def _open(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    remember(
        request,
        begin_together(invitation_id=invitation_id, by=request.actor, now=now()),
        assistant_id=request.seat.operator_id,
    )
    return redirect("web:wizard")


def _told(request: DeskRequest, about: ServiceView, recipient: str) -> HttpResponse:
    words = {"service": about.short_name, "address": recipient}
    messages.success(request, _("An invitation to connect %(service)s again is on its way to %(address)s.") % words)
    return redirect("web:service_m365", about.id)


@require_POST
@may(Capability.EDIT_SERVICE)
def names(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """Change the full and the short name of a service."""
    about = service(service_id)
    form = _names_form(service_id, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            with form.saving():
                rename_service(service_id=service_id, by=request.actor, **given)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The service is called %(service)s now.") % {"service": given["short_name"]})
            return redirect("web:service_users", service_id)
    return users_page(request, about, names=form)


def users_page(
    request: DeskRequest, about: ServiceView, *, names: Names | None = None, form: LicensedUsers | None = None
) -> HttpResponse:
    """Show *Users & licences*, with what was typed."""
    values = {
        "names": names or _names_form(about.id),
        "name_rules": rules(SHORT_NAME_RULES),
        "form": form or users_form(about.id),
        "pool": pool_seen_by(request.seat, about.provider_id),
        "may_upgrade": Capability.ADD_SERVICE in request.seat.capabilities,
    }
    return render(request, "service_portal/users.html", head(request, about, "users") | values)


def users_form(service_id: UUID, data: Any = None) -> LicensedUsers:
    """Return the form of how many users a service has."""

    def made(typed: Any) -> LicensedUsers:
        return LicensedUsers(typed, initial={"licensed_users": service(service_id).licensed_users})

    return edited(made, data, hold=partial(hold, service_id))


def _names_form(service_id: UUID, data: Any = None) -> Names:
    def made(typed: Any) -> Names:
        about = service(service_id)
        return Names(typed, initial={"full_name": about.full_name, "short_name": about.short_name})

    return edited(made, data, hold=partial(hold, service_id))


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def change(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Upgrade Customer*: the other licence type, at once or after the administrator connected once more."""
    about = service(service_id)
    offers_link = about.lifecycle is Lifecycle.CREATED and Capability.CHANGE_CONNECTION in request.seat.capabilities

    def made(data: Any) -> Upgrade:
        there = service(service_id)
        other = next(kind for kind in type(there.licence) if kind is not there.licence)
        first = {"licence_type": other.value, "licensed_users": there.licensed_users}
        return Upgrade(data, initial=first, customer_id=there.customer_id)

    form = edited(made, request.POST, hold=partial(hold, service_id))
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                return _change(request, about, form.cleaned_data, by_link=offers_link)
        except GangwayError as error:
            form.refuse(error)
    values = {"form": form, "licences": licences_of(about), "offers_link": offers_link}
    return render(request, "service_portal/upgrade.html", head(request, about, "users") | values)


def _change(request: DeskRequest, about: ServiceView, given: dict[str, Any], *, by_link: bool) -> HttpResponse:
    wanted = {"licence_type": given["licence_type"], "licensed_users": given["licensed_users"]}
    if by_link and given["send_link"]:
        if given["licence_type"] == about.licence.value:
            raise SameLicence(field="licence_type")
        reinitiate(
            service_id=about.id,
            recipient=given["recipient"],
            knowingly=given["knowingly"],
            purpose=Purpose.UPGRADE,
            wanted=wanted,
            level=request.seat.organization_kind,
            by=request.actor,
            now=now(),
        )
        return _told(request, about, given["recipient"])
    change_licence(service_id=about.id, by=request.actor, **wanted)
    messages.success(request, _changed(about, given["licence_type"]))
    return redirect("web:service_users", about.id)


def _changed(about: ServiceView, wanted: str) -> str:
    """Say what became of a service; *Upgrade Customer* leads both ways."""
    if wanted == LicenceType.HOSTED_PRO:
        return _("%(service)s is upgraded.") % {"service": about.short_name}
    return _("%(service)s is changed to %(licence)s.") % {
        "service": about.short_name,
        "licence": LicenceType(wanted).label,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def upgrade_pending(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Upgrade Customer* of a pending invitation: how many users, then the service changes with what was connected."""
    asked = invitation(invitation_id)
    if asked.purpose != Purpose.UPGRADE or asked.state is not State.AUTHENTICATED:
        raise NotReadyToAdd
    about = service(asked.service_id)
    form = LicensedUsers(request.POST or None, initial={"licensed_users": asked.wanted["licensed_users"]})
    if request.method == "POST" and form.is_valid():
        users = form.cleaned_data["licensed_users"]
        try:
            upgrade(
                invitation_id=invitation_id,
                licensed_users=users,
                level=request.seat.organization_kind,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _changed(about, asked.wanted["licence_type"]))
            return redirect("web:service_users", about.id)
    values = {"form": form, "service": about, "wanted": _licence_of(asked, about), "invitation": asked}
    return render(request, "invitations/upgrade.html", values)


def _licence_of(asked: InvitationView, about: ServiceView) -> str:
    return type(about.licence)(asked.wanted["licence_type"]).label
