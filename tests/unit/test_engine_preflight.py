"""The pre-flight: from what was read to what this person can do, step by step. Pure."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gangway.microsoft import directory_roles
from gangway.microsoft.graph import policies
from gangway.microsoft.graph.shapes import Namesake, SecretRule
from gangway.microsoft.wire import Answer
from gangway.provisioning.engine.preflight import Preflight, Seen, Wanted, preflight

WANTED = Wanted("gangway-1", 365)
ANY_RULE = SecretRule(forbidden=False, longest_days=None)
ALL_READ = Seen(
    active={directory_roles.GLOBAL: "Global Administrator"},
    eligible=frozenset(),
    secrets=ANY_RULE,
    ours=(),
    deleted=(),
    phone_licences_left=5,
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def results(found: Preflight) -> list[str]:
    return [step.result for step in found.steps]


def with_roles(*active: str, eligible: tuple[str, ...] = ()) -> Seen:
    return replace(ALL_READ, active=dict.fromkeys(active, ""), eligible=frozenset(eligible))


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (ALL_READ, ["can", "can", "can", "can"]),
        (with_roles(directory_roles.APPLICATION), ["can", "can", "needs_other", "needs_other"]),
        (with_roles(directory_roles.PRIVILEGED_ROLE), ["needs_other", "needs_other", "can", "can"]),
        (with_roles(), ["needs_other"] * 4),
        (with_roles(eligible=(directory_roles.GLOBAL,)), ["activate"] * 4),
        (
            with_roles(directory_roles.APPLICATION, eligible=(directory_roles.PRIVILEGED_ROLE,)),
            ["can", "can", "activate", "activate"],
        ),
        (replace(ALL_READ, active=None), ["unknown"] * 4),
        (replace(ALL_READ, secrets=None), ["can", "unknown", "can", "can"]),
        (replace(ALL_READ, secrets=SecretRule(True, None)), ["can", "forbidden", "can", "can"]),
        (replace(ALL_READ, secrets=SecretRule(False, 90)), ["can", "can", "can", "can"]),
        (replace(ALL_READ, secrets=SecretRule(False, 365)), ["can", "can", "can", "can"]),
        (replace(ALL_READ, deleted=(Namesake("gangway-1", "old"),)), ["can", "can", "can", "can"]),
    ],
)
def test_each_step_has_its_result(seen: Seen, wanted: list[str]) -> None:
    assert results(preflight(seen, WANTED)) == wanted


def test_the_smaller_role_that_is_enough_is_the_one_to_activate() -> None:
    seen = with_roles(eligible=(directory_roles.GLOBAL, directory_roles.PRIVILEGED_ROLE))
    consent = preflight(seen, WANTED).steps[2]
    assert "Privileged Role Administrator" in consent.words
    assert "PIM" in consent.cure
    assert "sign in again" in consent.cure


def test_registrations_of_ours_are_named_and_our_own_is_gone_on_with() -> None:
    ours = (Namesake("gangway-1", "mine"), Namesake("gangway-2", "other"))
    seen = replace(ALL_READ, ours=ours, deleted=(Namesake("gangway-3", "gone", NOW),), phone_licences_left=0)
    found = preflight(seen, WANTED)
    mine, licences = found.notes
    others, deleted = found.tenant
    assert "go on with it" in mine
    assert "“other”" in others
    assert "“mine”" not in others
    assert "“gone”" in deleted
    assert "No Teams Phone licence is left" in licences


def test_what_could_not_be_read_is_said() -> None:
    found = preflight(replace(ALL_READ, ours=None, deleted=None, phone_licences_left=None), WANTED)
    assert len(found.notes) == 2
    assert all("could not be read" in note for note in found.notes)
    assert found.tenant == ()


roles = st.sets(st.sampled_from([*directory_roles.NAMES, "a-role-of-no-use"]))
rules = st.none() | st.builds(SecretRule, st.booleans(), st.none() | st.integers(1, 800))
namesakes = st.none() | st.tuples(st.builds(Namesake, st.sampled_from(["gangway-1", "gangway-2"]), st.text()))
seens = st.builds(
    Seen,
    active=st.none() | roles.map(lambda ids: dict.fromkeys(ids, "")),
    eligible=st.none() | roles.map(frozenset),
    secrets=rules,
    ours=namesakes,
    deleted=namesakes,
    phone_licences_left=st.none() | st.integers(0, 9),
)


@given(seens)
def test_whatever_was_read_every_step_has_words_unless_it_can_be_done(seen: Seen) -> None:
    found = preflight(seen, WANTED)
    assert [step.key for step in found.steps] == ["registration", "credential", "consent", "roles"]
    for step in found.steps:
        assert bool(step.words or step.cure) or step.result == "can"
        assert step.cure or step.result in {"can", "unknown"}


def rule_of(*rows: dict[str, str], is_enabled: bool = True, made_at: datetime | None = None) -> SecretRule:
    body = {"isEnabled": is_enabled, "applicationRestrictions": {"passwordCredentials": list(rows)}}
    return policies.credential_policy().read(Answer(200, body, at=NOW)).rule(made_at)


def row(kind: str, **more: str) -> dict[str, str]:
    return {"restrictionType": kind, "state": "enabled", **more}


@pytest.mark.parametrize(
    ("rule", "forbidden", "days"),
    [
        (rule_of(), False, None),
        (rule_of(row("passwordAddition")), True, None),
        (rule_of(row("passwordAddition"), is_enabled=False), False, None),
        (rule_of(row("passwordAddition", state="disabled")), False, None),
        (rule_of(row("passwordAddition", restrictForAppsCreatedAfterDateTime="2026-11-19T00:00:00Z")), True, None),
        (rule_of(row("passwordAddition", restrictForAppsCreatedAfterDateTime="2027-01-01T00:00:00Z")), False, None),
        (rule_of(row("passwordLifetime", maxLifetime="P90D")), False, 90),
        (rule_of(row("passwordLifetime", maxLifetime="P1Y6M"), row("passwordLifetime", maxLifetime="P2Y")), False, 545),
        (rule_of(row("passwordLifetime", maxLifetime="P4DT12H30M5S")), False, 4),
        (rule_of(row("passwordLifetime", maxLifetime="soon")), False, None),
        (rule_of(row("symmetricKeyAddition")), False, None),
    ],
)
def test_a_policy_is_read_as_it_binds_a_registration_made_now(rule: SecretRule, forbidden: bool, days: int) -> None:
    assert (rule.forbidden, rule.longest_days) == (forbidden, days)


@pytest.mark.parametrize(
    ("made_at", "forbidden"),
    [(None, True), (datetime(2026, 11, 18, tzinfo=UTC), False), (datetime(2026, 11, 19, tzinfo=UTC), True)],
)
def test_a_registration_that_was_made_before_a_restriction_is_spared(made_at: datetime | None, forbidden: bool) -> None:
    since = row("passwordAddition", restrictForAppsCreatedAfterDateTime="2026-11-19T00:00:00Z")
    assert rule_of(since, made_at=made_at).forbidden is forbidden
    life = row("passwordLifetime", maxLifetime="P90D", restrictForAppsCreatedAfterDateTime="2026-11-19T00:00:00Z")
    assert rule_of(life, made_at=made_at).longest_days == (90 if forbidden else None)


@pytest.mark.parametrize(("pim", "result"), [(True, "can"), (False, "forbidden"), (None, "unknown")])
def test_roles_that_pim_gives_take_a_tenant_that_has_it(pim: bool | None, result: str) -> None:
    step = preflight(replace(ALL_READ, pim=pim), replace(WANTED, role_days=180)).steps[3]
    assert step.result == result
    assert bool(step.cure) is (result == "forbidden")


def test_roles_without_an_end_need_no_pim() -> None:
    assert preflight(replace(ALL_READ, pim=False), WANTED).steps[3].result == "can"


@pytest.mark.parametrize(("premium", "result"), [(True, "can"), (False, "unknown")])
def test_a_role_inside_a_unit_takes_a_tenant_with_entra_id_p1(premium: bool, result: str) -> None:
    step = preflight(replace(ALL_READ, premium=premium), replace(WANTED, unit="Berlin")).steps[3]
    assert step.result == result
    assert premium or all(word in step.words for word in ("Berlin", "Entra ID P1"))


def test_whoever_needs_another_for_the_roles_is_told_that_first() -> None:
    seen = with_roles(directory_roles.APPLICATION)
    assert preflight(seen, replace(WANTED, unit="Berlin")).steps[3].result == "needs_other"
