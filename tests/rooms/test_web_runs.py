"""The *Runs* page and the support bundle, as operators and administrators meet them in their browsers."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from gangway.foundation import clock
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.provisioning.engine import pinning
from gangway.provisioning.models import Leftover, Run
from gangway.provisioning.states import RunKind, RunState
from gangway.web.views import wizard_live
from gangway.web.words import RUN_KIND
from tests.rooms import factories_services, web_values
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_provisioning import Work
from tests.rooms.factories_web import in_wizard, row, sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def work(provider):
    customer = make_customer(provider, name="Contoso Bakeries")
    work = Work(customer, factories_services.plan(customer))
    work.start("any", name="voice-one")
    return work


@pytest.fixture
def client(provider):
    return sit_down(provider)


def test_nothing_has_run_yet_teaches_what_a_run_is(client):
    page = soup(client.get("/runs/"))
    assert "Nothing has been made yet" in page.get_text()
    assert page.select_one(".gw-filters") is None


def test_runs_are_in_the_navigation_listed_and_lead_to_their_page(client, work):
    page = client.get("/runs/")
    assert soup(page).select_one('nav a[href="/runs/"]')
    line = row(page, "voice-one")
    assert "Contoso Bakeries" in line.get_text()
    assert "Queued" in line.get_text()
    assert line.a["href"] == reverse("web:run", args=[work.run_id])


@pytest.mark.parametrize(("state", "ended"), [("waiting", False), ("needs_sign_in", False), ("proved", True)])
def test_what_rests_until_somebody_signs_in_has_not_ended(client, work, state, ended):
    with within(work.customer.path):
        Run.objects.filter(pk=work.run_id).update(
            state=state, token_sealed_id=None, ended_at=datetime(2031, 5, 7, tzinfo=UTC)
        )
    assert ("2031" in row(client.get("/runs/"), "voice-one").get_text()) is ended
    assert ("2031" in client.get(reverse("web:run", args=[work.run_id])).text) is ended


def test_search_and_state_stand_in_the_address_and_say_when_nothing_is_found(client, work):
    assert row(client.get("/runs/?q=voice&state=queued"), "voice-one")
    page = soup(client.get("/runs/?q=voice&state=proved"))
    assert "No run is like that" in page.get_text()
    assert page.select_one("#q")["value"] == "voice"
    assert page.select_one("option[selected]")["value"] == "proved"
    assert client.get("/runs/?q=%00&state=x&page=999").status_code == 200


def test_the_list_says_what_each_run_is_for_and_can_be_kept_to_one_purpose(client, work):
    repair, renewal = RUN_KIND[RunKind.REPAIR], RUN_KIND[RunKind.ROTATION]
    with within(work.customer.path):
        Run.objects.filter(pk=work.run_id).update(kind=RunKind.REPAIR.value)
    assert str(repair) in row(client.get("/runs/"), "voice-one").get_text()
    kept = client.get("/runs/?kind=repair")
    assert row(kept, "voice-one")
    assert soup(kept).select_one("#kind option[selected]").get_text() == repair
    other = soup(client.get("/runs/?kind=rotation"))
    assert other.select_one("#kind option[selected]").get_text() == renewal
    assert "No run is like that" in other.get_text()
    assert row(client.get("/runs/?kind=nonsense"), "voice-one")


@pytest.mark.parametrize("kind", RunKind)
def test_each_kind_of_run_says_what_it_is_for_and_speaks_of_a_sign_in_only_where_there_was_one(client, work, kind):
    signed_in = kind in {RunKind.SETUP, RunKind.REPAIR, RunKind.UPGRADE}
    with within(work.customer.path):
        about = {"kind": kind.value, "signer_upn": "grace@contoso.com" if signed_in else ""}
        over = {"state": RunState.PROVED.value, "token_sealed_id": None, "token_row_id": None, "token_field": ""}
        Run.objects.filter(pk=work.run_id).update(**about, **over)
    page = soup(client.get(reverse("web:run", args=[work.run_id])))
    facts = {fact.get_text(): fact.find_next("dd").get_text() for fact in page.select("dt")}
    assert facts["What for"] == RUN_KIND[kind]
    assert ("Sign-in application removed" in facts) is signed_in
    assert ("Nobody" in facts["Signed in as"]) is not signed_in
    assert ("The registration is made and proved." in page.get_text()) is (kind is RunKind.SETUP)


def test_others_see_none_of_them(work):
    rival = sit_down(make_provider(short_name="rival"), role=Role.ADMIN)
    assert "voice-one" not in rival.get("/runs/").content.decode()
    assert rival.get(reverse("web:run_support", args=[work.run_id])).status_code == 404


def test_the_support_bundle_is_a_file_that_no_cache_keeps(client, work):
    answer = client.get(reverse("web:run_support", args=[work.run_id]))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert f"gangway-run-{work.run_id}.txt" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "no-store"
    assert "provisioning:run:queued" in answer.content.decode()
    assert client.get(reverse("web:run_support", args=[uuid4()])).status_code == 404
    assert client.post(reverse("web:run_support", args=[work.run_id])).status_code == 405


def test_the_page_of_a_run_offers_it_and_follows_a_run_that_is_copied(client, work, monkeypatch):
    copying = web_values.run(RunState.COPYING, headline="Microsoft is still copying this; usually under a minute.")
    monkeypatch.setattr("gangway.web.views.runs.run", lambda _id: copying)
    monkeypatch.setattr("gangway.web.views.runs.registration", lambda _id: web_values.REGISTRATION)
    page = soup(client.get(reverse("web:run", args=[web_values.NIL])))
    assert page.select_one(f'a[href="{reverse("web:run_support", args=[web_values.NIL])}"]')
    assert "Microsoft is copying it" in page.get_text()
    state = reverse("web:run_state", args=[web_values.NIL])
    assert client.get(state, {"seen": page.select_one("[name=seen]")["value"]}).status_code == 204


def test_the_wizard_offers_it_under_the_details_for_the_it_team(monkeypatch):
    case = web_values.case(web_values.Step.PROVISIONING)
    browser = in_wizard(monkeypatch, case)
    page = soup(browser.get("/wizard/provisioning/"))
    assert page.select_one('details a[href="/wizard/provisioning/support/"]')
    monkeypatch.setattr(wizard_live, "support_bundle", lambda _case_id, now: "what happened")
    answer = browser.get("/wizard/provisioning/support/")
    assert answer.content == b"what happened"


def test_a_case_without_a_run_has_no_bundle(monkeypatch):
    browser = in_wizard(monkeypatch, web_values.case(web_values.Step.CHOOSE))
    assert browser.get("/wizard/provisioning/support/").status_code == 404


def test_the_page_of_a_run_shows_the_plan_its_fingerprint_and_what_was_left(client, work):
    with within(work.customer.path):
        row = work.row()
        Leftover.objects.create(
            organization_id=row.organization_id,
            registration_id=row.registration_id,
            run_id=row.pk,
            service_id=row.service_id,
            kind="permission",
            name="Domain.ReadWrite.All",
            object_id="assignment-1",
            why="It was only for the set-up.",
            since=clock.now(),
            seen_at=clock.now(),
        )
        fingerprint = pinning.shown(pinning.fingerprint(row.registration.plan))
    text = soup(client.get(reverse("web:run", args=[work.run_id]))).get_text(" ", strip=True)
    for told in (
        fingerprint,
        "Teams Telephony Administrator",
        "Not proved yet.",
        "It was only for the set-up.",
        "Not yet",
    ):
        assert told in text
