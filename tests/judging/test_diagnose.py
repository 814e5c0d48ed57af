"""The misconception that explains a student's answers is found, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import Exercise, expect
from grader.crossing.values import Packet, unpack
from grader.judging.diagnose import diagnose, explained, explanations
from grader.judging.testing import judge_here
from tests.exercises import Function, asks


def mean_of(**settings: Any) -> Exercise:
    """An exercise `mean` with misconceptions, the most specific first."""
    mean = Exercise("mean", title="", **{"seconds": 0.2, **settings})

    @mean.check(points=1)
    def averages(mean: Function, rng: Any) -> None:
        """The mean of an array's numbers."""
        for size in (1, 4, 0):
            numbers = rng.random(size)
            expect.close(mean(numbers), numbers.mean() if size else 0.0)

    @mean.misconception("You take the sum.")
    def sums(numbers: Any) -> Any:
        return numbers.sum()

    @mean.misconception("You divide by nothing at all.")
    def breaks_when_empty(numbers: Any) -> Any:
        if len(numbers) == 0:
            raise ValueError("empty")
        return numbers.mean()

    @mean.misconception("You return something that is no number.")
    def says_so(numbers: Any) -> Any:
        return "the mean"

    return mean


def found(source: str, exercise: Exercise | None = None) -> list[str]:
    """The names of all misconceptions that explain what `source` answers."""
    exercise = exercise or mean_of()
    return [known.name for known in explanations(exercise, judge_here(exercise, source))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def mean(x): return sum(x.tolist())", ["sums"]),
        ("def mean(x): return float(x.sum().astype('float32'))", ["sums"]),
        ("def mean(x): return 'the mean'", ["says_so"]),
        ("def mean(x): return 'the median'", []),
        ("def mean(x): return x.sum() + 0.01", []),
        ("def mean(x): return x.sum(keepdims=True)", []),
        ("def mean(x): return x.sum() if len(x) < 2 else x.prod()", []),
        ("def mean(x): return x.mean() if len(x) else 0.0", []),
        ("def mean(x): ...", []),
        ("pass", []),
        ("mean = 3", []),
        (
            "def mean(x):\n    if not len(x): raise ValueError('no')\n    return x.mean()",
            ["breaks_when_empty"],
        ),
        ("def mean(x):\n    if not len(x): raise IndexError\n    return x.mean()", []),
        ("def mean(x):\n    while True: pass", []),
    ],
)
def test_a_function_is_recognized_by_its_outputs(source: str, expected: list[str]) -> None:
    """A misconception explains a function that answers every call as it would, errors included."""
    assert found(source) == expected


def test_the_student_reads_the_first_explanation() -> None:
    """Where several explain the answers, the rubric's order decides: the most specific is first."""
    mean = mean_of()
    mean.misconception("You do not average.")(lambda numbers: numbers.sum())
    judgement = judge_here(mean, "def mean(x): return x.sum()")
    assert [known.name for known in explanations(mean, judgement)] == ["sums", "<lambda>"]
    diagnosis = diagnose(mean, judgement)
    assert diagnosis is not None
    assert (diagnosis.misconception, diagnosis.message) == ("sums", "You take the sum.")


def test_only_a_mistake_that_changes_its_argument_explains_a_changed_one() -> None:
    """Values that another mistake has too are not what is wrong where an argument was changed."""
    clip = Exercise("clip", title="")

    @clip.check(points=1)
    def clips(clip: Function) -> None:
        """It clips."""
        expect.close(clip(np.array([-1.0, 2.0])), np.array([0.0, 1.0]))

    @clip.misconception("below only")
    def below_only(x: Any) -> Any:
        return np.maximum(x, 0)

    @clip.misconception("below only, in place")
    def in_place(x: Any) -> Any:
        return np.maximum(x, 0, out=x)

    @clip.misconception("has a 2", recognize=lambda clip: 2 in clip[0])
    def has_a_two(x: Any) -> Any:
        return np.full(x.shape, 2.0)

    body = "import numpy as np\ndef clip(x):\n    "
    assert found(f"{body}return np.maximum(x, 0)", clip) == ["below_only", "has_a_two"]
    assert found(f"{body}x[x < 0] = 0\n    return x", clip) == ["in_place"]
    assert found(f"{body}x += 1\n    return np.array([0.0, 2.0])", clip) == ["in_place"]
    assert found(f"{body}x += 1\n    return np.array([0.0, 1.0])", clip) == []


