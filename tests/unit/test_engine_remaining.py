"""What remains, by name; what can be seen to come; and when Microsoft's consent page may be offered."""

import pytest

from gangway.foundation.ids import AppId, ObjectId
from gangway.microsoft.cloud import GRAPH_APP_ID
from gangway.microsoft.graph.shapes import Application
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.remaining import (
    Remains,
    WaitsFor,
    can_be_seen,
    consent_link_is_safe,
    remains,
    still_missing,
    waits_for,
)
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.engine.steps.grants import GrantPermission
from gangway.provisioning.scopes import READ_ALL, WRITE_ALL, of_parts

BACK = "https://gangway.example/consented/"
PERMISSIONS = pinning.read(pinning.pin(profile="teams-voice", version=2)).permissions
WANTED = {(one.resource, one.id, "Role") for one in PERMISSIONS}
CONSENT = Remains("grant:User.Read.All", Part.CONSENT, "User.Read.All", shows=True)
ROLE = Remains("role:1", Part.ROLES, "Teams Administrator", shows=True)
UNIT = Remains("role:1:unit", Part.ROLES, "Teams Administrator", shows=False)
MAKE = Remains("application", Part.REGISTRATION, "App registration created")


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ((CONSENT,), WaitsFor.CONSENT),
        ((ROLE,), WaitsFor.ROLES),
        ((CONSENT, ROLE), WaitsFor.CONSENT_AND_ROLES),
        ((MAKE, CONSENT, ROLE), WaitsFor.REGISTRATION),
    ],
)
def test_one_word_says_what_is_waited_for(rows, kind):
    assert waits_for(rows) is kind


def test_a_permission_is_named_by_its_value_and_shows_in_the_token():
    (row,) = remains([GrantPermission(PERMISSIONS[0])])
    assert (row.name, row.shows, row.part) == (PERMISSIONS[0].value, True, Part.CONSENT)


def test_only_what_shows_in_the_token_can_be_seen_from_here():
    assert can_be_seen([CONSENT, ROLE])
    assert not can_be_seen([CONSENT, UNIT])
    assert not can_be_seen([])


def test_what_the_token_shows_is_no_longer_missing_and_what_cannot_show_stays():
    assert still_missing([CONSENT, ROLE, UNIT], [ROLE.key]) == (ROLE, UNIT)


def application(**changed):
    facts = {"required": frozenset(WANTED), "redirects": (BACK,), **changed}
    return Application(ObjectId("o"), AppId("a"), "voice1", "gangway-1", **facts)


def test_the_consent_page_is_offered_when_it_grants_all_and_revokes_nothing():
    granted = {(GRAPH_APP_ID, PERMISSIONS[0].id)}
    assert consent_link_is_safe(application(), wanted=WANTED, granted=granted, back=BACK)


@pytest.mark.parametrize(
    ("changed", "granted"),
    [
        ({}, {(GRAPH_APP_ID, "granted-by-somebody-and-not-on-the-list")}),
        ({"required": frozenset()}, set()),
        ({"redirects": ()}, set()),
    ],
)
def test_it_is_not_offered_when_it_might_revoke_lack_something_or_not_come_back(changed, granted):
    assert not consent_link_is_safe(application(**changed), wanted=WANTED, granted=granted, back=BACK)


def test_it_is_not_offered_before_there_is_a_registration():
    assert not consent_link_is_safe(None, wanted=WANTED, granted=set(), back=BACK)


@pytest.mark.parametrize("part", Part)
def test_a_sign_in_asks_only_for_what_its_part_needs(part):
    others = {of_parts([other], says_goodbye=False)[-1] for other in Part if other is not part}
    assert not others & set(of_parts([part], says_goodbye=False))


def test_removing_the_sign_in_application_needs_to_write_else_reading_is_enough():
    assert WRITE_ALL in of_parts([Part.CONSENT], says_goodbye=True)
    kept = of_parts([Part.CONSENT], says_goodbye=False)
    assert (READ_ALL in kept, WRITE_ALL in kept, "offline_access" in kept) == (True, False, False)
