"""A lesson's source: percent-format text, read into typed cells.

An answer cell is marked `# %% exercise="convolve2d"`. In it, what stands between
`### BEGIN SOLUTION` and `### END SOLUTION` is the solution; the student gets `...` in its place,
or the commented lines after `### STARTER`, without their comment signs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grader.errors import AuthorError, UsageError
from grader.judging.course import Lesson
from grader.judging.statements import only_calls

BEGIN, STARTER, END = "### BEGIN SOLUTION", "### STARTER", "### END SOLUTION"


@dataclass(frozen=True)
class Prose:
    """A Markdown cell."""

    text: str


@dataclass(frozen=True)
class Code:
    """A code cell that the student is given as it stands."""

    source: str


@dataclass(frozen=True)
class Answer:
    """A code cell in which the student solves `exercise`."""

    exercise: str
    source: str

    @property
    def starter(self) -> str:
        """The cell as the student gets it."""
        return starter(self.source)


@dataclass(frozen=True)
class CheckCall:
    """A code cell that only calls `check` or `hint`."""

    source: str


Cell = Prose | Code | Answer | CheckCall


def parse(text: str, where: str) -> list[Cell]:
    """The cells of a lesson's source; `where` names the file in messages.

    Raises AuthorError for solution markers that do not match, or stand outside an answer cell.
    """
    import jupytext  # slow to load, and a student who calls `check` never reads a source

    notebook = jupytext.reads(text, fmt="py:percent")
    return [
        _typed(cell.cell_type, cell.source, cell.metadata.get("exercise"), where)
        for cell in notebook.cells
    ]


def _typed(kind: str, source: str, exercise: str | None, where: str) -> Cell:
    if kind == "markdown":
        return Prose(source)
    if kind != "code":
        raise AuthorError(f"A lesson has Markdown and code cells. Received: {kind} in {where}.")
    if exercise is not None:
        if BEGIN not in source:
            raise AuthorError(
                f"An answer cell holds its solution between `{BEGIN}` and `{END}`. Received: none "
                f"for `{exercise}` in {where}."
            )
        starter(source, where)
        return Answer(exercise, source)
    if BEGIN in source or END in source:
        raise AuthorError(
            f'A solution stands in a cell marked `# %% exercise="…"`. Received: one outside, in '
            f"{where}."
        )
    return CheckCall(source) if only_calls(source, ("check", "hint")) else Code(source)


def starter(source: str, where: str = "the source") -> str:
    """`source` with every solution replaced by its starter."""
    lines: list[str] = []
    region: list[str] | None = None
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            if region is not None:
                raise AuthorError(f"`{BEGIN}` stands twice without `{END}` between, in {where}.")
            region = [line]
        elif mark == END:
            if region is None:
                raise AuthorError(f"`{END}` stands without `{BEGIN}` before it, in {where}.")
            lines += _stand_in(region)
            region = None
        elif region is not None:
            region.append(line)
        else:
            lines.append(line)
    if region is not None:
        raise AuthorError(f"`{BEGIN}` stands without `{END}` after it, in {where}.")
    return "\n".join(lines)


def solution(source: str) -> str:
    """`source` with its markers, and the starters beside its solutions, taken out."""
    lines: list[str] = []
    in_starter = False
    for line in source.splitlines():
        mark = line.strip()
        in_starter = (in_starter or mark == STARTER) and mark != END
        if not in_starter and mark not in (BEGIN, END):
            lines.append(line)
    return "\n".join(lines)


def _stand_in(region: list[str]) -> list[str]:
    indent = region[0][: len(region[0]) - len(region[0].lstrip())]
    marks = [line.strip() for line in region]
    if STARTER not in marks:
        return [f"{indent}..."]
    return [re.sub(r"^(\s*)# ?", r"\1", line) for line in region[marks.index(STARTER) + 1 :]]


def source_path(lesson: Lesson, folder: Path) -> Path:
    """Where the source of `lesson` stands in the checkout `folder`; UsageError if it does not."""
    path = folder / "solutions" / f"{lesson.stem}.py"
    if not path.is_file():
        raise UsageError(
            f"The lessons' sources stand in `solutions/` of the course. Received: no {path}. "
            f"Run this in the course's folder, or name it with --course."
        )
    return path


def read_source(lesson: Lesson, folder: Path) -> list[Cell]:
    """The cells of a lesson's source; AuthorError if the rubric has other exercises than it."""
    path = source_path(lesson, folder)
    cells = parse(path.read_text(encoding="utf-8"), path.name)
    in_source = {cell.exercise for cell in cells if isinstance(cell, Answer)}
    in_rubric = {exercise.id for exercise in lesson.exercises}
    if in_source != in_rubric:
        raise AuthorError(
            f"Source and rubric name the same exercises. Received: only in {path.name}: "
            f"{_listed(in_source - in_rubric)}; only in the rubric: "
            f"{_listed(in_rubric - in_source)}."
        )
    return cells


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
