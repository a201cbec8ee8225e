"""The role table: who may do what, and the few lines that must never move by accident."""

from itertools import pairwise

import pytest

from gangway.organizations.errors import NotAllowed
from gangway.organizations.roles import (
    GIVES,
    MATRIX,
    ROLE_TABLE,
    ROLES,
    Capability,
    Kind,
    Role,
    gives,
    require,
    roles_at,
)


class Someone:
    """A person with one role."""

    def __init__(self, kind: Kind, role: Role) -> None:
        self.capabilities = ROLE_TABLE[kind, role]


def test_every_capability_has_its_row_and_is_given_to_somebody():
    assert set(MATRIX) == set(Capability)
    assert frozenset().union(*ROLE_TABLE.values()) == set(Capability)


def test_no_row_names_a_role_that_the_level_does_not_have():
    for given in MATRIX.values():
        assert all(set(getattr(given, kind.value)) <= set(ROLES[kind]) for kind in Kind)


def test_a_channel_never_deletes_and_sees_no_page_of_all_invitations():
    for given in (given for (kind, _), given in ROLE_TABLE.items() if kind is Kind.CHANNEL):
        assert not given & {
            Capability.DELETE_SERVICE,
            Capability.DELETE_CUSTOMERS,
            Capability.SEE_INVITATIONS,
            Capability.CHANGE_SETTINGS,
        }


def test_who_stands_higher_may_do_whatever_the_same_role_may_below():
    for role in (Role.ADMIN, Role.MONITOR):
        levels = [ROLE_TABLE[kind, role] for kind in Kind if role in roles_at(kind)]
        assert all(lower <= higher for higher, lower in pairwise(levels))


def test_monitors_only_look():
    for kind in Kind:
        assert all(capability.startswith("see_") for capability in ROLE_TABLE[kind, Role.MONITOR])


def test_a_customer_has_no_admin():
    assert (Kind.CUSTOMER, Role.ADMIN) not in ROLE_TABLE


def test_who_manages_operators_stands_in_the_table_of_gifts_and_nobody_else():
    managers = {pair for pair, given in ROLE_TABLE.items() if Capability.MANAGE_OPERATORS in given}
    assert managers == set(GIVES)


def test_nobody_gives_more_than_they_have():
    for (kind, role), levels in GIVES.items():
        for level in levels:
            for given in gives(kind, role, at=level):
                assert ROLE_TABLE[level, given] <= ROLE_TABLE[kind, role]


def test_a_channels_admin_adds_only_admins_of_channels():
    assert GIVES[Kind.CHANNEL, Role.ADMIN] == {Kind.CHANNEL: "A"}


def test_require_lets_pass_or_says_what_to_do():
    require(Someone(Kind.PROVIDER, Role.OPERATOR), Capability.ADD_SERVICE)
    with pytest.raises(NotAllowed, match="Your role doesn't include this"):
        require(Someone(Kind.CUSTOMER, Role.OPERATOR_LITE), Capability.ADD_SERVICE)
