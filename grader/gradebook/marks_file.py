"""Marks as a CSV file: what a spreadsheet, a colleague or another program takes.

Names come from students and platforms. A cell that a spreadsheet would take for a formula begins
with an apostrophe, which makes it a text. Some spreadsheets split lines at semicolons or tabs, or
know no quotes: every text is quoted, is on one line, and what follows such a sign is neutralised in
the same way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC

from grader.gradebook.late import exact, plain, rounded
from grader.gradebook.standings import Person, Standing
from grader.report.text import visible
from grader.report.words import place_of
from grader.results import Points

_BREAKS = r"\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
_LINES = re.compile(f"[{_BREAKS}]+")
# Where a formula may begin, in all of a cell; wide signs begin one where they are typed.
_FORMULA = re.compile(rf"^(?=[\t\r\n])|(?:^|(?<=[;\t{_BREAKS}]))(?=[\s\"]{{0,9}}[=+\-@＝＋－＠])")
Cell = str | Points
"""A text, which `text_cell` has made safe, or a number."""
_LONGEST = 8000  # characters
_PERSON = ("student", "id", "email", "section", "group")
_ROW = (
    "lesson",
    "status",
    "points",
    "penalty",
    "score",
    "max_score",
    "handed_in",
    "due",
    "late_steps",
    "by_hand",
    "attempts",
    "graded",
    "message",
)


MAXIMUM = "max_score"
"""What follows a lesson, or the total, in the name of the column with its maximum."""


def of_those_there(standings: Sequence[Standing]) -> list[Standing]:
    """All standings of the students of whom anything counts now, withdrawn ones among them."""
    there = {standing.person.name for standing in standings if standing.is_there}
    return [standing for standing in standings if standing.person.name in there]


def to_csv(standings: Sequence[Standing], *, wide: bool = False, exercises: bool = False) -> str:
    """A row for each student and lesson; or, `wide`, one for each student and a column a lesson.

    `score` is the mark, with overrides and without what is taken off for being late. It is empty
    where nobody can say, which is never the student's fault; so is a total that it is part of.
    With `exercises`, which the standings need to have, a column LESSON/EXERCISE for the points of
    each of them follows.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    places = places_of(standings) if exercises else []
    writer.writerows(wide_rows(standings, places) if wide else long_rows(standings, places))
    return file.getvalue()


def text_cell(text: str) -> str:
    """A text on one line, of which no spreadsheet computes anything, however it splits the line.

    What shows nothing of itself is an escape, and of a long text the beginning is kept: a cell has
    at most 32,767 characters.
    """
    kept = _LINES.sub(" ", _FORMULA.sub("'", text[:_LONGEST]))
    more = len(text) - _LONGEST
    shown = "\t".join(visible(part, limit=len(part)) for part in kept.split("\t"))
    return f"{shown}… ({more} more characters)" if more > 0 else shown


Place = tuple[str, str]
"""A lesson and an exercise of it."""


def places_of(standings: Sequence[Standing]) -> list[Place]:
    """Every exercise, in the order of the course and of its lesson."""
    ordered = sorted(standings, key=lambda standing: place_of(standing.lesson))
    found = [(one.lesson, exercise.exercise) for one in ordered for exercise in one.exercises]
    return sorted(dict.fromkeys(found), key=lambda place: place_of(place[0]))


def _in_places(standings: Iterable[Standing], places: Sequence[Place]) -> list[Cell]:
    """The points of one student in each place; empty where there are none."""
    known = {
        (standing.lesson, one.exercise): one.points
        for standing in standings
        for one in standing.exercises
    }
    return [_number(known.get(place)) for place in places]


def _headers(places: Sequence[Place]) -> list[Cell]:
    return [text_cell(f"{lesson}/{exercise}") for lesson, exercise in places]


def long_rows(standings: Sequence[Standing], places: Sequence[Place]) -> Iterable[list[Cell]]:
    """The headers, and a row for each student and lesson."""
    yield [*_PERSON, *_ROW, *_headers(places)]
    for standing in standings:
        graded = standing.graded_at
        yield [
            *_person(standing.person),
            text_cell(standing.lesson),
            standing.status,
            _number(standing.earned),
            _number(standing.penalty),
            _number(standing.score),
            _number(standing.max_score),
            text_cell(standing.handed_in),
            text_cell(standing.due),
            standing.lateness.steps,
            text_cell("; ".join(o.reason for o in standing.overrides)),
            standing.attempts,
            graded.astimezone(UTC).isoformat(timespec="seconds") if graded else "",
            text_cell(" ".join(filter(None, (standing.message, *standing.said)))),
            *_in_places([standing], places),
        ]


def wide_rows(standings: Sequence[Standing], places: Sequence[Place]) -> Iterable[list[Cell]]:
    """The headers, and a row for each student."""
    lessons = sorted({standing.lesson for standing in standings}, key=place_of)
    most = {one.lesson: one.max_score for one in standings if one.max_score is not None}
    people: dict[str, Person] = {}
    marks: dict[tuple[str, str], Standing] = {}
    for standing in standings:
        people[standing.person.name] = standing.person
        marks[standing.person.name, standing.lesson] = standing
    columns = [name for lesson in [*lessons, "total"] for name in (lesson, f"{lesson} {MAXIMUM}")]
    yield [*_PERSON, *map(text_cell, columns), *_headers(places)]
    for name, person in people.items():
        own = [marks.get((name, lesson)) for lesson in lessons]
        scores = [None if standing is None else standing.score for standing in own]
        highest = [
            most.get(lesson)
            if standing is None or standing.max_score is None
            else standing.max_score
            for lesson, standing in zip(lessons, own, strict=True)
        ]
        pairs = zip([*scores, _total(own)], [*highest, _sum(highest)], strict=True)
        there = [standing for standing in own if standing is not None]
        marks_of = [_number(value) for pair in pairs for value in pair]
        yield [*_person(person), *marks_of, *_in_places(there, places)]


def _total(standings: Sequence[Standing | None]) -> Points | None:
    """The sum of the marks that there are; None where one of them cannot be said yet."""
    there = [standing for standing in standings if standing is not None]
    known = [standing.score for standing in there if standing.score is not None]
    withheld = any(s.score is None and s.withdrawn_at is None for s in there)
    return None if withheld else _sum(known)


def _sum(values: Sequence[Points | None]) -> Points | None:
    return None if None in values else plain(sum(map(exact, filter(None, values)), exact(0)))


def _person(person: Person) -> list[str]:
    told = (person.name, person.number, person.email, person.section, ", ".join(person.group))
    return [text_cell(text) for text in told]


def _number(value: Points | None) -> Cell:
    return "" if value is None else rounded(value)
