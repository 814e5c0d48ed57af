"""What is taken off for being late: a policy in a few words, and what it means for one hand-in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from grader.errors import UsageError
from grader.results import Points

_UNITS = {
    "s": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
}
_NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
_AMOUNT = rf"{_NUMBER}\s*(?P<kind>%|percent|points?|pts?)?"
_UNIT = rf"(?P<unit>(?:{'|'.join(sorted(_UNITS, key=len, reverse=True))})s?)\b"
_WORDS = {
    "rate": rf"{_AMOUNT}\s*(?:/|\b(?:per|an?|each|every)\b)\s*(?P<count>\d+(?:\.\d+)?)?\s*{_UNIT}",
    "max": rf"(?:maximum|max|at\s+most|up\s+to)\b\s*[:=.]?\s*{_AMOUNT}(?![\w./])",
    "grace": rf"grace\b\s*(?:period\b|of\b)?\s*[:=]?\s*{_NUMBER}\s*{_UNIT}",
    "zone": r"(?:time\s*)?zone\b\s*[:=]?\s*(?P<zone>[\w+/-]+)",
    "none": r"(?:none|no\s+penalty)\b",
}
_BETWEEN = re.compile(r"(?:[\s,;]|\band\b)*", re.IGNORECASE)
_CENT = Decimal("0.01")
_MIDDLE = 5000  # of the years from 1 to 9999
_LONGEST = timedelta(days=36_525)  # with which times can still be computed
MOST_POINTS = 1_000_000
"""More than any lesson is worth, and few enough to be told at two decimals."""
_RULE = (
    "A late policy says what is taken off, like '10%/day, max 50%, grace 15min' or '2/hour' "
    "(points), and may name a time zone ('zone Europe/Berlin'); or it is 'none'."
)


@dataclass(frozen=True)
class Amount:
    """So many points, or so many percent of the points there are."""

    number: Decimal
    percent: bool

    def of(self, max_score: Points) -> Decimal:
        """The amount in points."""
        return self.number * exact(max_score) / 100 if self.percent else self.number


@dataclass(frozen=True)
class Lateness:
    """How late a hand-in is: `steps` of the policy began, after `by` of time where it is known.

    `said` is what a person should know of how that was found.
    """

    steps: int = 0
    by: timedelta | None = None
    said: str = ""


@dataclass(frozen=True)
class LatePolicy:
    """`rate` is taken off for each `every` that has begun after the grace; never more than `most`.

    Percent are of all the points that there are, as learning platforms have it, not of those that
    were earned. Times without a zone are in `zone`, or in that of this machine.
    """

    rate: Amount | None = None
    every: timedelta = timedelta(days=1)
    most: Amount | None = None
    grace: timedelta = timedelta(0)
    zone: tzinfo | None = None
    text: str = "none"

    @classmethod
    def parse(cls, text: str) -> LatePolicy:
        """The policy that `text` tells, its words in any order; UsageError if it tells none."""
        policy, seen, at = cls(text=text.strip()), set(), 0
        while (at := _after_separators(text, at)) < len(text):
            word, found = _word_at(text, at)
            if word in seen:
                raise UsageError(
                    f"{_RULE} Received: {text!r}, which says {found.group()!r} after it was said "
                    f"already. Say it once."
                )
            seen.add(word)
            policy = _READ[word](policy, found)
            at = found.end()
        _refuse_contradictions(seen, text)
        return policy

    def lateness(self, handed_in: str, due: str, *, flag: bool) -> Lateness:
        """How late a hand-in is, of times in ISO 8601; empty where nobody knows.

        `flag` is a platform's word that it is late: it counts as one step where the times do not
        tell. Where both times are known, they tell.
        """
        received, until = self._moment(handed_in), self._moment(due, end=True)
        if received is not None and until is not None:
            by = received - until
            steps = max(0, math.ceil((by - self.grace) / self.every))
            return Lateness(steps, max(by, timedelta(0)))
        odd = [text for text, read in ((handed_in, received), (due, until)) if text and not read]
        said = f"The time {odd[0]!r} is not understood." if odd else ""
        if flag and self.rate is not None:
            lacking = "when it was handed in" if received is None else "when it was due"
            unknown = (
                f"Its platform marks it late, and nobody tells {lacking}: counted as one step."
            )
            said = f"{said} {unknown}".strip()
        return Lateness(int(flag), None, said)

    def penalty(self, lateness: Lateness, earned: Points, max_score: Points) -> Points:
        """The points that are taken off, at two decimals; never more than were earned."""
        if self.rate is None or not lateness.steps:
            return 0
        taken = self.rate.of(max_score) * lateness.steps
        if self.most is not None:
            taken = min(taken, self.most.of(max_score))
        return plain(max(Decimal(0), min(taken, exact(earned))))

    def _moment(self, text: str, *, end: bool = False) -> datetime | None:
        found = moment(text, end=end)
        if found is None:
            return None
        if found.tzinfo is None and self.zone is not None:
            found = found.replace(tzinfo=self.zone)
        try:
            return found.astimezone(UTC)  # two times of one zone differ by what its clocks show
        except (OverflowError, ValueError, OSError):  # in UTC, or here, outside of all calendars
            return _at_the_edge(found)


def _at_the_edge(time: datetime) -> datetime:
    """The first or the last moment that there is, in the place of one just beyond it."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return first if time.year < _MIDDLE else last


