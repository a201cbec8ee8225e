"""*Pending Invitations*: the list, one invitation with its timeline, and what an operator does with it."""

import re
from contextlib import suppress
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gangway.foundation.clock import now
from gangway.invitations import actions
from gangway.invitations.aims import ENDS_BY_ITSELF
from gangway.invitations.plans import CHANGEABLE
from gangway.invitations.queries import HistoryRow, InvitationView, history, invitation, pending, posting
from gangway.invitations.states import ENDED, State
from gangway.onboarding.queries import case_of_invitation, onboarding_of_invitation
from gangway.onboarding.shapes import CaseView
from gangway.onboarding.sightings import sightings_of
from gangway.onboarding.together import begin_together
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.links import url_of
from gangway.organizations.roles import Capability
from gangway.organizations.taken_over import named
from gangway.provisioning.queries import PlanUnknown, PlanView, explain
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from gangway.web.activity_words import seen_rows, who_did
from gangway.web.again import may_begin_again
from gangway.web.beside import besides_of
from gangway.web.desk import DeskRequest, may
from gangway.web.lists import asked_of, bulk_of
from gangway.web.onboarding_pages import items_of
from gangway.web.pending import begun_rows, moves, rows_of
from gangway.web.preflight import pills_of
from gangway.web.templatetags.gangway import in_words
from gangway.web.waiting import forms_of
from gangway.web.wizard_session import remember
from gangway.web.words import INVITATION, PURPOSE, said

ENDS_WITH_DAY: Final = re.compile(r"(.{1,40}) (\d{4}-\d\d-\d\d)")


@require_safe
@may(Capability.SEE_INVITATIONS)
def invitation_list(request: DeskRequest) -> HttpResponse:
    """List what waits for somebody."""
    wanted = asked_of("invitations", request)
    page = pending(search=wanted.search, state=wanted.choices["state"], sort=wanted.sort, page=wanted.page)
    values = {
        "page": page,
        "rows": rows_of(page.rows, request.seat.capabilities),
        "begun": [] if wanted.narrows else begun_rows(request.seat.capabilities),
        "wanted": wanted,
        "states": [(state.value, said(INVITATION, state).word) for state in State],
        "bulk": bulk_of("invitations", request.seat.capabilities),
        "may_send": Capability.MANAGE_INVITATIONS in request.seat.capabilities,
        "may_import": Capability.ADD_SERVICE in request.seat.capabilities,
    }
    return render(request, "invitations/list.html", values)


@require_safe
@may(Capability.SEE_INVITATIONS, Capability.MANAGE_INVITATIONS)
def invitation_page(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Show one invitation: its facts, its timeline, and the same step and problem that the administrator sees."""
    return show(request, invitation_id)


def show(request: DeskRequest, invitation_id: UUID, **bound: Any) -> HttpResponse:
    """Show one invitation; `bound` are forms that come back with what was typed."""
    return render(request, "invitations/detail.html", _values(request, invitation_id, **bound))


@require_safe
@may(Capability.ADD_SERVICE)
def sent(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Say what happens now, after *Next*; of what is over or was never sent, the invitation's own page tells."""
    if invitation(invitation_id).state in ENDED | {State.DRAFT}:
        return redirect("web:invitation", invitation_id)
    return render(request, "invitations/sent.html", _values(request, invitation_id))


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def resend(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Send another mail; the links that are out keep working."""
    actions.resend(invitation_id=invitation_id, by=request.actor, now=now())
    about = invitation(invitation_id)
    messages.success(request, _("A new e-mail is on its way to %(address)s.") % {"address": about.recipient})
    return redirect("web:invitation", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def copy(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Mint another link and show it, once: it is in this answer and nowhere else."""
    token = actions.copy_link(invitation_id=invitation_id, by=request.actor, now=now())
    about = invitation(invitation_id)
    values = {"invitation": about, "link": url_of(token, organization_id=about.organization_id).reveal()}
    return render(request, "invitations/link.html", values)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def revoke(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw the invitation; its dialog has said what that means."""
    begun = withdraw(invitation_id=invitation_id, by=request.actor, now=now())
    about = invitation(invitation_id)
    messages.success(request, _("The invitation for %(service)s is withdrawn.") % {"service": about.service_short_name})
    if begun:
        told = _("What was made in the tenant is taken back; what can't be is listed under Leftovers in a moment.")
        messages.info(request, told)
    return redirect("web:invitation", invitation_id)


@require_POST
@may(Capability.MANAGE_INVITATIONS)
def together(request: DeskRequest, invitation_id: UUID) -> HttpResponse:
    """Open the wizard together with the customer, in a session of one's own that says so on both sides."""
    begun = begin_together(invitation_id=invitation_id, by=request.actor, now=now())
    remember(request, begun, assistant_id=request.seat.operator_id)
    return redirect("web:wizard")


def _values(request: DeskRequest, invitation_id: UUID, **bound: Any) -> dict[str, object]:
    about, case = invitation(invitation_id), case_of_invitation(invitation_id)
    post, may_add = posting(about), Capability.ADD_SERVICE in request.seat.capabilities
    return {
        "plan": _plan(about),
        "may_change_plan": about.state in CHANGEABLE and Capability.MANAGE_INVITATIONS in request.seat.capabilities,
        "invitation": about,
        "created_by": named(about.created_by_name, at=about.created_at, moved_at=about.moved_at),
        "assisted_by": _assisted_by(about, case),
        "delivery": post.delivery,
        "pill": said(INVITATION, about.state),
        "purpose": PURPOSE[about.purpose],
        "ends_by_itself": about.purpose in ENDS_BY_ITSELF,
        "may_invite_again": may_begin_again(about, request.seat.capabilities),
        "is_over": about.state in ENDED,
        "is_created": service(about.service_id).lifecycle is Lifecycle.CREATED,
        "entries": [_entry(row) for row in history(invitation_id)],
        "case": case,
        "parts": pills_of(case.signer) if case else [],
        "existing_items": items_of(case.existing.items) if case and case.existing else [],
        "beside": besides_of(case.beside) if case and case.run else [],
        "onboarding_id": onboarding_of_invitation(invitation_id) if may_add else None,
        "can": moves(about.state, request.seat.capabilities, may_copy=post.may_copy, purpose=about.purpose),
        "sightings": seen_rows(sightings_of(about.id)) if about.state is State.REPORTED else (),
        **forms_of(case, **bound),
    }


def _assisted_by(about: InvitationView, case: CaseView | None) -> str:
    if case is None or case.assisted is None:
        return ""
    return named(case.assisted.operator_name, at=case.assisted.since, moved_at=about.moved_at)


def _plan(about: InvitationView) -> PlanView | None:
    """What is asked for; None for a plan that this release doesn't know."""
    try:
        return explain(about.plan)
    except PlanUnknown:
        return None


def _with_day(note: str) -> str:
    """Write the day that a line of the history ends with as all others on the page are written."""
    found = ENDS_WITH_DAY.fullmatch(note)
    with suppress(ValueError):  # what a mail server said may look like a line of ours
        return f"{found[1]} {in_words(date.fromisoformat(found[2]))}" if found else note
    return note


def _entry(row: HistoryRow) -> dict[str, object]:
    pill = said(INVITATION, row.state)
    return {
        "pill": pill,
        "what": _with_day(row.note) or pill.word,
        "who": who_did(row.actor_kind, row.actor_name),
        "at": row.at,
    }
