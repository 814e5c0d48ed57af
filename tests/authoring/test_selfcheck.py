"""A sound lesson has no finding; each rule that is broken once gives exactly its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader import Exercise, expect
from grader.authoring.selfcheck import Finding, selfcheck, steps
from grader.errors import AuthorError
from grader.judging.testing import tiny_lesson
from tests.exercises import Function

pytestmark = pytest.mark.kernel

SOURCE = """\
# %% [markdown]
# # A tiny lesson

# %%
import numpy as np

from grader import check

# %% exercise="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### STARTER
    # ...
    ### END SOLUTION

# %%
check("double")
"""


def doubling() -> Exercise:
    """A sound exercise: two checks, and a misconception that fails each."""
    double = Exercise("double", title="Twice as much", seconds=0.5)

    @double.check(points=1)
    def keeps_the_shape(double: Function, rng: Any) -> None:
        """The result is as large as what was given."""
        expect.shape(double(rng.random((2, 3))), (2, 3))

    @double.check(points=2, after=keeps_the_shape)
    def doubles_every_number(double: Function, rng: Any) -> None:
        """Every number is doubled."""
        numbers = rng.random((2, 3))
        expect.close(double(numbers), 2 * numbers)

    @double.misconception("You add them all up.")
    def adds_up(x: Any) -> Any:
        return 2 * x.sum()

    @double.misconception("You square.")
    def squares(x: Any) -> Any:
        return x**2

    return double


def findings(
    folder: Path, *exercises: Exercise, source: str = SOURCE, seconds: float = 60.0
) -> list[Finding]:
    """What selfcheck finds in a tiny lesson, on a few seeds."""
    lesson = tiny_lesson(folder, source, exercises, seconds=seconds)
    return selfcheck(lesson, folder, seeds=3)


def sentences(found: list[Finding]) -> list[str]:
    """The findings about the exercise itself, apart from how its notebook was graded."""
    return [finding.sentence for finding in found if finding.exercise == "double"]


def test_a_sound_lesson_has_no_finding(tmp_path: Path) -> None:
    """Everything is proved, and nothing is said."""
    assert findings(tmp_path, doubling()) == []


def test_progress_is_told(tmp_path: Path) -> None:
    """One step for each exercise and seed, and one for the kernel."""
    taken: list[None] = []
    lesson = tiny_lesson(tmp_path, SOURCE, [doubling()])
    selfcheck(lesson, tmp_path, seeds=2, on_step=lambda: taken.append(None))
    assert len(taken) == steps(lesson, 2) == 3


def test_a_wrong_solution_is_found(tmp_path: Path) -> None:
    """A solution without full marks is told with the check, here and in the kernel."""
    found = findings(tmp_path, doubling(), source=SOURCE.replace("2 * x", "3 * x"))
    [here] = sentences(found)
    assert here.startswith("The solution does not pass `doubles_every_number`: 6 of 6 values")
    [there] = [finding for finding in found if finding.exercise == "tiny"]
    assert there.sentence.startswith("In a kernel the solution of `double` reads failed")


def test_a_starter_that_passes_is_found(tmp_path: Path) -> None:
    """Who hands in the untouched notebook has not attempted anything."""
    source = SOURCE.replace("# ...", "# return x + x")
    assert findings(tmp_path, doubling(), source=source) == [
        Finding("double", "The starter reads passed, not `not attempted`.")
    ]


def test_a_starter_that_fails_is_found(tmp_path: Path) -> None:
    """A starter that looks like a wrong answer is found too."""
    source = SOURCE.replace("# ...", "# return x")
    assert findings(tmp_path, doubling(), source=source) == [
        Finding("double", "The starter reads failed, not `not attempted`.")
    ]


def test_an_uncaught_misconception_is_found(tmp_path: Path) -> None:
    """A wrong answer that passes every check is a hole in the rubric."""
    double = doubling()
    double.misconception("You lose what is negative.")(lambda x: 2 * x.clip(0))
    assert findings(tmp_path, double) == [
        Finding("double", "The misconception `<lambda>` is not caught: it reads passed.")
    ]


def test_two_misconceptions_that_look_the_same_are_found(tmp_path: Path) -> None:
    """A wrong answer that shows two misconceptions is diagnosed as one of them by luck."""
    double = doubling()
    double.misconception("You multiply it by itself.")(lambda x: x * x)
    assert sentences(findings(tmp_path, double)) == [
        "The misconception `squares` is diagnosed as squares, <lambda>.",
        "The misconception `<lambda>` is diagnosed as squares, <lambda>.",
    ]


def test_a_misconception_that_is_not_recognized_is_found(tmp_path: Path) -> None:
    """A predicate that does not see its own example is found."""
    size = Exercise("double", title="")

    @size.check(points=1)
    def is_two(double: int) -> None:
        """It is 2."""
        expect.equal(double, 2)

    @size.misconception("One too many.", recognize=lambda double: double > 5)
    def three() -> dict[str, int]:
        return {"double": 3}

    source = '# %% exercise="double"\n### BEGIN SOLUTION\ndouble = 2\n### END SOLUTION\n'
    source = source.replace("### END", "### STARTER\n# double = ...\n### END")
    assert findings(tmp_path, size, source=source) == [
        Finding("double", "The misconception `three` is diagnosed as nothing.")
    ]


def test_a_check_that_nothing_fails_is_found(tmp_path: Path) -> None:
    """A check that no known wrong answer fails may hold for all of them."""
    double = doubling()

    @double.check(points=1)
    def is_finite(double: Function) -> None:
        """The result is a number."""
        expect.shape(double(1.0), ())

    double.misconceptions.pop(0)
    double.misconception("You add them all up.")(
        lambda x: 2 * x.sum() if hasattr(x, "sum") else 2.0
    )
    assert findings(tmp_path, double) == [
        Finding("double", "The check `is_finite` is failed by no misconception.")
    ]


def test_source_and_rubric_have_to_agree(tmp_path: Path) -> None:
    """Nothing is proved about a lesson whose source lacks an exercise."""
    with pytest.raises(AuthorError, match="only in the rubric: other"):
        findings(tmp_path, doubling(), Exercise("other", title=""))


def test_calls_without_room_are_found(tmp_path: Path) -> None:
    """A student's call has ten times as long as the solution's takes."""
    slow = SOURCE.replace("    return", "    for _ in range(5 * 10**6): pass\n    return", 1)
    exercise = doubling()
    exercise.seconds = 0.1
    found = sentences(findings(tmp_path, exercise, source=slow))
    assert any(one.startswith("A call has at least 10 times as long") for one in found)


def test_a_slow_lesson_is_found(tmp_path: Path) -> None:
    """A lesson keeps its time budget, kernel and judge included."""
    [finding] = findings(tmp_path, doubling(), seconds=0.01)
    assert finding.exercise == "tiny"
    assert finding.sentence.startswith("The lesson has 0.01 s. Its solution took ")
