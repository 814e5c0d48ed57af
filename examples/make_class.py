"""Writes the example class, `examples/class/`, from the lesson's own source.

Every student is the solved lesson with something done to it, so that the class follows the lesson
when the lesson changes. `python -m examples.make_class` writes it, `--check` only compares.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import nbformat

from grader.build import notebook_text, solution_notebook, student_notebook
from grader.course import Lesson, lesson

COURSE = Path(__file__).resolve().parent.parent
CLASS = COURSE / "examples" / "class"

Notebook = nbformat.NotebookNode


def write_class(folder: Path) -> None:
    """Write one folder for each student below `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    convolution = lesson("convolution")
    for student, make in STUDENTS.items():
        path = folder / student / f"{convolution.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(make(convolution), encoding="utf-8")


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


STUDENTS: dict[str, Callable[[Lesson], str]] = {
    "ada_perfect": perfect,
    "ben_not_started": not_started,
    "cora_half_finished": half_finished,
    "dan_flipped_kernel": answers(
        {
            "convolve2d": """
                def convolve2d(image, kernel):
                    k, l = kernel.shape
                    flipped = np.flip(kernel)
                    out = np.empty((image.shape[0] - k + 1, image.shape[1] - l + 1))
                    for i in range(out.shape[0]):
                        for j in range(out.shape[1]):
                            out[i, j] = (image[i:i + k, j:j + l] * flipped).sum()
                    return out
                """
        }
    ),
    "eve_padding_once": answers(
        {
            "convolve2d_strided": """
                def convolve2d_strided(image, kernel, strides=1, padding=0):
                    k, l = kernel.shape
                    h, w = image.shape
                    rows = (h + padding - k) // strides + 1
                    columns = (w + padding - l) // strides + 1
                    padded = np.pad(image, padding)
                    out = np.zeros((rows, columns))
                    for i in range(rows):
                        for j in range(columns):
                            top, left = i * strides, j * strides
                            window = padded[top:top + k, left:left + l]
                            out[i, j] = (window * kernel).sum()
                    return out
                """
        }
    ),
    "fay_exchanged_edges": answers(
        {
            "edge_kernels": """
                vertical_edges = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
                horizontal_edges = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
                """
        }
    ),
    "gus_no_plus_one": answers(
        {
            "feature_map_size": """
                def feature_map_size(image_size, kernel_size):
                    return image_size - kernel_size
                """,
            "strongest_match": """
                def strongest_match(image, kernel):
                    row, column = np.unravel_index(
                        np.argmax(convolve2d(image, kernel)), convolve2d(image, kernel).shape
                    )
                    return int(column), int(row)
                """,
        }
    ),
    "hal_cell_raises": answers(
        {
            "zero_pad": """
                frame = int(thickness)

                def zero_pad(image, padding=frame):
                    return image
                """
        }
    ),
    "ida_endless_loop": endless_loop,
    "jon_renamed": answers(
        {
            "true_convolution": """
                def true_convolve(image, kernel):
                    return convolve2d(image, np.flip(kernel))
                """
        }
    ),
    "kim_reuses_names": reuses_a_name,
    "leo_not_json": not_json,
    "mia_her_own_way": answers(
        {
            "patch_response": """
                def patch_response(patch, kernel):
                    return float(np.dot(patch.ravel(), kernel.ravel()))
                """,
            "convolve2d": """
                def convolve2d(image, kernel):
                    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                    return np.einsum("ijkl,kl->ij", windows, kernel)
                """,
            "edge_kernels": """
                vertical_edges = np.outer([3, 10, 3], [-1, 0, 1]) / 32
                horizontal_edges = np.outer([-1, 0, 1], [3, 10, 3]) / 32
                """,
            "blur_and_sharpen": """
                blur = np.outer([1, 2, 1], [1, 2, 1]) / 16
                sharpen = -np.ones((3, 3))
                sharpen[1, 1] = 9
                """,
        }
    ),
    "ned_hard_coded": answers(
        {
            "feature_map_size": """
                def feature_map_size(image_size, kernel_size):
                    known = {(7, 3): 5, (28, 3): 26, (28, 5): 24, (150, 3): 148}
                    return known.get((image_size, kernel_size), 5)
                """
        }
    ),
}


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
