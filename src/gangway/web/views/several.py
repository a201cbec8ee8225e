"""Buttons *With the ticked ones*: the same for each ticked row of a list; what is refused is told, with how often.

What can't be taken back asks first, on a page that names each row: it is opened by its address, so it opens again as it
was after somebody proved who they are.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gangway.alarms import actions as alarms
from gangway.alarms.queries import some_alarms
from gangway.connections.care_view import rotations_of
from gangway.connections.rotation import rotate_now
from gangway.connections.states import LOOKED_AT
from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.imports import actions as imports
from gangway.imports.queries import every_import
from gangway.invitations import actions as invitations
from gangway.invitations.queries import these
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations import people
from gangway.organizations.changing import move_customer
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.pages import PAGE_SIZE
from gangway.organizations.people_queries import some_places
from gangway.organizations.place_queries import every_place, parents_for_customers, place
from gangway.organizations.roles import Kind
from gangway.provisioning import actions as provisioning
from gangway.provisioning.leftover_list import tried_together
from gangway.services.queries import some_services
from gangway.web.desk import DeskRequest, DeskView, may, proved_lately
from gangway.web.forms.base import told
from gangway.web.lists import LISTS, Deed
from gangway.web.words import ALARM, IMPORT, INVITATION, OPERATOR, ROTATION, Pill, said

_LONGEST_ID: Final = 18
"""Digits of a number that the database surely has room for."""


Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Named:
    """A ticked row as it is named before something is done with it."""

    id: str
    name: str
    where: str
    pill: Pill | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done; `named` reads the ticked rows.

    `choice`: what must be chosen with it: the field's name, its word, and the values for these rows.
    """

    title: Promise
    words: Promise
    named: Callable[[list[Any]], list[Named]]
    choice: tuple[str, Promise, Callable[[list[Any]], list[tuple[str, str]]]] | None = None


def ticked(given: QueryDict, field: str = "ticked", *, an_id: Callable[[str], Id]) -> list[Id]:
    """Return the ids of the ticked rows, at most as many as a page has; what isn't an id isn't one."""
    found = []
    for text in given.getlist(field)[:PAGE_SIZE]:
        try:
            found.append(an_id(text))
        except ValueError:
            continue
    return found


def place_id(text: str) -> int:
    """Read the id of somebody's place; a number that none can have isn't one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        raise ValueError
    return int(text)


def _alone(chosen: list[Id]) -> list[list[Id]]:
    return [[one] for one in chosen]


def _for_each(
    list_name: str,
    route: str,
    act: Callable[[DeskRequest, list[Id]], object],
    *,
    an_id: Callable[[str], Id],
    groups: Callable[[list[Id]], list[list[Id]]] = _alone,
    question: Question | None = None,
    dangerous: bool = False,
) -> DeskView:
    """Return the view that does something with each ticked row, and leads back to the list as it was sought.

    `an_id` reads the id of a row, `groups` puts those together that are done at one go; `question` is asked by GET
    before; what is `dangerous` asks once more who it is. Whose right it is, the table of lists says.
    """
    deed = next(one for one in LISTS[list_name].deeds if one.route == route)

    def view(request: DeskRequest) -> HttpResponse:
        if request.method != "POST" and question is not None:
            return _asked(request, question, list_name, deed, ticked(request.GET, an_id=an_id))
        chosen, refused = ticked(request.POST, an_id=an_id), Counter[str]()
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
        return redirect(_way_back(request, list_name, request.POST)[1])

    methods = ["GET", "HEAD", "POST"] if question else ["POST"]
    return require_http_methods(methods)(may(deed.right)(proved_lately(view) if dangerous else view))


def _asked(request: DeskRequest, question: Question, list_name: str, deed: Deed, chosen: list[Any]) -> HttpResponse:
    rows, (back, back_url) = question.named(chosen), _way_back(request, list_name, request.GET)
    if not rows:
        _ask_for_ticks(request)
        return redirect(back_url)
    values = {"question": question, "deed": deed, "rows": rows, "sought": _sought(list_name, request.GET)}
    if question.choice is not None:
        name, word, choices_for = question.choice
        values["choice"] = {"name": name, "word": word, "choices": choices_for(chosen)}
    return render(request, "around/ask_first.html", values | {"back": back, "back_url": back_url})


def tick_first(request: DeskRequest, list_name: str) -> HttpResponse:
    """Lead back to the list as it was sought, and say how rows are chosen."""
    _ask_for_ticks(request)
    return redirect(list_as_sought(list_name, request.GET))


def _ask_for_ticks(request: DeskRequest) -> None:
    messages.error(request, _("Tick some rows first: the boxes stand at their beginning."))


def _way_back(request: DeskRequest, list_name: str, given: QueryDict) -> tuple[str, str]:
    """Return word and address of the list as it was sought, or of the start page for whom that list isn't open.

    A channel's Admin does with its invitations what can be done with them, and doesn't open the page of all.
    """
    page = cast("DeskView", resolve(reverse(f"web:{list_name}")).func)
    if request.seat.capabilities.isdisjoint(page.capabilities):
        return _("Dashboard"), reverse("web:home")
    return LISTS[list_name].title, list_as_sought(list_name, given)


def _sought(list_name: str, given: QueryDict) -> dict[str, str]:
    kept = {"q", "sort", "page", *LISTS[list_name].filters}
    return {name: text for name in given if name in kept and (text := given.get(name))}


def list_as_sought(list_name: str, given: QueryDict) -> str:
    """Return the list's address with what the form kept of its search, filters, order and page."""
    address, sought = reverse(f"web:{list_name}"), _sought(list_name, given)
    return f"{address}?{urlencode(sought)}" if sought else address


