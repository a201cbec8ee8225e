"""After the first sign-in: a service is renewed, repaired, upgraded and moved, and another one shares what it uses."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from gangway.cli.demo.plot import new_name
from tests.journeys import by_hand
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, fact, onward, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually
from tests.rooms.factories_existing import ByHand, Made

pytestmark = pytest.mark.slow

DAYS = "Client Secret Days Until Expire"
FEWER = 90
RESTS = "Another one took its place; it is removed after"
RENEW = "Renew the credential"
REPAIR = "Add what is missing"
UPGRADE = "Connect for the upgrade"
REPLACE = "Make the new App registration"
FEDERATED = "Federated credential"


def test_a_service_that_finished_by_itself_is_renewed_and_a_further_one_shares_its_registration(
    product: Product,
    operator: Operator,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    page, short_name, name = operator.page, new_name("kept"), new_name("kept")
    plan_what_finishes_by_itself(operator, short_name)
    app_id = connect(product, administrator, short_name, name)
    operator.edit_service(short_name)
    operator.open_configuration()
    assert int(fact(page, DAYS).split()[0]) > FEWER
    expect(using(page)).to_have_count(1)
    old = using(page).locator("code").inner_text()
    ask_again(operator, short_name)
    renew(new_administrator("another day"), name, app_id)

    page.reload()
    assert fact(page, "Application ID") == app_id
    assert fact(page, "Last Authentication Status").startswith("OK")
    assert int(fact(page, DAYS).split()[0]) in {FEWER - 1, FEWER}
    expect(using(page)).to_have_count(2)
    expect(using(page).filter(has_text=RESTS)).to_have_count(1)
    assert using(page).locator("code").inner_text() != old

    further = new_name("more")
    share(operator, further, name)
    operator.open_configuration()
    assert fact(page, "Application ID") == app_id
    expect(using(page).filter(has_text=f"{further} (this service)")).to_have_count(1)
    expect(using(page).filter(has_text=short_name)).to_have_count(2)


def connect(product: Product, administrator: Administrator, short_name: str, name: str) -> str:
    """The administrator's part, until the operator is told that the service is there; gives the application's id."""
    administrator.to_the_name(administrator.link_mailed_to(GRACE[0], about=short_name), *GRACE)
    administrator.start_provisioning(name)
    app_id = administrator.until_confirmed()
    created = f"The service was created by itself: the invitation of Contoso for the service {short_name}."
    assert eventually(lambda: administrator.mail(product.operator.email, about=created), "the mail that it is there")
    return app_id


def plan_what_finishes_by_itself(operator: Operator, short_name: str) -> None:
    """*Add New Tenant*, so that nobody has to press *Add*; its registration may renew its own secret."""
    page = operator.page
    operator.choose_customer("Contoso")
    onward(page.get_by_role("link", name="Add New Tenant"))
    operator.fill_new_tenant(short_name=short_name, email=GRACE[0])
    page.get_by_label("Finish by itself when the checks pass").check()
    page.get_by_text("What the registration may do").click()
    page.get_by_label("Renews its own secret").check()
    button(page, "Next").click()
    sees(page, "The service is created by itself when the checks pass")


def ask_again(operator: Operator, short_name: str) -> None:
    """*M365 Configuration* → *Re-initiate Authentication Flow* → whoever signed in before."""
    page = operator.page
    onward(page.get_by_role("link", name="Re-initiate Authentication Flow"))
    expect(page.get_by_label("E-mail address of the tenant service admin")).to_have_value(GRACE[0])
    button(page, "Send Invitation").click()
    sees(page, f"An invitation to connect {short_name} again is on its way to {GRACE[0]}.")


def renew(administrator: Administrator, name: str, app_id: str) -> None:
    """The mailed link, a sign-in, fewer days for the credential, and the last page."""
    page = administrator.page
    sign_in_once_more(administrator, f"The App registration {name} stays and gets a new credential.", RENEW)
    expect(page.get_by_role("heading", name=f"“{name}” gets another credential")).to_be_visible()
    page.get_by_label("Days until its credential ends").fill(str(FEWER))
    button(page, "Start Provisioning").click()
    assert administrator.until_confirmed() == app_id
    expect(page.get_by_role("heading", name=f"“{name}” is ready and proved to work")).to_be_visible()


def sign_in_once_more(administrator: Administrator, about: str, door: str) -> None:
    """The mailed link, the way that fits what is asked for, and Microsoft's pages."""
    administrator.open_link(administrator.link_mailed_to(GRACE[0], about=about, words="Open the invitation"))
    onward(administrator.page.get_by_role("button", name=door))
    administrator.give_upn(GRACE[0])
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()
    administrator.next_step()


