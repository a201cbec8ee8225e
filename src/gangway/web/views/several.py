"""Buttons *With the ticked ones*: the same for each ticked row of a list; what is refused is told, with how often."""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gangway.alarms import actions as alarms
from gangway.connections.rotation import rotate_now
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions as invitations
from gangway.organizations import people
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.roles import Capability
from gangway.provisioning import actions as provisioning
from gangway.provisioning.leftover_list import tried_together
from gangway.web.desk import DeskRequest, DeskView, may, proved_lately
from gangway.web.forms.base import told

SOUGHT: Final = frozenset({"q", "state", "severity", "kind", "role", "status", "rotation", "drift", "sort", "page"})
"""What the lists with such buttons keep in their addresses."""


Id = TypeVar("Id")


def ticked(given: QueryDict, field: str = "ticked") -> list[UUID]:
    """Return the ids of the ticked rows, at most as many as a page has; what isn't an id isn't one."""
    return _read(given, field, UUID)


def _read(given: QueryDict, field: str, an_id: Callable[[str], Id]) -> list[Id]:
    found = []
    for text in given.getlist(field)[:PAGE_SIZE]:
        try:
            found.append(an_id(text))
        except ValueError:
            continue
    return found


def _alone(chosen: list[Id]) -> list[list[Id]]:
    return [[one] for one in chosen]


def _for_each(
    list_route: str,
    right: Capability,
    act: Callable[[DeskRequest, list[Id]], object],
    *,
    an_id: Callable[[str], Id],
    groups: Callable[[list[Id]], list[list[Id]]] = _alone,
    dangerous: bool = False,
) -> DeskView:
    """Return the view that does something with each ticked row, and leads back to the list as it was sought.

    `an_id` reads the id of a row, `groups` puts those together that are done at one go; what is `dangerous` asks once
    more who it is.
    """

    def view(request: DeskRequest) -> HttpResponse:
        chosen, refused = _read(request.POST, "ticked", an_id), Counter[str]()
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

    return require_POST(may(right)(proved_lately(view) if dangerous else view))


acknowledge = _for_each(
    "web:alarms",
    Capability.CHANGE_CONNECTION,
    lambda request, ones: alarms.acknowledge(*ones, by=request.actor, now=now()),
    an_id=UUID,
)
resend = _for_each(
    "web:invitations",
    Capability.MANAGE_INVITATIONS,
    lambda request, ones: invitations.resend(invitation_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
)
try_again = _for_each(
    "web:leftovers",
    Capability.CHANGE_CONNECTION,
    lambda request, ones: provisioning.try_together(leftover_ids=ones, by=request.actor, now=now()),
    an_id=UUID,
    groups=tried_together,
)
rotate = _for_each(
    "web:connections",
    Capability.CHANGE_CONNECTION,
    lambda request, ones: rotate_now(service_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
)
end_sessions = _for_each(
    "web:operators",
    Capability.MANAGE_OPERATORS,
    lambda request, ones: people.end_sessions(ones[0], by=request.actor, seat=request.seat),
    an_id=int,
    dangerous=True,
)
suspend = _for_each(
    "web:operators",
    Capability.MANAGE_OPERATORS,
    lambda request, ones: people.suspend(ones[0], by=request.actor, seat=request.seat),
    an_id=int,
    dangerous=True,
)
