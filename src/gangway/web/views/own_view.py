"""The customer's own view: a member of the tenant with a fitting role signs in, looks, and may disconnect.

It needs neither a link nor a mail nor anybody at the provider: so nobody is lost when a mailbox or a person is gone.
The web process never asks Microsoft; it waits until a worker has heard who came.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.connections.farewells import SignedFarewell
from gangway.connections.rights import GrantRow
from gangway.connections.states import AuthenticatedBy
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.languages.said import named
from gangway.languages.said import said as say
from gangway.onboarding.own_view import arriving, doing, reading
from gangway.onboarding.own_view.arriving import Entry, VisitorView
from gangway.onboarding.own_view.errors import MayOnlyRead, NothingRemains, SignInOnceMore
from gangway.onboarding.own_view.roles import ROLES
from gangway.onboarding.states import VisitState
from gangway.organizations.changing import hold_in_use
from gangway.organizations.languages import language_of
from gangway.organizations.scope import within
from gangway.organizations.taken_over import BEFORE
from gangway.provisioning.remains import scopes_of
from gangway.web import own_session
from gangway.web.brand import brand_of
from gangway.web.desk import for_anyone
from gangway.web.downloads import text_file
from gangway.web.forms.base import told
from gangway.web.forms.opened import AS_OPENED, edited
from gangway.web.forms.own_view import ChosenCloud, Disconnect, NamedProvider
from gangway.web.forms.place import ContactsForm, contact_rows, contacts_of, in_rows
from gangway.web.languages import speak
from gangway.web.live import first_look, look_again, move_on
from gangway.web.own_session import OwnRequest, in_own_view
from gangway.web.own_words import history_of, why_unknown
from gangway.web.wizard_session import remember
from gangway.web.words import CONNECTION, GRANT, LEFTOVER, LIFE, PLANNED, RUN, STEP, USER_NAME, said

PAGE: Final = ["GET", "HEAD", "POST"]
WAITING_PARTIAL: Final = "own_view/_waiting.html"
REMOVAL_PARTIAL: Final = "own_view/_removal.html"


@for_anyone
@require_http_methods(PAGE)
def home(request: HttpRequest) -> HttpResponse:
    """The fixed address: what the tenant has here for whoever is signed in; for others, where to sign in."""
    if request.method != "POST" and own_session.present(request) is not None:
        return overview(request)
    here = arriving.entry_at(request.get_host())
    if here is not None:
        return _door(request, here, named=bool(arriving.shown_below(request.get_host())))
    form = NamedProvider(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = arriving.entry_named(form.cleaned_data["name"])
        if found is not None:
            return redirect("web:own_view_at", found.provider.id)
        form.add_error("name", _("We find no provider of exactly this name. Its mails hold the address of this page."))
    return render(request, "own_view/which.html", {"form": form})


@for_anyone
@require_http_methods(PAGE)
def at_provider(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """The fixed address of one provider; under somebody else's host name it isn't there."""
    found, host = arriving.entry(provider_id), request.get_host()
    if found is None or not found.provider.path.startswith(arriving.shown_below(host)):
        raise Http404
    if request.method != "POST" and own_session.present(request) is not None:
        return redirect("web:own_view")
    return _door(request, found, named=True)


def _door(request: HttpRequest, here: Entry, *, named: bool) -> HttpResponse:
    """Where to sign in. `named`: the address itself says whose page it is, so that the page may."""
    form = ChosenCloud(request.POST if request.method == "POST" else None, clouds=here.clouds)
    if request.method == "POST" and form.is_valid():
        try:
            return _off(request, provider_id=here.provider.id, cloud=form.cleaned_data["cloud"])
        except GangwayError as error:
            form.refuse(error)
    speak(request, language_of(here.provider.id))
    values: dict[str, Any] = {"form": form, "roles": ROLES}
    values |= {"provider": here.provider, "brand": brand_of(here.provider.path)} if named else {}
    origins = [arriving.pages_origin(cloud) for cloud in here.clouds]
    return _leading_there(request, "own_view/door.html", values, origins)


def _off(request: HttpRequest, *, provider_id: UUID, cloud: str, then: str = "", **more: Any) -> HttpResponse:
    """Send the browser to Microsoft, and remember by what its answer is known."""
    visit_id, departure = arriving.leave(
        provider_id=provider_id,
        cloud=cloud,
        host=request.get_host(),
        by=own_session.actor_of(request, more.get("after")),
        now=now(),
        **more,
    )
    own_session.begin(request, visit_id, departure, provider_id=provider_id, then=then or reverse("web:own_view"))
    return HttpResponseRedirect(departure.address)


def _leading_there(
    request: HttpRequest, template: str, values: dict[str, Any], origins: list[str], status: int = 200
) -> HttpResponse:
    """Show a page whose form leads to Microsoft: browsers follow it only where the page's policy names that origin."""
    lead_there = csp_update({"form-action": origins})
    answer = lead_there(lambda here: render(here, template, values, status=status))(request)
    return cast("HttpResponse", answer)


