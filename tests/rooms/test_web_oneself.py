"""One's own account: name and address, password, second factor and sessions, and who is told when they change."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

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

from gangway.accounts import actions, rules, tidying
from gangway.accounts.models import WantedAddress
from gangway.accounts.passwords import is_breached, is_put_together
from gangway.accounts.states import SecondFactor
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.words import fold
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
    PASSWORD,
    SETUP,
    make_operator,
    make_provider,
)
from tests.rooms.factories_web import error_at, prove, sit_down, soup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def known_token(monkeypatch):
    monkeypatch.setattr(actions, "new_token", lambda: TOKEN)


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
    assert "A mail went to sue@new.example." in " ".join(page.get_text().split())
    person.refresh_from_db()
    assert person.email == before
    (link,) = mailed(provider, "address_link")
    assert link.to == "sue@new.example"
    there = client.get(link_of(link))
    assert there.headers["Referrer-Policy"] == "no-referrer" or "origin" in there.headers["Referrer-Policy"]
    asked = " ".join(soup(there).get_text().split())
    assert "You asked that your account gets this address: sue@new.example" in asked
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


def test_who_opens_the_link_signed_out_is_back_on_its_page_after_signing_in(monkeypatch):
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.validate_totp_code", lambda _secret, code: code == "123456")
    provider = make_provider()
    client, guest = prove(sit_down(provider)), Client()
    client.post("/me/address/", {"email": "sue@new.example"})
    link = urlsplit(link_of(mailed(provider, "address_link")[0])).path
    sign_in = soup(guest.get(link)).select_one("a.btn-primary")["href"]
    kept = soup(guest.get(sign_in)).select_one("form [name=next]")["value"]
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    given = {"login": person.email, "password": PASSWORD.reveal(), "next": kept}
    guest.post("/accounts/login/", given)
    answer = guest.post("/accounts/2fa/authenticate/", {"code": "123456"})
    assert answer.headers["Location"] == link
    assert soup(guest.get(link)).select_one("[name=key]")


def test_a_link_to_confirm_an_address_is_of_no_use_to_anybody_else_and_the_one_before_it_of_none_at_all():
    provider = make_provider()
    client, thief = prove(sit_down(provider)), prove(sit_down(provider))
    client.post("/me/address/", {"email": "first@new.example"})
    client.post("/me/address/", {"email": "second@new.example"})
    first, second = (link_of(one).rpartition("/")[2] for one in mailed(provider, "address_link"))
    asked = soup(Client().get(f"/address/{second}")).get_text()
    assert "Sign in first" in asked
    assert "second@new.example" not in asked
    for who, key in ((thief, second), (client, first), (client, "none")):
        told = who.get(f"/address/{key}")
        assert (told.status_code, told.headers["Referrer-Policy"]) == (409, "strict-origin")
        assert "isn't good any more" in soup(told).get_text()
        assert not soup(told).select("[name=key]")
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
    to_known, to_free = mailed(provider, "address_link")
    assert (to_known.to, to_free.to) == typed
    assert (to_known.context["purpose"], "purpose" in to_free.context) == ("taken", False)
    assert "/address/" not in link_of(to_known)
    composed = MESSAGES[MessageKind.ADDRESS_LINK].compose(to_known.context, link="https://sp2.example/never-shown")
    assert composed.subject == "Somebody typed your e-mail address at the Operation Center"
    assert "You sign in with it already" in composed.text
    assert "never-shown" not in composed.text + composed.html
    client.post("/me/address/", {"email": "later@new.example"})
    key = link_of(mailed(provider, "address_link")[-1]).rpartition("/")[2]
    Operator.objects.create(email="later@new.example", name="Later", created_at=clock.now())
    told = soup(client.post("/me/address/confirm/", {"key": key}, follow=True)).get_text()
    assert "Somebody already signs in with this e-mail address." in told


def test_the_log_tells_of_a_strangers_address_what_it_tells_of_one_without_account():
    provider = make_provider()
    known = Operator.objects.get(pk=make_operator(make_provider())).email
    client = prove(sit_down(provider))
    logs = []
    for address in (known, "n@new.example"):
        with within(provider.path):
            seen = set(Entry.objects.values_list("pk", flat=True))
        client.post("/me/address/", {"email": address})
        with within(provider.path):
            rows = Entry.objects.exclude(pk__in=seen).order_by("pk").values_list("event", "subject", "data")
            logs.append(
                [(event, subject.partition(":")[0], str(data).replace(address, "")) for event, subject, data in rows]
            )
    assert logs[0] == logs[1]
    assert len(logs[0]) > 2


def test_an_address_that_is_only_wanted_signs_nobody_in_and_gets_no_new_password():
    provider = make_provider()
    client = prove(sit_down(provider))
    client.post("/me/address/", {"email": "n@new.example"})
    given = {"login": "n@new.example", "password": PASSWORD.reveal()}
    assert Client().post("/accounts/login/", given).status_code == 200, "refused, on the page of signing in"
    Client().post("/accounts/password/reset/", {"email": "n@new.example"})
    assert mailed(provider, "password_reset") == []


def test_who_wants_another_address_may_keep_theirs_after_all():
    provider = make_provider()
    client = prove(sit_down(provider))
    client.post("/me/address/", {"email": "n@new.example"})
    (link,) = mailed(provider, "address_link")
    page = soup(client.get("/me/"))
    assert page.select_one("form[action='/me/address/cancel/']")
    page = soup(client.post("/me/address/cancel/", follow=True)).get_text()
    assert "stays as it is" in page
    assert "n@new.example" not in page
    assert client.get(link_of(link)).status_code == 409
    client.post("/me/address/cancel/")
    with within(provider.path):
        told = [one.event for one in activity(organization_path=provider.path)]
    assert told.count(Event.OPERATOR_ADDRESS_CANCELLED) == 1


def test_what_nobody_confirmed_within_a_day_is_hidden_refused_and_forgotten():
    provider = make_provider()
    client = prove(sit_down(provider))
    client.post("/me/address/", {"email": "n@new.example"})
    (link,) = mailed(provider, "address_link")
    tidying.forget_wanted_addresses(now=clock.now())
    assert client.get(link_of(link)).status_code == 200
    WantedAddress.objects.update(asked_at=clock.now() - timedelta(days=1))
    assert "n@new.example" not in soup(client.get("/me/")).get_text()
    assert client.get(link_of(link)).status_code == 409
    told = soup(client.post("/me/address/confirm/", {"key": link_of(link).rpartition("/")[2]}, follow=True)).get_text()
    assert "isn't good any more" in told
    tidying.forget_wanted_addresses(now=clock.now())
    assert not WantedAddress.objects.exists()


def test_confirming_asks_once_more_who_it_is():
    provider = make_provider()
    client = prove(sit_down(provider))
    client.post("/me/address/", {"email": "n@new.example"})
    (link,) = mailed(provider, "address_link")
    later = sit_down(provider)
    later.force_login(Operator.objects.get(pk=client.session["_auth_user_id"]))
    answer = later.post("/me/address/confirm/", {"key": link_of(link).rpartition("/")[2]})
    assert "reauthenticate" in answer.headers["Location"] or "/accounts/" in answer.headers["Location"]
    assert not Operator.objects.filter(email="n@new.example").exists()


def test_a_changed_address_is_told_in_every_organization_and_is_the_name_of_who_has_no_other():
    provider, rival = make_provider(), make_provider()
    client = prove(sit_down(provider))
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    with within(rival.path):
        people.give_role(operator_id=person.pk, organization_id=rival.id, role=Role.ADMIN, by=SETUP)
    person.call(person.email)
    person.save()
    client.post("/me/address/", {"email": "n@new.example"})
    client.post("/me/address/confirm/", {"key": link_of(mailed(provider, "address_link")[0]).rpartition("/")[2]})
    person.refresh_from_db()
    assert (person.email, person.name, person.name_key) == ("n@new.example", "n@new.example", fold("n@new.example"))
    for place in (provider, rival):
        with within(place.path):
            told = [one.event for one in activity(organization_path=place.path)]
        assert told.count(Event.OPERATOR_READDRESSED) == 1


def test_the_end_of_a_days_links_is_told_truly_and_what_was_refused_is_not_counted(settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "new_address": "2/d/key"}
    provider = make_provider()
    client = sit_down(provider)
    ask = lambda address: client.post("/me/address/", {"email": address})  # noqa: E731
    own = Operator.objects.get(pk=client.session["_auth_user_id"]).email
    ask("before@new.example")
    prove(client)
    for wrong in ("none", own, "@"):
        assert error_at(ask(wrong), "email")
    for number in range(2):
        assert ask(f"n{number}@new.example").status_code == 302
    told = ask("n2@new.example")
    assert "Try again tomorrow" in error_at(told, "email")
    assert "few minutes" not in soup(told).get_text()
    assert len(mailed(provider, "address_link")) == 2


def test_who_comes_in_by_microsoft_alone_reads_what_the_address_is_for():
    client = sit_down(make_provider())
    person = Operator.objects.get(pk=client.session["_auth_user_id"])
    person.set_unusable_password()
    person.save()
    client.force_login(person)
    page = Client()
    page.cookies = client.cookies
    assert "You sign in with Microsoft, whatever this address is" in soup(page.get("/me/")).get_text()


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