def test_nothing_is_diagnosed_where_nothing_fits() -> None:
    """A wrong answer of another kind, and a right one, have no diagnosis."""
    for source in ("def mean(x): return 7.5", "def mean(x): return x.mean() if len(x) else 0.0"):
        mean = mean_of()
        assert diagnose(mean, judge_here(mean, source)) is None


def test_a_misconception_that_never_ends_explains_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong loop is recognized by its never ending, and delays nobody."""
    monkeypatch.setattr("grader.judging.diagnose.PATIENCE", 0.05)
    mean = mean_of()

    @mean.misconception("Your loop never ends.")
    def loops(numbers: Any) -> None:
        while True:
            pass

    assert found("def mean(x):\n    while True: pass", mean) == ["loops"]
    assert found("def mean(x): return x.sum()", mean) == ["sums"]


def value_exercise() -> Exercise:
    """An exercise whose names are a value and a pair."""
    size = Exercise("size", title="", names=("size", "shape"))

    @size.check(points=1)
    def fits(size: Any, shape: Any) -> None:
        """The size is 4, the shape (2, 2)."""
        expect.equal(size, 4)
        expect.equal(shape, (2, 2))

    @size.misconception("You count one too many.")
    def one_more() -> dict[str, Any]:
        return {"size": 5, "shape": (2, 2)}

    @size.misconception("You mix up rows and columns.")
    def swapped() -> dict[str, Any]:
        return {"shape": (4, 1)}

    return size


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("size = 5; shape = (2, 2)", ["one_more"]),
        ("size = 5; shape = [2, 2]", ["one_more"]),
        ("size = 5.0; shape = (2, 2)", []),
        ("size = 5; shape = (2, 3)", []),
        ("size = 4; shape = (4, 1)", ["swapped"]),
        ("size = 4; shape = (4,)", []),
        ("size = 4; shape = (2, 2)", []),
    ],
)
def test_values_are_recognized_by_being_the_same(source: str, expected: list[str]) -> None:
    """A misconception that gives values explains exactly those values."""
    assert found(source, value_exercise()) == expected


def dark() -> Exercise:
    """An exercise about a kernel, with a misconception told by a predicate."""

    def is_positive(kernel: Any) -> None:
        expect.that(bool(np.sum(kernel) > 0), "Its sum is positive.")

    kernel = asks(is_positive, names=("kernel",))

    @kernel.misconception("Your kernel darkens.", recognize=lambda kernel: kernel.sum() < -1)
    def darkens() -> dict[str, Any]:
        return {"kernel": -np.ones((3, 3))}

    return kernel


NUMPY = "import numpy as np\n"


def test_a_predicate_recognizes_what_has_no_one_form() -> None:
    """A predicate decides, not the example that stands beside it."""
    assert found(f"{NUMPY}kernel = np.full((2, 2), -7.0)", dark()) == ["darkens"]
    assert found(f"{NUMPY}kernel = np.full((2, 2), -0.1)", dark()) == []


@pytest.mark.parametrize("value", ["[[-1, -1]]", "-5", "(-1.5,)", "np.array([[0]])", "{}", "''"])
def test_a_predicate_confused_by_a_value_recognizes_nothing(value: str) -> None:
    """A value of another kind than the predicate is about is merely not recognized."""
    found(f"{NUMPY}kernel = {value}", dark())


@pytest.mark.parametrize(
    "predicate",
    [
        lambda kernel: kernel.no_such_thing,
        lambda kernel: {1: kernel}[3],
        lambda kernel: 1 // (kernel[0] + 1)[()].astype(int).item(),
        lambda kernel: float(kernel.size) ** 5000.0,
        lambda kernel: kernel > 0,  # an array, neither true nor false
    ],
)
def test_a_predicate_that_raises_recognizes_nothing(predicate: Callable[..., bool]) -> None:
    """Whatever a predicate raises on a strange value, grading goes on."""
    kernel = dark()
    kernel.misconceptions.clear()
    kernel.misconception("…", recognize=predicate)(lambda: {"kernel": 1})
    assert found(f"{NUMPY}kernel = -np.ones(3)", kernel) == []


def test_a_predicate_about_a_missing_name_recognizes_nothing() -> None:
    """A predicate is asked only where the student has given all its names a value."""
    assert found("pass", dark()) == []


def test_an_infinite_answer_is_not_like_every_other() -> None:
    """A misconception that divides by zero explains only answers that do the same."""

    def halves(f: Function) -> None:
        expect.close(f(np.array([0.0, 2.0])), np.array([0.0, 1.0]))

    f = asks(halves)
    f.misconception("You divide by it.")(lambda x: 1 / x)
    assert found("def f(x):\n    return 1 / x.clip(1e-300)", f) == []
    assert found(f"{NUMPY}def f(x): return np.array([np.inf, 0.5])", f) == ["<lambda>"]
    assert found(f"{NUMPY}def f(x): return np.array([np.inf, 7.0])", f) == []


def test_a_handed_over_function_leaves_nothing_to_compare() -> None:
    """Calls that were given a function are gone when the check is over: no diagnosis, no error."""

    def applies(f: Function) -> None:
        expect.equal(f(lambda: 2), 2)

    f = asks(applies)
    f.misconception("You do not call it.")(lambda g: 3 if g else 0)
    assert found("def f(g): return 3", f) == []


@pytest.mark.parametrize(
    "kernel",
    ["np.zeros((2000, 2000))", "['x' * 2000] + [''] * 9", "[0] * 20_000", "[{1: [0] * 10_000}]"],
)
def test_a_predicate_is_asked_about_modest_values_only(kernel: str) -> None:
    """A value that would take much time or memory to compute with is recognized by nothing."""
    exercise = dark()
    exercise.misconceptions.clear()
    exercise.misconception("…", recognize=lambda kernel: kernel is not None)(lambda: {"kernel": 1})
    assert found(f"{NUMPY}kernel = -np.ones((3, 3))", exercise) == ["<lambda>"]
    assert found(f"{NUMPY}kernel = {kernel}", exercise) == []


def test_an_answer_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many misconceptions there are, an answer is decoded only once."""
    decoded: list[Packet] = []

    def counting(packet: Packet) -> Any:
        decoded.append(packet)
        return unpack(packet)

    judgement = judge_here(mean_of(), "def mean(x): return list(range(50))")
    monkeypatch.setattr("grader.judging.diagnose.unpack", counting)
    assert explanations(mean_of(), judgement) == []
    [call] = judgement.calls
    assert [packet == call.outcome for packet in decoded].count(True) == 1


