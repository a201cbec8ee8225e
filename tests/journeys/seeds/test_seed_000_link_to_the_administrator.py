"""Page one, line by line: the operator mails a link, the customer's administrator lets the registration be made.

Beyond it: one with lesser rights can start, too, and a colleague finishes (docs/why/second-administrator.md).
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys import portal as azure
from tests.journeys.microsoft import CONTOSO, SIGN_IN_APPLICATION, Made
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, fact, onward, sees, shut
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.steps import step
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

ADDED_LATER = ("GroupMember.Read.All", "RoleManagement.Read.Directory")
PERMISSIONS = sorted(("Organization.Read.All", "User.Read.All", *ADDED_LATER))
QUALITY = "Call quality (QoE)"


def test_page_one_from_add_service_to_the_roles_in_the_portal(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    short_name, name, before = new_name("contoso"), new_name("voice"), product.microsoft.made(CONTOSO)
    plan_and_send(operator, administrator, short_name)
    app_id = make_the_registration(administrator, short_name, name)
    just_what_was_promised(product, before, app_id=app_id, name=name, short_name=short_name)
    completion = eventually(lambda: administrator.mail(GRACE[0], about=app_id), "the completion mail")
    assert "undo" in completion["text"] or "remove" in completion["text"]
    create_the_service(operator, short_name, name, app_id)
    look_at_the_connection(operator, short_name, app_id)
    look_into_the_portal(operator, azure.opened_by(administrator, product), name, short_name)


def plan_and_send(operator: Operator, administrator: Administrator, short_name: str) -> None:
    page = operator.page
    with step("1. Services: Add Service, then Direct Routing."):
        operator.add_direct_routing()
    with step("2. The customer."):
        onward(page.get_by_role("link", name="Contoso"))
    with step("3. Add New Tenant."):
        onward(page.get_by_role("link", name="Add New Tenant"))
    with step("4. A full name in any words."):
        page.get_by_label("Full Name of Service").fill(f"Calling for {short_name}")
    with step("5. A short name that nobody else has; a broken rule is told while one types."):
        expect(page.get_by_text("No dot, no blank spaces")).to_be_visible()
        operator.name_service("has.dot")
        expect(page.locator("#short-name-word")).to_contain_text("dot")
        operator.name_service(short_name)
    with step("6. Which licence."):
        expect(page.get_by_label("Hosted Pro")).to_be_visible()
        operator.choose_licence("Hosted Essentials+")
    with step("7. How many users, 500 at most."):
        sees(page, "1 to 500 for each service.")
        page.get_by_label("Number of licensed users").fill("500")
    with step("8. The box that sends the link, whose address gets it, Next. Call quality is asked for here, see 27."):
        page.locator("summary", has_text="What the registration may do").click()
        page.get_by_role("switch", name=QUALITY).check()
        operator.tick_send_link(GRACE[0])
        button(page, "Next").click()
        sees(page, GRACE[0])
    with step("9. The mail comes."):
        assert administrator.link_mailed_to(GRACE[0], about=short_name)


def make_the_registration(administrator: Administrator, short_name: str, name: str) -> str:
    page = administrator.page
    with step("10. Create New App Registration. Before it the link only explains, docs/why/links.md."):
        administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
        page.get_by_role("button", name="Create New App Registration").click()
    with step("11. The administrator's user principal name, and Start Authentication."):
        administrator.give_upn(GRACE[0])
    with step("12. The code and Microsoft's address are on the page; the button copies one and opens the other."):
        tab, code = administrator.open_microsoft()
        assert code == administrator.shown_code()
        expect(page.get_by_role("link", name=tab.url)).to_be_visible()
    with step("13. The code, Next. Never filled in by us, docs/why/device-code.md."):
        administrator.give_code(tab, code)
    with step("14. The administrator's account."):
        administrator.give_account(tab, *GRACE)
        expect(tab.get_by_role("heading", name=f"Are you trying to sign in to {SIGN_IN_APPLICATION}?")).to_be_visible()
    with step("15. Continue, and what Microsoft asks to agree to."):
        button(tab, "Continue").click()
        administrator.consent(tab)
    with step("16. The tab is closed; our page has noticed by itself, and says to whose tenant."):
        shut(tab)
        administrator.connection_established()
        assert fact(page, "Account") == GRACE[0]
        assert fact(page, "Tenant") == "Contoso"
        administrator.next_step()
    with step("17. A name within the same rules; a broken one is refused at its field, also a name that is taken."):
        administrator.start_provisioning("has.dot")
        expect(page.get_by_label("Name of the App registration")).to_have_attribute("aria-invalid", "true")
        administrator.start_provisioning(name)
        return administrator.until_confirmed()


def create_the_service(operator: Operator, short_name: str, name: str, app_id: str) -> None:
    page = operator.page
    with step("18. Again Direct Routing, by Add Service, and the customer."):
        operator.choose_customer("Contoso")
    with step("19. Pending Invitations."):
        onward(page.get_by_role("main").get_by_role("link", name="Pending Invitations"))
        expect(operator.row(short_name)).to_contain_text("Ready to add")
        expect(operator.row(short_name)).to_contain_text("true")
    with step("20. Add shows the registration."):
        operator.press_add(short_name)
        for shown in (name, app_id, GRACE[0], CONTOSO, short_name):
            sees(page, shown)
    with step("21. Next validates the credentials."):
        operator.validate_credentials()
    with step("22. Next."):
        operator.leave_validation()
    with step("23. The wizard to its end. Voice routing isn't part of it: Deployment stays Ready."):
        operator.complete_wizard()
        assert fact(page, "Connection") == "OK"
        assert fact(page, "Deployment") == "Ready"


def look_at_the_connection(operator: Operator, short_name: str, app_id: str) -> None:
    page = operator.page
    with step("24. Services: Edit Service opens the Service portal."):
        operator.edit_service(short_name)
    with step("25. Configuration, M365 Configuration: the days of the secret, and who authenticated."):
        operator.open_configuration()
        assert fact(page, "User Name").startswith(f"{GRACE[0]} ")
        assert fact(page, "Application ID") == app_id
        assert int(fact(page, "Client Secret Days Until Expire").split()[0]) > 0
        assert "Teams" in fact(page, "Assigned Entra ID roles")
    with step("26. Validate Authentication."):
        operator.validate_authentication()
        assert fact(page, "Connection") == "OK"
    with step("27. Call quality's own registration: made in the same sign-in, nothing to type (docs/why/profiles.md)."):
        quality = page.get_by_role("region", name="Call quality of Microsoft Teams")
        onward(quality.get_by_role("button", name="Validate call quality"))
        expect(quality.get_by_text("Validating now")).to_be_hidden(timeout=PATIENCE_MS)
        expect(quality).to_contain_text("QOE Integration with Microsoft Teams")
        expect(quality).to_contain_text("Last read")
        expect(quality.get_by_role("listitem").filter(has_text="Permissions")).to_contain_text("OK")


def look_into_the_portal(operator: Operator, portal: azure.Portal, name: str, short_name: str) -> None:
    page = portal.page
    with step("28. Azure's portal, App registrations."):
        portal.open_list("App registrations")
    with step("29. The new one, by its name."):
        portal.search_list("Search by display name or client ID", name, found=name)
    with step("30. Manage, Certificates & secrets."):
        portal.manage("Certificates & secrets")
    with step("31. The value can't be copied, and needn't be: it is sealed with us. Each service has one of its own."):
        expect(portal.row(f"{short_name}")).to_contain_text("******")
        operator.choose_customer("Contoso")
        expect(operator.page.get_by_role("link", name="Use an App registration that is there")).to_be_visible()
    with step("32. Manage, API permissions: those that were made."):
        portal.manage("API permissions")
        for permission in PERMISSIONS:
            expect(portal.row(permission)).to_be_visible()
    with step("33. The two that older versions lacked are of the profile; docs/why/profiles.md. So of the five parts"):
        with step("33a. nothing is added under Microsoft Graph,"):
            expect(page.get_by_role("link", name="Add a permission")).to_be_visible()
        with step("33b. since what belongs there are Application permissions,"):
            expect(portal.row(ADDED_LATER[0])).to_contain_text("Application")
        with step("33c. the one for groups is there,"):
            expect(portal.row(ADDED_LATER[0])).to_have_count(1)
        with step("33d. the one for roles, too,"):
            expect(portal.row(ADDED_LATER[1])).to_have_count(1)
        with step("33e. and an administrator has agreed to all."):
            for permission in PERMISSIONS:
                expect(portal.row(permission)).not_to_contain_text("Not granted")
            expect(page.get_by_role("button", name="Grant admin consent")).to_be_disabled()
    with step("34. The search box leads to the roles and administrators."):
        portal.search_the_bar(azure.ROLES)
    with step("35. Each role of the plan has the new registration."):
        portal.roles_have(name)


def just_what_was_promised(product: Product, before: Made, *, app_id: str, name: str, short_name: str) -> None:
    """By Microsoft's own state: the applications, their principals, these rights, one secret; the way in is gone."""
    made, after = product.witness.registration(app_id=app_id), product.microsoft.made(CONTOSO)
    new = {key: after.applications[key]["displayName"] for key in set(after.applications) - set(before.applications)}
    assert new.pop(made.application_object_id) == name
    (beside,) = new.values()
    assert beside.startswith(name)
    new_principals = [after.principals[key]["displayName"] for key in set(after.principals) - set(before.principals)]
    assert sorted(new_principals) == sorted((name, beside))
    names = {principal["displayName"] for principal in after.principals.values()}
    assert SIGN_IN_APPLICATION not in names, f"kept for a journey that stopped midway? {product.runs_with_a_sign_in()}"
    assert made.permissions == PERMISSIONS
    (secret,) = after.applications[made.application_object_id]["passwordCredentials"]
    assert secret["displayName"].startswith(short_name)
