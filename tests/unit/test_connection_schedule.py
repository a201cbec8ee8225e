"""When a credential is rotated: early enough, announced, spread over the day, and never inside a freeze."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gangway.connections.schedule import (
    THRESHOLDS,
    Freeze,
    Wishes,
    crossed,
    latest,
    next_threshold,
    next_try,
    outside_freezes,
    rotation,
    slot,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AT_SIX = UUID(int=6 * 3600)


def planned(ends_in: float, *, life: float = 365, wishes: Wishes | None = None, promised: datetime | None = None):
    ends_at = NOW + ends_in * DAY
    return rotation(
        ends_at=ends_at,
        made_at=ends_at - life * DAY,
        wishes=wishes or Wishes(),
        connection_id=AT_SIX,
        now=NOW,
        promised=promised,
    )


def days_before_the_end(ends_in: float, **options) -> float:
    return round((NOW + ends_in * DAY - planned(ends_in, **options).at) / DAY, 2)


def test_it_comes_its_days_before_the_end_within_a_day_that_its_id_spreads():
    assert days_before_the_end(300) == 30.75


def test_a_short_life_is_renewed_when_a_third_of_it_is_left():
    assert days_before_the_end(28, life=30, wishes=Wishes(notice_days=0)) == 10.75


def test_what_is_late_already_is_announced_first_unless_the_end_is_near():
    assert planned(20).at == NOW + 7 * DAY
    assert planned(5).at == NOW + 3 * DAY
    assert planned(1).at == NOW
    assert planned(20, wishes=Wishes(notice_days=0)).at == NOW


def test_a_promised_day_stands():
    assert planned(20, promised=NOW + 2 * DAY).at == NOW + 2 * DAY


def freeze(begins: float, ends: float) -> Freeze:
    return Freeze(NOW + begins * DAY, NOW + ends * DAY)


@pytest.mark.parametrize(
    ("freezes", "expected"),
    [
        ([(260, 280)], 260),
        ([(260, 269), (269, 280)], 260),
        ([(-5, 280)], 280),
        ([(0, 299)], 299),
    ],
)
def test_a_freeze_is_gone_round_before_it_or_after_it(freezes, expected):
    found = planned(300, wishes=Wishes(freezes=tuple(freeze(*one) for one in freezes))).at
    assert abs(found - (NOW + expected * DAY)) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("freezes", "expected"),
    [([(260, 269), (269 + 1 / 48, 280)], 260), ([(-5, 100), (100 + 1 / 48, 280)], 280)],
    ids=["before both", "after both"],
)
def test_between_two_freezes_that_almost_touch_nothing_is_planned(freezes, expected):
    wishes = Wishes(freezes=tuple(freeze(*one) for one in freezes))
    found = planned(300, wishes=wishes, promised=NOW + (freezes[1][0] + 0.5) * DAY).at
    assert wishes.frozen_around(found) is None
    assert abs(found - (NOW + expected * DAY)) <= timedelta(hours=1)


def test_a_day_that_falls_between_two_freezes_that_almost_touch_is_frozen_too():
    wishes = Wishes(freezes=(freeze(2 + 1 / 48, 4), freeze(1, 2)))
    assert wishes.frozen_around(NOW + (2 + 1 / 96) * DAY) == freeze(1, 4)
    found = planned(20, promised=NOW + (2 + 1 / 96) * DAY, wishes=wishes).at
    assert found == NOW + 4 * DAY + timedelta(hours=1)


def test_between_two_freezes_with_room_for_a_change_nothing_is_frozen():
    wishes = Wishes(freezes=(freeze(1, 2), freeze(2 + 1 / 12, 4)))
    assert wishes.frozen_around(NOW + (2 + 1 / 24) * DAY) is None


def test_a_freeze_until_the_end_needs_a_person():
    found = planned(300, wishes=Wishes(freezes=(freeze(-1, 301),)))
    assert (found.at, found.frozen) == (None, True)


def test_a_promised_day_that_is_frozen_by_now_is_another_day():
    found = planned(20, promised=NOW + 2 * DAY, wishes=Wishes(freezes=(freeze(1, 3),)))
    assert found.at == NOW + 3 * DAY + timedelta(hours=1)


@pytest.mark.parametrize(("ends", "expected"), [(3, 3), (21, None)])
def test_a_promised_day_that_passed_unused_is_judged_by_now(ends, expected):
    missed = NOW - timedelta(hours=1)
    assert planned(20, promised=missed).at == missed
    found = planned(20, promised=missed, wishes=Wishes(freezes=(freeze(-0.02, ends),)))
    assert (found.at, found.frozen) == (
        (NOW + expected * DAY + timedelta(hours=1), False) if expected else (None, True)
    )


def test_slots_are_the_ids_own_time_of_day_and_spread():
    assert slot(AT_SIX, NOW) == NOW + 18 * timedelta(hours=1)
    hours = {slot(UUID(int=number * 7_919), NOW).hour for number in range(200)}
    assert len(hours) == 24


@pytest.mark.parametrize(("life", "skipped"), [(365, 0), (60, 1), (30, 2), (14, 3), (7, 4)])
def test_thresholds_are_crossed_one_by_one_and_a_short_life_has_none_beyond_its_half(life, skipped):
    ends_at = NOW + life * DAY
    seen, now = [], NOW
    while (ahead := next_threshold(ends_at, NOW, now)) is not None:
        assert crossed(ends_at, NOW, ahead - timedelta(seconds=1)) == tuple(seen)
        now = ahead
        seen.append(crossed(ends_at, NOW, now)[-1])
    assert tuple(seen) == THRESHOLDS[skipped:]


def test_of_what_nobody_knows_when_it_was_made_all_thresholds_count():
    assert crossed(NOW + 25 * DAY, None, NOW) == (60, 30)
    assert next_threshold(NOW + 25 * DAY, None, NOW) == NOW + 11 * DAY


def test_what_failed_is_tried_ever_more_rarely_but_before_half_of_what_is_left_is_over():
    assert [next_try(failures=each, ends_at=NOW + 99 * DAY, now=NOW) - NOW for each in (1, 3, 9)] == [
        DAY,
        3 * DAY,
        7 * DAY,
    ]
    assert next_try(failures=5, ends_at=NOW + 2 * DAY, now=NOW) == NOW + DAY
    assert next_try(failures=2, ends_at=None, now=NOW) == next_try(failures=2, ends_at=NOW, now=NOW) == NOW + 2 * DAY


def test_another_try_goes_round_freezes_and_one_after_a_long_freeze_comes_too_late_to_rely_on():
    frozen = Wishes(freezes=(freeze(-1, 3),))
    assert outside_freezes(NOW, ends_at=NOW + 9 * DAY, wishes=frozen).at == NOW + 3 * DAY + timedelta(hours=1)
    assert outside_freezes(NOW, ends_at=NOW + 3 * DAY, wishes=frozen).frozen
    ends_at = NOW + 300 * DAY
    assert planned(300, wishes=Wishes(freezes=(freeze(0, 299.9),))).at > latest(ends_at, NOW, Wishes())
