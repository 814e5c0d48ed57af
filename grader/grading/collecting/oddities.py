"""What is odd about a notebook: cells that cannot run, and another lesson in the same file."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.grading.collecting.cells import SubmittedCell, cells_of
from grader.grading.collecting.passed_over import some
from grader.judging.course import Lesson, lesson_of_exercise
from grader.judging.statements import bound_names, union
from grader.results import Verdict

_MOST_NAMED = 5

_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_TEXT_CELLS = {"markdown": "a Markdown cell", "raw": "a raw cell"}


def other_lessons(own: Lesson, cells: Sequence[SubmittedCell]) -> dict[str, Lesson]:
    """The exercises of other lessons that the notebook has, too, each with its lesson."""
    strange = {cell.exercise for cell in cells if cell.exercise and not own.exercise(cell.exercise)}
    found = {exercise: lesson_of_exercise(exercise) for exercise in sorted(strange)}
    return {exercise: other for exercise, other in found.items() if other is not None}


def said_of_other_lessons(own: Lesson, strange: Mapping[str, Lesson]) -> list[str]:
    """What is said of each other lesson that is in the notebook, too."""
    said = []
    for other in sorted(set(strange.values()), key=lambda other: other.number):
        ids = [exercise.id for exercise in other.exercises if exercise.id in strange]
        said.append(
            f"Answers to lesson {other.number} ({other.name}) are in here, too: "
            f"{some(ids, _MOST_NAMED)}. Only lesson {own.number} ({own.name}) is graded here. Hand "
            f"in the others as a notebook of their own."
        )
    return said


def own_part(
    strange: Mapping[str, Lesson], notebook: Any, cells: Sequence[SubmittedCell]
) -> list[SubmittedCell]:
    """The cells without those of another lesson that was put into the same notebook.

    Each lesson begins with its title, and gives what earlier lessons asked for: its code must not
    answer those.
    """
    texts = cells_of(notebook, ("markdown",)) if strange else []
    titles = [cell.number for cell in texts if cell.source.startswith("# ")]
    marks: dict[int, set[bool]] = {}
    for cell in cells:
        if cell.exercise:
            part = bisect(titles, cell.number)
            marks.setdefault(part, set()).add(cell.exercise in strange)
    return [cell for cell in cells if marks.get(bisect(titles, cell.number)) != {True}]


def torn_cells(cells: Sequence[SubmittedCell]) -> list[str]:
    """What is said of cells with Git's conflict marks in them."""
    return [_torn(cell) for cell in cells if _is_torn(cell)]


def faults_of(
    own: Lesson, notebook: Any, cells: Sequence[SubmittedCell]
) -> dict[str, tuple[Verdict, str]]:
    """Of the exercises that no code cell can answer: what the matter is with their own cell."""
    torn = [cell for cell in cells if _is_torn(cell)]
    sound = [cell for cell in cells if cell not in torn] if torn else cells
    answered = {cell.exercise for cell in sound}
    unanswered = [exercise for exercise in own.exercises if exercise.id not in answered]
    # Only then is it worth it to read all code.
    bound = union(bound_names(cell.source) for cell in sound) if unanswered else frozenset[str]()
    open_ones = [exercise for exercise in unanswered if not bound & set(exercise.names)]
    if not open_ones:
        return {}
    told = [(cell, Verdict.ERROR, _torn(cell)) for cell in torn]
    for kind, what in _TEXT_CELLS.items():
        for cell in cells_of(notebook, (kind,)):
            sentence = (
                f"Cell {cell.number} is {what}: it is shown as text and does not run. Change it to "
                f"Code, and hand in again."
            )
            told.append((cell, Verdict.NOT_ATTEMPTED, sentence))
    assigned = _assignments(name for exercise in own.exercises for name in exercise.names)
    faults: dict[str, tuple[Verdict, str]] = {}
    for cell, verdict, sentence in told:
        names = {found[1] or found[2] for found in assigned.finditer(cell.source)}
        for exercise in open_ones:
            if cell.exercise == exercise.id or names & set(exercise.names):
                faults.setdefault(exercise.id, (verdict, sentence))
    return faults


def _is_torn(cell: SubmittedCell) -> bool:
    # Most cells hold neither, which is known much sooner than the expression knows.
    likely = "<<<<<<<" in cell.source or ">>>>>>>" in cell.source
    return likely and _CONFLICT.search(cell.source) is not None


def _torn(cell: SubmittedCell) -> str:
    return (
        f"Cell {cell.number} holds Git's conflict marks (<<<<<<<, =======, >>>>>>>), so it cannot "
        f"run. Keep one of the two versions, delete the other and the marks, and hand in again."
    )


def _assignments(names: Iterable[str]) -> re.Pattern[str]:
    """Finds which of `names` a text gives a value, where it need not be Python as a whole."""
    any_name = "|".join(map(re.escape, names))
    return re.compile(
        rf"^[ \t]*(?:(?:def|class)[ \t]+({any_name})\b|({any_name})[ \t]*=(?!=))", re.MULTILINE
    )
