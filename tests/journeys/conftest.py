"""The whole product for the run, a browser for each file, and for each person a browser of their own."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from gangway.cli.demo.plot import SignIn
from tests.browser import QUIET, path_of_chromium
from tests.journeys import product as production
from tests.journeys.people import PAGE_MS, Administrator, Invited, Operator
from tests.journeys.product import Product
from tests.journeys.waiting import eventually

EVIDENCE = Path(__file__).parents[2] / "test-results"
"""Where a failed journey leaves what each person saw last."""

FAILED = pytest.StashKey[bool]()

NewPage = Callable[..., Page]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at the end whether their test has failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """Everything that production runs, started once for all journeys."""
    folder = Path(tempfile.mkdtemp(prefix="gangway-journeys-"))
    folder.chmod(0o755)
    with production.running(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def nothing_is_left_waiting(request: pytest.FixtureRequest) -> Iterator[None]:
    """A journey that worked leaves no run that needs a sign-in: the engine would keep what the next journey watches."""
    if "product" not in request.fixturenames:
        yield
        return
    product: Product = request.getfixturevalue("product")
    before = set(product.runs_with_a_sign_in())
    yield
    if not request.node.stash.get(FAILED, False):
        eventually(lambda: set(product.runs_with_a_sign_in()) <= before, "the end of every run of this journey")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window. For one file only: its event loop must not meet other tests' loops."""
    expect.set_options(timeout=PAGE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path_of_chromium(), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[NewPage]:
    """Open a browser of their own for somebody; after a failure what they saw is kept."""
    opened: dict[str, BrowserContext] = {}

    def open_one(name: str, **options: Any) -> Page:
        context = opened[name] = browser.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(PAGE_MS)
        return context.new_page()

    yield open_one
    for name, context in opened.items():
        if request.node.stash.get(FAILED, False):
            keep_evidence(f"{request.node.name}-{name}", context)
        context.close()


@pytest.fixture(scope="session")
def cookies() -> dict[str, Any]:
    """Who has signed in already in this run: a one-time code works only once, so nobody types two."""
    return {}


@pytest.fixture
def sign_in(product: Product, new_page: NewPage, cookies: dict[str, Any]) -> Callable[[SignIn], Operator]:
    """Give somebody a browser in which they are signed in; the first time with password and one-time code."""

    def come_in(who: SignIn) -> Operator:
        known = cookies.get(who.email)
        person = Operator(new_page(who.email, storage_state=known), product.web)
        if known is None:
            person.sign_in(who)
            cookies[who.email] = person.page.context.storage_state()
        return person

    return come_in


@pytest.fixture
def operator(product: Product, sign_in: Callable[[SignIn], Operator]) -> Operator:
    """The provider's operator, signed in."""
    return sign_in(product.operator)


@pytest.fixture
def new_administrator(product: Product, new_page: NewPage) -> Callable[[str], Administrator]:
    """Another browser of an administrator, with an inbox and no account with us."""

    def come(name: str) -> Administrator:
        return Administrator(new_page(name, permissions=["clipboard-read", "clipboard-write"]), product.mails)

    return come


@pytest.fixture
def administrator(new_administrator: Callable[[str], Administrator]) -> Administrator:
    """The customer's administrator."""
    return new_administrator("administrator")


@pytest.fixture
def invited(operator: Operator, administrator: Administrator) -> Invited:
    """A service that is planned for Contoso, and the link that was mailed to its administrator."""
    return operator.invite("Contoso", "grace.global@contoso.com", administrator)


def keep_evidence(name: str, context: BrowserContext) -> None:
    """Save a picture and the words of each open page."""
    EVIDENCE.mkdir(exist_ok=True)
    for number, page in enumerate(context.pages):
        stem = re.sub(r"[^\w.-]+", "-", f"{name}-{number}")
        page.screenshot(path=EVIDENCE / f"{stem}.png", full_page=True)
        (EVIDENCE / f"{stem}.txt").write_text(f"{page.url}\n\n{page.inner_text('body')}\n", "utf-8")