def returned(request: HttpRequest, one: own_session.Awaited) -> HttpResponse:
    """Take the browser back from Microsoft. The answer is good once; the address is left at once."""
    if request.method == "GET":
        try:
            arriving.come_back(
                one.visit_id, provider_id=one.provider_id, returned=request.GET.dict(), begun=[one.mark], now=now()
            )
        except GangwayError as error:
            messages.warning(request, told(error))
    return redirect("web:own_waiting")


@for_anyone
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Wait until a worker has heard who came; then go to the page that the sign-in was for."""
    one = own_session.latest(request)
    if one is None:
        return redirect("web:own_view")
    found = arriving.visitor(one.visit_id, provider_id=one.provider_id, now=now())
    if found.state is VisitState.SIGNED_IN and not found.is_late:
        own_session.admit(request, one)
        return redirect(one.then)
    url = reverse("web:own_waiting_state")
    live = first_look(request, WAITING_PARTIAL, _waiting_values(found), url=url)
    values = {"live": live, "visitor": found, "provider": found.provider, "brand": brand_of(found.provider.path)}
    values |= {"again": reverse("web:own_view_at", args=[found.provider.id]), "is_waiting": True}
    return render(request, "own_view/waiting.html", values, status=403 if found.problem else 200)


@for_anyone
@require_safe
def waiting_state(request: HttpRequest) -> HttpResponse:
    """How the sign-in stands; takes the page along when it has worked."""
    one = own_session.latest(request)
    if one is None:
        return move_on(reverse("web:own_view"))
    found = arriving.visitor(one.visit_id, provider_id=one.provider_id, now=now())
    if found.state is VisitState.SIGNED_IN and not found.is_late:
        return move_on(reverse("web:own_waiting"))
    return look_again(request, WAITING_PARTIAL, _waiting_values(found), over=_is_over(found))


def _waiting_values(found: VisitorView) -> dict[str, Any]:
    return {"visitor": found, "problem": found.problem, "is_over": _is_over(found)}


def _is_over(found: VisitorView) -> bool:
    return found.state in {VisitState.REFUSED, VisitState.OVER} or found.is_late


@for_anyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """*Sign out*: this session and this visit end; at Microsoft one stays signed in."""
    found = own_session.present(request)
    if found is not None:
        arriving.go(found, by=own_session.actor_of(request, found))
    own_session.leave(request)
    messages.success(request, _("You are signed out here."))
    return redirect("web:own_view")


@in_own_view
def overview(request: OwnRequest) -> HttpResponse:
    """Show what the tenant has here: each provider's apart, and of each its services, contacts and what remains."""
    found = reading.sights(request.visitor, below=request.below)
    parts = [
        {"provider": part.provider, "customers": [_customer_values(one) for one in part.customers]} for part in found
    ]
    may_choose = any(one.services for part in found for one in part.customers)
    values = {"parts": parts, "may_choose": may_choose, "not_created": PLANNED}
    return _page(request, "own_view/overview.html", values)


def _customer_values(one: reading.CustomerSight) -> dict[str, Any]:
    services = [{"sight": sight, "pill": _pill(sight), "why": why_unknown(sight)} for sight in one.services]
    return {"customer": one, "services": services, "waiting": one.waiting, "remaining": _things(one.remaining)}


def _pill(sight: reading.ServiceSight) -> Any:
    return LIFE.get(sight.about.lifecycle) or said(CONNECTION, sight.about.connection)


@require_safe
@in_own_view
def service(request: OwnRequest, service_id: UUID) -> HttpResponse:
    """Show one connection: its plan, permissions and roles with reasons, and its history."""
    _path, sight, deletion = reading.service_of(request.visitor, service_id, below=request.below)
    values = _service_values(sight) | {"deletion": deletion, "going": deletion.going}
    return _page(request, "own_view/service.html", values)


def _service_values(sight: reading.ServiceSight) -> dict[str, Any]:
    return {
        "sight": sight,
        "service": sight.about,
        "connection": sight.connection,
        "connected_by": _connected_by(sight),
        "pill": _pill(sight),
        "why": why_unknown(sight),
        "grants": _grants(sight.connection.grants),
        "beside": [{"found": one, "grants": _grants(one.grants)} for one in sight.beside],
        "entries": history_of(sight.history, sides=sight.sides, registrations=_registrations(sight)),
        "days": settings.GANGWAY.deletion_grace_days,
    }


