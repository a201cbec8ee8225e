"""Pages about people in the browser: inviting, joining, roles, the switcher, and what an administrator resets."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from gangway.accounts import actions
from gangway.accounts.models import EntraTenant, OperatorInvitation
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
from tests.rooms.factories_accounts import TOKEN, invitation, link_of, mailed
from tests.rooms.factories_organizations import (
    SETUP,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import error_at, prove, row, sit_down, soup

pytestmark = pytest.mark.django_db


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


def test_microsoft_is_promised_only_where_the_page_behind_the_link_may_offer_it():
    provider = make_provider()
    admin = prove(sit_down(provider))
    lead = " ".join(soup(admin.get("/operators/invite/")).main.get_text().split())
    assert "chooses a password (or signs in with Microsoft, where the organization has that set up)" in lead
    admin.post("/operators/invite/", invitation(provider))
    offered = soup(Client().get(f"/join/{TOKEN.reveal()}"))
    assert [way["value"] for way in offered.select("[name=way]")] == ["password"]


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


def test_only_roles_of_the_chosen_organization_are_offered_and_none_is_chosen_beforehand():
    provider = make_provider()
    admin, customer = prove(sit_down(provider)), make_customer(provider)

    def offered(where: Any, **more: str) -> list[str]:
        page = soup(admin.get("/operators/invite/", {"organization": str(where.id), **more}))
        assert [option["value"] for option in page.select("#id_role option[selected]")] == [more.get("role", "")]
        return [option.get("value", "") for option in page.select("#id_role option")]

    assert offered(provider) == ["", "admin", "operator", "monitor"]
    assert offered(customer, role="monitor") == ["", "operator", "operator_lite", "monitor"]
    stale = sit_down(provider).get(
        "/operators/invite/", {"organization": str(customer.id)}, headers={"HX-Request": "true"}
    )
    assert "reauthenticate" in stale.headers["HX-Redirect"]
    answer = admin.post("/operators/invite/", invitation(provider, role=""))
    assert "Choose a role" in error_at(answer, "role")
    refused = admin.post("/operators/invite/", invitation(provider, role="operator_lite"))
    assert "At this level there are: Admin, Operator, Monitor." in error_at(refused, "role")


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


def test_an_address_that_only_takes_a_form_leads_a_browser_to_the_page_of_the_form():
    client, page = sit_down(make_provider()), {"Accept": "text/html,*/*;q=0.8"}
    ways = {"/me/name/": "/me/", "/me/address/confirm/": "/me/address/", "/operators/7/sessions/end/": "/operators/7/"}
    service = f"/services/{uuid4()}"
    ways[f"{service}/names/"] = f"{service}/users/"
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


def test_an_admin_asks_for_another_address_of_their_own_people_who_confirm_it_themselves():
    provider = make_provider()
    one, other = make_channel(provider), make_channel(provider)
    admin, theirs = prove(sit_down(one, name="Ada Admin")), prove(sit_down(one))
    target = Operator.objects.get(pk=theirs.session["_auth_user_id"])
    address = reverse("web:operator_address", args=[place_id(one, operator_id=target.pk)])
    page = soup(admin.post(address, {"email": "right@new.example"}, follow=True))
    assert "isn't confirmed yet" in page.get_text()
    key = link_of(mailed(one, "address_link")[0]).rpartition("/")[2]
    admin.post("/me/address/confirm/", {"key": key})
    assert not Operator.objects.filter(email="right@new.example").exists(), "nobody takes an account over"
    asked = " ".join(soup(theirs.get(f"/address/{key}")).get_text().split())
    assert "Ada Admin asked that your account gets this address: right@new.example" in asked
    assert "Ada Admin asked for it" in soup(theirs.get("/me/")).get_text()
    theirs.post("/me/address/confirm/", {"key": key})
    assert Operator.objects.get(email="right@new.example") == target
    with within(other.path):
        people.give_role(operator_id=target.pk, organization_id=other.id, role=Role.ADMIN, by=SETUP)
    assert "to another organization, too" in soup(admin.post(address, {"email": "no@new.example"})).get_text()
    assert prove(sit_down(make_provider())).post(address, {"email": "no@new.example"}).status_code == 404


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
