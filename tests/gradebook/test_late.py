"""A late policy is understood in any order of its words, and takes off what it says."""

from __future__ import annotations

import time as clocks
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.gradebook.late import Lateness, LatePolicy
from tests.gradebook.records import exercise, result

DUE = "2026-05-01T12:00:00"


def taken(policy: str, time: str, earned: float = 14, of: float = 20, due: str = DUE) -> float:
    """What a policy takes off."""
    read = LatePolicy.parse(policy)
    return read.penalty(read.lateness(time, due, flag=False), earned, of)


@pytest.mark.parametrize(
    ("policy", "time", "points"),
    [
        ("10%/day", "2026-05-01T12:00:00", 0),
        ("10%/day", "2026-05-01T12:00:01", 2),
        ("10%/day", "2026-05-02T12:00:00", 2),
        ("10%/day", "2026-05-02T12:00:01", 4),
        ("10%/day, grace 15min", "2026-05-01T12:15:00", 0),
        ("10%/day, grace 15min", "2026-05-01T12:15:01", 2),
        ("10%/day, grace 15min", "2026-05-02T12:15:00", 2),
        ("10%/day, max 50%", "2026-05-20T12:00:00", 10),
        ("10%/day", "2026-06-20T12:00:00", 14),
        ("10%/day, max 3", "2026-05-09T12:00:00", 3),
        ("2/day", "2026-05-01T13:00:00", 2),
        ("2 points per day, max 3 points", "2026-05-09T13:00:00", 3),
        ("1/hour", "2026-05-01T14:30:00", 3),
        ("25%/week", "2026-05-09T13:00:00", 10),
        ("1/12 hours", "2026-05-02T13:00:00", 3),
        ("0.1/day", "2026-05-04T11:00:00", 0.3),
        ("none", "2026-05-09T12:00:00", 0),
        ("100%/day", "2026-05-01T13:00:00", 14),
    ],
)
def test_what_is_taken_off(policy: str, time: str, points: float) -> None:
    """Each started step after the grace takes its part of all points, up to the most, or to 0."""
    assert taken(policy, time) == points


@pytest.mark.parametrize(
    "text",
    [
        "10%/day, max 50%, grace 15min",
        "grace 15min 10%/day max 50%",
        "max 50% ; grace: 15 minutes ; 10 % per day",
        "MAX 50%, 10 percent a Day and grace period 0.25 hours",
        "at most 50%, 10%/1 d, grace of 900 s",
    ],
)
def test_words_come_in_any_order(text: str) -> None:
    """The same policy in other words takes off the same."""
    one, other = LatePolicy.parse(text), LatePolicy.parse("10%/day, max 50%, grace 15min")
    assert (one.rate, one.every, one.most, one.grace) == (
        other.rate,
        other.every,
        other.most,
        other.grace,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "takes off nothing"),
        ("max 50%", "takes off nothing"),
        ("10%", "'10%' is not understood"),
        ("10%/fortnight", "'10%/fortnight' is not understood"),
        ("10%/day, often", "'often' is not understood"),
        ("-10%/day", "'-10%/day' is not understood"),
        ("10%/day, 5%/day", "after it was said"),
        ("none, 10%/day", "says both"),
        ("110%/day", "100% at most"),
        ("10%/0 days", "not 0"),
        ("10%/day, grace 99999999999 weeks", "shorter"),
        ("10%/day, zone Mars/Base", "this machine does not know"),
        ("10%/day, zone ../../etc/passwd", "not understood"),
        ("1e9/day", "not understood"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, sentence: str) -> None:
    """The rule is said, what was received, and what of it is wrong."""
    with pytest.raises(UsageError, match=sentence):
        LatePolicy.parse(text)


@pytest.mark.parametrize(
    ("time", "due", "steps"),
    [
        ("2026-05-01T10:30:00Z", "2026-05-01T12:00:00", 1),  # Berlin is two hours ahead
        ("2026-05-01T09:30:00Z", "2026-05-01T12:00:00", 0),
        ("2026-05-01T12:30:00", "2026-05-01T10:00:00+00:00", 1),
        ("2026-05-01T05:59:00-04:00", "2026-05-01T10:00:00Z", 0),
        ("2026-03-29T12:00:00", "2026-03-28T12:00:00", 1),  # that day had 23 hours
        ("2026-10-25T12:00:00", "2026-10-24T12:00:00", 2),  # and that one 25
        ("2026-05-01", "2026-05-01", 0),
        ("2026-05-01T23:59:59", "2026-05-01", 0),
        ("2026-05-02T00:00:01", "2026-05-01", 1),
    ],
)
def test_times_are_compared_across_zones(time: str, due: str, steps: int) -> None:
    """A time that names no zone is in the policy's; a due date without a time means its end."""
    policy = LatePolicy.parse("10%/day, zone Europe/Berlin")
    assert policy.lateness(time, due, flag=False).steps == steps


