"""A registration that the customer made by hand: used by link (seeds 2 and 3) and typed by the operator (seed 4)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.emulator.conftest import Emulator
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, fact, onward, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually
from tests.rooms.factories_existing import ByHand, Made

pytestmark = pytest.mark.slow

VALID = "The Application Registration is valid."


def made_by_hand(product: Product) -> Made:
    """The customer made it beforehand in Microsoft's portal, as the manual tells them."""
    return ByHand(Emulator(product.announcement, None)).make()


def test_by_link_the_administrator_types_three_facts_and_the_operator_adds(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    made, short_name = made_by_hand(product), new_name("typed")
    operator.send_link("Contoso", short_name, GRACE[0])
    administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
    page = administrator.page
    onward(page.get_by_role("button", name=re.compile("^Use App Registration")))

    administrator.give_facts(CONTOSO, made.app_id, made.key_id)
    onward(button(page, "Start authentication"))
    sees(page, "This is the Secret ID, not the secret.")
    expect(page.get_by_label("Application (Client) ID")).to_have_value(made.app_id)
    page.get_by_label("Client Secret", exact=True).fill(made.secret)
    button(page, "Start authentication").click()
    expect(page.get_by_role("heading", name=VALID)).to_be_visible(timeout=PATIENCE_MS)
    assert fact(page, "Application (client) ID") == made.app_id
    page.get_by_label("Client Secret expires on").fill("2031-01-31")
    onward(button(page, "Keep the date"))
    expect(page.get_by_role("heading", name=re.compile("when does the client secret end"))).to_be_hidden()

    row = operator.pending_row("Contoso", short_name)
    expect(row).to_contain_text("Ready to add")
    expect(row).to_contain_text("true")
    operator.press_add(short_name)
    for shown in (made.app_id, CONTOSO, "the customer"):
        sees(operator.page, shown)
    operator.validate_credentials()
    operator.create_service()
    operator.open_configuration()
    assert fact(operator.page, "User Name").startswith("Not signed in")
    assert fact(operator.page, "Application ID") == made.app_id
    assert int(fact(operator.page, "Client Secret Days Until Expire").split()[0]) > 0
    operator.validate_authentication()
    assert fact(operator.page, "Connection") == "OK"
    assert eventually(lambda: administrator.mail(GRACE[0], about=made.app_id), "the completion mail")


def test_at_the_desk_the_operator_types_it_and_next_validates(product: Product, operator: Operator) -> None:
    made, short_name, page = made_by_hand(product), new_name("known"), operator.page
    operator.choose_customer("Contoso")
    page.get_by_role("link", name="Add New Tenant").click()
    operator.fill_new_tenant(short_name=short_name, email=GRACE[0])
    page.get_by_label("Send link to IT administrator for authentication").uncheck()
    expect(page.get_by_label("Customer Microsoft Tenant ID")).to_be_hidden()
    page.get_by_label("Use known App registration").check()
    expect(page.get_by_label("E-mail address of the tenant service admin")).to_be_hidden()
    Administrator(page, product.mails).give_facts(CONTOSO, made.app_id, "Xy~8Q~not-the-secret-of-anybody-at-all")
    button(page, "Next").click()
    sees(page, "Microsoft does not accept this client secret.")
    expect(page.get_by_label("Application (Client) ID")).to_have_value(made.app_id)
    page.get_by_label("Client Secret", exact=True).fill(made.secret)
    page.get_by_label("Client Secret expires on").fill("2031-01-31")
    button(page, "Next").click()
    sees(page, "The credentials work.")
    operator.create_service()
    operator.open_configuration()
    assert fact(page, "User Name").startswith(product.operator.email)
    assert fact(page, "Tenant ID") == CONTOSO
    operator.validate_authentication()
    assert fact(page, "Connection") == "OK"
