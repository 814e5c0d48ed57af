"""Each verdict follows from what the student's code answers, and says so in the student's words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from grader import Exercise, expect
from grader.crossing.values import Packet, unpack
from grader.judging.exercise import Check
from grader.judging.judge import PUBLIC_SECRET, judge, rng_for
from grader.judging.testing import ask_here, judge_here, run_here
from grader.results import Verdict
from tests.exercises import Function, asks, doubling, first, verdicts

Callback = Callable[[Packet], Packet]

P, F, N = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ATTEMPTED
E, T, S = Verdict.ERROR, Verdict.TIMEOUT, Verdict.SKIPPED


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def double(x): return x + x", [P, P, P]),
        ("def double(x): return x * 1", [F, P, F]),
        ("def double(x): return 2 * x.ravel()", [F, F, S]),
        ("def double(x): return None", [N, N, N]),
        ("def double(x):\n    y = x\n    return None", [F, F, S]),
        ("pass", [N, N, N]),
        ("double = ...", [N, N, N]),
        ("def double(x): ...", [N, N, N]),
        ("def double(x):\n    '''Twice x.'''\n    ...", [N, N, N]),
        ("def double(x):\n    '''Twice x.'''\n    return ...", [N, N, N]),
        ("def double(x):\n    y = x\n    return ...", [N, N, N]),
        ("def double(x):\n    y = ...\n    return y", [N, N, N]),
        ("def double(x): return 2 * y", [E, E, S]),
        ("def double(): return 2", [E, E, S]),
        ("def double(x): raise SystemExit", [E, E, S]),
        ("def double(x):\n    while True: pass", [T, T, S]),
        ("double = None", [F, F, S]),
        ("def double(x): return {1, 2}", [F, F, S]),
        ("def double(x): return [list(row) for row in x]", [F, F, S]),
    ],
)
def test_verdicts(source: str, expected: list[Verdict]) -> None:
    """The exercise takes the gravest verdict; what rests on a failed premise is skipped."""
    assert verdicts(source) == expected


def test_points_are_those_of_passed_checks() -> None:
    """One of two checks gives its own points and no more."""
    result = judge_here(doubling(), "def double(x): return x * 1").result
    assert (result.score, result.max_score) == (1, 3)


def test_a_missing_name_is_told_with_the_one_that_resembles_it() -> None:
    """A name that is spelled differently is named."""
    message = first("def duoble(x): return 2 * x").message
    assert message.startswith(
        "Define `double` first, and run its cell: no cell that ran gives it a value."
    )
    assert "You have `duoble`: is that it?" in message
    assert "is that it?" not in first("def f(x): return 2 * x").message


def test_an_error_shows_the_students_own_line() -> None:
    """The last line that the student wrote is shown, not one of NumPy's or ours."""
    source = "import numpy as np\n\ndef double(x):\n    return np.reshape(x, (7, 7))"
    message = first(source).message
    assert message.startswith("Your code raised ValueError: cannot reshape array of size 6")
    assert message.endswith(", in `return np.reshape(x, (7, 7))` (line 4 of the cell it stands in)")


def test_an_exception_whose_text_raises_is_told_all_the_same() -> None:
    """A hostile `__str__` does not hide what happened."""
    source = (
        "class Sly(Exception):\n    def __str__(self): raise SystemExit\ndef double(x): raise Sly"
    )
    assert verdicts(source)[0] is Verdict.ERROR


def test_a_timeout_says_what_did_not_end() -> None:
    """The student is told which function, how long, and where to look."""
    message = first("def double(x):\n    while True: pass").message
    assert message.startswith("`double` did not end within 0.2 s. Look for a loop")
    assert message.endswith("If there is none, the machine may be busy: try again.")


def test_a_fault_of_the_rubric_is_broken(caplog: pytest.LogCaptureFixture) -> None:
    """An exception of the check itself withholds the score, says so, and is logged."""

    def divides(f: Function) -> None:
        expect.close(f(1) / 0, 1)

    with caplog.at_level(logging.ERROR):
        result = judge_here(asks(divides), "def f(x): return x").result
    assert (result.verdict, result.score) == (Verdict.BROKEN, None)
    assert "division by zero" in result.message
    assert "withheld, not lost" in result.message
    assert "check divides of f is broken" in caplog.text


def test_a_skipped_check_names_its_premise() -> None:
    """The student reads what has to hold first."""
    result = judge_here(doubling(), "def double(x): return 1").result
    assert result.checks[1].message == (
        "Not looked at until this holds: The result is as large as what was given."
    )


def test_after_two_timeouts_nothing_more_is_asked() -> None:
    """An exercise of many checks does not cost each of them the whole limit."""
    f = Exercise("f", title="f", seconds=0.05)
    for number in range(8):

        def check(f: Function) -> None:
            """It ends."""
            f()

        check.__name__ = f"check_{number}"
        f.check(points=1)(check)
    found = verdicts("def f():\n    while True: pass", f)
    assert found == [T] + [T] * 2 + [S] * 6


