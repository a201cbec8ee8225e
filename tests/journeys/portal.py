"""Microsoft's portal, as an administrator uses it who has signed in at Microsoft with this browser before."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Administrator, button, onward
from tests.journeys.product import Product

ROLES = "Microsoft Entra Roles and administrators"
OF_THE_PLAN = ("Teams Telephony Administrator", "Skype for Business Administrator")


def opened_by(administrator: Administrator, product: Product) -> Portal:
    """The portal in another tab of the administrator's browser."""
    portal = Portal(administrator.page.context.new_page())
    portal.page.goto(f"{product.announcement['http_url']}/portal/")
    expect(portal.page.get_by_role("heading", level=1)).to_contain_text("Contoso")
    return portal


@dataclass
class Portal:
    """One tab."""

    page: Page

    def open_list(self, name: str) -> None:
        """By the pane at the side."""
        onward(self.page.get_by_role("navigation", name="Services").get_by_role("link", name=name, exact=True))

    def search_list(self, label: str, words: str, found: str) -> None:
        """Search within a list and open what was found."""
        self.page.get_by_label(label).fill(words)
        onward(self.page.get_by_role("main").get_by_role("button", name="Search"))
        onward(self.page.get_by_role("main").get_by_role("link", name=found, exact=True))

    def manage(self, section: str) -> None:
        """*Manage* > a section, in the pane of one registration."""
        onward(self.page.get_by_role("navigation", name="Manage").get_by_role("link", name=section))

    def row(self, words: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=words)

    def add_secret(self, description: str) -> str:
        """*New client secret*; its value, which is shown only now."""
        onward(self.page.get_by_role("link", name="New client secret"))
        self.page.get_by_label("Description").fill(description)
        onward(button(self.page, "Add"))
        return self.page.get_by_role("status").locator("code").inner_text()

    def search_the_bar(self, words: str) -> None:
        """The search box at the top, and the service of that name."""
        self.page.get_by_label("Search services, applications and people").fill(words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        onward(self.page.get_by_role("main").get_by_role("link", name=words))

    def roles_have(self, name: str) -> None:
        """From the list of roles: each role of the plan is searched for, and has this registration."""
        for role in OF_THE_PLAN:
            self.search_list("Search by role name", role, found=role)
            expect(self.row(name)).to_contain_text("Service principal")
            self.open_list("Roles and administrators")
