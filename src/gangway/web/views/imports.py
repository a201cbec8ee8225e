"""*Import*: many services or connections by a file, which is looked at first, then started, followed and stopped.

The file is never kept, and nothing of its column of secrets comes to any page.
"""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.imports import actions, queries
from gangway.imports.columns import COLUMNS, ERROR, ROW, names_of, shown_of
from gangway.imports.queries import ImportView, RowView
from gangway.imports.states import ImportState, Kind, Wait
from gangway.invitations.terms import terms_of
from gangway.organizations import roles
from gangway.organizations.place_queries import every_place
from gangway.organizations.roles import Capability
from gangway.web import import_words
from gangway.web.desk import DeskRequest, DeskView, may
from gangway.web.downloads import csv_file, list_file
from gangway.web.forms.base import told
from gangway.web.forms.imports import ImportForm
from gangway.web.listing import Asked
from gangway.web.lists import asked_of, bulk_of
from gangway.web.live import first_look, look_again, move_on
from gangway.web.words import IMPORT, IMPORT_KIND, IMPORT_ROW, WHO_ACTS, said

PARTIAL: Final = "imports/_progress.html"


@require_safe
@may(Capability.ADD_SERVICE)
def import_list(request: DeskRequest) -> HttpResponse:
    """List the imports, or teach what one is for."""
    wanted = asked_of("imports", request)
    page = queries.imports(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    values = {
        "page": page,
        "rows": [{"row": row, "pill": said(IMPORT, row.state), "kind": IMPORT_KIND[row.kind]} for row in page.rows],
        "wanted": wanted,
        "states": [(state.value, said(IMPORT, state).word) for state in ImportState],
        "kinds": [(kind.value, IMPORT_KIND[kind]) for kind in Kind],
        "bulk": bulk_of("imports", request.seat.capabilities),
    }
    return render(request, "imports/list.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.ADD_SERVICE)
def new_import(request: DeskRequest) -> HttpResponse:
    """Ask for the file, and look at each of its rows."""
    above = request.seat.organization_kind is roles.Kind.SYSTEM
    providers = [(row.id, row.name) for row in every_place(roles.Kind.PROVIDER)] if above else []
    first: dict[str, object] = {"kind": Kind.NEW}
    if not above:
        first["days"] = terms_of(request.seat.organization_id).life_days
    form = ImportForm(request.POST or None, request.FILES or None, providers=providers, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            import_id = actions.read_file(
                organization_id=UUID(given["provider"]) if above else request.seat.organization_id,
                kind=Kind(given["kind"]),
                file_name=given["table"].name,
                raw=given["table"].read(),
                finish_by_itself=given["finish_by_itself"],
                days=given["days"],
                knowingly=given["knowingly"],
                by=request.actor,
                now=now(),
            )
        except GangwayError as error:
            form.add_error("table", told(error))
        else:
            return redirect("web:import", import_id)
    return render(request, "imports/new.html", {"form": form, "kinds": [_kind(kind) for kind in Kind]})


def template_of(kind: Kind) -> DeskView:
    """Return the page that hands out a file to fill in, with one row as an example."""

    @require_safe
    @may(Capability.ADD_SERVICE)
    def view(request: DeskRequest) -> HttpResponse:
        del request
        head = names_of(kind)
        return csv_file(f"import-{kind.value}", head, [[import_words.EXAMPLES[name] for name in head]])

    return view


@require_safe
@may(Capability.ADD_SERVICE)
def import_page(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """Show what the dry run found, how far the import is, or what came of it, row by row."""
    values = _values(request, import_id)
    route = reverse("web:import_state", args=[import_id])
    live = first_look(request, PARTIAL, values, url=f"{route}?{request.GET.urlencode()}")
    following = not values["found"].is_over
    more = {"live": live, "following": following, "may_mend": queries.has_rows_to_mend(import_id)}
    return render(request, "imports/detail.html", values | more)


@require_safe
@may(Capability.ADD_SERVICE)
def import_state(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """How far it is now; takes the page along when it is over."""
    values = _values(request, import_id)
    if values["found"].is_over:
        return move_on(reverse("web:import", args=[import_id]))
    return look_again(request, PARTIAL, values, over=False)


@require_POST
@may(Capability.ADD_SERVICE)
def import_start(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """*Start import*."""
    return _done(request, import_id, actions.start, _("The import is under way. You may close this page."))


@require_POST
@may(Capability.ADD_SERVICE)
def import_stop(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """*Stop*."""
    return _done(request, import_id, actions.stop, _("The import is stopped. What was done stays."))


@require_POST
@may(Capability.ADD_SERVICE)
def import_discard(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """*Discard*."""
    return _done(request, import_id, actions.discard, _("The import is discarded. Nothing was made."))


@require_safe
@may(Capability.ADD_SERVICE)
def import_mend(request: DeskRequest, import_id: UUID) -> HttpResponse:
    """Hand out the rows that failed, with what is wrong in a column of its own; credentials are not among them."""
    found = queries.one_import(import_id)
    head = names_of(found.row.kind)
    rows = (
        (*(row.values.get(name, "") for name in head), _why(row, found.row.kind))
        for row in queries.rows_to_mend(import_id)
    )
    return list_file(request, f"import-failed-{import_id}", (*head, ERROR), rows, sought=Asked())


def _done(request: DeskRequest, import_id: UUID, action: Any, words: str) -> HttpResponse:
    queries.one_import(import_id)
    try:
        action(import_id=import_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.warning(request, told(error))
    else:
        messages.success(request, words)
    return redirect("web:import", import_id)


def _values(request: DeskRequest, import_id: UUID) -> dict[str, Any]:
    wanted, found = asked_of("import", request), queries.one_import(import_id)
    page = queries.rows_of_import(import_id, state=wanted.choices["state"], page=wanted.page)
    return {
        "found": found,
        "kind": IMPORT_KIND[found.row.kind],
        "pill": said(IMPORT, found.row.state),
        "is_new": found.row.kind is Kind.NEW,
        "is_checked": found.row.state is ImportState.CHECKED,
        "is_running": found.row.state is ImportState.RUNNING,
        "waits_for_links": found.waits_for is Wait.LINKS,
        "counts": [(said(IMPORT_ROW, state), number) for state, number in _in_order(found)],
        "states": [(state, said(IMPORT_ROW, state).word) for state, _number in _in_order(found)],
        "page": page,
        "rows": [_row(row, found) for row in page.rows],
        "wanted": wanted,
    }


def _in_order(found: ImportView) -> list[tuple[str, int]]:
    return [(state, found.counts[state]) for state in IMPORT_ROW if state in found.counts]  # type: ignore[index]


def _row(row: RowView, found: ImportView) -> dict[str, Any]:
    shown = {name: row.values.get(name, "") for name in shown_of(found.row.kind)}
    return {
        "row": row,
        "cells": shown,
        "pill": said(IMPORT_ROW, row.state),
        "faults": _faults(row, found.row.kind),
        "acts": WHO_ACTS[row.acts] if row.acts else "",
        "to": shown.get("email") or shown.get("tenant", ""),
    }


def _faults(row: RowView, kind: Kind) -> list[tuple[str, str]]:
    """Return what is wrong in the order of the columns; what concerns the whole row comes first."""
    return [(name, " ".join(row.faults[name])) for name in (ROW, *names_of(kind)) if name in row.faults]


def _why(row: RowView, kind: Kind) -> str:
    told_at = [f"{name}: {sentences}" for name, sentences in _faults(row, kind)]
    return " ".join([*told_at, row.what, row.cure]).strip() or _("Left out: the import ended before its turn came.")


def _kind(kind: Kind) -> dict[str, Any]:
    columns = [
        {"name": column.name, "needed": column.needed, "words": import_words.COLUMNS[column.name]}
        for column in COLUMNS[kind]
    ]
    template = reverse(f"web:import_template_{kind.value}")
    return {"key": kind.value, "word": IMPORT_KIND[kind], "columns": columns, "template": template}
