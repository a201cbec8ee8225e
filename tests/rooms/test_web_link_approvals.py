"""Somebody must agree before a link's holder goes on: until when its page waits, and what both sides see of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions
from gangway.invitations.queries import LinkHeld, Why, by_token
from gangway.invitations.states import State
from gangway.notifications.models import Message
from gangway.onboarding import actions as journey
from gangway.organizations.scope import within, within_everything
from gangway.web.templatetags.gangway import in_words
from tests.rooms import factories_onboarding
from tests.rooms.factories_invitations import OPERATOR, view, why_dead
from tests.rooms.factories_notifications import mailed
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup, text

pytestmark = pytest.mark.django_db


def test_waiting_for_approval_keeps_the_link_open_and_reminders_silent(monkeypatch):
    walked = factories_onboarding.walk()
    inside = Client()
    put_into_wizard(inside, walked.case_id)
    day = (clock.now() + timedelta(days=20)).date()
    assert "Fingerprint of the plan" in text(inside.get("/wizard/approval/"))
    answer = inside.post("/wizard/approval/", {"approval_on": day.isoformat()}, follow=True)
    assert "This invitation waits for an approval" in text(answer)
    about = view(walked.customer, walked.invitation_id)
    assert (about.state, about.approval_until) == (State.WAITING_FOR_APPROVAL, day)
    assert about.expires_at > clock.now() + timedelta(days=25)
    (told,) = [subject for _to, subject, _body in mailed() if "approval" in subject]
    for later in (0, 1, 2, 1):
        inside.post("/wizard/approval/", {"approval_on": (day + timedelta(days=later)).isoformat()})
    assert [subject for _to, subject, _body in mailed() if subject == told] == [], "one mail in an hour is enough"
    with within_everything("test"):
        Message.objects.filter(kind="operator_notice").update(sent_at=clock.now() - timedelta(minutes=61))
    inside.post("/wizard/approval/", {"approval_on": day.isoformat()})
    assert [subject for _to, subject, _body in mailed() if subject == told] == [told], "the first day, named again"
    walked.start()
    assert view(walked.customer, walked.invitation_id).state is State.OPENED


def test_the_last_day_that_can_be_waited_for_is_said_before_somebody_names_a_later_one():
    walked, inside = factories_onboarding.walk(), Client()
    put_into_wizard(inside, walked.case_id)
    last = (clock.now() + timedelta(days=90)).date()
    page = inside.get("/wizard/approval/")
    assert f"At the latest {in_words(last)}; your provider can name a later day." in text(page)
    assert soup(page).select_one("#id_approval_on")["max"] == last.isoformat()
    answer = inside.post("/wizard/approval/", {"approval_on": (last + timedelta(days=1)).isoformat()})
    assert f"at the latest {in_words(last)}" in error_at(answer, "approval_on")


def test_the_day_of_an_approval_stands_on_the_pages_of_both_sides_in_words():
    walked, inside = factories_onboarding.walk(), Client()
    put_into_wizard(inside, walked.case_id)
    day = (clock.now() + timedelta(days=20)).date()
    inside.post("/wizard/approval/", {"approval_on": day.isoformat()})
    page = inside.get("/wizard/approval/")
    words = in_words(day)
    assert f"waits for an approval until {words}." in text(page)
    assert soup(page).select_one("#id_approval_on")["value"] == day.isoformat()
    assert f"Waits for an approval until {words}" in text(page)
    told = text(sit_down(walked.provider).get(reverse("web:invitation", args=[walked.invitation_id])))
    assert told.count(words) == 3, "above the page, in the timeline and among the facts"
    assert day.isoformat() not in told


def test_who_has_signed_in_goes_on_although_somebody_was_to_agree_first():
    walked, by, now = factories_onboarding.walk(), factories_onboarding.ADMINISTRATOR, clock.now()
    factories_onboarding.signed_in(walked)
    journey.confirm_signed_in(case_id=walked.case_id, by=by, now=now)
    journey.await_approval(case_id=walked.case_id, day=(now + timedelta(days=20)).date(), by=by, now=now)
    journey.start_provisioning(case_id=walked.case_id, name="SBC1", by=by, now=now)
    assert view(walked.customer, walked.invitation_id).state is State.PROVISIONING


def test_a_colleagues_link_waits_for_the_approval_too_and_ends_with_all_others(client):
    walked, by, now = factories_onboarding.walk(), factories_onboarding.ADMINISTRATOR, clock.now()
    journey.hand_off(case_id=walked.case_id, colleague="cleo@contoso.com", by=by, now=now)
    body = next(body for to, _subject, body in mailed() if to == "cleo@contoso.com")
    theirs = SealedText(next(line for line in body.splitlines() if "/i/" in line).rsplit("/", 1)[1])
    journey.await_approval(case_id=walked.case_id, day=(now + timedelta(days=20)).date(), by=by, now=now)
    held = by_token(theirs)
    assert isinstance(held, LinkHeld)
    assert held.expires_at > now + timedelta(days=25)
    assert journey.begin_case(token=theirs, by=by, now=now).case_id == walked.case_id
    with within(walked.customer.path):
        actions.extend(invitation_id=walked.invitation_id, days=40, by=OPERATOR, now=now)
    assert by_token(theirs).expires_at == now + timedelta(days=40)
    with within(walked.customer.path):
        actions.replace_links(invitation_id=walked.invitation_id, by=OPERATOR, now=now)
    assert why_dead(theirs) is Why.TAKEN
    told = text(Client().get(f"/i/{theirs.reveal()}"))
    assert "The invitation itself goes on with others." in told
