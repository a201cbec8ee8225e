"""*Operators*: who has which role where; inviting somebody; changing, suspending and ending roles."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.accounts import actions, addresses
from gangway.accounts.errors import EnoughInvitedToday
from gangway.accounts.queries import MOST, InvitationRow, operator_invitation, pending_invitations
from gangway.audit.queries import activity
from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.organizations import people
from gangway.organizations.people_queries import (
    MOST_CHOICES,
    PlaceChoice,
    PlaceView,
    chosen_place,
    operators,
    place,
    places_to_invite,
    resettable,
)
from gangway.organizations.queries import Seat
from gangway.organizations.roles import Capability, Role, may_undo
from gangway.web import new_addresses
from gangway.web.activity_words import entry_of
from gangway.web.decided import DECIDED
from gangway.web.desk import DeskRequest, DeskView, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.forms.operators import (
    KIND_WORDS,
    ROLE_WORDS,
    InviteOperator,
    NewAddress,
    PersonName,
    kinds_to_invite,
    roles_to_give,
)
from gangway.web.listing import sought_place
from gangway.web.lists import asked_of, bulk_of
from gangway.web.words import OPERATOR, OPERATOR_INVITATION, said

LATEST = 10


@require_safe
@may(Capability.SEE_OPERATORS)
def operator_list(request: DeskRequest) -> HttpResponse:
    """List the people of the organization and of those below it, and the invitations that are out."""
    wanted = asked_of("operators", request)
    page = operators(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    narrower = wanted.page > 1 or any(wanted.choices.values())
    invited = () if narrower else pending_invitations(now=now(), search=wanted.search)
    lost = resettable([row.email for row in invited], request.seat) if invited else frozenset()
    values = {
        "page": page,
        "rows": [_row(request, row) for row in page.rows],
        "invited": [_invited(request, row, may_reset=row.email in lost) for row in invited],
        "invited_is_cut": len(invited) == MOST,
        "wanted": wanted,
        "roles": [(role.value, words) for role, words in ROLE_WORDS.items()],
        "states": [(state, said(OPERATOR, state).word) for state in OPERATOR],
        "bulk": bulk_of("operators", request.seat.capabilities),
        "may_invite": Capability.MANAGE_OPERATORS in request.seat.capabilities,
    }
    return render(request, "operators/list.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.MANAGE_OPERATORS)
@proved_lately
def invite(request: DeskRequest) -> HttpResponse:
    """Ask who shall come in, where and as what; *Send the invitation* mails the link.

    `?organization=` names the organization, and the roles follow it; `?place=` the beginning of its name: a provider
    has thousands.
    """
    sought, chosen = sought_place(request), _chosen(request)
    places = places_to_invite(kinds_to_invite(request.seat), search=sought)
    is_cut = len(places) == MOST_CHOICES
    if chosen is not None and chosen not in places and (request.method == "POST" or not sought):
        places = (chosen, *places)
    first = {"organization": str(chosen.id)} if chosen is not None else {}
    first["role"] = request.GET.get("role", "")
    form = InviteOperator(request.POST or None, seat=request.seat, places=places, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.invite_operator(
                email=given["email"],
                name=given["name"],
                organization_id=UUID(given["organization"]),
                role=Role(given["role"]),
                seat=request.seat,
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("An invitation is on its way to %(address)s.") % {"address": given["email"]})
            return redirect("web:operators")
    values = {"form": form, "sought": sought, "is_cut": is_cut, "none_found": not places}
    return render(request, "operators/invite.html", values)


def _chosen(request: DeskRequest) -> PlaceChoice | None:
    """Return the organization that the form or the address names, else one's own; None for none to invite into."""
    here = str(request.seat.organization_id)
    named = request.POST.get("organization") if request.method == "POST" else request.GET.get("organization", here)
    return chosen_place(named or "", kinds_to_invite(request.seat))


@require_safe
@may(Capability.SEE_OPERATORS)
def operator_page(request: DeskRequest, place_id: int) -> HttpResponse:
    """Show one person's place: the role, how they sign in, what was done with it."""
    return _person_page(request, place(place_id))


def _person_page(
    request: DeskRequest,
    about: PlaceView,
    *,
    name_form: PersonName | None = None,
    address_form: NewAddress | None = None,
) -> HttpResponse:
    entries = activity(organization_path=request.seat.path, subject=f"operator:{about.operator_id}", limit=LATEST)
    values = {
        **_row(request, about),
        "roles": roles_to_give(request.seat, about.organization_kind),
        "name_form": name_form or _name_form(about.id),
        "address_form": address_form or NewAddress(),
        "address_waited_for": addresses.waited_for(about.operator_id),
        "entries": [entry_of(row) for row in entries],
    }
    return render(request, "operators/detail.html", values)


@require_POST
@may(Capability.MANAGE_OPERATORS)
@proved_lately
def change_role(request: DeskRequest, place_id: int) -> HttpResponse:
    """Give the person another role."""
    about, chosen = place(place_id), request.POST.get("role", "")
    if chosen not in set(Role):
        messages.error(request, _("Choose one of the roles offered."))
        return redirect("web:operator", place_id)
    role = Role(chosen)
    done = _("%(name)s is %(role)s now.") % {"name": about.name, "role": ROLE_WORDS[role]}
    shown = request.POST.get("shown", "")
    change = partial(people.change_role, place_id, role=role, by=request.actor, seat=request.seat, shown=shown)
    return _tried(request, about, change, done)


