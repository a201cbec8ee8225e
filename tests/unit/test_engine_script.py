"""The script that an administrator runs: all of the blueprint, the same each time, and no text that could run."""

import re

import pytest

from gangway.foundation.clouds import CloudName
from gangway.microsoft import texts
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.script import Asked, Certificate, Wanted, literal, script
from gangway.provisioning.engine.steps.credentials import Trust

REGISTRATION = "11111111-2222-4333-8444-555555555555"
NASTY = "O'Neil \u2019; $(Remove-Item x) `\" #>\r\n}; iex 'x' \u202e \u2028 x"
TOKENS = re.compile(
    r"""(?P<literal>'(?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*')|(?P<text>"(?:[^"`]|`.|"")*")|(?P<comment>\#[^\n]*)"""
    r"""|(?P<open>[\[({])|(?P<close>[\])}])""",
    re.VERBOSE | re.DOTALL,
)
PAIRS = {")": "(", "]": "[", "}": "{"}


def drawn(name: str = "contoso-1", **choices: object) -> Blueprint:
    plan = pinning.pin(profile="teams-voice", version=2, **choices)
    return draw(plan, registration=REGISTRATION, display_name=name, notes=name, sign_in_client=None)


def written(blueprint: Blueprint, wanted: Wanted | None = None, who: str = "Sailmaker Voice", **more: object) -> str:
    more.setdefault("cloud", "public")
    return script(blueprint, Asked(who, who, who, "AB12 CD34"), wanted or Wanted("contoso-1"), **more)


def bare(text: str) -> str:
    """What is left of a script without its literals, texts and comments; its brackets must close each other."""
    standing: list[str] = []
    for found in TOKENS.finditer(text):
        if found["open"]:
            standing.append(found["open"])
        if found["close"]:
            assert standing.pop() == PAIRS[found["close"]], text[: found.start()][-200:]
    assert not standing
    return TOKENS.sub(lambda found: found[0] if found["open"] or found["close"] else "", text)


FEATURES = [
    {},
    {"features": ["self-rotation", "teams-reading", "automatic-domain"], "role_choice": "teams"},
    {"features": ["administrative-unit"], "role_choice": "teams", "unit": "Voice people"},
    {"role_days": 90},
]


@pytest.mark.parametrize("choices", FEATURES)
def test_each_permission_role_and_service_of_the_blueprint_is_in_it_by_its_id(choices):
    blueprint = drawn(**choices)
    text = written(blueprint)
    for entry in blueprint.permissions:
        assert f"Id = '{entry.id}'; Name = '{entry.value}'" in text
    for role in blueprint.roles:
        reach = "unit" if blueprint.is_limited(role) else "tenant"
        assert f"Id = '{role.template_id}'; Name = '{role.name}'; Reach = '{reach}'" in text
    for service in blueprint.services:
        assert f"AppId = '{service.app_id}'" in text
    assert f"$UniqueName = 'gangway-{REGISTRATION}'" in text
    assert f"$RoleDays = {blueprint.role_days}" in text
    assert "AB12 CD34" in text


@pytest.mark.parametrize("choices", FEATURES)
def test_it_parses_as_brackets_literals_and_texts_that_all_end(choices):
    assert not set("'\"") & set(bare(written(drawn(**choices))))


def test_the_same_plan_gives_the_same_script():
    assert written(drawn()) == written(drawn())
    assert written(drawn()) != written(drawn(role_days=30))


def test_no_name_can_become_anything_else_than_a_name():
    harmless, nasty = written(drawn("x"), Wanted("x"), "x"), written(drawn(NASTY), Wanted(NASTY), NASTY)
    assert bare(nasty) == bare(harmless)
    assert nasty.count("\n") == harmless.count("\n")
    assert not re.search("[\r\u2028\u202e]", nasty)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("it's", "'it''s'"), ("\u2018a\u2019", "'\u2018\u2018a\u2019\u2019'"), ("a\nb", "'a b'"), ("$(x)", "'$(x)'")],
)
def test_a_literal_ends_where_it_should(text, wanted):
    assert literal(text) == wanted


def test_a_certificate_or_a_trust_leaves_no_secret_to_type():
    certificate = written(drawn(), Wanted("contoso-1", certificate=Certificate("gw-1", "MIIB+/=")))
    assert "$Certificate = 'MIIB+/='" in certificate
    trust = Trust("https://id.example", "gangway-1:2", "api://AzureADTokenExchange")
    federated = written(drawn(), Wanted("contoso-1", trust=trust))
    assert "$Issuer = 'https://id.example'\n$Subject = 'gangway-1:2'" in federated
    assert "$Certificate = ''" in federated


def test_a_unit_that_nobody_named_has_to_be_named_by_whoever_runs_it():
    text = written(drawn(features=["administrative-unit"], role_choice="teams", unit="?"), unit_open=True)
    assert "[Parameter(Mandatory)] [string] $Unit = ''" in text


@pytest.mark.parametrize(("cloud", "name"), [("public", "Global"), ("gcc-high", "USGov"), ("china", "China")])
def test_it_signs_in_to_the_customers_own_cloud(cloud, name):
    assert f"Environment = '{name}'" in written(drawn(), cloud=cloud)


def test_every_cloud_has_a_name_in_microsofts_module():
    assert all(written(drawn(), cloud=cloud) for cloud in CloudName)


def test_only_what_passes_by_itself_is_asked_for_again():
    text = written(drawn())
    assert "if ($attempt -ge 24 -or -not (Test-Passing $_)) { throw }" in text
    assert "$status -in 404, 429 -or $status -ge 500" in text
    (fresh,) = re.findall(r"^\$Fresh = '(.+)'$", text, re.MULTILINE)
    assert all(re.search(fresh, f"Microsoft says: {said}") for said in texts.COPYING)
    assert not re.search(fresh, "Insufficient privileges to complete the operation.")
