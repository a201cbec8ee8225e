"""Services in the columns of an import, so that they can be imported elsewhere; credentials are never among them."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from gangway.connections.exporting import told_of
from gangway.imports.columns import names_of
from gangway.imports.states import Kind
from gangway.invitations.exporting import recipients_of
from gangway.organizations.pages import batched
from gangway.organizations.place_queries import clouds_of
from gangway.organizations.roles import Capability
from gangway.services.queries import ServiceRow, every_service, some_services
from gangway.web.desk import DeskRequest, DeskView, may
from gangway.web.downloads import list_file
from gangway.web.lists import asked_of
from gangway.web.views.bulk import EVERY, lacks_ticks, sought, tick_first
from gangway.web.views.several import ticked


def services_as(kind: Kind) -> DeskView:
    """Return the export of services as new ones, or of those with a connection: as the list is sought, or ticked."""
    cells_of, head = (_connected if kind is Kind.EXISTING else _new), names_of(kind)

    @require_safe
    @may(Capability.ADD_SERVICE)
    def view(request: DeskRequest) -> HttpResponse:
        if lacks_ticks(request.GET):
            return tick_first(request)
        chosen = () if request.GET.get(EVERY) else ticked(request.GET, "service", an_id=UUID)
        wanted = asked_of("services", request)
        rows = some_services(chosen) if chosen else every_service(sought(wanted))
        cells = ([cell.get(name, "") for name in head] for cell in cells_of(rows))
        return list_file(request, f"services-{kind.value}", head, cells, sought=wanted, ticked=chosen or None)

    return view


def _service(row: ServiceRow, clouds: Mapping[UUID, str]) -> dict[str, object]:
    return {
        "cloud": clouds.get(row.customer_id, ""),
        "customer": row.customer_name,
        "channel": row.channel_name,
        "short_name": row.short_name,
        "full_name": row.full_name,
        "licence": row.licence.label,
        "users": row.licensed_users,
    }


def _new(rows: Iterable[ServiceRow]) -> Iterator[dict[str, object]]:
    for some in batched(iter(rows)):
        known, invited = told_of([row.id for row in some]), recipients_of([row.id for row in some])
        clouds = clouds_of({row.customer_id for row in some})
        for row in some:
            email, phone = invited.get(row.id, ("", ""))
            domain = known[row.id].m365_domain if row.id in known else ""
            yield {**_service(row, clouds), "domain": domain, "email": email, "phone": phone}


def _connected(rows: Iterable[ServiceRow]) -> Iterator[dict[str, object]]:
    for some in batched(iter(rows)):
        known, clouds = told_of([row.id for row in some]), clouds_of({row.customer_id for row in some})
        for row in some:
            if row.id not in known:
                continue
            told, ends = known[row.id], row.credential_ends_at
            facts = {"domain": told.m365_domain, "tenant": told.tenant_id, "client_id": told.app_id}
            yield {**_service(row, clouds), **facts, "expires_on": ends.date().isoformat() if ends else ""}
