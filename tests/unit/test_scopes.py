"""What a sign-in asks for, as whoever signs in reads it: Microsoft's own titles, none left out."""

from itertools import chain, combinations, product

import pytest

from gangway.provisioning import scopes
from gangway.provisioning.engine.rights import Part
from tests.unit.test_engine_profiles import published

FLAGS = ("says_goodbye", "finds_unit", "reads_roles")
PARTS = tuple(chain.from_iterable(combinations(Part, number) for number in range(len(Part) + 1)))


@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: "+".join(parts) or "none")
def test_all_that_any_sign_in_asks_for_is_told_with_what_it_is_for(parts):
    for given in product((False, True), repeat=len(FLAGS)):
        asked = scopes.of_parts(parts, **dict(zip(FLAGS, given, strict=True)))
        told = scopes.told(asked)
        assert tuple(one.value for one in told) == asked
        assert all(one.title and one.why for one in told)


def test_the_titles_are_those_of_microsofts_own_page():
    titles = {row["value"]: row["displayName"] for row in published("graph-permissions.json", "delegated")}
    assert {scope: titles[scope] for scope in scopes.TITLES} == scopes.TITLES
    assert set(scopes.WHY) == set(scopes.TITLES)
