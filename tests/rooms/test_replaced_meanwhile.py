"""A link that is replaced in the very moment of *Continue* leaves nobody a session, on whichever side of it."""

from functools import partial
from threading import Thread

import pytest
from django.db import connections
from django.test import Client

from gangway.foundation import clock
from gangway.onboarding import actions, relinking
from gangway.onboarding.stages import invitation as stage
from gangway.organizations.scope import within
from gangway.web.views import wizard_door
from tests.rooms import factories_invitations
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk, walk
from tests.rooms.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def replace(walked: Walk) -> None:
    with within(walked.customer.path):
        relinking.replace_links(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())


def elsewhere(walked: Walk) -> None:
    """Replace it in a transaction of its own, committed when this returns."""

    def run() -> None:
        try:
            replace(walked)
        finally:
            connections.close_all()

    other = Thread(target=run)
    other.start()
    other.join(timeout=20)
    assert not other.is_alive()


def test_replaced_after_the_link_was_looked_at(monkeypatch):
    walked = walk()
    token, known = factories_invitations.link(walked.customer, walked.invitation_id), stage.case_of

    def late(*given, **more):
        elsewhere(walked)
        return known(*given, **more)

    monkeypatch.setattr(stage, "case_of", late)
    client = Client()
    assert client.post(f"/i/{token.reveal()}").status_code == 410
    assert "wizard" not in client.session


def test_replaced_before_the_session_is_there(monkeypatch):
    walked = walk()
    token = factories_invitations.link(walked.customer, walked.invitation_id)

    def early(**given):
        begun = actions.begin_case(**given)
        elsewhere(walked)
        return begun

    monkeypatch.setattr(wizard_door, "begin_case", early)
    client = Client()
    assert client.post(f"/i/{token.reveal()}").status_code == 302
    assert client.get("/wizard/", follow=True).status_code == 409


def test_both_at_once():
    walked = walk()
    for _each in range(4):
        token, client = factories_invitations.link(walked.customer, walked.invitation_id), Client()
        race(partial(client.post, f"/i/{token.reveal()}"), partial(replace, walked))
        assert client.get("/wizard/", follow=True).status_code in {404, 409}
