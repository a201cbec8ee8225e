"""Customers, channels and providers: lists, one with everything about it, and the pages that add and change them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.connections.queries import tenants_connected
from gangway.foundation.errors import GangwayError
from gangway.organizations.actions import create_organization
from gangway.organizations.changing import (
    change_bounds,
    change_contacts,
    change_details,
    change_tenants,
    hold_in_use,
    move_customer,
    take_out_of_use,
)
from gangway.organizations.details import Contact, Tenant
from gangway.organizations.errors import AlreadyMade, NoSuchOrganization
from gangway.organizations.logos import own_logo
from gangway.organizations.people_queries import MOST_CHOICES, chosen_place, places_to_invite
from gangway.organizations.place_queries import (
    Choice,
    Kept,
    PlaceView,
    others_with_domain,
    parents_for_customers,
    place,
    places,
)
from gangway.organizations.roles import Capability, Kind
from gangway.services.actions import follow_customer, remove_customer
from gangway.services.pool import pool
from gangway.services.queries import services_of
from gangway.web.desk import DeskRequest, DeskView, may, proved_lately
from gangway.web.forms.opened import edited
from gangway.web.forms.operators import KIND_WORDS, kinds_to_invite
from gangway.web.forms.place import (
    CLOUDS,
    LogoForm,
    PlaceForm,
    contact_rows,
    contacts_of,
    in_rows,
    initial_of,
    rows_of,
    tenant_rows,
    tenants_of,
)
from gangway.web.listing import only_below, sought_place
from gangway.web.lists import asked_of, bulk_of
from gangway.web.views.services import connection_of


@dataclass(frozen=True, slots=True)
class Level:
    """One level as pages speak of it: its words, its routes, and what one must be allowed to do."""

    kind: Kind
    route: str
    icon: str
    many: str | Promise
    add: str | Promise
    see: Capability
    edit: Capability
    delete: Capability | None
    """None: it isn't deleted at all."""
    none_yet: str | Promise


CUSTOMERS: Final = Level(
    Kind.CUSTOMER,
    "customer",
    "building",
    gettext_lazy("Customers"),
    gettext_lazy("Add customer"),
    Capability.SEE_CUSTOMERS,
    Capability.EDIT_CUSTOMERS,
    Capability.DELETE_CUSTOMERS,
    gettext_lazy("A customer stands below a provider or a channel and can have several services."),
)
CHANNELS: Final = Level(
    Kind.CHANNEL,
    "channel",
    "users",
    gettext_lazy("Channels"),
    gettext_lazy("Add channel"),
    Capability.SEE_CHANNELS,
    Capability.EDIT_CHANNELS,
    Capability.EDIT_CHANNELS,
    gettext_lazy("A channel is a reseller of yours: its people see its own customers and nobody else's."),
)
PROVIDERS: Final = Level(
    Kind.PROVIDER,
    "provider",
    "world",
    gettext_lazy("Providers"),
    gettext_lazy("Add provider"),
    Capability.SEE_PROVIDERS,
    Capability.EDIT_PROVIDERS,
    None,
    gettext_lazy("A provider sells services, with a short name, a pool of user licenses and operators of its own."),
)


def list_of(level: Level) -> DeskView:
    """Return the page that lists a level; search, sort and page stand in the address."""

    @require_safe
    @may(level.see)
    def view(request: DeskRequest) -> HttpResponse:
        wanted = asked_of(f"{level.route}s", request)
        kept = Kept(**wanted.choices)
        values = {
            "page": places(level.kind, search=wanted.search, kept=kept, sort=wanted.sort, page=wanted.page),
            "wanted": wanted,
            "above": only_below(kept.above),
            "offers_parent": kept.parent or _sees_several_parents(request, level),
            "clouds": CLOUDS,
            "bounds": [("set", _("With a limit")), ("unlimited", _("Unlimited"))],
            "bulk": bulk_of(f"{level.route}s", request.seat.capabilities),
            **_said(request, level),
        }
        return render(request, "places/list.html", values)

    return view


