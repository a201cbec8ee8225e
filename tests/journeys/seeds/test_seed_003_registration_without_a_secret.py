"""Page four, line by line: the same by mail, and its form has no secret. Here a certificate is given instead.

The page has no steps 3, 16 and 17; *Add New Tenant* and the rest of the wizard belong to the steps beside them.
"""

from __future__ import annotations

import base64
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
from tests.rooms.factories_existing import ByHand, Made

pytestmark = pytest.mark.slow


def test_page_four_from_add_service_to_the_validated_certificate(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    contoso, short_name = by_hand.in_contoso(product), new_name("cert")
    made = contoso.make(secret=False)
    plan_and_send(operator, short_name)
    give_the_facts(administrator, short_name, contoso, made)
    create_the_service(operator, short_name, made)
    look_at_the_connection(operator, short_name, made)


def plan_and_send(operator: Operator, short_name: str) -> None:
    page = operator.page
    with step("1. Services: Add Service, then Direct Routing."):
        operator.add_direct_routing()
    with step("2. The customer; then Add New Tenant."):
        onward(page.get_by_role("link", name="Contoso"))
        onward(page.get_by_role("link", name="Add New Tenant"))
    with step("4. A short name that nobody else has."):
        operator.name_service(short_name)
    with step("5. Which licence."):
        operator.choose_licence("Hosted Essentials+")
    with step("6. How many users, 500 at most."):
        page.get_by_label("Number of licensed users").fill("20")
    with step("7. The box that sends the link, the administrator's address, Next."):
        operator.tick_send_link(GRACE[0])
        button(page, "Next").click()
        sees(page, GRACE[0])


def give_the_facts(administrator: Administrator, short_name: str, contoso: ByHand, made: Made) -> None:
    page = administrator.page
    with step("8. The mail's link opens the wizard, where one chooses Use App Registration."):
        administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
        onward(page.get_by_role("button", name=re.compile("^Use App Registration")))
    with step("9. Tenant and application, Start authentication; with our certificate, once it is uploaded."):
        onward(button(page, "Use instead: Certificate"))
        file = page.get_by_role("link", name="Download the .cer file")
        expect(file).to_be_visible(timeout=PATIENCE_MS)
        with page.expect_download() as download:
            file.click()
        page.get_by_label("Customer Microsoft Tenant ID").fill(CONTOSO)
        page.get_by_label("Application (Client) ID").fill(made.app_id)
        expect(page.get_by_label("Client Secret", exact=True)).to_be_hidden()
        button(page, "Start authentication").click()
        sees(page, "The registration does not know this certificate yet.")
        contoso.upload(made, base64.b64encode(download.value.path().read_bytes()).decode(), "gangway")
        button(page, "Start authentication").click()
    with step("10. It is valid, and the page can be closed."):
        expect(page.get_by_role("heading", name=by_hand.VALID)).to_be_visible(timeout=PATIENCE_MS)
        shut(page)


def create_the_service(operator: Operator, short_name: str, made: Made) -> None:
    page = operator.page
    with step("11. On the page Pending Invitations, Device Authenticated says true."):
        onward(page.get_by_role("navigation", name="Main").get_by_role("link", name="Pending Invitations"))
        expect(page.locator("#list").get_by_role("columnheader", name="Device Authenticated")).to_be_visible()
        expect(operator.row(short_name)).to_contain_text("true")
    with step("12. The wizard again: Services, Add Service, Direct Routing, and the customer."):
        operator.choose_customer("Contoso")
    with step("13. Pending Invitations."):
        onward(page.get_by_role("main").get_by_role("link", name="Pending Invitations"))
    with step("14. Add shows the registration."):
        operator.press_add(short_name)
        for shown in (made.app_id, CONTOSO, "the customer"):
            sees(page, shown)
    with step("15. Next validates the credentials; then the wizard to its end."):
        operator.validate_credentials()
        operator.create_service()


def look_at_the_connection(operator: Operator, short_name: str, made: Made) -> None:
    page = operator.page
    with step("18. The provider sees in Services that it has been created."):
        operator.open_services(short_name)
        expect(operator.row(short_name)).to_contain_text("OK")
    with step("19. Edit Service opens the Service portal."):
        operator.edit_service(short_name)
    with step("20. Configuration, M365 Configuration."):
        operator.open_configuration()
        assert fact(page, "Application ID") == made.app_id
        assert int(fact(page, "Certificate Days Until Expire").split()[0]) > 0
    with step("21. Validate Authentication."):
        operator.validate_authentication()
        assert fact(page, "Connection") == "OK"
