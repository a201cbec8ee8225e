"""Tokens, phrases and the table of moves, without a database."""

import re
from datetime import UTC, datetime

import pytest

from gangway.foundation.sealed import SealedText
from gangway.invitations import phrases
from gangway.invitations.letters import time_in_words
from gangway.invitations.states import ALLOWED, ENDED, EXPIRABLE, MOVES, Doing, State, sources_of
from gangway.organizations import links


def test_token_has_256_bits_and_fits_a_url():
    tokens = {links.new_token().reveal() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_hash_is_not_the_token_and_takes_any_text():
    token = SealedText("abc")
    assert links.hash_of(token) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(links.hash_of(SealedText("\ud800" * 5000))) == 64


def test_phrase_is_two_plain_words_of_our_lists():
    for _ in range(50):
        first, second = phrases.new_phrase().split(" ")
        assert first in phrases.FIRST
        assert second in phrases.SECOND


def test_word_lists_have_no_word_twice_and_many_pairs():
    both = (*phrases.FIRST, *phrases.SECOND)
    assert len(set(both)) == len(both)
    assert all(re.fullmatch("[a-z]{3,10}", word) for word in both)
    assert len(phrases.FIRST) * len(phrases.SECOND) > 5000


def test_every_state_has_a_row():
    assert set(MOVES) == set(ALLOWED) == set(State)


def test_only_added_expired_and_revoked_are_ends():
    assert {State.ADDED, State.EXPIRED, State.REVOKED} == ENDED


@pytest.mark.parametrize("state", sorted(set(State) - ENDED))
def test_everything_pending_can_be_withdrawn(state):
    assert state in sources_of(State.REVOKED)
    assert Doing.REVOKE in ALLOWED[state]


def test_what_is_over_allows_nothing():
    assert not any(ALLOWED[state] for state in ENDED)


def test_what_was_reported_waits_for_a_person():
    assert ALLOWED[State.REPORTED] == {Doing.UNFREEZE, Doing.REVOKE}
    assert State.REPORTED not in EXPIRABLE
    assert all(State.REPORTED in MOVES[state] for state in set(State) - ENDED - {State.DRAFT, State.REPORTED})


def test_what_a_run_makes_or_made_does_not_expire():
    assert not EXPIRABLE & {State.PROVISIONING, State.COPYING, State.AUTHENTICATED, State.ADDED}


def test_add_comes_only_after_authenticated():
    assert sources_of(State.ADDED) == {State.AUTHENTICATED}
    assert {state for state, doings in ALLOWED.items() if Doing.ADD in doings} == {State.AUTHENTICATED}


def test_time_is_written_so_that_nobody_can_misread_it():
    assert time_in_words(datetime(2026, 11, 7, 4, 5, tzinfo=UTC)) == "Saturday, 7 November 2026, 04:05 (UTC)"