def page_of(level: Level) -> DeskView:
    """Return the page about one organization of a level."""

    @require_safe
    @may(level.see)
    def view(request: DeskRequest, organization_id: UUID) -> HttpResponse:
        about = found(level, organization_id)
        values = {"place": about, "logo": own_logo(about.id), "logo_form": LogoForm(), **_said(request, level)}
        if level.kind is Kind.CUSTOMER:
            rows = services_of(about.id)
            values["services"] = [{"service": row, "connection": connection_of(row)} for row in rows]
            values["parents"] = _parents(request, about)
            values["tenants_seen"] = tenants_connected(about.id)
            values["cloud_word"] = dict(CLOUDS)[about.cloud]
        else:
            values["customers"] = places(Kind.CUSTOMER, kept=Kept(above=str(about.id))).rows
        if level.kind is Kind.PROVIDER:
            values["pool"] = pool(about.id)
        values["may_colour"] = level.kind is Kind.CHANNEL and Capability.CHANGE_SETTINGS in request.seat.capabilities
        return render(request, "places/page.html", values)

    return view


def add_to(level: Level) -> DeskView:
    """Return the page that adds an organization; a customer's goes on to where one came from."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @may(level.edit)
    def view(request: DeskRequest) -> HttpResponse:
        searches = request.seat.organization_kind is Kind.SYSTEM and level.kind is not Kind.PROVIDER
        sought, parents = sought_place(request) if searches else "", _places_for(request, level)
        form = PlaceForm(request.POST or None, kind=level.kind, parents=parents, adding=True, is_sought=bool(sought))
        rows, more = contact_rows(request.POST or None, ()), tenant_rows(request.POST or None, ())
        if request.method == "POST" and form.is_valid() & rows.is_valid() & _is_good(more):
            try:
                made = _tried(form, lambda: _add(request, level, form, contacts_of(rows), tenants_of(more)))
            except AlreadyMade:
                return _after_adding(request, level, form.id_once())
            if made is not None:
                messages.success(request, _("%(name)s was added.") % {"name": form.cleaned_data["name"]})
                _warn_of_twins(request, made)
                return _after_adding(request, level, made)
        then = request.GET.get("then", "")
        is_cut = searches and len(parents) >= MOST_CHOICES
        values = {"sought": sought, "is_cut": is_cut, "none_found": not parents, "then": then}
        values |= {"form": form, "contacts": rows, "tenants": more, "adding": True, **_said(request, level)}
        return render(request, "places/form.html", values)

    return view


def edit_of(level: Level) -> DeskView:
    """Return the page that changes an organization's fields, contacts and bounds."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @may(level.edit)
    def view(request: DeskRequest, organization_id: UUID) -> HttpResponse:
        about = found(level, organization_id)

        def made(data: Any) -> PlaceForm:
            there = place(organization_id)
            return PlaceForm(data, kind=level.kind, adding=False, initial=initial_of(there), beside=rows_of(there))

        form = edited(made, request.POST, hold=partial(hold_in_use, organization_id))
        if twins := _twins(about.id):
            form.fields["domain"].help_text = f"{form.fields['domain'].help_text} {twins}"
        rows = contact_rows(request.POST or None, about.contacts)
        more = tenant_rows(request.POST or None, about.more_tenants)
        good = request.method == "POST" and form.is_valid() & rows.is_valid() & _is_good(more)
        if good and _tried(form, lambda: _change(request, about, form, contacts_of(rows), tenants_of(more))):
            messages.success(request, _("%(name)s was changed.") % {"name": form.cleaned_data["name"]})
            if place(about.id).details.domain != about.details.domain:
                _warn_of_twins(request, about.id)
            return redirect(f"web:{level.route}", organization_id=about.id)
        if "contacts" in form.taken_over:
            rows = contact_rows(None, place(about.id).contacts)
        if "tenants" in form.taken_over:
            more = tenant_rows(None, place(about.id).more_tenants)
        values = {"form": form, "contacts": rows, "tenants": more, "place": about, **_said(request, level)}
        return render(request, "places/form.html", values)

    return view