def _connected_by(sight: reading.ServiceSight) -> str | Promise:
    """Who signed in or typed; of somebody who held a link nobody knows the name, but that is known."""
    if sight.connection.authenticated_by is AuthenticatedBy.LINK:
        return USER_NAME[AuthenticatedBy.LINK]
    return "" if sight.connection.user_name == BEFORE else sight.connection.user_name


def _grants(rights: Iterable[GrantRow]) -> list[dict[str, Any]]:
    return [{"grant": grant, "pill": said(GRANT, grant.state)} for grant in rights]


def _registrations(sight: reading.ServiceSight) -> dict[str, str]:
    """Name what the history is about, where there is more than one."""
    besides = {one.profile: named(one.registration.display_name) for one in sight.beside}
    return besides and {"": named(sight.connection.registration_name), **besides}


@require_POST
@in_own_view
def renew(request: OwnRequest, service_id: UUID) -> HttpResponse:
    """*Renew now*: straight into the wizard in this browser, where one signs in at Microsoft and renews it."""
    path, _sight, _deletion = reading.service_of(request.visitor, service_id, below=request.below)
    try:
        with within(path):
            begun = doing.renew(request.visitor, service_id=service_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:own_service", service_id)
    remember(request, begun)
    return redirect("web:wizard")


@require_http_methods(PAGE)
@in_own_view
def disconnect(request: OwnRequest, service_id: UUID) -> HttpResponse:
    """*Disconnect*: say what happens, ask for the short name and for a sign-in of the last minutes."""
    path, sight, deletion = reading.service_of(request.visitor, service_id, below=request.below)
    if not sight.can_disconnect:
        return redirect("web:own_service", service_id)
    here, form = reverse("web:own_disconnect", args=[service_id]), Disconnect(request.POST or None)
    if request.method == "POST" and request.POST.get("way") == "prove":
        return _once_more(request, then=here)
    if request.method == "POST" and form.is_valid():
        try:
            with within(path):
                doing.disconnect(
                    request.visitor,
                    service_id=service_id,
                    typed=form.cleaned_data["typed"],
                    by=request.actor,
                    now=now(),
                )
        except SignInOnceMore:
            return _once_more(request, then=here)
        except GangwayError as error:
            form.refuse(error)
        else:
            named = {"service": sight.about.short_name}
            messages.info(request, _("%(service)s is disconnected. This page says until when you can keep it.") % named)
            return redirect("web:own_service", service_id)
    values = _service_values(sight) | {"deletion": deletion, "going": deletion.going, "form": form}
    values["is_fresh"] = doing.is_fresh(request.visitor, now=now())
    return _page(request, "own_view/disconnect.html", values, leads_there=True)


@require_POST
@in_own_view
def keep(request: OwnRequest, service_id: UUID) -> HttpResponse:
    """*Keep it connected*: take the disconnecting back while nothing was removed."""
    path, sight, _deletion = reading.service_of(request.visitor, service_id, below=request.below)
    try:
        with within(path):
            doing.keep(request.visitor, service_id=service_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("%(service)s stays connected.") % {"service": sight.about.short_name})
    return redirect("web:own_service", service_id)


@require_safe
@in_own_view
def farewell(request: OwnRequest, service_id: UUID) -> HttpResponse:
    """Hand out the signed list of what was taken out of the tenant, and of what stays."""
    _path, sight, _deletion = reading.service_of(request.visitor, service_id, below=request.below)
    if sight.farewell is None:
        raise Http404
    return text_file(f"{sight.about.short_name}-deleted", _in_their_language(sight.farewell))


def _in_their_language(paper: SignedFarewell) -> str:
    """The paper; for who reads another language also in that, above what is signed."""
    told = say(paper.words)
    if told == paper.words:
        return paper.text
    return paper.below(f"{told}\n\n{_('What is signed follows in English; it alone is the proof.')}")


@require_http_methods(PAGE)
@in_own_view
def contacts(request: OwnRequest, organization_id: UUID) -> HttpResponse:
    """Change who is told about the organization's services."""
    path, customer = reading.place_of(request.visitor, organization_id, below=request.below)
    if not customer.is_home:
        raise Http404
    here, posted = reverse("web:own_contacts", args=[organization_id]), request.method == "POST"
    if posted and request.POST.get("way") == "prove":
        return _once_more(request, then=here)
    kept = None if posted else own_session.typed(request, here)

    def made(data: Any) -> ContactsForm:
        _path, there = reading.place_of(request.visitor, organization_id, below=request.below)
        return ContactsForm(data, beside=in_rows(there.contacts, None))

    form = edited(made, request.POST if posted else kept, hold=partial(hold_in_use, organization_id))
    rows = contact_rows(request.POST if posted else kept, customer.contacts)
    if posted and rows.is_valid():
        typed = contacts_of(rows)
        try:
            with within(path), form.saving(beside=in_rows(typed, None)):
                doing.change_contacts(
                    request.visitor,
                    organization_id=organization_id,
                    contacts=typed,
                    by=request.actor,
                    now=now(),
                )
        except SignInOnceMore:
            sent = {name: str(value) for name, value in request.POST.items() if name.startswith(f"{rows.prefix}-")}
            own_session.keep_typed(request, here, sent | {AS_OPENED: form.as_opened})
            return _once_more(request, then=here)
        except GangwayError as error:
            messages.error(request, told(error))
        else:
            own_session.forget_typed(request)
            messages.success(request, _("The contacts of %(customer)s are saved.") % {"customer": customer.name})
            return redirect("web:own_view")
    if form.taken_over:
        rows = contact_rows(None, reading.place_of(request.visitor, organization_id, below=request.below)[1].contacts)
    values = {"customer": customer, "contacts": rows, "form": form, "is_kept": kept is not None}
    values["is_fresh"] = doing.is_fresh(request.visitor, now=now())
    return _page(request, "own_view/contacts.html", values, leads_there=True)


@require_http_methods(PAGE)
@in_own_view
def removal(request: OwnRequest) -> HttpResponse:
    """*Sign in to remove what remains*: the exact list before, how it goes, and what was removed after."""
    listed = reading.remaining_of(request.visitor, below=request.below)
    agreed = doing.agreed(listed)
    if request.method == "POST":
        if not request.visitor.may_change or not listed:
            messages.error(request, told(NothingRemains() if not listed else MayOnlyRead()))
            return redirect("web:own_removal")
        if request.POST.get("shown") != doing.mark_of(agreed):
            changed = _("The list has changed since you opened this page. Look at it once more before you sign in.")
            messages.warning(request, changed)
            return redirect("web:own_removal")
        scopes = scopes_of(one for _customer, one in listed)
        return _once_more(request, then=request.path, scopes=scopes, removal=agreed)
    values: dict[str, Any] = {"remaining": _things(tuple(one for _customer, one in listed))}
    values |= {"scopes": scopes_of(one for _customer, one in listed) if listed else (), "shown": doing.mark_of(agreed)}
    done = reading.removed_by(request.visitor)
    if done:
        url = reverse("web:own_removal_state")
        values |= {"following": not all(one.is_over for one in done), "done": done}
        values["live"] = first_look(request, REMOVAL_PARTIAL, _removal_values(request.visitor), url=url)
    return _page(request, "own_view/removal.html", values, leads_there=True)


@require_safe
@in_own_view
def removal_state(request: OwnRequest) -> HttpResponse:
    """How the removal goes; the page loads again when nothing more happens."""
    done = reading.removed_by(request.visitor)
    if all(one.is_over for one in done):
        return move_on(reverse("web:own_removal"))
    return look_again(request, REMOVAL_PARTIAL, _removal_values(request.visitor), over=False)


def _removal_values(found: VisitorView) -> dict[str, Any]:
    return {"rows": [_removed(one) for one in reading.removed_by(found)]}


def _removed(one: reading.Removed) -> dict[str, Any]:
    steps = one.run.steps if one.run else ()
    return {
        "removed": one,
        "pill": said(RUN, one.run.state) if one.run else None,
        "before": [{"thing": thing, "pill": said(LEFTOVER, thing["kind"])} for thing in one.before],
        "steps": [{"step": step, "pill": said(STEP, step.state)} for step in steps],
    }


def _things(remaining: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [
        {"about": one, "things": [{"thing": each, "pill": said(LEFTOVER, each.kind)} for each in one.things]}
        for one in remaining
    ]


def _once_more(request: OwnRequest, *, then: str, **more: Any) -> HttpResponse:
    """Send somebody who is here to Microsoft again, with their account and their password."""
    found = request.visitor
    try:
        return _off(request, provider_id=found.provider.id, cloud=found.cloud, then=then, after=found, **more)
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect(then)


def _page(request: OwnRequest, template: str, values: dict[str, Any], *, leads_there: bool = False) -> HttpResponse:
    found = request.visitor
    values |= {"visitor": found, "tenant": reading.name_of_tenant(found), "brand": brand_of(found.provider.path)}
    if leads_there:
        return _leading_there(request, template, values, [arriving.pages_origin(found.cloud)])
    return render(request, template, values)
