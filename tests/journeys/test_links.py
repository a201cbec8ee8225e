"""The link in the mail: opened by machines, opened again, withdrawn, and guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg
import pytest
import requests
from playwright.sync_api import Page, expect
from psycopg import sql

from gangway.cli.demo.plot import new_name
from tests.journeys.people import COPY_AND_OPEN, Administrator, Invited, Operator, button, sees, shut
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

OPENINGS = 100
WAITING = "Waiting for the administrator"
MAKING, HELD_MS = "/v1.0/applications(uniqueName=*", 6_000
"""The request that makes the application, and how long Microsoft takes for it: a browser comes back in that time."""

RESTLESS = {
    "audit_head",
    "audit_seal",
    "config_cache",
    "jobs_schedule",
    "onboarding_signin",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
}
"""In these workers note that they live and poll, and the entrance counts who asks how often, whatever anybody does.

Jobs for somebody are looked at apart; heads and seals follow the log's entries.
"""


def test_link_opened_a_hundred_times_by_a_scanner_changes_nothing(
    product: Product, invited: Invited, operator: Operator, administrator: Administrator, new_page: Callable[..., Page]
) -> None:
    operator.open_pending("Contoso")
    eventually(lambda: WAITING in operator.reloaded_row(invited.short_name), "the mail's state")
    others = cases(product)
    before = contents(product, others)
    scanner = new_page("scanner")
    scanner.goto(invited.link, wait_until="networkidle")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: opened(invited.link, number), range(OPENINGS)))
    assert {200} <= set(answers) <= {200, 429}
    assert {cookie["name"] for cookie in scanner.context.cookies()} <= {"__Host-csrf"}
    assert contents(product, others) == before
    assert WAITING in operator.reloaded_row(invited.short_name)
    administrator.to_the_code(invited.link, GRACE[0])


def test_closed_tab_continues_by_the_link_at_every_stage(
    product: Product,
    invited: Invited,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    administrator.to_the_code(invited.link, GRACE[0])
    code = administrator.shown_code()
    shut(administrator.page)

    second = new_administrator("second browser")
    second.open_link(invited.link)
    expect(second.page.get_by_role("link", name=COPY_AND_OPEN)).to_be_visible()
    assert second.shown_code() == code
    second.sign_in_at_microsoft(*GRACE)
    second.connection_established()
    second.next_step()
    name = new_name("back")
    with product.microsoft.fault({"method": "PATCH", "path": MAKING, "times": 1}, {"delay_ms": HELD_MS}):
        second.start_provisioning(name)
        shut(second.page)
        third = new_administrator("third browser")
        third.open_link(invited.link)
        sees(third.page, f"Making “{name}”")
    third.until_confirmed()

    last = new_administrator("last browser")
    last.page.goto(invited.link)
    sees(last.page, "This link has done its work")


def test_withdrawn_link_says_so_to_its_holder_also_within_the_wizard(
    invited: Invited, operator: Operator, administrator: Administrator
) -> None:
    administrator.to_the_code(invited.link, GRACE[0])
    operator.revoke("Contoso", invited.short_name)
    sees(administrator.page, "This invitation is closed")
    answer = administrator.page.goto(invited.link)
    assert answer is not None
    assert answer.status == 410
    sees(administrator.page, "This link was withdrawn")
    expect(button(administrator.page, "Continue")).to_be_hidden()


def test_unknown_link_tells_a_stranger_nothing(
    product: Product, invited: Invited, administrator: Administrator
) -> None:
    answer = administrator.page.goto(invited.link[:-4] + "AAAA")
    assert answer is not None
    assert answer.status == 404
    sees(administrator.page, "This address doesn't lead anywhere")
    expect(administrator.page.locator("body")).not_to_contain_text("Contoso")
    expect(administrator.page.locator("body")).not_to_contain_text("Sandbox")


def opened(link: str, number: int) -> int:
    """Open a link as mail scanners do, also with HEAD, without keeping cookies."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request("HEAD" if number % 2 else "GET", link, timeout=30).status_code


def cases(product: Product) -> list[str]:
    """The ids of all cases there are: others' ones, as long as nobody pressed *Continue*."""
    with psycopg.connect(**product.database.superuser.psycopg()) as connection:
        return [row[0] for row in connection.execute("SELECT id::text FROM onboarding_case")]


def contents(product: Product, others: list[str]) -> dict[str, str]:
    """A fingerprint of every table's rows, and of every job that is about a person's doing.

    Without others' cases and what the log says of them: a code that nobody typed may end at any moment.
    """
    apart: dict[str, LiteralString] = {
        "onboarding_case": "WHERE NOT t.id::text = ANY(%(others)s)",
        "audit_entry": "WHERE NOT (starts_with(t.subject, 'case:') AND substr(t.subject, 6) = ANY(%(others)s))",
    }
    with psycopg.connect(**product.database.superuser.psycopg()) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ]
        shown = {}
        for name in names:
            if name not in RESTLESS:
                shown[name] = _rows(connection, name, apart.get(name, ""), others)
        jobs = connection.execute(
            "SELECT id, task_name, args::text FROM procrastinate_jobs WHERE args <> '{}' ORDER BY id"
        ).fetchall()
    return shown | {"jobs": _fingerprint([str(row) for row in jobs if "timestamp" not in row[2]])}


def _rows(connection: psycopg.Connection, table: str, where: LiteralString, others: list[str]) -> str:
    query = sql.SQL("SELECT row_to_json(t)::text FROM {} AS t {} ORDER BY 1").format(
        sql.Identifier(table), sql.SQL(where)
    )
    return _fingerprint([row[0] for row in connection.execute(query, {"others": others})])


def _fingerprint(rows: list[str]) -> str:
    return f"{len(rows)} rows {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()[:16]}"
