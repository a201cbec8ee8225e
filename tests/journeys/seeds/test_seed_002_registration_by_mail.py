"""Page three, line by line: the customer made the registration by hand, and types its three facts by a mailed link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys import by_hand
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, fact, onward, sees, shut
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.steps import step
from tests.journeys.waiting import eventually
from tests.rooms.factories_existing import Made

pytestmark = pytest.mark.slow


def test_page_three_from_add_service_to_the_validated_secret(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    made, short_name = by_hand.in_contoso(product).make(), new_name("typed")
    plan_and_send(operator, short_name)
    give_the_facts(administrator, short_name, made)
    create_the_service(operator, short_name, made)
    look_at_the_connection(operator, short_name, made)
    assert eventually(lambda: administrator.mail(GRACE[0], about=made.app_id), "the completion mail")


def plan_and_send(operator: Operator, short_name: str) -> None:
    page = operator.page
    with step("1. Services: Add Service, then Direct Routing."):
        operator.add_direct_routing()
    with step("2. The customer."):
        onward(page.get_by_role("link", name="Contoso"))
    with step("3. Add New Tenant."):
        onward(page.get_by_role("link", name="Add New Tenant"))
    with step("4. A short name that nobody else has. The full name may be left empty: it is the same then."):
        operator.name_service(short_name)
    with step("5. Which licence."):
        operator.choose_licence("Hosted Pro")
    with step("6. How many users, 500 at most."):
        page.get_by_label("Number of licensed users").fill("20")
    with step("7. The box that sends the link, the administrator's address, Next."):
        operator.tick_send_link(GRACE[0])
        button(page, "Next").click()
        sees(page, GRACE[0])


def give_the_facts(administrator: Administrator, short_name: str, made: Made) -> None:
    page = administrator.page
    with step("8. The mail's link opens the wizard, where one chooses Use App Registration."):
        administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
        onward(page.get_by_role("button", name=re.compile("^Use App Registration")))
    with step("9. Tenant, application and secret, Start authentication; a Secret ID is told at once."):
        administrator.give_facts(CONTOSO, made.app_id, made.key_id)
        onward(button(page, "Start authentication"))
        sees(page, "This is the Secret ID, not the secret.")
        expect(page.get_by_label("Application (Client) ID")).to_have_value(made.app_id)
        page.get_by_label("Client Secret", exact=True).fill(made.secret)
        button(page, "Start authentication").click()
    with step("10. It is valid. Its secret's end is asked for (docs/why/existing-registrations.md)."):
        expect(page.get_by_role("heading", name=by_hand.VALID)).to_be_visible(timeout=PATIENCE_MS)
        assert fact(page, "Application (client) ID") == made.app_id
        page.get_by_label("Client Secret expires on").fill("2031-01-31")
        onward(button(page, "Keep the date"))
        expect(page.get_by_role("heading", name=re.compile("when does the client secret end"))).to_be_hidden()
        shut(page)


def create_the_service(operator: Operator, short_name: str, made: Made) -> None:
    page = operator.page
    with step("11. On the page Pending Invitations, Device Authenticated says true."):
        onward(page.get_by_role("navigation", name="Main").get_by_role("link", name="Pending Invitations"))
        expect(page.locator("#list").get_by_role("columnheader", name="Device Authenticated")).to_be_visible()
        expect(operator.row(short_name)).to_contain_text("Ready to add")
        expect(operator.row(short_name)).to_contain_text("true")
    with step("12. The wizard again: Services, Add Service, Direct Routing, and the customer."):
        operator.choose_customer("Contoso")
    with step("13. Pending Invitations."):
        onward(page.get_by_role("main").get_by_role("link", name="Pending Invitations"))
    with step("14. Add shows the registration."):
        operator.press_add(short_name)
        for shown in (made.app_id, CONTOSO, "the customer"):
            sees(page, shown)
    with step("15. Next validates the credentials."):
        operator.validate_credentials()
    with step("16. Next."):
        operator.leave_validation()
    with step("17. The wizard to its end."):
        operator.complete_wizard()


def look_at_the_connection(operator: Operator, short_name: str, made: Made) -> None:
    page = operator.page
    with step("18. Edit Service opens the Service portal."):
        operator.edit_service(short_name)
    with step("19. Configuration, M365 Configuration. Nobody signed in, and the page says so."):
        operator.open_configuration()
        assert fact(page, "User Name").startswith("Not signed in")
        assert fact(page, "Application ID") == made.app_id
    with step("20. Validate Authentication; the secret's days are shown."):
        operator.validate_authentication()
        assert fact(page, "Connection") == "OK"
        assert int(fact(page, "Client Secret Days Until Expire").split()[0].replace(",", "")) > 0
