"""A lesson's cells → the notebook that students get."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import nbformat

from grader.authoring.source import Answer, Cell, CheckCall, Code, Prose, read_source, solution
from grader.errors import AuthorError
from grader.judging.course import Lesson

# Sections that have no number, and the heading that is completed with an exercise's title.
_UNNUMBERED = ("Summary", "Further reading")
_EXERCISE = re.compile(r"^### Exercise(?P<extra> \(extra\))?$", re.MULTILINE)
_SECTION = re.compile(r"^## (?P<name>.+)$", re.MULTILINE)
_PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>figures/[^)\s]+)\)")


def student_notebook(lesson: Lesson, course: Path) -> nbformat.NotebookNode:
    """The notebook of `lesson` as a student gets it: starters, no solutions, pictures inside."""
    return _notebook(lesson, course, read_source(lesson, course), solved=False)


def solution_notebook(lesson: Lesson, course: Path) -> nbformat.NotebookNode:
    """The same notebook with every exercise solved as its source solves it."""
    return _notebook(lesson, course, read_source(lesson, course), solved=True)


def notebook_text(notebook: nbformat.NotebookNode) -> str:
    """The notebook as the text of its file, the same for the same notebook."""
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text.rstrip("\n") + "\n"


def lesson_path(lesson: Lesson, course: Path) -> Path:
    """Where the built notebook of `lesson` stands in the checkout `course`."""
    return course / "lessons" / f"{lesson.stem}.ipynb"


def _notebook(
    lesson: Lesson, course: Path, cells: list[Cell], *, solved: bool
) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "grader": {"lesson": lesson.name},
        }
    )
    used: Counter[str] = Counter()
    for cell in _with_headings(cells, lesson):
        node = _node(cell, course / "solutions", solved=solved)
        stem = cell.exercise if isinstance(cell, Answer) else type(cell).__name__.lower()
        used[stem] += 1
        # An id of its own for every cell, the same in every build (Jupyter allows 64 characters).
        node["id"] = f"{stem[:56]}-{used[stem]}".replace("_", "-")
        notebook.cells.append(node)
    nbformat.validate(notebook)
    return notebook


def _with_headings(cells: list[Cell], lesson: Lesson) -> Iterator[Cell]:
    """The cells with what the source leaves to the build: numbers of sections, exercises' titles.

    Raises AuthorError where the source begins with another heading than the lesson's title.
    """
    title = f"# {lesson.title}"
    first = next((cell.text for cell in cells if isinstance(cell, Prose)), "")
    if first.startswith("# ") and first.partition("\n")[0] != title:
        raise AuthorError(
            f"A lesson's source begins with its rubric's title. Received: "
            f"{first.partition(chr(10))[0]!r}. Write {title!r}."
        )
    number = count(1)

    def numbered(match: re.Match[str]) -> str:
        named = match["name"]
        return match[0] if named in _UNNUMBERED else f"## {next(number)}. {named}"

    for index, cell in enumerate(cells):
        if not isinstance(cell, Prose):
            yield cell
            continue
        text = _SECTION.sub(numbered, cell.text)
        if cell.text is first:
            text = text.replace(title, f"# Lesson {lesson.number} · {lesson.title}", 1)
        if _EXERCISE.search(text):
            heading = rf"### Exercise\g<extra>: {_title_of_next(cells[index:], lesson)}"
            text = _EXERCISE.sub(heading, text)
        yield Prose(text)


def _title_of_next(cells: list[Cell], lesson: Lesson) -> str:
    """The title of the exercise that is answered next; AuthorError where none is."""
    answer = next((cell for cell in cells if isinstance(cell, Answer)), None)
    exercise = lesson.exercise(answer.exercise) if answer is not None else None
    if exercise is None:
        raise AuthorError(
            "The heading `### Exercise` stands above an answer cell. Received: none after it. "
            "Leave the heading out, or mark the cell."
        )
    return exercise.title


def _node(cell: Cell, folder: Path, *, solved: bool) -> Any:
    match cell:
        case Prose(text):
            text, attachments = _with_pictures(text, folder)
            node = nbformat.v4.new_markdown_cell(text)  # type: ignore[no-untyped-call]
            if attachments:
                node["attachments"] = attachments
            return node
        case Answer(exercise, source):
            node = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
                solution(source) if solved else cell.starter
            )
            node.metadata["grader"] = {"exercise": exercise}
            return node
        case Code(source) | CheckCall(source):
            return nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]


def _with_pictures(text: str, folder: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """`text` with its pictures attached, so that a notebook shows them wherever it is taken."""
    attachments: dict[str, dict[str, str]] = {}

    def attach(match: re.Match[str]) -> str:
        path = folder / match["path"]
        if not match["alt"].strip():
            raise AuthorError(
                f"A picture has alternative text. Received: none for {match['path']}."
            )
        if not path.is_file():
            raise AuthorError(f"A picture of a lesson exists. Received: {match['path']}. Draw it.")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        attachments[path.name] = {kind: base64.b64encode(path.read_bytes()).decode()}
        return f"![{match['alt']}](attachment:{path.name})"

    return _PICTURE.sub(attach, text), attachments
