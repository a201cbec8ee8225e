"""Page five, line by line: the operator types the facts of the customer's registration in the Onboarding wizard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys import by_hand
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import Administrator, Operator, button, fact, onward, sees
from tests.journeys.product import Product
from tests.journeys.steps import step
from tests.rooms.factories_existing import Made

pytestmark = pytest.mark.slow


def test_page_five_from_add_service_to_the_validated_secret(product: Product, operator: Operator) -> None:
    made, short_name = by_hand.in_contoso(product).make(), new_name("known")
    plan(operator, short_name)
    type_the_facts(operator, Administrator(operator.page, product.mails), made)
    look_at_the_connection(operator, short_name, made, typed_by=product.operator.email)


def plan(operator: Operator, short_name: str) -> None:
    page = operator.page
    with step("1. Services: Add Service, then Direct Routing."):
        operator.add_direct_routing()
    with step("2. The customer."):
        onward(page.get_by_role("link", name="Contoso"))
    with step("3. Add New Tenant."):
        onward(page.get_by_role("link", name="Add New Tenant"))
    with step("4. A short name that nobody else has."):
        operator.name_service(short_name)
    with step("5. Which licence."):
        operator.choose_licence("Hosted Essentials+")
    with step("6. How many users, 500 at most."):
        page.get_by_label("Number of licensed users").fill("20")
    with step("7. The box for a known registration: the link's box is not wanted any more."):
        expect(page.get_by_label("Customer Microsoft Tenant ID")).to_be_hidden()
        expect(button(page, "Look at the mail first")).to_be_visible()
        page.get_by_label("Use known App registration").check()
        expect(button(page, "Look at the mail first")).to_be_hidden()
        expect(page.get_by_label("Send link to IT administrator for authentication")).not_to_be_checked()
        expect(page.get_by_label("E-mail address of the tenant service admin")).to_be_hidden()


def type_the_facts(operator: Operator, typist: Administrator, made: Made) -> None:
    page = operator.page
    with step("8. Tenant, application and secret, Next: validated. What is wrong is told at its field."):
        typist.give_facts(CONTOSO, made.app_id, "Xy~8Q~not-the-secret-of-anybody-at-all")
        button(page, "Next").click()
        sees(page, "Microsoft does not accept this client secret.")
        expect(page.get_by_label("Application (Client) ID")).to_have_value(made.app_id)
        page.get_by_label("Client Secret", exact=True).fill(made.secret)
        page.get_by_label("Client Secret expires on").fill("2031-01-31")
        button(page, "Next").click()
        sees(page, "The credentials work.")
    with step("9. Next."):
        operator.leave_validation()
        sees(page, "Nobody signed in: the registration's own token is of this tenant.")
    with step("10. The wizard to its end."):
        operator.complete_wizard()


def look_at_the_connection(operator: Operator, short_name: str, made: Made, *, typed_by: str) -> None:
    page = operator.page
    with step("11. Edit Service opens the Service portal."):
        operator.edit_service(short_name)
    with step("12. Configuration, M365 Configuration; User Name is who typed the credentials, since nobody signed in."):
        operator.open_configuration()
        assert fact(page, "User Name").startswith(typed_by)
        assert fact(page, "Tenant ID") == CONTOSO
        assert fact(page, "Application ID") == made.app_id
    with step("13. Validate Authentication; the secret's days are shown."):
        operator.validate_authentication()
        assert fact(page, "Connection") == "OK"
        assert int(fact(page, "Client Secret Days Until Expire").split()[0].replace(",", "")) > 0
