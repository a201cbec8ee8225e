"""Every list of the Operation Center stands in the table of lists, and what one lacks is said with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gangway.web.lists import FIVE, LISTS

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "src" / "gangway" / "web" / "templates"
PAGE = (ROOT / "docs" / "why" / "lists.md").read_text("utf-8")
DRAWN_BY = {
    "add_service/customer.html": "choose_customer",
    "add_service/pending.html": "pending_of_customer",
    "alarms/list.html": "alarms",
    "around/activity.html": "activity",
    "emergencies/detail.html": "emergency",
    "emergencies/list.html": "emergencies",
    "fleet/list.html": "connections",
    "fleet/orphans.html": "orphans",
    "imports/detail.html": "import",
    "imports/list.html": "imports",
    "invitations/list.html": "invitations",
    "leftovers/list.html": "leftovers",
    "operators/list.html": "operators",
    "places/list.html": "customers",
    "runs/list.html": "runs",
    "services/list.html": "services",
    "settings/hosts.html": "settings_hosts",
    "settings/providers.html": "settings",
}
"""Which template draws which list; that of customers draws channels and providers, too."""


LIST = re.compile(r'id="list"|components/pages\.html')
"""A list is what a search replaces, or what turns its pages."""


def test_every_page_with_a_list_stands_in_the_table():
    """A new one is added to `web/lists.py`, with what it has and why it lacks the rest."""
    found = {
        str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html") if LIST.search(file.read_text("utf-8"))
    }
    pages = {page for page in found if not page.startswith("components/")} | {"around/activity.html"}
    assert pages == set(DRAWN_BY)
    assert {*DRAWN_BY.values(), "channels", "providers"} == set(LISTS)


@pytest.mark.parametrize("page", DRAWN_BY)
def test_a_list_has_the_five_things_or_says_why_not(page):
    """The sixth, keys, is the same on every page of the desk; `test_web_lists.py` looks at the pages themselves."""
    listed, source = LISTS[DRAWN_BY[page]], (TEMPLATES / page).read_text("utf-8")
    has = {
        "search": "{% filters" in source or "components/search.html" in source,
        "filters": bool(listed.filters),
        "sort": bool(listed.sorts),
        "ticked": "components/bulk.html" in source,
        "export": bool(listed.export),
    }
    assert {what for what in FIVE if not has[what]} == set(listed.lacks)


def test_what_the_page_says_of_lists_is_what_the_table_says():
    """The reasons stand in docs/why/lists.md in more words; here only that no list and no deed is forgotten there."""
    told = PAGE.lower()
    for name in (name for name, listed in LISTS.items() if not listed.lacks):
        assert LISTS[name].title.lower() in told, name
        for deed in LISTS[name].deeds:
            assert str(deed.word).lower() in told or "export" in str(deed.word).lower(), deed.route
