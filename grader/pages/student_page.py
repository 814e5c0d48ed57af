"""The page of a student over all lessons: marks and how they came about, and what to look at next.

It is the teacher's: who gave a mark by hand, and what a person should look at, stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from grader.errors import UsageError
from grader.gradebook import Standing
from grader.gradebook.history import PastAttempt
from grader.gradebook.late import exact, plain
from grader.gradebook.standings import Person
from grader.pages import addresses
from grader.pages.answers import Answer, answers_of
from grader.pages.lesson_page import MarkShown, lesson_title, mark_of, moment
from grader.pages.material import Material
from grader.pages.templating import render
from grader.report.text import visible
from grader.report.words import counted, points, score
from grader.results import SubmissionResult, Verdict

_MOST_NEXT = 8


@dataclass(frozen=True)
class LessonShown:
    """What a student has in one lesson; `progress` are the scores of the attempts, oldest first."""

    title: str
    page: str
    mark: MarkShown
    to_mend: int
    progress: str


@dataclass(frozen=True)
class NextStep:
    """An exercise to look at, with its place, and why it does not hold."""

    title: str
    lesson: str
    page: str
    anchor: str
    why: str


@dataclass(frozen=True)
class GivenByHand:
    """A mark that a person gave."""

    of: str
    points: str
    reason: str
    author: str
    made: str


@dataclass(frozen=True)
class AttemptShown:
    """One graded result, in words."""

    lesson: str
    handed_in: str
    graded: str
    status: str
    score: str
    remark: str


def page(material: Material, student: str, *, live: bool = False) -> str:
    """The page of a student; UsageError for one that nothing is known of."""
    standings = material.by_student.get(student)
    if not standings:
        raise UsageError(
            f"A page is of a student who was graded. Received: {visible(student)!r}, of whom "
            f"nothing is known."
        )
    person = next(iter(standings.values())).person
    lessons = [standings[lesson] for lesson in material.lessons if lesson in standings]
    results = {one.lesson: material.results.get((student, one.lesson)) for one in lessons}
    attempts = material.attempts.get(student, ())
    to_mend = {one.lesson: _to_mend(one, results[one.lesson]) for one in lessons}
    steps = [step for one in lessons for step in _steps(one, to_mend[one.lesson])]
    return render(
        "student.html.j2",
        address=addresses.of_student(student),
        styles=("lesson.css",),
        live=live,
        student=student,
        class_page=addresses.CLASS,
        facts=_facts(person, results),
        total=_total(lessons),
        uncounted=_uncounted(lessons),
        late_policy=material.late,
        lessons=[
            _lesson(one, results[one.lesson], attempts, len(to_mend[one.lesson])) for one in lessons
        ],
        steps=steps[:_MOST_NEXT],
        more=max(0, len(steps) - _MOST_NEXT),
        given=list(_given(lessons)),
        comments=[(lesson_title(one.lesson), one.comments) for one in lessons if one.comments],
        attempts=[_attempt(one) for one in attempts],
        to_look_at=list(_to_look_at(results)),
    )


def _facts(person: Person, results: dict[str, SubmissionResult | None]) -> list[tuple[str, str]]:
    """How the student is known; of a group only how many they are."""
    group = max((len(one.handed_in.group) for one in results.values() if one), default=0)
    size = max(group, len(person.group))
    told = [("Section", person.section), ("Id", person.number), ("Email", person.email)]
    told.append(("Works in", f"a group of {size}" if size > 1 else ""))
    return [(name, text) for name, text in told if text]


def _total(lessons: Sequence[Standing]) -> tuple[str, int | None]:
    """The sum of the marks that there are, of the points of these lessons, and its percentage."""
    marked = [one for one in lessons if one.score is not None]
    if not marked:
        return "no mark yet", None
    earned = sum((exact(one.score or 0) for one in marked), Decimal(0))
    most = sum((exact(one.max_score or 0) for one in marked), Decimal(0))
    text = f"{points(plain(earned))} of {points(plain(most))} points in {_in_lessons(len(marked))}"
    return text, round(100 * earned / most) if most else None


def _in_lessons(count: int) -> str:
    return counted(count, "lesson")


def _uncounted(lessons: Sequence[Standing]) -> list[str]:
    """The lessons that are not in the sum, and why."""
    return [
        f"{lesson_title(one.lesson)} is not in this sum: {mark_of(one, None).score}, {one.status}."
        for one in lessons
        if one.score is None
    ]


def _lesson(
    standing: Standing,
    result: SubmissionResult | None,
    attempts: Sequence[PastAttempt],
    to_mend: int,
) -> LessonShown:
    own = [one for one in attempts if one.lesson == standing.lesson]
    graded = [one for one in own if one.verdict is not Verdict.NOT_HANDED_IN]
    scores = [score(one.score, one.max_score) for one in graded if one.max_score]
    return LessonShown(
        title=lesson_title(standing.lesson),
        page=addresses.of_lesson(standing.person.name, standing.lesson),
        mark=mark_of(standing, result),
        to_mend=to_mend,
        progress=" → ".join(scores[-6:]) if len(scores) > 1 else "",
    )


def _to_mend(standing: Standing, result: SubmissionResult | None) -> list[Answer]:
    """The exercises of a lesson that its student can still mend, those with a cause told first."""
    answers = answers_of(result.exercises, standing, drawn=False) if result else []
    return sorted((one for one in answers if one.to_mend), key=lambda one: not one.diagnosis)


def _steps(standing: Standing, to_mend: Sequence[Answer]) -> Iterator[NextStep]:
    for answer in to_mend:
        said = answer.first.message or answer.first.text if answer.first else ""
        yield NextStep(
            title=answer.title,
            lesson=lesson_title(standing.lesson),
            page=addresses.of_lesson(standing.person.name, standing.lesson),
            anchor=answer.anchor,
            why=answer.diagnosis or answer.message or said,
        )


def _given(lessons: Sequence[Standing]) -> Iterator[GivenByHand]:
    for standing in lessons:
        for one in standing.overrides:
            yield GivenByHand(
                of=f"{lesson_title(standing.lesson)}{', ' + one.exercise if one.exercise else ''}",
                points=points(one.points or 0),
                reason=one.reason,
                author=one.author,
                made=moment(one.made_at.isoformat()),
            )


def _attempt(one: PastAttempt) -> AttemptShown:
    remark = "stands" if one.stands else ""
    if one.withdrawn_at:
        remark = "withdrawn"
    told = "" if one.verdict is Verdict.NOT_HANDED_IN else score(one.score, one.max_score)
    return AttemptShown(
        lesson=lesson_title(one.lesson),
        handed_in=moment(one.handed_in) + (" (late)" if one.late else ""),
        graded=moment(one.graded_at.isoformat()),
        status=one.status,
        score=told if one.score is None or one.max_score else "",
        remark=remark,
    )


def _to_look_at(results: dict[str, SubmissionResult | None]) -> Iterator[tuple[str, str]]:
    """What a person should look at: what checks flagged, and faults of ours; with its place."""
    for lesson, result in results.items():
        if result is None:
            continue
        if result.verdict is Verdict.BROKEN and not result.exercises:
            yield lesson_title(lesson), f"A fault of ours: {result.message}"
        for exercise in result.exercises:
            place = f"{lesson_title(lesson)}, {exercise.title}"
            if exercise.verdict is Verdict.BROKEN:
                yield place, f"A fault of ours: {exercise.message}"
            for flag in exercise.flags:
                yield place, flag
