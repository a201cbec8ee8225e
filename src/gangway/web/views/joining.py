"""Where an invited operator comes in: the link shows who invites, a POST makes the account. A GET changes nothing."""

from typing import Final
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gangway.accounts import actions, microsoft
from gangway.accounts.queries import OpenInvitation, open_invitation
from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.web import second_step, staying
from gangway.web.desk import for_anyone
from gangway.web.forms.operators import ROLE_WORDS, Join
from gangway.web.views import microsoft as microsoft_views

LONGEST_TOKEN: Final = 100


@require_http_methods(["GET", "HEAD", "POST"])
@for_anyone
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; take a password, the person's own account, or Microsoft's word."""
    given = SealedText(token[:LONGEST_TOKEN])
    offer = open_invitation(given, now=now())
    if request.method != "POST":
        return _page(request, offer, Join(initial={"name": offer.name}))
    way = request.POST.get("way", "")
    if way == "microsoft":
        return microsoft_views.start(request, purpose="join", invitation=offer.id, organization=offer.organization_id)
    if way == "account":
        return _with_account(request, given, offer)
    return _with_password(request, given, offer)


def _with_password(request: HttpRequest, token: SealedText, offer: OpenInvitation) -> HttpResponse:
    form = Join(request.POST)
    if form.is_valid():
        try:
            person = actions.accept_with_password(
                token,
                name=form.cleaned_data["name"],
                password=SealedText(form.cleaned_data["password"]),
                address=request.META.get("REMOTE_ADDR", ""),
                request_id=getattr(request, "id", ""),
                now=now(),
            )
        except GangwayError as error:
            form.refuse(error)
        else:
            return _signed_in(request, person, offer.organization_id)
    return _page(request, offer, form)


def _with_account(request: HttpRequest, token: SealedText, offer: OpenInvitation) -> HttpResponse:
    """Accept as the person who is signed in, and still may be; the room checks that the invitation is theirs."""
    if not request.user.is_authenticated or staying.is_over(request):
        logout(request)
        return redirect("account_login")
    person = UUID(str(request.user.pk))
    by = Actor("person", str(person), str(request.user), request.META.get("REMOTE_ADDR", ""), request.id)  # type: ignore[attr-defined]
    organization_id = actions.accept_as(token, operator_id=person, by=by, now=now())
    second_step.choose(request, organization_id)
    messages.success(request, _("You have a role in %(place)s now.") % {"place": offer.organization_name})
    return redirect("web:home")


def _signed_in(request: HttpRequest, person: UUID, organization_id: UUID) -> HttpResponse:
    user = get_user_model().objects.get(pk=person)
    record_authentication(request, user, "password", reauthenticated=True)
    answer: HttpResponse = perform_login(request, user, redirect_url="/")
    second_step.choose(request, organization_id)
    return answer


def _page(request: HttpRequest, offer: OpenInvitation, form: Join) -> HttpResponse:
    is_theirs = request.user.is_authenticated and getattr(request.user, "email", "") == offer.email
    values = {
        "offer": offer,
        "role": ROLE_WORDS[offer.role],
        "form": form,
        "is_theirs": is_theirs,
        "may_use_microsoft": offer.may_use_microsoft and microsoft.is_offered() and not offer.has_account,
    }
    return render(request, "operators/join.html", values)
