"""Where an invited operator comes in: the link shows who invites, a POST makes the account. A GET changes nothing."""

from typing import Final
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gangway.accounts import actions, addresses, microsoft
from gangway.accounts.errors import AddressLinkOver, NoSuchOperatorInvitation
from gangway.accounts.queries import OpenInvitation, open_invitation
from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.web import second_step, staying
from gangway.web.desk import for_anyone
from gangway.web.forms.operators import ROLE_WORDS, Join
from gangway.web.views import microsoft as microsoft_views
from gangway.web.views.refusals import refused
from gangway.web.views.wizard_door import kept_private

LONGEST_TOKEN: Final = 100
KEPT: Final = "__Host-join"
KEPT_FOR: Final = 3600
"""Seconds: a mail with a new password may be waited for on the way."""


@require_http_methods(["GET", "HEAD", "POST"])
@for_anyone
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; take a password, the person's own account, or Microsoft's word."""
    return kept_private(_answer(request, SealedText(token[:LONGEST_TOKEN])))


@require_safe
@for_anyone
def join_again(request: HttpRequest) -> HttpResponse:
    """Lead whoever signed in back to their invitation, whose link their browser kept: it stands in no other address."""
    token = request.COOKIES.get(KEPT, "")[:LONGEST_TOKEN]
    if not token or "/" in token:
        raise NoSuchOperatorInvitation
    answer = redirect("web:join", token)
    answer.delete_cookie(KEPT)
    return kept_private(answer)


@require_safe
@for_anyone
def address_link(request: HttpRequest, key: str) -> HttpResponse:
    """Show a signed-in person which address they would confirm and who asked; anybody else shall sign in first."""
    person = request.user if isinstance(request.user, get_user_model()) else None
    try:
        wanted = addresses.behind(SealedText(key), operator_id=person.pk) if person else None
    except AddressLinkOver as error:
        return kept_private(refused(request, error))
    return kept_private(render(request, "operators/address.html", {"key": key, "wanted": wanted}))


def _answer(request: HttpRequest, given: SealedText) -> HttpResponse:
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
    """Accept as the person who is signed in, and still may be; the room checks that the invitation is theirs.

    Somebody else's session ends. Where the organization lets nobody in as they came, they sign in once more.
    """
    if not _is_theirs(request, offer) or staying.is_over(request):
        logout(request)
        return _to_sign_in(token)
    person = UUID(str(request.user.pk))
    by = Actor("person", str(person), str(request.user), request.META.get("REMOTE_ADDR", ""), request.id)  # type: ignore[attr-defined]
    organization_id = actions.accept_as(token, operator_id=person, by=by, now=now())
    place = {"place": offer.organization_name}
    if not second_step.leads_into(request, organization_id):
        logout(request)
        done = _(
            "You have a role in %(place)s now. Sign in once more to get there: with your password, if Microsoft's "
            "sign-in doesn't lead there."
        )
        messages.success(request, done % place)
        return redirect("account_login")
    second_step.choose(request, organization_id)
    messages.success(request, _("You have a role in %(place)s now.") % place)
    return redirect("web:home")


def _to_sign_in(token: SealedText) -> HttpResponse:
    """Let the browser keep the link for a while, so that its token needs no place in the sign-in's address."""
    answer = redirect(f"{reverse('account_login')}?next={reverse('web:join_again')}")
    answer.set_cookie(KEPT, token.reveal(), max_age=KEPT_FOR, secure=True, httponly=True, samesite="Lax")
    return answer


def _signed_in(request: HttpRequest, person: UUID, organization_id: UUID) -> HttpResponse:
    user = get_user_model().objects.get(pk=person)
    record_authentication(request, user, "password", reauthenticated=True)
    answer: HttpResponse = perform_login(request, user, redirect_url="/")
    second_step.choose(request, organization_id)
    return answer


def _is_theirs(request: HttpRequest, offer: OpenInvitation) -> bool:
    return request.user.is_authenticated and getattr(request.user, "email", "") == offer.email


def _page(request: HttpRequest, offer: OpenInvitation, form: Join) -> HttpResponse:
    values = {
        "offer": offer,
        "role": ROLE_WORDS[offer.role],
        "form": form,
        "is_theirs": _is_theirs(request, offer),
        "may_use_microsoft": offer.may_use_microsoft and microsoft.is_offered() and not offer.has_account,
    }
    return render(request, "operators/join.html", values)
