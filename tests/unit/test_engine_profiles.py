"""Profiles and pinned plans: what the files hold, what can be pinned, and plans of earlier releases."""

import json
from pathlib import Path
from typing import Any

import pytest

from gangway.provisioning.engine import pinning, profile
from gangway.provisioning.engine.blueprint import draw
from gangway.web.templatetags.gangway import fours
from tests.house import profile_schema

MICROSOFT = Path(__file__).parents[2] / "emulator/src/m365_emulator/data"
GRAPH = "00000003-0000-0000-c000-000000000000"
UNIT = "0a0a0a0a-1111-4111-8111-00000000000a"
VOICE_1 = {"Organization.Read.All", "User.Read.All"}
VOICE_2 = VOICE_1 | {"GroupMember.Read.All", "RoleManagement.Read.Directory"}
NAMES = ["qoe", "teams-voice"]

FIRST_FORMAT = {
    "profile": "teams-voice",
    "version": 2,
    "features": ["voice"],
    "permissions": {
        "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
        "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
        "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    },
    "services": ["48ac35b8-9aa8-4d74-927d-1f4a14a0b239"],
    "role_choice": "telephony",
    "roles": {
        "Teams Telephony Administrator": "aa38014f-0993-46e9-9b45-30501a20909d",
        "Skype for Business Administrator": "75941009-915a-4869-abe7-691bff18279e",
    },
    "credential": {"kind": "secret", "days": 365},
    "keep_sign_in_application": False,
}
"""A plan as the first release pinned it."""
ITS_FINGERPRINT = "ce2bfa79225b165d0897a5b594b67cfa83e48d2152e418db89fa5ff8faf3440c"


def voice(**given: Any) -> dict[str, Any]:
    return pinning.pin(profile="teams-voice", version=2, **given)


def loaded(name: str) -> profile.Profile:
    found = profile.load(name)
    assert found
    return found


def published(file: str, rows: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((MICROSOFT / file).read_text("utf-8"))[rows]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_permission_is_one_that_microsoft_publishes(name: str) -> None:
    known = {row["id"]: row for row in published("graph-permissions.json", "application")}
    for entry in loaded(name).permissions:
        assert entry.resource == GRAPH
        assert known[entry.id]["value"] == entry.value


@pytest.mark.parametrize("name", NAMES)
def test_every_role_is_one_that_microsoft_publishes(name: str) -> None:
    known = {row["id"]: row for row in published("directory-role-templates.json", "roles")}
    read = loaded(name)
    for role in (*read.roles, *(role for choice in read.role_choices for role in choice.roles)):
        assert known[role.template_id]["displayName"] == role.name
        assert known[role.template_id]["administrativeUnitScope"] == role.in_unit


def test_the_schema_beside_the_profiles_is_that_of_the_model() -> None:
    assert profile_schema.FILE.read_text("utf-8") == profile_schema.schema(), (
        "run: python -m tests.house.profile_schema"
    )


def test_every_file_in_the_folder_is_a_profile_that_loads() -> None:
    files = {file.stem.replace("_", "-") for file in profile_schema.FOLDER.glob("*.json")} - {"profile.schema"}
    assert files == set(NAMES)
    assert {loaded(name).name for name in files} == files


def test_version_2_adds_the_two_permissions_and_nothing_else() -> None:
    first, second = (pinning.pin(profile="teams-voice", version=version) for version in (1, 2))
    assert set(first["permissions"]) == VOICE_1
    assert set(second["permissions"]) == VOICE_2
    assert first["roles"] == second["roles"]


@pytest.mark.parametrize(
    ("feature", "permissions", "setup_only"),
    [
        ("self-rotation", {"Application.ReadWrite.OwnedBy"}, set()),
        ("teams-reading", {"TeamsUserConfiguration.Read.All"}, set()),
        (
            "automatic-domain",
            {"Domain.ReadWrite.All", "User.ReadWrite.All"},
            {"Domain.ReadWrite.All", "User.ReadWrite.All"},
        ),
    ],
)
def test_a_feature_adds_its_permissions(feature: str, permissions: set[str], setup_only: set[str]) -> None:
    plan = voice(features=[feature])
    assert set(plan["permissions"]) == VOICE_2 | permissions
    assert set(plan["setup_only"]) == setup_only
    assert plan["features"] == sorted([feature, "voice"])
    assert plan["optional"] == [feature]


def test_voice_is_in_every_plan_and_cannot_be_declined() -> None:
    assert voice(features=[])["features"] == ["voice"]
    with pytest.raises(pinning.PlanUnknown):
        voice(declined=["voice"])


def test_call_quality_is_a_registration_of_its_own() -> None:
    plan = pinning.pin(profile="qoe", version=1)
    assert set(plan["permissions"]) == {"CallRecords.Read.All", "User.Read.All"}
    assert (plan["roles"], plan["services"]) == ({}, [])
    assert pinning.read(plan).role_choice == ""


def test_a_pinned_plan_reads_back_with_its_words() -> None:
    read = pinning.read(voice(role_choice="teams", credential_days=90))
    assert [role.name for role in read.roles] == ["Teams Administrator"]
    assert (read.credential_days, len(read.permissions)) == (90, 4)
    assert all(permission.why and permission.without for permission in read.permissions)


@pytest.mark.parametrize(("features", "days"), [([], 365), (["self-rotation"], 180), (["teams-reading"], 365)])
def test_a_secret_that_renews_itself_lives_shorter(features: list[str], days: int) -> None:
    assert voice(features=features)["credential"] == {"kind": "secret", "days": days, "chosen": False}


def test_declining_renewal_gives_the_secret_its_longer_life_unless_somebody_chose_one() -> None:
    declined = pinning.decline(voice(features=["self-rotation"]), ["self-rotation"])
    chosen = pinning.decline(voice(features=["self-rotation"], credential_days=90), ["self-rotation"])
    assert (declined["credential"]["days"], chosen["credential"]["days"]) == (365, 90)


@pytest.mark.parametrize("kind", ["secret", "certificate", "federated"])
def test_a_plan_names_the_kind_of_credential(kind: str) -> None:
    assert pinning.read(voice(credential_kind=kind)).credential_kind == kind


def test_declining_takes_away_what_came_with_the_feature_and_asking_again_brings_it_back() -> None:
    plan = voice(features=["self-rotation", "teams-reading"])
    without = pinning.decline(plan, ["self-rotation"])
    assert set(without["permissions"]) == VOICE_2 | {"TeamsUserConfiguration.Read.All"}
    assert (without["declined"], without["owns_itself"], plan["owns_itself"]) == (["self-rotation"], False, True)
    assert [feature.key for feature in pinning.read(without).asked] == ["voice", "self-rotation", "teams-reading"]
    assert pinning.fingerprint(without) != pinning.fingerprint(plan)
    assert pinning.decline(without, []) == plan


def test_what_is_not_optional_cannot_be_declined() -> None:
    for wrong in ("voice", "teams-reading", "x"):
        with pytest.raises(pinning.PlanUnknown):
            pinning.decline(voice(features=["self-rotation"]), [wrong])


def test_only_roles_that_microsoft_limits_can_be_limited_to_a_unit() -> None:
    with pytest.raises(pinning.NotInAUnit) as refused:
        voice(features=["administrative-unit"], unit="Berlin")
    assert refused.value.field == "role_choice"
    plan = voice(features=["administrative-unit"], unit="Berlin", role_choice="teams")
    assert list(plan["roles"]) == ["Teams Administrator", "Directory Readers"]
    declined = pinning.decline(plan, ["administrative-unit"])
    assert (list(declined["roles"]), declined["unit"]) == (["Teams Administrator"], "")


def test_the_unit_may_be_named_later_but_nothing_is_made_before() -> None:
    plan = voice(features=["administrative-unit"], role_choice="teams")
    with pytest.raises(pinning.UnitNotNamed):
        draw(plan, registration="r", display_name="v", notes="", sign_in_client=None)
    named = pinning.decline(plan, [], unit=f" {UNIT.upper()} ")
    assert named["unit"] == UNIT
    assert draw(named, registration="r", display_name="v", notes="", sign_in_client=None).unit == UNIT


@pytest.mark.parametrize("wrong", ["x" * 257, "a\nb"])
def test_a_unit_that_cannot_be_is_refused_at_its_field(wrong: str) -> None:
    with pytest.raises(pinning.UnitMalformed) as refused:
        voice(features=["administrative-unit"], unit=wrong, role_choice="teams")
    assert refused.value.field == "unit"


def test_what_is_for_the_set_up_only_is_no_longer_wanted_after_it() -> None:
    plan = voice(features=["automatic-domain"])
    before, after = (
        draw(plan, registration="r", display_name="v", notes="", sign_in_client=None, set_up=done)
        for done in (False, True)
    )
    assert {entry.value for entry in before.setup_only} == {"Domain.ReadWrite.All", "User.ReadWrite.All"}
    assert set(before.permissions) - set(after.permissions) == set(before.setup_only) == set(after.setup_only)


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "unknown", "version": 1},
        {"profile": "../teams_voice", "version": 1},
        {"profile": "teams-voice", "version": 9},
        {"profile": "teams-voice", "version": 1, "role_choice": "everything"},
        {"profile": "teams-voice", "version": 1, "credential_days": 9999},
        {"profile": "teams-voice", "version": 1, "credential_kind": "password"},
        {"profile": "teams-voice", "version": 1, "features": ["self-rotation"]},
        {"profile": "teams-voice", "version": 2, "features": ["x"]},
        {"profile": "qoe", "version": 1, "role_choice": "teams"},
    ],
)
def test_what_no_profile_offers_cannot_be_pinned(wrong: dict[str, Any]) -> None:
    with pytest.raises(pinning.PlanUnknown):
        pinning.pin(**wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"roles": {}},
        {"permissions": {"X": "y"}},
        {"profile": 7},
        {"more": 1},
        {"format": 3},
        {"declined": ["voice"]},
        {"optional": ["voice"]},
        {"credential": {"kind": "secret", "days": 90, "chosen": False}},
        {"owns_itself": True},
    ],
)
def test_a_changed_plan_is_not_made(change: dict[str, Any]) -> None:
    with pytest.raises(pinning.PlanUnknown):
        pinning.read({**voice(), **change})


