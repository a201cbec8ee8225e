"""The two people of the journey, as they use the pages: by what is written on them, never by addresses or selectors.

Each method is one thing that the person does and ends when the page shows that it is done. The words are those of the
pages that the product follows; when a label changes there, it has to change here too, and a test says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error, Locator, Page, expect

from gangway.cli.demo import one_time_code
from gangway.cli.demo.plot import SignIn, new_name
from tests.journeys.waiting import eventually

PATIENCE_MS = 30_000
"""How long a person waits for a page that follows background work; a bound for failure, never a pause."""

PAGE_MS = 10_000
"""How long they look for something on a page that has come."""

CLOSINGS, CLOSING_MS = 30, 1_000
"""How often a tab is closed before it is a fault, and how long the browser has for each."""

ACTIVATE = "Click here to activate your tenant"
ESTABLISHED = "The Token connection has successfully been established."
COPY_AND_OPEN = "Copy code and open page in new tab"


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def onward(door: Locator) -> None:
    """Press what leads to another page, or to this one anew, and be there: pressing alone doesn't wait for it."""
    with door.page.expect_navigation():
        door.click()


def sees(page: Page, words: str, *, seconds: float = PATIENCE_MS / 1000) -> None:
    """Wait until the words stand on the page; the page is not loaded again for it."""
    expect(page.get_by_role("main").or_(page.locator("body")).first).to_contain_text(words, timeout=seconds * 1000)


def speak(page: Page, now: str, wanted: str) -> None:
    """Choose another language, by its own name; the page stays the same one."""
    page.locator("summary", has_text=re.compile(now)).click()
    onward(button(page, wanted))


def shut(tab: Page) -> None:
    """Close a tab, a second time where Chromium lost it.

    A close that meets a navigation just being committed is acknowledged and forgotten (crbug 536385539), and
    Playwright's own `close()` waits for its end without a limit.
    """
    for _ in range(CLOSINGS):
        if tab.is_closed():
            return
        with suppress(Error), tab.expect_event("close", timeout=CLOSING_MS):
            tab.close(run_before_unload=True)
    assert tab.is_closed(), "the browser does not close its tab"


def fact(page: Page, name: str) -> str:
    """What stands beside a name in a list of facts."""
    found = page.locator("dt").filter(has_text=re.compile(f"^{re.escape(name)}$")).locator("xpath=following::dd[1]")
    return " ".join(found.first.inner_text().split())


@dataclass(frozen=True)
class Invited:
    """A planned service and the link in its administrator's mail."""

    short_name: str
    link: str


