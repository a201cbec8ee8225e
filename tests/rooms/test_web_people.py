"""Pages about people in the browser: inviting, joining, the switcher, the second factor, one's own sign-in."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from gangway.accounts import actions, rules
from gangway.accounts.models import EntraTenant, OperatorInvitation
from gangway.accounts.passwords import is_breached, is_put_together
from gangway.accounts.states import SecondFactor
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.notifications.messages import MESSAGES
from gangway.notifications.models import Message
from gangway.notifications.states import MessageKind
from gangway.organizations import people
from gangway.organizations.actions import enroll_totp
from gangway.organizations.models import Membership, Operator
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.vault import actions as vault
from tests.rooms.factories_organizations import (
    PASSWORD,
    SETUP,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import error_at, prove, row, sit_down, soup

pytestmark = pytest.mark.django_db
TOKEN = SealedText("t" * 43)


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def known_token(monkeypatch):
    monkeypatch.setattr(actions, "new_token", lambda: TOKEN)


def place_id(where, **about) -> int:
    with within(where.path):
        return Membership.objects.get(**about).pk


def invitation(where, **given) -> dict[str, str]:
    return {"name": "Nils New", "email": "nils@sp2.example", "organization": str(where.id), "role": "monitor", **given}


# Operators


def test_an_invited_operator_joins_sets_up_a_second_factor_and_is_in():
    provider = make_provider()
    admin = prove(sit_down(provider))
    assert admin.post("/operators/invite/", invitation(provider)).status_code == 302
    assert "Invited" in row(admin.get("/operators/"), "nils@sp2.example").get_text()
    guest = Client()
    assert "Nils" in guest.get(f"/join/{TOKEN.reveal()}").content.decode()
    given = {"way": "password", "name": "Nils New", "password": "five words nobody else has"}
    assert guest.post(f"/join/{TOKEN.reveal()}", given).status_code == 302
    assert guest.get("/services/").headers["Location"] == "/me/second-factor/"
    assert "Authenticator app" in guest.get("/me/second-factor/").content.decode()
    assert "No second factor" in row(admin.get("/operators/"), "nils@sp2.example").get_text()


def test_opening_the_link_changes_nothing():
    provider = make_provider()
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    for _ in range(3):
        Client().get(f"/join/{TOKEN.reveal()}")
        Client().head(f"/join/{TOKEN.reveal()}")
    assert not Operator.objects.filter(email="nils@sp2.example").exists()


def test_whoever_has_an_account_signs_in_and_comes_back_without_the_token_in_another_address():
    provider = make_provider()
    person = Operator.objects.get(pk=make_operator(make_provider()))
    with within_everything("a test"):
        enroll_totp(person.pk, by=SETUP)
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider, email=person.email))
    guest, there = Client(), f"/join/{TOKEN.reveal()}"
    page = guest.get(there)
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.content.decode().count(TOKEN.reveal()) == 0
    asked = guest.post(there, {"way": "account"})
    assert asked.headers["Location"] == "/accounts/login/?next=/join/again/"
    assert guest.cookies["__Host-join"]["httponly"]
    back = guest.get("/join/again/")
    assert (back.headers["Location"], guest.cookies["__Host-join"].value) == (there, "")
    assert Client().get("/join/again/").status_code == 404


def test_the_mail_goes_through_the_outbox_and_web_sends_none():
    provider = make_provider()
    answer = prove(sit_down(provider)).post("/operators/invite/", invitation(provider), follow=True)
    assert mail.outbox == []
    assert TOKEN.reveal() not in answer.content.decode()
    with within(provider.path):
        assert Message.objects.get(kind="operator_invitation").to == "nils@sp2.example"


def test_what_is_wrong_with_an_invitation_stands_at_its_field_and_nothing_typed_is_lost():
    provider = make_provider()
    admin, customer = prove(sit_down(provider)), make_customer(provider)
    answer = admin.post("/operators/invite/", invitation(customer, role="admin", email="nobody"))
    assert "At this level there are: Operator, Operator Lite, Monitor." in error_at(answer, "role")
    assert "This isn't an e-mail address" in error_at(answer, "email")
    assert soup(answer).select_one("#id_name")["value"] == "Nils New"


def test_a_persons_name_that_mails_would_make_a_link_of_is_refused_at_its_field():
    provider = make_provider()
    given = invitation(provider, name="Nils https://evil.example")
    answer = prove(sit_down(provider)).post("/operators/invite/", given)
    assert "can't hold a web address" in error_at(answer, "name")


@pytest.mark.parametrize("bound", ["operator_invitations_a_day", "operator_invitations_a_day_to_one"])
def test_so_many_operators_are_invited_within_a_day_and_no_more(settings, monkeypatch, bound):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={bound: 2})
    monkeypatch.undo()
    provider = make_provider()
    client = prove(sit_down(provider))
    for name in ("one", "two"):
        answer = client.post("/operators/invite/", invitation(provider, email=f"{name}@sp2.example"))
        assert answer.headers["Location"] == "/operators/"
    answer = client.post("/operators/invite/", invitation(provider, email="three@sp2.example"))
    assert "within a day" in error_at(answer, "email")
    with within(provider.path):
        first = OperatorInvitation.objects.order_by("created_at").first()
        again = client.post(reverse("web:operator_resend", args=[first.pk]), follow=True)
        assert "within a day" in soup(again).get_text()
        assert Message.objects.filter(kind="operator_invitation").count() == 2
        Message.objects.update(created_at=clock.now() - timedelta(days=2))
    client.post("/operators/invite/", invitation(provider, email="three@sp2.example"))
    assert len(mailed(provider, "operator_invitation")) == 3


def test_a_mail_to_a_stranger_greets_by_a_short_name_without_anything_to_follow():
    provider = make_provider()
    name = "Win at evil.example/prize or " + "very " * 30
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider, name=name))
    (sent,) = mailed(provider, "operator_invitation")
    assert sent.context["name"].startswith("Win at evil. example prize or very")
    assert len(sent.context["name"]) <= 61


def test_a_password_of_fewer_than_fifteen_characters_is_told_at_its_field():
    provider = make_provider()
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    answer = Client().post(f"/join/{TOKEN.reveal()}", {"way": "password", "name": "Nils", "password": "x8Kq!fourteen1"})
    assert "15 characters" in error_at(answer, "password")


def test_a_channels_admin_is_offered_only_what_they_may_give():
    channel = make_channel(make_provider())
    make_customer(channel, name="Below")
    page = soup(prove(sit_down(channel)).get("/operators/invite/"))
    assert [one.get_text() for one in page.select("#id_role option")] == ["Admin"]
    assert len(page.select("#id_organization option")) == 1


def test_every_one_of_very_many_customers_is_reached_by_search_by_its_page_and_by_the_form(monkeypatch):
    monkeypatch.setattr("gangway.organizations.people_queries.MOST_CHOICES", 2)
    monkeypatch.setattr("gangway.web.views.operators.MOST_CHOICES", 2)
    provider = make_provider(name="Sailmaker")
    _one, _two, last = [make_customer(provider, name=name) for name in ("Aa Corp", "Ab Corp", "Zebra Trading")]
    admin = prove(sit_down(provider))

    def offered(address):
        return [one.get_text() for one in soup(admin.get(address)).select("#id_organization option")]

    assert "Zebra Trading (Customer)" not in offered("/operators/invite/")
    assert offered("/operators/invite/?place=tradi") == ["Zebra Trading (Customer)"]
    assert "No organization has a name" in admin.get("/operators/invite/?place=nowhere").content.decode()
    link = soup(admin.get(f"/customers/{last.id}/")).find("a", href=f"/operators/invite/?organization={last.id}")
    assert soup(admin.get(link["href"])).select_one("#id_organization option[selected]")["value"] == str(last.id)
    assert admin.post("/operators/invite/", invitation(last, role="monitor")).headers["Location"] == "/operators/"


def test_an_invitation_that_is_older_than_those_listed_is_found_and_withdrawn(monkeypatch):
    monkeypatch.setattr("gangway.accounts.queries.MOST", 1)
    monkeypatch.setattr("gangway.web.views.operators.MOST", 1)
    provider, tokens = make_provider(), iter([SealedText("a" * 43), SealedText("b" * 43)])
    monkeypatch.setattr(actions, "new_token", lambda: next(tokens))
    admin = prove(sit_down(provider))
    for name in ("Olda Older", "Nils Newer"):
        given = invitation(provider, name=name, email=f"{name[:4].lower()}@sp2.example")
        admin.post("/operators/invite/", given)

    def listed(**sought):
        return [each.get_text() for each in soup(admin.get("/operators/", sought)).select("[aria-labelledby=invited]")]

    assert "Only the newest" in admin.get("/operators/").content.decode()
    assert [("nils@" in each, "olda@" in each) for each in listed()] == [(True, False)]
    for search in ("olda", "OLDER"):
        assert ["olda@" in each for each in listed(q=search)] == [True]
    revoke = soup(admin.get("/operators/?q=olda")).select_one("form[action$='/revoke/']")["action"]
    admin.post(revoke)
    assert listed(q="olda") == listed(role="admin") == []


def test_dangerous_things_ask_who_it_is_once_more():
    provider = make_provider()
    client, target = sit_down(provider), make_operator(provider, role=Role.MONITOR)
    address = reverse("web:operator_remove", args=[place_id(provider, operator_id=target)])
    answer = client.post(address)
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert place_id(provider, operator_id=target)
    assert prove(client).post(address).headers["Location"] == "/operators/"


def test_forbidding_tokens_works_at_once_and_allowing_them_asks_who_it_is():
    provider = make_provider()
    address = reverse("web:service_tokens", args=[plan(make_customer(provider))])
    client = sit_down(provider)
    assert "/reauthenticate/" not in client.post(address, {"forbid": "yes"}).headers["Location"]
    assert "/reauthenticate/" in client.post(address).headers["Location"]


def test_an_invitation_gives_rights_and_asks_who_it_is_once_more_when_made_and_when_sent_again():
    provider = make_provider()
    client = sit_down(provider)
    for answer in (client.get("/operators/invite/"), client.post("/operators/invite/", invitation(provider))):
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    with within(provider.path):
        made = OperatorInvitation.objects.get()
    address = reverse("web:operator_resend", args=[made.pk])
    assert client.post(address).headers["Location"].startswith("/accounts/reauthenticate/")
    assert prove(client).post(address).headers["Location"] == "/operators/"


@pytest.mark.parametrize(
    ("has_account", "has_microsoft", "said"),
    [(False, False, "password, and set"), (False, True, "sign in with Microsoft"), (True, True, "address already")],
)
def test_the_mail_names_the_ways_in_that_the_page_offers(settings, has_account, has_microsoft, said):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"people_client_id": str(uuid4()) if has_microsoft else ""})
    provider = make_provider()
    if has_account:
        known = make_operator(make_channel(provider))
        Operator.objects.filter(pk=known).update(email="nils@sp2.example")
    with within(provider.path):
        if has_microsoft:
            EntraTenant(organization_id=provider.id, tenant_id=uuid4(), cloud="public", created_at=clock.now()).save()
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    with within(provider.path):
        told = Message.objects.get(kind="operator_invitation")
    mail = MESSAGES[MessageKind.OPERATOR_INVITATION].compose(told.context, link="https://gangway.example/join/x")
    assert said in " ".join(mail.text.split())
    assert said in " ".join(mail.html.split())


def test_the_last_admin_is_told_what_to_do_first():
    provider = make_provider()
    client = prove(sit_down(provider))
    answer = client.post(reverse("web:operator_remove", args=[place_id(provider)]), follow=True)
    assert "Make somebody else an Admin first." in answer.content.decode()


def test_a_removed_person_is_out_with_their_next_request():
    provider = make_provider()
    admin, other = prove(sit_down(provider)), sit_down(provider, role=Role.MONITOR, name="Mona Monitor")
    assert other.get("/services/").status_code == 200
    admin.post(reverse("web:operator_remove", args=[place_id(provider, role="monitor")]))
    assert other.get("/services/").status_code in {302, 403}


@pytest.mark.parametrize("action", ["suspend", "remove", "end_sessions", "reset_factor"])
def test_who_does_it_to_themselves_is_told_so_at_the_sign_in(action):
    provider = make_provider()
    make_operator(provider)
    client = prove(sit_down(provider, name="Sue Self"))
    sue = Operator.objects.get(name="Sue Self")
    UserSession.objects.create(user=sue, session_key=client.session.session_key, ip="127.0.0.1")
    own = place_id(provider, operator__name="Sue Self")
    answer = client.post(reverse(f"web:operator_{action}", args=[own]), follow=True)
    assert [answer.status_code, answer.redirect_chain[-1][0]] == [200, reverse("account_login")]
    assert "Sue Self" in soup(answer).select_one("main").get_text()
    assert client.get("/services/").status_code == 302


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MONITOR])
def test_who_may_not_manage_operators_finds_no_button_and_no_way(role):
    provider = make_provider()
    client, target = prove(sit_down(provider, role=role)), make_operator(provider, role=Role.MONITOR)
    address = reverse("web:operator_suspend", args=[place_id(provider, operator_id=target)])
    assert client.post(address).status_code == 403
    assert client.get("/operators/invite/").status_code == 403


def test_a_person_changes_their_own_name_and_it_is_told_as_it_was_and_is():
    provider = make_provider()
    client = sit_down(provider, name="Sue Self")
    assert "Type a name" in error_at(client.post("/me/name/", {"name": " "}), "name")
    assert error_at(client.post("/me/name/", {"name": "see https://evil.example/x"}), "name")
    page = soup(client.post("/me/name/", {"name": "Sue  Self-Other"}, follow=True))
    assert page.select_one("#id_name")["value"] == "Sue Self-Other"
    with within(provider.path):
        entry = activity(organization_path=provider.path, limit=1)[0]
    assert (entry.event, entry.actor_name) == (Event.OPERATOR_RENAMED, "Sue Self")
    assert [(each.before, each.after) for each in entry.changes] == [("Sue Self", "Sue Self-Other")]
    assert "Sue Self-Other" in soup(client.get("/operators/?q=other")).select_one("tbody").get_text()


def test_an_address_that_only_takes_a_form_leads_a_browser_to_the_page_above():
    client, page = sit_down(make_provider()), {"Accept": "text/html,*/*;q=0.8"}
    ways = {"/me/name/": "/me/", "/me/address/confirm/": "/me/address/", "/operators/7/sessions/end/": "/operators/7/"}
    for address, above in ways.items():
        answer = client.get(address, headers=page)
        assert (answer.status_code, answer.headers["Location"]) == (302, above)
    assert client.get("/me/name/").status_code == 405
    assert client.get("/me/name/", headers={**page, "HX-Request": "true"}).status_code == 405
    assert client.put("/me/", headers=page).status_code == 405
    assert client.get("/me/address/confirm/", headers=page, follow=True).status_code == 200


def test_a_role_that_somebody_else_changed_meanwhile_is_not_changed_unseen():
    provider = make_provider()
    olga, paul, target = (
        prove(sit_down(provider)),
        prove(sit_down(provider)),
        make_operator(provider, role=Role.MONITOR),
    )
    place = place_id(provider, operator_id=target)
    page, address = reverse("web:operator", args=[place]), reverse("web:operator_role", args=[place])
    shown = soup(paul.get(page)).select_one("[name=shown]")["value"]
    olga.post(address, {"role": "admin", "shown": shown})
    told = soup(paul.post(address, {"role": "operator", "shown": shown}, follow=True))
    assert "Somebody has given this person another role" in told.get_text()
    assert told.select_one("#role option[selected]")["value"] == "admin"
    paul.post(address, {"role": "operator", "shown": told.select_one("[name=shown]")["value"]})
    with within(provider.path):
        assert Membership.objects.get(pk=place).role == "operator"


def test_an_admin_corrects_the_name_of_their_own_people_and_of_nobody_who_belongs_elsewhere_as_well():
    provider = make_provider()
    one, other = make_channel(provider), make_channel(provider)
    client, target = sit_down(one), make_operator(one, name="Nils Nwe")
    address = reverse("web:operator_name", args=[place_id(one, operator_id=target)])
    assert "is called that" in soup(client.post(address, {"name": "Nils New"}, follow=True)).get_text()
    assert Operator.objects.get(pk=target).name == "Nils New"
    with within(other.path):
        people.give_role(operator_id=target, organization_id=other.id, role=Role.ADMIN, by=SETUP)
    client.post(address, {"name": "Somebody Else"})
    assert Operator.objects.get(pk=target).name == "Nils New"
    assert sit_down(make_provider()).post(address, {"name": "Stranger's"}).status_code == 404


# Another e-mail address


def mailed(where, kind: str) -> list[Message]:
    with within(where.path):
        return list(Message.objects.filter(kind=kind).order_by("created_at"))


def test_a_person_changes_their_address_by_a_link_mailed_to_the_new_one_and_the_old_one_is_told():
    provider = make_provider()
    client = sit_down(provider, name="Sue Self")
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    before = person.email
    assert client.post("/me/address/", {"email": "sue@new.example"}).headers["Location"] != "/me/", "proved first"
    prove(client)
    assert "look" in error_at(client.post("/me/address/", {"email": "sue"}), "email").lower()
    assert "already" in error_at(client.post("/me/address/", {"email": before.upper()}), "email")
    page = soup(client.post("/me/address/", {"email": "Sue@New.example"}, follow=True))
    assert "sue@new.example; it is good for one day" in " ".join(page.get_text().split())
    person.refresh_from_db()
    assert person.email == before
    (link,) = mailed(provider, "address_link")
    assert link.to == "sue@new.example"
    there = client.get(link_of(link))
    assert there.headers["Referrer-Policy"] == "no-referrer" or "origin" in there.headers["Referrer-Policy"]
    key = soup(there).select_one("[name=key]")["value"]
    told = soup(client.post("/me/address/confirm/", {"key": key}, follow=True)).get_text()
    assert "You sign in with sue@new.example from now on." in told
    person.refresh_from_db()
    assert person.email == "sue@new.example"
    notices = mailed(provider, "sign_in_changed")
    assert [each.to for each in notices] == [before, before]
    assert [each.context["what"].partition(" (")[0] for each in notices] == [
        "another e-mail address was asked for",
        "your e-mail address was changed",
    ]
    with within(provider.path):
        entries = [one for one in activity(organization_path=provider.path) if one.event == Event.OPERATOR_READDRESSED]
    assert [(each.before, each.after) for each in entries[0].changes] == [(before, "sue@new.example")]
    guest = Client()
    for address, status in ((before, 200), ("sue@new.example", 302)):
        given = {"login": address, "password": PASSWORD.reveal()}
        assert guest.post("/accounts/login/", given).status_code == status
    assert "sue@new.example" in soup(client.get("/operators/?q=sue@new")).select_one("tbody").get_text()
    assert "isn't good any more" in soup(client.post("/me/address/confirm/", {"key": key}, follow=True)).get_text()


def test_a_link_to_confirm_an_address_is_of_no_use_to_anybody_else_and_the_one_before_it_of_none_at_all():
    provider = make_provider()
    client, thief = prove(sit_down(provider)), sit_down(provider)
    client.post("/me/address/", {"email": "first@new.example"})
    client.post("/me/address/", {"email": "second@new.example"})
    first, second = (link_of(one).rpartition("/")[2] for one in mailed(provider, "address_link"))
    assert "Sign in first" in soup(Client().get(f"/address/{second}")).get_text()
    assert "isn't good any more" in soup(thief.post("/me/address/confirm/", {"key": second}, follow=True)).get_text()
    assert "isn't good any more" in soup(client.post("/me/address/confirm/", {"key": first}, follow=True)).get_text()
    assert not Operator.objects.filter(email__endswith="@new.example").exists()


def test_the_address_of_somebody_elses_account_is_neither_given_away_nor_taken():
    provider = make_provider()
    known = Operator.objects.get(pk=make_operator(make_provider()))
    client = prove(sit_down(provider))
    typed = (known.email, "n@new.example")
    answers = [soup(client.post("/me/address/", {"email": each}, follow=True)) for each in typed]
    said = [answer.select_one(".alert-success, [role=status]").get_text(" ", strip=True) for answer in answers]
    assert said[0].replace(known.email, "") == said[1].replace("n@new.example", "")
    assert [one.to for one in mailed(provider, "address_link")] == ["n@new.example"]
    client.post("/me/address/", {"email": "later@new.example"})
    key = link_of(mailed(provider, "address_link")[-1]).rpartition("/")[2]
    Operator.objects.create(email="later@new.example", name="Later", created_at=clock.now())
    told = soup(client.post("/me/address/confirm/", {"key": key}, follow=True)).get_text()
    assert "Somebody already signs in with this e-mail address." in told


def test_an_admin_asks_for_another_address_of_their_own_people_who_confirm_it_themselves():
    provider = make_provider()
    one, other = make_channel(provider), make_channel(provider)
    admin, theirs = prove(sit_down(one)), sit_down(one)
    target = Operator.objects.get(pk=theirs.session["_auth_user_id"])
    address = reverse("web:operator_address", args=[place_id(one, operator_id=target.pk)])
    page = soup(admin.post(address, {"email": "right@new.example"}, follow=True))
    assert "isn't confirmed yet" in page.get_text()
    key = link_of(mailed(one, "address_link")[0]).rpartition("/")[2]
    admin.post("/me/address/confirm/", {"key": key})
    assert not Operator.objects.filter(email="right@new.example").exists(), "nobody takes an account over"
    theirs.post("/me/address/confirm/", {"key": key})
    assert Operator.objects.get(email="right@new.example") == target
    with within(other.path):
        people.give_role(operator_id=target.pk, organization_id=other.id, role=Role.ADMIN, by=SETUP)
    assert "to another organization, too" in soup(admin.post(address, {"email": "no@new.example"})).get_text()
    assert prove(sit_down(make_provider())).post(address, {"email": "no@new.example"}).status_code == 404


def test_who_comes_in_by_microsoft_alone_reads_what_the_address_is_for():
    client = sit_down(make_provider())
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    person.set_unusable_password()
    person.save()
    client.force_login(person)
    page = Client()
    page.cookies = client.cookies
    assert "You sign in with Microsoft, whatever this address is" in soup(page.get("/me/")).get_text()


# Several organizations


def test_the_switcher_leads_to_ones_other_organization_and_back():
    provider = make_provider()
    one, other = make_channel(provider, name="Harbour"), make_channel(provider, name="Lighthouse")
    client = sit_down(one)
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    with within(other.path):
        people.give_role(operator_id=person.pk, organization_id=other.id, role=Role.ADMIN, by=SETUP)
    page = soup(client.get("/services/"))
    assert [each.get_text() for each in page.select("#switch option")] == ["Harbour", "Lighthouse"]
    client.post("/me/organization/", {"organization": str(other.id)})
    assert soup(client.get("/services/")).select_one("#switch option[selected]").get_text() == "Lighthouse"
    with within(other.path):
        Membership.objects.filter(operator_id=person.pk).delete()
    assert "Lighthouse" not in client.get("/services/").content.decode()


def test_nobody_switches_into_an_organization_that_is_not_theirs():
    provider = make_provider()
    client = sit_down(make_channel(provider))
    assert client.post("/me/organization/", {"organization": str(provider.id)}).status_code == 404
    assert client.post("/me/organization/", {"organization": "x"}).status_code == 404


# The second factor


LIBRARY = ("2fa/", "password/change/", "sessions/", "2fa/recovery-codes/generate/", "2fa/webauthn/")


@pytest.mark.parametrize("page", LIBRARY)
def test_without_a_second_factor_no_other_page_of_the_account_is_reached(page):
    client = prove(sit_down(make_provider(), second_factor=False))
    assert client.get(f"/accounts/{page}").headers["Location"] == "/me/second-factor/"


@pytest.mark.parametrize("page", ["2fa/totp/activate/", "2fa/webauthn/add/"])
def test_without_a_second_factor_the_pages_to_set_it_up_are_reached(page):
    assert prove(sit_down(make_provider(), second_factor=False)).get(f"/accounts/{page}").status_code == 200


def test_where_it_is_optional_nobody_is_led_to_it():
    provider = make_provider()
    with within(provider.path):
        rules.set_second_factor(provider.id, rule=SecondFactor.OPTIONAL, by=SETUP)
    client = sit_down(provider, second_factor=False)
    assert client.get("/services/").status_code == 200
    assert client.get("/me/second-factor/").headers["Location"] == "/"


def test_an_administrator_resets_a_lost_second_factor():
    provider = make_provider()
    admin = prove(sit_down(provider))
    other = sit_down(provider, role=Role.MONITOR)
    person = other.session["_auth_user_id"]
    admin.post(reverse("web:operator_reset_factor", args=[place_id(provider, role="monitor")]))
    assert not Authenticator.objects.filter(user_id=person).exists()


def test_a_second_factor_is_not_reset_for_somebody_of_another_organization_too():
    one, other = make_provider(), make_provider()
    admin, target = prove(sit_down(one)), sit_down(other, role=Role.MONITOR)
    person = Operator.objects.get(pk=target.session["_auth_user_id"])
    with within(one.path):
        people.give_role(operator_id=person.pk, organization_id=one.id, role=Role.MONITOR, by=SETUP)
    answer = admin.post(reverse("web:operator_reset_factor", args=[place_id(one, operator_id=person.pk)]), follow=True)
    assert "belongs to another organization" in answer.content.decode()
    assert Authenticator.objects.filter(user=person).exists()


def test_who_was_removed_and_is_invited_again_gets_in_with_neither_password_nor_second_factor_left():
    provider = make_provider()
    admin, person = prove(sit_down(provider)), Operator.objects.get(pk=make_operator(provider, role=Role.MONITOR))
    with within(provider.path):
        enroll_totp(person.pk, by=SETUP)
    admin.post(reverse("web:operator_remove", args=[place_id(provider, operator_id=person.pk)]))
    Client().post("/accounts/password/reset/", {"email": person.email})
    admin.post("/operators/invite/", invitation(provider, email=person.email))
    Client().post("/accounts/password/reset/", {"email": person.email})
    with within(provider.path):
        message, invited = Message.objects.get(kind="password_reset"), OperatorInvitation.objects.get()
    guest, new = Client(), "another few words of mine"
    there = guest.get(link_of(message), follow=True)
    guest.post(there.request["PATH_INFO"], {"password1": new, "password2": new})
    reset = reverse("web:operator_reset_invited", args=[invited.pk])
    assert soup(admin.get("/operators/")).select_one(f"form[action='{reset}']")
    assert person.email in admin.post(reset, follow=True).content.decode()
    guest.post("/accounts/login/", {"login": person.email, "password": new})
    guest.post(f"/join/{TOKEN.reveal()}", {"way": "account"})
    assert guest.get("/services/").headers["Location"] == "/me/second-factor/"
    assert not soup(admin.get("/operators/")).select_one(f"form[action='{reset}']")


def test_whose_role_is_elsewhere_keeps_their_second_factor_when_invited():
    provider = make_provider()
    admin, person = prove(sit_down(provider)), Operator.objects.get(pk=make_operator(make_provider()))
    with within_everything("test set-up"):
        enroll_totp(person.pk, by=SETUP)
    admin.post("/operators/invite/", invitation(provider, email=person.email))
    with within(provider.path):
        invited = OperatorInvitation.objects.get()
    reset = reverse("web:operator_reset_invited", args=[invited.pk])
    assert not soup(admin.get("/operators/")).select_one(f"form[action='{reset}']")
    assert "belongs to another organization" in admin.post(reset, follow=True).content.decode()
    assert Authenticator.objects.filter(user=person).exists()


# One's own sign-in


def test_a_forgotten_password_is_replaced_by_a_link_that_a_worker_mails():
    provider = make_provider()
    person = Operator.objects.get(pk=make_operator(provider))
    answer = Client().post("/accounts/password/reset/", {"email": person.email})
    assert answer.headers["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox == []
    with within(provider.path):
        message = Message.objects.get(kind="password_reset")
    client = Client()
    there = client.get(link_of(message), follow=True)
    given = {"password1": "another few words of mine", "password2": "another few words of mine"}
    client.post(there.request["PATH_INFO"], given)
    person.refresh_from_db()
    assert person.check_password("another few words of mine")


def link_of(message: Message) -> str:
    """Open a sealed link as only a worker can, and return its path."""
    from gangway.notifications.outbox import link_place  # noqa: PLC0415  a worker's business

    with within_everything("a test plays the worker"):
        place = link_place(message.organization_id, message.id)
        link = vault.reveal(sealed_id=message.link_sealed_id, place=place, purpose="test", by=SETUP).reveal()
    return re.sub(r"^https?://[^/]+", "", link)


def test_an_unknown_address_gets_the_same_answer_and_no_mail():
    known = Operator.objects.get(pk=make_operator(make_provider()))
    one = Client().post("/accounts/password/reset/", {"email": known.email}, follow=True)
    other = Client().post("/accounts/password/reset/", {"email": "nobody@sp2.example"}, follow=True)
    plain = [re.sub(r'(nonce|value|data-now)="[^"]+"', "", each.content.decode()) for each in (one, other)]
    assert plain[0] == plain[1]
    with within_everything("a test looks at all"):
        assert Message.objects.filter(kind="password_reset").count() == 1


def test_resetting_the_password_does_not_go_round_the_second_factor():
    provider, guest, new = make_provider(), Client(), "another few words of mine"
    person = Operator.objects.get(pk=sit_down(provider).session["_auth_user_id"])
    guest.post("/accounts/password/reset/", {"email": person.email})
    with within(provider.path):
        message = Message.objects.get(kind="password_reset")
    there = guest.get(link_of(message), follow=True)
    guest.post(there.request["PATH_INFO"], {"password1": new, "password2": new})
    assert guest.get("/services/").headers["Location"].startswith("/accounts/login/"), "nobody is in by the link"
    guest.post("/accounts/login/", {"login": person.email, "password": new})
    assert guest.get("/services/").status_code == 302
    assert "One more step" in guest.get("/accounts/2fa/authenticate/").content.decode()


def test_a_changed_password_is_told_by_mail_and_in_the_log():
    provider = make_provider()
    client = prove(sit_down(provider))
    new = {
        "oldpassword": PASSWORD.reveal(),
        "password1": "another few words of mine",
        "password2": "another few words of mine",
    }
    assert client.post("/accounts/password/change/", new).status_code == 302
    with within(provider.path):
        assert Message.objects.get(kind="sign_in_changed").context["what"] == "your password was changed"
        told = [(entry.event, entry.data) for entry in activity(organization_path=provider.path, limit=10)]
    assert ("accounts:credential:changed", {"what": "password changed"}) in told


def test_signing_in_and_failing_to_are_in_the_log_without_what_was_typed():
    provider = make_provider()
    person = Operator.objects.get(pk=make_operator(provider))
    Client().post("/accounts/login/", {"login": person.email, "password": "a wrong password of mine"})
    Client().post("/accounts/login/", {"login": person.email, "password": PASSWORD.reveal()})
    with within(provider.path):
        told = activity(organization_path=provider.path, limit=10)
    assert {"accounts:sign_in:refused", "accounts:sign_in:granted"} <= {entry.event for entry in told}
    assert not [entry for entry in told if "wrong password" in str(entry.data)]


def test_a_stranger_who_guesses_does_not_lock_the_person_out():
    person = Operator.objects.get(pk=make_operator(make_provider()))
    guesser, owner = Client(REMOTE_ADDR="192.0.2.66"), Client(REMOTE_ADDR="192.0.2.7")
    for _ in range(8):
        guesser.post("/accounts/login/", {"login": person.email, "password": "guessing and guessing"})
    given = {"login": person.email, "password": PASSWORD.reveal()}
    assert guesser.post("/accounts/login/", given).status_code != 302
    assert owner.post("/accounts/login/", given).status_code == 302


def test_who_has_the_password_and_guesses_at_codes_is_told_to_its_owner_once():
    provider = make_provider()
    person = Operator.objects.get(pk=make_operator(provider))
    with within(provider.path):
        enroll_totp(person.pk, by=SETUP)
    guesser = Client(REMOTE_ADDR="192.0.2.66")
    guesser.post("/accounts/login/", {"login": person.email, "password": PASSWORD.reveal()})
    told = []
    for _ in range(7):
        guesser.post("/accounts/2fa/authenticate/", {"code": "000000"})
        with within(provider.path):
            told.append(list(Message.objects.filter(kind="wrong_codes").values_list("to", "context__asked_from")))
    assert told == [[]] * 4 + [[(person.email, "192.0.2.66")]] * 3


def test_limits_are_kept_where_every_web_process_sees_them(settings):
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")


def test_ones_own_other_sessions_are_seen_and_ended():
    person = Operator.objects.get(pk=make_operator(make_provider()))
    with within_everything("a test relaxes the rule"):
        rules_of = Membership.objects.get(operator=person).organization_id
        rules.set_second_factor(rules_of, rule=SecondFactor.OPTIONAL, by=SETUP)
    one, other = Client(HTTP_USER_AGENT="one browser"), Client(HTTP_USER_AGENT="other browser")
    for client in (one, other):
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD.reveal()})
    page = soup(one.get("/accounts/sessions/"))
    assert "other browser" in page.get_text()
    (end,) = page.select("form[action^='/me/sessions/']")
    stranger = sit_down(make_provider())
    for client, left in ((stranger, 2), (one, 1)):
        client.post(end["action"])
        assert UserSession.objects.filter(user=person).count() == left
    assert other.get("/services/").headers["Location"].startswith("/accounts/login/")
    other.post("/accounts/login/", {"login": person.email, "password": PASSWORD.reveal()})
    one.post("/accounts/sessions/")
    one.post("/accounts/sessions/")
    assert UserSession.objects.filter(user=person).count() == 1
    told = Entry.objects.filter(event=Event.OPERATOR_SESSIONS_ENDED.value, actor_id=str(person.pk)).order_by("id")
    assert [each.data for each in told] == [{}, {"sessions": 1}]
    assert other.get("/services/").headers["Location"].startswith("/accounts/login/")


def test_ones_own_page_shows_the_ways_in():
    page = soup(sit_down(make_provider()).get("/me/")).get_text(" ", strip=True)
    assert "Authenticator app Active" in page
    assert "Change the password" in page


# Passwords


def test_a_password_of_thieves_is_refused(settings, tmp_path):
    lines = [f"{number:040X}:3" for number in range(0, 5000, 7)]
    known = "BC6ED2A6C3A5BB5BDD2E1A1CF2ABFF4E9D0C1B8E"
    (tmp_path / "breached.txt").write_text("\n".join(sorted([*lines, sha1("correct horse battery"), known])) + "\n")
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"breached_passwords_file": tmp_path / "breached.txt"})
    assert is_breached("correct horse battery")
    assert not is_breached("correct horse batterz")


def sha1(text: str) -> str:
    import hashlib  # noqa: PLC0415  only here

    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.mark.parametrize(
    "easy", ["passwordpassword1!", "P@ssw0rdP@ssw0rd", "dragonmonkey2024!!", "letmeinletmein99", "Welcome1234567!"]
)
def test_what_is_put_together_of_common_passwords_is_one(easy):
    assert is_put_together(easy)


@pytest.mark.parametrize("good", ["correct horse battery staple", "five words that nobody has", "monkeyshadowcrowbar"])
def test_a_sentence_of_ones_own_is_not(good):
    assert not is_put_together(good)


@pytest.mark.parametrize("easy", ["aaaaaaaaaaaaaaaa", "gangwaygangway1", "password", "passwordpassword1!"])
def test_an_easy_password_is_refused(easy):
    provider = make_provider()
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    answer = Client().post(f"/join/{TOKEN.reveal()}", {"way": "password", "name": "Nils", "password": easy})
    assert error_at(answer, "password")


def test_a_long_password_is_taken_whole():
    provider, long = make_provider(), "seventeen quiet words of nobody's own " * 5
    prove(sit_down(provider)).post("/operators/invite/", invitation(provider))
    Client().post(f"/join/{TOKEN.reveal()}", {"way": "password", "name": "Nils", "password": long})
    person = Operator.objects.get(email="nils@sp2.example")
    assert (len(long) > 128, person.check_password(long), person.check_password(long[:-9])) == (True, True, False)


def test_recovery_codes_are_not_kept_in_clear():
    person = Operator.objects.get(pk=make_operator(make_provider()))
    codes = RecoveryCodes.activate(person)
    kept = Authenticator.objects.get(user=person, type=Authenticator.Type.RECOVERY_CODES).data
    seed = get_adapter().decrypt(kept["seed"])
    assert [clear for clear in (seed, *codes.get_unused_codes()) if clear in str(kept)] == []


@pytest.mark.django_db(transaction=True)
def test_who_changes_a_second_factor_is_told_once_of_other_browsers_that_are_still_signed_in():
    person = Operator.objects.get(pk=make_operator(make_provider()))
    one, other = Client(), Client()
    for client in (one, other):
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD.reveal()})
    prove(one).get("/accounts/2fa/totp/activate/")
    secret = one.session[SECRET_SESSION_KEY]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    activate, anew = "/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/generate/"
    told = [soup(one.post(activate, {"code": code}, follow=True)), soup(one.post(anew, follow=True))]
    other.session.flush()
    told.append(soup(one.post(anew, follow=True)))
    assert [page.get_text().count("signed in in other browsers") for page in told] == [1, 1, 0]
    assert told[0].find("a", string="Go on to the Operation Center")["href"] == "/", "the codes are no dead end"