def test_a_plan_of_the_first_format_is_read_and_keeps_its_fingerprint() -> None:
    read = pinning.read(FIRST_FORMAT)
    assert {entry.value for entry in read.permissions} == VOICE_2
    assert [feature.key for feature in read.features] == ["voice"]
    assert (read.credential_kind, read.credential_days, read.optional) == ("secret", 365, frozenset())
    assert pinning.fingerprint(FIRST_FORMAT) == ITS_FINGERPRINT
    assert pinning.decline(FIRST_FORMAT, []) == FIRST_FORMAT
    for change in ({"features": ["self-rotation", "voice"]}, {"credential": {"kind": "federated", "days": 365}}):
        with pytest.raises(pinning.PlanUnknown):
            pinning.read({**FIRST_FORMAT, **change})


def test_a_fingerprint_depends_on_content_and_not_on_order() -> None:
    plan = voice()
    backwards = dict(reversed(plan.items()))
    assert pinning.fingerprint(backwards) == pinning.fingerprint(plan)
    assert pinning.fingerprint({**plan, "version": 1}) != pinning.fingerprint(plan)


def test_a_fingerprint_is_shown_alike_on_every_page_and_in_the_script() -> None:
    whole = pinning.fingerprint(voice())
    assert pinning.shown(whole) == fours(whole)
    assert pinning.shown(whole).replace(" ", "") == whole


def test_a_wrong_profile_file_is_refused() -> None:
    data = loaded("teams-voice").model_dump(by_alias=True)
    silent = [{**feature, "declining": ""} for feature in data["features"]]
    for change in (
        {"default_role_choice": "x"},
        {"versions": (1,)},
        {"permissions": data["permissions"] * 2},
        {"features": data["features"][:1]},
        {"features": silent},
        {"credential": {**data["credential"], "days_with": {"self-rotation": 999}}},
        {"format": 2},
        {"x": 1},
    ):
        with pytest.raises(ValueError, match=r"\w"):
            profile.Profile.model_validate({**data, **change})
