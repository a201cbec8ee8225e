"""What a polling loop holds between two polls."""

from dataclasses import replace
from uuid import UUID

from gangway.onboarding.held import Held
from gangway.onboarding.leases import Due
from gangway.onboarding.states import SignInState

ONE = Due(
    id=UUID(int=1),
    organization_id=UUID(int=9),
    state=SignInState.CODE_READY,
    client_id="",
    cloud="public",
    scopes=(),
    claims="",
    device_code_id=None,
    verifier_id=None,
    code_id=None,
    return_address="",
    nonce_hash="",
    identity_id=None,
    token_id=None,
    interval_seconds=5,
    code_expires_at=None,
    failures=0,
)
TWO, THREE = replace(ONE, id=UUID(int=2)), replace(ONE, id=UUID(int=3))


def test_nothing_is_given_out_before_its_time_and_the_longest_waiting_first():
    held = Held()
    for due, until in ((ONE, 7.0), (TWO, 5.0), (THREE, 6.0)):
        held.keep(due, until=until)
    assert held.whose_time_has_come(4.9, limit=9) == []
    assert held.whose_time_has_come(6.0, limit=1) == [TWO]
    assert held.whose_time_has_come(9.0, limit=9) == [THREE, ONE]
    assert len(held) == 0


def test_what_was_let_go_and_kept_anew_has_only_its_new_time():
    held = Held()
    held.keep(ONE, until=5.0)
    held.let_go([ONE.id, TWO.id])
    held.keep(ONE, until=8.0)
    assert held.whose_time_has_come(7.9, limit=9) == []
    assert held.whose_time_has_come(8.0, limit=9) == [ONE]
