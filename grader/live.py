"""`check` and `hint`: what a student calls in the notebook itself.

The same rubric, judge and codec as when grading; only the names are in this process, and the
random cases are drawn from a secret that everybody knows.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from typing import Any

from grader import course
from grader.course import Lesson
from grader.diagnose import explained
from grader.exercise import Exercise, exercises_behind
from grader.judge import PUBLIC_SECRET, Judgement, judge
from grader.report.feedback import feedback_html, feedback_text
from grader.report.text import visible
from grader.results import ExerciseResult, Verdict
from grader.syntax import bound_names, names_behind
from grader.testing import ask_here

_hints_shown: dict[str, int] = {}


class Feedback:
    """What `check` found, as HTML in a notebook and as text in a terminal."""

    def __init__(self, result: ExerciseResult, hints_left: int) -> None:
        self.result = result
        self._hints_left = hints_left

    def __repr__(self) -> str:
        return feedback_text(self.result, hints_left=self._hints_left)

    def _repr_html_(self) -> str:
        return feedback_html(self.result, hints_left=self._hints_left)


class Note:
    """A hint or another short text, as Markdown in a notebook and as text in a terminal."""

    def __init__(self, heading: str, text: str) -> None:
        self.heading = heading
        self.text = text

    def __repr__(self) -> str:
        return f"{self.heading}: {self.text}"

    def _repr_markdown_(self) -> str:
        return f"**{self.heading}.** {self.text}"


def check(exercise: str) -> None:
    """Check your answer to `exercise`, and show which statements about it hold.

    >>> check("convolve2d")
    """
    found = _find(exercise)
    if found is None:
        return
    lesson, task = found
    cells = _cells_run_here()
    judgement = _judged(task, cells)
    behind = names_behind(_in_force(cells, task.names), task.names)
    unsolved = [
        other.id
        for other in exercises_behind(task, behind, lesson.exercises)
        if _judged(other, cells).result.verdict is not Verdict.PASSED
    ]
    result = explained(task, judgement, unsolved)
    _display(Feedback(result, len(task.hints) - _hints_shown.get(task.id, 0)))


def hint(exercise: str) -> None:
    """Show the next hint for `exercise`; each call shows one more, and then the last again.

    >>> hint("convolve2d")
    """
    found = _find(exercise)
    if found is None:
        return
    _, task = found
    if not task.hints:
        _display(Note("No hints", "This exercise has none. Read the text above it once more."))
        return
    number = min(_hints_shown.get(task.id, 0) + 1, len(task.hints))
    _hints_shown[task.id] = number
    _display(Note(f"Hint {number} of {len(task.hints)}", task.hints[number - 1]))


def _judged(task: Exercise, cells: list[str]) -> Judgement:
    cells = _in_force(cells, task.names)
    code = "\n".join(cell for cell in cells if bound_names(cell) & set(task.names))
    return judge(task, ask_here(_names_here()), secret=PUBLIC_SECRET, code=code, cells=cells)


def _find(exercise: str) -> tuple[Lesson, Exercise] | None:
    """The exercise called `exercise`; where there is none, says so to the student."""
    lesson = course.lesson_of_exercise(exercise) if isinstance(exercise, str) else None
    task = lesson.exercise(exercise) if lesson else None
    if lesson is not None and task is not None:
        return lesson, task
    known = [known.id for lesson in course.lessons() for known in lesson.exercises]
    close = difflib.get_close_matches(str(exercise), known, n=1)
    tip = f'Did you mean `check("{close[0]}")`?' if close else f"Exercises: {', '.join(known)}."
    _display(Note("Not found", f"No exercise is called `{visible(repr(exercise)[:80])}`. {tip}"))
    return None


def _names_here() -> dict[str, Any]:
    """The names of the notebook, or of the script, that called."""
    shell = _shell()
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def _cells_run_here() -> list[str]:
    """The source of every cell run so far in this notebook, oldest first."""
    shell = _shell()
    return [str(cell) for cell in shell.user_ns.get("In", [])] if shell is not None else []


def _in_force(cells: list[str], names: Iterable[str]) -> list[str]:
    """Of the cells run so far, those that `names` rest on now: for every name its newest cell.

    A student's earlier attempts stand in the history too; they are not the answer any more.
    """
    newest = {name: index for index, cell in enumerate(cells) for name in bound_names(cell)}
    wanted, found = list(names), set[int]()
    while wanted:
        index = newest.get(wanted.pop())
        if index is not None and index not in found:
            found.add(index)
            wanted += names_behind([cells[index]], bound_names(cells[index]))
    return [cells[index] for index in sorted(found)]


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _display(shown: Feedback | Note) -> None:
    shell = _shell()
    if shell is None:
        sys.stdout.write(f"{shown!r}\n")
        return
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]  # IPython is half typed
