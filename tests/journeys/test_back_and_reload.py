"""Back and reload: after a form was refused, neither shows the browser's question whether to send it again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys.people import Administrator, Invited, Operator, button, onward, speak

pytestmark = pytest.mark.slow


def test_after_a_refused_form_back_and_reload_show_the_form_again(operator: Operator) -> None:
    page, email = operator.page, "grace.global@contoso.com"
    operator.choose_customer("Contoso")
    page.get_by_role("link", name="Add New Tenant").click()
    operator.fill_new_tenant(short_name="a dot.", email=email)
    button(page, "Next").click()
    expect(page.get_by_label("Unique Short Name of Service")).to_have_attribute("aria-invalid", "true")

    page.reload()
    expect(page.get_by_label("Unique Short Name of Service")).to_have_value("")

    operator.fill_new_tenant(short_name="a dot.", email=email)
    button(page, "Next").click()
    operator.fill_new_tenant(short_name=new_name("back"), email=email)
    button(page, "Next").click()
    expect(page.get_by_role("main")).to_contain_text("is on its way")
    page.go_back()
    expect(page.get_by_role("heading", name="Add New Tenant")).to_be_visible()


def test_administrator_goes_back_from_the_code_after_a_mistyped_name_and_meets_the_code(
    invited: Invited, administrator: Administrator
) -> None:
    page = administrator.page
    administrator.open_link(invited.link)
    page.get_by_role("button", name="Create New App Registration").click()
    page.get_by_label("User Principal Name (UPN)").fill("not a name")
    button(page, "Start Authentication").click()
    expect(page.get_by_label("User Principal Name (UPN)")).to_have_attribute("aria-invalid", "true")
    administrator.give_upn("grace.global@contoso.com")
    shown = administrator.shown_code()

    page.go_back()
    expect(page.get_by_test_id("user-code")).to_be_visible()
    assert administrator.shown_code() == shown


def test_another_language_keeps_what_was_typed_but_no_secret(invited: Invited, administrator: Administrator) -> None:
    page, upn, tenant = administrator.page, "grace.global@contoso.com", "c0475050-0000-4000-8000-000000000001"
    administrator.open_link(invited.link)
    page.get_by_role("button", name="Create New App Registration").click()
    page.get_by_label("User Principal Name (UPN)").fill(upn)
    speak(page, "English", "Deutsch")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#id_upn")).to_have_value(upn)
    speak(page, "Deutsch", "English")
    onward(button(page, "Choose another way"))
    onward(page.get_by_role("button", name=re.compile("^Use App Registration")))
    page.get_by_label("Customer Microsoft Tenant ID").fill(tenant)
    page.get_by_label("Client Secret", exact=True).fill("Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_")
    page.locator("summary", has_text="English").click()
    page.evaluate("addEventListener('pagehide', () => (localStorage.seen = sessionStorage.getItem('gangway-typed')))")
    onward(button(page, "Français"))
    expect(page.locator("#id_tenant")).to_have_value(tenant)
    expect(page.locator("#id_secret")).to_have_value("")
    kept = str(page.evaluate("localStorage.seen"))
    assert tenant in kept
    assert "Xy~8Q" not in kept
    assert page.evaluate("sessionStorage.getItem('gangway-typed')") is None
