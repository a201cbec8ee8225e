"""Seeds: JSON and YAML, the schema that ships, and mistakes that are told with their path."""

import copy
import inspect
import json
import re

import jsonschema
import pytest

from m365_emulator import data, json_schema, seed, seed_file, world
from m365_emulator.settings import Settings

good = seed.read(None)
contoso = "tenants[1]"


def changed(*path_and_value):
    """The default seed with one value set."""
    *path, value = path_and_value
    made = copy.deepcopy(good)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


def without(*path):
    made = changed(*path, None)
    place = made
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return made


wrong = {
    "the seed: tenants is missing": without("tenants"),
    "tenants is empty": changed("tenants", []),
    "tenants: a list is needed": changed("tenants", {}),
    "the seed.tenant is unknown": changed("tenant", []),
    f"{contoso}.id: 'contoso' does not have the form": changed("tenants", 1, "id", "contoso"),
    f"{contoso}.domains[1]: 'no domain' does not have": changed("tenants", 1, "domains", 1, "no domain"),
    f"{contoso}.people[2].password is empty": changed("tenants", 1, "people", 2, "password", ""),
    f"{contoso}.people[0]: upn is missing": without("tenants", 1, "people", 0, "upn"),
    f"{contoso}.people[1].roles[0]: 'App Admin' is not": changed("tenants", 1, "people", 1, "roles", ["App Admin"]),
    f"{contoso}.people[0].enabled: true or false": changed("tenants", 1, "people", 0, "enabled", "yes"),
    f"{contoso}.licences[0].enabled: -1 is less than 0": changed("tenants", 1, "licences", 0, "enabled", -1),
    f"{contoso}.licences[0].enabled: a whole number": changed("tenants", 1, "licences", 0, "enabled", True),
    f"{contoso}.licences[1].partNumber: 'MCO' is not": changed("tenants", 1, "licences", 1, "partNumber", "MCO"),
}
wrong_beyond_the_schema = {
    f"{contoso}.guests[0].of: nobody in this seed": changed("tenants", 1, "guests", 0, "of", "who@nowhere.example"),
    f"{contoso}.applications[0].application[0]: Microsoft Graph has no application permission 'User.Fly'": changed(
        "tenants", 1, "applications", 0, "application", ["User.Fly"]
    ),
    f"{contoso}.people[1].upn: 'grace.global@contoso.com' is there twice": changed(
        "tenants", 1, "people", 1, "upn", "grace.global@contoso.com"
    ),
    "tenants[2].domains[1]: 'contoso.com' is there twice": changed("tenants", 2, "domains", 1, "contoso.com"),
}


@pytest.mark.parametrize("sentence", [*wrong, *wrong_beyond_the_schema])
def test_mistake_is_told_with_its_path(sentence):
    with pytest.raises(seed.SeedError) as refused:
        world.build(Settings(), {**wrong, **wrong_beyond_the_schema}[sentence])
    assert sentence in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"tenants": [{"id": "x", "displayName": ""}]}), "utf-8")
    with pytest.raises(seed.SeedError) as refused:
        seed.read(path)
    assert [word in str(refused.value) for word in ("mine.json", "domains is missing", "displayName is empty", "'x'")]
    assert len(str(refused.value).splitlines()) == 4


@pytest.mark.parametrize("sentence", wrong)
def test_own_checker_agrees_with_the_reference_implementation(sentence):
    reference = jsonschema.Draft202012Validator(seed_file.schema())
    assert not reference.is_valid(wrong[sentence])
    assert list(json_schema.mistakes(wrong[sentence], seed_file.schema()))


def test_schema_is_one_and_takes_the_default_seed():
    jsonschema.Draft202012Validator.check_schema(seed_file.schema())
    jsonschema.Draft202012Validator(seed_file.schema()).validate(good)
    assert list(json_schema.mistakes(good, seed_file.schema())) == []


def test_schema_names_the_roles_and_licences_that_exist():
    kinds = seed_file.schema()["$defs"]
    assert set(kinds["roles"]["items"]["enum"]) == set(data.role_ids_by_name())
    assert set(kinds["licence"]["properties"]["partNumber"]["enum"]) == set(data.skus_by_part_number())


def test_schema_says_all_that_is_read():
    """A member that the code reads and the schema lacks could never be used."""
    read = set(re.findall(r"""row(?:\.get\(|\[)"(\w+)\"""", inspect.getsource(seed)))
    known = {name for kind in seed_file.schema()["$defs"].values() for name in kind.get("properties", {})}
    assert read - known == {"value"}


def test_seed_may_be_yaml(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        """
        seed: mine
        tenants:
          - id: 7e4a4700-0000-4000-8000-000000000001
            displayName: Ours
            domains: [ours.onmicrosoft.com]
            people:
              - {upn: ada@ours.onmicrosoft.com, displayName: Ada Admin, password: pass, roles: [Global Administrator]}
        """,
        "utf-8",
    )
    made = world.build(Settings(), seed.read(path))
    assert made.directory.tenant("ours.onmicrosoft.com").user("ada@ours.onmicrosoft.com") is not None


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.yaml", "a: [1"), ("absent.json", None)])
def test_unreadable_file_is_named(tmp_path, name, text):
    path = tmp_path / name
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(seed.SeedError, match=name.replace(".", r"\.")):
        seed.read(path)