def moment(text: str, *, end: bool = True) -> datetime | None:
    """A time in ISO 8601; None where it is none. A date alone means its `end`, or its beginning.

    The end of the last day that there is, is its last moment.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if end and found.time() == time.min and re.fullmatch(r"[\dW-]+", text.strip()):
        if found.date() == date.max:
            return datetime.combine(date.max, time.max)
        return found + timedelta(days=1)
    return found


def exact(points: Points) -> Decimal:
    """The points as they are written, without the dust of binary fractions."""
    return Decimal(repr(points))


def plain(points: Decimal) -> Points:
    """Points at two decimals, rounded half up; whole ones as integers."""
    in_cents = points.quantize(_CENT, ROUND_HALF_UP)
    return int(in_cents) if in_cents == in_cents.to_integral_value() else float(in_cents)


@lru_cache(maxsize=4096)  # a class has few different numbers of points, each thousands of times
def rounded(points: Points) -> Points:
    """`plain` of the points as they are written."""
    return plain(exact(points))


def _word_at(text: str, at: int) -> tuple[str, re.Match[str]]:
    for word, pattern in _WORDS.items():
        if found := re.compile(pattern, re.IGNORECASE).match(text, at):
            return word, found
    raise UsageError(
        f"{_RULE} Received: {text!r}, of which {text[at:]!r} is not understood. Correct it."
    )


def _after_separators(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _rate(policy: LatePolicy, found: re.Match[str]) -> LatePolicy:
    every = _duration(found, found["count"] or "1")
    if not every:
        raise UsageError(f"{_RULE} Received: {found.group()!r}. Name a time that is not 0.")
    return replace(policy, rate=_amount(found), every=every)


def _most(policy: LatePolicy, found: re.Match[str]) -> LatePolicy:
    return replace(policy, most=_amount(found))


def _grace(policy: LatePolicy, found: re.Match[str]) -> LatePolicy:
    return replace(policy, grace=_duration(found, found["number"]))


def _zone(policy: LatePolicy, found: re.Match[str]) -> LatePolicy:
    try:
        return replace(policy, zone=ZoneInfo(found["zone"]))
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(
            f"A time zone has a name like Europe/Berlin or UTC. Received: {found['zone']!r}, "
            f"which this machine does not know. Correct it."
        ) from error


_READ: dict[str, Callable[[LatePolicy, re.Match[str]], LatePolicy]] = {
    "rate": _rate,
    "max": _most,
    "grace": _grace,
    "zone": _zone,
    "none": lambda policy, _: policy,
}


def _amount(found: re.Match[str]) -> Amount:
    percent = (found["kind"] or "").lower() in ("%", "percent")
    number = Decimal(found["number"])
    if percent and number > 100:
        raise UsageError(f"{_RULE} Received: {found.group()!r}. Take off 100% at most.")
    return Amount(number, percent)


def _duration(found: re.Match[str], number: str) -> timedelta:
    unit = found["unit"].lower()
    one = _UNITS.get(unit) or _UNITS[unit.removesuffix("s")]
    if float(number) > _LONGEST / one:
        raise UsageError(f"{_RULE} Received: {found.group()!r}. Name a shorter time.")
    return float(number) * one


def _refuse_contradictions(seen: set[str], text: str) -> None:
    if "none" in seen and seen & {"rate", "max", "grace"}:
        raise UsageError(f"{_RULE} Received: {text!r}, which says both. Say one of them.")
    if not seen & {"none", "rate"}:
        raise UsageError(f"{_RULE} Received: {text!r}, which takes off nothing. Say how much.")
