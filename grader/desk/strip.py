"""What the desk shows in each page: how far grading is, what was said, and what can be decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import time

from grader.desk.regrades import Regrade
from grader.desk.running import Progress
from grader.desk.shelf import Snapshot, Spot
from grader.gradebook.standings import Standing
from grader.gradebook.tables import time as written_time
from grader.pages.lesson_page import lesson_title
from grader.report.text import visible
from grader.report.words import points, score
from grader.results import Verdict

_MOST_NEWEST = 6
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Place:
    """What a mark or a comment may be of: as it is sent, as it is shown, and the points it has."""

    value: str
    name: str
    has: str


@dataclass(frozen=True)
class LessonChoice:
    """A lesson at the desk; `why_not` says why it cannot be graded again."""

    name: str
    title: str
    places: tuple[Place, ...]
    why_not: str


@dataclass(frozen=True)
class Reversible:
    """A decision that can be taken back."""

    place: str
    shown: str
    number: int = 0


@dataclass(frozen=True)
class Message:
    """What a page says at its top: what was done, or why it was not, with what was `typed`."""

    told: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    typed: Mapping[str, str] | None = None


def decisions_of(snapshot: Snapshot, spot: Spot) -> dict[str, object]:
    """What a template needs for what can be decided about a page: the student's, or none."""
    own = snapshot.material.by_student.get(spot.student, {}) if spot.student else {}
    standings = [one for lesson, one in own.items() if spot.lesson in ("", lesson)]
    return {
        "student": spot.student,
        "lessons": [_choice(one) for one in standings],
        "given": [each for one in standings for each in _given(one)],
        "comments": [each for one in standings for each in _comments(one)],
    }


def _choice(standing: Standing) -> LessonChoice:
    whole = Place(standing.lesson, "the whole lesson", _has(standing.score, standing.max_score))
    exercises = (
        Place(f"{standing.lesson}/{one.exercise}", one.exercise, _has(one.points, one.max_score))
        for one in standing.exercises
    )
    title = lesson_title(standing.lesson)
    return LessonChoice(standing.lesson, title, (whole, *exercises), _why_not(standing))


def _has(value: float | None, most: float | None) -> str:
    if value is None:
        return "no mark"
    return points(value) if most is None else score(value, most)


def _why_not(standing: Standing) -> str:
    if standing.withdrawn_at is not None:
        return "it was withdrawn."
    if standing.verdict is Verdict.NOT_HANDED_IN or standing.graded_at is None:
        return "nothing is handed in."
    return ""


def _given(standing: Standing) -> Iterator[Reversible]:
    for one in standing.overrides:
        place = f"{standing.lesson}/{one.exercise}" if one.exercise else standing.lesson
        value = "–" if one.points is None else points(one.points)
        yield Reversible(place, f"{place}: {value} by hand of {one.author}: {one.reason}")


def _comments(standing: Standing) -> Iterator[Reversible]:
    for one in standing.comments:
        of = f"{standing.lesson}/{one.exercise}" if one.exercise else standing.lesson
        said = " ".join(one.text[:200].split())
        shown = f"{of}, {written_time(one.made_at)}: {said}"
        yield Reversible(standing.lesson, shown, one.number)


def in_words(job: Regrade) -> str:
    """A hand-in that is graded again, in a line."""
    what = f"{_name(job.student)}, {_name(job.lesson)}"
    if job.state == "grading":
        return f"{what}: being graded again since {max(0, time() - job.since):.0f} s."
    if job.is_over:
        over = "Graded again" if job.state == "done" else f"{what}: not graded again"
        return f"{over}: {visible(job.said, limit=1000)}"
    return f"{what}: waits to be graded again."


def now_in_words(progress: Progress) -> str:
    """Who is graded now, in a line."""
    names = [_name(name) for name in progress.now[:4]]
    return ", ".join(names)


def newest(standings: Sequence[Standing], progress: Progress | None) -> list[str]:
    """The results that came last in the run that is at work, newest first, a line each."""
    if progress is None:
        return []
    came = [
        one
        for one in standings
        if one.graded_at is not None and one.graded_at.timestamp() >= progress.began_at
    ]
    came.sort(key=lambda one: one.graded_at.timestamp() if one.graded_at else 0, reverse=True)
    return [
        f"{_name(one.person.name)}, {_name(one.lesson)}: {_has(one.score, one.max_score)}, "
        f"{one.status}"
        for one in came[:_MOST_NEWEST]
    ]


def _name(text: str) -> str:
    return visible(text, limit=_LONGEST_NAME)
