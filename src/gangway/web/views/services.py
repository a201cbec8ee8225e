"""The *Services* page: every service that the operator may see; search, filters, sort and page stand in the address."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gangway.foundation.clock import days_until, now
from gangway.organizations.roles import Capability
from gangway.services.licences import LicenceType
from gangway.services.queries import ServiceRow, every_service, services, some_services
from gangway.services.states import HOLDS_ITS_NAME, LIVES
from gangway.web.desk import DeskRequest, may
from gangway.web.downloads import list_file
from gangway.web.listing import only_below
from gangway.web.lists import asked_of, bulk_of
from gangway.web.views.bulk import EVERY, MOST_AT_ONCE, lacks_ticks, sought, tick_first
from gangway.web.views.several import ticked
from gangway.web.words import (
    CONNECTION,
    DELETED,
    DELETING,
    DEPLOYMENT,
    DEPLOYMENT_MEANS,
    LEAVES,
    LIFE,
    PLANNED,
    Pill,
    said,
)


@require_safe
@may(Capability.SEE_SERVICES)
def service_export(request: DeskRequest) -> HttpResponse:
    """Hand out the list, as it is searched, filtered and sorted, or only its ticked rows, for a spreadsheet."""
    if lacks_ticks(request.GET):
        return tick_first(request)
    chosen = () if request.GET.get(EVERY) else ticked(request.GET, "service", an_id=UUID)
    wanted = asked_of("services", request)
    rows = some_services(chosen) if chosen else every_service(sought(wanted))
    head = (_("Short name"), _("Full name"), _("Customer"), _("Channel"), _("License Type"), _("Licensed users"))
    more = (_("Connection"), _("Connection says"), _("Deployment"), _("Client Secret Days Until Expire"))
    last = (_("Last validated"), _("Started"), _("Service ID"), _("Customer ID"))
    taken = map(_exported, rows)
    return list_file(request, "services", head + more + last, taken, sought=wanted, ticked=chosen or None)


@require_safe
@may(Capability.SEE_SERVICES)
def service_list(request: DeskRequest) -> HttpResponse:
    """List the services, or teach what a service is where there is none yet."""
    wanted = asked_of("services", request)
    page = services(sought(wanted), wanted.page)
    held = request.seat.capabilities
    values = {
        "page": page,
        "rows": [
            {
                "service": row,
                "connection": connection_of(row),
                "deployment": said(DEPLOYMENT, row.deployment),
                "deployment_means": DEPLOYMENT_MEANS.get(row.deployment, ""),
                "days_left": days_left(row),
                "may_edit": Capability.EDIT_SERVICE in held and row.lifecycle in LIVES,
                "may_delete": Capability.DELETE_SERVICE in held and row.lifecycle in HOLDS_ITS_NAME,
            }
            for row in page.rows
        ],
        "wanted": wanted,
        "is_more": page.has_next or page.has_previous,
        "most_at_once": MOST_AT_ONCE,
        "statuses": [
            ("planned", PLANNED.word),
            *((state, pill.word) for state, pill in CONNECTION.items()),
            ("leaving", LEAVES.word),
            ("deleting", DELETING.word),
            ("deleted", DELETED.word),
        ],
        "licences": [(kind.value, kind.label) for kind in LicenceType],
        "deployments": [(state, pill.word) for state, pill in DEPLOYMENT.items()],
        "below": only_below(wanted.choices["below"]),
        "may_add": Capability.ADD_SERVICE in held,
        "bulk": bulk_of("services", held),
    }
    return render(request, "services/list.html", values)


def connection_of(row: ServiceRow) -> Pill:
    """Return the word for a service's connection; one that is planned or deleted has none."""
    return LIFE.get(row.lifecycle) or said(CONNECTION, row.connection)


def days_left(row: ServiceRow) -> int | None:
    """Return the days until the service's credential ends, below zero after it; None when nobody knows."""
    return None if row.credential_ends_at is None else days_until(row.credential_ends_at, now=now())


def _exported(row: ServiceRow) -> tuple[object, ...]:
    return (
        row.short_name,
        row.full_name,
        row.customer_name,
        row.channel_name,
        row.licence.label,
        row.licensed_users,
        connection_of(row).word,
        row.connection_reason,
        said(DEPLOYMENT, row.deployment).word,
        days_left(row),
        row.last_validated_at,
        row.created_at,
        row.id,
        row.customer_id,
    )
