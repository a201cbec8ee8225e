"""A registration made by hand beside the plan: what it lacks and why that matters, what is too much, what it fits."""

from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.fitting import Fit, fit

VOICE = {"Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory"}
TELEPHONY = {"aa38014f-0993-46e9-9b45-30501a20909d", "75941009-915a-4869-abe7-691bff18279e"}
TEAMS = "69091246-20e8-4a56-aa4d-066075b2a7a8"
READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


def fitted(permissions: set[str] = VOICE, roles: set[str] = TELEPHONY, **choices: object) -> Fit:
    plan = pinning.pin(profile="teams-voice", version=2, **choices)
    return fit(plan, permissions=permissions, roles=roles)


def test_one_that_has_all_of_it_lacks_nothing_and_reaches_the_plan_as_it_is():
    plan = pinning.pin(profile="teams-voice", version=2)
    found = fitted()
    assert (found.lacking, found.declined, found.surplus) == ((), (), ())
    assert pinning.fingerprint(found.plan) == pinning.fingerprint(plan)


def test_what_is_missing_is_named_with_its_consequence():
    found = fitted(VOICE - {"User.Read.All"}, set())
    assert [(lack.kind, lack.name) for lack in found.lacking] == [
        ("permission", "User.Read.All"),
        ("role", "Teams Telephony Administrator"),
        ("role", "Skype for Business Administrator"),
    ]
    assert found.lacking[0].without == "Telephone numbers can't be matched with people."


def test_a_wider_permission_is_enough_and_is_no_surplus():
    found = fitted(VOICE - {"GroupMember.Read.All"} | {"Group.Read.All", "Mail.Read"})
    assert not found.lacking
    assert found.surplus == ("Mail.Read",)


def test_the_other_role_choice_is_as_good():
    found = fitted(roles={TEAMS})
    assert not found.lacking
    assert found.plan["role_choice"] == "teams"


def test_an_optional_feature_that_it_cannot_do_counts_as_declined():
    found = fitted(features=["self-rotation", "teams-reading"])
    assert not found.lacking
    assert set(found.plan["declined"]) == {"self-rotation", "teams-reading"}
    assert len(found.declined) == 2


def test_a_registration_of_its_own_is_never_part_of_one_made_by_hand():
    found = fitted(features=["call-quality"])
    assert found.plan["declined"] == ["call-quality"]
    assert "beside" not in found.plan


def test_a_unit_needs_its_readers():
    choices = {"features": ["administrative-unit"], "role_choice": "teams", "unit": "Voice"}
    assert fitted(roles={TEAMS}, **choices).plan["declined"] == ["administrative-unit"]
    assert fitted(roles={TEAMS, READERS}, **choices).plan["unit"] == "Voice"


def test_what_is_only_for_the_set_up_is_not_asked_for():
    assert not fitted(features=["automatic-domain"]).lacking