def test_a_vast_answer_is_compared_with_none() -> None:
    """An answer of more bytes than any misconception gives is not even decoded."""
    exercise = mean_of()
    exercise.misconception("…")(lambda numbers: np.zeros(3_000_000 + 0 * len(numbers)))
    assert found(f"{NUMPY}def mean(x): return np.zeros(3_000_000)", exercise) == []


def test_all_misconceptions_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time for a diagnosis is over, what is left is not asked."""
    monkeypatch.setattr("grader.judging.diagnose.ALL_PATIENCE", 0.0)
    assert found("def mean(x): return x.sum()") == []


@pytest.mark.filterwarnings("error")
def test_nearly_infinite_answers_are_compared_in_silence() -> None:
    """Numbers too large to subtract are merely not alike."""

    def is_zero(f: Function) -> None:
        expect.close(f(1.0), 0.0)

    f = asks(is_zero)
    f.misconception("It is too small.")(lambda x: -1.5e308 * x)
    assert found("def f(x): return 1.5e308", f) == []


def test_a_predicate_sees_what_a_function_returned() -> None:
    """For a name that is a function, a predicate gets what each call of a failed check returned."""
    sizes = Exercise("sizes", title="", functions=("sizes",))

    @sizes.check(points=1)
    def is_a_triple(sizes: Function) -> None:
        """It returns n three times."""
        for n in (1, 2):
            expect.equal(sizes(n), (n, n, n))

    sizes.misconception(
        "You stop after two.", recognize=lambda sizes: [len(size) for size in sizes] == [2]
    )(lambda: {"sizes": lambda n: (n, n)})
    assert found("def sizes(n): return (n, n + 1)", sizes) == ["<lambda>"]
    assert found("def sizes(n): return (n, n + 1, n)", sizes) == []
    assert found("def sizes(n): return len(n)", sizes) == []


@pytest.mark.parametrize(
    ("unsolved", "says"),
    [(["area"], "`area`, which does not pass"), (["area", "side"], "`side`, which do not pass")],
)
def test_an_error_is_told_beside_the_exercise_it_comes_from(unsolved: list[str], says: str) -> None:
    """Code that raises because an earlier exercise is not solved sends the student there first."""
    exercise = mean_of()
    judgement = judge_here(exercise, "def mean(x): return None + 1")
    message = explained(exercise, judgement, unsolved).message
    assert says in message
    assert message.endswith(
        "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int', "
        "in `def mean(x): return None + 1` (line 1 of the cell it stands in)"
    )
    assert "rests" not in explained(exercise, judgement).message
