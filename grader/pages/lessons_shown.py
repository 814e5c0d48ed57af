"""Each lesson of a class as its page shows it: a chart, the exercises, and the heat map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.gradebook.standings import Standing
from grader.gradebook.statistics import ExerciseStatistics
from grader.pages import addresses
from grader.pages.charts import Chart, distribution
from grader.pages.failures import Failures
from grader.pages.marks_shown import (
    Cell,
    counts,
    exercise_cell,
    name_of,
    points_by_exercise,
    share_of,
)
from grader.pages.material import Material
from grader.report.text import visible
from grader.report.words import counted, points
from grader.results import Verdict

_MOST_CHARTS = 120  # of 4 kB each; with more sections, there is one for everybody
_LITTLE = 0.1


@dataclass(frozen=True)
class MapRow:
    """A student's row of a heat map."""

    name: str
    link: str
    section: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ShownExercise:
    """An exercise of a lesson's table; `passed` and `judged` count by section."""

    id: str
    title: str
    link: str
    max_score: str
    passed: tuple[int, ...]
    judged: tuple[int, ...]
    rate: int
    mean: str
    discrimination: str
    advice: str
    ever: str
    cause: str


@dataclass(frozen=True)
class ShownChart:
    """A chart of one section, or of `None`, which is everybody; a note on who is not in it."""

    section: int | None
    chart: Chart
    note: str


@dataclass(frozen=True)
class ShownLesson:
    """A lesson with its chart, its exercises and its heat map."""

    number: int
    name: str
    charts: tuple[ShownChart, ...]
    exercises: tuple[ShownExercise, ...]
    rows: tuple[MapRow, ...]


def shown_lessons(material: Material) -> list[ShownLesson]:
    """Every lesson, as they are taught."""
    statistics = {one.lesson: one.exercises for one in material.statistics}
    return [
        _lesson(material, number, lesson, statistics.get(lesson, ()))
        for number, lesson in enumerate(material.lessons)
    ]


def course_charts(material: Material) -> tuple[ShownChart, ...]:
    """The distribution of marks over all lessons; none where there is only one."""
    if len(material.lessons) < 2:
        return ()
    return tuple(_charts(material, material.standings, "Marks of all lessons"))


def _lesson(
    material: Material, number: int, lesson: str, exercises: Sequence[ExerciseStatistics]
) -> ShownLesson:
    standings = [one for one in material.standings if one.lesson == lesson]
    judged = _judged(material, lesson)
    causes = {one.exercise: one for one in reversed(material.failures) if one.lesson == lesson}
    return ShownLesson(
        number=number,
        name=visible(lesson),
        charts=tuple(_charts(material, standings, f"Marks of {visible(lesson)}")),
        exercises=tuple(
            _exercise(material, lesson, one, judged, causes.get(one.id)) for one in exercises
        ),
        rows=tuple(
            _row(material, one, exercises)
            for one in standings
            if one.exercises and not one.withdrawn_at
        ),
    )


def _charts(material: Material, standings: Sequence[Standing], what: str) -> Iterator[ShownChart]:
    """The chart of everybody, and one a section where there are several."""
    yield ShownChart(None, *_chart(standings, what))
    numbers = range(len(material.sections))
    if len(numbers) < 2 or len(numbers) * (len(material.lessons) + 1) > _MOST_CHARTS:
        return
    for number in numbers:
        own = [one for one in standings if material.section_of(one.person.name) == number]
        yield ShownChart(number, *_chart(own, what))


def _chart(standings: Sequence[Standing], what: str) -> tuple[Chart, str]:
    shares = [share_of(one) for one in standings if counts(one)]
    without = Counter(_why_not(one) for one in standings if not counts(one))
    left_out = ", ".join(f"{count} {why}" for why, count in without.most_common())
    dashed = " Dashed: the median." if shares else ""
    note = f"Of {counted(len(shares), 'mark')}.{dashed}" + (
        f" Not in it: {left_out}." if without else ""
    )
    return distribution([share for share in shares if share is not None], what=what), note


def _why_not(standing: Standing) -> str:
    return "withheld" if standing.verdict is Verdict.BROKEN else standing.status


def _judged(material: Material, lesson: str) -> Counter[tuple[str, int, bool]]:
    """How many of each exercise and section passed (True), and did not; none that is withheld."""
    return Counter(
        (each.id, material.section_of(student), each.verdict is Verdict.PASSED)
        for (student, of), result in material.results.items()
        if of == lesson
        for each in result.exercises
        if each.score is not None
    )


def _exercise(
    material: Material,
    lesson: str,
    one: ExerciseStatistics,
    judged: Counter[tuple[str, int, bool]],
    cause: Failures | None,
) -> ShownExercise:
    numbers = range(len(material.sections))
    passed = tuple(judged[one.id, number, True] for number in numbers)
    failed = tuple(judged[one.id, number, False] for number in numbers)
    ever = one.over_attempts
    return ShownExercise(
        id=visible(one.id),
        title=visible(one.title),
        link=addresses.of_exercise(lesson, one.id),
        max_score=points(one.max_score),
        passed=passed,
        judged=tuple(map(sum, zip(passed, failed, strict=True))),
        rate=round(100 * (one.now.rate or 0)),
        mean="–" if one.now.mean is None else points(one.now.mean),
        discrimination="–" if one.discrimination is None else f"{one.discrimination:.2f}",
        advice=advice(one.discrimination),
        ever=f"{ever.passed} of {ever.count}",
        cause="" if cause is None else f"{len(cause.students)} × {visible(cause.cause.name)}",
    )


def advice(discrimination: float | None) -> str:
    """What an unusual discrimination means for a teacher; empty where it is as it should be."""
    if discrimination is None or discrimination >= _LITTLE:
        return ""
    if discrimination < 0:
        return "below 0: who does well elsewhere fails here; look at its rubric"
    return "near 0: it tells little of the rest of the lesson"


def _row(material: Material, standing: Standing, exercises: Sequence[ExerciseStatistics]) -> MapRow:
    student, lesson = standing.person.name, standing.lesson
    result = material.results.get((student, lesson))
    results = {one.id: one for one in result.exercises} if result else {}
    given = points_by_exercise(standing)
    return MapRow(
        name=name_of(student),
        link=addresses.of_lesson(student, lesson),
        section=material.section_of(student),
        cells=tuple(exercise_cell(results.get(one.id), given.get(one.id)) for one in exercises),
    )
