"""`check` and `hint`: what a student calls in the notebook itself.

The same rubric, judge and codec as when grading; only the names are in this process, and the
random cases are drawn from a secret that everybody knows.
"""

from __future__ import annotations

import builtins
import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import grader
from grader.judging import course
from grader.judging.course import Lesson
from grader.judging.diagnose import explained
from grader.judging.exercise import Exercise, exercises_behind
from grader.judging.judge import PUBLIC_SECRET, Judgement, judge, unasked
from grader.judging.resolving import names_behind
from grader.judging.statements import bound_names
from grader.judging.testing import ask_here
from grader.kernel.mounted import course_data
from grader.notebook.history import History, Run, shell
from grader.report.feedback import feedback_html, feedback_text
from grader.report.text import visible
from grader.results import ExerciseResult, Verdict

# The course's data can be imported as `grader.NAME`, too, as notebooks of before do.
if (_data := course_data()) is not None:
    grader.__path__.append(str(_data))

_hints_shown: dict[str, int] = {}
_history = History()


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
    runs = _history.runs
    judgement = _judged(task, runs)
    behind = names_behind(_in_force(runs, task.names), task.names)
    missing = _not_defined(behind - set(task.names))
    unsolved = [
        other.id
        for other in exercises_behind(task, behind - missing, lesson.exercises)
        if _judged(other, runs).result.verdict is not Verdict.PASSED
    ]
    result = explained(task, judgement, unsolved)
    if missing and result.verdict is Verdict.ERROR:
        result = _with_message(result, _run_first(missing, lesson))
    result = _with_message(result, _stopped_later(task, runs))
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


def _judged(task: Exercise, runs: Sequence[Run]) -> Judgement:
    """What of `task` holds, by what its newest cells define, and by nothing older."""
    for name in task.names:
        newest = _newest(name, runs)
        if newest is not None and name not in newest.binds:
            return Judgement(_left_from_earlier(task, name, newest))
    cells = _in_force(runs, task.names)
    code = "\n".join(cell for cell in cells if bound_names(cell) & set(task.names))
    return judge(task, ask_here(_names_here()), secret=PUBLIC_SECRET, code=code, cells=cells)


def _newest(name: str, runs: Sequence[Run]) -> Run | None:
    """The run that `name` should rest on; None where no cell has to do with it."""
    newest = next((run for run in reversed(runs) if run.should_bind(name)), None)
    return newest or _history.left_over(name)


def _left_from_earlier(task: Exercise, name: str, newest: Run) -> ExerciseResult:
    """What to say where the newest cell for a name has not come to the point of defining it."""
    if newest.stopped:
        message = (
            f"The newest cell for `{name}` did not run to its end. Received: {_how(newest)}. Fix "
            f"it and run it again: what an earlier run has left behind is not judged."
        )
        return unasked(task, Verdict.ERROR, message)
    if newest.should_bind(name):
        message = (
            f"`{name}` is defined below this call of `check`, in the same cell. Move the call to "
            f"the end of the cell, or into a cell of its own."
        )
    else:
        message = (
            f"`{name}` is left from an earlier run: its cell does not define it any more. Define "
            f"`{name}` again, and run that cell."
        )
    return unasked(task, Verdict.NOT_ATTEMPTED, message)


def _stopped_later(task: Exercise, runs: Sequence[Run]) -> str:
    """What to say where a cell of `task` stopped after it had defined what is judged."""
    for name in task.names:
        newest = _newest(name, runs)
        if newest is not None and newest.stopped and name in newest.binds:
            return f"Its cell did not run to its end: {_how(newest)}. What stands above is judged."
    return ""


def _how(run: Run) -> str:
    is_magic = run.source.lstrip().startswith("%%")  # its lines are counted otherwise
    return run.stopped + (f", in line {run.line}" if run.line and not is_magic else "")


def _not_defined(names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that have no value in the notebook right now."""
    here = _names_here()
    return frozenset(name for name in names if name not in here and not hasattr(builtins, name))


def _run_first(missing: Iterable[str], lesson: Lesson) -> str:
    """Which cells to run, where names that an answer uses are not defined, as after a restart."""
    homes = {name: task.id for task in reversed(lesson.exercises) for name in task.names}
    return " ".join(
        f"`{name}` is not defined: run the cell of `{homes[name]}` first."
        if name in homes
        else f"`{name}` is not defined: run the cell that gives it a value first."
        for name in sorted(missing)
    )


def _with_message(result: ExerciseResult, message: str) -> ExerciseResult:
    return result.model_copy(update={"message": f"{message} {result.message}".strip()})


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
    notebook = shell()
    return notebook.user_ns if notebook is not None else vars(sys.modules["__main__"])


def _in_force(runs: Sequence[Run], names: Iterable[str]) -> list[str]:
    """The cells that `names` rest on now: for every name the newest that gave it a value.

    A student's earlier attempts stand in the history too; they are not the answer any more.
    """
    newest = {name: index for index, run in enumerate(runs) for name in run.binds}
    wanted, found = list(names), set[int]()
    while wanted:
        index = newest.get(wanted.pop())
        if index is not None and index not in found:
            found.add(index)
            wanted += names_behind([runs[index].source], runs[index].binds)
    return [runs[index].source for index in sorted(found)]


def _display(shown: Feedback | Note) -> None:
    if shell() is None:
        sys.stdout.write(f"{shown!r}\n")
        return
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]  # IPython is half typed
