"""The mail server or Microsoft is away for a while: it is said, it is tried again, and it goes on by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys.people import COPY_AND_OPEN, PATIENCE_MS, Administrator, Invited, Operator, button, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

WAITING = "Waiting for the administrator"


def test_mail_server_down_is_visible_retried_and_the_mail_arrives(
    product: Product, operator: Operator, administrator: Administrator
) -> None:
    short_name = new_name("nomail")
    product.stop("mail")
    try:
        operator.send_link("Contoso", short_name, GRACE[0])
        operator.open_pending("Contoso")
        operator.page.get_by_role("link", name=short_name, exact=True).click()
        eventually(lambda: "Next try" in operator.reloaded(), "the failed attempt on the invitation's page")
        assert WAITING not in operator.reloaded()
    finally:
        product.start_mail()
    link = administrator.link_mailed_to(GRACE[0], about=short_name)
    eventually(lambda: WAITING in operator.reloaded(), "the mail's state on the invitation's page")
    assert len([mail for mail in product.mails(GRACE[0]) if short_name in mail["text"]]) == 1
    administrator.to_the_code(link, GRACE[0])


def test_microsoft_unavailable_before_the_code_is_visible_and_goes_on_by_itself(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    administrator.open_link(invited.link)
    administrator.page.get_by_role("button", name="Create New App Registration").click()
    with product.microsoft.fault({"path": "*/oauth2/v2.0/devicecode"}, {"status": 503}):
        administrator.page.get_by_label("User Principal Name (UPN)").fill(GRACE[0])
        button(administrator.page, "Start Authentication").click()
        sees(administrator.page, "is not available at the moment. Nothing is lost. We try again by ourselves.")
    expect(administrator.page.get_by_role("link", name=COPY_AND_OPEN)).to_be_visible(timeout=PATIENCE_MS)
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()


def test_microsoft_away_during_provisioning_is_visible_and_the_run_goes_on(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    name = new_name("away")
    administrator.to_the_name(invited.link, *GRACE)
    product.stop("microsoft")
    try:
        administrator.start_provisioning(name)
        sees(administrator.page, "Microsoft does not answer at the moment.")
        sees(administrator.page, "We go on by ourselves.")
    finally:
        product.start_microsoft()
    app_id = administrator.until_confirmed(seconds=60)
    assert product.witness.registration(app_id=app_id).credential_key_id
