"""The lists of the Operation Center: what each keeps in its address, how it is taken away, what is done with many rows.

Every list has five things: instant search, filters and sort in the address, something that is done with ticked rows,
a CSV file, and keys. Views, exports and buttons read this table; `docs/lists.md` is made from it. What a list has not
stands here with its reason, and a test fails for a page with a list that doesn't stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.organizations.roles import Capability
from gangway.web.listing import Asked, asked

FIVE: Final = ("search", "filters", "sort", "ticked", "export")
"""What a list may lack for a reason; the keys are the same on every page."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done with each ticked row.

    What isn't done `at_once` opens a page that names each row and asks, or is a file.
    """

    route: str
    word: Promise
    right: Capability
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its filters by their names in the address, its orders, its file, its deeds, and what it has not."""

    title: str
    filters: tuple[str, ...] = ()
    sorts: str = ""
    export: str = ""
    deeds: tuple[Deed, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)


_ADD: Final = Capability.ADD_SERVICE
_SHORT: Final = "A table on a page of its own, with few rows by nature."
_ONWARD: Final = "It only leads on, by name; the list of the organizations themselves has everything."
_LOG: Final = "Nothing of the log can be changed; its one order is that of time."

LISTS: Final[Mapping[str, Listed]] = {
    "services": Listed(
        "Services",
        ("status", "licence", "deployment", "below"),
        "short_name full_name customer connection deployment created_at credential validated",
        "service_export",
        (
            Deed("services_validate", _("Validate Authentication"), Capability.VALIDATE_CONNECTION),
            Deed("services_existing_export", _("Export connections for an import"), _ADD, at_once=False),
            Deed("services_new_export", _("Export as new services"), _ADD, at_once=False),
        ),
    ),
    "invitations": Listed(
        "Pending Invitations",
        ("state",),
        "created expires",
        "invitation_export",
        (
            Deed("invitations_resend", _("Resend"), Capability.MANAGE_INVITATIONS),
            Deed("invitations_revoke", _("Revoke"), Capability.MANAGE_INVITATIONS, at_once=False),
        ),
    ),
    "runs": Listed(
        "Runs",
        ("state", "kind"),
        "begun",
        "run_export",
        (Deed("runs_check", _("Check now"), Capability.MANAGE_INVITATIONS),),
    ),
    "connections": Listed(
        "Connections",
        ("status", "rotation", "drift"),
        "look",
        "connection_export",
        (Deed("connections_rotate", _("Rotate now"), Capability.CHANGE_CONNECTION, at_once=False),),
    ),
    "alarms": Listed(
        "Alarms",
        ("state", "severity", "kind"),
        "severity since",
        "alarm_export",
        (
            Deed("alarms_acknowledge", _("Acknowledge"), Capability.CHANGE_CONNECTION),
            Deed("alarms_clear", _("Clear"), Capability.CHANGE_CONNECTION, at_once=False),
        ),
    ),
    "leftovers": Listed(
        "Leftovers",
        ("state", "kind"),
        "since",
        "leftover_export",
        (Deed("leftovers_try_again", _("Try again"), Capability.CHANGE_CONNECTION),),
    ),
    "customers": Listed(
        "Customers",
        ("above", "parent", "cloud"),
        "name created_at",
        "customer_export",
        (Deed("customers_move", _("Change channel"), Capability.DELETE_CUSTOMERS, at_once=False),),
    ),
    "channels": Listed("Channels", ("above", "parent", "bound"), "name created_at", "channel_export"),
    "providers": Listed("Providers", ("bound",), "name created_at", "provider_export"),
    "operators": Listed(
        "Operators",
        ("role", "state"),
        "name organization role seen",
        "operator_export",
        (
            Deed("operators_end_sessions", _("End all sessions"), Capability.MANAGE_OPERATORS, at_once=False),
            Deed("operators_suspend", _("Suspend"), Capability.MANAGE_OPERATORS, at_once=False),
        ),
    ),
    "imports": Listed(
        "Imports",
        ("state", "kind"),
        "file rows brought",
        "import_export",
        (
            Deed("imports_stop", _("Stop"), Capability.ADD_SERVICE, at_once=False),
            Deed("imports_discard", _("Discard"), Capability.ADD_SERVICE, at_once=False),
        ),
    ),
    "activity": Listed(
        "Activity",
        ("who", "event", "since", "until", "subject", "organization"),
        export="activity_csv",
        lacks={
            "search": "Who and what have fields of their own; the log is too long to follow each letter.",
            "sort": _LOG,
            "ticked": _LOG,
        },
    ),
    "settings": Listed(
        "Providers, to choose whose settings",
        lacks=dict.fromkeys(FIVE[1:], _ONWARD),
    ),
    "settings_hosts": Listed("Channels, to choose whose host name", lacks=dict.fromkeys(FIVE[1:], _ONWARD)),
    "pending_of_customer": Listed(
        "Pending invitations of one customer",
        lacks=dict.fromkeys(FIVE, "A step of Add Service; the page of all Pending Invitations has everything."),
    ),
    "choose_customer": Listed("Customers, to choose whose service", lacks=dict.fromkeys(FIVE[1:], _ONWARD)),
    "orphans": Listed("What belongs to nothing", lacks=dict.fromkeys(FIVE, "It is there to be emptied, one by one.")),
    "emergency": Listed("What an emergency still needs somebody for", lacks=dict.fromkeys(FIVE, _SHORT)),
    "emergencies": Listed("Emergencies", lacks=dict.fromkeys(FIVE, _SHORT)),
    "import": Listed(
        "Rows of an import",
        ("state",),
        export="import_mend",
        lacks={
            "search": "The rows stand as in the file, where one searches.",
            "sort": "The rows stand in the order of the file.",
            "ticked": "An import is started, stopped and discarded as a whole.",
        },
    ),
}


def asked_of(name: str, request: HttpRequest) -> Asked:
    """Read what this list was asked for from the address."""
    return asked(request, *LISTS[name].filters)


def bulk_of(name: str, held: frozenset[Capability]) -> dict[str, Any]:
    """Return what `components/bulk.html` needs: what this person may do with ticked rows, and their file's address."""
    listed = LISTS[name]
    deeds = [
        {"url": reverse(f"web:{deed.route}"), "word": deed.word, "at_once": deed.at_once}
        for deed in listed.deeds
        if deed.right in held
    ]
    return {"deeds": deeds, "export_url": reverse(f"web:{listed.export}")}
