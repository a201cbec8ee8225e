"""No page leads anybody where they may not go: every level and role follows each link; each button is one of theirs.

Whoever sees a link has been told that there is something for them; a 403 or 404 behind it would say otherwise.
"""

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from gangway.organizations.roles import ROLE_TABLE, Kind, Role, roles_at
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.factories_web import prove, sit_down
from tests.rooms.test_web_lists import one_of_each
from tests.rooms.test_web_strangers import World, made, root

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

RIGHT = [(kind, role) for kind in Kind for role in roles_at(kind)]
OF_EACH = 2
"""So many addresses of a view are opened: a list has hundreds of combinations of filters, orders and rows."""
REFUSED = {403, 404}
NOT_FOLLOWED = frozenset({"account_logout", "microsoft"})
"""Links that end the session or leave for Microsoft."""


@pytest.fixture(scope="module")
def world(django_db_setup: object, django_db_blocker: Any) -> Iterator[World]:
    """One of each thing, and a service that is connected, with all that leads there."""
    with django_db_blocker.unblock(), transaction.atomic():
        here = made()
        one_of_each(here.places[Kind.CUSTOMER], 1)
        yield here
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def nobody_is_stopped(monkeypatch):
    """Limits have their own tests; here they would hide what comes behind them."""
    monkeypatch.setattr("gangway.web.limits._counted", lambda _request: [])
    cache.clear()


def leads_to(address: str) -> Any:
    """The view behind an address of ours; None for one that is nobody's."""
    try:
        return resolve(urlsplit(address).path)
    except Resolver404:
        return None


def refusals(client: Client, held: frozenset[Any]) -> dict[str, str]:
    """Walk from the Dashboard over every link; says which page leads to which refusal."""
    waiting, met, opened, wrong = deque([(reverse("web:home"), "the beginning")]), set(), Counter(), {}
    while waiting:
        address, seen_on = waiting.popleft()
        parts = urlsplit(address)
        view = leads_to(address)
        if address in met or (view and opened[view.url_name] == OF_EACH):
            continue
        met.add(address)
        opened[view and view.url_name] += 1
        answer = client.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        if answer.status_code in REFUSED or answer.status_code >= 500:
            wrong[address] = f"{answer.status_code} behind a link on {seen_on}"
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = BeautifulSoup(answer.content, "html.parser")
        for form in page.select("form[action], button[formaction]"):
            target = leads_to(urljoin(parts.path, form.get("action") or form["formaction"]))
            needed = set(getattr(target and target.func, "capabilities", ()))
            if target is None or (needed and not needed & held):
                wrong[f"{form}"[:200]] = f"a button on {parts.path} that may not be pressed"
        for link in page.select("a[href]"):
            found = urljoin(address, link["href"]).partition("#")[0]
            target = leads_to(found)
            if urlsplit(found).netloc or urlsplit(found).scheme:
                continue
            if target is None or target.url_name not in NOT_FOLLOWED:
                waiting.append((found, parts.path))
    return wrong


@pytest.mark.parametrize(("kind", "role"), RIGHT, ids=[f"{kind.value} {role.value}" for kind, role in RIGHT])
def test_every_link_is_one_that_its_reader_may_follow(world, kind, role):
    client = prove(sit_down(world.places[kind], role=role))
    wrong = refusals(client, ROLE_TABLE[kind, role])
    assert not wrong, "\n" + "\n".join(f"{what}: {why}" for what, why in wrong.items())


LESSER = [one for one in RIGHT if Role.ADMIN not in one]
"""Who may not do everything: what an empty list offers first is mostly something to be done."""


@pytest.mark.parametrize(("kind", "role"), LESSER, ids=[f"{kind.value} {role.value}" for kind, role in LESSER])
def test_where_nothing_is_yet_no_page_leads_into_a_refusal_either(kind, role):
    provider = make_provider()
    channel = make_channel(provider)
    below = {Kind.CHANNEL: channel, Kind.CUSTOMER: make_customer(channel)}
    places = {Kind.SYSTEM: root(), Kind.PROVIDER: provider, **below}
    client = prove(sit_down(places[kind], role=role))
    wrong = refusals(client, ROLE_TABLE[kind, role])
    assert not wrong, "\n" + "\n".join(f"{what}: {why}" for what, why in wrong.items())
