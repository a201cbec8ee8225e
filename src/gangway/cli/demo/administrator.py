"""The customer's administrator: a mail, a browser, an account at Microsoft and none with us."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import requests

from gangway.cli.demo.browser import LOOK_AGAIN_SECONDS, REQUEST_SECONDS, Tab
from gangway.cli.demo.errors import NotOnThePage

if TYPE_CHECKING:
    from gangway.cli.demo.plot import Plot

MAIL_SECONDS = 60
SIGN_IN_SECONDS = 60
PROVISIONING_SECONDS = 300
ACTIVATE = "Click here to activate your tenant"


class Administrator:
    """Walks through the Invitation wizard, and through Microsoft's pages in another tab."""

    def __init__(self, plot: Plot, inbox: str) -> None:
        self.plot = plot
        self.inbox = inbox
        self.tab = Tab("the administrator")
        self.microsoft = Tab("the administrator, at Microsoft")

    def wait_for_mail(self, *, after: int) -> str:
        """The link of the mail that has come since; ``after`` is the number of the last mail known."""
        deadline = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < deadline:
            for mail in self._mails(after):
                for link in mail["links"]:
                    if link["words"] == ACTIVATE:
                        return str(link["address"])
            time.sleep(LOOK_AGAIN_SECONDS)
        raise NotOnThePage(f"a mail with “{ACTIVATE}”", "the administrator", self.inbox, "(nothing came)")

    def last_mail(self) -> int:
        """The number of the newest mail, whoever it is for."""
        return max((int(mail["number"]) for mail in self._mails(0, everybody=True)), default=0)

    def open_link(self, link: str) -> None:
        """The link only explains; *Continue* begins."""
        self.tab.open(link)
        self.tab.press("Continue")

    def start_authentication(self) -> None:
        """*Create New App Registration* → UPN → *Start Authentication* → wait for the code."""
        self.tab.press("Create New App Registration")
        self.tab.press("Start Authentication", {"User Principal Name": self.plot.administrator_upn})
        self.tab.wait(lambda tab: tab.has_link("Copy code and open page in new tab"), "the code", SIGN_IN_SECONDS)

    def sign_in_at_microsoft(self) -> None:
        """*Copy code and open page in new tab*, and everything that Microsoft then asks."""
        copy_and_open = "Copy code and open page in new tab"
        code = self.tab.copied(copy_and_open)
        self.microsoft.open(self.tab.link(copy_and_open))
        self.microsoft.press("Next", {"Code": code})
        if self.microsoft.has_button("Next"):
            self.microsoft.press("Next", {"Email": self.plot.administrator_upn})
        self.microsoft.press("Sign in", {"Password": self.plot.administrator_password})
        self.microsoft.press("Continue")
        if self.microsoft.has_button("Accept"):
            self.microsoft.press("Accept")
        self.microsoft.wait(lambda tab: tab.says("You have signed in"), "“You have signed in”", 0)

    def confirm_connection(self) -> None:
        """The page has noticed by itself: *Next Step*."""
        established = "The Token connection has successfully been established"
        self.tab.wait(lambda tab: tab.says(established), f"“{established}”", SIGN_IN_SECONDS)
        self.tab.press("Next Step")

    def start_provisioning(self) -> None:
        """Name the App registration, *Start Provisioning*."""
        self.tab.press("Start Provisioning", {"Name of the App registration": self.plot.registration_name})

    def wait_until_proved(self, *, every: float = LOOK_AGAIN_SECONDS) -> str:
        """Wait for the confirmation, looking again so often; returns the application (client) id that it names."""
        done = "You can close this page"
        self.tab.wait(lambda tab: tab.says(done), f"“{done}”", PROVISIONING_SECONDS, every=every)
        return self.tab.fact("Application (client) ID")

    def _mails(self, after: int, *, everybody: bool = False) -> list[dict[str, Any]]:
        query = {"after": after} | ({} if everybody else {"to": self.plot.administrator_email})
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{self.inbox}/api/messages", params=query, timeout=REQUEST_SECONDS)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found
