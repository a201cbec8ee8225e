"""The portal in a real browser's way: signed in through Entra's own pages, on plain loopback http and on TLS."""

import base64
import json

import pytest

from tests.emulator.conftest import grace, morgan


def sign_in(emulator, origin, who):
    browser = emulator.browser()
    page = browser.press(browser.open(f"{origin}/portal/registrations"), "Next", loginfmt=who[0])
    return browser, browser.press(page, "Sign in", passwd=who[1])


@pytest.mark.parametrize("door", ["http_url", "url"])
def test_sign_in_leads_back_to_the_page_that_was_wanted(emulator, door):
    _, page = sign_in(emulator, emulator.ready[door], grace)
    assert page.url == f"{emulator.ready[door]}/portal/registrations"
    assert "Example daemon" in page.text
    assert "Grace Global" in page.text


def test_signed_out_person_must_sign_in_again(emulator):
    origin = emulator.ready["http_url"]
    browser, _ = sign_in(emulator, origin, morgan)
    browser.open(f"{origin}/common/oauth2/v2.0/logout")
    assert "/common/login" in browser.open(f"{origin}/portal/").url


def test_last_account_that_signed_in_is_the_one_at_the_portal(emulator):
    origin = emulator.ready["http_url"]
    browser, _ = sign_in(emulator, origin, grace)
    emulator.advance(1)
    page = browser.open(f"{origin}/common/login/start?next=%2Fportal%2F")
    if "Use another account" in page.form.buttons:
        page = browser.press(page, "Use another account")
    page = browser.press(browser.press(page, "Next", loginfmt=morgan[0]), "Sign in", passwd=morgan[1])
    assert "None: you see the directory as every member does" in page.text


def test_role_given_at_the_portal_is_in_the_next_token(emulator):
    """What a person does by hand and what a client sees are one world."""
    origin = emulator.ready["http_url"]
    browser, page = sign_in(emulator, origin, grace)
    teams = "69091246-20e8-4a56-aa4d-066075b2a7a8"
    page = browser.open(f"{origin}/portal/roles/{teams}/add?q=Example%20daemon")
    answer = browser.session.post(page.url, data={**page.form.fields})
    assert "Teams Administrator was assigned." in answer.text
    token = emulator.application_token().json()["access_token"]
    assert teams in claims(token)["wids"]


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
