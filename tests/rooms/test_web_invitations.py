"""*Pending Invitations*: the original's columns, actions by state, a link that is shown once, dialogs that name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail as outgoing
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions
from gangway.invitations import queries as invitations
from gangway.invitations.aims import Aim, Purpose
from gangway.invitations.mailing import preview
from gangway.invitations.models import Link
from gangway.invitations.queries import LinkHeld, by_token
from gangway.invitations.states import State
from gangway.languages.times import time_in_words
from gangway.onboarding.models import Case, OperatorOnboarding
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.services import actions as services
from gangway.web.views import invitations as views
from tests.rooms import factories_services, web_values
from tests.rooms.factories_invitations import OPERATOR, bring_to, issue
from tests.rooms.factories_organizations import SETUP, make_channel, make_customer, make_provider
from tests.rooms.factories_web import row, sit_down, soup

pytestmark = pytest.mark.django_db

COLUMNS = (
    "ID (short name)",
    "Full Name",
    "Invitation Email",
    "M365 Admin Email",
    "Email Sent",
    "Email Invitation Sent Count",
    "Created at",
    "Expires at",
    "Device Authenticated",
    "Auth URL",
)


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def customer(provider):
    return make_customer(provider, name="Contoso Bakeries")


@pytest.fixture
def client(provider):
    return sit_down(provider)


@pytest.fixture(autouse=True)
def no_case_yet(monkeypatch):
    monkeypatch.setattr(views, "case_of_invitation", lambda _invitation_id: None)


def invite(customer, state=None, *, short_name="contoso-hq"):
    invitation_id = issue(customer, service_id=factories_services.plan(customer, short_name=short_name))
    if state:
        bring_to(customer, invitation_id, state)
    return invitation_id


def invite_again(customer, purpose=Purpose.UPGRADE):
    """To connect a service once more that is there already."""
    service_id = factories_services.plan(customer, short_name="contoso-hq")
    with within(customer.path):
        services.create_service(service_id=service_id, by=SETUP)
    return issue(customer, service_id=service_id, aim=Aim(purpose, wanted={"licence_type": "hosted_essentials_plus"}))


def page_of(invitation_id, what=""):
    return reverse(f"web:invitation{what}", args=[invitation_id])


def links():
    with within_everything("test"):
        return Link.objects.count()


def buttons(answer, short_name="contoso-hq"):
    return {
        button.get_text(strip=True)
        for button in row(answer, short_name).select("button, a.btn")
        if not button.find_parent("dialog")
    }


def test_the_columns_are_those_of_the_original(customer, client):
    invite(customer)
    head = soup(client.get("/invitations/")).thead.get_text("|", strip=True).split("|")
    assert set(COLUMNS) <= set(head)


def test_nothing_pending_teaches_what_will_be_here(client):
    assert "No invitation is pending" in client.get("/invitations/").content.decode()


@pytest.mark.parametrize(
    ("state", "device", "offered"),
    [
        (None, "false", {"Copy link", "Resend", "Revoke"}),
        (State.OPENED, "false", {"Copy link", "Resend", "Revoke"}),
        (State.AUTHENTICATED, "true", {"Add", "Revoke"}),
    ],
)
def test_a_row_offers_what_its_state_allows(customer, client, state, device, offered):
    invite(customer, state)
    answer = client.get("/invitations/")
    assert device in row(answer, "contoso-hq").get_text(" ", strip=True)
    assert buttons(answer) == offered


def test_a_filter_shows_ended_ones(customer, client):
    client.post(page_of(invite(customer), "_revoke"))
    assert "No invitation is pending" in client.get("/invitations/").content.decode()
    assert "Withdrawn" in row(client.get("/invitations/?state=revoked"), "contoso-hq").get_text()


def test_the_timeline_says_what_happened_and_by_whom(customer, client):
    page = soup(client.get(page_of(invite(customer, State.OPENED))))
    text = page.select_one(".gw-timeline").get_text(" ", strip=True)
    assert "Waiting for the administrator" in text
    assert "Opened" in text
    assert "ada@contoso.example" in text


def test_the_page_shows_the_same_problem_that_the_administrator_sees(customer, client, monkeypatch):
    refused = web_values.sign_in(problem=web_values.PROBLEM)
    monkeypatch.setattr(views, "case_of_invitation", lambda _id: web_values.case(web_values.Step.CODE, sign_in=refused))
    answer = client.get(page_of(invite(customer)))
    assert web_values.PROBLEM.what in answer.content.decode()
    assert web_values.CODE not in answer.content.decode()


def test_of_a_withdrawn_invitation_the_page_says_that_the_administrator_sees_it_closed(customer, client, monkeypatch):
    case = replace(
        web_values.case(web_values.Step.CLOSED),
        problem=web_values.PROBLEM,
        waiting=web_values.WAITING,
        closed="This invitation was withdrawn by your provider.",
    )
    monkeypatch.setattr(views, "case_of_invitation", lambda _id: case)
    invitation_id = invite(customer)
    client.post(page_of(invitation_id, "_revoke"))
    text = soup(client.get(page_of(invitation_id))).main.get_text(" ", strip=True)
    assert f"What the administrator sees now: {case.closed}" in text
    assert web_values.PROBLEM.what not in text
    assert "Waiting for another administrator" not in text


def test_the_page_shows_what_the_account_that_signed_in_can_do(customer, client, monkeypatch):
    monkeypatch.setattr(views, "case_of_invitation", lambda _id: web_values.case(web_values.Step.SIGNED_IN))
    text = soup(client.get(page_of(invite(customer)))).get_text(" ", strip=True)
    assert f"What {web_values.SIGNER.upn} can do" in text
    for part in web_values.SIGNER.parts:
        assert part.label in text
    assert "Needs another administrator" in text


def test_copy_link_shows_a_working_link_once(customer, client):
    invitation_id = invite(customer)
    answer = client.post(page_of(invitation_id, "_copy"))
    url = soup(answer).select_one("#auth-url")["value"]
    assert isinstance(by_token(SealedText(url.rsplit("/", 1)[1])), LinkHeld)
    assert answer.headers["Cache-Control"] == "no-store"
    with within(customer.path):
        actions.keep_open(invitation_id=invitation_id, until=datetime(2099, 5, 6, tzinfo=UTC))
    assert "2099" in soup(client.post(page_of(invitation_id, "_copy"))).select_one(".gw-card").get_text()
    for other in (page_of(invitation_id), "/invitations/", page_of(invitation_id, "_sent"), "/activity/"):
        assert "/i/" not in client.get(other).content.decode()


@pytest.mark.parametrize("what", ["_copy", "_resend", "_revoke", "_add"])
def test_looking_changes_nothing(customer, client, what):
    invitation_id, before = invite(customer), links()
    entries = Entry.objects.count()
    assert client.get(page_of(invitation_id, what)).status_code == 405
    assert (links(), Entry.objects.count()) == (before, entries)


@pytest.mark.parametrize("what", ["_edit", "_readdress", "_extend", "_await"])
def test_a_refused_change_that_is_loaded_again_leads_to_the_page_of_changes(customer, client, what):
    invitation_id = invite(customer)
    answer = client.get(page_of(invitation_id, what), headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(invitation_id, "_change"))


def test_resend_makes_one_more_link_and_says_so(customer, client):
    invitation_id, before = invite(customer), links()
    answer = client.post(page_of(invitation_id, "_resend"), follow=True)
    assert links() == before + 1
    assert "on its way to ada@contoso.example" in answer.content.decode()
    assert not outgoing.outbox


def test_revoke_asks_in_a_dialog_that_names_what_it_withdraws(customer, client):
    invitation_id = invite(customer)
    dialog = soup(client.get(page_of(invitation_id))).select_one(f"dialog#revoke-{invitation_id}")
    assert dialog.h2.get_text() == "Revoke the invitation for contoso-hq?"
    assert "ada@contoso.example" in dialog.get_text()
    answer = client.post(dialog.form["action"], follow=True)
    assert "is withdrawn" in answer.content.decode()
    assert "Withdrawn" in answer.content.decode()


def test_each_dialog_of_the_list_revokes_the_invitation_of_its_row(customer, client):
    ids = [invite(customer), invite(customer, short_name="another")]
    for address in ("/invitations/", reverse("web:pending_of_customer", args=[customer.id])):
        page = soup(client.get(address))
        asked = [page.select_one(f"#revoke-{each} form")["action"] for each in ids]
        assert asked == [f"/invitations/{each}/revoke/" for each in ids]


def test_an_upgrade_that_is_ready_leads_to_its_own_end_and_not_to_add(customer, client):
    invitation_id = invite_again(customer)
    bring_to(customer, invitation_id, State.AUTHENTICATED)
    page = soup(client.get(page_of(invitation_id)))
    assert page.find("a", href=page_of(invitation_id, "_upgrade")).get_text(strip=True) == "Upgrade Customer"
    assert page.find("form", action=page_of(invitation_id, "_add")) is None


def test_revoking_what_renews_a_service_says_that_the_service_lives_on(customer, client):
    invitation_id = invite_again(customer, Purpose.RENEW)
    told = soup(client.get(page_of(invitation_id))).select_one(f"dialog#revoke-{invitation_id}").get_text()
    assert "The service contoso-hq goes on as it is" in told
    assert "becomes free again" not in told


def test_one_that_expired_is_begun_again_with_what_it_was_made_with(customer, client):
    invitation_id = invite(customer)
    assert "Invite again" not in client.get(page_of(invitation_id)).text
    with within(customer.path):
        later = clock.now() + timedelta(days=8)
        assert actions.expire(invitation_id=invitation_id, by=OPERATOR, now=later)
    address = soup(client.get(page_of(invitation_id))).select_one("a[href*='?again=']")["href"]
    page = soup(client.get(address))
    assert page.select_one("[name=days]")["value"] == "7"
    typed = {name: page.select_one(f"[name={name}]")["value"] for name in ("short_name", "licensed_users", "recipient")}
    assert typed == {"short_name": "contoso-hq", "licensed_users": "25", "recipient": "ada@contoso.example"}
    assert page.select_one("[name=licence_type][checked]")["value"] == "hosted_pro"
    others = make_provider()
    other = make_customer(others)
    assert (
        sit_down(others).get(f"{reverse('web:new_tenant', args=[other.id])}?again={invitation_id}").status_code == 404
    )


def test_inviting_again_begins_with_the_days_that_were_chosen(customer, client):
    with within(customer.path):
        made = actions.issue_invitation(
            service_id=factories_services.plan(customer, short_name="long"),
            recipient="ada@contoso.example",
            plan={},
            plan_fingerprint="sha256:1",
            days=21,
            by=OPERATOR,
            now=clock.now(),
        )
        actions.extend(invitation_id=made.invitation_id, days=40, by=OPERATOR, now=clock.now())
        actions.revoke(invitation_id=made.invitation_id, by=OPERATOR, now=clock.now())
    page = soup(client.get(f"{reverse('web:new_tenant', args=[customer.id])}?again={made.invitation_id}"))
    assert page.select_one("[name=days]")["value"] == "21"


def test_a_draft_ends_so_many_days_after_it_is_sent_and_nothing_says_a_passed_time(customer, client):
    long_ago = clock.now() - timedelta(days=5)
    with within(customer.path):
        invitation_id = actions.issue_invitation(
            service_id=factories_services.plan(customer, short_name="drafted"),
            recipient="ada@contoso.example",
            plan={"profile": "teams-voice", "version": 2},
            plan_fingerprint="sha256:1",
            days=1,
            draft=True,
            by=OPERATOR,
            now=long_ago,
        ).invitation_id
    passed = (long_ago + timedelta(days=1)).strftime("%Y-%m-%dT%H")
    listed = row(client.get("/invitations/"), "drafted")
    assert "1 day from sending" in listed.get_text()
    page = client.get(page_of(invitation_id))
    assert "1 day from sending" in soup(page).get_text()
    assert "The draft itself is kept until" in soup(page).get_text()
    for shown in (str(listed), page.content.decode(), client.get("/invitations/export.csv").content.decode()):
        assert passed not in shown
    with within(customer.path):
        mail = preview(invitation_id, operator="Olga").mail
    assert time_in_words(clock.now() + timedelta(days=1)).rpartition(",")[0] in mail.text


def test_nothing_is_on_its_way_of_what_was_withdrawn(customer, client):
    invitation_id = invite(customer)
    assert "is on its way" in client.get(page_of(invitation_id, "_sent")).text
    client.post(page_of(invitation_id, "_revoke"))
    assert client.get(page_of(invitation_id, "_sent"))["Location"] == page_of(invitation_id)


def test_what_happens_now_says_what_will_and_nothing_that_cannot(provider, customer, client):
    invitation_id = invite(customer)
    told = client.get(page_of(invitation_id, "_sent")).text
    assert "You press Add" in told
    assert "Copy link makes one more" in told
    with within(provider.path):
        words = dict.fromkeys(("subject", "opening", "closing"), "")
        actions.set_terms(provider.id, life_days=None, may_copy=False, by=OPERATOR, **words)
    with within(customer.path):
        actions.edit(invitation_id=invitation_id, phone="", finish_by_itself=True, by=OPERATOR, now=clock.now())
    told = client.get(page_of(invitation_id, "_sent")).text
    assert "created by itself when the checks pass" in told
    assert "Copy link" not in told


@pytest.mark.parametrize("purpose", [Purpose.RENEW, Purpose.REPAIR, Purpose.MOVE, Purpose.REPLACE, Purpose.UPGRADE])
def test_nobody_is_told_to_press_what_they_never_will(customer, client, purpose):
    told = client.get(page_of(invite_again(customer, purpose), "_sent")).text
    assert "You press Add" not in told
    assert ("You press Upgrade Customer" in told) is (purpose is Purpose.UPGRADE)
    assert ("The service goes on with it by itself" in told) is (purpose is not Purpose.UPGRADE)


def test_of_what_an_operator_types_beside_nothing_is_offered_that_would_be_refused(customer, client):
    page = soup(client.get(page_of(invite_again(customer, Purpose.BESIDE), "_change")))
    assert page.select("main form") == []


def test_of_an_invitation_for_a_living_service_all_but_the_names_is_changed(customer, client):
    invitation_id = invite_again(customer, Purpose.RENEW)
    asked = {field["name"] for field in soup(client.get(page_of(invitation_id, "_change"))).select("form [name]")}
    assert not asked & {"full_name", "short_name", "finish_by_itself"}
    answer = client.post(page_of(invitation_id, "_edit"), {"phone": "+49 30 1", "language": "de"}, follow=True)
    assert "Changed." in answer.content.decode()
    with within(customer.path):
        about = invitations.invitation(invitation_id)
    assert (about.recipient_phone, about.language, about.service_short_name) == ("+49 30 1", "de", "contoso-hq")


def test_what_is_over_says_so_instead_of_doing_it_again(customer, client):
    invitation_id = invite(customer)
    client.post(page_of(invitation_id, "_revoke"))
    answer = client.post(page_of(invitation_id, "_resend"))
    assert answer.status_code == 409
    assert "is over" in answer.content.decode()


def test_a_channel_sees_its_own_inside_the_onboarding_wizard_only(provider):
    channel = make_channel(provider)
    customer = make_customer(channel)
    invitation_id = invite(customer)
    client = sit_down(channel)
    assert client.get("/invitations/").status_code == 403
    assert row(client.get(reverse("web:pending_of_customer", args=[customer.id])), "contoso-hq")
    page = soup(client.get(page_of(invitation_id)))
    assert page.select_one("a.gw-back")["href"] == reverse("web:pending_of_customer", args=[customer.id])


def test_who_may_not_open_the_list_reads_what_became_of_several_on_the_start_page(provider):
    channel = make_channel(provider)
    customer = make_customer(channel)
    chosen = {"ticked": [invite(customer, short_name="contoso-hq"), invite(customer, short_name="contoso-two")]}
    client = sit_down(channel)
    told = client.post(reverse("web:invitations_resend"), chosen, follow=True)
    assert (told.status_code, told.redirect_chain) == (200, [(reverse("web:home"), 302)])
    assert "Done with 2 of 2" in soup(told).get_text()
    asked = soup(client.get(reverse("web:invitations_revoke"), chosen))
    assert {link["href"] for link in asked.select("main a[href]")} == {reverse("web:home")}
    assert asked.select_one("a.gw-back").get_text(strip=True) == "Dashboard"
    told = client.post(reverse("web:invitations_revoke"), chosen, follow=True)
    assert "Done with 2 of 2" in soup(told).get_text()


def test_a_monitor_looks_but_has_no_buttons(provider, customer):
    invitation_id = invite(customer)
    monitor = sit_down(provider, role=Role.MONITOR)
    assert buttons(monitor.get("/invitations/")) == set()
    for what in ("_copy", "_resend", "_revoke", "_add"):
        assert monitor.post(page_of(invitation_id, what)).status_code == 403


def test_strangers_find_nothing(customer):
    invitation_id = invite(customer)
    stranger = sit_down(make_provider())
    for what in ("_copy", "_resend", "_revoke", "_add"):
        assert stranger.post(page_of(invitation_id, what)).status_code == 404
    assert stranger.get(page_of(invitation_id)).status_code == 404


def added(customer, invitation_id):
    """Somebody pressed Add; gives the part that they began."""
    bring(customer, invitation_id, State.ADDED)
    with within(customer.path):
        about, now = invitations.invitation(invitation_id), clock.now()
        of = {"organization_id": customer.id, "invitation_id": invitation_id, "service_id": about.service_id}
        case = Case.objects.create(**of, provider_id=about.provider_id, created_at=now, touched_at=now)
        more = {"registration_id": uuid4(), "credential_id": uuid4(), "added_by_id": "", "added_by_name": "Ida Larsen"}
        return OperatorOnboarding.objects.create(**of, **more, case=case, added_at=now)


def test_what_was_added_and_not_finished_stays_in_sight_whatever_was_finished_since(customer, client):
    invitation_id = invite(customer, State.AUTHENTICATED)
    begun = added(customer, invitation_id)
    for number in range(51):
        later = issue(customer, service_id=factories_services.plan(customer, short_name=f"done-{number}"))
        bring_to(customer, later, State.AUTHENTICATED)
        bring(customer, later, State.ADDED)
    go_on = reverse("web:onboarding", args=[begun.pk])
    for address in ("/invitations/", reverse("web:pending_of_customer", args=[customer.id])):
        answer = client.get(address)
        assert "Added, not finished" in answer.content.decode()
        assert "Go on" in row(answer, "contoso-hq").get_text()
    for address in ("/", reverse("web:service", args=[begun.service_id])):
        page = soup(client.get(address))
        (link,) = page.select(f"a[href='{go_on}']")
        assert link.get_text().startswith("Go on")
        assert "Ida Larsen" in page.get_text()
    with within(customer.path):
        services.create_service(service_id=begun.service_id, by=SETUP)
    assert "Added, not finished" not in client.get("/invitations/").content.decode()
    assert go_on not in client.get("/").content.decode()


def test_a_finished_one_leads_to_its_service(customer, client):
    invitation_id = invite(customer, State.AUTHENTICATED)
    bring(customer, invitation_id, State.ADDED)
    with within(customer.path):
        service_id = invitations.invitation(invitation_id).service_id
        services.create_service(service_id=service_id, by=SETUP)
    page = soup(client.get(page_of(invitation_id)))
    assert page.select_one("main header a.btn")["href"] == reverse("web:service", args=[service_id])


def bring(customer, invitation_id, state):
    with within(customer.path):
        actions.move(invitation_id=invitation_id, to=state, by=OPERATOR)
