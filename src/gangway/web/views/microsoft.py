"""Signing in with Microsoft: there by a POST, back by the callback, which is the one GET that changes something.

The session keeps state, nonce and PKCE verifier, for one answer and ten minutes; they leave it before anything is
looked at, so a second answer finds nothing.
"""

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.accounts import microsoft, tenant_proof
from gangway.accounts.errors import AccountsError, IdentityTaken, SignInBroken
from gangway.accounts.microsoft import Arrival, Who
from gangway.accounts.queries import identities, tenant
from gangway.accounts.rules import need_say
from gangway.audit.record import Actor
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.organizations.roles import Capability, require
from gangway.organizations.scope import within
from gangway.web import second_step, staying
from gangway.web.desk import DeskRequest, for_anyone, for_oneself, may, proved_lately
from gangway.web.forms.base import told

log = structlog.get_logger("gangway.web")
KEPT: Final = "microsoft"
CONSENT: Final = "microsoft_consent"
LONGEST: Final = 4000
_LASTS: Final = timedelta(minutes=30)


def start(request: HttpRequest, *, purpose: str, anew: bool = False, **facts: object) -> HttpResponse:
    """Send the browser to Microsoft; `facts` come back with the answer. `anew`: an old session there isn't enough."""
    address, kept = microsoft.begin(now=now(), host=request.get_host(), anew=anew)
    request.session[KEPT] = {**kept, "purpose": purpose, **{name: str(value) for name, value in facts.items()}}
    return HttpResponseRedirect(address)


@require_POST
@for_anyone
def begin(request: HttpRequest) -> HttpResponse:
    """*Sign in with Microsoft*."""
    return start(request, purpose="sign_in", next=_own(request, request.POST.get("next", "")))


