"""Every list as a file for a spreadsheet, for whoever may see it: as it is sought and sorted, or its ticked rows.

A file has at least what the list shows, and the ids behind it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gangway.alarms.queries import every_alarm
from gangway.connections.care_view import Beside, FleetRow, ends_beside, every_connection, lacking_beside
from gangway.connections.states import SUSPENDED
from gangway.imports.queries import every_import
from gangway.invitations.queries import every_pending
from gangway.organizations.people_queries import every_operator
from gangway.organizations.place_queries import Kept, every_place
from gangway.organizations.roles import Capability, Kind
from gangway.provisioning.leftover_list import every_leftover
from gangway.provisioning.run_list import every_run
from gangway.web.desk import DeskRequest, DeskView, may
from gangway.web.downloads import list_file
from gangway.web.forms.operators import KIND_WORDS, ROLE_WORDS
from gangway.web.forms.place import CLOUDS
from gangway.web.lists import asked_of
from gangway.web.views.places import Level
from gangway.web.views.several import place_id, tick_first, ticked
from gangway.web.words import (
    ALARM,
    CONNECTION,
    IMPORT,
    IMPORT_KIND,
    INVITATION,
    KIND,
    LEFTOVER,
    OPERATOR,
    PURPOSE,
    ROTATION,
    RUN,
    RUN_KIND,
    SEVERITY,
    said,
)

TOGETHER: Final = 500
"""Rows that something beside is asked for at once."""

Column = tuple[str | Promise, str | Callable[[Any], object]]
"""A head, and what stands below it: a field of the row, or what a function makes of it."""


def export(
    name: str,
    right: Capability,
    every: Callable[..., Iterator[Any]],
    *columns: Column,
    an_id: Callable[[str], object] = UUID,
) -> DeskView:
    """Return the export of a list: of all that is sought, or of the ticked rows."""
    heads = [head for head, _of_row in columns]
    cells = [attrgetter(of_row) if isinstance(of_row, str) else of_row for _head, of_row in columns]

    @require_safe
    @may(right)
    def view(request: DeskRequest) -> HttpResponse:
        wanted, among = asked_of(name, request), None
        if request.GET.get("of") == "ticked":
            among = ticked(request.GET, an_id=an_id)
            if not among:
                return tick_first(request, name)
        rows = every(search=wanted.search, sort=wanted.sort, among=among, **wanted.choices)
        taken = ([cell(row) for cell in cells] for row in rows)
        return list_file(request, name, heads, taken, sought=wanted, ticked=among)

    return view


def export_of(level: Level) -> DeskView:
    """Return the export of one level of organizations."""
    return export(
        f"{level.route}s",
        level.see,
        lambda search, sort, among, **kept: every_place(
            level.kind, search=search, kept=Kept(**kept), sort=sort, among=among
        ),
        (_("Name"), "name"),
        (_("Short name"), "short_name"),
        (_("Provider") if level.kind is Kind.CHANNEL else _("Below"), "above"),
        (_("Microsoft 365 domain"), "domain"),
        (_("Microsoft tenant ID"), "tenant_id"),
        *(
            ((_("Microsoft cloud"), lambda row: dict(CLOUDS).get(row.cloud, row.cloud)),)
            if level.kind is Kind.CUSTOMER
            else ()
        ),
        *(
            ((_("Number of customers"), "below"), (_("At most"), "most_customers"))
            if level.kind is Kind.CHANNEL
            else ()
        ),
        (_("Added"), "created_at"),
        (_("Organization ID"), "id"),
    )


invitation_export = export(
    "invitations",
    Capability.SEE_INVITATIONS,
    every_pending,
    (_("ID"), "short_name"),
    (_("Full Name"), "full_name"),
    (_("Customer"), "customer_name"),
    (_("What for"), lambda row: PURPOSE[row.purpose]),
    (_("Status"), lambda row: said(INVITATION, row.state).word),
    (_("Device Authenticated"), "device_authenticated"),
    (_("Invitation Email"), "recipient"),
    (_("M365 Admin Email"), "administrator_upn"),
    (_("Email Sent"), "email_sent"),
    (_("Email Invitation Sent Count"), "email_sent_count"),
    (_("What the mail server says"), "email_error"),
    (_("Created at"), "created_at"),
    (_("Created by"), "created_by_name"),
    (_("Expires at"), "expires_at"),
    (_("Invitation ID"), "id"),
    (_("Service ID"), "service_id"),
    (_("Customer ID"), "customer_id"),
)

run_export = export(
    "runs",
    Capability.SEE_RUNS,
    every_run,
    (_("Registration"), "registration_name"),
    (_("Short name"), "short_name"),
    (_("Customer"), "customer_name"),
    (_("Tenant"), "tenant_name"),
    (_("What for"), lambda row: RUN_KIND[row.kind]),
    (_("State"), lambda row: said(RUN, row.state).word),
    (_("Why"), "why"),
    (_("Signed in as"), "signer_upn"),
    (_("Begun"), "created_at"),
    (_("Ended"), "ended_at"),
    (_("Run ID"), "id"),
    (_("Service ID"), "service_id"),
)

leftover_export = export(
    "leftovers",
    Capability.SEE_RUNS,
    every_leftover,
    (_("What"), "name"),
    (_("Kind"), lambda row: said(LEFTOVER, row.kind).word),
    (_("Object ID"), "object_id"),
    (_("Application ID"), "app_id"),
    (_("Service"), "short_name"),
    (_("Customer"), "customer_name"),
    (_("Tenant"), "tenant_name"),
    (_("Tenant ID"), "tenant_id"),
    (_("Why it is there"), "why"),
    (_("Remove by hand"), lambda row: " → ".join(row.portal)),
    (_("Since"), "since"),
    (_("Last seen"), "seen_at"),
    (_("Removed"), "cleared_at"),
    (_("Removed by"), "cleared_by"),
    (_("Leftover ID"), "id"),
    (_("Service ID"), "service_id"),
    (_("Run ID"), "run_id"),
)

operator_export = export(
    "operators",
    Capability.SEE_OPERATORS,
    every_operator,
    (_("Name"), "name"),
    (_("E-mail address"), "email"),
    (_("Organization"), "organization_name"),
    (_("Level"), lambda row: KIND_WORDS[row.organization_kind]),
    (_("Role"), lambda row: ROLE_WORDS[row.role]),
    (_("State"), lambda row: said(OPERATOR, row.standing).word),
    (_("Active"), "is_active"),
    (_("Second factor"), "has_second_factor"),
    (_("By Entra"), "from_entra"),
    (_("Last sign-in"), "last_sign_in_at"),
    (_("Added"), "created_at"),
    (_("Role ID"), "id"),
    (_("Operator ID"), "operator_id"),
    an_id=place_id,
)

alarm_export = export(
    "alarms",
    Capability.SEE_CONNECTION,
    every_alarm,
    (_("About"), "about"),
    (_("Organization"), "organization_name"),
    (_("Kind"), lambda row: KIND[row.kind]),
    (_("Severity"), lambda row: said(SEVERITY, row.severity).word),
    (_("State"), lambda row: said(ALARM, row.state).word),
    (_("What is wrong"), "words"),
    (_("What to do"), "cure"),
    (_("Times"), "times"),
    (_("Since"), "raised_at"),
    (_("Changed"), "changed_at"),
    (_("Acknowledged by"), "acknowledged_by"),
    (_("Cleared"), "cleared_at"),
    (_("Cleared by"), "cleared_by"),
    (_("Alarm ID"), "id"),
    (_("Service ID"), "service_id"),
)


class Fleet(NamedTuple):
    """A connection with what its service uses beside it, and what that lacks."""

    row: FleetRow
    beside: Sequence[Beside]
    lacks: Sequence[str]


def _fleet(**sought: Any) -> Iterator[Fleet]:
    """Give each connection with what is beside it, asked for many at once."""
    rows = every_connection(**sought)
    while some := list(islice(rows, TOGETHER)):
        ids = [row.service_id for row in some]
        ends, lacks = ends_beside(ids), lacking_beside(ids)
        for row in some:
            yield Fleet(row, ends.get(row.service_id, ()), lacks.get(row.service_id, ()))


connection_export = export(
    "connections",
    Capability.SEE_CONNECTION,
    _fleet,
    (_("Short name"), "row.short_name"),
    (_("Customer"), "row.customer_name"),
    (_("Connection"), lambda one: said(CONNECTION, one.row.status).word),
    (_("Why"), "row.status_words"),
    (_("Credential ends"), "row.ends_at"),
    (_("Rotation"), lambda one: said(ROTATION, one.row.rotation).word),
    (_("Rotates"), "row.rotate_at"),
    (_("Last validated"), "row.last_validated_at"),
    (_("Next look"), lambda one: None if one.row.status == SUSPENDED else one.row.validate_at),
    (_("Lacks"), lambda one: " ".join((*one.row.lacks, *one.lacks))),
    (_("Ends beside it"), lambda one: "; ".join(f"{each.title}: {each.ends_at:%Y-%m-%d}" for each in one.beside)),
    (_("Service ID"), "row.service_id"),
)

import_export = export(
    "imports",
    Capability.ADD_SERVICE,
    every_import,
    (_("File"), "file_name"),
    (_("Kind"), lambda row: IMPORT_KIND[row.kind]),
    (_("State"), lambda row: said(IMPORT, row.state).word),
    (_("Rows"), "rows_total"),
    (_("By"), "by_name"),
    (_("Organization"), "organization_name"),
    (_("Brought"), "created_at"),
    (_("Started"), "started_at"),
    (_("Ended"), "ended_at"),
    (_("Import ID"), "id"),
)