@dataclass
class Operator:
    """Somebody of the provider at work in the Operation Center."""

    page: Page
    origin: str

    def sign_in(self, who: SignIn) -> None:
        """With password and one-time code."""
        self.page.goto(self.origin)
        self.page.get_by_label("Email").fill(who.email)
        self.page.get_by_label("Password", exact=True).fill(who.password)
        button(self.page, "Sign in").click()
        self.give_code(who)

    def give_code(self, who: SignIn) -> None:
        """The one-time code, and another one where it ended meanwhile; then the first page."""
        inside = self.page.get_by_role("heading", name=re.compile("Dashboard|Services"), level=1)
        refused = self.page.get_by_text("Incorrect code")
        for _ in range(2):  # a code may end between being read and being sent
            self.page.get_by_label("Code").fill(one_time_code.current(who.totp_key))
            onward(button(self.page, "Sign in"))
            expect(inside.or_(refused)).to_be_visible()
            if inside.is_visible():
                return
        expect(inside).to_be_visible()

    def add_direct_routing(self) -> None:
        """*Services* → *Add Service* → *Direct Routing*."""
        self.page.goto(f"{self.origin}/services/")
        self.page.get_by_role("button", name="Add Service").click()
        onward(self.page.get_by_role("link", name="Direct Routing"))

    def choose_customer(self, customer: str) -> None:
        """*Add Service* → *Direct Routing* → the customer."""
        self.add_direct_routing()
        onward(self.page.get_by_role("link", name=re.compile(f"^{customer}")))

    def send_link(self, customer: str, short_name: str, email: str) -> None:
        """*Add New Tenant*, filled in and sent to the customer's administrator."""
        self.choose_customer(customer)
        self.page.get_by_role("link", name="Add New Tenant").click()
        self.fill_new_tenant(short_name=short_name, email=email)
        button(self.page, "Next").click()
        expect(self.page.get_by_role("main")).to_contain_text(email)
        expect(self.page.get_by_role("main")).to_contain_text(short_name)

    def invite(self, customer: str, email: str, administrator: Administrator) -> Invited:
        """Plan a service under a new name, and take the link from the mail."""
        short_name = new_name("svc")
        self.send_link(customer, short_name, email)
        return Invited(short_name, administrator.link_mailed_to(email, about=short_name))

    def fill_new_tenant(self, *, short_name: str, email: str, users: str = "20") -> None:
        self.page.get_by_label("Full Name of Service").fill(f"Calling for {short_name}")
        self.name_service(short_name)
        self.choose_licence("Hosted Essentials+")
        self.page.get_by_label("Number of licensed users").fill(users)
        self.tick_send_link(email)

    def name_service(self, short_name: str) -> None:
        self.page.get_by_label("Unique Short Name of Service").fill(short_name)

    def choose_licence(self, name: str) -> None:
        self.page.locator("label").filter(has_text=name).click()
        expect(self.page.get_by_label(name)).to_be_checked()

    def tick_send_link(self, email: str) -> None:
        self.page.get_by_label("Send link to IT administrator for authentication").check()
        self.page.get_by_label("E-mail address of the tenant service admin").fill(email)

    def open_pending(self, customer: str) -> None:
        """*Add Service* → *Direct Routing* → customer → *Pending Invitations*."""
        self.choose_customer(customer)
        self.page.get_by_role("main").get_by_role("link", name="Pending Invitations").click()

    def row(self, words: str) -> Locator:
        """The row of a list in which these words stand."""
        return self.page.get_by_role("row").filter(has_text=words)

    def pending_row(self, customer: str, short_name: str) -> Locator:
        self.open_pending(customer)
        return self.row(short_name)

    def reloaded(self) -> str:
        """What the page says when it is loaded again."""
        self.page.reload()
        return self.page.get_by_role("main").inner_text()

    def reloaded_row(self, words: str) -> str:
        """What a row says when the page is loaded again."""
        self.page.reload()
        return self.row(words).inner_text()

    def press_add(self, short_name: str) -> None:
        self.row(short_name).get_by_role("button", name="Add", exact=True).click()

    def revoke(self, customer: str, short_name: str) -> None:
        """*Pending Invitations* → *Revoke*: what was begun is taken back."""
        self.pending_row(customer, short_name).get_by_role("button", name="Revoke").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        sees(self.page, "is withdrawn")

    def validate_credentials(self) -> None:
        """*Next*: a worker proves the credentials, and the page tells it by itself."""
        button(self.page, "Next").click()
        sees(self.page, "The credentials work.")

    def create_service(self) -> None:
        """*Next* → *Microsoft 365 Settings* → prerequisites → summary → *Create service*."""
        self.leave_validation()
        self.complete_wizard()

    def leave_validation(self) -> None:
        """*Next*, from the validated credentials to the *Microsoft 365 Settings*."""
        button(self.page, "Next").click()
        expect(self.page.get_by_role("heading", name="Microsoft 365 Settings")).to_be_visible()

    def complete_wizard(self) -> None:
        """From the *Microsoft 365 Settings* to the Service portal of the new service."""
        button(self.page, "Next").click()
        expect(self.page.get_by_role("heading", name="Prerequisites in the tenant")).to_be_visible()
        button(self.page, "Next").click()
        button(self.page, "Create service").click()
        expect(self.page.get_by_role("navigation", name="Service portal")).to_be_visible()

    def open_services(self, short_name: str) -> None:
        """*Services*, searched for one."""
        self.page.goto(f"{self.origin}/services/?q={short_name}")

    def edit_service(self, short_name: str) -> None:
        """*Services* → the service's row → *Edit Service*, which is a part of its Service portal."""
        self.open_services(short_name)
        self.row(short_name).get_by_role("button", name=f"Actions for {short_name}").click()
        onward(self.row(short_name).get_by_role("link", name="Edit Service"))
        expect(self.page.get_by_role("navigation", name="Service portal")).to_be_visible()

    def open_configuration(self) -> None:
        """Service portal → Configuration → *M365 Configuration*."""
        self.page.get_by_role("link", name="M365 Configuration").click()
        expect(self.page.get_by_role("heading", name="Microsoft 365 Settings")).to_be_visible()

    def validate_authentication(self) -> None:
        """*Validate Authentication*, until its result has come by itself."""
        button(self.page, "Validate Authentication").click()
        sees(self.page, "Validation has started.")
        expect(self.page.get_by_text("Validating now")).to_be_hidden(timeout=PATIENCE_MS)


