"""A rubric that breaks a rule is refused where it is declared, in a sentence for its author."""

from __future__ import annotations

from typing import Any

import pytest

from grader.errors import AuthorError
from grader.judging.exercise import Check, Exercise, exercises_behind


def holds(relu: Any, rng: Any) -> None:
    """It holds
    in one sentence.
    """


def exercise(**settings: Any) -> Exercise:
    """An exercise without checks."""
    return Exercise("relu", title="Rectify", **settings)


def test_a_check_is_what_was_declared() -> None:
    """A check carries its name, its docstring as one line, its parameters, points and hint."""
    check = exercise().check(points=2, hint="Look.")(holds)
    assert check == Check(
        "holds", "It holds in one sentence.", 2, ("relu", "rng"), holds, None, "Look."
    )


def test_checks_stand_in_order_and_add_up() -> None:
    """Checks keep the order of the rubric; points stand on them only."""
    relu = exercise()

    @relu.check(points=1)
    def first(relu: Any) -> None:
        """First."""

    @relu.check(points=2.5, after=first)
    def second(relu: Any) -> None:
        """Second."""

    assert relu.checks == [first, second]
    assert (relu.max_score, second.after) == (3.5, first)


def test_the_id_is_the_name() -> None:
    """Without `names`, the student's name is the exercise's id."""
    assert exercise().names == ("relu",)
    assert exercise(names=("a", "b")).names == ("a", "b")


def test_an_exercise_reads_as_its_id() -> None:
    """In a traceback an exercise is told by its id."""
    assert repr(exercise()) == "Exercise('relu')"


@pytest.mark.parametrize("id", ["", "two words", "1st", "max-pool", "../x"])
def test_an_id_is_a_python_name(id: str) -> None:  # noqa: A002
    """Anything that could not be a name in a notebook is refused."""
    with pytest.raises(AuthorError, match=r"An exercise's id is a Python name\. Received: "):
        Exercise(id, title="")


def test_a_check_without_a_docstring_is_refused() -> None:
    """The docstring is what the student reads, so there has to be one."""

    def silent(relu: Any) -> None: ...

    with pytest.raises(AuthorError, match=r"Received: none for `silent` of `relu`. Write one."):
        exercise().check(points=1)(silent)


@pytest.mark.parametrize("points", [0, -1])
def test_a_check_without_points_is_refused(points: float) -> None:
    """A check that gives nothing, or takes something, is refused."""
    with pytest.raises(AuthorError, match=f"points above 0. Received: {points} for `holds`"):
        exercise().check(points=points)(holds)


def test_a_stranger_among_the_parameters_is_refused() -> None:
    """A check is called with the exercise's names and `rng`, nothing else."""

    def strange(relu: Any, image: Any, kernel: Any) -> None:
        """Strange."""

    with pytest.raises(AuthorError, match="Received: image, kernel in `strange`"):
        exercise().check(points=1)(strange)


def test_two_checks_of_one_name_are_refused() -> None:
    """A check's name is its own within an exercise."""
    relu = exercise()
    relu.check(points=1)(holds)
    with pytest.raises(AuthorError, match="Received: a second `holds`"):
        relu.check(points=1)(holds)


def test_a_premise_of_another_exercise_is_refused() -> None:
    """`after=` names an earlier check of the same exercise."""
    other = exercise().check(points=1)(holds)
    relu = exercise()
    with pytest.raises(AuthorError, match="`after=` names an earlier check of `relu`, for `holds`"):
        relu.check(points=1, after=other)(holds)


def test_two_misconceptions_of_one_name_are_refused() -> None:
    """A misconception's name is its own within an exercise."""
    relu = exercise()
    relu.misconception("…")(abs)
    with pytest.raises(AuthorError, match="Received: a second `abs`"):
        relu.misconception("…")(abs)


def test_a_misconception_with_parameters_stands_in_for_the_function() -> None:
    """The wrong function takes the place of the exercise's first name."""
    relu = exercise(names=("relu", "leaky"))

    @relu.misconception("You take the absolute value.")
    def absolute(x: float) -> float:
        return abs(x)

    assert absolute.objects("relu") == {"relu": absolute.function}
    assert relu.misconceptions == [absolute]


def test_a_misconception_without_parameters_builds_the_wrong_objects() -> None:
    """What it returns are the wrong objects by name; anything but a dict is refused."""
    relu = exercise()

    @relu.misconception("You set it to 1.")
    def one() -> dict[str, int]:
        return {"relu": 1}

    @relu.misconception("You set it to 2.")
    def two() -> int:
        return 2

    assert one.objects("relu") == {"relu": 1}
    with pytest.raises(AuthorError, match=r"Received: int from `two`. Return \{'relu': …\}"):
        two.objects("relu")


def test_misconceptions_tell_which_names_are_functions() -> None:
    """The names that wrong answers give functions to are functions; without any, nobody knows."""
    layer = exercise(names=("relu", "size"))
    assert layer.function_names is None
    layer = exercise(names=("relu", "size"))
    layer.misconception("…")(lambda x: x)

    @layer.misconception("…")
    def wrong_size() -> dict[str, int]:
        return {"size": 3}

    assert layer.function_names == frozenset({"relu"})


def test_a_name_is_at_home_in_the_first_exercise_that_has_it() -> None:
    """Who reads a name rests on the exercise that defines it, not on others that look at it too."""
    built = Exercise("built", title="Built", names=("model",))
    compared = Exercise("compared", title="Compared", names=("other", "model"))
    read = Exercise("read", title="Read")
    everything = [built, compared, read]
    assert exercises_behind(read, {"model", "np"}, everything) == [built]
    assert exercises_behind(read, {"model", "other"}, everything) == [built, compared]
    assert exercises_behind(built, {"model"}, everything) == []
