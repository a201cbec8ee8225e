"""Sessions that are over don't stay: a daily task of the workers removes them, with their place in a person's list."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from gangway.accounts.tasks import FORGET
from gangway.foundation import clock
from gangway.jobs import schedule
from gangway.jobs.actions import defer
from gangway.jobs.testing import run_until_idle
from tests.rooms.factories_organizations import make_operator, make_provider

pytestmark = pytest.mark.django_db


def test_sessions_that_are_over_are_removed_daily_and_living_ones_stay():
    now, person = timezone.now(), make_operator(make_provider(), name="Olga")
    for key, ends in (("over", now - timedelta(minutes=1)), ("living", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    long_ago = clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 60)
    for key, begun in (("over", long_ago), ("living", long_ago), ("just-begun", clock.now())):
        seen = {"ip": "127.0.0.1", "last_seen_at": begun, "session_key": key}
        listed = UserSession.objects.create(user_id=person, **seen)
        UserSession.objects.filter(pk=listed.pk).update(created_at=begun)
    defer(FORGET)
    run_until_idle()
    assert set(Session.objects.values_list("session_key", flat=True)) == {"living"}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {"living", "just-begun"}
    assert schedule.PERIODS[FORGET] == timedelta(days=1).total_seconds()