@dataclass
class Administrator:
    """The customer's Microsoft 365 administrator, who has a mail and a browser and no account with us."""

    page: Page
    mails: Callable[..., list[dict[str, Any]]]

    def link_mailed_to(self, address: str, *, about: str, words: str = ACTIVATE) -> str:
        """The link behind *Click here to activate your tenant*, or other words, in the mail about this service."""
        mail = eventually(lambda: self.mail(address, about=about), "the mail with the link")
        return next(str(link["address"]) for link in mail["links"] if link["words"] == words)

    def mail(self, address: str, *, about: str) -> dict[str, Any] | None:
        """The newest mail in which these words stand."""
        found = [mail for mail in self.mails(address) if about in mail["subject"] + mail["text"]]
        return found[-1] if found else None

    def open_link(self, link: str) -> None:
        """The link only explains; *Continue* begins, or goes on."""
        self.page.goto(link)
        button(self.page, "Continue").click()

    def start_authentication(self, upn: str, *, elsewhere: bool = False) -> None:
        """*Create New App Registration* → UPN → *Start Authentication* → the code is shown."""
        self.page.get_by_role("button", name="Create New App Registration").click()
        self.give_upn(upn, elsewhere=elsewhere)

    def give_facts(self, tenant: str, app_id: str, secret: str) -> None:
        """The three facts of a registration that is there already."""
        self.page.get_by_label("Customer Microsoft Tenant ID").fill(tenant)
        self.page.get_by_label("Application (Client) ID").fill(app_id)
        self.page.get_by_label("Client Secret", exact=True).fill(secret)

    def give_upn(self, upn: str, *, elsewhere: bool = False) -> None:
        """The name and *Start Authentication*: the code is shown. `elsewhere`: its domain has to be answered for."""
        self.page.get_by_label("User Principal Name (UPN)").fill(upn)
        button(self.page, "Start Authentication").click()
        if elsewhere:
            self.page.get_by_label("belongs to the same Microsoft 365").check()
            button(self.page, "Start Authentication").click()
        expect(self.page.get_by_role("link", name=COPY_AND_OPEN)).to_be_visible(timeout=PATIENCE_MS)

    def shown_code(self) -> str:
        """The code as it stands on the page."""
        return re.sub(r"\s", "", self.page.get_by_test_id("user-code").inner_text())

    def open_microsoft(self) -> tuple[Page, str]:
        """*Copy code and open page in new tab*; the tab, and what is on the clipboard now."""
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("link", name=COPY_AND_OPEN).click()
        self.page.bring_to_front()
        code: str = self.page.evaluate("navigator.clipboard.readText()")
        opened.value.bring_to_front()
        return opened.value, code

    def sign_in_at_microsoft(self, upn: str, password: str, *, organization: str = "") -> None:
        """Everything that Microsoft asks, in the new tab; the tab is closed in the end."""
        tab = self.prove_at_microsoft(upn, password, organization=organization)
        button(tab, "Continue").click()
        self.consent(tab)
        shut(tab)

    def prove_at_microsoft(self, upn: str, password: str, *, organization: str = "") -> Page:
        """As far as Microsoft's question "Are you trying to sign in to …?"; guests name the organization first."""
        tab, code = self.open_microsoft()
        self.give_code(tab, code)
        if organization:
            button(tab, "Sign in to an organization").click()
            tab.get_by_label("Domain name").fill(organization)
            button(tab, "Next").click()
        self.give_account(tab, upn, password)
        expect(tab.get_by_role("heading", name=re.compile("^Are you trying to sign in"))).to_be_visible()
        return tab

    def give_code(self, tab: Page, code: str) -> None:
        tab.get_by_label("Code").fill(code)
        button(tab, "Next").click()

    def give_account(self, tab: Page, upn: str, password: str) -> None:
        tab.get_by_label("Email or user name").fill(upn)
        button(tab, "Next").click()
        tab.get_by_label("Password").fill(password)
        button(tab, "Sign in").click()

    def consent(self, tab: Page) -> None:
        """*Accept*, if this account has not agreed before."""
        signed_in = tab.get_by_text("You have signed in to the")
        expect(signed_in.or_(button(tab, "Accept"))).to_be_visible()
        if button(tab, "Accept").is_visible():
            button(tab, "Accept").click()
        expect(signed_in).to_be_visible()

    def connection_established(self) -> None:
        """The page has noticed by itself that the sign-in worked."""
        expect(self.page.get_by_role("heading", name=ESTABLISHED)).to_be_visible(timeout=PATIENCE_MS)

    def next_step(self) -> None:
        button(self.page, "Next Step").click()

    def do_my_part(self, colleague: str = "") -> None:
        """*Do my part and ask a colleague for the rest*, perhaps with the colleague's address already."""
        self.page.get_by_label("E-mail address of the other administrator").fill(colleague)
        button(self.page, "Do my part and ask a colleague for the rest").click()

    def start_provisioning(self, name: str) -> None:
        self.page.get_by_label("Name of the App registration").fill(name)
        button(self.page, "Start Provisioning").click()

    def until_confirmed(self, *, seconds: float = PATIENCE_MS / 1000) -> str:
        """The confirmation has come by itself; the application (client) id that it names."""
        sees(self.page, "You can close this page", seconds=seconds)
        return fact(self.page, "Application (client) ID")

    def to_the_code(self, link: str, upn: str, *, elsewhere: bool = False) -> None:
        """From the link to the page with the code."""
        self.open_link(link)
        self.start_authentication(upn, elsewhere=elsewhere)

    def to_the_name(self, link: str, upn: str, password: str) -> None:
        """From the link to the page that asks for the registration's name."""
        self.to_the_code(link, upn)
        self.sign_in_at_microsoft(upn, password)
        self.connection_established()
        self.next_step()
        expect(self.page.get_by_label("Name of the App registration")).to_be_visible()

    def again(self) -> None:
        """*Sign in again*, back at the question who one is."""
        button(self.page, "Sign in again").click()
        expect(self.page.get_by_label("User Principal Name (UPN)")).to_be_visible()
