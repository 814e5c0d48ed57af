"""A call that is shown belongs to what is shown as received: making it again gives that.

It is asked of every misconception of every lesson, through the same codec.
"""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from grader import Exercise, expect
from grader.authoring.source import Answer, Code, read_source, solution
from grader.authoring.telling_apart import ask_all, ask_each
from grader.crossing.values import unpack
from grader.errors import Raised, Untransferable
from grader.judging.asking import ShownCall, StudentNames
from grader.judging.course import lesson, lesson_names
from grader.judging.exercise import Misconception
from grader.judging.expect.models import networks_in
from grader.judging.format import format_value
from grader.judging.judge import Judgement
from grader.judging.testing import ask_here, judge_here, run_here
from grader.results import CheckResult

pytestmark = pytest.mark.slow

COURSE = Path(__file__).parents[2]

Function = Callable[..., Any]
Rng = np.random.Generator


@functools.cache
def solved(name: str) -> dict[str, Any]:
    """What the solution notebook of a lesson binds."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with mpl.rc_context({"backend": "agg"}), contextlib.redirect_stdout(io.StringIO()):
        for cell in read_source(lesson(name), COURSE):
            if isinstance(cell, Code | Answer):
                run_here(solution(cell.source), names)
                plt.close("all")
    return names


def parts(value: Any) -> Iterator[Any]:
    """A value, and whatever it holds."""
    yield value
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from parts(item)
    elif isinstance(value, np.ndarray) and value.ndim > 0 and len(value) < 10:
        yield from value


def made_again(exercise: Exercise, names: dict[str, Any], call: ShownCall) -> Any:
    """What the call gives now. Untransferable where a function of the check was handed over."""
    arguments = unpack(call.arguments)
    asking = StudentNames(ask_here(names), exercise)
    asking.begin_check()
    return asking.look(call.name)(*arguments["args"], **arguments["kwargs"])


def contradiction(
    exercise: Exercise, names: dict[str, Any], judgement: Judgement, check: CheckResult
) -> str:
    """What is wrong with the call that a check's result shows, or ""."""
    call = judgement.shown[check.name]
    assert (check.call, check.given) == (call.text, call.given)
    [before] = [known for known in judgement.calls if known.arguments is call.arguments]
    assert not isinstance(before.outcome, str), "what was received is not what the call returned"
    assert check.received is not None
    again = made_again(exercise, names, call)
    if networks := list(networks_in(again)):  # of which something is shown, such as a shape
        kept = list(networks_in(unpack(before.outcome)))
        same = [type(one) for one in kept] == [type(one) for one in networks]
        return "" if same else f"{check.call} gives another network"
    for part in parts(again):
        if check.received in (
            format_value(part, check.where),
            format_value(part, check.where, name="kernel"),
        ):
            return ""
    return f"{check.call} gives {format_value(again).text}, and shown is {check.received.text}"


