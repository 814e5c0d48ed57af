"""A notebook as it was handed in → its cells as a page shows them.

It is read as it lies there, with its outputs, and never upgraded or run: what cannot be read of it
is left out with a note, and costs nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from markupsafe import Markup

from grader.crossing.values import has_more_marks
from grader.judging.course import lesson_names, stems
from grader.kernel.mounted import course_notebooks
from grader.pages.markdown import attachments_of, highlighted, markdown
from grader.pages.outputs import Output, outputs_of
from grader.report.text import visible_lines

_LARGEST = 40 * 2**20  # bytes
_MOST_MARKS = 2_000_000
_MOST_CELLS = 1000
_MOST_SHOWN = 600_000  # characters of HTML in one notebook, pictures not counted
_MOST_PICTURES = 8 * 2**20  # characters of pictures in one notebook
_ONLY_CHECKS = re.compile(r"(?:\s*(?:check|hint)\(\s*[\"'][^\"'\n]*[\"']\s*\)\s*;?\s*)+")

TOO_LARGE = "The notebook is too large to be shown here."
UNREADABLE = "The notebook cannot be read as Jupyter writes one, so it is not shown here."


@dataclass(frozen=True)
class ShownCell:
    """A cell as the page shows it; `number` counts all cells of the notebook from 1.

    `own` is False where the cell is as the lesson has it. `heading` is its first one.
    """

    number: int
    kind: str
    source: Markup
    outputs: tuple[Output, ...]
    own: bool
    heading: str


@dataclass(frozen=True)
class ShownNotebook:
    """The cells that are shown, and what is said of those that are not."""

    cells: tuple[ShownCell, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _OfLesson:
    """What everybody has of a lesson: its cells, and the content of its pictures."""

    sources: frozenset[tuple[str, str]]
    pictures: frozenset[str]


def shown_notebook(content: bytes, lesson: str) -> ShownNotebook:
    """The notebook of these bytes, which was handed in as one of `lesson`."""
    cells = _cells(content)
    if isinstance(cells, str):
        return ShownNotebook(note=cells)
    of_lesson = _of_lesson(lesson)
    shown: list[ShownCell] = []
    room, pictures = _MOST_SHOWN, _MOST_PICTURES
    for number, cell in enumerate(cells[:_MOST_CELLS], start=1):
        one = _shown_cell(number, cell, of_lesson)
        room -= _length(one)
        pictures -= sum(len(output.image) for output in one.outputs) + one.source.count("base64,")
        if room < 0 or pictures < 0:
            return ShownNotebook(tuple(shown), _rest(number, len(cells)))
        shown.append(one)
    note = _rest(_MOST_CELLS + 1, len(cells)) if len(cells) > _MOST_CELLS else ""
    return ShownNotebook(tuple(shown), note or ("" if shown else "The notebook has no cells."))


def in_parts(cells: Sequence[ShownCell], kept: frozenset[int]) -> list[tuple[bool, list[ShownCell]]]:
    """The cells in order, in runs: those that are the lesson's, and those to be looked at.

    What is in `kept`, by number, is looked at whoever wrote it. A part is (is the lesson's, cells).
    """
    return [
        (of_lesson, list(run))
        for of_lesson, run in groupby(cells, lambda cell: not cell.own and cell.number not in kept)
    ]