def test_after_a_timeout_the_other_calls_are_waited_for_shortly() -> None:
    """The second call that does not end costs a quarter of the first."""
    given: list[float] = []

    def ask(question: Packet, seconds: float, answer_callback: Callback) -> Packet:
        given.append(seconds)
        return here(question, seconds, answer_callback)

    here = ask_here(run_here("def double(x):\n    while True: pass"))
    exercise = doubling()
    second = exercise.checks[1]
    exercise.checks[1] = replace(second, after=None)
    judge(exercise, ask, secret=PUBLIC_SECRET, code="")
    assert given == [0.2, 0.2, 0.05, 0.05]  # each check looks at the name, then calls it


def test_a_function_that_loops_in_one_case_keeps_the_points_of_others() -> None:
    """A check whose calls end has its points, though a call of another check did not end."""
    f = Exercise("f", title="f", seconds=1.0)

    @f.check(points=1)
    def of_nothing(f: Function) -> None:
        """It ends for 0."""
        f(0)

    @f.check(points=2)
    def of_something(f: Function) -> None:
        """It gives what it was given."""
        expect.close(f(1), 1)

    result = judge_here(f, "def f(x):\n    while x == 0: pass\n    return x").result
    assert (result.verdict, result.score) == (Verdict.TIMEOUT, 2)


def test_a_failed_check_shows_call_and_values() -> None:
    """The call as typed, its large arguments, both values and where they differ first."""
    check = judge_here(doubling(), "def double(x): return x * 1").result.checks[1]
    assert check.call == "double(x)"
    assert [given.name for given in check.given] == ["x"]
    assert check.expected is not None
    assert check.received is not None
    assert check.where == (0, 0)


def test_a_hint_stands_with_what_did_not_pass() -> None:
    """A hint is shown only where it is needed."""
    assert first("def double(x): return 1").hint == "How many go in?"
    assert first("def double(x): return 2 * x").hint == ""


def test_the_same_seed_gives_the_same_cases() -> None:
    """Cases depend on the secret, the exercise, the check and the student's code, nothing else."""
    exercise = doubling()
    one, two = exercise.checks

    def draw(secret: bytes, check: Check, code: str, of: Exercise = exercise) -> int:
        return int(rng_for(secret, of, check, code).integers(2**62))

    drawn = draw(b"s", one, "code")
    assert drawn == draw(b"s", one, "code")
    other = Exercise("other", title="")
    others = [draw(b"t", one, "code"), draw(b"s", two, "code"), draw(b"s", one, "code ")]
    assert len({drawn, *others, draw(b"s", one, "code", other)}) == 5


def test_judging_twice_gives_the_same_result() -> None:
    """The whole result is a function of secret and code."""
    source = "def double(x): return x * 1"
    assert judge_here(doubling(), source).result == judge_here(doubling(), source).result
    assert judge_here(doubling(), source, secret=b"other").result != (
        judge_here(doubling(), source).result
    )


@pytest.mark.parametrize("code", ["", "\ud800", "\x00", "x" * 10**6])
def test_any_code_draws_cases(code: str) -> None:
    """Source with characters that UTF-8 cannot hold is judged like any other."""
    judgement = judge(
        doubling(), ask_here({"double": lambda x: 2 * x}), secret=PUBLIC_SECRET, code=code
    )
    assert judgement.result.verdict is P


def test_what_is_forbidden_is_not_asked() -> None:
    """An exercise by hand that is not solved by hand fails, with the name and the line."""
    exercise = Exercise("double", title="", forbid=("numpy.add",))
    exercise.checks = doubling().checks
    cells = ["import numpy as np\n\ndef double(x): return np.add(x, x)"]
    result = judge(exercise, ask_here({}), secret=b"", code="", cells=cells).result
    assert [check.verdict for check in result.checks] == [F, F]
    assert result.message == (
        "This exercise is solved by hand. Received: `numpy.add` in line 3. "
        "Write that part yourself."
    )


def test_dynamic_access_is_flagged_for_a_person() -> None:
    """What may hide a forbidden name costs nothing, and is pointed out."""
    cells = ["def double(x): return getattr(x, '__mul__')(2)"]
    names = {"double": lambda x: 2 * x}
    result = judge(doubling(), ask_here(names), secret=b"", code="", cells=cells).result
    assert result.verdict is P
    assert result.flags == (
        "Uses `getattr`, which can reach what this exercise forbids: have a look.",
    )


def test_failed_calls_are_kept_for_a_diagnosis() -> None:
    """The calls of failed checks are kept with what went in and what came out."""
    calls = judge_here(doubling(), "def double(x): return x * 1").calls
    assert [call.name for call in calls] == ["double"]
    assert not isinstance(calls[0].outcome, str)
    [given] = unpack(calls[0].arguments)["args"]
    assert np.array_equal(unpack(calls[0].outcome), given)
    assert [call.outcome for call in judge_here(doubling(), "def double(): return 1").calls] == [
        "TypeError"
    ]


def test_asking_leaves_no_trace() -> None:
    """The state of the global random numbers is the same after a check as before."""
    np.random.seed(5)  # noqa: NPY002 - students use the global state
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    judge_here(doubling(), "import numpy as np\ndef double(x): return x + np.random.random()")
    assert np.random.random() == expected  # noqa: NPY002
