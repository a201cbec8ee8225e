"""Foundation: time is moved by the environment only, and a secret never prints."""

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError, WhoActs
from gangway.foundation.sealed import DOTS, SealedText


def test_now_is_aware_and_moved_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = clock.now()
    monkeypatch.setenv(clock.OFFSET_VARIABLE, "3600")
    assert before.tzinfo is UTC
    assert timedelta(minutes=59) < clock.now() - before < timedelta(minutes=61)


def test_an_offset_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.OFFSET_VARIABLE, "soon")
    with pytest.raises(ValueError, match="soon"):
        clock.now()


def test_sealed_text_prints_as_dots_everywhere() -> None:
    secret = SealedText("8Q~hush")
    assert {str(secret), repr(secret), f"{secret}", f"{secret:>9}", f"{secret!r}"} == {DOTS}
    assert "hush" not in repr([secret, {"a": secret}])


def test_sealed_text_is_revealed_only_on_purpose() -> None:
    secret = SealedText("8Q~hush")
    assert secret.reveal() == "8Q~hush"
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=90), 90),
        (timedelta(days=90, hours=-3), 90),
        (timedelta(days=89), 89),
        (timedelta(hours=1), 0),
        (timedelta(0), -1),
        (timedelta(hours=-1), -1),
        (timedelta(days=-2), -2),
    ],
)
def test_days_are_counted_as_on_a_calendar(left: timedelta, days: int) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert clock.days_until(noon + left, now=noon) == days


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps], ids=lambda f: f.__name__)
def test_sealed_text_leaves_the_process_by_no_door(leak: object) -> None:
    with pytest.raises(TypeError):
        leak(SealedText("hush"))  # type: ignore[operator]


def test_sealed_text_equals_only_the_same_secret() -> None:
    assert SealedText("a") == SealedText("a")
    assert SealedText("a") != SealedText("b")
    assert SealedText("a") != "a"
    assert not SealedText("")


def test_sealed_text_refuses_anything_but_text() -> None:
    with pytest.raises(TypeError):
        SealedText(SealedText("a"))  # type: ignore[arg-type]


def test_an_error_keeps_the_words_of_its_class_until_told_better() -> None:
    class Refused(GangwayError):
        code = "test:door:refused"
        what = "The door is shut."
        cure = "Knock."
        acts = WhoActs.ADMINISTRATOR

    plain, exact = Refused(), Refused("The blue door is shut.", field="door", colour="blue")
    assert (str(plain), plain.cure, plain.field) == ("The door is shut.", "Knock.", None)
    assert (exact.what, exact.cure, exact.field, exact.details) == (
        "The blue door is shut.",
        "Knock.",
        "door",
        {"colour": "blue"},
    )
