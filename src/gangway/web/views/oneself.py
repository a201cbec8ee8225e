"""What is a person's own: their sign-in, the organization they work in, the second factor they owe."""

from functools import partial
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.accounts import addresses, microsoft
from gangway.accounts.queries import identities
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.organizations import people
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.queries import operator
from gangway.web import new_addresses, second_step, zones
from gangway.web.desk import DeskRequest, before_second_factor, for_oneself, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.forms.operators import ROLE_WORDS, NewAddress, PersonName
from gangway.web.forms.zones import TimeZone


@require_safe
@for_oneself
def me(request: DeskRequest) -> HttpResponse:
    """Show the ways in, the sessions that are open, the organizations one belongs to, and how times are written."""
    return _page(request, TimeZone(initial={"zone": zones.chosen(request)}))


@require_POST
@for_oneself
def time_zone(request: DeskRequest) -> HttpResponse:
    """Keep the zone in which this person reads times, in this browser."""
    form = TimeZone(request.POST)
    if not form.is_valid():
        return _page(request, form)
    answer = redirect("web:me")
    zones.keep(answer, form.cleaned_data["zone"])
    messages.success(request, _("Kept: times are written like that from now on."))
    return answer


@require_POST
@for_oneself
def own_name(request: DeskRequest) -> HttpResponse:
    """Change one's own name."""
    form = _name_form(request, request.POST)
    if form.is_valid():
        try:
            with form.saving():
                people.call_oneself(form.cleaned_data["name"], by=request.actor, seat=request.seat)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("You are called that from now on."))
            return redirect("web:me")
    return _page(request, TimeZone(initial={"zone": zones.chosen(request)}), name_form=form)


@require_POST
@for_oneself
@proved_lately
def own_address(request: DeskRequest) -> HttpResponse:
    """Mail a link to another address of one's own, which counts once it is confirmed."""
    form = NewAddress(request.POST)
    if form.is_valid():
        wanted = form.cleaned_data["email"]
        try:
            with new_addresses.one_more(request):
                addresses.ask_for_own(wanted, seat=request.seat, by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            done = _("A mail is on its way to %(address)s. Open the link in it to confirm.")
            messages.success(request, done % {"address": wanted})
            return redirect("web:me")
    return _page(request, TimeZone(initial={"zone": zones.chosen(request)}), address_form=form)


@require_POST
@for_oneself
def cancel_address(request: DeskRequest) -> HttpResponse:
    """Keep the address one has."""
    addresses.cancel(seat=request.seat, by=request.actor)
    messages.success(request, _("Your e-mail address stays as it is."))
    return redirect("web:me")


@require_POST
@for_oneself
@proved_lately
def confirm_address(request: DeskRequest) -> HttpResponse:
    """Take the address to which the link was mailed whose key this form holds."""
    try:
        given = addresses.confirm(SealedText(request.POST.get("key", "")), seat=request.seat, by=request.actor)
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("You sign in with %(address)s from now on.") % {"address": given})
    return redirect("web:me")


def _name_form(request: DeskRequest, data: Any = None) -> PersonName:
    person_id = request.seat.operator_id

    def made(typed: Any) -> PersonName:
        person = operator(person_id)
        return PersonName(typed, initial={"name": person.name if person else ""})

    return edited(made, data, hold=partial(people.held_person, person_id))


def _page(
    request: DeskRequest,
    zone_form: TimeZone,
    *,
    name_form: PersonName | None = None,
    address_form: NewAddress | None = None,
) -> HttpResponse:
    person = get_user_model().objects.get(pk=request.seat.operator_id)
    factors = Authenticator.objects.filter(user=person)
    values = {
        "has_password": person.has_usable_password(),
        "has_app": factors.filter(type=Authenticator.Type.TOTP).exists(),
        "passkeys": factors.filter(type=Authenticator.Type.WEBAUTHN).count(),
        "identities": identities(request.seat.operator_id),
        "offers_microsoft": microsoft.is_offered(),
        "sessions": UserSession.objects.filter(user=person).count(),
        "zone_form": zone_form,
        "name_form": name_form or _name_form(request),
        "address_form": address_form or NewAddress(),
        "address_waited_for": addresses.waited_for(request.seat.operator_id),
        "now": now(),
        "places": [(place, ROLE_WORDS[place.role]) for place in request.seat.places],
    }
    return render(request, "operators/me.html", values)


@require_POST
@for_oneself
def end_session(request: DeskRequest, session_id: int) -> HttpResponse:
    """End one of one's other sessions."""
    here = request.session.session_key or ""
    if people.end_own_session(session_id, here=here, by=request.actor, seat=request.seat):
        messages.success(request, _("That session is ended."))
    return redirect("usersessions_list")


@require_POST
@before_second_factor
def switch(request: DeskRequest) -> HttpResponse:
    """Work in another organization of one's own from now on; pages of the one before are left."""
    chosen = request.POST.get("organization", "")
    known = {str(place.organization_id) for place in request.seat.places}
    if chosen not in known:
        raise NoSuchOrganization
    second_step.choose(request, UUID(chosen))
    return redirect("web:home")


@require_safe
@before_second_factor
def second_factor(request: DeskRequest) -> HttpResponse:
    """Say why a second factor is needed, and offer an authenticator app or a passkey."""
    if not second_step.is_missing(request, request.seat):
        return redirect("web:home")
    return render(request, "operators/second_factor.html")