def test_a_platforms_word_is_one_step_and_is_said() -> None:
    """*Late* without the times counts as one step; the times, where there are both, tell."""
    policy = LatePolicy.parse("10%/day")
    unknown = policy.lateness("", DUE, flag=True)
    assert (unknown.steps, unknown.by) == (1, None)
    assert "nobody tells when it was handed in: counted as one step" in unknown.said
    assert "nobody tells when it was due" in policy.lateness(DUE, "", flag=True).said
    assert "'soon' is not understood" in policy.lateness("soon", DUE, flag=True).said
    assert policy.lateness("2026-04-30T12:00:00", DUE, flag=True).steps == 0
    assert policy.lateness("2026-05-09T12:00:00", "", flag=False) == Lateness()


POINTS = st.integers(0, 10_000).map(lambda cents: cents / 100)


@given(
    st.decimals(0, 100, places=2),
    st.booleans(),
    st.integers(0, 30 * 24 * 60),
    POINTS,
    POINTS,
)
def test_the_penalty_agrees_with_exact_fractions(
    rate: object, percent: bool, minutes: int, earned: float, more: float
) -> None:
    """Against fractions: never below 0 or more than was earned, at two decimals without dust."""
    of = earned + more
    policy = LatePolicy.parse(f"{rate}{'%' if percent else ''}/day, grace 10min, max 40%")
    due = datetime(2026, 5, 1, 12, tzinfo=UTC)
    lateness = policy.lateness(
        (due + timedelta(minutes=minutes)).isoformat(), due.isoformat(), flag=False
    )
    steps = max(0, -(-(minutes - 10) // (24 * 60)))
    whole = Fraction(repr(of))
    step = Fraction(str(rate)) * (whole / 100 if percent else 1)
    exactly = min(step * steps, whole * Fraction(2, 5), Fraction(repr(earned)))
    penalty = policy.penalty(lateness, earned, of)
    assert lateness.steps == steps
    assert abs(Fraction(repr(penalty)) - exactly) <= Fraction(1, 200)
    assert len(repr(float(penalty)).partition(".")[2]) <= 2
    assert 0 <= penalty <= earned


@pytest.mark.parametrize("here", ["America/New_York", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize(
    "policy", ["1/day", "1/day, zone America/New_York", "1/h, zone Asia/Tokyo"]
)
def test_no_time_is_too_odd(monkeypatch: pytest.MonkeyPatch, here: str, policy: str) -> None:
    """Times at both ends of the calendar, in any zone, are compared; others are said."""
    monkeypatch.setenv("TZ", here)
    clocks.tzset()
    try:
        read = LatePolicy.parse(policy)
        for due in ("9999-12-31", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59"):
            assert read.lateness("2026-05-02T10:00", due, flag=False).steps == 0
            assert read.lateness(due, "2026-05-02T10:00", flag=False).steps > 0
        for due in ("0001-01-01T00:00:00+05:00", "0001-01-01", "0001-01-01T00:00:00+14:00"):
            assert read.lateness("2026-05-02T10:00", due, flag=False).steps > 0
        for odd in ("10000-01-01", "9999-13-01", "0000-01-01", "2026-05-02T10:00+99:00", "?"):
            found = read.lateness(odd, "2026-05-02", flag=False)
            assert (found.steps, found.by) == (0, None)
            assert "not understood" in found.said
    finally:
        monkeypatch.undo()
        clocks.tzset()


def test_the_last_day_there_is_can_be_due(tmp_path: Path) -> None:
    """A date that means "never" is one."""
    with Gradebook.open(str(tmp_path / "book")) as book:
        book.set_late("10%/day, zone America/New_York")
        book.set_due("9999-12-31")
        book.keep(result("ana", exercise(), time="9999-12-31T23:59:59-12:00"), "key")
        book.keep(result("bea", exercise(), time="2026-05-02T10:00"), "key")
        assert [one.score for one in book.current()] == [2, 2]


@pytest.mark.parametrize("long", ["999999999 days", "9" * 400 + " h", "40000 d"])
def test_a_time_that_nobody_waits_for_is_refused(long: str) -> None:
    """A grace with which no time can be computed is told when it is said."""
    with pytest.raises(UsageError, match="Name a shorter time"):
        LatePolicy.parse(f"1/day, grace {long}")
