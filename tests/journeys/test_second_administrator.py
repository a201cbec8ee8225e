"""Two administrators, two browsers: one does what they may, the other finishes by a link or at Microsoft's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from gangway.cli.demo.plot import new_name
from tests.journeys.conftest import NewPage
from tests.journeys.people import PATIENCE_MS, Administrator, Invited, Operator, button, fact, sees
from tests.journeys.product import Product
from tests.journeys.seeded import AVERY, RILEY
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

A_CLICK_MS = 2_000.0
"""How long a button is waited for that may be gone, as what it does came by itself."""


def do_ones_part(administrator: Administrator, invited: Invited, name: str, *, colleague: str = "") -> None:
    """An Application Administrator signs in, does what they may, and sees what remains."""
    administrator.to_the_code(invited.link, AVERY[0])
    administrator.sign_in_at_microsoft(*AVERY)
    administrator.connection_established()
    administrator.do_my_part(colleague)
    administrator.start_provisioning(name)
    expect(administrator.page.get_by_role("heading", name="Your part is done")).to_be_visible(timeout=PATIENCE_MS)


def test_a_colleague_finishes_in_another_browser_and_both_see_it(
    product: Product,
    invited: Invited,
    operator: Operator,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    name, second = new_name("two"), new_administrator("colleague")
    do_ones_part(administrator, invited, name, colleague=RILEY[0])
    sees(administrator.page, "Waiting for consent and roles")
    sees(administrator.page, "Organization.Read.All")
    sees(administrator.page, RILEY[0])

    row = operator.pending_row("Contoso", invited.short_name)
    expect(row).to_contain_text("Waiting for consent and roles")
    row.get_by_role("link", name=invited.short_name).click()
    sees(operator.page, RILEY[0])
    button(operator.page, "Check now").click()
    sees(operator.page, "We are looking now")

    second.open_link(second.link_mailed_to(RILEY[0], about=invited.short_name, words="Open your part"))
    sees(second.page, "What remains for you")
    expect(second.page.get_by_text("Create New App Registration")).to_be_hidden()
    wait_for_approval(second, operator)
    second.give_upn(RILEY[0])
    second.sign_in_at_microsoft(*RILEY)
    second.connection_established()
    button(second.page, "Finish the connection").click()
    app_id = second.until_confirmed()
    assert administrator.until_confirmed() == app_id
    assert fact(administrator.page, "By") == f"{AVERY[0]} · {RILEY[0]}"
    assert product.witness.registration(app_id=app_id).credential_key_id
    expect(operator.pending_row("Contoso", invited.short_name)).to_contain_text("Ready to add")


def wait_for_approval(second: Administrator, operator: Operator) -> None:
    """Somebody must agree first: the day is seen on the operator's page, and one goes on whenever one likes."""
    page, day = second.page, datetime.now(UTC).date() + timedelta(days=30)
    page.get_by_role("link", name="Somebody must agree first: print it, and wait").click()
    page.get_by_label("Planned for").fill(day.isoformat())
    button(page, "Wait until this day").click()
    sees(page, "This invitation waits for an approval until")
    sees(page, "Your link waits; go on with it whenever you like.")
    operator.page.reload()
    sees(operator.page, f"Planned for {day.day} {day:%B %Y}")
    page.get_by_role("link", name="Go on now").click()


def test_who_may_not_sign_in_hands_all_of_it_to_a_colleague_of_the_same_organization(
    invited: Invited,
    operator: Operator,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    page, colleague = administrator.page, new_administrator("colleague")
    administrator.to_the_code(invited.link, AVERY[0])
    page.get_by_text("“You cannot access this right now”").click()
    button(page, "Show me the other ways").first.click()
    page.get_by_role("link", name="Ask a colleague").click()
    field = page.get_by_label("E-mail address of the other administrator")
    field.fill("mallory@elsewhere.example")
    button(page, "Send them a link").click()
    sees(page, "This address belongs to another organization.")
    expect(field).to_have_value("mallory@elsewhere.example")
    field.fill(RILEY[0])
    button(page, "Send them a link").click()
    sees(page, f"A link is on its way to {RILEY[0]}")
    colleague.open_link(colleague.link_mailed_to(RILEY[0], about=invited.short_name, words="Open your part"))
    expect(colleague.page.get_by_label("User Principal Name (UPN)")).to_have_value(AVERY[0])
    colleague.give_upn(RILEY[0])
    operator.pending_row("Contoso", invited.short_name).get_by_role("link", name=invited.short_name).click()
    sees(operator.page, f"Link for another administrator sent to {RILEY[0]}")
    operator.revoke("Contoso", invited.short_name)
    sees(colleague.page, "This invitation is closed")


def test_consent_page_and_roles_in_the_portal_finish_it_without_a_second_sign_in_here(
    product: Product, invited: Invited, administrator: Administrator, new_page: NewPage
) -> None:
    name = new_name("alone")
    do_ones_part(administrator, invited, name)
    address = administrator.page.get_by_label("Consent page at Microsoft").input_value()

    riley = new_page("riley", ignore_https_errors=True)
    riley.goto(address)
    riley.get_by_label("Email or user name").fill(RILEY[0])
    button(riley, "Next").click()
    riley.get_by_label("Password").fill(RILEY[1])
    button(riley, "Sign in").click()
    button(riley, "Accept").click()
    sees(riley, "Thank you. We check what Microsoft granted")
    sees(administrator.page, "Waiting for roles")
    sees(administrator.page, "Some of it has come.")

    give_roles(riley, f"{product.announcement['http_url']}/portal", name)
    eventually(lambda: check_now(administrator), "a look that is not too soon after the last one")
    app_id = administrator.until_confirmed()
    assert product.witness.registration(app_id=app_id).credential_key_id
    sees(administrator.page, "Enterprise applications")


def check_now(administrator: Administrator) -> bool:
    """*Check now*; False when somebody has looked just now. The look that comes by itself may be first: True then."""
    check = button(administrator.page, "Check now")
    try:
        check.click(timeout=A_CLICK_MS)
    except PlaywrightTimeout:
        return not check.is_visible()
    return "We are looking now" in administrator.page.inner_text("body")


def give_roles(page: Page, portal: str, name: str) -> None:
    """In Microsoft's admin center, which knows who has just consented: each role, Add assignments, that application."""
    page.goto(f"{portal}/")
    page.get_by_role("heading", name="Contoso").wait_for()
    for role in ("Teams Telephony Administrator", "Skype for Business Administrator"):
        page.goto(f"{portal}/roles")
        page.get_by_role("link", name=role, exact=True).click()
        page.get_by_role("link", name="Add assignments").click()
        page.goto(f"{page.url.partition('?')[0]}?q={name}")
        button(page, f"Add {name}").click()
        sees(page, f"{role} was assigned.")
