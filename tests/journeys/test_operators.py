"""An operator invites a colleague by mail, who comes in with a password and a passkey, or an authenticator app."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gangway.cli.demo import one_time_code
from tests.journeys.people import Operator, button, sees
from tests.journeys.product import Product
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

PASSWORD = "five words that nobody has"
NewPage = Callable[..., Page]


def invite(operator: Operator, email: str) -> None:
    page = operator.page
    page.goto(f"{operator.origin}/operators/")
    page.get_by_role("link", name="Invite an operator").first.click()
    page.get_by_label("Name", exact=True).fill("Nora New")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Role").select_option("Monitor")
    button(page, "Send the invitation").click()
    sees(page, f"An invitation is on its way to {email}.")


def link_mailed_to(product: Product, email: str) -> str:
    mail = eventually(lambda: next(iter(product.mails(email)), None), "the mail with the link")
    return next(str(link["address"]) for link in mail["links"] if link["words"] == "Accept the invitation")


def join(page: Page, link: str) -> None:
    page.goto(link)
    sees(page, "as Monitor")
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Make the account").click()
    sees(page, "Set up a second factor")


def test_invited_colleague_joins_with_an_authenticator_app(
    operator: Operator, product: Product, new_page: NewPage
) -> None:
    """The mail is sent by a worker; before the second factor is set up nothing else is reached."""
    invite(operator, "nora@sp2.example")
    page = new_page("nora")
    join(page, link_mailed_to(product, "nora@sp2.example"))
    page.goto(f"{operator.origin}/services/")
    sees(page, "Set up a second factor")
    page.get_by_role("link", name="Authenticator app").click()
    key = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(one_time_code.current(key))
    button(page, "Activate").click()
    page.goto(f"{operator.origin}/services/")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()


def test_invited_colleague_joins_with_a_passkey_and_signs_in_by_it(
    operator: Operator, product: Product, new_page: NewPage
) -> None:
    """WebAuthn on http://localhost, with the browser's own virtual authenticator."""
    invite(operator, "pia@sp2.example")
    page = new_page("pia")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    join(page, link_mailed_to(product, "pia@sp2.example"))
    page.get_by_role("link", name="Passkey or security key").click()
    page.get_by_label("Name").fill("My computer")
    passwordless = page.get_by_label("Passwordless")
    passwordless.check()
    button(page, "Add").click()
    page.wait_for_url(lambda address: "webauthn/add" not in address)
    page.goto(f"{operator.origin}/services/")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
    button(page, "Sign out").click()
    page.goto(f"{operator.origin}/accounts/login/")
    button(page, "Use a passkey").click()
    page.wait_for_url(lambda address: "/accounts/login" not in address)
    page.goto(f"{operator.origin}/services/")
    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
