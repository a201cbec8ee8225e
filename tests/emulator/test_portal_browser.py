"""The portal in Chromium, on a telephone and on a desk, in the light and in the dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import QUIET, path_of_chromium
from tests.emulator.conftest import grace

pytestmark = pytest.mark.slow


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path_of_chromium(), args=QUIET)
        yield browser
        browser.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1200, "light")])
def test_pages_fit_the_screen_and_load_nothing_from_elsewhere(chromium, emulator, width, scheme):
    origin = emulator.ready["http_url"]
    page = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme).new_page()
    asked, complaints = set(), []
    page.on("request", lambda request: asked.add("/".join(request.url.split("/")[:3])))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{origin}/portal/")
    page.fill("input[name=loginfmt]", grace[0])
    page.keyboard.press("Enter")
    page.fill("input[name=passwd]", grace[1])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Contoso").wait_for()
    page.goto(f"{origin}/portal/registrations")
    page.get_by_role("link", name="Example daemon").click()
    for link in ("Overview", "Certificates & secrets", "API permissions", "Owners", "Manifest"):
        page.get_by_role("navigation", name="Manage").get_by_role("link", name=link).click()
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), link
    assert (asked - {"data:,"}, complaints) == ({origin}, [])
