"""*Settings* › *Invitations*: how long a provider's invitations last, who may copy links, and its own words."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gangway.foundation.errors import GangwayError
from gangway.invitations.actions import set_terms
from gangway.invitations.terms import PLACEHOLDERS, terms_of
from gangway.organizations.changing import hold_in_use
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Capability, Kind
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.invitation import Terms
from gangway.web.forms.opened import edited


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.CHANGE_SETTINGS)
def terms(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Show and change the terms; what is out already stays as it is."""
    about = place(organization_id)
    if about.kind is not Kind.PROVIDER:
        raise NoSuchOrganization

    def made(data: Any) -> Terms:
        there = terms_of(about.id)
        first = {name: getattr(there, name) for name in ("may_copy", "subject", "opening", "closing")}
        return Terms(data, initial=first | {"life_days": there.own_life_days})

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                set_terms(about.id, **form.cleaned_data, by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Invitations and mails from now on are so. What is out stays as it is."))
            return redirect("web:settings_invitations", about.id)
    values = {
        "provider": about,
        "back_url": reverse("web:settings_of", args=[about.id]),
        "form": form,
        "terms": terms_of(about.id),
        "placeholders": [(f"{{{name}}}", meaning) for name, meaning in PLACEHOLDERS.items()],
    }
    return render(request, "settings/invitations.html", values)
