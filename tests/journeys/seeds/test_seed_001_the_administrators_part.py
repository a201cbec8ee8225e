"""Page two, line by line: what the customer's administrator does, and what the customer's own operator sees then.

The sign-in application is named as the page says, and taken away by us in the end (docs/why/own-client.md).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys import portal as azure
from tests.journeys.colleagues import invite, join, set_up_codes
from tests.journeys.conftest import NewPage
from tests.journeys.people import Administrator, Invited, Operator, button, fact, sees, shut
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.steps import step

pytestmark = pytest.mark.slow

QUALITY = "Call quality of Microsoft Teams"


def test_page_two_from_the_mail_to_the_roles_in_the_portal(
    product: Product, invited: Invited, operator: Operator, administrator: Administrator, new_page: NewPage
) -> None:
    name = new_name("theirs")
    app_id = connect(administrator, invited, name)
    operator.pending_row("Contoso", invited.short_name)
    operator.press_add(invited.short_name)
    operator.validate_credentials()
    operator.create_service()
    own = come_in_as_the_customers_operator(product, operator, new_page)
    look_at_the_service(own, invited.short_name, app_id)
    look_into_the_portal(azure.opened_by(administrator, product), name)


def connect(administrator: Administrator, invited: Invited, name: str) -> str:
    page = administrator.page
    with step("1. The mail is there."):
        mail = administrator.mail(GRACE[0], about=invited.short_name)
        assert mail
    with step("2. Its link opens the wizard, which explains first and begins with Continue (docs/why/links.md)."):
        assert [link["words"] for link in mail["links"]].count("Click here to activate your tenant") == 1
        administrator.open_link(invited.link)
    with step("3. Create New App Registration."):
        page.get_by_role("button", name="Create New App Registration").click()
    with step("4. One's user principal name, Start Authentication."):
        administrator.give_upn(GRACE[0])
    with step("5. By hand: the code is read from the page, and the address below it is opened."):
        code, address = administrator.shown_code(), page.get_by_role("link", name="http").first.get_attribute("href")
        tab = page.context.new_page()
        tab.goto(str(address))
    with step("6. The code, Next."):
        administrator.give_code(tab, code)
    with step("7. One's account, Continue."):
        administrator.give_account(tab, *GRACE)
        button(tab, "Continue").click()
        administrator.consent(tab)
    with step("8. Microsoft confirms, the tab is closed; ours confirms as well. Next Step."):
        shut(tab)
        administrator.connection_established()
        administrator.next_step()
    with step("9. The name, Start Provisioning; in the end a confirmation, and the page can be closed."):
        sees(page, "3–15 characters")
        administrator.start_provisioning(name)
        app_id = administrator.until_confirmed()
        shut(page)
        return app_id


def come_in_as_the_customers_operator(product: Product, operator: Operator, new_page: NewPage) -> Operator:
    email = f"{new_name('cora')}@contoso.com"
    with step("10. The customer's operator comes in, by mail; or see docs/how-to/single-sign-on.md."):
        invite(operator, product.operator, "Cora Customer", email, "Operator", organization="Contoso (Customer)")
        page = new_page("cora")
        join(page, product, email, "Operator")
        page.goto(f"{operator.origin}/services/")
        sees(page, "Set up a second factor")
        set_up_codes(page)
    return Operator(page, operator.origin)


def look_at_the_service(own: Operator, short_name: str, app_id: str) -> None:
    page = own.page
    with step("11. The service is there and its status OK: the connection's. Deployment is a status of its own."):
        own.open_services(short_name)
        expect(own.row(short_name)).to_contain_text("OK")
        expect(own.row(short_name)).to_contain_text("Ready")
    with step("12. Edit Service opens the Service portal."):
        own.edit_service(short_name)
    with step("13. Configuration, M365 Configuration."):
        own.open_configuration()
        assert fact(page, "Application ID") == app_id
    with step("14. It has authenticated; Validate Authentication does so once more."):
        assert fact(page, "Last Authentication Status").startswith("OK")
        own.validate_authentication()
        assert fact(page, "Connection") == "OK"
    with step("15. Nobody asked for call quality here, so there is nothing to enter; with it, see page one."):
        expect(page.get_by_role("heading", name=QUALITY)).to_be_hidden()


def look_into_the_portal(portal: azure.Portal, name: str) -> None:
    with step("16. Azure's portal, App registrations, the new one."):
        portal.open_list("App registrations")
        portal.search_list("Search by display name or client ID", name, found=name)
    with step("17. Manage, Certificates & secrets."):
        portal.manage("Certificates & secrets")
    with step("18. A secret is shown only when it is made. Nobody needs one: ours is sealed, so this one goes again."):
        assert portal.add_secret("by hand")
        portal.manage("Certificates & secrets")
        expect(portal.row("by hand")).to_contain_text("******")
        portal.row("by hand").get_by_role("button", name="Delete").click()
        sees(portal.page, "The secret was deleted.")
    with step("19. Manage, API permissions: the newer ones are there, Group.Read.All as the narrower one for members."):
        portal.manage("API permissions")
        for permission in ("GroupMember.Read.All", "RoleManagement.Read.Directory"):
            expect(portal.row(permission)).to_be_visible()
    with step("20. The search box leads to the roles and administrators."):
        portal.search_the_bar(azure.ROLES)
    with step("21. Each role of the plan has the registration."):
        portal.roles_have(name)
