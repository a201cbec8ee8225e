"""An administrator says no to a part of what is asked for: exactly that part is not made, and the operator sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import Administrator, Operator, button, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow

RENEWS, READS = "Renews its own secret", "Reads people's Teams settings"
OWNED_BY = "18a4783c-866b-4cc7-a460-3d5e5662c884"
TEAMS_READ = "a91eadaf-2c3c-4362-908b-fb172d208fc6"


def test_what_is_declined_is_not_made_and_what_changed_is_agreed_to_again(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    short_name = new_name("contoso")
    ask_for_more(operator, short_name)
    page = administrator.page
    administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
    page.get_by_role("button", name="Create New App Registration").click()
    sees(page, "An administrator has to sign in here again")
    page.get_by_role("switch", name=READS).uncheck()
    button(page, "Show the plan with these choices").click()
    sees(page, f"Declined: {READS}.")
    expect(page.get_by_role("table")).not_to_contain_text("TeamsUserConfiguration")

    ask_otherwise(operator, short_name)
    page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
    button(page, "Start Authentication").click()
    sees(page, "What is asked for has changed since you looked.")
    sees(page, "The credential lives shorter: 60 days, instead of 180")
    expect(page.get_by_label("User Principal Name (UPN)")).to_have_value(GRACE[0])
    expect(page.get_by_role("switch", name=READS)).not_to_be_checked()

    administrator.give_upn(GRACE[0])
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()
    administrator.next_step()
    administrator.start_provisioning(new_name("voice"))
    app_id = administrator.until_confirmed()

    granted, owners, principal = made_of(product, app_id)
    assert OWNED_BY in granted
    assert TEAMS_READ not in granted
    assert owners == [principal]

    operator.page.reload()
    sees(operator.page, f"{READS} · declined by the administrator")
    operator.open_pending("Contoso")
    operator.press_add(short_name)
    sees(operator.page, "What the administrator declined")


def ask_for_more(operator: Operator, short_name: str) -> None:
    """*Add New Tenant* with two optional features."""
    page = operator.page
    operator.choose_customer("Contoso")
    page.get_by_role("link", name="Add New Tenant").click()
    operator.fill_new_tenant(short_name=short_name, email=GRACE[0])
    page.locator("summary", has_text="What the registration may do").click()
    page.get_by_role("switch", name=RENEWS).check()
    page.get_by_role("switch", name=READS).check()
    button(page, "Next").click()
    expect(page.get_by_role("main")).to_contain_text(GRACE[0])


def ask_otherwise(operator: Operator, short_name: str) -> None:
    """The operator wants the credential to end sooner; the page stays open."""
    page = operator.page
    page.goto(f"{operator.origin}/invitations/")
    page.get_by_role("link", name=short_name).first.click()
    page.get_by_role("link", name="Change what is asked for").click()
    page.get_by_label("Days until the credential ends").fill("60")
    button(page, "Ask for this").click()
    sees(page, "60 days")


def made_of(product: Product, app_id: str) -> tuple[set[str], list[str], str]:
    """By Microsoft's own state: the permissions' ids, the application's owners, and its principal."""
    tenant = product.microsoft.tenant(CONTOSO)
    objects = tenant["objects"].values()
    application = next(row for row in objects if row["kind"] == "application" and row["body"]["appId"] == app_id)
    principals = (row for row in objects if row["kind"] == "servicePrincipal")
    principal = next(str(row["id"]) for row in principals if row["body"]["appId"] == app_id)
    rows = tenant["app_role_assignments"].values()
    return {row["appRoleId"] for row in rows if row["principalId"] == principal}, application["owners"], principal