def _connections(chosen: list[UUID]) -> list[Named]:
    states = rotations_of(chosen)
    return [
        Named(str(row.id), row.short_name, row.customer_name, said(ROTATION, states.get(row.id, LOOKED_AT)))
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


def _invitations(chosen: list[UUID]) -> list[Named]:
    return [
        Named(str(row.id), row.short_name, f"{row.customer_name} · {row.recipient}", said(INVITATION, row.state))
        for row in these(chosen)
    ]


def _alarms(chosen: list[UUID]) -> list[Named]:
    return [
        Named(str(row.id), row.about, f"{row.organization_name} · {row.words}", said(ALARM, row.state))
        for row in some_alarms(chosen)
    ]


def _imports(chosen: list[UUID]) -> list[Named]:
    return [
        Named(str(row.id), row.file_name, f"{row.organization_name} · {row.by_name}", said(IMPORT, row.state))
        for row in every_import(among=chosen)
    ]


def _customers(chosen: list[UUID]) -> list[Named]:
    return [Named(str(row.id), row.name, row.above) for row in every_place(Kind.CUSTOMER, among=chosen)]


def _where_customers_may_stand(chosen: list[UUID]) -> list[tuple[str, str]]:
    """The provider of the first of them and its channels; a customer of another provider is refused there."""
    first = next(iter(every_place(Kind.CUSTOMER, among=chosen)), None)
    if first is None:
        return []
    provider = UUID(hex=place(first.id).path.split("/")[1])
    return [(str(choice.id), choice.name) for choice in parents_for_customers(provider)]


def _moved(request: DeskRequest, ones: list[UUID]) -> None:
    try:
        to = UUID(request.POST.get("to", ""))
    except ValueError as error:
        raise NoSuchOrganization(field="to") from error
    move_customer(customer_id=ones[0], to=to, by=request.actor)


acknowledge = _for_each(
    "alarms",
    "alarms_acknowledge",
    lambda request, ones: alarms.acknowledge(*ones, by=request.actor, now=now()),
    an_id=UUID,
)
clear = _for_each(
    "alarms",
    "alarms_clear",
    lambda request, ones: alarms.clear(*ones, by=request.actor, now=now()),
    an_id=UUID,
    question=Question(
        gettext_lazy("Say that these alarms are over?"),
        gettext_lazy("They stay as history with your name. What is still wrong is raised again when it is next seen."),
        _alarms,
    ),
)
resend = _for_each(
    "invitations",
    "invitations_resend",
    lambda request, ones: invitations.resend(invitation_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
)
revoke = _for_each(
    "invitations",
    "invitations_revoke",
    lambda request, ones: withdraw(invitation_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
    question=Question(
        gettext_lazy("Withdraw these invitations?"),
        gettext_lazy(
            "All their links stop working at once. What was begun in a tenant is taken back; what can't be is listed "
            "under Leftovers."
        ),
        _invitations,
    ),
)
check_runs = _for_each(
    "runs",
    "runs_check",
    lambda request, ones: provisioning.check_now(run_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
)
try_again = _for_each(
    "leftovers",
    "leftovers_try_again",
    lambda request, ones: provisioning.try_together(leftover_ids=ones, by=request.actor, now=now()),
    an_id=UUID,
    groups=tried_together,
)
rotate = _for_each(
    "connections",
    "connections_rotate",
    lambda request, ones: rotate_now(service_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
    question=Question(
        gettext_lazy("Rotate the credentials of these connections now?"),
        gettext_lazy(
            "A new credential is made and proved before it is used; the old one rests and is then removed. "
            "Freezes and notices are not waited for. A connection of which too many that were replaced still rest in "
            "the tenant is left out."
        ),
        _connections,
    ),
)
move_customers = _for_each(
    "customers",
    "customers_move",
    _moved,
    an_id=UUID,
    question=Question(
        gettext_lazy("Put these customers below another channel?"),
        gettext_lazy("All their services go with them. The people of the channels they leave no longer see them."),
        _customers,
        choice=("to", gettext_lazy("Put them below"), _where_customers_may_stand),
    ),
    dangerous=True,
)
end_sessions = _for_each(
    "operators",
    "operators_end_sessions",
    lambda request, ones: people.end_sessions(ones[0], by=request.actor, seat=request.seat),
    an_id=place_id,
    question=Question(
        gettext_lazy("End all sessions of these people?"),
        gettext_lazy("They are signed out everywhere at once, and can sign in again."),
        _people,
    ),
    dangerous=True,
)
suspend = _for_each(
    "operators",
    "operators_suspend",
    lambda request, ones: people.suspend(ones[0], by=request.actor, seat=request.seat),
    an_id=place_id,
    question=Question(
        gettext_lazy("Suspend these people?"),
        gettext_lazy("All their sessions end at once. They keep their roles and can be let in again."),
        _people,
    ),
    dangerous=True,
)
stop_imports = _for_each(
    "imports",
    "imports_stop",
    lambda request, ones: imports.stop(import_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
    question=Question(
        gettext_lazy("Stop these imports?"),
        gettext_lazy("What was done stays. Rows whose turn hasn't come are left out."),
        _imports,
    ),
)
discard_imports = _for_each(
    "imports",
    "imports_discard",
    lambda request, ones: imports.discard(import_id=ones[0], by=request.actor, now=now()),
    an_id=UUID,
    question=Question(
        gettext_lazy("Discard these imports?"),
        gettext_lazy("Their rows and sealed credentials are thrown away. Nothing was made from them."),
        _imports,
    ),
)
