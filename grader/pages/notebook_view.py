"""A notebook as it was handed in → its cells as a page shows them.

It is read as it lies there, with its outputs, and never upgraded or run: what cannot be read of it
is left out with a note, and costs nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import nbformat
from markupsafe import Markup

from grader.crossing.values import has_more_marks
from grader.grading.collecting.reading import nothing_said
from grader.judging.course import lesson_names, stems
from grader.kernel.mounted import course_notebooks
from grader.pages.markdown import attachments_of, highlighted, markdown
from grader.pages.outputs import Output, outputs_of
from grader.report.text import visible_lines

_MOST_MARKS = 2_000_000  # texts, brackets and commas: what parsing costs
_MOST_CELLS = 1000
_MOST_SHOWN = 6_000_000  # characters of HTML of one notebook, its pictures included
# Characters of the pictures that cells showed: those of cells that a student wrote, and those of
# the lesson's own cells, which everybody has. A class has thousands of pages.
_PICTURES = {True: 1_500_000, False: 300_000}
_LEFT_OUT = "A picture that this cell showed is left out, to keep the page small."
_MOST_READ = (
    1_500_000  # characters of its cells and outputs that are rendered, pictures not counted
)
_LONGEST_READ = 40_000  # of one output: the rest of it is cut
_ONLY_CHECKS = re.compile(r"(?:\s*(?:check|hint)\(\s*[\"'][^\"'\n]*[\"']\s*\)\s*;?\s*)+")

_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_FORMAT = 4
_WIDE = ("<table", "<pre", 'display="block"')

_NOTHING_LEFT = Markup('<p class="note">Nothing of this cell can be shown here.</p>')
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

    @property
    def is_wide(self) -> bool:
        """Whether there may be something in its text that has to be scrolled to be seen."""
        return self.kind == "markdown" and any(mark in self.source for mark in _WIDE)


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
    room, readable, pictures = _MOST_SHOWN, _MOST_READ, dict(_PICTURES)
    for number, cell in enumerate(cells[:_MOST_CELLS], start=1):
        readable -= _to_read(cell)
        one = _shown_cell(number, cell, of_lesson, pictures) if readable > 0 else None
        room -= _length(one) if one else 0
        if one is None or room < 0:
            return ShownNotebook(tuple(shown), _rest(number, len(cells)))
        shown.append(one)
    note = _rest(_MOST_CELLS + 1, len(cells)) if len(cells) > _MOST_CELLS else ""
    return ShownNotebook(tuple(shown), note or ("" if shown else "The notebook has no cells."))


def in_parts(
    cells: Sequence[ShownCell], kept: frozenset[int]
) -> list[tuple[bool, list[ShownCell]]]:
    """The cells in order, in runs: those that are the lesson's, and those to be looked at.

    What is in `kept`, by number, is looked at whoever wrote it. A part is (is the lesson's, cells).
    """
    return [
        (of_lesson, list(run))
        for of_lesson, run in groupby(cells, lambda cell: not cell.own and cell.number not in kept)
    ]


def _shown_cell(
    number: int, cell: dict[str, Any], of_lesson: _OfLesson, pictures: dict[bool, int]
) -> ShownCell:
    """A cell; what its pictures take is taken off the room that is left for those of its kind."""
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    source = _source(cell)
    if kind == "markdown":
        shown = markdown(source, attachments_of(cell), of_lesson.pictures)
    elif kind == "code":
        shown = highlighted(source) if source.strip() else Markup()
    else:
        shown = Markup("<pre>{}</pre>").format(visible_lines(source))
    if source.strip() and not shown.strip():
        shown = _NOTHING_LEFT
    own = (kind, _without_ends(source)) not in of_lesson.sources
    outputs = []
    for output in outputs_of(cell, as_text=bool(_ONLY_CHECKS.fullmatch(source))):
        size = len(output.image) + (len(output.html) if "<img" in output.html else 0)
        fits = size <= pictures[own]
        pictures[own] -= size if fits else 0
        outputs.append(output if fits else Output(note=_LEFT_OUT))
    return ShownCell(
        number=number,
        kind=kind,
        source=shown,
        outputs=tuple(outputs),
        own=own,
        heading=_heading(source) if kind == "markdown" else "",
    )


def _heading(source: str) -> str:
    found = _HEADING.search(source[:2000])
    return found.group(1).strip() if found else ""


def _length(cell: ShownCell) -> int:
    parts = (len(output.text) + len(output.html) + len(output.image) for output in cell.outputs)
    return len(cell.source) + sum(parts)


def _to_read(cell: dict[str, Any]) -> int:
    """How much of a cell is rendered, which takes time whatever is left of it."""
    outputs = cell.get("outputs")
    texts = [
        text
        for output in (outputs if isinstance(outputs, list) else ())
        for kind, text in _texts(output)
        if not kind.startswith("image/")
    ]
    weight = 6 if cell.get("cell_type") == "markdown" else 1
    texts += [_source(cell)] * weight
    return sum(min(len(text), _LONGEST_READ) for text in texts)


def _texts(output: Any) -> Iterator[tuple[str, str]]:
    """The texts of an output with their kinds."""
    if not isinstance(output, dict):
        return
    data = output.get("data")
    for kind, text in {**output, **(data if isinstance(data, dict) else {})}.items():
        yield kind, "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _rest(number: int, count: int) -> str:
    return f"The notebook is too long to be shown whole: cells {number} to {count} are left out."


def _cells(content: bytes) -> list[dict[str, Any]] | str:
    """The cells of a notebook, or the sentence that says why there are none."""
    try:
        text = content.decode("utf-8-sig")
        if has_more_marks(text, _MOST_MARKS):
            return TOO_LARGE
        notebook = json.loads(text)
        if not isinstance(notebook, dict):
            return UNREADABLE
        if notebook.get("nbformat") != _FORMAT:
            with nothing_said():
                notebook = nbformat.reads(text, as_version=_FORMAT)  # type: ignore[no-untyped-call]
    except (RecursionError, MemoryError):
        return TOO_LARGE
    except Exception:  # noqa: BLE001 - nbformat raises whatever its upgrades run into
        return UNREADABLE
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return UNREADABLE
    return cells


@cache
def _of_lesson(lesson: str) -> _OfLesson:
    """What the course's own notebook of a lesson has; nothing where the course brings none."""
    stem = stems().get(lesson) if lesson in lesson_names() else None
    cells = [
        cell
        for path in course_notebooks()
        if path.stem == stem
        for cell in json.loads(path.read_bytes())["cells"]
    ]
    attached = [data for cell in cells for _, _, data in attachments_of(cell)]
    sources = frozenset((cell["cell_type"], _without_ends(_source(cell))) for cell in cells)
    return _OfLesson(sources, frozenset(attached))


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _without_ends(source: str) -> str:
    """A source without the spaces at the ends of its lines, which editors change."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
