"""Writes the example class, `examples/class/`, from the lessons' own sources.

Every notebook is the solved lesson with something done to it, so that the class follows the lessons
when they change; `examples/answers/` has what students answer otherwise.
`python -m examples.make_class` writes it, `--check` only compares.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import nbformat

from grader.authoring.build import notebook_text, solution_notebook, student_notebook
from grader.judging.course import Lesson, lessons

COURSE = Path(__file__).resolve().parent.parent
CLASS = COURSE / "examples" / "class"

Notebook = nbformat.NotebookNode


def write_class(folder: Path) -> None:
    """Write one folder for each student below `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    for one in lessons():
        for student, make in handed_in(one).items():
            path = folder / student / f"{one.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(one), encoding="utf-8")


def solved(lesson: Lesson) -> Notebook:
    """The lesson with every exercise solved, code cells only, as most submissions would be."""
    return _code_only(solution_notebook(lesson, COURSE))


def untouched(lesson: Lesson) -> Notebook:
    """The lesson as it is handed out, code cells only."""
    return _code_only(student_notebook(lesson, COURSE))


def answers(replaced: Mapping[str, str]) -> Callable[[Lesson], str]:
    """A student whose lesson is solved but for the exercises in `replaced`, answered like that."""

    def make(lesson: Lesson) -> str:
        notebook = solved(lesson)
        for exercise, source in replaced.items():
            _answer_cell(notebook, exercise).source = dedent(source).strip()
        return notebook_text(notebook)

    return make


def perfect(lesson: Lesson) -> str:
    """Everything is solved."""
    return notebook_text(solved(lesson))


def not_started(lesson: Lesson) -> str:
    """Nothing was done."""
    return notebook_text(untouched(lesson))


def half_finished(lesson: Lesson) -> str:
    """The first half of the exercises is solved, the rest is as it was handed out."""
    notebook, starters = solved(lesson), untouched(lesson)
    half = len(lesson.exercises) // 2
    for exercise in lesson.exercises[half:]:
        _answer_cell(notebook, exercise.id).source = _answer_cell(starters, exercise.id).source
    return notebook_text(notebook)


def endless_loop(lesson: Lesson) -> str:
    """A cell in the middle never ends; what stands before and after it is right."""
    notebook = solved(lesson)
    place = notebook.cells.index(_answer_cell(notebook, "feature_map_size")) + 1
    loop = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
        "size = 7\nwhile size > 0:\n    feature_map_size(size, 3)"
    )
    loop["id"] = "endless-loop"
    notebook.cells.insert(place, loop)
    return notebook_text(notebook)


def reuses_a_name(lesson: Lesson) -> str:
    """Everything is right, and names of solved exercises are used for something else at the end."""
    notebook = solved(lesson)
    later = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call]
        "shift = 3\nconvolve2d = [convolve2d(photo, kernel) for kernel in (blur, sharpen)]"
    )
    later["id"] = "names-used-again"
    notebook.cells.append(later)
    return notebook_text(notebook)


def not_json(lesson: Lesson) -> str:
    """The file was cut off while it was being saved."""
    text = perfect(lesson)
    return text[: len(text) // 3]


IN_THEIR_OWN_WAY: dict[str, dict[str, Callable[[Lesson], str]]] = {
    "convolution": {
        "ada_perfect": perfect,
        "ben_not_started": not_started,
        "cora_half_finished": half_finished,
        "ida_endless_loop": endless_loop,
        "kim_reuses_names": reuses_a_name,
        "leo_not_json": not_json,
    },
    "conv_layer": {"ada_perfect": perfect, "ben_not_started": not_started},
    "activation": {"ada_perfect": perfect, "cora_half_finished": half_finished},
    "pooling": {"ada_perfect": perfect},
    "dense": {"ada_perfect": perfect, "cora_half_finished": half_finished},
}
"""Who hands in what is not told by single answers, by lesson."""


def handed_in(lesson: Lesson) -> dict[str, Callable[[Lesson], str]]:
    """Who hands in a notebook of `lesson`, and what makes it."""
    own = importlib.import_module(f"examples.answers.{lesson.name}").ANSWERS
    makers = {student: answers(replaced) for student, replaced in own.items()}
    return dict(sorted({**IN_THEIR_OWN_WAY.get(lesson.name, {}), **makers}.items()))


def _code_only(notebook: Notebook) -> Notebook:
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return notebook


def _answer_cell(notebook: Notebook, exercise: str) -> Notebook:
    for cell in notebook.cells:
        if cell.metadata.get("grader", {}).get("exercise") == exercise:
            found: Notebook = cell
            return found
    raise LookupError(f"No cell answers {exercise}.")


def main() -> int:
    """Write the class, or compare it; 1 if it is not as the source makes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    if not parser.parse_args().check:
        write_class(CLASS)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        write_class(Path(folder))
        fresh = _contents(Path(folder))
    if fresh == _contents(CLASS):
        return 0
    sys.stderr.write("examples/class is out of date. Run `python -m examples.make_class`.\n")
    return 1


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.ipynb"))
    }


if __name__ == "__main__":
    sys.exit(main())
