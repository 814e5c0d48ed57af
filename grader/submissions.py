"""What was handed in: folders and notebooks → Submission objects."""

from __future__ import annotations

import hashlib
import json
import logging
import stat
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from grader.course import Lesson, lesson, lesson_names, lesson_of_exercise, lessons, stems
from grader.errors import Rejected, UsageError
from grader.syntax import bound_names
from grader.values import has_more_marks

_MAX_FILE = 32 * 2**20
_MAX_CELLS = 5000
# Texts, and brackets and commas between them: what parsing a notebook costs beyond its length.
_MAX_MARKS = 500_000
_MAX_CODE = 200_000


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in; nothing of it has been read yet.

    `refused` says why it cannot be graded, where that is known before reading it.
    """

    student: str
    path: Path
    refused: str = ""


@dataclass(frozen=True)
class SubmittedCell:
    """A code cell: its `number` in the notebook (from 1), and the exercise its metadata names."""

    number: int
    source: str
    exercise: str | None


@dataclass(frozen=True)
class SubmittedNotebook:
    """The code cells of a notebook that was handed in, and its lesson."""

    lesson: Lesson
    cells: tuple[SubmittedCell, ...]


def find(paths: Iterable[Path], student: str | None = None) -> list[Submission]:
    """The submissions under `paths`: notebooks, or folders as `STUDENT/X.ipynb` or `STUDENT.ipynb`.

    `student`, where given, handed in all of them. Sorted by student. Raises UsageError for a path
    that does not exist or holds no notebook.
    """
    found: list[Submission] = []
    for path in paths:
        if path.is_dir():
            inside = _in_folder(path)
            if not inside:
                raise UsageError(
                    f"A folder of submissions holds notebooks, as STUDENT/NOTEBOOK.ipynb or "
                    f"STUDENT.ipynb. Received: {path}, with no .ipynb file in it. Name another "
                    f"folder."
                )
            found += inside
        elif path.exists():
            if path.suffix != ".ipynb":
                raise UsageError(
                    f"A submission is an .ipynb file or a folder of them. Received: {path}. Save "
                    f"it as a notebook, or name the folder it lies in."
                )
            found.append(Submission(_student_of(path), path))
        else:
            raise UsageError(
                f"A submission is a file or a folder that exists. Received: {path}. Look for a "
                f"typing mistake in the path."
            )
    if student is not None:
        if not student.strip():
            raise UsageError("A student has a name. Received: an empty one. Give --student a name.")
        found = [Submission(_valid(student), submission.path) for submission in found]
    found.sort(key=lambda submission: (submission.student, str(submission.path)))
    return _one_a_lesson(dict.fromkeys(found))


def without_notebook(paths: Iterable[Path]) -> list[str]:
    """The folders directly below `paths` that hold no notebook, as they may be students' too."""
    return sorted(
        str(inside)
        for path in paths
        if path.is_dir()
        for inside in path.iterdir()
        if inside.is_dir() and not inside.name.startswith(".") and not _in_folder(inside)
    )


def _one_a_lesson(submissions: Iterable[Submission]) -> list[Submission]:
    """The submissions, with a student's several notebooks of one lesson refused as one."""
    by_student: dict[str, list[Submission]] = {}
    for submission in submissions:
        by_student.setdefault(submission.student, []).append(submission)
    kept: list[Submission] = []
    for own in by_student.values():
        if len(own) == 1:
            kept += own
            continue
        by_lesson: dict[str, list[Submission]] = {}
        for submission in own:
            by_lesson.setdefault(_lesson_name(submission.path), []).append(submission)
        kept += [same[0] if len(same) == 1 else _refused(same) for same in by_lesson.values()]
    return kept


def _refused(same: Sequence[Submission]) -> Submission:
    names = ", ".join(submission.path.name for submission in same[:5])
    reason = (
        f"A student hands in one notebook a lesson. Received: {len(same)}, {names}. "
        f"Hand in one of them."
    )
    return Submission(same[0].student, same[0].path, reason)


def _lesson_name(path: Path) -> str:
    try:
        return read(path).lesson.name
    except Rejected:
        return named_lesson(path) or "unknown"


def _in_folder(folder: Path) -> list[Submission]:
    found: list[Submission] = []
    for path in sorted(folder.rglob("*.ipynb")):
        below = path.relative_to(folder)
        if any(part.startswith(".") for part in below.parts):
            continue  # .ipynb_checkpoints, .git and the like are not handed in
        student = _valid(below.parts[0]) if len(below.parts) > 1 else _student_of(path)
        found.append(Submission(student, path))
    return found


