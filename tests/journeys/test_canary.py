"""Secrets are nowhere but where they must be: searched in every process's output, the database, its jobs and all pages.

The database is searched row by row, and its files byte by byte: PostgreSQL's write-ahead log holds whatever was ever
written, so also the arguments of jobs that are long done and values that were stored for a moment only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from gangway.cli.demo.cast import CLIENT_ID
from gangway.cli.demo.plot import SignIn, new_name
from m365_emulator.ids import Ids
from tests.journeys.canaries import JWT, Canary, files, rows
from tests.journeys.microsoft import CONTOSO, Microsoft
from tests.journeys.people import Administrator, Invited, Operator, button
from tests.journeys.product import Product, command_lines
from tests.journeys.recorder import Answer, recording
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow

CODE_PAGES = {"/wizard/code/", "/wizard/code/state"}
"""Where the code to type at Microsoft is shown; nowhere else."""

GRAPH = "https://graph.microsoft.com/.default"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_CODE_BYTES = 216
MANY = 1_000
"""More codes and secrets than the emulator gives in a run of all journeys."""


@dataclass
class Walked:
    """A whole journey and the secrets that were used. ``code`` and ``copied`` are shown on one page each."""

    short_name: str
    app_id: str
    secrets: list[Canary]
    code: Canary
    copied: Canary


def test_no_secret_is_found_anywhere_and_each_would_be(product: Product, new_page: Callable[..., Page]) -> None:
    with recording() as recorder:
        operator = Operator(new_page("operator", proxy=recorder.proxy), product.web)
        page = new_page("administrator", proxy=recorder.proxy, permissions=["clipboard-read", "clipboard-write"])
        walked = walk(product, operator, Administrator(page, product.mails))
    ours = [answer for answer in recorder.answers if answer.address.startswith(product.web)]
    places = {
        "what the processes said": b"\n".join(log.read_bytes() for log in product.logs),
        "their command lines": command_lines(product),
        "the database's rows": rows(product.database.superuser.psycopg()),
        "the database's files": files(product.home.parent / "postgres" / "cluster"),
        "the database's log": (product.home.parent / "postgres" / "postgres.log").read_bytes(),
        "the pages": b"\n".join(answer.content for answer in ours),
    }
    the_search_finds_what_is_there(walked, places)

    found = [
        f"{canary.name} in {place}"
        for place, content in places.items()
        for canary in [*walked.secrets, walked.code, walked.copied]
        if canary.is_in(content)
    ]
    assert sorted(found) == ["the code to type in the pages", "the copied link in the pages"]
    assert [place for place, content in places.items() if JWT.search(content)] == []
    assert paths_with(walked.code, ours) <= CODE_PAGES
    (copy_page,) = paths_with(walked.copied, ours)
    assert re.fullmatch(r"/invitations/[0-9a-f-]+/copy/", copy_page)


def paths_with(canary: Canary, answers: list[Answer]) -> set[str]:
    """On which of our pages it stood."""
    return {urlsplit(answer.address).path for answer in answers if canary.is_in(answer.content)}


def the_search_finds_what_is_there(walked: Walked, places: dict[str, bytes]) -> None:
    """Positive controls: each secret in each spelling, and in each place something that must be there."""
    for canary in [*walked.secrets, walked.code, walked.copied]:
        assert len(canary.value) > 8, canary.name
        for spelling in canary.spellings():
            assert canary.is_in(b"before" + spelling + b"after"), canary.name
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
    administrator.to_the_code(invited.link, GRACE[0])
    code = administrator.shown_code()
    administrator.sign_in_at_microsoft(*GRACE)
    administrator.connection_established()
    administrator.next_step()
    administrator.start_provisioning(new_name("canary"))
    app_id = administrator.until_confirmed()
    operator.pending_row("Contoso", invited.short_name)
    operator.press_add(invited.short_name)
    operator.validate_credentials()
    operator.create_service()
    operator.open_configuration()
    operator.validate_authentication()
    operator.page.goto(f"{product.web}/activity/")

    secrets = [
        Canary("the link of the mail", invited.link.rpartition("/")[2]),
        Canary("the operator's password", who.password),
        Canary("the operator's key for one-time codes", who.totp_key),
        Canary("the administrator's password", GRACE[1]),
        Canary("the key of sessions and forms", product.supervisor.folder.secret_key()),
        Canary("the client secret", client_secret(product.microsoft, app_id)),
        Canary("the device code", device_flow(product.microsoft, code)),
        *(Canary("a database password", password) for password in product.database_passwords()),
    ]
    shown = Canary("the code to type", code)
    return Walked(invited.short_name, app_id, secrets, shown, Canary("the copied link", copied))


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


def device_flow(microsoft: Microsoft, user_code: str) -> str:
    """The device code that belongs to a user code: both follow from the emulator's seed, in the same order.

    That it is the true one is shown by Microsoft's answer: it was redeemed, once.
    """
    ids = Ids(microsoft.seed)
    flows = ((ids.user_code(), ids.opaque(DEVICE_CODE_BYTES, "device-code")) for _ in range(MANY))
    device_code = next(device_code for shown, device_code in flows if shown == user_code)
    form = {"grant_type": DEVICE_GRANT, "client_id": CLIENT_ID}
    assert "already redeemed" in microsoft.token("organizations", **form, device_code=device_code)["error_description"]
    return device_code


def client_secret(microsoft: Microsoft, app_id: str) -> str:
    """The value of the registration's secret, which follows from the emulator's seed; the true one gets a token."""
    ids = Ids(microsoft.seed)
    form = {"grant_type": "client_credentials", "client_id": app_id, "scope": GRAPH}
    for secret in (ids.secret() for _ in range(MANY)):
        answer = microsoft.token(CONTOSO, **form, client_secret=secret)
        if "access_token" in answer:
            assert JWT.search(answer["access_token"].encode())
            return secret
    raise AssertionError("none of the emulator's secrets is the registration's")
