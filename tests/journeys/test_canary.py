"""Secrets are nowhere but where they must be: searched in every process's output, the database, its jobs and all pages.

The database is searched row by row, and its files byte by byte: PostgreSQL's write-ahead log holds whatever was ever
written, so also the arguments of jobs that are long done and values that were stored for a moment only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from gangway.cli.demo.plot import SignIn, new_name
from m365_emulator.credentials import digest
from m365_emulator.ids import Ids
from tests.journeys.canaries import JWT, Canary, files, rows
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import Administrator, Invited, Operator, button
from tests.journeys.product import Product, command_lines
from tests.journeys.recorder import Answer, recording
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow

CODE_PAGES = ("/wizard/code/", "/wizard/code/state")
"""Where the code to type at Microsoft is shown; nowhere else."""

GRAPH = "https://graph.microsoft.com/.default"


@dataclass
class Walked:
    """A whole journey that was recorded: what both people's browsers got, and the secrets that were used."""

    short_name: str
    name: str
    app_id: str
    answers: list[Answer] = field(default_factory=list)
    secrets: list[Canary] = field(default_factory=list)
    user_codes: list[Canary] = field(default_factory=list)
    copied: Canary = field(default_factory=lambda: Canary("", ""))


def test_no_secret_is_found_anywhere_and_each_would_be(product: Product, new_page: Callable[..., Page]) -> None:
    with recording() as recorder:
        operator = Operator(new_page("operator", proxy=recorder.proxy), product.web)
        page = new_page("administrator", proxy=recorder.proxy, permissions=["clipboard-read", "clipboard-write"])
        walked = walk(product, operator, Administrator(page, product.mails))
        walked.answers.extend(recorder.answers)
    ours = [answer for answer in walked.answers if answer.address.startswith(product.web)]
    places = {
        "what the processes said": b"\n".join(log.read_bytes() for log in product.logs),
        "their command lines": command_lines(product),
        "the database's rows": rows(product.database.superuser.psycopg()),
        "the database's files": files(product.home.parent / "postgres" / "cluster"),
        "the database's log": (product.home.parent / "postgres" / "postgres.log").read_bytes(),
        "the pages": b"\n".join(answer.content for answer in ours),
    }
    the_search_finds_what_is_there(walked, places, ours)

    found = [
        f"{canary.name} in {place}"
        for place, content in places.items()
        for canary in [*walked.secrets, *walked.user_codes]
        if canary.is_in(content) and not (place == "the pages" and canary in walked.user_codes)
    ]
    assert found == []
    assert [place for place, content in places.items() if JWT.search(content)] == []
    wrong_pages = [
        urlsplit(answer.address).path
        for answer in ours
        if any(code.is_in(answer.content) for code in walked.user_codes)
        and urlsplit(answer.address).path not in CODE_PAGES
    ]
    assert wrong_pages == []
    link_pages = {urlsplit(answer.address).path for answer in ours if walked.copied.is_in(answer.content)}
    assert all(re.fullmatch(r"/invitations/[0-9a-f-]+/copy/", path) for path in link_pages)
    assert link_pages
    assert [place for place, content in places.items() if walked.copied.is_in(content)] == ["the pages"]


def the_search_finds_what_is_there(walked: Walked, places: dict[str, bytes], ours: list[Answer]) -> None:
    """Positive controls: each secret in each spelling, and in each place something that must be there."""
    for canary in [*walked.secrets, *walked.user_codes, walked.copied]:
        assert len(canary.value) > 8, canary.name
        for spelling in canary.spellings():
            assert canary.is_in(b"before" + spelling + b"after"), canary.name
    shown = {
        urlsplit(answer.address).path for answer in ours for code in walked.user_codes if code.is_in(answer.content)
    }
    assert shown, "the code was on no page that was recorded"
    assert Canary("", walked.short_name).is_in(places["the database's rows"])
    assert Canary("", walked.short_name).is_in(places["the database's files"])
    assert Canary("", walked.app_id).is_in(places["the pages"])
    assert Canary("", "provisioning:run").is_in(places["the database's files"]), "the job's name, long done"
    assert b"gangway" in places["their command lines"]
    assert places["what the processes said"]


