"""Buttons *With the ticked ones*: the same for each ticked row of a list; what is refused is told, with how often."""

from collections import Counter
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gangway.alarms import actions as alarms
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions as invitations
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Capability
from gangway.provisioning import actions as provisioning
from gangway.provisioning.leftover_list import tried_together
from gangway.web.desk import DeskRequest, DeskView, may
from gangway.web.forms.base import told

SOUGHT: Final = frozenset({"q", "state", "severity", "kind", "page"})
"""What the lists with such buttons keep in their addresses."""


def ticked(given: QueryDict, field: str = "ticked") -> list[UUID]:
    """Return the ids of the ticked rows, at most as many as a page has; what isn't an id isn't one."""
    found = []
    for text in given.getlist(field)[:PAGE_SIZE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _alone(chosen: list[UUID]) -> list[list[UUID]]:
    return [[one] for one in chosen]


def _for_each(
    list_route: str,
    right: Capability,
    act: Callable[[DeskRequest, list[UUID]], object],
    *,
    groups: Callable[[list[UUID]], list[list[UUID]]] = _alone,
) -> DeskView:
    """Return the view that does something with each ticked row, and leads back to the list as it was sought.

    `groups`: the rows that are done at one go.
    """

    @require_POST
    @may(right)
    def view(request: DeskRequest) -> HttpResponse:
        chosen, refused = ticked(request.POST), Counter[str]()
        for ones in groups(chosen):
            try:
                act(request, ones)
            except GangwayError as error:
                refused[told(error)] += len(ones)
        if not chosen:
            messages.error(request, _("Tick some rows first: the boxes stand at their beginning."))
        elif done := len(chosen) - refused.total():
            messages.success(request, _("Done with %(done)s of %(all)s.") % {"done": done, "all": len(chosen)})
        for words, times in refused.items():
            messages.warning(request, _("Not done with %(times)s: %(words)s") % {"times": times, "words": words})
        sought = urlencode({name: text for name, text in request.POST.items() if name in SOUGHT and text})
        return redirect(f"{reverse(list_route)}?{sought}" if sought else list_route)

    return view


acknowledge = _for_each(
    "web:alarms",
    Capability.CHANGE_CONNECTION,
    lambda request, ones: alarms.acknowledge(*ones, by=request.actor, now=now()),
)
resend = _for_each(
    "web:invitations",
    Capability.MANAGE_INVITATIONS,
    lambda request, ones: invitations.resend(invitation_id=ones[0], by=request.actor, now=now()),
)
try_again = _for_each(
    "web:leftovers",
    Capability.CHANGE_CONNECTION,
    lambda request, ones: provisioning.try_together(leftover_ids=ones, by=request.actor, now=now()),
    groups=tried_together,
)
