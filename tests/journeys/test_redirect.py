"""Where a policy blocks the code, the same wizard goes on by redirect, from the link to a proved registration.

The link went to the provider's own operator, who hands it over: that way leads to the same end.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, sees, shut
from tests.journeys.product import Product
from tests.journeys.seeded import NORA, NORA_NUMBER

pytestmark = pytest.mark.slow

LIFE_FORBIDDEN = {"status": 400, "code": "CredentialInvalidLifetimeAsPerAppPolicy"}
WITHOUT_A_DOMAIN = "Adventure Works"
"""A customer of the demo of whom no domain is known, so nothing says whose tenant it must be."""


def test_a_blocked_code_is_told_and_the_redirect_finishes_what_it_began(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    invited = operator.invite(WITHOUT_A_DOMAIN, product.operator.email, administrator)
    name, page = new_name("nw"), administrator.page
    page.goto(invited.link)
    sees(page, "This link went to Sandbox Provider's own administrator.")
    administrator.to_the_code(invited.link, NORA[0])
    tab, code = administrator.open_microsoft()
    administrator.give_code(tab, code)
    administrator.give_account(tab, *NORA)
    expect(tab.get_by_role("heading", name="You cannot access this right now")).to_be_visible()
    shut(tab)

    page.get_by_text("“You cannot access this right now”").click()
    button(page, "Show me the other ways").first.click()
    sees(page, "A policy of your organization does not let this sign-in through.")
    sees(page, "Leave the policy on")
    button(page, "Sign in with Microsoft").click()
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name=NORA[0]).click()
    page.get_by_label("Code").fill(NORA_NUMBER)
    button(page, "Verify").click()
    expect(page.get_by_label("Consent on behalf of your organization")).not_to_be_checked()
    button(page, "Accept").click()

    administrator.connection_established()
    sees(page, "did not tell us a domain to compare with")
    assert "code=" not in page.url
    administrator.next_step()
    with product.microsoft.fault({"method": "POST", "path": "*/addPassword", "times": 1}, LIFE_FORBIDDEN):
        administrator.start_provisioning(name)
        application_id = administrator.until_confirmed()
    sees(page, "Its life is shorter than planned: a policy of the tenant does not allow more.")
    assert product.witness.registration(app_id=application_id).credential_key_id

    operator.pending_row(WITHOUT_A_DOMAIN, invited.short_name)
    operator.press_add(invited.short_name)
    sees(operator.page, "Is this the customer's tenant?")
    operator.page.get_by_label("is the Microsoft 365 of Adventure Works").check()
    operator.validate_credentials()
