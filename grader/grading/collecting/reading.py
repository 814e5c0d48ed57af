"""One notebook that was handed in: its bytes → its lesson, its cells, and what is odd."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import nbformat

from grader.crossing.values import has_more_marks
from grader.errors import Rejected
from grader.grading.collecting.cells import SubmittedCell, code_cells, mapping
from grader.grading.collecting.files import contents, fingerprint
from grader.grading.collecting.names import lesson_in
from grader.grading.collecting.oddities import (
    faults_of,
    other_lessons,
    own_part,
    said_of_other_lessons,
    torn_cells,
)
from grader.grading.collecting.starters import Answered, answered
from grader.grading.collecting.stripping import without_outputs
from grader.judging.course import Lesson, lesson, lesson_names, lesson_of_exercise, lessons, stems
from grader.judging.statements import bound_names
from grader.results import Verdict

# A notebook's text without its outputs.
_MAX_REST = 32 * 2**20
# Texts, and brackets and commas between them: what parsing a notebook costs beyond its length.
_MAX_MARKS = 500_000
_MARKS = (b'"', b",", b"[", b"{")
# Up to this length a first look parses a notebook with its outputs, which is quicker, in bytes.
_MAX_WHOLE = 4 * 2**20

# Of Jupyter's format: the version that is read, and the smaller ones that there are of it.
_FORMAT, _MINOR_FORMATS = 4, range(6)

# Lines that Git leaves where it could not merge. In JSON no text goes over the end of a line.
_CONFLICT = re.compile(rb"^[ \t]*(?:<{7}|\|{7}|={7}|>{7})(?=[ \t\r\n]|\Z)", re.MULTILINE)


class Told(IntEnum):
    """What tells a notebook's lesson, the surest first."""

    METADATA = 0
    FILE_NAME = 1
    BOUND_NAMES = 2


