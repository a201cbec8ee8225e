"""Operators who are invited by mail, and come in."""

from __future__ import annotations

from playwright.sync_api import Page

from gangway.cli.demo import one_time_code
from gangway.cli.demo.plot import SignIn
from tests.journeys.people import Operator, button, onward, sees
from tests.journeys.product import Product
from tests.journeys.waiting import eventually

PASSWORD = "five words that nobody has"


def invite(operator: Operator, who: SignIn, name: str, email: str, role: str, *, organization: str = "") -> None:
    """*Operators* → *Invite an operator*, to one's own organization or to one below it.

    `who` invites: whoever signed in a while ago is asked for the password once more.
    """
    page = operator.page
    page.goto(f"{operator.origin}/operators/")
    onward(page.get_by_role("link", name="Invite an operator").first)
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(who.password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/operators/invite/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail address").fill(email)
    if organization:
        page.get_by_label("Organization").select_option(organization)
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
    page.get_by_label("Role").select_option(role)
    button(page, "Send the invitation").click()
    sees(page, f"An invitation is on its way to {email}.")


def join(page: Page, product: Product, email: str, role: str) -> None:
    """*Accept the invitation* in the mail, and a password."""
    mail = eventually(lambda: next(iter(product.mails(email)), None), "the mail with the link")
    page.goto(next(str(link["address"]) for link in mail["links"] if link["words"] == "Accept the invitation"))
    sees(page, f"as {role}")
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Make the account").click()
    sees(page, "Set up a second factor")


def set_up_codes(page: Page) -> None:
    """*Authenticator app*, as the second factor."""
    page.get_by_role("link", name="Authenticator app").click()
    key = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(one_time_code.current(key))
    button(page, "Activate").click()
    page.wait_for_url("**/recovery-codes/")
