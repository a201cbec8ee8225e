"""Two people want the same thing at once: one gets it, the other is told, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import SignIn, new_name
from tests.journeys.people import PATIENCE_MS, Administrator, Invited, Operator, button, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow


@pytest.fixture
def other(product: Product, sign_in: Callable[[SignIn], Operator]) -> Operator:
    """Another operator of the same provider."""
    return sign_in(product.second_operator)


@pytest.fixture
def link_of_their_own(product: Product, cookies: dict[str, Any], operator: Operator, invited: Invited) -> str:
    """The operator opens the wizard together with the customer, and makes a link for the customer's own browser."""
    page = operator.page
    operator.pending_row("Contoso", invited.short_name).get_by_role("link", name=invited.short_name).click()
    button(page, "Open together with the customer").click()
    button(page, "Make a link for the customer's own browser").click()
    link = page.get_by_label("Auth URL").input_value()
    cookies[product.operator.email] = page.context.storage_state()  # whoever goes along there gets a new session
    return link


def test_short_name_taken_while_the_form_was_open_comes_back_at_its_field(operator: Operator, other: Operator) -> None:
    short_name = new_name("wanted")
    operator.choose_customer("Contoso")
    operator.page.get_by_role("link", name="Add New Tenant").click()
    operator.fill_new_tenant(short_name=short_name.upper(), email="grace.global@contoso.com", users="77")
    other.send_link("Fabrikam", short_name, "gray.global@fabrikam.com")

    button(operator.page, "Next").click()
    field = operator.page.get_by_label("Unique Short Name of Service")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Another service already has this short name."))
    expect(field).to_have_value(short_name.upper())
    expect(operator.page.get_by_label("Number of licensed users")).to_have_value("77")
    expect(operator.page.get_by_label("Full Name of Service")).to_have_value(f"Calling for {short_name.upper()}")
    expect(operator.page.get_by_label("Hosted Essentials+")).to_be_checked()


def test_registration_name_taken_while_the_form_was_open_comes_back_at_its_field(
    invited: Invited,
    operator: Operator,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    name, colleague = new_name("same"), new_administrator("colleague")
    administrator.to_the_name(invited.link, *GRACE)
    colleague.to_the_name(operator.invite("Contoso", GRACE[0], colleague).link, *GRACE)
    colleague.start_provisioning(name)
    administrator.start_provisioning(name.upper())
    field = administrator.page.get_by_label("Name of the App registration")
    sees(administrator.page, "Another registration in this tenant has this name.")
    expect(field).to_have_value(name.upper())
    administrator.start_provisioning(new_name("mine"))
    colleague.until_confirmed()
    administrator.until_confirmed()


def test_of_two_operators_pressing_add_one_wins_and_the_other_is_told_who(
    invited: Invited,
    operator: Operator,
    administrator: Administrator,
    other: Operator,
    link_of_their_own: str,
) -> None:
    administrator.to_the_code(link_of_their_own, GRACE[0])
    sees(administrator.page, "opened this together with you.")
    operator.page.goto(f"{operator.origin}/wizard/")
    sees(operator.page, "The code is shown in the customer's own browser, not here.")
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()
    administrator.next_step()
    administrator.start_provisioning(new_name("race"))
    administrator.until_confirmed()
    for person in (operator, other):
        expect(person.pending_row("Contoso", invited.short_name)).to_contain_text("Ready to add")
    for person in (operator, other):
        add = person.row(invited.short_name).get_by_role("button", name="Add", exact=True)
        add.evaluate("button => void setTimeout(() => button.click())")
    details = [person.page.get_by_role("heading", name="The new registration") for person in (operator, other)]
    told = [person.page.get_by_role("heading", name="is already adding") for person in (operator, other)]
    for detail, heading in zip(details, told, strict=True):
        expect(detail.or_(heading)).to_be_visible(timeout=PATIENCE_MS)
    assert [detail.is_visible() for detail in details].count(True) == 1
    loser = told[0] if told[0].is_visible() else told[1]
    winner = "Otto Operator" if loser is told[0] else "Olivia Operator"
    expect(loser).to_contain_text(f"{winner} is already adding {invited.short_name}")
