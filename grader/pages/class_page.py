"""The page of a class: what to talk about next, how each lesson went, who needs a look, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

from grader.gradebook.standings import Person, Standing
from grader.gradebook.tables import time
from grader.pages import addresses
from grader.pages.causes_shown import ShownCause, shown_cause, shown_share
from grader.pages.lessons_shown import course_charts, shown_lessons
from grader.pages.marks_shown import (
    LEGEND,
    Cell,
    counts,
    lesson_cell,
    name_of,
    percent,
    remarks_on,
    share_of,
)
from grader.pages.material import Material
from grader.pages.templating import render
from grader.report.text import visible
from grader.report.words import points
from grader.results import SubmissionResult, Verdict

NO_SECTION = "no section"
_WHOLE, _WHOLE_OF_LESSON = 100, 8  # causes that have names and an example on this page
_LINKED = 400  # students, up to whom each mark is a link: with more, the page gets too large
_OPEN_CELLS = 4000  # of heat maps that are open from the first: more take a while to lay out


@dataclass(frozen=True)
class StudentRow:
    """A student's marks: a cell and a link a lesson, None where there is nothing of it."""

    name: str
    number: str
    link: str
    section: int
    total: str
    cells: tuple[tuple[Cell, str] | None, ...]


@dataclass(frozen=True)
class Note:
    """What a teacher should know of one student's lesson."""

    name: str
    link: str
    section: int
    lesson: int
    lesson_name: str
    status: str
    mark: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """The numbers that a class page begins with; `mean` is empty where nobody has a mark."""

    students: int
    graded: int
    not_graded: int
    missing: int
    late: int
    by_hand: int
    mean: str


def page(material: Material, *, live: bool = False) -> str:
    """The class page as HTML."""
    lessons = shown_lessons(material)
    cells = sum(len(one.rows) * len(one.exercises) for one in lessons)
    causes = _causes(material)
    return render(
        "class.html.j2",
        address=addresses.CLASS,
        script="class.js",
        styles=("class.css",),
        live=live,
        title=visible(material.folder.resolve().name),
        read_at=time(material.read_at),
        late=material.late,
        figures=_figures(material),
        sections=[visible(name) or NO_SECTION for name in material.sections],
        lessons=lessons,
        course=course_charts(material),
        linked=len(material.people) <= _LINKED,
        maps_open=cells <= _OPEN_CELLS,
        students=[_row(material, person) for person in material.people],
        misconceptions=[one for one in causes if one.misconception],
        others=[one for one in causes if not one.misconception],
        share=shown_share(material.failures),
        legend=LEGEND,
        not_graded=list(_notes(material, is_not_graded)),
        missing=list(_notes(material, is_missing)),
        special=list(_notes(material, _is_special)),
    )


def _causes(material: Material) -> list[ShownCause]:
    """All causes; of a large class, the rarer ones without names: their exercises' pages have them.

    The most frequent ones of each lesson are whole, so that a lesson that is chosen has some.
    """
    of_lesson: Counter[str] = Counter()
    found = []
    for place, one in enumerate(material.failures):
        of_lesson[one.lesson] += 1
        whole = place < _WHOLE or of_lesson[one.lesson] <= _WHOLE_OF_LESSON
        found.append(shown_cause(material, one, whole=whole))
    return found


def is_missing(standing: Standing) -> bool:
    """Whether nothing is handed in: never, or no longer."""
    return standing.withdrawn_at is not None or standing.verdict is Verdict.NOT_HANDED_IN


def is_not_graded(standing: Standing) -> bool:
    """Whether something that was handed in could not be graded, or a part of it."""
    if is_missing(standing):
        return False
    withheld = any(one.graded is None for one in standing.exercises)
    return withheld or standing.verdict in (Verdict.BROKEN, Verdict.REJECTED) or bool(standing.now)


def _is_special(standing: Standing) -> bool:
    return bool(standing.lateness.steps or standing.overrides or standing.said)


def _figures(material: Material) -> Figures:
    shares = [share_of(one) for one in material.standings if counts(one)]
    known = [share for share in shares if share is not None]
    standings = material.standings
    return Figures(
        students=len(material.people),
        graded=sum(bool(one.exercises) and not is_missing(one) for one in standings),
        not_graded=sum(map(is_not_graded, standings)),
        missing=sum(map(is_missing, standings)),
        late=sum(bool(one.lateness.steps) for one in standings),
        by_hand=sum(bool(one.overrides) for one in standings),
        mean=percent(fmean(known)) if known else "",
    )


def _row(material: Material, person: Person) -> StudentRow:
    own = material.by_student[person.name]
    marked = [one for one in own.values() if share_of(one) is not None]
    most = sum(one.max_score or 0 for one in marked)
    share = sum(one.score or 0 for one in marked) / most if most else None
    return StudentRow(
        name=name_of(person.name),
        number=visible(person.number, limit=40),
        link=addresses.of_student(person.name),
        section=material.section_of(person.name),
        total="" if share is None else percent(share),
        cells=tuple(
            (lesson_cell(own[lesson]), addresses.of_lesson(person.name, lesson))
            if lesson in own
            else None
            for lesson in material.lessons
        ),
    )


def _notes(material: Material, which: Callable[[Standing], bool]) -> Iterator[Note]:
    for standing in filter(which, material.standings):
        student, lesson = standing.person.name, standing.lesson
        lines = [visible(line) for line in remarks_on(standing)]
        result = material.results.get((student, lesson))
        if which is is_not_graded and result is not None:
            lines += _withheld(result)
        yield Note(
            name=name_of(student),
            link=addresses.of_lesson(student, lesson),
            section=material.section_of(student),
            lesson=material.lessons.index(lesson),
            lesson_name=visible(lesson),
            status=standing.status,
            mark="–" if standing.score is None else points(standing.score),
            lines=tuple(dict.fromkeys(lines)),
        )


def _withheld(result: SubmissionResult) -> Iterator[str]:
    """Why parts of a record, or all of it, are withheld."""
    broken = [one for one in result.exercises if one.verdict is Verdict.BROKEN]
    for one in broken:
        said = one.message or next((each.message for each in one.checks if each.message), "")
        yield visible(f"{one.id}: withheld. {said}")
    if result.message and not broken:
        yield visible(result.message)
