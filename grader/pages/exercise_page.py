"""The page of an exercise: what fails and for whom, how answers moved, and typical wrong ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.gradebook.moves import Answer, Move
from grader.gradebook.statistics import ExerciseStatistics
from grader.pages import addresses
from grader.pages.causes_shown import Who, shown_cause, who_shows
from grader.pages.drawn import curves_svg
from grader.pages.failures import Failures
from grader.pages.lessons_shown import advice
from grader.pages.material import Material
from grader.pages.templating import render
from grader.pages.typical import Typical, typical_answers
from grader.report.exhibits import Exhibit, comparison, inputs
from grader.report.text import visible, visible_lines
from grader.report.words import points
from grader.results import CheckResult, Points, Verdict

_ALL = 100_000
_GOOD = Verdict.PASSED
_ORDER = (Verdict.FAILED, Verdict.ERROR, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT,
          Verdict.CRASHED, Verdict.NOT_ATTEMPTED, Verdict.SKIPPED, Verdict.BROKEN)  # fmt: skip


@dataclass(frozen=True)
class Fate:
    """What became of a statement for some students: a verdict, and who they are."""

    words: str
    who: tuple[Who, ...]


@dataclass(frozen=True)
class ShownStatement:
    """A statement: for how many it holds, of how many, and for whom it does not."""

    text: str
    max_score: str
    passed: int
    count: int
    fates: tuple[Fate, ...]

    @property
    def rate(self) -> int:
        """The part for whom it holds, in percent."""
        return round(100 * self.passed / max(1, self.count))


@dataclass(frozen=True)
class Exhibited:
    """One call of a student without a name: what went in, what should come out, and what did."""

    statement: str
    message: str
    call: str
    inputs: tuple[Exhibit, ...]
    values: tuple[Exhibit, ...]
    note: str
    curves: Markup | None


@dataclass(frozen=True)
class ShownMove:
    """How many went from one answer to another."""

    before: str
    after: str
    count: int
    better: bool
    who: tuple[Who, ...]


@dataclass(frozen=True)
class ShownAnswer:
    """A group of answers that compute the same."""

    count: int
    misconception: str
    source: str
    shown: Exhibited | None


def page(material: Material, lesson: str, exercise: str, *, live: bool = False) -> str:
    """The page of one exercise as HTML."""
    [statistics] = [
        each
        for one in material.statistics
        if one.lesson == lesson
        for each in one.exercises
        if each.id == exercise
    ]
    failures = material.failures_of(lesson, exercise)
    moves = [one for one in material.moves if (one.lesson, one.exercise) == (lesson, exercise)]
    return render(
        "exercise.html.j2",
        address=addresses.of_exercise(lesson, exercise),
        script="class.js",
        styles=("lesson.css", "class.css"),
        live=live,
        class_page=addresses.CLASS,
        id=visible(exercise),
        title=visible(statistics.title),
        lesson=visible(lesson),
        max_score=points(statistics.max_score),
        facts=list(_facts(statistics)),
        statements=_statements(material, lesson, exercise),
        causes=[(shown_cause(material, one, _ALL), _example(one)) for one in failures],
        moved=len(moves),
        moves=_moves(material, moves),
        answers=[_answer(one) for one in typical_answers(material, lesson, exercise)],
    )


def _facts(one: ExerciseStatistics) -> Iterator[tuple[str, str, str]]:
    """(value, what it is, what to make of it) of the exercise's numbers."""
    if one.now.rate is not None:
        yield f"{round(100 * one.now.rate)} %", f"passed: {one.now.passed} of {one.now.count}", ""
    if one.now.mean is not None:
        yield points(one.now.mean), f"mean points of {points(one.max_score)}", ""
    if one.discrimination is not None:
        yield f"{one.discrimination:.2f}", "discrimination", advice(one.discrimination)
    ever = one.over_attempts
    if ever.count > one.now.count:
        yield f"{ever.passed} of {ever.count}", "passed over all attempts", ""


def _statements(material: Material, lesson: str, exercise: str) -> list[ShownStatement]:
    """Each statement in the rubric's order, with whom it holds for."""
    fates: dict[str, dict[Verdict, list[str]]] = defaultdict(lambda: defaultdict(list))
    shown: dict[str, tuple[str, Points]] = {}
    for (student, of), record in material.results.items():
        for one in record.exercises if of == lesson else ():
            for check in one.checks if one.id == exercise else ():
                shown.setdefault(check.name, (check.statement, check.max_score))
                fates[check.name][check.verdict].append(student)
    return [
        ShownStatement(
            text=text,
            max_score=points(most),
            passed=len(fates[name][_GOOD]),
            count=sum(len(who) for who in fates[name].values()) - len(fates[name][Verdict.BROKEN]),
            fates=tuple(
                Fate(verdict.words, _who(material, fates[name][verdict], lesson, exercise))
                for verdict in _ORDER
                if fates[name][verdict]
            ),
        )
        for name, (text, most) in shown.items()
    ]


def _who(
    material: Material, students: Sequence[str], lesson: str, exercise: str
) -> tuple[Who, ...]:
    return tuple(who_shows(material, student, lesson, exercise) for student in students)


def _example(one: Failures) -> Exhibited | None:
    return _exhibited(one.example) if one.example is not None else None


def _exhibited(check: CheckResult) -> Exhibited:
    values, note = comparison(check)
    return Exhibited(
        statement=check.statement,
        message=check.message,
        call=visible(check.call),
        inputs=inputs(check.given),
        values=values,
        note=note,
        curves=curves_svg(check.curves) if check.curves else None,
    )


def _answer(one: Typical) -> ShownAnswer:
    return ShownAnswer(
        one.count,
        visible(one.misconception),
        visible_lines(one.source, lines=80) if one.source else "",
        _exhibited(one.check) if one.check is not None else None,
    )


def _moves(material: Material, moves: Sequence[Move]) -> list[ShownMove]:
    """The moves by how many made them; who stayed where they were among them."""
    who: dict[tuple[str, str, bool], list[Move]] = defaultdict(list)
    for move in moves:
        better = move.last.verdict is _GOOD and move.first.verdict is not _GOOD
        who[_words(move.first), _words(move.last), better].append(move)
    found = [
        ShownMove(
            before,
            after,
            len(made),
            better,
            tuple(who_shows(material, one.student, one.lesson, one.exercise) for one in made),
        )
        for (before, after, better), made in who.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.before, one.after))


def _words(answer: Answer) -> str:
    return visible(answer.misconception.replace("_", " ")) or answer.verdict.words
