"""Waiting on Microsoft: its own time first, growing waits else, always under a deadline."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gangway.microsoft import errors
from gangway.microsoft.patience import OutOfPatience, Patience
from gangway.microsoft.throttling import LONGEST_WAIT, Gates, Waits, retry_after

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def ticks(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def patience(deadline: float = 60) -> tuple[Patience, Time]:
    time = Time()
    return Patience(deadline, ticks=time.ticks, sleep=time.sleep), time


def series(*results: object) -> Callable[[], object]:
    """A call that gives each result in turn; errors are raised."""
    left = list(results)

    async def call() -> object:
        result = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(result, Exception):
            raise result
        return result

    return call


def is_missing(error: errors.MicrosoftError) -> bool:
    return isinstance(error, errors.Missing)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("Fri, 20 Nov 2026 12:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("3600", 3600.0),
        ("99999", LONGEST_WAIT),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_capped(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}, now=NOW) == seconds


def test_waits_grow_to_their_longest_and_keep_what_was_asked() -> None:
    waits = Waits(first=1, longest=4, dice=random.Random(1))  # noqa: S311 - jitter
    seconds = [waits.next() for _ in range(5)]
    assert seconds[0] < seconds[1] < seconds[2] <= 4
    assert all(second >= 0.8 for second in seconds)
    assert waits.next(9) == 9


def test_at_once_is_believed_once_and_however_long_it_lasts_the_wait_can_be_said() -> None:
    waits = Waits(first=1, longest=4)
    assert waits.next(0) == 0
    assert all(0 < waits.next(0) <= 4 for _ in range(2000))


async def test_a_lag_is_waited_out() -> None:
    patient, time = patience()
    assert await patient.through(series(errors.Missing(), errors.Missing(), "there"), lag=is_missing) == "there"
    assert time.seconds > 0.8


async def test_another_error_passes_at_once() -> None:
    patient, time = patience()
    with pytest.raises(errors.Forbidden):
        await patient.through(series(errors.Forbidden()), lag=is_missing)
    assert time.seconds == 0


async def test_busy_is_waited_for_exactly_as_long_as_asked() -> None:
    patient, time = patience()
    assert await patient.through(series(errors.Throttled(wait=11), "done"), lag=is_missing) == "done"
    assert time.seconds == 11


async def test_the_deadline_ends_patience_with_the_last_cause() -> None:
    patient, time = patience(deadline=30)
    with pytest.raises(OutOfPatience) as caught:
        await patient.through(series(errors.Missing()), lag=is_missing)
    assert isinstance(caught.value.__cause__, errors.Missing)
    assert time.seconds <= 30


async def test_several_good_reads_in_a_row_are_wanted() -> None:
    patient, _ = patience()
    looks = series(1, 0, 1, 1, 0, 1, 1, 1, "too far")
    assert await patient.until_good(looks, good=lambda seen: seen == 1) == 1
    assert await looks() == "too far"


async def test_reads_that_never_agree_end_at_the_deadline() -> None:
    patient, time = patience(deadline=20)
    with pytest.raises(OutOfPatience):
        await patient.until_good(series(0), good=bool)
    assert time.seconds <= 20


def test_a_gate_is_closed_for_one_tenant_only() -> None:
    gates = Gates()
    gates.close("a", 30)
    gates.close("a", 1)
    assert 29 < gates.wait("a") <= 30
    assert gates.wait("b") == 0


@pytest.mark.parametrize("error", [errors.Throttled(wait=120), errors.Unavailable(), errors.NotHeard()])
async def test_who_is_busy_to_the_end_is_not_said_to_be_copying(error: errors.MicrosoftError) -> None:
    patient, _time = patience()
    with pytest.raises(type(error)) as raised:
        await patient.through(series(error), lag=lambda error: isinstance(error, errors.NotHeard))
    assert not isinstance(raised.value, OutOfPatience)
