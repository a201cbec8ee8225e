"""What two plans ask for differently, as somebody reads it before agreeing again."""

from typing import Any

import pytest

from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.difference import Change, differences

UNIT = {"features": ["administrative-unit"], "role_choice": "teams"}


def plan(**given: Any) -> dict[str, Any]:
    return pinning.pin(profile="teams-voice", **{"version": 2, **given})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        (
            {},
            {"features": ["self-rotation"]},
            [
                Change("added", "Renews its own secret"),
                Change("added", "Permission Application.ReadWrite.OwnedBy"),
                Change("changed", "The credential lives shorter: 180 days, instead of 365"),
            ],
        ),
        (
            {"credential_days": 90},
            {"credential_days": 400},
            [Change("changed", "The credential lives longer: 400 days, instead of 90")],
        ),
        (
            {},
            {"role_choice": "teams"},
            [
                Change("added", "Role Teams Administrator"),
                Change("removed", "Role Skype for Business Administrator"),
                Change("removed", "Role Teams Telephony Administrator"),
            ],
        ),
        (
            {**UNIT, "unit": "Berlin"},
            {**UNIT, "unit": "Rome"},
            [Change("changed", "Administrative unit: Rome, instead of Berlin")],
        ),
        ({**UNIT}, {**UNIT, "unit": "Rome"}, [Change("changed", "Administrative unit, named now: Rome")]),
        (
            {**UNIT, "unit": "Rome"},
            {**UNIT},
            [Change("changed", "Administrative unit: not named yet, instead of Rome")],
        ),
        (
            {"credential_kind": "secret"},
            {"credential_kind": "federated"},
            [Change("changed", "Kind of credential: federated credential, instead of secret")],
        ),
        (
            {"version": 1},
            {},
            [
                Change("added", "Permission GroupMember.Read.All"),
                Change("added", "Permission RoleManagement.Read.Directory"),
                Change("changed", "Profile teams-voice, version 2, instead of version 1"),
            ],
        ),
        (
            {},
            {"keep_sign_in_application": True},
            [Change("changed", "The application that you sign in to stays in your tenant")],
        ),
    ],
)
def test_everything_that_differs_is_said(before: dict[str, Any], after: dict[str, Any], expected: list[Change]) -> None:
    assert list(differences(plan(**before), plan(**after))) == expected


def test_declining_is_a_difference_and_says_what_goes() -> None:
    asked = plan(features=["self-rotation"])
    declined = pinning.decline(asked, ["self-rotation"])
    assert Change("removed", "Renews its own secret") in differences(asked, declined)
    assert differences(declined, declined) == ()


def test_a_plan_of_the_first_format_differs_from_its_like_in_nothing_that_anybody_reads() -> None:
    now = plan()
    first = {
        key: now[key] for key in ("profile", "version", "features", "permissions", "services", "role_choice", "roles")
    }
    first |= {"credential": {"kind": "secret", "days": 365}, "keep_sign_in_application": False}
    assert differences(first, now) == ()
