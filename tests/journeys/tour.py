"""A walk past every page of the product with real data, each page looked at as it is met.

Short lists, long names and names in other scripts are made on the way, by the same forms that people use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from gangway.cli.demo import one_time_code
from gangway.cli.demo.plot import SignIn, new_name
from tests.emulator.conftest import Emulator
from tests.journeys.looking import Looker, route_of
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, onward, sees
from tests.journeys.product import Product
from tests.journeys.seeded import AVERY, GRACE, GRAY, MORGAN, RILEY
from tests.journeys.waiting import eventually
from tests.rooms.factories_existing import ByHand

PASSWORD: Final = "five words that nobody has"
NAMES: Final = (
    "日本電信電話サービス株式会社",
    "شركة الاتصالات المتحدة للهاتف والإنترنت",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH",
)
HOLD: Final = {"method": "PATCH", "path": "/v1.0/applications(uniqueName=*", "times": 1}
HOLD_TOKEN: Final = {"method": "POST", "path": "/*/oauth2/v2.0/token", "times": 4}
EXPIRED: Final = 7000222
"""Microsoft's number for a secret whose time is over."""
HELD_MS: Final = 8_000
"""How long Microsoft takes for the application: in that time the page of the work is looked at."""


@dataclass
class Tour:
    """Who walks, what they open pages with, and who judges."""

    product: Product
    looker: Looker
    new_page: Callable[..., Page]

    def somebody(self, name: str, **options: object) -> Page:
        """Another browser, whose console is heard."""
        return self.looker.follow(self.new_page(name, reduced_motion="reduce", **options))

    def address(self, path: str) -> str:
        return f"{self.product.web}{path}"

    def administrator(self, name: str) -> Administrator:
        page = self.somebody(name, permissions=["clipboard-read", "clipboard-write"])
        return Administrator(page, self.product.mails)

    def strangers(self) -> None:
        """Pages that need no account."""
        page, look = self.somebody("stranger"), self.looker
        look.visit(page, self.address("/accounts/login/"))
        onward(button(page, "Sign in"))
        look.at(page, "refused")
        look.visit(page, self.address("/accounts/password/reset/"))
        page.get_by_label("Email").fill("nobody@sp2.example")
        page.locator("main form button").first.click()
        page.wait_for_url("**/reset/done/")
        look.at(page)
        look.visit(page, self.address("/accounts/password/reset/key/1a-none/"))
        look.visit(page, self.address("/accounts/password/reset/key/done/"))
        look.visit(page, self.address("/i/" + "A" * 43), "unknown link")
        look.visit(page, self.address("/join/" + "A" * 43), "unknown link")
        look.visit(page, self.address("/address/none"), "signed out")
        look.visit(page, self.address("/consented/?state=none"))
        look.visit(page, self.address("/accounts/microsoft/callback/"))
        look.visit(page, self.address("/accounts/microsoft/consented/"))
        look.visit(page, self.address("/wizard/"), "without a link")
        look.visit(page, self.address("/nowhere/"), "404")
        look.visit(page, self.address("/components/"))

    def comes_in(self, who: SignIn) -> Operator:
        """With password and one-time code, both pages looked at."""
        page = self.somebody(who.email)
        page.goto(self.product.web)
        page.get_by_label("Email").fill(who.email)
        page.get_by_label("Password", exact=True).fill(who.password)
        button(page, "Sign in").click()
        expect(page.get_by_label("Code")).to_be_visible()
        self.looker.at(page)
        operator = Operator(page, self.product.web)
        operator.give_code(who)
        return operator

    def empty_lists(self, operator: Operator) -> None:
        """What every list says while it has nothing, or nothing like that."""
        for path in (
            "/",
            "/services/",
            "/invitations/",
            "/runs/",
            "/connections/",
            "/alarms/",
            "/leftovers/",
            "/activity/",
        ):
            self.looker.visit(operator.page, self.address(path), "at first")
        for path in ("/customers/", "/operators/", "/services/add/direct-routing/"):
            self.looker.visit(operator.page, self.address(f"{path}?q=zzz"), "nothing like that")

    def places(self, operator: Operator, level: str) -> None:
        """List, form, refused form, page and change of one level of organizations."""
        page, look = operator.page, self.looker
        names = NAMES if level == "customer" else NAMES[-1:]
        for name in names:
            page.goto(self.address(f"/{level}s/add/"))
            if name == names[0]:
                look.at(page)
                onward(page.get_by_role("main").locator("form button.btn-primary"))
                look.at(page, "refused")
            page.get_by_label("Name", exact=True).first.fill(name)
            short = page.get_by_label(re.compile("Short name"))
            if short.count():
                short.first.fill(new_name(level))
            page.get_by_role("main").locator("form button.btn-primary").click()
            expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        look.at(page)
        look.visit(page, f"{page.url}edit/")
        look.visit(page, self.address(f"/{level}s/"))

    def own_pages(self, operator: Operator, password: str) -> None:
        """One's own sign-in, second factors, sessions."""
        page, look = operator.page, self.looker
        look.visit(page, self.address("/me/"))
        look.visit(page, self.address("/address/none"), "link that is over")
        look.visit(page, self.address("/accounts/2fa/reauthenticate/"))
        look.visit(page, self.address("/accounts/reauthenticate/"))
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "reauthenticate" not in address)
        for path in ("password/change", "2fa", "2fa/recovery-codes/generate", "2fa/webauthn", "2fa/webauthn/add"):
            look.visit(page, self.address(f"/accounts/{path}/"))
        for path in ("2fa/totp/deactivate", "sessions", "logout"):
            look.visit(page, self.address(f"/accounts/{path}/"))
        self.passkey(page)

    def passkey(self, page: Page) -> None:
        """Add one, by the browser's virtual authenticator, so that its pages have something to show."""
        keys = page.context.new_cdp_session(page)
        keys.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(self.address("/accounts/2fa/webauthn/add/"))
        page.get_by_label("Name").fill("My computer")
        button(page, "Add").click()
        page.wait_for_url(lambda address: "webauthn/add" not in address)
        self.looker.visit(page, self.address("/accounts/2fa/webauthn/"), "with a key")
        for link in page.locator("a[href*='/webauthn/keys/']").evaluate_all("all => all.map((one) => one.href)"):
            self.looker.visit(page, link)

    def people(self, operator: Operator) -> None:
        """Operators, an invited colleague and what they meet, the rules of sign-in."""
        page, look = operator.page, self.looker
        self.visit_proved(page, self.address("/operators/invite/"))
        onward(button(page, "Send the invitation"))
        look.at(page, "refused")
        page.get_by_label("Name", exact=True).fill("Müller-Lüdenscheidt, 田中 さくら")
        page.get_by_label("E-mail address").fill("sakura@sp2.example")
        page.get_by_label("Role").select_option("Monitor")
        button(page, "Send the invitation").click()
        sees(page, "An invitation is on its way")
        look.visit(page, self.address("/operators/"), "with an invitation")
        onward(page.get_by_role("main").locator("table tbody a").first)
        look.at(page)
        place = urlsplit(page.url).path.strip("/").split("/")[-1]
        for deed in ("end-sessions", "suspend"):
            self.visit_proved(page, self.address(f"/operators/{deed}/?ticked={place}"))
        look.visit(page, self.address("/sign-in-rules/"))
        self.colleague()

    def colleague(self) -> None:
        """Whoever was invited joins, and is asked for a second factor."""
        mail = eventually(lambda: next(iter(self.product.mails("sakura@sp2.example")), None), "the mail with the link")
        page, look = self.somebody("colleague"), self.looker
        link = next(link["address"] for link in mail["links"] if link["words"] == "Accept the invitation")
        look.visit(page, str(link))
        page.get_by_label("Password").fill(PASSWORD)
        button(page, "Make the account").click()
        sees(page, "Set up a second factor")
        look.at(page)
        onward(page.get_by_role("link", name="Authenticator app"))
        look.at(page)
        key = page.get_by_label("Authenticator secret").input_value()
        page.get_by_label("Authenticator code").fill(one_time_code.current(key))
        button(page, "Activate").click()
        page.wait_for_url("**/recovery-codes/")
        look.at(page)
        look.visit(page, self.address("/"), "as a monitor")
        look.visit(page, self.address("/providers/"), "403")

    def add_service(self, operator: Operator) -> str:
        """The pages of *Add New Tenant*; returns the new service's short name."""
        page, look, short_name = operator.page, self.looker, new_name("look")
        operator.page.goto(self.address("/services/"))
        page.get_by_role("button", name="Add Service").click()
        look.at(page, "menu open", covers=True)
        look.visit(page, self.address("/services/add/direct-routing/"))
        onward(page.get_by_role("link", name=re.compile("^Contoso")))
        look.at(page)
        onward(page.get_by_role("link", name="Add New Tenant"))
        look.at(page)
        onward(button(page, "Next"))
        look.at(page, "refused")
        operator.fill_new_tenant(short_name=short_name, email=GRACE[0])
        button(page, "Next").click()
        sees(page, short_name)
        look.at(page)
        onward(page.get_by_role("link", name="Follow this invitation"))
        look.at(page)
        for part in ("plan/", "mail/", "change/"):
            look.visit(page, f"{page.url}{part}")
            page.go_back()
        button(page, "Copy link").click()
        look.at(page)
        look.visit(page, self.address("/invitations/"))
        operator.open_pending("Contoso")
        look.at(page)
        return short_name

    def connect(self, administrator: Administrator, short_name: str, name: str) -> None:
        """Every page of the Invitation wizard, from the mail's link to the last page."""
        page, look = administrator.page, self.looker
        link = administrator.link_mailed_to(GRACE[0], about=short_name)
        for aside in ("/unexpected/", "/reminders/", "/new-link/"):
            look.visit(page, f"{link}{aside}")
        look.visit(page, link, "first")
        onward(button(page, "Continue"))
        look.at(page)
        look.visit(page, self.address("/wizard/approval/"))
        look.visit(page, self.address("/wizard/colleague/"))
        look.visit(page, self.address("/wizard/unexpected/"))
        page.goto(self.address("/wizard/"))
        onward(page.get_by_role("button", name="Create New App Registration"))
        look.at(page)
        page.get_by_label("User Principal Name (UPN)").fill(GRAY[0])
        onward(button(page, "Start Authentication"))
        look.at(page, "asked")
        administrator.give_upn(GRACE[0])
        look.at(page)
        page.get_by_text("“You cannot access this right now”").click()
        onward(button(page, "Show me the other ways").first)
        look.at(page, "blocked")
        button(page, "Sign in with Microsoft").click()
        expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        look.visit(page, self.address("/wizard/code/"), "away")
        page.locator("#live").get_by_role("button", name="Use a code instead").click()
        expect(page.get_by_test_id("user-code")).to_be_visible(timeout=PATIENCE_MS)
        administrator.sign_in_at_microsoft(*GRACE)
        administrator.connection_established()
        look.at(page)
        administrator.next_step()
        look.at(page)
        page.get_by_label("Name of the App registration").fill("")
        onward(button(page, "Start Provisioning"))
        look.at(page, "refused")
        with self.product.microsoft.fault(HOLD, {"delay_ms": HELD_MS}):
            administrator.start_provisioning(name)
            sees(page, f"Making “{name}”")
            look.at(page)
            administrator.until_confirmed()
        look.at(page)

    def take_over(self, operator: Operator, short_name: str) -> None:
        """The Onboarding wizard, and the service with its pages."""
        page, look = operator.page, self.looker
        look.visit(page, self.address("/"), "ready to add")
        expect(operator.pending_row("Contoso", short_name)).to_contain_text("Ready to add")
        look.at(page, "ready to add")
        operator.press_add(short_name)
        sees(page, GRACE[0])
        look.at(page)
        registration = page.url
        button(page, "Next").click()
        sees(page, "The credentials work.")
        look.at(page)
        onward(button(page, "Next"))
        look.at(page)
        onward(button(page, "Next"))
        look.at(page)
        onward(button(page, "Next"))
        look.at(page)
        button(page, "Create service").click()
        expect(page.get_by_role("navigation", name="Service portal")).to_be_visible()
        look.at(page)
        for tab in page.get_by_role("navigation", name="Service portal").get_by_role("link").all():
            look.visit(page, str(tab.evaluate("one => one.href")))
            page.go_back()
        for what in ("again", "upgrade"):
            look.visit(page, re.sub(r"(/services/[^/]+/).*", rf"\1{what}/", page.url))
        self.visit_proved(page, re.sub(r"(/services/[^/]+/).*", r"\1delete/", page.url))
        look.visit(page, re.sub(r"registration/$", "taken/", registration))
        operator.choose_customer("Contoso")
        onward(page.get_by_role("link", name="Use an App registration that is there"))
        look.at(page)

    def own_view(self, short_name: str) -> None:
        """The customer's own view: who may not come in, then every page of who may, as far as *Disconnect*."""
        look = self.looker
        page = self.somebody("morgan at the own view")
        look.visit(page, self.address("/customer/"))
        self.signs_in(page, MORGAN)
        sees(page, "Your account has no directory role that lets you see this.")
        look.at(page, "refused")
        page = self.somebody("grace at the own view")
        page.goto(self.address("/customer/"))
        self.signs_in(page, GRACE)
        sees(page, "What is connected with Contoso")
        look.at(page, "signed in")
        look.visit(page, self.address("/customer/removal/"))
        page.go_back()
        onward(page.get_by_role("link", name="Change the contacts of Contoso"))
        look.at(page)
        contacts = page.url
        page.go_back()
        page.get_by_role("row", name=short_name).get_by_role("link").click()
        sees(page, "It was connected with your Microsoft 365")
        look.at(page)
        onward(page.get_by_role("link", name=f"Disconnect {short_name}…"))
        look.at(page)
        button(page, "Sign in with Microsoft once more").click()
        page.get_by_label("Password").fill(GRACE[1])
        button(page, "Sign in").click()
        expect(button(page, f"Disconnect {short_name}")).to_be_visible(timeout=PATIENCE_MS)
        look.at(page, "proved anew")
        onward(button(page, f"Disconnect {short_name}"))
        look.at(page, "refused")
        look.visit(page, contacts, "proved anew")
        expect(button(page, "Save the contacts")).to_be_visible()
        button(page, "Sign out").click()
        sees(page, "You are signed out here.")

    def signs_in(self, page: Page, who: tuple[str, str]) -> None:
        """*Sign in with Microsoft*, by redirect and with the account's password."""
        button(page, "Sign in with Microsoft").click()
        Administrator(page, self.product.mails).give_account(page, *who)
        accept = button(page, "Accept")
        expect(accept.or_(page.locator("#live, .gw-head").first)).to_be_visible(timeout=PATIENCE_MS)
        if accept.is_visible():
            accept.click()

    def existing(self, operator: Operator) -> None:
        """A registration that the customer made: script and guide, typed by link and at the desk, refused and valid."""
        made = ByHand(Emulator(self.product.announcement, None)).make()
        look, short_name, holder = self.looker, new_name("typed"), self.administrator("typing")
        operator.send_link("Contoso", short_name, GRACE[0])
        holder.open_link(holder.link_mailed_to(GRACE[0], about=short_name))
        page = holder.page
        sees(page, "How would you like to connect?")
        look.visit(page, self.address("/wizard/script/"))
        look.visit(page, self.address("/wizard/guide/"))
        onward(button(page, "Use App Registration"))
        look.at(page)
        onward(button(page, "Use instead: Certificate"))
        expect(page.get_by_role("link", name="Download the .cer file")).to_be_visible(timeout=PATIENCE_MS)
        look.at(page, "certificate")
        onward(button(page, "Use instead: Client secret"))
        onward(button(page, "Start authentication"))
        look.at(page, "refused")
        holder.give_facts(CONTOSO, made.app_id, made.secret)
        with self.product.microsoft.fault(HOLD_TOKEN, {"delay_ms": HELD_MS}):
            onward(button(page, "Start authentication"))
            look.at(page)
            expect(page.get_by_role("heading", name="The Application Registration is valid.")).to_be_visible(
                timeout=PATIENCE_MS
            )
        look.at(page, "valid")
        onward(operator.pending_row("Contoso", short_name).get_by_role("link", name=short_name))
        invitation = operator.page.url
        look.visit(operator.page, f"{invitation}script/")
        look.visit(operator.page, f"{invitation}guide/")
        self.known(operator, made.app_id)

    def known(self, operator: Operator, app_id: str) -> None:
        """What the operator who types it sees when something is wrong with it."""
        page = operator.page
        operator.choose_customer("Contoso")
        page.get_by_role("link", name="Add New Tenant").click()
        operator.fill_new_tenant(short_name=new_name("known"), email=GRACE[0])
        page.get_by_label("Send link to IT administrator for authentication").uncheck()
        page.get_by_label("Use known App registration").check()
        self.looker.at(page, "known")
        Administrator(page, self.product.mails).give_facts(CONTOSO, app_id, "Xy~8Q~not-the-secret-of-anybody-at-all")
        button(page, "Next").click()
        sees(page, "Microsoft does not accept this client secret.")
        self.looker.at(page, "refused")

    def imports(self, operator: Operator) -> None:
        """A file of many: refused, looked at with a row that is wrong, discarded, and the list of them."""
        page, look = operator.page, self.looker
        page.goto(self.address("/imports/new/"))
        onward(button(page, "Look at the rows"))
        look.at(page, "refused")
        rows = ["customer,short_name,licence,users,email", f"Contoso,{new_name('many')},Hosted Pro,20,{GRACE[0]}"]
        rows.append(f"{NAMES[-1]},not a name,Gold,many,nobody")
        table = {"name": "many.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
        page.get_by_label("File").set_input_files(files=[table])
        onward(button(page, "Look at the rows"))
        sees(page, "Start import of 1 row")
        look.at(page, "looked at")
        onward(button(page, "Discard “many.csv”"))
        look.visit(page, self.address("/imports/"), "with one")
        self.asked_first(page, "imports", "Stop")
        self.asked_first(page, "imports", "Discard")

    def asked_first(self, page: Page, name: str, deed: str) -> None:
        """What is asked before something is done with the first row of a list."""
        page.goto(self.address(f"/{name}/"))
        page.locator("#list tbody").get_by_role("checkbox").first.check()
        onward(page.locator("#ticked").get_by_role("button", name=deed))
        self.looker.at(page)

    def second_administrator(self, operator: Operator) -> str:
        """One does what they may, another could finish: what both meet, and the operator who waits."""
        look, short_name = self.looker, new_name("two")
        operator.send_link("Contoso", short_name, AVERY[0])
        first, second = self.administrator("first"), self.administrator("second")
        first.to_the_code(first.link_mailed_to(AVERY[0], about=short_name), AVERY[0])
        first.sign_in_at_microsoft(*AVERY)
        first.connection_established()
        look.at(first.page, "not everything")
        first.do_my_part(RILEY[0])
        first.start_provisioning(new_name("two"))
        expect(first.page.get_by_role("heading", name="Your part is done")).to_be_visible(timeout=PATIENCE_MS)
        sees(first.page, RILEY[0])
        look.at(first.page)
        consent = first.page.get_by_label("Consent page at Microsoft").input_value()
        state = re.search(r"state=([^&]+)", consent)
        assert state
        look.visit(self.somebody("back"), self.address(f"/consented/?admin_consent=True&state={state[1]}"), "given")

        onward(operator.pending_row("Contoso", short_name).get_by_role("link", name=short_name))
        look.at(operator.page, "waiting")
        look.visit(second.page, second.link_mailed_to(RILEY[0], about=short_name, words="Open your part"), "the rest")
        onward(button(second.page, "Continue"))
        look.at(second.page, "the rest")
        second.give_upn(RILEY[0])
        second.sign_in_at_microsoft(*RILEY)
        second.connection_established()
        look.at(second.page, "the rest")
        return short_name

    def withdrawn(self, operator: Operator) -> None:
        """A link that is closed while its holder is within the wizard, and opened once more."""
        short_name, holder = new_name("gone"), self.administrator("holder")
        operator.send_link("Contoso", short_name, GRACE[0])
        link = holder.link_mailed_to(GRACE[0], about=short_name)
        holder.open_link(link)
        operator.pending_row("Contoso", short_name).get_by_role("link", name=short_name).click()
        button(operator.page, "Open together with the customer").click()
        self.looker.at(operator.page, "assisted")
        holder.page.reload()
        self.looker.at(holder.page, "assisted")
        operator.pending_row("Contoso", short_name).get_by_role("button", name="Revoke").click()
        self.looker.at(operator.page, "dialog open")
        operator.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        sees(operator.page, "is withdrawn")
        self.looker.visit(holder.page, self.address("/wizard/closed/"))
        self.looker.visit(holder.page, link, "withdrawn")
        self.looker.visit(holder.page, f"{link}/new-link/", "withdrawn")

    def reported(self, operator: Operator) -> None:
        """An invitation that its recipient didn't expect, on both sides."""
        short_name, holder = new_name("odd"), self.administrator("careful")
        operator.send_link("Contoso", short_name, GRACE[0])
        link = holder.link_mailed_to(GRACE[0], about=short_name)
        self.looker.visit(holder.page, f"{link}/unexpected/")
        onward(button(holder.page, "I didn't expect this: freeze it"))
        self.looker.at(holder.page, "reported")
        self.looker.visit(holder.page, link, "reported")
        operator.pending_row("Contoso", short_name).get_by_role("link", name=short_name).click()
        self.looker.at(operator.page, "reported")

    def full_lists(self, operator: Operator) -> None:
        """The lists when something has happened, and one run of each state."""
        page, look = operator.page, self.looker
        for path in (
            "/",
            "/services/",
            "/invitations/",
            "/runs/",
            "/connections/",
            "/alarms/",
            "/leftovers/",
            "/activity/",
        ):
            look.visit(page, self.address(path), "in the end")
        look.visit(page, self.address("/services/validating/"))
        page.goto(self.address("/runs/"))
        states = page.locator("main table tbody td:nth-of-type(4)").all_inner_texts()
        for number in sorted(states.index(state) for state in set(states)):
            onward(page.locator("main table tbody a").nth(number))
            look.at(page, f"number {number + 1}")
            page.go_back()
        onward(page.locator("main table tbody a").first)
        look.visit(page, f"{page.url}credential/")
        self.alarmed(operator)
        self.emergency(operator)

    def alarmed(self, operator: Operator) -> None:
        """A connection that stops working: its alarm, who hears of it and when, and what looks after it."""
        page, look = operator.page, self.looker
        page.goto(self.address("/services/"))
        onward(page.locator("main table tbody tr").filter(has_text="OK").get_by_role("link").first)
        service = re.sub(r"(/services/[^/]+/).*", r"\1", page.url)
        look.visit(page, f"{service}repair/")
        look.visit(page, f"{service}ask-customer/")
        page.goto(f"{service}configuration/m365/")
        with self.product.microsoft.fault({"path": "*/oauth2/v2.0/token"}, {"aadsts": EXPIRED}):
            button(page, "Validate Authentication").first.click()
            expect(page.get_by_text("Error", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
        look.at(page, "broken")
        look.visit(page, self.address("/alarms/"), "one")
        onward(page.locator("main table tbody a").first)
        look.at(page)
        look.visit(page, self.address("/connections/orphans/"))
        ticked = urlsplit(service).path.strip("/").split("/")[-1]
        look.visit(page, self.address(f"/connections/rotate/?ticked={ticked}"))
        self.asked_first(page, "alarms", "Clear")
        self.asked_first(page, "invitations", "Revoke")
        page.goto(self.address("/customers/"))
        onward(page.locator("main table tbody a").first)
        customer = urlsplit(page.url).path.strip("/").split("/")[-1]
        self.visit_proved(page, self.address(f"/customers/move/?ticked={customer}"))
        look.visit(page, self.address(f"/alarms/hours/{customer}/"))
        look.visit(page, self.address(f"/connections/rotation/{customer}/"))

    def emergency(self, operator: Operator) -> None:
        """Everything of a channel is suspended, by its name."""
        page, look = operator.page, self.looker
        look.visit(page, self.address("/emergencies/"), "none yet")
        self.visit_proved(page, self.address("/emergencies/begin/"))
        channel = page.get_by_label("To all connections of").locator("option").last
        name = channel.inner_text()
        page.get_by_label("What is done").select_option("suspend")
        page.get_by_label("To all connections of").select_option(label=name)
        page.get_by_label("Why").fill("A key was seen where it should not be.")
        onward(page.get_by_role("main").locator("form button.btn-danger"))
        look.at(page, "refused")
        page.get_by_label("Type its name to confirm").fill(name)
        onward(page.get_by_role("main").locator("form button.btn-danger"))
        look.at(page)
        look.visit(page, self.address("/emergencies/"))

    def visit_proved(self, page: Page, address: str) -> None:
        """Go there, and prove once more who one is if the page asks for that."""
        page.goto(address)
        if "reauthenticate" in page.url:
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda now: "reauthenticate" not in now)
        self.looker.at(page)

    def settings(self, operator: Operator, *, one_of_a_kind: bool = False) -> None:
        """Every page of the settings that the settings lead to; or one for each address, whosever settings they are."""
        page = operator.page
        self.looker.visit(page, self.address("/settings/"))
        links = "all => [...new Set(all.map((one) => one.href))].filter((one) => one.includes('/settings/'))"
        here, seen = page.url, {page.url}
        for first in page.locator("main a[href]").evaluate_all(links):
            page.goto(first)
            for found in [first, *page.locator("main a[href]").evaluate_all(links)]:
                kind = route_of(found) if one_of_a_kind else found
                if not {kind, found} & seen:
                    seen |= {kind, found}
                    self.visit_proved(page, found)
        assert len(seen) > 1, f"nothing is reached from {here}"

    def system(self, who: SignIn) -> None:
        """What somebody sees who looks after the whole installation."""
        operator = self.comes_in(who)
        for path in ("/", "/services/", "/customers/", "/channels/", "/operators/"):
            self.looker.visit(operator.page, self.address(path), "of the system")
        self.places(operator, "provider")
        self.settings(operator, one_of_a_kind=True)
