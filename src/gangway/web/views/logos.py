"""Logos and colours: shown at the head of pages, and put in place by whoever may edit the organization."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.errors import GangwayError
from gangway.organizations.changing import hold_in_use
from gangway.organizations.colours import OURS, WHITE, ratio, text_on
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.logos import Logo, logo_file, nearest_logo, own_logo, set_logo
from gangway.organizations.looks import look_of, own_colour, set_colour
from gangway.organizations.place_queries import place
from gangway.organizations.queries import provider_of
from gangway.organizations.roles import Capability, Kind
from gangway.web.brand import Brand
from gangway.web.desk import DeskRequest, DeskView, for_oneself, may
from gangway.web.forms.opened import edited
from gangway.web.forms.place import ColourForm, LogoForm
from gangway.web.views.places import PROVIDERS, Level, found


@require_safe
@for_oneself
def own_head(request: DeskRequest) -> HttpResponse:
    """The logo at the head of this person's pages: their organization's, or the nearest one above."""
    return _picture(nearest_logo(request.seat.path))


def logo_of(level: Level) -> DeskView:
    """Return the picture that an organization of a level has itself."""

    @require_safe
    @may(level.see)
    def view(request: DeskRequest, organization_id: UUID) -> HttpResponse:
        del request
        return _picture(own_logo(found(level, organization_id).id))

    return view


def logo_for(level: Level) -> DeskView:
    """Return the POST that puts a picture in place of an organization's; without a file it takes it away."""

    @require_POST
    @may(level.edit)
    def view(request: DeskRequest, organization_id: UUID) -> HttpResponse:
        about = found(level, organization_id)
        _put(request, about.id)
        if level.kind is Kind.CHANNEL and request.GET.get("then") == "colour":
            return redirect("web:settings_colour", about.id)
        return redirect(f"web:{level.route}", organization_id=about.id)

    return view


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.CHANGE_SETTINGS)
def own_of_provider(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """The provider's own logo, and the POST that changes it, for those who may change its settings."""
    about = found(PROVIDERS, organization_id)
    if request.method != "POST":
        return _picture(own_logo(about.id))
    _put(request, about.id)
    return redirect("web:settings_colour", about.id)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.CHANGE_SETTINGS)
def colour(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """The logo and the colour that customers of a provider or channel see, with how well that can be seen and read."""
    about = place(organization_id)
    if about.kind not in {Kind.PROVIDER, Kind.CHANNEL}:
        raise NoSuchOrganization
    own, counts = own_colour(about.id), look_of(about.id).colour or OURS

    def made(data: Any) -> ColourForm:
        return ColourForm(data, initial={"colour": own_colour(about.id)})

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                set_colour(about.id, colour=form.cleaned_data["colour"], by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Mails and pages have this colour from now on."))
            return redirect("web:settings_colour", about.id)
    is_channel = about.kind is Kind.CHANNEL
    values = {
        "place": about,
        "logo": own_logo(about.id),
        "logo_form": LogoForm(),
        "picture_url": reverse("web:channel_logo" if is_channel else "web:settings_logo", args=[about.id]),
        "change_url": f"{reverse('web:channel_logo_change', args=[about.id])}?then=colour"
        if is_channel
        else reverse("web:settings_logo", args=[about.id]),
        "provider": provider_of(about.id),
        "is_channel": is_channel,
        "form": form,
        "own": own,
        "brand": Brand(style_url=reverse("web:brand_colour", args=[counts.removeprefix("#")])),
        "counts": counts,
        "seen": ratio(counts, WHITE),
        "read": ratio(counts, text_on(counts)),
    }
    return render(request, "settings/colour.html", values)


def _put(request: DeskRequest, organization_id: UUID) -> None:
    """Change the logo as the form says, or say why not."""
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data["logo"]
        try:
            set_logo(organization_id, given.read() if given else b"", by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The logo is changed.") if given else _("The logo is taken away."))
    for fault in form.errors.get("logo", ()):
        messages.error(request, str(fault))


def _picture(logo: Logo | None) -> HttpResponse:
    """Answer with the picture; its address changes with it, so a browser may keep it, and nobody else."""
    file = logo and logo_file(logo)
    if not file:
        raise Http404
    answer = HttpResponse(file.data, content_type=file.media_type)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Content-Disposition"] = "inline"
    answer["Cache-Control"] = "private, max-age=86400"
    return answer