def using(page: Page) -> Locator:
    """The rows that say which credential of the registration serves which service."""
    return page.get_by_role("region", name="Who uses this App registration").locator("tbody tr")


def share(operator: Operator, short_name: str, registration: str) -> None:
    """*Use an App registration that is there*: it makes the credential by itself, and the operator goes on."""
    page = operator.page
    operator.choose_customer("Contoso")
    onward(page.get_by_role("link", name="Use an App registration that is there"))
    page.locator("label").filter(has_text=registration).click()
    operator.name_service(short_name)
    operator.choose_licence("Hosted Pro")
    page.get_by_label("Number of licensed users").fill("5")
    onward(button(page, "Next"))
    expect(page.get_by_role("heading", name=f"A credential of its own for {short_name}")).to_be_visible()
    sees(page, "The service has a credential of its own, and it is proved.")
    eventually(lambda: goes_on(page), "the checks of the further service")
    sees(page, "The credentials work.")
    operator.create_service()


def goes_on(page: Page) -> bool:
    """*Next*; False while the end of the work has not been taken note of."""
    onward(page.get_by_role("link", name="Next", exact=True))
    return "your part is being prepared" not in page.inner_text("body")


def test_a_service_whose_permission_was_taken_away_is_repaired_then_upgraded_then_moved(
    product: Product, operator: Operator, new_administrator: Callable[[str], Administrator]
) -> None:
    page, short_name, name = operator.page, new_name("mend"), new_name("mend")
    plan_what_finishes_by_itself(operator, short_name)
    app_id = connect(product, new_administrator("the first day"), short_name, name)
    ask_for_what_is_missing(operator, short_name, lost=by_hand.in_contoso(product).take_away(app_id))
    repairer = new_administrator("who repairs")
    sign_in_once_more(repairer, f"The App registration {name} stays and keeps its credential.", REPAIR)
    button(repairer.page, "Start Provisioning").click()
    assert repairer.until_confirmed() == app_id
    is_fine(operator, short_name, app_id)

    upgrade(operator, short_name)
    upgrader = new_administrator("who upgrades")
    sign_in_once_more(upgrader, f"upgrades the service Calling for {short_name}", UPGRADE)
    button(upgrader.page, "Start Provisioning").click()
    assert upgrader.until_confirmed() == app_id
    operator.open_pending("Contoso")
    onward(operator.row(short_name).get_by_role("link", name="Upgrade Customer"))
    button(page, "Upgrade Customer").click()
    sees(page, f"{short_name} is upgraded.")
    is_fine(operator, short_name, app_id)

    page.get_by_role("link", name="Re-initiate Authentication Flow").click()
    page.get_by_label("Move to a new App registration").check()
    button(page, "Send Invitation").click()
    sees(page, f"An invitation to connect {short_name} again is on its way to {GRACE[0]}.")
    mover = new_administrator("who moves it")
    sign_in_once_more(mover, f"{name} rests for a while then, and is deleted after that.", REPLACE)
    mover.start_provisioning(f"{name}-new")
    moved_to = mover.until_confirmed()
    assert moved_to != app_id
    is_fine(operator, short_name, moved_to)


def ask_for_what_is_missing(operator: Operator, short_name: str, *, lost: str) -> None:
    """*Validate Authentication* finds it; *Repair* asks an administrator for just that."""
    page = operator.page
    operator.edit_service(short_name)
    operator.open_configuration()
    operator.validate_authentication()
    assert not fact(page, "Last Authentication Status").startswith("OK")
    sees(page, "1 permission or role of the newest version is missing")
    onward(page.get_by_role("link", name="Repair", exact=True))
    sees(page, lost)
    button(page, "Ask for what is missing").click()
    sees(page, f"The administrator is asked for what is missing of “{short_name}”.")


