"""The operator at work in the Operation Center: what a person of the provider does, in the words of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gangway.cli.demo import one_time_code
from gangway.cli.demo.browser import TICKED, Tab
from gangway.cli.demo.errors import NotProved

if TYPE_CHECKING:
    from gangway.cli.demo.plot import Plot, SignIn

WORK_SECONDS = 60
"""How long a person waits for something that a worker does; a bound for failure."""


class Operator:
    """Somebody of the provider, with a tab of their own."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        self.tab = Tab("the operator")

    def sign_in(self, address: str, who: SignIn) -> None:
        """With password and one-time code."""
        self.tab.open(address)
        self.tab.press("Sign in", {"Email": who.email, "Password": who.password})
        asked = self.tab.heading
        self.tab.press("Sign in", {"Code": one_time_code.current(who.totp_key)})
        if self.tab.heading == asked:  # this code was used before, by a walk that has just ended
            one_time_code.wait_for_next()
            self.tab.press("Sign in", {"Code": one_time_code.current(who.totp_key)})
        self._expect("Services")

    def send_link(self) -> None:
        """*Add Service* → *Direct Routing* → customer → *Add New Tenant* → *Next*."""
        self._choose_customer()
        self.tab.follow("Add New Tenant")
        entries = {
            "Full Name of Service": self.plot.full_name,
            "Unique Short Name of Service": self.plot.short_name,
            "Hosted Essentials+": TICKED,
            "Number of licensed users": str(self.plot.licensed_users),
            "Send link to IT administrator for authentication": TICKED,
            "E-mail address of the tenant service admin": self.plot.administrator_email,
        }
        self.tab.press("Next", entries)
        self._expect(self.plot.short_name)

    def add_pending(self) -> None:
        """*Pending Invitations*: *Device Authenticated* is true, so *Add*."""
        self._choose_customer()
        self.tab.follow("Pending Invitations")
        self.tab.press("Add", beside=self.plot.short_name)
        self._expect(self.plot.registration_name)

    def validate_credentials(self) -> None:
        """*Next*, and wait until a worker has proved the credentials."""
        self.tab.press("Next")
        self.tab.wait(lambda tab: tab.has_button("Check again"), "the result of the validation", WORK_SECONDS)
        self._expect("The credentials work.")

    def create_service(self) -> None:
        """*Next* → *Microsoft 365 Settings* → prerequisites → summary → *Create service*."""
        self.tab.press("Next")
        self.tab.press("Next", {"M365 Domain (Override Admin Domain)": self.plot.domain})
        self.tab.press("Next")
        self.tab.press("Create service")
        if (connection := self.tab.fact("Connection")) != "OK":
            raise NotProved(f"The service's Connection is {connection}, not OK.")
        if (deployment := self.tab.fact("Deployment")) != "Ready":
            raise NotProved(f"The service's Deployment is {deployment}, not Ready.")

    def validate_authentication(self) -> None:
        """Service portal → Configuration → *M365 Configuration* → *Validate Authentication*."""
        self.tab.follow("Configuration")
        if self.plot.administrator_upn not in self.tab.fact("User Name"):
            raise NotProved("The User Name is not the administrator who signed in.")
        self.tab.press("Validate Authentication")
        self.tab.wait(lambda tab: not tab.says("Validating now"), "the result of the validation", WORK_SECONDS)
        if (connection := self.tab.fact("Connection")) != "OK":
            raise NotProved(f"After the validation the Connection is {connection}, not OK.")

    def _choose_customer(self) -> None:
        self.tab.follow("Services")
        self.tab.follow("Direct Routing")
        self.tab.follow(self.plot.customer)

    def _expect(self, sentence: str) -> None:
        self.tab.wait(lambda tab: tab.says(sentence), f"“{sentence}”", 0)
