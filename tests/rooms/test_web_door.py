"""The link in the mail: a hundred scanners change nothing; *Continue* begins; dead links explain themselves."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.invitations import actions
from gangway.invitations.queries import LinkDead, Why
from gangway.onboarding.errors import LinkClosed
from gangway.onboarding.shapes import Begun
from gangway.organizations.models import Organization
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.shapes import FeatureRow
from gangway.web import wizard_session
from gangway.web.views import wizard_door
from tests.rooms import web_values
from tests.rooms.factories_invitations import OPERATOR, issue, link
from tests.rooms.factories_onboarding import walk
from tests.rooms.factories_organizations import make_customer
from tests.rooms.factories_web import in_wizard, put_into_wizard, soup

pytestmark = pytest.mark.django_db


def dead(reason):
    return LinkDead(reason, uuid4(), uuid4(), "", "Sailmaker Voice", "support@sailmaker.example", clock.now())


@pytest.fixture
def offered(monkeypatch):
    monkeypatch.setattr(wizard_door, "offer", lambda _token: web_values.OFFER)
    return "/i/" + "t" * 43


def without_time(answer):
    return re.sub(r'data-now="[^"]+"', "", answer.content.decode())


def entries():
    return Entry.objects.count()


def test_opening_a_link_a_hundred_times_changes_nothing(offered):
    client, before = Client(), entries()
    for _ in range(50):
        assert client.get(offered).status_code == 200
        assert client.head(offered).status_code == 200
    assert entries() == before
    assert not client.session.keys()


def test_the_first_page_says_who_asks_for_what_and_until_when(offered):
    text = soup(Client().get(offered)).get_text(" ", strip=True)
    for told in (
        "Sailmaker Voice",
        "Ida Larsen",
        "Contoso Bakeries",
        "amber lantern seven",
        "Nov 2026",
        "Didn't expect this?",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("publisher", "seen", "words"),
    [
        ("", False, "We can't see that from here."),
        ("", True, "Microsoft had not verified the publisher"),
        ("Sailmaker Voice AG", True, "Microsoft showed the publisher as verified: Sailmaker Voice AG."),
    ],
)
def test_what_microsoft_says_of_the_publisher_is_told_before_anybody_signs_in(monkeypatch, publisher, seen, words):
    seen_at = clock.now() if seen else None
    about = replace(web_values.OFFER.sign_in_application, publisher=publisher, publisher_seen_at=seen_at)
    monkeypatch.setattr(wizard_door, "offer", lambda _token: replace(web_values.OFFER, sign_in_application=about))
    told = soup(Client().get("/i/" + "t" * 43)).get_text()
    assert words in told
    assert ("We can't see that" in told) is not seen


@pytest.mark.parametrize(("optional", "state", "may"), [(True, "sent", 1), (False, "sent", 0), (True, "copying", 0)])
def test_declining_is_spoken_of_only_where_something_can_be_declined(monkeypatch, optional, state, may):
    feature = FeatureRow("extra", "Extra", "For more.", "You get less.", optional=optional, on=True)
    plan = replace(web_values.PLAN, features=(feature,))
    monkeypatch.setattr(
        wizard_door, "offer", lambda _token: replace(web_values.OFFER, plan=plan, invitation_state=state)
    )
    told = soup(Client().get("/i/" + "t" * 43)).get_text()
    assert told.count("Nothing else will be made.") == 1
    assert told.count("Optional parts can be declined") == may


def test_before_sign_in_is_set_up_one_continues_to_the_ways_without_it(monkeypatch):
    unready = replace(web_values.OFFER, sign_in_application=None)
    monkeypatch.setattr(wizard_door, "offer", lambda _token: unready)
    page = soup(Client().get("/i/" + "t" * 43))
    assert "has not finished setting up sign-in" in page.get_text()
    assert "Continue" in [button.get_text(strip=True) for button in page.select("form[method=post] button")]
    first, second = soup(in_wizard(monkeypatch, web_values.case(offer=unready)).get("/wizard/")).select(".gw-choice")
    assert first.has_attr("disabled")
    assert not second.has_attr("disabled")


def test_a_link_is_neither_kept_nor_passed_on_nor_indexed(offered):
    headers = Client().get(offered).headers
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_no_page_overrides_the_header_about_referrers(offered):
    assert not soup(Client().get(offered)).select("meta[name=referrer]")


def test_continue_as_browsers_send_it_passes_the_csrf_check(offered, monkeypatch):
    monkeypatch.setattr(wizard_door, "begin_case", lambda **_given: Begun(uuid4(), None))
    careful = Client(enforce_csrf_checks=True)
    token = soup(careful.get(offered)).select_one("[name=csrfmiddlewaretoken]")["value"]
    answer = careful.post(offered, {"csrfmiddlewaretoken": token}, headers={"Origin": "http://testserver"})
    assert answer.status_code == 302


def test_the_page_does_not_repeat_its_link(offered):
    assert "t" * 43 not in Client().get(offered).content.decode()


def test_continue_trades_the_link_for_a_session_and_a_clean_address(offered, monkeypatch):
    case_id, client = uuid4(), Client()
    monkeypatch.setattr(wizard_door, "begin_case", lambda **_given: Begun(case_id, None))
    session = client.session
    session["planted"] = "x"
    session.save()
    answer = client.post(offered)
    assert answer.headers["Location"] == reverse("web:wizard")
    assert client.session[wizard_session.KEY]["case"] == str(case_id)
    assert client.session.session_key != session.session_key


def test_a_link_that_closes_meanwhile_explains_itself(monkeypatch):
    answers = [web_values.OFFER, dead(Why.REVOKED)]
    monkeypatch.setattr(wizard_door, "offer", lambda _token: answers.pop())

    def closed(**_given):
        raise LinkClosed

    monkeypatch.setattr(wizard_door, "begin_case", closed)
    answer = Client().post("/i/abc")
    assert answer.status_code == 410
    assert "was withdrawn" in answer.content.decode()


@pytest.mark.parametrize(
    ("reason", "told", "may_connect"),
    [
        (Why.EXPIRED, "has expired", True),
        (Why.REVOKED, "was withdrawn", True),
        (Why.USED, "The connection was made with it.", False),
        (Why.REPORTED, "is frozen", False),
        (Why.ELSEWHERE, "sent to somebody else", False),
    ],
)
def test_a_dead_link_explains_itself_to_its_holder(monkeypatch, reason, told, may_connect):
    monkeypatch.setattr(wizard_door, "offer", lambda _token: dead(reason))
    monkeypatch.setattr(wizard_door, "own_view_of", lambda _held: "https://calls.example/customer/at/1/")
    answer = Client().get("/i/abc")
    page = soup(answer)
    assert answer.status_code == 410
    assert told in page.get_text()
    assert "support@sailmaker.example" in page.get_text()
    assert ("ask Sailmaker Voice for a new link" in page.get_text()) is may_connect
    assert bool(page.find("a", href="https://calls.example/customer/at/1/")) is (reason is Why.USED)


def test_strangers_learn_nothing():
    pages = {without_time(Client().get(f"/i/{guess}")) for guess in ("a" * 43, "b" * 43, "x", "æ%00")}
    assert len(pages) == 1
    assert Client().get("/i/x").status_code == 404


def test_who_has_no_session_is_told_to_open_the_link_again():
    answer = Client().get("/wizard/")
    assert answer.status_code == 404
    assert "Open the link in your e-mail again" in answer.content.decode()
    assert 'href="/"' not in answer.content.decode()


def test_no_page_behind_a_link_brings_the_number_by_which_it_is_to_be_checked():
    """A forged page would bring its own: all of them point to the contract."""
    walked, phone = walk(choose=False), "+49 30 5550 100"
    with within_everything("a test"):
        Organization.objects.filter(pk=walked.provider.id).update(support_phone=phone)
    token = link(walked.customer, walked.invitation_id)
    client = Client()
    put_into_wizard(client, walked.case_id)
    pages = [client.get(f"/i/{token.reveal()}"), client.get("/wizard/")]
    with within(walked.customer.path):
        actions.revoke(invitation_id=walked.invitation_id, by=OPERATOR, now=clock.now())
    pages += [client.get(f"/i/{token.reveal()}"), client.get("/wizard/closed/")]
    for page in pages:
        assert phone not in page.content.decode()
        assert "at the number on your contract" in soup(page).get_text()


def test_the_pages_beside_a_good_link_lead_back_to_it():
    customer = make_customer(name="Contoso")
    token = link(customer, issue(customer))
    for aside in ("unexpected", "new-link", "reminders"):
        assert soup(Client().get(f"/i/{token.reveal()}/{aside}/")).select_one('main a[href="../"]'), aside


def test_a_real_link_that_was_withdrawn_explains_itself():
    customer = make_customer(name="Contoso")
    invitation_id = issue(customer)
    token = link(customer, invitation_id)
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
    answer = Client().get(f"/i/{token.reveal()}")
    assert answer.status_code == 410
    assert "was withdrawn" in answer.content.decode()