def _student_of(path: Path) -> str:
    """The student that a file is named for, or the folder of one that is named for its lesson."""
    return _valid(path.resolve().parent.name if named_lesson(path) else path.stem)


def _valid(text: str) -> str:
    """`text` as one that can be written anywhere: of lone surrogates, the escapes are left."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file's bytes, or "" where they cannot be read."""
    try:
        return hashlib.sha256(_bytes(path)).hexdigest()
    except Rejected:
        return ""


def read(path: Path) -> SubmittedNotebook:
    """The notebook at `path`; Rejected, with the reason, if it is not one that can be graded."""
    notebook = _parse(_bytes(path))
    cells = code_cells(notebook)
    return SubmittedNotebook(_lesson_of(notebook, cells), tuple(cells))


def named_lesson(path: Path) -> str | None:
    """The lesson that a file's name tells, `convolution.ipynb` or `01_convolution.ipynb`."""
    files = {text: name for name, stem in stems().items() for text in (name, stem)}
    return files.get(path.stem)


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Rejected(
                "A notebook is an ordinary file. Received: something else. Hand in again."
            )
        if status.st_size > _MAX_FILE:
            raise Rejected(
                f"A notebook has at most {_MAX_FILE // 2**20} MiB. Received: "
                f"{status.st_size // 2**20} MiB. Clear its outputs and hand it in again."
            )
        return path.read_bytes()
    except OSError as error:
        raise Rejected(
            f"A notebook is a file that can be read. Received: {error.strerror}. Hand in again."
        ) from error


def _parse(content: bytes) -> Any:
    again = "Open it in Jupyter, save it, and hand it in again."
    log = logging.getLogger("traitlets")
    level, log.level = log.level, logging.CRITICAL  # nbformat logs what is judged here
    try:
        text = content.decode("utf-8-sig")
        _look_at_size(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ids of cells, which say nothing about answers
            try:
                return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
            except nbformat.ValidationError:
                text = json.dumps(_completed(json.loads(text)))
                return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
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
    finally:
        log.level = level


def _completed(notebook: Any) -> Any:
    """A notebook with the metadata that scripts leave out, and that nbformat insists on."""
    for part in (notebook, *notebook["cells"]):
        part.setdefault("metadata", {})
    return notebook


def _look_at_size(text: str) -> None:
    if has_more_marks(text, _MAX_MARKS):
        raise Rejected(
            f"A notebook has at most {_MAX_MARKS} texts, brackets and commas between them. "
            f"Received: more. Clear its outputs and hand it in again."
        )


def code_cells(notebook: Any) -> list[SubmittedCell]:
    """The code cells of a parsed notebook that are not empty; Rejected if it has no cells."""
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Rejected("A notebook has a list of cells. Received: none. Save it in Jupyter again.")
    if len(cells) > _MAX_CELLS:
        raise Rejected(f"A notebook has at most {_MAX_CELLS} cells. Received: {len(cells)}.")
    found = []
    for number, cell in enumerate(cells, start=1):
        source = cell.get("source")
        if cell.get("cell_type") != "code" or not isinstance(source, str) or not source.strip():
            continue
        named = _mapping(_mapping(cell.get("metadata")).get("grader")).get("exercise")
        exercise = _valid(named) if isinstance(named, str) else None
        found.append(SubmittedCell(number, _valid(source), exercise))
    length = sum(len(cell.source) for cell in found)
    if length > _MAX_CODE:
        raise Rejected(
            f"The code of a notebook has at most {_MAX_CODE} characters. Received: {length}. Load "
            f"data from a file, and hand it in again."
        )
    return found


def _lesson_of(notebook: Any, cells: list[SubmittedCell]) -> Lesson:
    named = _mapping(_mapping(notebook.get("metadata")).get("grader")).get("lesson")
    if isinstance(named, str):
        if named in lesson_names():
            return lesson(named)
        raise Rejected(
            f"A notebook belongs to a lesson of this course ({', '.join(lesson_names())}). "
            f"Received: one of lesson {named[:60]!r}. Hand in one of this course."
        )
    # Some editors drop metadata: then the exercises and the names that cells bind tell.
    for cell in cells:
        if cell.exercise and (found := lesson_of_exercise(cell.exercise)):
            return found
    bound = frozenset[str]().union(*(bound_names(cell.source) for cell in cells))
    fits = {
        candidate: sum(bool(bound & set(exercise.names)) for exercise in candidate.exercises)
        for candidate in lessons()
    }
    best = max(fits, key=lambda candidate: fits[candidate])
    if not fits[best]:
        raise Rejected(
            "A submission solves exercises of this course. Received: a notebook without any of "
            "them. Hand in the lesson's own notebook."
        )
    return best


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
