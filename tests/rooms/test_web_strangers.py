"""Every page and action of the desk, asked by people of other organizations: it isn't there, and nothing changes."""

from uuid import uuid4

import pytest
from django.urls import reverse

from gangway.audit.models import Entry
from gangway.invitations import queries as invited
from gangway.organizations.roles import Role
from gangway.organizations.scope import within
from gangway.web.urls import urlpatterns
from tests.rooms.factories_onboarding import walk
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.factories_web import sit_down

pytestmark = pytest.mark.django_db

ABOUT_A_THING = [route for route in urlpatterns if route.name != "door" and route.pattern.converters]

HIDDEN = {403, 404}
"""Not for this role, or not there: what belongs to others looks like what never was."""


def rivals(_provider):
    return make_provider()


def resellers(provider):
    return make_channel(provider)


def neighbours(provider):
    return make_customer(provider)


@pytest.mark.parametrize(
    ("place", "role"),
    [
        (rivals, Role.ADMIN),
        (rivals, Role.MONITOR),
        (resellers, Role.ADMIN),
        (resellers, Role.MONITOR),
        (neighbours, Role.OPERATOR),
        (neighbours, Role.OPERATOR_LITE),
        (neighbours, Role.MONITOR),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_nothing_of_others_is_there_or_can_be_changed(place, role):
    walked = walk()
    with within(walked.customer.path):
        about = invited.invitation(walked.invitation_id)
    ids = {"service_id": about.service_id, "invitation_id": about.id, "customer_id": walked.customer.id}
    stranger = sit_down(place(walked.provider), role=role)
    before = Entry.objects.count()
    seen = {}
    for route in ABOUT_A_THING:
        given = {name: ids.get(name, uuid4()) for name in route.pattern.converters}
        address = reverse(f"web:{route.name}", kwargs=given)
        answers = {stranger.get(address).status_code, stranger.post(address).status_code} - {405}
        seen |= {} if answers and answers <= HIDDEN else {route.name: answers}
    assert seen == {}
    assert Entry.objects.count() == before