def walk(product: Product, operator: Operator, administrator: Administrator) -> Walked:
    """The journey with detours on which secrets have a chance to get lost: wrong entries, broken links, refusals."""
    who = product.add_operator("Carol Canary", f"{new_name('carol')}@sp2.example", "the-password-of-carol-9431")

    fail_to_sign_in(operator, who)
    operator.sign_in(who)
    invited = operator.invite("Contoso", GRACE[0], administrator)
    copied = copy_link(operator, invited)
    break_link(invited)
    administrator.to_the_name(invited.link, *GRACE)
    name = new_name("canary")
    administrator.start_provisioning(name)
    app_id = administrator.until_confirmed()
    operator.pending_row("Contoso", invited.short_name)
    operator.press_add(invited.short_name)
    operator.validate_credentials()
    operator.create_service()
    operator.open_configuration()
    operator.validate_authentication()
    operator.page.goto(f"{product.web}/activity/")

    state = product.microsoft.kept()
    secrets = [
        Canary("the link of the mail", invited.link.rpartition("/")[2]),
        Canary("the operator's password", who.password),
        Canary("the operator's key for one-time codes", who.totp_key),
        Canary("the administrator's password", GRACE[1]),
        Canary("the key of sessions and forms", product.supervisor.folder.secret_key()),
        Canary("the client secret", client_secret(product, state, app_id)),
        *(Canary("a device code", code) for code in state["login"]["devices"]),
        *(Canary("a database password", password) for password in product.database_passwords()),
    ]
    codes = [Canary("a user code", flow["user_code"]) for flow in state["login"]["devices"].values()]
    return Walked(invited.short_name, name, app_id, [], secrets, codes, Canary("the copied link", copied))


def fail_to_sign_in(operator: Operator, who: SignIn) -> None:
    """The right password at a name with a slip, as it happens."""
    operator.page.goto(operator.origin)
    operator.page.get_by_label("Email").fill(f"x{who.email}")
    operator.page.get_by_label("Password", exact=True).fill(who.password)
    button(operator.page, "Sign in").click()
    expect(operator.page.get_by_label("Password", exact=True)).to_be_empty()


def copy_link(operator: Operator, invited: Invited) -> str:
    """*Copy link* mints another link and shows it once; its secret part."""
    operator.pending_row("Contoso", invited.short_name)
    button(operator.page, "Copy link").first.click()
    shown = operator.page.locator("input[readonly]").first
    return shown.input_value().rpartition("/")[2]


def break_link(invited: Invited) -> None:
    """The link as mail programs and people mangle it, and a form that is not ours: each ends in an error page."""
    with requests.Session() as session:
        session.trust_env = False
        for mangled in (f"{invited.link}/", f"{invited.link}/x", f"{invited.link}%00", f"{invited.link}?a=%ff"):
            session.get(mangled, timeout=30)
        session.post(invited.link, data={"csrfmiddlewaretoken": "wrong"}, timeout=30)


def client_secret(product: Product, state: dict[str, object], app_id: str) -> str:
    """The value of the registration's only secret: the emulator keeps a digest, and its ids follow from its seed.

    That it is the true one is shown by a token got with it.
    """
    tenant = product.microsoft.tenant_kept(state, CONTOSO)
    (kept,) = next(
        row["hidden"]["secrets"].values()
        for row in tenant["objects"].values()
        if row["body"].get("appId") == app_id and row["kind"] == "application"
    )
    ids = Ids(product.microsoft.seed)
    secret = next(text for text in (ids.secret() for _ in range(1_000)) if digest(text) == kept)
    token = product.microsoft.token(CONTOSO, app_id, secret, GRAPH)
    assert JWT.search(token.encode())
    return secret