def contradictions(exercise: Exercise, misconception: Misconception, name: str) -> list[str]:
    """What is wrong with the calls that are shown to a student with this misconception."""
    names = {**solved(name), **misconception.objects(exercise.names[0])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong answers divide by zero and the like
        judgement = judge_here(exercise, names, secret=b"shown calls")
        found = []
        for check in judgement.result.checks:
            if check.call and check.received:
                with contextlib.suppress(Untransferable):
                    wrong = contradiction(exercise, names, judgement, check)
                    found += [f"{exercise.id}, {misconception.name}: {wrong}"] if wrong else []
    return found


# A wrong answer may do what Keras warns of, such as softmax twice.
@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`:UserWarning")
@pytest.mark.parametrize("name", lesson_names())
def test_making_the_shown_call_again_gives_what_is_shown(name: str) -> None:
    """In no misconception of the lesson do the call and what was received contradict."""
    assert [
        sentence
        for exercise in lesson(name).exercises
        if exercise.function_names
        for misconception in exercise.misconceptions
        for sentence in contradictions(exercise, misconception, name)
    ] == []


def shown_by(check: Callable[[Function], None], source: str) -> str:
    """The call that `check` shows of `source`, which defines f."""
    exercise = Exercise("f", title="F", functions=("f",))
    exercise.check(points=1)(check)
    [result] = judge_here(exercise, source).result.checks
    return result.call


ALWAYS_9 = "def f(x): return 9"


def test_the_call_within_an_expectation_is_shown() -> None:
    """`expect.equal(f(x), …)` shows that very call, whatever other calls returned."""

    def check(f: Function) -> None:
        """F is right."""
        for x in (9, 2, 3):
            expect.equal(f(x), x)

    assert shown_by(check, ALWAYS_9) == "f(2)"


def test_of_two_calls_that_may_be_meant_none_is_shown() -> None:
    """A number that two calls returned is tied to neither."""

    def check(f: Function) -> None:
        """F is right."""
        first, second = f(1), f(2)
        expect.equal(first, 1)
        expect.equal(second, 2)

    assert shown_by(check, ALWAYS_9) == ""


def test_an_array_is_known_whenever_it_is_looked_at() -> None:
    """What is an object of its own, or a view of it, belongs to its call, in whatever order."""

    def whole(f: Function) -> None:
        """F is right."""
        answers = [f(x) for x in (1, 2, 3)]
        for x, answer in reversed(list(enumerate(answers, 1))):
            expect.close(answer, np.full((2, 2), x))

    def row(f: Function) -> None:
        """F is right."""
        answers = {x: f(x) for x in (1, 2, 3)}
        expect.close(answers[3][0], np.full(2, 3))
        expect.close(answers[2][0], np.full(2, 2))

    source = "import numpy as np\ndef f(x): return np.full((2, 2), x if x != 2 else 7)"
    assert [shown_by(whole, source), shown_by(row, source)] == ["f(2)", "f(2)"]


def test_what_a_check_computes_of_answers_shows_no_call() -> None:
    """A sum of two answers came of no single call."""

    def check(f: Function) -> None:
        """F is right."""
        expect.equal(f(1) + f(2), 3)

    assert shown_by(check, ALWAYS_9) == ""


def test_each_answer_is_looked_at_with_its_own_call() -> None:
    """`ask_each` asks all cases first, and shows the one whose answer is wrong."""

    def check(f: Function) -> None:
        """F is right."""
        cases = [(9,), (2,), (3,)]
        for (x,), answer in zip(cases, ask_each(f, cases), strict=True):
            expect.that(isinstance(answer, int), "A number is expected.", received=answer)
            expect.equal(answer, x)

    assert shown_by(check, ALWAYS_9) == "f(2)"


def test_what_was_asked_for_the_record_is_not_what_is_expected() -> None:
    """After `ask_all`, the call that an expectation makes itself is shown."""

    def check(f: Function) -> None:
        """F is right."""
        cases = [(9,), (2,), (3,)]
        ask_all(f, cases)
        for (x,) in cases:
            expect.equal(f(x), x)

    assert shown_by(check, ALWAYS_9) == "f(2)"


def test_a_message_without_values_shows_the_only_call() -> None:
    """Where one call was made it is that one; where two were, and `about` does not say, none."""

    def one(f: Function) -> None:
        """F is right."""
        expect.that(f(1) < 5, "Too much.")

    def two(f: Function) -> None:
        """F is right."""
        expect.that(f(1) + f(2) < 5, "Too much.")

    def told(f: Function) -> None:
        """F is right."""
        answers = [f(x) for x in (1, 2)]
        expect.that(answers[1][0] < 5, "Too much.", about=answers[1])

    assert shown_by(one, ALWAYS_9) == "f(1)"
    assert shown_by(two, ALWAYS_9) == ""
    assert shown_by(told, "def f(x): return [9]") == "f(2)"


def test_the_call_that_raises_is_shown() -> None:
    """An exception belongs to its call, and not to one whose exception the check has caught."""

    def check(f: Function) -> None:
        """F is right."""
        with contextlib.suppress(Raised):
            f(1)
        f(2)
        expect.equal(f(3), 3)

    assert shown_by(check, "def f(x): return x // (x - 2)") == "f(2)"
    assert shown_by(check, "def f(x): return 9 if x > 1 else x // 0") == ""
