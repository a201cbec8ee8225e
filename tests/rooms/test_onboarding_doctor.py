"""The doctor asks Microsoft itself whether a sign-in application is set up as it must be."""

from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from gangway.microsoft.wire import Answer
from gangway.onboarding import doctor
from gangway.onboarding.shapes import SignInApplicationView
from tests.rooms.factories_onboarding import CLIENT, CLOUD, HOME, PENDING, Microsoft, refused

APPLICATION = SignInApplicationView(
    id=uuid4(),
    provider_id=uuid4(),
    provider_name="Sandbox Telecom",
    cloud="public",
    server_name="Sandbox1",
    display_name="Sandbox1-sp2-token",
    client_id=CLIENT,
    home_tenant_id=HOME,
)


class Unknown(Microsoft):
    """Microsoft that has never heard of our client id."""

    async def send(self, asked: Any) -> Answer:
        """Refuse everything."""
        return refused("unauthorized_client", 700016)


@pytest.mark.parametrize(
    ("script", "ok", "words"),
    [
        (Microsoft(polls=[PENDING]), True, "gives codes"),
        (Unknown(), False, "does not know the client id"),
        (Microsoft(polls=[refused("invalid_client", 7000218, 401)]), False, "not set up as a public client"),
        (Microsoft(silent=True), False, "does not answer"),
        (Microsoft(polls=[refused("interaction_required", 53003)]), False, "Conditional Access"),
    ],
    ids=["good", "unknown", "not public", "silent", "policy"],
)
def test_what_microsoft_says_is_told_with_its_cure(script, ok, words):
    found = async_to_sync(doctor.check_one)(APPLICATION, script, CLOUD)
    assert (found.name, found.ok) == ("Sandbox1-sp2-token", ok)
    assert words in found.words
    assert bool(found.cure) is not ok