@require_POST
@for_oneself
@proved_lately
def link(request: DeskRequest) -> HttpResponse:
    """Tie a Microsoft account to one's own."""
    return start(request, purpose="link", person=request.seat.operator_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_oneself
def again(request: DeskRequest) -> HttpResponse:
    """Prove by Microsoft who one is: a page with one button, as a GET begins nothing."""
    there = _own(request, request.GET.get("next", "") or request.POST.get("next", ""))
    if request.method == "POST":
        return start(request, purpose="again", anew=True, person=request.seat.operator_id, next=there)
    return render(request, "operators/microsoft_again.html", {"next": there})


@require_POST
@for_oneself
@proved_lately
def unlink(request: DeskRequest, identity_id: int) -> HttpResponse:
    """Untie one of one's own Microsoft accounts, unless there would be no way in any more."""
    person = get_user_model().objects.get(pk=request.seat.operator_id)
    if not person.has_usable_password() and len(identities(request.seat.operator_id)) == 1:
        messages.error(request, _("This is your only way in. Set a password first."))
    else:
        microsoft.untie(identity_id, operator_id=request.seat.operator_id, by=request.actor)
        messages.success(request, _("The Microsoft account is no longer tied to yours."))
    return redirect("web:me")


@require_safe
@for_anyone
def callback(request: HttpRequest) -> HttpResponse:
    """Microsoft's answer."""
    kept = request.session.pop(KEPT, None)
    try:
        return _answered(request, kept)
    except GangwayError as error:
        log.warning("microsoft sign-in refused", code=error.code)
        return render(request, "operators/microsoft_refused.html", {"error": error}, status=403)


def _answered(request: HttpRequest, kept: dict[str, Any] | None) -> HttpResponse:
    code = SealedText(request.GET.get("code", "")[:LONGEST])
    who = microsoft.finish(kept, state=request.GET.get("state", "")[:LONGEST], code=code, now=now())
    if kept is None:
        raise SignInBroken
    if kept["purpose"] == "prove":
        return _for_the_tenant(request, who, kept)
    if kept["purpose"] in {"link", "again"}:
        return _for_the_person(request, who, kept)
    address, request_id = request.META.get("REMOTE_ADDR", ""), getattr(request, "id", "")
    if kept["purpose"] == "join":
        arrival = microsoft.accept(
            who,
            invitation_id=UUID(kept["invitation"]),
            organization_id=UUID(kept["organization"]),
            address=address,
            request_id=request_id,
            now=now(),
        )
    else:
        arrival = microsoft.come_in(who, address=address, request_id=request_id, now=now())
    return _come_in(request, arrival, kept.get("next") or "/")


def _for_the_tenant(request: HttpRequest, who: Who, kept: dict[str, Any]) -> HttpResponse:
    """Take the account as the proof that a tenant is theirs, for the operator who began, where they began, if they may.

    Nobody is signed in by it: an administrator of the tenant may be no person of ours.
    """
    if not request.user.is_authenticated or str(request.user.pk) != kept["person"] or staying.is_over(request):
        raise SignInBroken
    here = second_step.chosen_seat(request)
    if str(here.organization_id) != kept["organization"] or second_step.is_missing(request, here):
        raise SignInBroken
    require(here, Capability.CHANGE_SIGN_IN)
    by = Actor("person", kept["person"], here.name, request.META.get("REMOTE_ADDR", ""), getattr(request, "id", ""))
    try:
        with within(here.path):
            tenant_proof.prove(UUID(kept["tenant"]), who, cloud=microsoft.cloud_of_people(), by=by, now=now())
    except AccountsError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The tenant is proved: its roles and groups count from now on."))
    return redirect("web:sign_in_rules")


def _for_the_person(request: HttpRequest, who: Who, kept: dict[str, Any]) -> HttpResponse:
    """Tie the account to the person who began, or take it as their proof: they must still be the one who is here."""
    if not request.user.is_authenticated or str(request.user.pk) != kept["person"] or staying.is_over(request):
        raise SignInBroken
    person = UUID(kept["person"])
    if kept["purpose"] == "again":
        if not microsoft.is_tied(who, operator_id=person):
            raise IdentityTaken
        record_authentication(request, request.user, "microsoft", reauthenticated=True)
        return HttpResponseRedirect(kept.get("next") or "/")
    address = request.META.get("REMOTE_ADDR", "")
    by = Actor("person", str(person), str(request.user), address, getattr(request, "id", ""))
    microsoft.tie(who, operator_id=person, by=by, now=now())
    messages.success(request, _("You can sign in with %(account)s now.") % {"account": who.username})
    return redirect("web:me")


def _come_in(request: HttpRequest, arrival: Arrival, there: str) -> HttpResponse:
    """Sign the person in. Whoever was there before goes first: with them, what the session keeps would be dropped.

    An open session at Microsoft is enough to come in, and no proof of who sits there now: what counts as one is when
    Microsoft asked.
    """
    logout(request)
    user = get_user_model().objects.get(pk=arrival.operator_id)
    request.second_factor_by_tenant = arrival.is_trusted  # type: ignore[attr-defined]
    proved_at = arrival.proved_at.timestamp() if arrival.proved_at else 0
    facts = {"tenant": str(arrival.tenant_id), "at": proved_at, "reauthenticated": True}
    record_authentication(request, user, "microsoft", **facts)
    second_step.begin(request, arrival)
    answer: HttpResponse = perform_login(request, user, redirect_url=there)
    return answer


@require_POST
@may(Capability.CHANGE_SIGN_IN)
def ask_consent(request: DeskRequest, tenant_row_id: UUID) -> HttpResponse:
    """Send the browser to Microsoft's page on which an administrator agrees for the whole tenant."""
    about, state = tenant(tenant_row_id), secrets.token_urlsafe(32)
    request.session[CONSENT] = {"state": state, "until": (now() + _LASTS).isoformat()}
    return HttpResponseRedirect(microsoft.consent_url(state, tenant_id=about.tenant_id, host=request.get_host()))


@require_POST
@may(Capability.CHANGE_SIGN_IN)
@proved_lately
def ask_proof(request: DeskRequest, tenant_row_id: UUID) -> HttpResponse:
    """Let an administrator of the tenant sign in at Microsoft, to prove that it is this organization's."""
    here, about = request.seat, tenant(tenant_row_id)
    need_say(about.organization_id, seat=here)
    return start(
        request,
        purpose="prove",
        anew=True,
        person=here.operator_id,
        organization=here.organization_id,
        tenant=about.id,
    )


@require_safe
@for_anyone
def consented(request: HttpRequest) -> HttpResponse:
    """Where Microsoft's consent page comes back to. It proves nothing and changes nothing: the first sign-in does."""
    kept = request.session.get(CONSENT) or {}
    mine = bool(kept) and SealedText(str(kept.get("state"))) == SealedText(request.GET.get("state", "")[:LONGEST])
    values = {"agreed": mine and request.GET.get("admin_consent", "") == "True", "mine": mine}
    return render(request, "operators/consented.html", values)


def _own(request: HttpRequest, there: str) -> str:
    """Return the address to go on to, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return there if ours else reverse("web:home")
