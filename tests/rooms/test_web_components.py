"""The living page of components: there for those who build pages, and nowhere else."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from gangway.web import words
from gangway.web.templatetags.gangway import breakable
from tests.rooms.factories_web import soup

pytestmark = pytest.mark.django_db
PARTS = Path(words.__file__).parent / "templates" / "components"
WITHIN = {
    "all",
    "wordmark",
    "flash",
    "form_errors",
    "knowingly",
    "opened",
    "live",
    "preflight",
    "run_steps",
    "run_references",
    "waiting_facts",
    "asked_for",
    "existing_checking",
    "existing_key",
    "existing_form",
    "existing_seen",
    "by_hand_script",
    "by_hand_guide",
    "beside",
    "bulk",
    "tick",
    "tick_all",
    "typed",
    "plan_changes",
    "consent_way",
    "credential",
    "export",
    "keys",
    "languages",
    "licence_choice",
}
"""Parts that need something real behind them, or are drawn as part of others; and the page itself."""


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setattr(settings, "GANGWAY", settings.GANGWAY.model_copy(update={"show_components": True}))
    return soup(Client().get("/components/"))


def test_there_is_no_such_page_unless_it_is_switched_on():
    assert Client().get("/components/").status_code == 404


def test_every_pill_of_the_product_is_drawn(shown):
    drawn = {pill.get_text(strip=True) for pill in shown.select(".gw-pill")}
    tables = (words.CONNECTION, words.DEPLOYMENT, words.INVITATION, words.RUN)
    assert {str(pill.word) for table in tables for pill in table.values()} <= drawn


def test_every_component_has_its_place_there():
    text = (PARTS / "all.html").read_text()
    tags = {"page_head", "dialog", "problem", "filters"}
    included = set(re.findall(r'components/(\w+)\.html"', text)) | {tag for tag in tags if tag in text}
    for whole in ("problem", "filters"):
        included |= set(re.findall(r"components/(\w+)\.html", (PARTS / f"{whole}.html").read_text()))
    assert {path.stem for path in PARTS.glob("*.html")} - WITHIN <= included


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("User.Read.All", "User.<wbr>Read.<wbr>All"),
        ("ann.b@sub.contoso.com", "ann.<wbr>b<wbr>@sub.<wbr>contoso.<wbr>com"),
        ("<b>.x", "&lt;b&gt;.<wbr>x"),
        ("–", "–"),
    ],
)
def test_names_and_addresses_break_where_their_parts_do(name, html):
    assert breakable(name) == html
