"""Every view names its right: a capability of the role table, or one of the few marks for those that need none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from gangway.organizations.roles import Capability
from tests.house import roles_page

SOURCE = Path(__file__).parents[2] / "src" / "gangway"

OPEN = {
    "brand_colour",
    "brand_logo",
    "components",
    "consented",
    "door",
    "door_new_link",
    "door_reminders",
    "door_unexpected",
    "issuer",
    "issuer_keys",
    "join",
    "join_again",
    "mail_events",
    "microsoft",
    "microsoft_callback",
    "microsoft_consented",
    "own_address_link",
    "own_contacts",
    "own_disconnect",
    "own_farewell",
    "own_keep",
    "own_removal",
    "own_removal_state",
    "own_renew",
    "own_service",
    "own_sign_out",
    "own_view",
    "own_view_at",
    "own_waiting",
    "own_waiting_state",
}
"""Views for people without an account, beside the Invitation wizard's. A new one is added here with a reason:
links that somebody was sent, what their pages wear (a picture under a signed address, a colour), signed calls of the
mail provider, the two documents of our issuer, the way to Microsoft
and back, the page that shows our components, which is there in development only, and the customer's own view, whose
people are let in by their tenant's directory roles and by a session of its own."""

ONESELF = {
    "logo",
    "me",
    "own_address",
    "own_address_cancel",
    "own_address_confirm",
    "own_name",
    "microsoft_again",
    "microsoft_link",
    "microsoft_unlink",
    "second_factor",
    "session_end",
    "switch",
    "time_zone",
}
"""Views for every signed-in person: what they show and change is that person's own."""


PROVED_LATELY = {
    "channel_delete",
    "customer_delete",
    "customer_move",
    "customers_move",
    "emergency_begin",
    "microsoft_link",
    "microsoft_unlink",
    "operator_address",
    "operator_end_sessions",
    "operator_invite",
    "operator_remove",
    "operator_resend",
    "operator_reset_factor",
    "operator_reset_invited",
    "operator_resume",
    "operator_role",
    "operator_suspend",
    "operators_end_sessions",
    "operators_suspend",
    "own_address",
    "own_address_confirm",
    "role_map",
    "role_unmap",
    "second_factor_rule",
    "service_delete",
    "service_replace",
    "service_type_quality",
    "settings_application_change",
    "settings_forget_secret",
    "settings_host",
    "settings_mail_server",
    "settings_mail_server_remove",
    "settings_webhook",
    "settings_webhook_remove",
    "tenant_add",
    "tenant_prove",
    "tenant_remove",
}
"""Views that ask once more who it is; see "What asks once more who it is" in docs/why/operators.md. Beside them, the
account library's own, and `service_tokens` where it allows again what was forbidden."""


def routes(patterns, package: str = "gangway"):
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        elif isinstance(one, URLPattern) and one.callback.__module__.startswith(package):
            yield one


OURS = [route for route in routes(get_resolver().url_patterns) if route.name]


@pytest.mark.parametrize("route", OURS, ids=lambda route: route.name)
def test_every_view_names_its_right(route):
    """By capability, or by a mark; never by neither, never by two."""
    view = route.callback
    marks = [
        getattr(view, "for_anyone", False),
        getattr(view, "for_oneself", False),
        bool(getattr(view, "capabilities", ())),
    ]
    assert marks.count(True) == 1
    assert set(getattr(view, "capabilities", ())) <= set(Capability)


def test_what_is_open_is_listed_with_a_reason():
    """Nothing is opened by accident."""
    opened = {route.name for route in OURS if getattr(route.callback, "for_anyone", False)}
    assert {name for name in opened if not name.startswith("wizard")} == OPEN
    assert {route.name for route in OURS if getattr(route.callback, "for_oneself", False)} == ONESELF


def test_each_capability_of_the_table_is_asked_for_somewhere():
    """A line that no view and no command asks for would promise on the page of roles what nobody can do."""
    files = [file for file in SOURCE.rglob("*.py") if file.name != "roles.py"]
    asked = set(re.findall(r"\bCapability\.([A-Z_]+)\b", "\n".join(file.read_text("utf-8") for file in files)))
    assert {each.name for each in Capability} - asked == set()


def test_what_is_dangerous_asks_once_more_who_it_is():
    """Nothing comes off the list, and nothing onto it, without a word in docs/why/operators.md."""
    asks = {route.name for route in OURS if getattr(route.callback, "proved_lately", False)}
    assert asks == PROVED_LATELY


def test_the_page_of_roles_is_in_step():
    """docs/roles.md is what the role table says."""
    assert roles_page.PAGE.read_text("utf-8") == roles_page.page(), "run: python -m tests.house.roles_page"
