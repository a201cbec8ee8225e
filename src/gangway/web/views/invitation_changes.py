"""What an operator changes about an invitation that is pending: its mail, names, recipient, end, and its links."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions, tenants
from gangway.invitations.aims import Purpose
from gangway.invitations.errors import NotWhereItStands
from gangway.invitations.mailing import in_a_page, preview, test_invitation
from gangway.invitations.queries import InvitationView, invitation, posting
from gangway.invitations.rows import hold
from gangway.invitations.states import UNOPENED
from gangway.invitations.waiting_for import TO_REMIND
from gangway.onboarding import before_sending, freezing, relinking
from gangway.onboarding.actions import stop_reminders_for_operator
from gangway.onboarding.errors import DomainUnknown
from gangway.onboarding.queries import case_of_invitation
from gangway.organizations.roles import Capability
from gangway.services.actions import change_users, rename_planned
from gangway.services.queries import service
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.base import PlainForm, told
from gangway.web.forms.invitation import Approval, EditInvitation, Extend, Readdress
from gangway.web.forms.opened import edited
from gangway.web.pending import moves
from gangway.web.templatetags.gangway import in_words

MAIL_PAGE: Final = "invitations/mail.html"
WITH_OWN_FRAME: Final = csp_update({"frame-src": ["'self'"]})
SHOWN_ALONE: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""A mail's styles stand in its elements, as mail programs want it; nothing else is let in."""


