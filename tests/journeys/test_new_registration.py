"""The main job as people do it: from *Add Service* to a service with a proven registration."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys.microsoft import CONTOSO, SIGN_IN_APPLICATION, Made
from tests.journeys.people import Administrator, Operator, button, fact, sees
from tests.journeys.product import Product
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

GRACE, PASSWORD = "grace.global@contoso.com", "Contoso-Grace-1"


PERMISSIONS = ["GroupMember.Read.All", "Organization.Read.All", "RoleManagement.Read.Directory", "User.Read.All"]


def test_from_add_service_to_a_proven_registration(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    short_name, name = new_name("contoso"), new_name("voice")
    before = product.microsoft.made(CONTOSO)

    operator.send_link("Contoso", short_name, GRACE)
    administrator.open_link(administrator.link_mailed_to(GRACE, about=short_name))
    prove_who_one_is(administrator)
    administrator.next_step()
    administrator.start_provisioning(name)
    app_id = administrator.until_confirmed()

    just_what_was_promised(product, before, app_id=app_id, name=name, short_name=short_name)

    row = operator.pending_row("Contoso", short_name)
    expect(row).to_contain_text("Ready to add")
    expect(row).to_contain_text("true")
    operator.press_add(short_name)
    for shown in (name, app_id, GRACE, CONTOSO, short_name):
        sees(operator.page, shown)
    operator.validate_credentials()
    operator.create_service()
    assert fact(operator.page, "Connection") == "OK"
    assert fact(operator.page, "Deployment") == "Ready"

    operator.open_configuration()
    assert fact(operator.page, "User Name").startswith(f"{GRACE} ")
    assert fact(operator.page, "Application ID") == app_id
    assert int(fact(operator.page, "Client Secret Days Until Expire").split()[0]) > 0
    assert "Teams" in fact(operator.page, "Assigned Entra ID roles")
    operator.validate_authentication()
    assert fact(operator.page, "Connection") == "OK"

    completion = eventually(lambda: administrator.mail(GRACE, about=app_id), "the completion mail")
    assert "undo" in completion["text"] or "remove" in completion["text"]


def prove_who_one_is(administrator: Administrator) -> None:
    """*Create New App Registration* → UPN → code → Microsoft's pages → the page here goes on by itself."""
    page = administrator.page
    administrator.start_authentication(GRACE)
    tab, code = administrator.open_microsoft()
    assert code == administrator.shown_code()
    expect(page.get_by_role("link", name=tab.url)).to_be_visible()
    administrator.give_code(tab, code)
    administrator.give_account(tab, GRACE, PASSWORD)
    expect(tab.get_by_role("heading", name=f"Are you trying to sign in to {SIGN_IN_APPLICATION}?")).to_be_visible()
    button(tab, "Continue").click()
    administrator.consent(tab)
    tab.close()
    administrator.connection_established()
    assert fact(page, "Account") == GRACE
    assert fact(page, "Tenant") == "Contoso"


def just_what_was_promised(product: Product, before: Made, *, app_id: str, name: str, short_name: str) -> None:
    """By Microsoft's own state: one application, its principal, these rights, one secret; the way in is gone."""
    made = product.witness.registration(app_id=app_id)
    after = product.microsoft.made(CONTOSO)
    assert set(after.applications) - set(before.applications) == {made.application_object_id}
    assert after.applications[made.application_object_id]["displayName"] == name
    new_principals = [after.principals[key]["displayName"] for key in set(after.principals) - set(before.principals)]
    assert new_principals == [name]
    names = {principal["displayName"] for principal in after.principals.values()}
    assert SIGN_IN_APPLICATION not in names, f"kept for a journey that stopped midway? {product.runs_with_a_sign_in()}"
    assert made.permissions == PERMISSIONS
    (secret,) = after.applications[made.application_object_id]["passwordCredentials"]
    assert secret["displayName"].startswith(short_name)
