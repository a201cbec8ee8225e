"""Sign-ins that don't work out: each says so by itself, and offers a next move that leads on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import uuid4

import pytest
from playwright.sync_api import Error, Page, expect

from gangway.cli.demo.plot import new_name
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import ESTABLISHED, PATIENCE_MS, Administrator, Invited, Operator, button, sees
from tests.journeys.product import Product
from tests.journeys.seeded import AVERY, DANA, GRACE, GRAY, MORGAN, PAT, RILEY, TARA
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

AGAIN: Final = re.compile("^(Sign in|Try) again$")
CODE_SECONDS = 900
"""How long a code is good at Microsoft."""


def test_wrong_code_and_wrong_password_are_told_at_microsoft_and_the_code_stays_good(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    administrator.to_the_code(invited.link, GRACE[0])
    tab, code = administrator.open_microsoft()
    administrator.give_code(tab, "ABCDEFGHJ")
    expect(tab.get_by_role("alert")).to_contain_text("That code didn't work")
    administrator.give_code(tab, code)
    administrator.give_account(tab, GRACE[0], "not her password")
    expect(tab.get_by_role("alert")).to_contain_text("incorrect")
    assert administrator.shown_code() == code
    tab.get_by_label("Password").fill(GRACE[1])
    button(tab, "Sign in").click()
    button(tab, "Continue").click()
    administrator.consent(tab)
    administrator.connection_established()
    administrator.next_step()
    with product.microsoft.fault({"method": "PATCH", "path": "/v1.0/applications*"}, RIGHT_MISSING[0]):
        administrator.start_provisioning(new_name("denied"))
        sees(administrator.page, RIGHT_MISSING[1])
    sees(administrator.page, RIGHT_MISSING[2])


def test_expired_code_says_so_and_a_new_one_works(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    administrator.to_the_code(invited.link, GRACE[0])
    old = administrator.shown_code()
    with product.microsoft.later(CODE_SECONDS + 1):
        sees(administrator.page, "The code has expired")
    administrator.again()
    administrator.give_upn(GRACE[0])
    assert administrator.shown_code() != old
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()


def test_declined_sign_in_made_nothing_and_can_be_started_again(
    product: Product, invited: Invited, administrator: Administrator, operator: Operator
) -> None:
    before = product.microsoft.made(CONTOSO).applications
    administrator.open_link(invited.link)
    administrator.page.get_by_role("button", name="Create New App Registration").click()
    for who in (RILEY, TARA):
        administrator.give_upn(who[0], elsewhere=who is TARA)
        tab = administrator.prove_at_microsoft(*who)
        if who is TARA:  # nobody but her signs in there: whichever journey was first, she is asked to consent
            button(tab, "Continue").click()
            expect(tab.get_by_role("heading", name="Permissions requested")).to_be_visible()
        button(tab, "Cancel").click()
        sees(administrator.page, "The request was declined at Microsoft. Nothing was made in your tenant.")
        assert product.microsoft.made(CONTOSO).applications == before
        operator.open_pending("Contoso")
        operator.page.get_by_role("link", name=invited.short_name, exact=True).click()
        sees(operator.page, "What the administrator sees now: The request was declined at Microsoft.")
        administrator.again()
        expect(administrator.page.get_by_label("User Principal Name (UPN)")).to_have_value(who[0])


def test_member_without_rights_is_sent_to_an_administrator(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    administrator.to_the_code(invited.link, MORGAN[0])
    tab = administrator.prove_at_microsoft(*MORGAN)
    button(tab, "Continue").click()
    expect(tab.get_by_role("heading", name="Need admin approval")).to_be_visible()
    button(tab, "Return to the application without granting consent").click()
    sees(administrator.page, "Nothing was made in your tenant.")
    administrator.again()
    each_is_told(product, administrator, CONSENT | FACTOR)
    administrator.give_upn(GRACE[0])
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()


def test_guest_is_told_to_take_a_members_account(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    administrator.to_the_code(invited.link, DANA[0], elsewhere=True)
    administrator.sign_in_at_microsoft(*DANA, organization="contoso.com")
    sees(administrator.page, "You signed in as a guest of this Microsoft 365, and guests can't connect it.")
    administrator.again()
    each_is_told(product, administrator, ACCOUNT)


def test_another_organizations_administrator_is_told_which_one_is_expected(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    before = product.microsoft.made(CONTOSO).applications
    administrator.to_the_code(invited.link, GRAY[0], elsewhere=True)
    administrator.sign_in_at_microsoft(*GRAY)
    sees(administrator.page, "You signed in to another organization's Microsoft 365.")
    sees(administrator.page, "the one with the domain contoso.com")
    assert product.microsoft.made(CONTOSO).applications == before
    administrator.again()
    each_is_told(product, administrator, TENANT | DEVICE)
    each_is_told_of_a_registration(product, administrator)


def test_application_administrator_does_their_part_and_a_colleague_finishes_the_same_registration(
    product: Product, invited: Invited, operator: Operator, administrator: Administrator
) -> None:
    name = new_name("shared")
    administrator.to_the_code(invited.link, AVERY[0])
    administrator.sign_in_at_microsoft(*AVERY)
    administrator.connection_established()
    sees(administrator.page, "Needs another administrator")
    administrator.do_my_part()
    with product.microsoft.fault({"method": "POST", "path": "*/addPassword"}, CREDENTIAL_POLICY[0]):
        administrator.start_provisioning(name)
        sees(administrator.page, "a Global Administrator or a Privileged Role Administrator has to sign in")
    expect(administrator.page.get_by_text("made and proved")).to_be_hidden()
    (half,) = named(product, name)

    row = operator.pending_row("Contoso", invited.short_name)
    expect(row).to_contain_text("Waiting for consent and roles")
    expect(row).to_contain_text("false")
    expect(row.get_by_role("button", name="Add", exact=True)).to_be_hidden()

    button(administrator.page, "Sign in as someone else").click()
    administrator.give_upn(GRACE[0])
    tab, code = administrator.open_microsoft()
    administrator.give_code(tab, code)
    administrator.give_account(tab, *GRACE)
    button(tab, "Continue").click()
    administrator.consent(tab)
    administrator.connection_established()
    administrator.next_step()
    button(administrator.page, "Start Provisioning").click()
    assert administrator.until_confirmed(seconds=PATIENCE_MS / 1000) == half
    sees(administrator.page, CREDENTIAL_POLICY[1])
    assert named(product, name) == [half]
    assert product.witness.registration(app_id=half).credential_key_id


def named(product: Product, name: str) -> list[str]:
    """Application ids of this name in Contoso."""
    applications = product.microsoft.made(CONTOSO).applications.values()
    return [application["appId"] for application in applications if application["displayName"] == name]


SET_UP = {
    53003: ("does not allow this sign-in", "people who look after Conditional Access"),
    50097: ("wants to know the device", "on a computer that your organization manages"),
    50076: ("asks for a second factor", "finish the second factor at Microsoft"),
    650052: ("is not present in this tenant", "Check that the tenant has a licence"),
    700016: ("does not know the client id of your provider's", "your link stays good"),
    7000218: ("not set up as a public client", '"Allow public client flows" must be on'),
}
"""Of each number that Microsoft refuses with: what the page says has happened, and who does what about it."""
DEVICE = {
    50005: ("wants to know the device", "on a computer that your organization manages"),
    53000: ("wants to know the device", "ask the people who look after Conditional Access"),
    53001: ("wants to know the device", "Leave the policy on."),
}
FACTOR = {
    50079: ("this account has not set one up", "Set it up at https://aka.ms/mysecurityinfo"),
    50158: ("one more proof from another service", "finish every step that Microsoft shows"),
}
ACCOUNT = {
    50020: ("does not belong to this tenant, or is only a guest", "a member of the organization to be connected"),
    50177: ("does not belong to this tenant, or is only a guest", "a private browser window helps"),
    50034: ("Microsoft does not know this account in the tenant.", "Check its name"),
    50057: ("This account is disabled.", "another administrator's account"),
    50173: ("An earlier sign-in is no longer good", "Sign in again."),
    70043: ("too old for the tenant's rules, or was withdrawn", "needs nobody's sign-in"),
    700082: ("An earlier sign-in is no longer good", "does not have this problem"),
}
TENANT = {
    90002: ("Microsoft does not know this tenant.", "the right Microsoft cloud"),
    900023: ("Microsoft does not know this tenant.", "Check the domain or the tenant id"),
    5000224: ("This tenant is disabled or blocked at Microsoft.", "asks Microsoft's support"),
}
CONSENT = {
    65001: ("were not agreed to. Nothing was made in your tenant.", "as an administrator who may agree"),
    65004: ("The request was declined at Microsoft. Nothing was made", "If that was a mistake, start again."),
    90094: ("Only an administrator may agree to these permissions", "they approve it there"),
    650051: ("belongs to a service that is not in this tenant", "leave the optional permission out"),
}
BY_ITSELF = {
    7000222: ("This client secret has expired.", "Make a new one under Certificates & secrets"),
    7000112: ("The application is disabled in this tenant.", "Enable it: Enterprise applications"),
}
"""Numbers that only a registration meets, which signs in by itself: beside the field of *Use App Registration*."""
RIGHT_MISSING = (
    {"status": 403, "code": "Authorization_RequestDenied"},
    "Microsoft says that this account may not do this.",
    "Ask a Global Administrator or a Privileged Role Administrator",
)
CREDENTIAL_POLICY = (
    {"status": 400, "code": "CredentialTypeNotAllowedAsPerAppPolicy"},
    "A policy of the tenant forbids a secret for app registrations: a certificate is made instead.",
)
"""What Graph refuses with, and what the page of the run says of it."""
RETURN = ("sign-in application isn't set up for signing in by redirect", "tell your provider")


def each_is_told(product: Product, administrator: Administrator, refused: Mapping[int, tuple[str, str]]) -> None:
    """Microsoft refuses with one number after the other; each is told, and one is back at *who you are*."""
    page = administrator.page
    for number, (what, cure) in refused.items():
        page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
        with product.microsoft.fault({"path": "*/oauth2/v2.0/devicecode", "times": 1}, {"aadsts": number}):
            button(page, "Start Authentication").click()
            soon_sees(page, what)
        sees(page, cure)
        expect(page.get_by_role("main")).to_contain_text(str(number))
        page.get_by_role("button", name=AGAIN).click()
        expect(page.get_by_label("User Principal Name (UPN)")).to_be_visible()


def soon_sees(page: Page, words: str) -> None:
    """Look again at once: the page asks by itself every other second, and that it does is seen in other journeys."""

    def there() -> bool:
        if words in page.get_by_role("main").inner_text():
            return True
        with suppress(Error):  # the page may be on its way already
            page.reload()
        return words in page.get_by_role("main").inner_text()

    eventually(there, words)


def each_is_told_of_a_registration(product: Product, administrator: Administrator) -> None:
    """The same of a registration that is typed, beside its field; a secret that Microsoft refused is typed anew."""
    page = administrator.page
    button(page, "Choose another way").click()
    page.get_by_role("button", name=re.compile("^Use App Registration")).click()
    for number, (what, cure) in BY_ITSELF.items():
        administrator.give_facts(CONTOSO, str(uuid4()), "Typed~Secret.0123456789-abcdefghijklmnop")
        with product.microsoft.fault({"method": "POST", "path": f"/{CONTOSO}/*/token"}, {"aadsts": number}):
            button(page, "Start authentication").click()
            soon_sees(page, what)
        sees(page, cure)


def test_each_number_of_microsofts_is_told_with_what_to_do_and_the_same_case_goes_on(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    page = administrator.page
    administrator.open_link(invited.link)
    page.get_by_role("button", name="Create New App Registration").click()
    each_is_told(product, administrator, SET_UP)
    page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
    with product.microsoft.fault({"method": "POST", "path": "/organizations/oauth2/v2.0/token"}, {"aadsts": 7000215}):
        sign_in_here(administrator, *GRACE)
        sees(page, RETURN[0])
    sees(page, RETURN[1])
    administrator.again()
    page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
    sign_in_here(administrator, *PAT)
    sees(page, "You signed in to the platform's own Microsoft 365, which is never a customer's.")
    administrator.again()
    page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
    sign_in_here(administrator, *RILEY)
    sees(page, f"You named {GRACE[0]}, but {RILEY[0]} signed in.")
    button(page, "Yes, continue with this person").click()
    administrator.connection_established()


def sign_in_here(administrator: Administrator, upn: str, password: str) -> None:
    """*Sign in with Microsoft*, through whatever Microsoft asks this time, and back."""
    page = administrator.page
    button(page, "Sign in with Microsoft").click()
    expect(page.get_by_label("Email or user name")).to_be_visible(timeout=PATIENCE_MS)
    known = page.get_by_role("button", name=upn)
    if known.count():
        known.click()
    else:
        administrator.give_account(page, upn, password)
    back = page.get_by_role("heading", name="Sign in at Microsoft").or_(page.get_by_role("heading", name=ESTABLISHED))
    expect(back.or_(button(page, "Accept"))).to_be_visible(timeout=PATIENCE_MS)
    if button(page, "Accept").is_visible():
        button(page, "Accept").click()