@require_safe
@may(Capability.MANAGE_INVITATIONS)
def change_page(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show what can be changed about it now."""
    return _show(request, invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def edit(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Change names, users, telephone, language, whether it finishes by itself; all or nothing.

    Once somebody has opened it, names and users are changed at the service: the customer has read them.
    """
    form = _edit_form(invitation_id, request.POST)

    def action(request: DeskRequest, invitation_id: UUID, given: dict[str, Any]) -> None:
        with form.saving():
            _edit(request, invitation_id, given)

    return _act(request, invitation_id, ("edit_form", form), action, _("Changed."))


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def readdress(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Change recipient*: the earlier one's links die."""
    form = Readdress(request.POST, customer_id=invitation(invitation_id).organization_id)
    done = _("It goes to another address now; every earlier link is dead.")
    return _act(request, invitation_id, ("recipient_form", form), _readdress, done)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def extend(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Extend*: the links that are out live longer."""

    def done() -> str:
        until = in_words(localtime(invitation(invitation_id).lasts_until))
        return _("It lasts longer now: until %(day)s.") % {"day": until}

    return _act(request, invitation_id, ("extend_form", Extend(request.POST)), _extend, done)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def await_approval(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """The customer told that somebody must agree first, until a day."""
    form = Approval(request.POST)
    return _act(request, invitation_id, ("approval_form", form), _await, _("Kept: nobody is reminded before that day."))


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def replace_links(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Replace link*: earlier ones die at once, also for somebody who uses one now."""
    relinking.replace_links(invitation_id=invitation_id, by=request.actor, now=now())
    address = invitation(invitation_id).recipient
    told_so = _("Every earlier link is dead. A new one is on its way to %(address)s.") % {"address": address}
    messages.success(request, told_so)
    return redirect("web:invitation", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def stop_reminders(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """No more reminders, neither before the end nor of what waits for another administrator."""
    stop_reminders_for_operator(invitation_id=invitation_id, by=request.actor, now=now())
    messages.success(request, _("No more reminders go out about this."))
    return redirect("web:invitation_change", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def unfreeze(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Unfreeze*: the operator has asked the customer, and it goes on where it stands."""
    freezing.unfreeze(invitation_id=invitation_id, by=request.actor, now=now())
    messages.success(request, _("It goes on where it stood. Links that were out work again, earlier sessions don't."))
    return redirect("web:invitation", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def see_doubt(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Seen*: somebody was refused for another Microsoft 365, and nothing has to be done about it."""
    tenants.see_doubt(invitation_id=invitation_id, by=request.actor, now=now())
    messages.success(request, _("Put away: its timeline still names it."))
    return redirect("web:invitation", invitation_id)


@require_safe
@may(Capability.MANAGE_INVITATIONS)
def mail_page(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show the mail exactly as it goes out, with a stand-in for the link."""
    about = invitation(invitation_id)
    shown = preview(invitation_id, operator=request.seat.name)
    values = {"invitation": about, "mail": shown.mail, "sender": shown.sender, "can": _can(request, about)}
    return cast("HttpResponse", WITH_OWN_FRAME(lambda here: render(here, MAIL_PAGE, values))(request))


@require_safe
@may(Capability.MANAGE_INVITATIONS)
def mail_shown(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """The mail's HTML for the frame beside its text: nothing in it runs, or is loaded from anywhere."""
    mail = preview(invitation_id, operator=request.seat.name).mail
    answer = HttpResponse(in_a_page(mail))
    answer["Content-Security-Policy"] = SHOWN_ALONE
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def test_mail(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Send it to me first*: the same mail, with a link that opens nothing."""
    me = request.seat
    test_invitation(invitation_id, to=me.email, operator=me.name, by=request.actor, now=now())
    messages.info(request, _("A test mail to %(address)s is on its way.") % {"address": me.email})
    return redirect("web:invitation_mail", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def send(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """*Send*: a draft goes out, if need be as soon as it is known whose the customer's domain is."""
    anyway = "anyway" in request.POST
    try:
        sent = before_sending.send_draft(invitation_id=invitation_id, anyway=anyway, by=request.actor, now=now())
    except DomainUnknown as error:
        messages.warning(request, told(error))
        return redirect("web:invitation", invitation_id)
    return redirect("web:invitation_sent" if sent else "web:invitation", invitation_id)


def _act(
    request: DeskRequest,
    invitation_id: UUID,
    given: tuple[str, PlainForm],
    action: Callable[[DeskRequest, UUID, dict[str, Any]], None],
    done: str | Callable[[], str],
) -> HttpResponse:
    """Do what a form (with its name on the page) asks for; faults stand at their fields, nothing typed is lost.

    `done` is said when it is: words, or what gives them once it is done.
    """
    name, form = given
    if form.is_valid():
        try:
            action(request, invitation_id, form.cleaned_data)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, done if isinstance(done, str) else done())
            return redirect("web:invitation", invitation_id)
    return _show(request, invitation_id, **{name: form})


def _edit(request: DeskRequest, invitation_id: UUID, given: dict[str, Any]) -> None:
    about, by = invitation(invitation_id), request.actor
    with transaction.atomic():
        chosen = {"phone": given["phone"], "language": given["language"]}
        by_itself = given.get("finish_by_itself", about.finish_by_itself)
        actions.edit(invitation_id=invitation_id, finish_by_itself=by_itself, **chosen, by=by, now=now())
        if "short_name" in given:
            if about.state not in UNOPENED:
                raise NotWhereItStands(state=about.state.value)
            names = {"full_name": given["full_name"], "short_name": given["short_name"]}
            rename_planned(service_id=about.service_id, **names, by=by)
            if given["licensed_users"] != service(about.service_id).licensed_users:
                change_users(service_id=about.service_id, licensed_users=given["licensed_users"], by=by)


def _readdress(request: DeskRequest, invitation_id: UUID, given: dict[str, Any]) -> None:
    to = {"recipient": given["recipient"], "knowingly": given["knowingly"]}
    relinking.readdress(invitation_id=invitation_id, **to, by=request.actor, now=now())


def _extend(request: DeskRequest, invitation_id: UUID, given: dict[str, Any]) -> None:
    actions.extend(invitation_id=invitation_id, days=given["days"], by=request.actor, now=now())


def _await(request: DeskRequest, invitation_id: UUID, given: dict[str, Any]) -> None:
    actions.await_approval(invitation_id=invitation_id, day=given["approval_on"], by=request.actor, now=now())


def _edit_form(invitation_id: UUID, data: QueryDict | None = None) -> EditInvitation:
    def made(typed: QueryDict | None) -> EditInvitation:
        about = invitation(invitation_id)
        first = {
            "full_name": about.service_full_name,
            "short_name": about.service_short_name,
            "licensed_users": service(about.service_id).licensed_users,
            "phone": about.recipient_phone,
            "language": about.language,
            "finish_by_itself": about.finish_by_itself,
        }
        connects, has_names = about.purpose == Purpose.CONNECT, about.state in UNOPENED or "short_name" in (data or ())
        return EditInvitation(typed, initial=first, of_planned=connects, with_names=connects and has_names)

    return edited(made, data, hold=partial(hold, invitation_id))


def _show(request: DeskRequest, invitation_id: UUID, **bound: PlainForm) -> HttpResponse:
    about = invitation(invitation_id)
    values = {
        "invitation": about,
        "can": _can(request, about),
        "waiting": waits.waiting if (waits := case_of_invitation(invitation_id)) else None,
        "is_reminded": about.state in TO_REMIND | UNOPENED,
        "edit_form": bound.get("edit_form") or _edit_form(about.id),
        "recipient_form": bound.get("recipient_form") or Readdress(customer_id=about.organization_id),
        "extend_form": bound.get("extend_form") or Extend(),
        "approval_form": bound.get("approval_form") or Approval(initial={"approval_on": about.approval_until}),
    }
    return render(request, "invitations/change.html", values)


def _can(request: DeskRequest, about: InvitationView) -> dict[str, bool]:
    may_copy = posting(about).may_copy
    return moves(about.state, request.seat.capabilities, may_copy=may_copy, purpose=about.purpose)
