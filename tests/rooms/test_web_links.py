"""What an operator does with links, and what a link's holder can tell us: each page, each button, each refusal."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from gangway.audit.events import Event
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions
from gangway.invitations import queries as invitations
from gangway.invitations.models import Invitation
from gangway.invitations.queries import LinkHeld, Why, by_token
from gangway.invitations.states import State
from gangway.invitations.waiting_for import due_to_remind
from gangway.languages.times import day_in_words
from gangway.onboarding import actions as journey
from gangway.onboarding import queries
from gangway.onboarding.models import SignIn
from gangway.onboarding.sightings import SEEN
from gangway.onboarding.stages.colleague import tell_operator
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import service
from tests.rooms import factories_onboarding, factories_services, web_values
from tests.rooms.factories_invitations import OPERATOR, bring_to, issue, link, view, why_dead
from tests.rooms.factories_notifications import mailed
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")


@pytest.fixture
def customer(provider):
    return make_customer(provider, name="Contoso")


@pytest.fixture
def client(provider):
    return sit_down(provider)


@pytest.fixture
def invited(customer):
    invitation_id = issue(customer, service_id=factories_services.plan(customer, short_name="contoso-hq"))
    bring_to(customer, invitation_id, State.SENT)
    return invitation_id


def act(client, invitation_id, what, **given):
    return client.post(reverse(f"web:invitation_{what}", args=[invitation_id]), given, follow=True)


def due(now):
    with within_everything("test"):
        return set(due_to_remind(now=now))


def last_link():
    lines = [line for _to, _subject, body in mailed() for line in body.splitlines() if "/i/" in line]
    return SealedText(next(line for line in lines if not line.endswith("/")).rsplit("/", 1)[1])


def test_replacing_kills_earlier_links_and_mails_one_new_one(customer, client, invited):
    mailed()
    old = link(customer, invited)
    answer = act(client, invited, "replace")
    assert "Every earlier link is dead" in text(answer)
    assert why_dead(old) is Why.REPLACED
    assert isinstance(by_token(last_link()), LinkHeld)
    assert "This link was replaced" in text(Client().get(f"/i/{old.reveal()}"))


def test_replacing_stops_whoever_uses_an_earlier_link_and_destroys_what_they_hold(client):
    walked = factories_onboarding.walk()
    factories_onboarding.signed_in(walked)
    inside, operator = Client(), sit_down(walked.provider)
    put_into_wizard(inside, walked.case_id, lasts=timedelta(hours=3))
    assert inside.get("/wizard/signed-in/").status_code == 200
    act(operator, walked.invitation_id, "replace")
    answer = inside.get("/wizard/signed-in/")
    assert answer.status_code == 409
    assert "Open the newest link" in text(answer)
    with within_everything("test"):
        assert not SignIn.objects.filter(token_id__isnull=False).exists()


def test_changing_the_recipient_ends_the_earlier_ones_links(customer, client, invited):
    old = link(customer, invited)
    answer = act(client, invited, "readdress", recipient="bob@contoso.example")
    assert "It goes to another address now" in text(answer)
    about = view(customer, invited)
    assert (about.recipient, about.state, why_dead(old)) == ("bob@contoso.example", State.QUEUED, Why.ELSEWHERE)
    dead = text(Client().get(f"/i/{old.reveal()}"))
    assert "sent to somebody else" in dead
    assert "bob" not in dead
    assert "Ask for a new link" not in dead
    for aside in ("new-link", "reminders"):
        assert Client().get(f"/i/{old.reveal()}/{aside}/")["Location"] == f"/i/{old.reveal()}"
    Client().post(f"/i/{old.reveal()}/reminders/")
    assert view(customer, invited).reminders_stopped_at is None, "bob's reminders are bob's"
    assert [to for to, _subject, body in mailed() if "/i/" in body] == ["bob@contoso.example"]


def test_a_link_that_was_replaced_stops_nobodys_reminders(customer, client, invited):
    old = link(customer, invited)
    act(client, invited, "replace")
    answer = Client().post(f"/i/{old.reveal()}/reminders/", follow=True)
    assert "This link was replaced" in text(answer)
    assert view(customer, invited).reminders_stopped_at is None, "whoever has the new one is reminded"


def test_each_dead_link_asks_for_itself_so_that_nobody_asks_in_anothers_way(customer, client, invited):
    mine, anothers = link(customer, invited), link(customer, invited)
    act(client, invited, "replace")
    mailed()
    for token in (anothers, mine, anothers):
        assert "has been told" in text(Client().post(f"/i/{token.reveal()}/new-link/", follow=True))
    assert len([subject for _to, subject, _body in mailed() if subject.startswith("A new link is asked for")]) == 2


def test_no_more_reminders_promises_nothing_of_a_link_that_is_dead(customer, client, invited):
    old = link(customer, invited)
    act(client, invited, "revoke")
    page = Client().post(f"/i/{old.reveal()}/reminders/", follow=True)
    assert "No more reminders go out" in text(page)
    assert "Your link stays good" not in text(page)


def test_extending_lets_links_live_longer_and_never_shorter(customer, client, invited):
    before = view(customer, invited).expires_at
    assert "already" in error_at(act(client, invited, "extend", days="2"), "days")
    assert view(customer, invited).expires_at == before
    told = act(client, invited, "extend", days="30")
    until = view(customer, invited).expires_at
    assert until > before + timedelta(days=20)
    assert f"It lasts longer now: until {day_in_words(until)}." in soup(told).get_text()


@pytest.mark.parametrize(
    ("where", "typed", "told"),
    [
        ("extend:days", "91", "from 1 to 90"),
        ("extend:days", "many", "from 1 to 90"),
        ("readdress:recipient", "nobody", "isn't an e-mail address"),
        ("edit:short_name", "a.b", "dot"),
        ("await:approval_on", "2020-01-01", "from tomorrow on"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_kept(client, invited, where, typed, told):
    what, field = where.split(":")
    answer = act(client, invited, what, **{field: typed})
    assert told in error_at(answer, field)
    assert soup(answer).select_one(f"#id_{field}")["value"] == typed


def test_names_and_telephone_are_changed_before_anybody_opens_it(customer, client, invited):
    given = {"full_name": "Contoso voice", "short_name": "contoso-new", "phone": "+49 30 1", "finish_by_itself": "on"}
    given |= {"licensed_users": "40"}
    act(client, invited, "edit", **given)
    about = view(customer, invited)
    assert (about.service_short_name, about.service_full_name) == ("contoso-new", "Contoso voice")
    assert (about.recipient_phone, about.finish_by_itself) == ("+49 30 1", True)
    with within(customer.path):
        assert service(about.service_id).licensed_users == 40
    factories_services.plan(customer, short_name="contoso-hq")
    answer = act(client, invited, "edit", **(given | {"short_name": "contoso-hq"}))
    assert "contoso-hq" in soup(answer).select_one("#id_short_name")["value"]
    assert error_at(answer, "short_name")


EDITABLE_WITHOUT_NAMES = (
    State.OPENED,
    State.SIGNED_IN,
    State.PROVISIONING,
    State.COPYING,
    State.WAITING_FOR_ADMINISTRATOR,
    State.WAITING_FOR_APPROVAL,
    State.AUTHENTICATED,
    State.FAILED,
    State.DECLINED,
)


@pytest.mark.parametrize("state", EDITABLE_WITHOUT_NAMES)
def test_telephone_language_and_finishing_are_changed_as_long_as_anything_comes_of_them(
    customer, client, invited, state
):
    with within_everything("test"):
        Invitation.objects.filter(pk=invited).update(state=state.value)
    page = soup(client.get(reverse("web:invitation_change", args=[invited])))
    assert page.select_one("#id_short_name") is None
    assert page.select_one("#names ~ form a")["href"] == reverse(
        "web:service_users", args=[view(customer, invited).service_id]
    )
    act(client, invited, "edit", phone="+49 30 1", language="fr", finish_by_itself="on")
    about = view(customer, invited)
    assert (about.recipient_phone, about.language, about.finish_by_itself) == ("+49 30 1", "fr", True)
    assert about.service_short_name == "contoso-hq"


def test_names_typed_when_somebody_opens_it_are_refused_and_kept(customer, client, invited):
    given = {"full_name": "Contoso voice", "short_name": "contoso-new", "phone": "+49 30 1", "licensed_users": "40"}
    with within(customer.path):
        actions.move(invitation_id=invited, to=State.OPENED, by=OPERATOR)
    answer = act(client, invited, "edit", **given)
    assert "where this one stands now" in text(answer)
    assert soup(answer).select_one("#id_short_name")["value"] == "contoso-new"
    about = view(customer, invited)
    assert (about.service_short_name, about.recipient_phone) == ("contoso-hq", "")


def test_what_a_state_refuses_keeps_what_was_typed(customer, client, invited):
    with within(customer.path):
        actions.revoke(invitation_id=invited, by=OPERATOR, now=clock.now())
    for what, field, typed in (("edit", "phone", "+49 30 1"), ("readdress", "recipient", "bob@contoso.example")):
        given = {"short_name": "contoso-hq", "licensed_users": "25", field: typed}
        answer = act(client, invited, what, **given)
        assert "is over" in text(answer)
        assert soup(answer).select_one(f"#id_{field}")["value"] == typed


def test_when_whoever_invited_has_left_what_waits_is_told_where_answers_go(customer, invited):
    mailed()
    with within(customer.path):
        tell_operator(invitations.invitation(invited), web_values.WAITING, asked="Nobody was asked.", by=OPERATOR)
    assert [to for to, _subject, body in mailed() if "Nobody was asked." in body] == ["help@sp2.example"]


def test_a_draft_is_looked_at_tried_and_sent(customer, client):
    service_id = factories_services.plan(customer, short_name="drafted")
    with within(customer.path):
        made = actions.issue_invitation(
            service_id=service_id,
            recipient="ada@contoso.example",
            plan={},
            plan_fingerprint="sha256:1",
            by=OPERATOR,
            now=clock.now() - timedelta(days=3),
            draft=True,
        )
    drafted = made.invitation_id
    assert mailed() == []
    shown = text(client.get(reverse("web:invitation_mail", args=[drafted])))
    act(client, drafted, "test")
    ((to, subject, body),) = mailed()
    assert "@sp2.example" in to
    assert subject in shown
    assert " ".join(body.split())[:400] in " ".join(shown.split())
    assert by_token(SealedText("this-is-where-the-link-will-be")) is None
    act(client, drafted, "send")
    assert view(customer, drafted).state is State.QUEUED
    assert view(customer, drafted).expires_at > clock.now() + timedelta(days=6)
    assert [to for to, _subject, _body in mailed()] == ["ada@contoso.example"]


def test_who_did_not_expect_it_freezes_it_and_the_operator_is_alarmed(customer, client, invited):
    mailed()
    token = link(customer, invited)
    holder, address = Client(REMOTE_ADDR="198.51.100.7"), f"/i/{token.reveal()}/unexpected/"
    assert view(customer, invited).state is State.SENT
    assert "freeze it" in text(holder.get(address))
    assert view(customer, invited).state is State.SENT
    seen = text(holder.post(address, follow=True))
    assert "is frozen" in seen
    assert "Somebody who holds a link did not expect it" in seen
    assert "198.51.100.7" in seen
    assert view(customer, invited).state is State.REPORTED
    assert why_dead(token) is Why.REPORTED
    asker = get_user_model().objects.get().email
    assert [to for to, subject, body in mailed() if subject.startswith("Reported as unexpected")][:1] == [asker]
    assert "it is frozen" in text(client.get("/"))
    assert "Frozen" in text(client.get(reverse("web:invitation", args=[invited])))


def test_who_holds_a_replaced_link_freezes_it_and_learns_nothing_of_the_next_ones_holder(customer, client, invited):
    """The link went astray: its holder may warn; who came by the next one, and from where, is not theirs to know."""
    mailed()
    astray = link(customer, invited)
    act(client, invited, "replace")
    Client(REMOTE_ADDR="203.0.113.9").post(f"/i/{last_link().reveal()}")
    seen = text(Client().post(f"/i/{astray.reveal()}/unexpected/", follow=True))
    assert "is frozen" in seen
    assert "203.0.113.9" not in seen
    assert "For your security team" not in seen
    assert view(customer, invited).state is State.REPORTED


def test_a_security_team_reads_to_the_second_in_which_order_it_was(customer, client, invited):
    token = link(customer, invited)
    Client().post(f"/i/{token.reveal()}/unexpected/")
    rows = soup(client.get(f"/invitations/{invited}/")).select("section[aria-labelledby=seen] tbody tr")
    told = [row.select("td")[1].get_text(strip=True) for row in rows]
    assert told[0] == "The invitation was made."
    assert "A link was mailed." in told[1:]
    assert all(row.time["data-local"] == "exact" and row.time.get_text().count(":") == 2 for row in rows)


def test_what_is_over_is_reported_once(customer, client, invited):
    """Whoever holds an old link can't fill the operator's mailbox by it."""
    token = link(customer, invited)
    act(client, invited, "revoke")
    mailed()
    for _each in range(3):
        Client().post(f"/i/{token.reveal()}/unexpected/")
    assert len([subject for _to, subject, _body in mailed() if subject.startswith("Reported as unexpected")]) == 1


def test_what_is_frozen_can_only_be_unfrozen_or_revoked(customer, client, invited):
    token = link(customer, invited)
    Client().post(f"/i/{token.reveal()}/unexpected/")
    for what in ("resend", "copy", "replace"):
        assert "is frozen" in text(act(client, invited, what))
    assert Client().post(f"/i/{token.reveal()}").status_code == 410
    assert "goes on where it stood" in text(act(client, invited, "unfreeze"))
    assert view(customer, invited).state is State.SENT
    assert isinstance(by_token(token), LinkHeld)
    with within(customer.path):
        notes = [(row.state, row.note) for row in invitations.history(invited)]
    assert notes[-2:] == [(State.REPORTED, "I didn't expect this"), (State.SENT, "Unfrozen")]


@pytest.mark.parametrize("before", [State.QUEUED, State.BOUNCED, State.WAITING_FOR_APPROVAL])
def test_what_nobody_was_at_goes_on_in_the_state_in_which_it_was_frozen(customer, client, before):
    invited = issue(customer)
    if before is State.WAITING_FOR_APPROVAL:
        bring_to(customer, invited, State.OPENED)
    token = link(customer, invited)
    with within(customer.path):
        if before is not State.QUEUED:
            actions.move(invitation_id=invited, to=before, by=OPERATOR)
    Client().post(f"/i/{token.reveal()}/unexpected/")
    day = (clock.now() + timedelta(days=5)).date()
    act(client, invited, "await", approval_on=day.isoformat())
    assert view(customer, invited).state is State.REPORTED
    act(client, invited, "unfreeze")
    assert view(customer, invited).state is before
    assert ("ada@contoso.example" in [to for to, _subject, _body in mailed()]) is (before is State.QUEUED)


def test_a_slash_that_a_mail_program_adds_changes_nothing():
    walked, holder = factories_onboarding.walk(), Client()
    token = link(walked.customer, walked.invitation_id)
    plain, slashed = (holder.get(f"/i/{token.reveal()}{end}") for end in ("", "/"))
    assert (slashed.status_code, text(slashed)) == (200, text(plain))
    assert holder.post(f"/i/{token.reveal()}/").headers["Location"] == "/wizard/"
    assert Client().get(f"/i/{'x' * 43}/").status_code == 404


def test_who_holds_a_replaced_link_does_not_freeze_it_again_once_an_operator_has_looked(customer, client, invited):
    """Else they could stop it for good, however often it is unfrozen; the operator sees that they tried."""
    astray = link(customer, invited)
    act(client, invited, "replace")
    Client().post(f"/i/{astray.reveal()}/unexpected/")
    act(client, invited, "unfreeze")
    mailed()
    for _each in range(2):
        seen = text(Client().post(f"/i/{astray.reveal()}/unexpected/", follow=True))
    assert "it is noted" in seen
    assert view(customer, invited).state is State.SENT
    assert "said 2 times" in text(client.get(reverse("web:invitation", args=[invited])))
    assert not [subject for _to, subject, _body in mailed() if subject.startswith("Reported as unexpected")]
    Client().post(f"/i/{link(customer, invited).reveal()}/unexpected/")
    assert view(customer, invited).state is State.REPORTED, "who holds a living link still stops it"


def test_somebody_inside_the_wizard_can_report_it_and_is_stopped(client):
    walked = factories_onboarding.walk()
    factories_onboarding.signed_in(walked)
    inside, other, token = Client(), Client(), link(walked.customer, walked.invitation_id)
    put_into_wizard(inside, walked.case_id)
    put_into_wizard(other, walked.case_id)
    assert soup(inside.get("/wizard/unexpected/")).select_one("form a[href='/wizard/']")
    told = text(inside.post("/wizard/unexpected/", follow=True))
    assert "Thank you: this invitation is frozen" in told
    assert "Somebody signed in at Microsoft and was recognized." in told
    assert queries.own_view_of(by_token(token)).startswith("http")
    assert view(walked.customer, walked.invitation_id).state is State.REPORTED
    with within_everything("test"):
        assert not SignIn.objects.filter(token_id__isnull=False).exists()
    assert inside.get("/wizard/signed-in/", follow=True).redirect_chain[-1][0] == "/wizard/closed/"
    elsewhere = text(other.post("/wizard/unexpected/", follow=True))
    assert "frozen until your provider has looked" in elsewhere
    assert "by the number on your contract" in elsewhere
    assert "ask for a new link" not in elsewhere
    assert "was recognized" not in elsewhere


def test_reporting_a_proved_one_keeps_it_from_being_added(customer, client):
    invitation_id = issue(customer, service_id=factories_services.plan(customer, short_name="proved"))
    token = link(customer, invitation_id)
    bring_to(customer, invitation_id, State.AUTHENTICATED)
    Client().post(f"/i/{token.reveal()}/unexpected/")
    assert view(customer, invitation_id).state is State.REPORTED
    act(client, invitation_id, "add")
    assert view(customer, invitation_id).state is State.REPORTED


def test_who_asked_for_a_new_link_is_answered_by_a_link_to_them_and_by_nobody_elses():
    walked, by, now = factories_onboarding.walk(), factories_onboarding.ADMINISTRATOR, clock.now()
    astray = link(walked.customer, walked.invitation_id)
    with within(walked.customer.path):
        actions.replace_links(invitation_id=walked.invitation_id, by=OPERATOR, now=now)
    case_id = journey.begin_case(token=link(walked.customer, walked.invitation_id), by=by, now=now).case_id

    def asked():
        return view(walked.customer, walked.invitation_id).asked_again_at is not None

    Client().post(f"/i/{astray.reveal()}/new-link/")
    journey.hand_off(case_id=case_id, colleague="cleo@contoso.com", by=by, now=now)
    assert asked()
    with within(walked.customer.path):
        actions.resend(invitation_id=walked.invitation_id, by=OPERATOR, now=now)
    assert not asked()


def test_a_monitor_and_strangers_change_nothing(provider, customer, invited):
    changes = ("edit", "readdress", "extend", "replace", "await", "quiet", "unfreeze", "test", "send")
    for person, status in ((sit_down(provider, role=Role.MONITOR), 403), (sit_down(make_provider()), 404)):
        valid = {"recipient": "x@y.example", "days": "3", "approval_on": "2031-01-01", "short_name": "abc"}
        assert {act(person, invited, what, **valid).status_code for what in changes} <= {status, 200}
    assert view(customer, invited).state is State.SENT


def test_a_dead_link_offers_to_ask_for_a_new_one_once_an_hour(customer, client, invited):
    mailed()
    token = link(customer, invited)
    with within(customer.path):
        actions.revoke(invitation_id=invited, by=OPERATOR, now=clock.now())
    holder, address = Client(), f"/i/{token.reveal()}/new-link/"
    page = soup(holder.get(f"/i/{token.reveal()}"))
    assert page.select_one("a[href='?new-link']").get_text() == "Ask for a new link"
    assert holder.get(f"/i/{token.reveal()}?new-link").headers["Location"] == address
    for _ in range(3):
        assert "has been told" in text(holder.post(address, follow=True))
    assert [subject for _to, subject, _body in mailed()] == ["A new link is asked for: Contoso, service contoso-hq"]
    assert "asks for a new one" in text(client.get("/"))


def test_asking_with_a_living_link_tells_nobody(customer, invited):
    mailed()
    token = link(customer, invited)
    assert "You don't need a new link" in text(Client().post(f"/i/{token.reveal()}/new-link/"))
    assert mailed() == []


@pytest.mark.parametrize("what", ["unexpected", "reminders", "new-link"])
def test_strangers_learn_nothing_from_these_pages_either(what):
    for ask in (Client().get, Client().post):
        answer = ask(f"/i/{'x' * 43}/{what}/")
        assert answer.status_code == 404
        assert "doesn't lead anywhere" in text(answer)


@pytest.mark.parametrize("what", ["unexpected", "reminders", "new-link"])
def test_scanners_that_open_these_pages_change_nothing(customer, invited, what):
    token = link(customer, invited)
    before = view(customer, invited)
    for _ in range(20):
        answer = Client().get(f"/i/{token.reveal()}/{what}/")
        assert (answer.status_code, answer.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert view(customer, invited) == before


def test_reminders_go_out_before_the_end_until_somebody_stops_them(customer, invited):
    mailed()
    with within_everything("test"):
        Invitation.objects.filter(pk=invited).update(expires_at=clock.now() + timedelta(days=2))
        actions.remind(invitation_id=invited, by=OPERATOR, now=clock.now())
        assert not actions.remind(invitation_id=invited, by=OPERATOR, now=clock.now())
    ((to, subject, body),) = mailed()
    assert (to, subject.startswith("Reminder: Sandbox Telecom")) == ("ada@contoso.example", True)
    address = next(line for line in body.splitlines() if line.endswith("/reminders/")).removeprefix(
        "http://localhost:8000"
    )
    assert "No more reminders?" in text(Client().get(address))
    assert "No more reminders go out" in text(Client().post(address, follow=True))
    with within_everything("test"):
        Invitation.objects.filter(pk=invited).update(expires_at=clock.now() + timedelta(hours=12))
        assert not actions.remind(invitation_id=invited, by=OPERATOR, now=clock.now())
    assert mailed() == []


def test_nobody_is_reminded_of_an_end_that_was_near_when_the_mail_went_out(provider, customer, client, invited):
    soon = clock.now() + timedelta(minutes=20)
    with within(provider.path):
        own = {"may_copy": True, "subject": "", "opening": "", "closing": ""}
        actions.set_terms(provider.id, life_days=3, **own, by=OPERATOR)
    fresh = issue(customer, service_id=factories_services.plan(customer, short_name="short"))
    bring_to(customer, fresh, State.OPENED)
    with within_everything("test"):
        Invitation.objects.filter(pk=invited).update(expires_at=clock.now() + timedelta(days=1), state="opened")
    act(client, invited, "extend", days="3")
    assert due(soon) == set()
    act(client, invited, "readdress", recipient="bob@contoso.example")
    bring_to(customer, invited, State.OPENED)
    assert due(soon) == set()
    for sent_again in ("resend", "replace"):
        with within_everything("test"):
            Invitation.objects.filter(pk=invited).update(reminders_sent=0)
        act(client, invited, sent_again)
        assert due(soon) == set()
    assert due(soon + timedelta(days=2)) == {invited, fresh}


def test_of_a_withdrawn_invitation_nothing_says_what_could_still_be_typed():
    walked = factories_onboarding.walk()
    desk, page = sit_down(walked.provider), reverse("web:invitation", args=[walked.invitation_id])
    assert "what comes of it is typed under Use App Registration" in text(desk.get(page))
    desk.post(reverse("web:invitation_revoke", args=[walked.invitation_id]))
    assert "is typed under" not in text(desk.get(page))


def test_everything_that_happens_to_an_invitation_is_told_to_a_security_team_in_a_sentence():
    rooms = (
        "invitations:invitation:",
        "invitations:link:",
        "invitations:handoff:",
        "onboarding:case:",
        "onboarding:sign_in:",
    )
    assert {event for event in Event if event.startswith(rooms)} - set(SEEN) == {Event.INVITATION_MOVED}
