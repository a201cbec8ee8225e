"""*Settings*: a provider's sign-in application, mail, host names and default plan; and facts of this installation."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.accounts import microsoft
from gangway.foundation.clock import now
from gangway.foundation.clouds import cloud_name
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.onboarding import applications, provider_setup
from gangway.onboarding.defaults import defaults_for, set_defaults
from gangway.onboarding.installation import admin_center, installation
from gangway.onboarding.queries import sign_in_applications
from gangway.onboarding.states import Verdict
from gangway.organizations import host_proof, hosts
from gangway.organizations.changing import hold_in_use
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.logos import own_logo
from gangway.organizations.place_queries import Kept, PlaceView, is_called, place, places
from gangway.organizations.queries import provider_of
from gangway.organizations.roles import Capability, Kind
from gangway.organizations.states import HostSeen
from gangway.provisioning.queries import EVERY_SCOPE, choices
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.forms.opened import edited
from gangway.web.forms.place import CLOUDS
from gangway.web.forms.provider_setup import ApplicationForm, DefaultPlan, HostForm
from gangway.web.listing import asked
from gangway.web.live import first_look, look_again
from gangway.web.views.mail_values import mail_values
from gangway.web.words import HOST, LOOK, VERDICT, said

CHECK_PARTIAL: Final = "settings/_check.html"
HOST_PARTIAL: Final = "settings/_host.html"
PAGE: Final = ["GET", "HEAD", "POST"]


@require_safe
@may(Capability.CHANGE_SETTINGS)
def overview(request: DeskRequest) -> HttpResponse:
    """Lead a provider's admin to their provider, and the system's to the one they choose."""
    if request.seat.organization_kind is Kind.PROVIDER:
        return redirect("web:settings_of", request.seat.organization_id)
    wanted = asked(request)
    page = places(Kind.PROVIDER, search=wanted.search, page=wanted.page)
    return render(request, "settings/providers.html", {"page": page, "wanted": wanted})


@require_safe
@may(Capability.CHANGE_SETTINGS)
def overview_of(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Show each part with how it stands, in the order of setting up."""
    about = provider_at(organization_id)
    known = {each.cloud: each for each in sign_in_applications(about.id)}
    values = {
        **head(request, about),
        "clouds": [_cloud_row(about, name, word, known.get(name)) for name, word in CLOUDS],
        "mail": mail_values(about.id),
        **_host_values(about.id),
        "public_url": hosts.public_url(about.id),
        "logo": own_logo(about.id),
        "defaults": defaults_for(about.id),
    }
    return render(request, "settings/overview.html", values)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def application(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Guide through making the sign-in application of one cloud, and show what is told and seen of it."""
    about, cloud = provider_at(organization_id), _cloud(request)
    url = f"{reverse('web:settings_application_state', args=[about.id])}?cloud={cloud}"
    checked = _check_values(about.id, cloud)
    values = {
        **head(request, about),
        "cloud": cloud,
        "cloud_word": dict(CLOUDS)[cloud],
        "application": applications.find(about.id, cloud=cloud),
        "name": applications.name_of(provider_of(about.id)),
        "admin_center": admin_center(cloud),
        "redirects": provider_setup.redirects(about.id),
        "scopes": EVERY_SCOPE,
        "live": first_look(request, CHECK_PARTIAL, checked, url=url),
        "following": checked["check"] is not None and not checked["check"].is_over,
    }
    return render(request, "settings/application.html", values)


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def application_change(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Ask for client id, home tenant and, where there is one, the web client's secret."""
    about, cloud = provider_at(organization_id), _cloud(request)
    known = applications.find(about.id, cloud=cloud)

    def made(data: Any) -> ApplicationForm:
        there = applications.find(about.id, cloud=cloud)
        names = ("client_id", "home_tenant_id", "secret_ends_on") if there else ()
        return ApplicationForm(data, initial={"cloud": cloud, **{name: getattr(there, name) for name in names}})

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"secret": SealedText(form.cleaned_data["secret"])}
        try:
            with form.saving():
                provider_setup.save_application(about.id, **given, by=request.actor, now=now())
                provider_setup.ask_check(about.id, cloud=given["cloud"], by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is saved. A worker looks at it now; the result appears by itself."))
            return _to_application(about.id, given["cloud"])
    values = {**head(request, about), "form": form, "cloud": cloud, "application": known}
    return render(request, "settings/application_form.html", values | {"cloud_word": dict(CLOUDS)[cloud]})


@require_POST
@may(Capability.CHANGE_SETTINGS)
def application_check(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """*Check now*: a worker looks at it from outside."""
    about, cloud = provider_at(organization_id), _cloud(request)
    try:
        provider_setup.ask_check(about.id, cloud=cloud, by=request.actor, now=now())
    except provider_setup.NoSignInApplication:
        messages.error(request, _("Tell its client id first, then it can be checked."))
    return _to_application(about.id, cloud)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def application_state(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """How the look at the application stands."""
    values = _check_values(provider_at(organization_id).id, _cloud(request))
    return look_again(request, CHECK_PARTIAL, values, over=values["check"] is None or values["check"].is_over)


@require_POST
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def forget_secret(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Destroy the kept secret here; at Microsoft somebody has to delete it."""
    about, cloud = provider_at(organization_id), _cloud(request)
    try:
        provider_setup.forget_secret(about.id, cloud=cloud, by=request.actor)
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The secret is destroyed here. Delete it at Microsoft, too."))
    return _to_application(about.id, cloud)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def host_names(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Show under which host names the provider's and its channels' people meet our pages."""
    about, wanted = provider_at(organization_id), asked(request)
    channels = places(Kind.CHANNEL, kept=Kept(above=str(about.id)), search=wanted.search, page=wanted.page)
    first = [(about.id, about.name)] if wanted.page == 1 and is_called(about.id, wanted.search) else []
    shown = [*first, *((row.id, row.name) for row in channels.rows)]
    rows = [{"id": each, "name": name, "url": hosts.public_url(each), **_host_values(each)} for each, name in shown]
    values = {**head(request, about), "rows": rows, "page": channels, "wanted": wanted}
    if microsoft.is_offered():
        names = [str(row["host"].name) for row in rows if row["host"] and row["host"].proved_at]
        values["returns"] = [back(name) for name in names for back in (microsoft.callback_url, microsoft.consented_url)]
    return render(request, "settings/hosts.html", values)


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def host_name(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Ask for the host name of a provider or channel, and show how it is proved to be theirs."""
    about = _with_host(organization_id)

    def made(data: Any) -> HostForm:
        known = hosts.host_of(about.id)
        return HostForm(data, initial={"host": known.name if known else ""})

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    provider = provider_of(about.id)
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                hosts.set_host(about.id, name=form.cleaned_data["host"], by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            return _after_host(request, about, provider.id)
    values = _host_values(about.id)
    live = first_look(request, HOST_PARTIAL, values, url=reverse("web:settings_host_state", args=[about.id]))
    values |= {"former": hosts.former_hosts_of(about.id)}
    values |= {"provider": provider, "place": about, "form": form, "public_url": hosts.origin_of(""), "live": live}
    return render(request, "settings/host_form.html", values)


@require_POST
@may(Capability.CHANGE_SETTINGS)
def host_look(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """*Look now*: a worker asks the name server."""
    about = _with_host(organization_id)
    host_proof.ask_look(about.id, by=request.actor)
    return redirect("web:settings_host", about.id)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def host_state(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """How the proof stands."""
    values = _host_values(_with_host(organization_id).id)
    return look_again(request, HOST_PARTIAL, values, over=not values["following"])


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
def default_plan(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Choose what *Add New Tenant* begins with."""
    about = provider_at(organization_id)

    def made(data: Any) -> DefaultPlan:
        return DefaultPlan(data, profile=choices(), defaults=defaults_for(about.id))

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                set_defaults(about.id, defaults=form.defaults(), by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("New services begin with this. Invitations that are out stay as they are."))
            return redirect("web:settings_of", about.id)
    return render(request, "settings/plan.html", {**head(request, about), "form": form})


@require_safe
@may(Capability.CHANGE_SETTINGS)
def installation_page(request: DeskRequest) -> HttpResponse:
    """Show facts that whoever runs this server has set; none can be changed here."""
    return render(request, "settings/installation.html", {"facts": installation(now=now())})


def provider_at(organization_id: UUID) -> PlaceView:
    """Return a provider of the scope; raises `NoSuchOrganization`."""
    about = place(organization_id)
    if about.kind is not Kind.PROVIDER:
        raise NoSuchOrganization
    return about


def _with_host(organization_id: UUID) -> PlaceView:
    about = place(organization_id)
    if about.kind not in {Kind.PROVIDER, Kind.CHANNEL}:
        raise NoSuchOrganization
    return about


def _after_host(request: DeskRequest, about: PlaceView, provider_id: UUID) -> HttpResponse:
    """Say what follows: a name that counts is used at once, another one waits for its proof."""
    known = hosts.host_of(about.id)
    if known is not None and known.proved_at is None:
        host_proof.ask_look(about.id, by=request.actor)
        messages.info(request, _("%(host)s counts once it is proved to be yours.") % {"host": known.name})
        return redirect("web:settings_host", about.id)
    url = hosts.public_url(about.id)
    messages.success(request, _("Links that are made from now on begin with %(url)s.") % {"url": url})
    return redirect("web:settings_hosts", provider_id)


def _host_values(organization_id: UUID) -> dict[str, Any]:
    known = hosts.host_of(organization_id)
    if known is None:
        return {"host": None, "following": False}
    seen = HostSeen.RIGHT if known.proved_at else known.seen
    return {"host": known, "host_pill": said(HOST, seen), "following": seen is HostSeen.NOT_YET}


def _cloud(request: DeskRequest) -> str:
    """Return the cloud that the page is about; raises `CloudUnknown`."""
    return cloud_name(request.POST.get("cloud") or request.GET.get("cloud") or "public").value


def head(_request: DeskRequest, about: PlaceView) -> dict[str, Any]:
    """Return what every page of a provider's settings begins with."""
    return {"provider": about, "back_url": reverse("web:settings_of", args=[about.id])}


def _to_application(provider_id: UUID, cloud: str) -> HttpResponse:
    return redirect(f"{reverse('web:settings_application', args=[provider_id])}?cloud={cloud}")


def _cloud_row(about: PlaceView, name: str, word: Any, known: Any) -> dict[str, Any]:
    return {"name": name, "word": word, "application": known, **(_check_values(about.id, name) if known else {})}


def _check_values(provider_id: UUID, cloud: str) -> dict[str, Any]:
    kept = provider_setup.checks(provider_id, cloud=cloud)
    latest = kept[0] if kept else None
    items = latest.items if latest else ()
    return {
        "check": latest,
        "check_pill": said(LOOK, latest.state) if latest else None,
        "items": [{"item": item, "pill": said(VERDICT, item.state)} for item in items],
        "wrong": sum(item.state is Verdict.WRONG for item in items),
        "wrong_pill": said(VERDICT, Verdict.WRONG),
        "before": kept[1:],
    }
