"""Every page, with real data, in light and dark, wide and narrow: nothing that shuts anybody out, nothing broken."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from gangway.cli.demo.plot import new_name
from tests.journeys.looking import Looker, route_of
from tests.journeys.product import Product
from tests.journeys.tour import PASSWORD, Tour

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLOSED: Final = "not offered: a page of the library that answers 404"
DATA: Final = "answers with data, not with a page"
PART: Final = "answers with a part of a page that is looked at as a whole"
ONWARD: Final = "only leads to another page that is looked at"
NOT_LOOKED_AT: Final = {
    "account_confirm_email": CLOSED,
    "account_confirm_login_code": CLOSED,
    "account_email": CLOSED,
    "account_email_verification_sent": CLOSED,
    "account_inactive": CLOSED,
    "account_set_password": CLOSED,
    "account_signup": CLOSED,
    "issuer": DATA,
    "issuer_keys": DATA,
    "brand_colour": DATA,
    "brand_logo": DATA,
    "channel_logo": DATA,
    "customer_logo": DATA,
    "logo": DATA,
    "mfa_download_recovery_codes": DATA,
    "mfa_login_webauthn": DATA,
    "mfa_reauthenticate_webauthn": DATA,
    "provider_logo": DATA,
    "run_support": DATA,
    "settings_logo": DATA,
    "wizard_support": DATA,
    "wizard_returned": ONWARD,
    "join_again": ONWARD,
    "wizard_certificate": DATA,
    "wizard_script_file": DATA,
    "invitation_script_file": DATA,
    "invitation_mail_shown": "the mail itself, in the frame of the page that shows it",
    "known_certificate": DATA,
    "import_mend": DATA,
    "import_template_existing": DATA,
    "import_template_new": DATA,
    "service_farewell": DATA,
    "own_farewell": DATA,
    "own_view_at": "the page at the fixed address of the only provider, by that provider's id",
    "short_name_word": PART,
    "microsoft_again": "for somebody who came in by Microsoft: nobody on this tour did",
    "onboarding": ONWARD,
    "credential_made": ONWARD,
    "invitation_upgrade": "one field of Upgrade Customer, which is looked at; it needs a whole second walk before it",
}
"""Addresses that answer GET and are no page to look at, each with its reason. Those whose names end with ``_state`` or
``_export`` answer with a part of a page or with a file."""


def test_every_page_in_light_and_dark_wide_and_narrow(product: Product, new_page: Callable[..., Page]) -> None:
    looker = Looker()
    tour = Tour(product, looker, new_page)
    lena = product.add_operator("Lena Look", "lena@sp2.example", PASSWORD)
    system = product.add_operator("Sven System", "sven@gangway.example", PASSWORD, provider="")
    tour.strangers()
    operator = tour.comes_in(lena)
    tour.empty_lists(operator)
    tour.places(operator, "customer")
    tour.places(operator, "channel")
    tour.own_pages(operator, PASSWORD)
    tour.settings(operator)
    tour.people(operator)
    short_name = tour.add_service(operator)
    tour.connect(tour.administrator("grace"), short_name, new_name("voice"))
    tour.take_over(operator, short_name)
    tour.own_view(short_name)
    tour.existing(operator)
    tour.imports(operator)
    waiting = tour.second_administrator(operator)
    tour.withdrawn(operator)
    tour.reported(operator)
    tour.full_lists(operator)
    operator.revoke("Contoso", waiting)
    tour.system(system)
    assert not looker.faults, "\n".join(dict.fromkeys(looker.faults))
    parts = {name for name in pages() if name.endswith(("_state", "_export"))}
    assert pages() - looker.seen - set(NOT_LOOKED_AT) - parts == set()
    assert (set(NOT_LOOKED_AT) | parts) & looker.seen == set()


def test_addresses_that_are_not_looked_at_exist() -> None:
    assert set(NOT_LOOKED_AT) <= pages()
    assert route_of("http://localhost/services/") == "services"


def pages() -> set[str]:
    """The names of all addresses that answer GET."""
    return {str(route.name) for route in routes(get_resolver().url_patterns) if route.name and not only_posted(route)}


def routes(patterns: list[Any]) -> Iterator[URLPattern]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        else:
            yield one


def only_posted(route: URLPattern) -> bool:
    """Whether the view takes nothing but POST, as one of its decorators says."""
    view: Any = route.callback
    while inspect.isfunction(view):
        if inspect.getclosurevars(view).nonlocals.get("request_method_list") == ["POST"]:
            return True
        view = getattr(view, "__wrapped__", None)
    return False
