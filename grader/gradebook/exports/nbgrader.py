"""Marks as `nbgrader export` writes them, for what reads its `grades.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from grader.gradebook.exports.filling import listed, mark_of
from grader.gradebook.late import rounded
from grader.gradebook.marks_file import Cell, text_cell
from grader.gradebook.standings import Person, Standing
from grader.results import Points

_COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def to_nbgrader(standings: Sequence[Standing], *, zero_missing: bool) -> tuple[str, list[str]]:
    """The file, and what a person is told: who has no mark in it, and why.

    `student_id` is the platform's id, or else the name. A name of two words is first and last name;
    of all others nobody knows, and the whole is the last name.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    without: dict[str, list[str]] = {}
    for standing in standings:
        score, why = mark_of(standing, zero_missing=zero_missing)
        if why:
            without.setdefault(why, []).append(f"{standing.person.name} ({standing.lesson})")
        writer.writerow(_row(standing, score))
    return file.getvalue(), [line for why in without for line in listed(why, without[why])]


def _row(standing: Standing, score: Points | None) -> Iterator[Cell]:
    person = standing.person
    first, last = _names(person)
    yield text_cell(standing.lesson)
    yield text_cell(standing.due)
    yield text_cell(standing.handed_in)
    yield text_cell(person.number or person.name)
    yield text_cell(last)
    yield text_cell(first)
    yield text_cell(person.email)
    known = score is not None
    yield _number(standing.earned if known and score == standing.score else score)
    yield _number(standing.penalty if known else None)
    yield _number(score)
    yield _number(standing.max_score)


def _names(person: Person) -> tuple[str, str]:
    words = person.name.split()
    return (words[0], words[1]) if len(words) == 2 else ("", person.name)


def _number(value: Points | None) -> Cell:
    return "" if value is None else rounded(value)
