"""An operator invites a colleague by mail, who comes in with a password and a passkey.

With an authenticator app: the customer's operator of seeds/test_seed_001_the_administrators_part.py.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.colleagues import invite, join
from tests.journeys.people import Operator, button
from tests.journeys.product import Product

pytestmark = pytest.mark.slow

NewPage = Callable[..., Page]


def test_invited_colleague_joins_with_a_passkey_and_signs_in_by_it(
    operator: Operator, product: Product, new_page: NewPage
) -> None:
    """WebAuthn on http://localhost, with the browser's own virtual authenticator."""
    email = "pia@sp2.example"
    invite(operator, product.operator, "Pia New", email, "Monitor")
    page = new_page("pia")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    join(page, product, email, "Monitor")
    page.get_by_role("link", name="Passkey or security key").click()
    page.get_by_label("Name").fill("My computer")
    passwordless = page.get_by_label("Passwordless")
    passwordless.check()
    button(page, "Add").click()
    page.wait_for_url(lambda address: "webauthn/add" not in address)
    page.goto(f"{operator.origin}/services/")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
    button(page, "Sign out").click()
    page.goto(f"{operator.origin}/accounts/login/")
    button(page, "Use a passkey").click()
    page.wait_for_url(lambda address: "/accounts/login" not in address)
    page.goto(f"{operator.origin}/services/")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