@dataclass(frozen=True)
class SubmittedNotebook:
    """The code cells of a notebook that was handed in, and its lesson.

    `faults` says of an exercise, by its id, why what was written for it cannot run, with the
    verdict that it gets unless another cell answers it. `remarks` are for student and teacher.
    """

    lesson: Lesson
    cells: tuple[SubmittedCell, ...]
    faults: Mapping[str, tuple[Verdict, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """What a first look at a notebook tells: its lesson, and what told it.

    `lesson` is None where it has none of this course; then `wrong` says why, and `unreadable`
    whether that is because nobody can read it. `answered` says how much of it is the student's.
    """

    lesson: str | None
    told: Told = Told.METADATA
    sha256: str = ""
    wrong: str = ""
    unreadable: bool = False
    empty: bool = False
    answered: Answered = field(default_factory=Answered)


def read(path: Path, below: Path | None = None) -> SubmittedNotebook:
    """The notebook at `path`; Rejected, with the reason, if it is not one that can be graded."""
    return parse(contents(path, below), path)


def parse(content: bytes, path: Path) -> SubmittedNotebook:
    """The notebook of these bytes, found at `path`; Rejected, with the reason, if it is none."""
    notebook = _parsed(content)
    cells = code_cells(notebook)
    own, _ = _lesson_of(notebook, cells, path)
    strange = other_lessons(own, cells)
    cells = own_part(strange, notebook, cells)
    remarks = (*said_of_other_lessons(own, strange), *torn_cells(cells))
    return SubmittedNotebook(own, tuple(cells), faults_of(own, notebook, cells), remarks)


def admitted(notebook: SubmittedNotebook, lesson: str | None) -> SubmittedNotebook:
    """The notebook; Rejected if it is not one of `lesson`, where that is given."""
    if lesson is not None and notebook.lesson.name != lesson:
        raise Rejected(
            f"A notebook of lesson {lesson!r} is expected. Received: one of lesson "
            f"{notebook.lesson.name!r}. Hand in the notebook of the right lesson."
        )
    return notebook


def look(path: Path, below: Path | None = None) -> Look:
    """What a first look tells of a file; nothing is raised for it."""
    named = named_lesson(path) or lesson_in(path.name)
    sha256, empty = "", False
    try:
        content = contents(path, below)
        sha256, empty = fingerprint(content), not content.strip()
        notebook = _quickly_parsed(content)
        cells = code_cells(notebook)
    except Rejected as error:
        return Look(named, sha256=sha256, wrong=str(error), unreadable=True, empty=empty)
    try:
        found, told = _lesson_of(notebook, cells, path)
    except Rejected as error:
        return Look(None, sha256=sha256, wrong=str(error), empty=not cells)
    return Look(found.name, told, sha256, answered=answered(found, cells))


def named_lesson(path: Path) -> str | None:
    """The lesson that a file's name tells, `convolution.ipynb` or `01_convolution.ipynb`."""
    files = {text: name for name, stem in stems().items() for text in (name, stem)}
    return files.get(path.stem)


def _parsed(content: bytes) -> Any:
    again = "Open it in Jupyter, save it, and hand it in again."
    _look_for_conflict(content)
    if not content.strip():
        raise Rejected(
            "A notebook is a JSON document in Jupyter's format. Received: an empty file. Save your "
            "notebook in Jupyter, and hand in that file."
        )
    try:
        with nothing_said():
            rest = without_outputs(content)
            _ensure_length(rest)
            return _notebook(rest.decode("utf-8-sig"))
    except Rejected:
        raise
    except UnicodeDecodeError as error:
        raise Rejected(f"A notebook is text in UTF-8. Received: other bytes. {again}") from error
    except RecursionError as error:
        raise Rejected(f"A notebook is not nested this deeply. {again}") from error
    except Exception as error:  # nbformat raises whatever its upgrades run into
        raise Rejected(
            f"A notebook is a JSON document in Jupyter's format. Received: something else "
            f"({type(error).__name__}). {again}"
        ) from error


def _quickly_parsed(content: bytes) -> Any:
    """The notebook without what only running it needs: nbformat's schema is not asked.

    What is not plainly one of today's format is parsed with all care.
    """
    # Marks in texts are counted as well, so there are never more than these.
    is_short = len(content) <= _MAX_MARKS
    if is_short or (len(content) <= _MAX_WHOLE and sum(map(content.count, _MARKS)) <= _MAX_MARKS):
        try:
            notebook = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            notebook = None  # said below, in words for a person
        if _is_of_today(notebook):
            return {**notebook, "cells": [_joined(cell) for cell in notebook["cells"]]}
    return _parsed(content)


def _is_of_today(notebook: Any) -> bool:
    return (
        isinstance(notebook, dict)
        and notebook.get("nbformat") == 4
        and isinstance(notebook.get("cells"), list)
        and all(isinstance(cell, dict) for cell in notebook["cells"])
    )


def _joined(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell with its source as one text, as Jupyter joins its lines."""
    source = cell.get("source")
    if not isinstance(source, list):
        return cell
    try:
        return {**cell, "source": "".join(source)}
    except TypeError:  # lines that are no text: such a cell has no code
        return cell


def _notebook(text: str) -> Any:
    _ensure_size(text)
    notebook = json.loads(text)
    if _is_plain(notebook):
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        return notebook
    try:
        return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    except nbformat.ValidationError:
        text = json.dumps(_completed(json.loads(text)))
        return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]


@contextmanager
def nothing_said() -> Iterator[None]:
    """Keep what nbformat says of ids and schemas from the screen: it is judged here."""
    log = logging.getLogger("traitlets")
    level, log.level = log.level, logging.CRITICAL
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.level = level


def _is_plain(notebook: Any) -> bool:
    """Whether it is as today's Jupyter writes it, without outputs: there is nothing to upgrade.

    What nbformat does for it besides takes four times as long as all else, and changes nothing.
    """
    return (
        isinstance(notebook, dict)
        and notebook.get("nbformat") == _FORMAT
        and notebook.get("nbformat_minor") in _MINOR_FORMATS
        and isinstance(notebook.get("cells"), list)
        and all(map(_is_plain_cell, notebook["cells"]))
    )


def _is_plain_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("outputs") or cell.get("attachments"):
        return False
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return (
        cell.get("cell_type") in ("code", "markdown", "raw")
        and isinstance(cell.get("metadata"), dict)
        and all(isinstance(line, str) for line in lines)
    )


def _completed(notebook: Any) -> Any:
    """A notebook with the metadata that scripts leave out, and that nbformat insists on."""
    for part in (notebook, *notebook["cells"]):
        part.setdefault("metadata", {})
    return notebook


def _look_for_conflict(content: bytes) -> None:
    if not any(mark in content for mark in (b"<<<<<<<", b"=======", b">>>>>>>")):
        return  # much sooner than the expression knows
    if found := _CONFLICT.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        raise Rejected(
            f"A notebook holds one version of its cells. Received: Git's conflict marks "
            f"(<<<<<<<, =======, >>>>>>>), the first in line {line}: Git could not merge two "
            f"versions. Jupyter cannot open such a file. Take one version whole with `git checkout "
            f"--ours FILE` or `git checkout --theirs FILE`; or open it in a text editor, keep one "
            f"version of each place and delete the marks; or use `nbdime mergetool`. Then hand it "
            f"in again."
        )


def _ensure_length(rest: bytes) -> None:
    if len(rest) > _MAX_REST:
        raise Rejected(
            f"A notebook without its outputs has at most {_MAX_REST // 2**20} MiB. Received: "
            f"{len(rest) // 2**20} MiB. Load data from a file, and hand it in again."
        )


def _ensure_size(text: str) -> None:
    if has_more_marks(text, _MAX_MARKS):
        raise Rejected(
            f"A notebook has at most {_MAX_MARKS} texts, brackets and commas between them. "
            f"Received: more. Load data from a file, and hand it in again."
        )


def _lesson_of(notebook: Any, cells: Sequence[SubmittedCell], path: Path) -> tuple[Lesson, Told]:
    """The lesson of a notebook and what told it; Rejected where it is none of this course."""
    named = mapping(mapping(notebook.get("metadata")).get("grader")).get("lesson")
    if isinstance(named, str):
        if named in lesson_names():
            return lesson(named), Told.METADATA
        raise Rejected(
            f"A notebook belongs to a lesson of this course ({', '.join(lesson_names())}). "
            f"Received: one of lesson {named[:60]!r}. Hand in one of this course."
        )
    # Some editors drop metadata: then the exercises, the file and the names that cells bind tell.
    marked = Counter(
        found for cell in cells if cell.exercise and (found := lesson_of_exercise(cell.exercise))
    )
    if marked:
        return marked.most_common(1)[0][0], Told.METADATA
    bound = frozenset[str]().union(*(bound_names(cell.source) for cell in cells))
    of_file = named_lesson(path) or lesson_in(path.name)
    if of_file is not None and _fit(lesson(of_file), bound):
        return lesson(of_file), Told.FILE_NAME
    best = max(lessons(), key=lambda candidate: _fit(candidate, bound))
    if not _fit(best, bound):
        raise Rejected(
            "A submission solves exercises of this course. Received: a notebook without any of "
            "them. Hand in the lesson's own notebook."
        )
    return best, Told.BOUND_NAMES


def _fit(candidate: Lesson, bound: frozenset[str]) -> int:
    """How many exercises of a lesson a notebook has, that binds these names."""
    return sum(bool(bound & set(exercise.names)) for exercise in candidate.exercises)