def upgrade(operator: Operator, short_name: str) -> None:
    """*Users & licences* → *Upgrade Customer*, with a link to the administrator."""
    page = operator.page
    page.get_by_role("link", name="Users & licences").click()
    onward(page.get_by_role("link", name="Upgrade Customer"))
    operator.tick_send_link(GRACE[0])
    button(page, "Upgrade Customer").click()
    sees(page, GRACE[0])


def is_fine(operator: Operator, short_name: str, app_id: str) -> None:
    """*M365 Configuration* names the registration, and *Validate Authentication* says OK."""
    operator.edit_service(short_name)
    operator.open_configuration()
    assert fact(operator.page, "Application ID") == app_id
    operator.validate_authentication()
    assert fact(operator.page, "Last Authentication Status").startswith("OK")


@pytest.mark.parametrize("by_mail", [False, True])
def test_a_known_registration_trusts_the_tokens_that_the_platform_signs(
    product: Product, operator: Operator, administrator: Administrator, by_mail: bool
) -> None:
    page, contoso, short_name = operator.page, by_hand.in_contoso(product), new_name("trust")
    made = contoso.make(secret=False)
    if by_mail:
        operator.send_link("Contoso", short_name, GRACE[0])
        mails_its_trust(administrator, short_name, contoso, made)
        operator.open_pending("Contoso")
        operator.press_add(short_name)
    else:
        types_its_trust(operator, short_name, contoso, made)
    operator.validate_credentials()
    operator.create_service()
    operator.open_configuration()
    assert fact(page, "Application ID") == made.app_id
    assert fact(page, FEDERATED).startswith("Does not end")
    assert fact(page, "Last Authentication Status").startswith("OK")


def types_its_trust(operator: Operator, short_name: str, contoso: ByHand, made: Made) -> None:
    """*Use known App registration* in the Onboarding wizard."""
    page = operator.page
    operator.choose_customer("Contoso")
    onward(page.get_by_role("link", name="Add New Tenant"))
    operator.name_service(short_name)
    operator.choose_licence("Hosted Pro")
    page.get_by_label("Number of licensed users").fill("5")
    page.get_by_label("Use known App registration").check()
    page.get_by_label("Customer Microsoft Tenant ID").fill(CONTOSO)
    page.get_by_label("Application (Client) ID").fill(made.app_id)
    page.get_by_label("Signs in with").select_option(FEDERATED)
    onward(button(page, "Next"))
    expect(page.get_by_role("heading", name=FEDERATED)).to_be_visible(timeout=PATIENCE_MS)
    trust(page, contoso, made)


def mails_its_trust(administrator: Administrator, short_name: str, contoso: ByHand, made: Made) -> None:
    """*Use App Registration* in the Invitation wizard."""
    page = administrator.page
    administrator.open_link(administrator.link_mailed_to(GRACE[0], about=short_name))
    onward(page.get_by_role("button", name=re.compile("^Use App Registration")))
    onward(button(page, f"Use instead: {FEDERATED}"))
    page.get_by_label("Customer Microsoft Tenant ID").fill(CONTOSO)
    page.get_by_label("Application (Client) ID").fill(made.app_id)
    trust(page, contoso, made)
    button(page, "Start authentication").click()
    expect(page.get_by_role("heading", name=by_hand.VALID)).to_be_visible(timeout=PATIENCE_MS)


def trust(page: Page, contoso: ByHand, made: Made) -> None:
    """What the page shows is entered at Microsoft."""
    issuer, subject, audience = (
        page.get_by_role("textbox", name=shown, exact=True).input_value()
        for shown in ("Issuer", "Subject identifier", "Audience")
    )
    assert audience == "api://AzureADTokenExchange"
    contoso.trust(made, issuer=issuer, subject=subject, audience=audience)