@require_POST
@may(Capability.MANAGE_OPERATORS)
def correct_name(request: DeskRequest, place_id: int) -> HttpResponse:
    """Correct the person's name."""
    about, form = place(place_id), _name_form(place_id, request.POST)
    if form.is_valid():
        try:
            with form.saving():
                name = form.cleaned_data["name"]
                people.correct_name(place_id, name=name, by=request.actor, seat=request.seat)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(name)s is called that from now on.") % {"name": name})
            return redirect("web:operator", place_id)
    return _person_page(request, about, name_form=form)


@require_POST
@may(Capability.MANAGE_OPERATORS)
@proved_lately
def change_address(request: DeskRequest, place_id: int) -> HttpResponse:
    """Mail a link to another address for the person, who confirms it themselves: nobody takes an account over."""
    about, form = place(place_id), NewAddress(request.POST)
    if form.is_valid():
        wanted = form.cleaned_data["email"]
        try:
            with new_addresses.one_more(request):
                addresses.ask_for(place_id, wanted, seat=request.seat, by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            done = _("A mail is on its way to %(address)s. The address counts once %(name)s confirms by its link.")
            messages.success(request, done % {"address": wanted, "name": about.name})
            return redirect("web:operator", place_id)
    return _person_page(request, about, address_form=form)


def _name_form(place_id: int, data: Any = None) -> PersonName:
    def made(typed: Any) -> PersonName:
        return PersonName(typed, initial={"name": place(place_id).name}, auto_id="person_%s")

    return edited(made, data, hold=lambda: people.held_person(place(place_id).operator_id))


class Change(Protocol):
    """What may be done with a place, by its id."""

    def __call__(self, membership_id: int, /, *, by: Actor, seat: Seat) -> object:
        """Do it; raises the room's errors."""


def acting(change: Change, done: str | Promise, *, then: str = "") -> DeskView:
    """Return the POST that does this with a place and says `done`; `then` is where it leads if not back there."""

    @require_POST
    @may(Capability.MANAGE_OPERATORS)
    @proved_lately
    def view(request: DeskRequest, place_id: int) -> HttpResponse:
        about = place(place_id)
        said = str(done) % {"name": about.name, "place": about.organization_name}
        return _tried(request, about, lambda: change(place_id, by=request.actor, seat=request.seat), said, then=then)

    return view


suspend = acting(people.suspend, gettext_lazy("%(name)s is suspended; their sessions are ended."))
resume = acting(people.resume, gettext_lazy("%(name)s may come in again."))
remove = acting(people.remove, gettext_lazy("%(name)s has no role in %(place)s any more."), then="web:operators")
end_sessions = acting(people.end_sessions, gettext_lazy("%(name)s is signed out everywhere."))
reset_second_factor = acting(
    people.reset_second_factor, gettext_lazy("%(name)s sets up a new second factor at the next sign-in.")
)


@require_POST
@may(Capability.MANAGE_OPERATORS)
@proved_lately
def resend(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Mail a new link; the one before stops working."""
    about = operator_invitation(invitation_id, now=now())
    try:
        actions.invite_again(invitation_id, seat=request.seat, by=request.actor, now=now())
    except EnoughInvitedToday as error:
        messages.error(request, told(error))
        return redirect("web:operators")
    messages.success(request, _("A new link is on its way to %(address)s.") % {"address": about.email})
    return redirect("web:operators")


@require_POST
@may(Capability.MANAGE_OPERATORS)
def revoke(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    about = operator_invitation(invitation_id, now=now())
    actions.revoke_operator_invitation(invitation_id, seat=request.seat, by=request.actor)
    messages.success(request, _("The invitation of %(address)s is withdrawn.") % {"address": about.email})
    return redirect("web:operators")


@require_POST
@may(Capability.MANAGE_OPERATORS)
@proved_lately
def reset_invited_factor(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Take the lost second factors of an invited person's account away, so that they can sign in and accept."""
    about = operator_invitation(invitation_id, now=now())
    try:
        actions.reset_invited_factor(invitation_id, seat=request.seat, by=request.actor)
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        done = _("%(address)s signs in without a second factor, and sets up a new one after accepting.")
        messages.success(request, done % {"address": about.email})
    return redirect("web:operators")


def _tried(
    request: DeskRequest, about: PlaceView, action: Callable[[], object], done: str, *, then: str = ""
) -> HttpResponse:
    """Do it, and say how it went. Who ended sessions of their own meets the sign-in page, and reads it there."""
    try:
        action()
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        ended_own = not request.session.exists(request.session.session_key or "")
        if ended_own:
            logout(request)
        messages.success(request, done)
        if ended_own:
            return redirect("account_login")
        if then:
            return redirect(then)
    return redirect("web:operator", about.id)


def _row(request: DeskRequest, row: PlaceView) -> dict[str, Any]:
    may_change = people.may_change(request.seat, kind=row.organization_kind, role=row.role)
    return {
        "operator": row,
        "role": ROLE_WORDS[row.role],
        "kind": KIND_WORDS[row.organization_kind],
        "pill": said(OPERATOR, row.standing),
        "may_change": may_change and Capability.MANAGE_OPERATORS in request.seat.capabilities,
        "may_resume": may_undo(request.seat.organization_kind, row.suspended_level),
        "suspended_by": DECIDED[row.suspended_level] if row.suspended_level else "",
        "is_oneself": row.operator_id == request.seat.operator_id,
    }


def _invited(request: DeskRequest, row: InvitationRow, *, may_reset: bool) -> dict[str, Any]:
    return {
        "invitation": row,
        "role": ROLE_WORDS[row.role],
        "pill": said(OPERATOR_INVITATION, row.state),
        "may_change": people.may_change(request.seat, kind=row.organization_kind, role=row.role)
        and Capability.MANAGE_OPERATORS in request.seat.capabilities,
        "may_reset": may_reset,
    }
