"""Every list as a file for a spreadsheet: as it is searched, filtered and sorted, for whoever may see the list."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gangway.alarms.queries import every_alarm
from gangway.connections.care_view import Beside, FleetRow, ends_beside, every_connection, lacking_beside
from gangway.connections.states import SUSPENDED
from gangway.imports.queries import every_import
from gangway.invitations.queries import every_pending
from gangway.organizations.people_queries import every_operator
from gangway.organizations.place_queries import every_place
from gangway.organizations.roles import Capability, Kind
from gangway.provisioning.leftover_list import every_leftover
from gangway.provisioning.run_list import every_run
from gangway.web.desk import DeskRequest, DeskView, may
from gangway.web.downloads import list_file
from gangway.web.forms.operators import KIND_WORDS, ROLE_WORDS
from gangway.web.listing import asked
from gangway.web.views.places import Level
from gangway.web.words import (
    ALARM,
    CONNECTION,
    IMPORT,
    IMPORT_KIND,
    INVITATION,
    KIND,
    LEFTOVER,
    ROTATION,
    RUN,
    RUN_KIND,
    SEVERITY,
    said,
)

TOGETHER: Final = 500
"""Rows that something beside is asked for at once."""


def export_of(level: Level) -> DeskView:
    """Return the export of one level of organizations."""

    @require_safe
    @may(level.see)
    def view(request: DeskRequest) -> HttpResponse:
        wanted = asked(request, "above")
        rows = every_place(level.kind, search=wanted.search, above=wanted.choices["above"], sort=wanted.sort)
        above = _("Provider") if level.kind is Kind.CHANNEL else _("Below")
        head = (_("Name"), _("Short name"), above, _("Microsoft 365 domain"), _("Added"))
        cells = ((row.name, row.short_name, row.above, row.domain, row.created_at) for row in rows)
        return list_file(request, f"{level.route}s", head, cells)

    return view


@require_safe
@may(Capability.SEE_INVITATIONS)
def invitation_export(request: DeskRequest) -> HttpResponse:
    """*Pending Invitations*."""
    wanted = asked(request, "state")
    head = (_("ID"), _("Full Name"), _("Customer"), _("Status"), _("Device Authenticated"), _("Invitation Email"))
    more = (_("M365 Admin Email"), _("Email Sent"), _("Email Invitation Sent Count"), _("Created at"), _("Expires at"))
    cells = (
        (
            row.short_name,
            row.full_name,
            row.customer_name,
            said(INVITATION, row.state).word,
            row.device_authenticated,
            row.recipient,
            row.administrator_upn,
            row.email_sent,
            row.email_sent_count,
            row.created_at,
            row.expires_at,
        )
        for row in every_pending(search=wanted.search, sort=wanted.sort, **wanted.choices)
    )
    return list_file(request, "invitations", head + more, cells)


@require_safe
@may(Capability.SEE_RUNS)
def run_export(request: DeskRequest) -> HttpResponse:
    """The runs."""
    wanted = asked(request, "state")
    head = (_("Registration"), _("Short name"), _("Customer"), _("Tenant"), _("Kind"), _("State"), _("Why"))
    more = (_("Signed in as"), _("Begun"), _("Ended"), _("ID"))
    cells = (
        (
            row.registration_name,
            row.short_name,
            row.customer_name,
            row.tenant_name,
            RUN_KIND[row.kind],
            said(RUN, row.state).word,
            row.why,
            row.signer_upn,
            row.created_at,
            row.ended_at,
            row.id,
        )
        for row in every_run(search=wanted.search, sort=wanted.sort, **wanted.choices)
    )
    return list_file(request, "runs", head + more, cells)


@require_safe
@may(Capability.SEE_RUNS)
def leftover_export(request: DeskRequest) -> HttpResponse:
    """The leftovers."""
    wanted = asked(request, "state", "kind")
    head = (_("What"), _("Kind"), _("Object ID"), _("Application ID"), _("Service"), _("Customer"), _("Tenant ID"))
    more = (_("Why it is there"), _("Remove by hand"), _("Since"), _("Removed"), _("Removed by"))
    rows = every_leftover(search=wanted.search, sort=wanted.sort, **wanted.choices)
    cells = (
        (
            row.name,
            said(LEFTOVER, row.kind).word,
            row.object_id,
            row.app_id,
            row.short_name,
            row.customer_name,
            row.tenant_id,
            row.why,
            " → ".join(row.portal),
            row.since,
            row.cleared_at,
            row.cleared_by,
        )
        for row in rows
    )
    return list_file(request, "leftovers", head + more, cells)


@require_safe
@may(Capability.SEE_OPERATORS)
def operator_export(request: DeskRequest) -> HttpResponse:
    """The operators."""
    wanted = asked(request, "role", "state")
    head = (_("Name"), _("E-mail address"), _("Organization"), _("Level"), _("Role"), _("Active"))
    more = (_("Second factor"), _("By Entra"), _("Last sign-in"), _("Added"))
    rows = every_operator(search=wanted.search, sort=wanted.sort, **wanted.choices)
    cells = (
        (
            row.name,
            row.email,
            row.organization_name,
            KIND_WORDS[row.organization_kind],
            ROLE_WORDS[row.role],
            row.is_active,
            row.has_second_factor,
            row.from_entra,
            row.last_sign_in_at,
            row.created_at,
        )
        for row in rows
    )
    return list_file(request, "operators", head + more, cells)


@require_safe
@may(Capability.SEE_CONNECTION)
def alarm_export(request: DeskRequest) -> HttpResponse:
    """The alarms."""
    wanted = asked(request, "state", "severity", "kind")
    head = (_("About"), _("Organization"), _("Kind"), _("Severity"), _("State"), _("What happened"), _("What to do"))
    more = (_("Times"), _("Since"), _("Changed"), _("Acknowledged by"), _("Cleared"), _("Cleared by"))
    cells = (
        (
            row.about,
            row.organization_name,
            KIND[row.kind],
            said(SEVERITY, row.severity).word,
            said(ALARM, row.state).word,
            row.words,
            row.cure,
            row.times,
            row.raised_at,
            row.changed_at,
            row.acknowledged_by,
            row.cleared_at,
            row.cleared_by,
        )
        for row in every_alarm(search=wanted.search, sort=wanted.sort, **wanted.choices)
    )
    return list_file(request, "alarms", head + more, cells)


def _with_beside(rows: Iterator[FleetRow]) -> Iterator[tuple[FleetRow, Sequence[Beside], Sequence[str]]]:
    """Each with what it uses beside itself, and what that lacks, asked for many at once."""
    while some := list(islice(rows, TOGETHER)):
        ids = [row.service_id for row in some]
        ends, lacks = ends_beside(ids), lacking_beside(ids)
        for row in some:
            yield row, ends.get(row.service_id, ()), lacks.get(row.service_id, ())


@require_safe
@may(Capability.SEE_CONNECTION)
def connection_export(request: DeskRequest) -> HttpResponse:
    """The connections, also those that are suspended."""
    wanted = asked(request, "status", "rotation", "drift")
    head = (_("Short name"), _("Customer"), _("Connection"), _("Why"), _("Credential ends"), _("Rotation"))
    more = (_("Rotates"), _("Last validated"), _("Next look"), _("Lacks"), _("Ends beside it"))
    cells = (
        (
            row.short_name,
            row.customer_name,
            said(CONNECTION, row.status).word,
            row.status_words,
            row.ends_at,
            said(ROTATION, row.rotation).word,
            row.rotate_at,
            row.last_validated_at,
            None if row.status == SUSPENDED else row.validate_at,
            " ".join((*row.lacks, *lacks)),
            "; ".join(f"{one.title}: {one.ends_at:%Y-%m-%d}" for one in beside),
        )
        for row, beside, lacks in _with_beside(
            every_connection(search=wanted.search, sort=wanted.sort, **wanted.choices)
        )
    )
    return list_file(request, "connections", head + more, cells)


@require_safe
@may(Capability.ADD_SERVICE)
def import_export(request: DeskRequest) -> HttpResponse:
    """The imports; what became of each one's rows stands on its page."""
    wanted = asked(request, "state", "kind")
    head = (_("File"), _("Kind"), _("State"), _("Rows"), _("By"), _("Organization"), _("Brought"), _("Started"))
    cells = (
        (
            row.file_name,
            IMPORT_KIND[row.kind],
            said(IMPORT, row.state).word,
            row.rows_total,
            row.by_name,
            row.organization_name,
            row.created_at,
            row.started_at,
            row.ended_at,
        )
        for row in every_import(search=wanted.search, sort=wanted.sort, **wanted.choices)
    )
    return list_file(request, "imports", (*head, _("Ended")), cells)