def delete_from(level: Level, needed: Capability) -> DeskView:
    """Return the POST that takes an organization out of use; what still lives below it is told as an error."""

    @require_POST
    @may(needed)
    @proved_lately
    def view(request: DeskRequest, organization_id: UUID) -> HttpResponse:
        about = found(level, organization_id)
        if level.kind is Kind.CUSTOMER:
            remove_customer(customer_id=about.id, by=request.actor)
        else:
            take_out_of_use(organization_id=about.id, by=request.actor)
        messages.success(request, _("%(name)s was deleted.") % {"name": about.name})
        return redirect(f"web:{level.route}s")

    return view


@require_POST
@may(Capability.DELETE_CUSTOMERS)
@proved_lately
def move(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Put a customer below another channel, with all its services."""
    about = found(CUSTOMERS, organization_id)
    choices = {str(choice.id): choice for choice in _parents(request, about)}
    asked = request.POST.get("to", "")
    if not asked:
        messages.error(request, _("Choose where it shall stand; nothing was moved."))
        return redirect("web:customer", organization_id=about.id)
    chosen = choices.get(asked)
    if chosen is None:
        raise NoSuchOrganization(field="to")
    move_customer(customer_id=about.id, to=chosen.id, by=request.actor)
    told = _("%(name)s now stands below %(channel)s, with all its services.")
    messages.success(request, told % {"name": about.name, "channel": chosen.name})
    return redirect("web:customer", organization_id=about.id)


def found(level: Level, organization_id: UUID) -> PlaceView:
    """Return an organization of the scope, if it is of this level; raises `NoSuchOrganization`."""
    about = place(organization_id)
    if about.kind is not level.kind:
        raise NoSuchOrganization
    return about


def _said(request: DeskRequest, level: Level) -> dict[str, Any]:
    """Give the words, addresses and rights that all pages of a level need."""
    held = request.seat.capabilities
    return {
        "level": level,
        "is_customer": level.kind is Kind.CUSTOMER,
        "is_channel": level.kind is Kind.CHANNEL,
        "is_provider": level.kind is Kind.PROVIDER,
        "list_url": reverse(f"web:{level.route}s"),
        "page_route": f"web:{level.route}",
        "may_edit": level.edit in held,
        "may_delete": level.delete in held,
        "may_add_service": Capability.ADD_SERVICE in held,
        "may_see_customers": Capability.SEE_CUSTOMERS in held,
        "may_invite": level.kind in kinds_to_invite(request.seat),
    }


def _sees_several_parents(request: DeskRequest, level: Level) -> bool:
    """Whether organizations of this level may stand below several, as far as this person sees."""
    above = {Kind.CUSTOMER: {Kind.SYSTEM, Kind.PROVIDER}, Kind.CHANNEL: {Kind.SYSTEM}, Kind.PROVIDER: set[Kind]()}
    return request.seat.organization_kind in above[level.kind]


def _places_for(request: DeskRequest, level: Level) -> tuple[Any, ...]:
    """Where a new organization of this level may stand, as far as this person sees.

    In the whole system that may be thousands: the first that are sought, and the one that was chosen.
    """
    seat = request.seat
    if level.kind is Kind.PROVIDER:
        return ()
    if seat.organization_kind is Kind.SYSTEM:
        kinds = frozenset({Kind.PROVIDER} if level.kind is Kind.CHANNEL else {Kind.PROVIDER, Kind.CHANNEL})
        first = places_to_invite(kinds, search=sought_place(request))
        chosen = chosen_place(request.POST.get("parent", ""), kinds)
        found = first if chosen is None or chosen in first else (chosen, *first)
        return tuple(Choice(each.id, f"{each.name} ({KIND_WORDS[each.kind]})") for each in found)
    if level.kind is Kind.CHANNEL or seat.provider_id is None:
        return (place(seat.organization_id),)
    return parents_for_customers(seat.provider_id)


def _parents(request: DeskRequest, about: PlaceView) -> tuple[Any, ...]:
    """Where else this customer may stand."""
    if Capability.DELETE_CUSTOMERS not in request.seat.capabilities or about.parent_id is None:
        return ()
    provider = UUID(hex=about.path.split("/")[1])
    return tuple(choice for choice in parents_for_customers(provider) if choice.id != about.parent_id)


def _is_good(rows: Any) -> bool:
    """Whether the rows can be used; those that weren't sent say nothing."""
    return not rows.is_bound or bool(rows.is_valid())


@transaction.atomic
def _add(
    request: DeskRequest, level: Level, form: PlaceForm, contacts: list[Contact], tenants: list[Tenant] | None
) -> UUID:
    given = form.cleaned_data
    made = create_organization(
        kind=level.kind,
        name=given["name"],
        short_name=given.get("short_name", ""),
        parent_id=form.parent_id(),
        cloud=given.get("cloud") or "public",
        by=request.actor,
        once=form.id_once(),
    )
    _fill(request, made, form, contacts=contacts or None, tenants=tenants or None)
    return made


def _change(
    request: DeskRequest, about: PlaceView, form: PlaceForm, contacts: list[Contact], tenants: list[Tenant] | None
) -> UUID:
    with form.saving(beside=in_rows(contacts, tenants)):
        there = place(about.id)
        _fill(
            request,
            about.id,
            form,
            contacts=contacts if contacts != list(there.contacts) else None,
            tenants=tenants if tenants != list(there.more_tenants) else None,
        )
    return about.id


def _fill(
    request: DeskRequest,
    organization_id: UUID,
    form: PlaceForm,
    *,
    contacts: list[Contact] | None,
    tenants: list[Tenant] | None,
) -> None:
    given, by = form.cleaned_data, request.actor
    change_details(
        organization_id=organization_id,
        name=given["name"],
        details=form.details(),
        cloud=given.get("cloud", ""),
        short_name=given.get("short_name", ""),
        by=by,
    )
    if form.kind is Kind.CUSTOMER and tenants is not None:
        change_tenants(organization_id=organization_id, tenants=tenants, by=by)
    if form.kind is Kind.CUSTOMER:
        follow_customer(customer_id=organization_id)
    bounds = form.bounds()
    if bounds is not None:
        change_bounds(organization_id=organization_id, bounds=bounds, by=by)
    if contacts is not None:
        change_contacts(organization_id=organization_id, contacts=contacts, by=by)


def _tried(form: PlaceForm, act: Callable[[], UUID]) -> UUID | None:
    """Return what the action gave, None when a room refused: then its words stand at the field."""
    try:
        return act()
    except AlreadyMade:
        raise
    except GangwayError as error:
        error.field = {"parent_id": "parent"}.get(error.field or "", error.field)
        form.refuse(error)
        return None


def _twins(organization_id: UUID) -> str:
    """What is said of others with the same domain, which may be right: empty when there are none."""
    about = place(organization_id)
    names = others_with_domain(about.details.domain, beside=about.id) if about.kind is Kind.CUSTOMER else ()
    words = _("%(domain)s is also the domain of %(names)s. Is this the same customer twice?")
    return words % {"domain": about.details.domain, "names": ", ".join(names)} if names else ""


def _warn_of_twins(request: DeskRequest, organization_id: UUID) -> None:
    if twins := _twins(organization_id):
        messages.warning(request, twins)


def _after_adding(request: DeskRequest, level: Level, made: UUID | None) -> HttpResponse:
    if level.kind is Kind.CUSTOMER and request.GET.get("then") == "service":
        return redirect("web:choose_way", customer_id=made)
    return redirect(f"web:{level.route}", organization_id=made)
