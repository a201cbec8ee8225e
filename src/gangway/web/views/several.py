"""Buttons *With the ticked ones*: the same for each ticked row of a list; what is refused is told, with how often.

What can't be taken back asks first, on a page that names each row: it is opened by its address, so it opens again as it
was after somebody proved who they are.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gangway.alarms import actions as alarms
from gangway.connections.care_view import rotations_of
from gangway.connections.rotation import rotate_now
from gangway.connections.states import Rotation
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.invitations import actions as invitations
from gangway.organizations import people
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.people_queries import some_places
from gangway.organizations.roles import Capability
from gangway.provisioning import actions as provisioning
from gangway.provisioning.leftover_list import tried_together
from gangway.services.queries import some_services
from gangway.web.desk import DeskRequest, DeskView, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.words import OPERATOR, ROTATION, Pill, said

SOUGHT: Final = frozenset({"q", "state", "severity", "kind", "role", "status", "rotation", "drift", "sort", "page"})
"""What the lists with such buttons keep in their addresses."""
_LONGEST_ID: Final = 18
"""Digits of a number that the database surely has room for."""


Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Named:
    """A ticked row as it is named before something is done with it."""

    id: str
    name: str
    where: str
    pill: Pill


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done; `named` reads the ticked rows, `back` is the list's own name."""

    title: Promise
    words: Promise
    button: Promise
    back: Promise
    named: Callable[[list[Any]], list[Named]]


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


def _place_id(text: str) -> int:
    """Read the id of somebody's place; a number that none can have isn't one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        raise ValueError
    return int(text)


def _alone(chosen: list[Id]) -> list[list[Id]]:
    return [[one] for one in chosen]


def _for_each(
    list_route: str,
    right: Capability,
    act: Callable[[DeskRequest, list[Id]], object],
    *,
    an_id: Callable[[str], Id],
    groups: Callable[[list[Id]], list[list[Id]]] = _alone,
    question: Question | None = None,
    dangerous: bool = False,
) -> DeskView:
    """Return the view that does something with each ticked row, and leads back to the list as it was sought.

    `an_id` reads the id of a row, `groups` puts those together that are done at one go; `question` is asked by GET
    before; what is `dangerous` asks once more who it is.
    """

    def view(request: DeskRequest) -> HttpResponse:
        if request.method != "POST" and question is not None:
            return _asked(request, question, list_route, _read(request.GET, "ticked", an_id))
        chosen, refused = _read(request.POST, "ticked", an_id), Counter[str]()
        for ones in groups(chosen):
            try:
                act(request, ones)
            except GangwayError as error:
                refused[told(error)] += len(ones)
        if not chosen:
            _ask_for_ticks(request)
        elif done := len(chosen) - refused.total():
            messages.success(request, _("Done with %(done)s of %(all)s.") % {"done": done, "all": len(chosen)})
        for words, times in refused.items():
            messages.warning(request, _("Not done with %(times)s: %(words)s") % {"times": times, "words": words})
        return redirect(_list_as_sought(list_route, _sought(request.POST)))

    methods = ["GET", "HEAD", "POST"] if question else ["POST"]
    return require_http_methods(methods)(may(right)(proved_lately(view) if dangerous else view))


def _asked(request: DeskRequest, question: Question, list_route: str, chosen: list[Any]) -> HttpResponse:
    sought, rows = _sought(request.GET), question.named(chosen)
    back_url = _list_as_sought(list_route, sought)
    if not rows:
        _ask_for_ticks(request)
        return redirect(back_url)
    values = {"question": question, "rows": rows, "sought": sought, "back_url": back_url}
    return render(request, "around/ask_first.html", values)


def _ask_for_ticks(request: DeskRequest) -> None:
    messages.error(request, _("Tick some rows first: the boxes stand at their beginning."))


def _sought(given: QueryDict) -> dict[str, str]:
    return {name: text for name, text in given.items() if name in SOUGHT and isinstance(text, str) and text}


def _list_as_sought(list_route: str, sought: dict[str, str]) -> str:
    address = reverse(list_route)
    return f"{address}?{urlencode(sought)}" if sought else address


def _connections(chosen: list[UUID]) -> list[Named]:
    states = rotations_of(chosen)
    return [
        Named(str(row.id), row.short_name, row.customer_name, said(ROTATION, states.get(row.id, Rotation.NONE)))
        for row in some_services(chosen)
    ]


def _people(chosen: list[int]) -> list[Named]:
    return [
        Named(
            str(row.id),
            row.name,
            f"{row.email} · {row.organization_name}",
            said(OPERATOR, "active" if row.is_active else "suspended"),
        )
        for row in some_places(chosen)
    ]


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
    question=Question(
        gettext_lazy("Rotate the credentials of these connections now?"),
        gettext_lazy(
            "A new credential is made and proved before it is used; the old one rests and is then removed. "
            "Freezes and notices are not waited for."
        ),
        gettext_lazy("Rotate now"),
        gettext_lazy("Connections"),
        _connections,
    ),
)
end_sessions = _for_each(
    "web:operators",
    Capability.MANAGE_OPERATORS,
    lambda request, ones: people.end_sessions(ones[0], by=request.actor, seat=request.seat),
    an_id=_place_id,
    question=Question(
        gettext_lazy("End all sessions of these people?"),
        gettext_lazy("They are signed out everywhere at once, and can sign in again."),
        gettext_lazy("End all sessions"),
        gettext_lazy("Operators"),
        _people,
    ),
    dangerous=True,
)
suspend = _for_each(
    "web:operators",
    Capability.MANAGE_OPERATORS,
    lambda request, ones: people.suspend(ones[0], by=request.actor, seat=request.seat),
    an_id=_place_id,
    question=Question(
        gettext_lazy("Suspend these people?"),
        gettext_lazy("All their sessions end at once. They keep their roles and can be let in again."),
        gettext_lazy("Suspend"),
        gettext_lazy("Operators"),
        _people,
    ),
    dangerous=True,
)
