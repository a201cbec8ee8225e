"""The role table: who may do what, and the few lines that must never move by accident."""

import pytest

from gangway.organizations.errors import NotAllowed
from gangway.organizations.roles import ROLE_TABLE, Capability, Kind, Role, require


class Someone:
    """A person with one role."""

    def __init__(self, kind: Kind, role: Role) -> None:
        self.capabilities = ROLE_TABLE[kind, role]


def test_every_capability_is_given_to_somebody():
    assert frozenset().union(*ROLE_TABLE.values()) == set(Capability)


def test_a_channel_never_deletes_and_sees_no_page_of_all_invitations():
    for given in (given for (kind, _), given in ROLE_TABLE.items() if kind is Kind.CHANNEL):
        assert not given & {Capability.DELETE_SERVICE, Capability.SEE_INVITATIONS}


def test_no_role_below_the_provider_has_more_than_the_providers_admin():
    assert all(given <= ROLE_TABLE[Kind.PROVIDER, Role.ADMIN] for given in ROLE_TABLE.values())


def test_monitors_only_look():
    for kind in Kind:
        assert all(capability.startswith("see_") for capability in ROLE_TABLE[kind, Role.MONITOR])


def test_a_customer_has_no_admin():
    assert (Kind.CUSTOMER, Role.ADMIN) not in ROLE_TABLE


def test_require_lets_pass_or_says_what_to_do():
    require(Someone(Kind.PROVIDER, Role.OPERATOR), Capability.ADD_SERVICE)
    with pytest.raises(NotAllowed, match="Your role doesn't include this"):
        require(Someone(Kind.CUSTOMER, Role.OPERATOR_LITE), Capability.ADD_SERVICE)
