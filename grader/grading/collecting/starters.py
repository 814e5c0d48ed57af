"""The course's own notebooks, to tell what in a notebook is the student's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from grader.grading.collecting.cells import SubmittedCell, code_cells
from grader.judging.course import Lesson, stems
from grader.judging.statements import bound_names
from grader.kernel.mounted import course_notebooks


@dataclass(frozen=True)
class Answered:
    """How much of a notebook is the student's.

    `exercises` counts those with code that is not the starter's; `untouched` is whether no code
    cell is.
    """

    exercises: int = 0
    untouched: bool = False


def answered(lesson: Lesson, cells: Sequence[SubmittedCell]) -> Answered:
    """What of these cells, of a notebook of `lesson`, the student wrote."""
    starter = _starter(lesson.name)
    changed = [cell for cell in cells if _normalized(cell.source) not in starter]
    of_exercise = {exercise.id for exercise in lesson.exercises}
    if any(cell.exercise in of_exercise for cell in cells):
        own = {cell.exercise for cell in changed} & of_exercise
        return Answered(len(own), untouched=not changed)
    bound = frozenset[str]().union(*(bound_names(cell.source) for cell in changed))
    named = [exercise for exercise in lesson.exercises if bound & set(exercise.names)]
    return Answered(len(named), untouched=not changed)


@cache
def _starter(lesson: str) -> frozenset[bytes]:
    """The code cells of the notebook that students begin with; none where the course has none."""
    found = [path for path in course_notebooks() if path.stem == stems()[lesson]]
    texts = [json.loads(path.read_bytes()) for path in found]
    cells = [cell for notebook in texts for cell in notebook["cells"]]
    joined = [cell | {"source": "".join(cell["source"])} for cell in cells]
    return frozenset(_normalized(cell.source) for cell in code_cells({"cells": joined}))


def _normalized(source: str) -> bytes:
    """A short name for code that is the same but for spaces at the ends of lines."""
    lines = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return hashlib.blake2b(lines.encode(), digest_size=16).digest()
