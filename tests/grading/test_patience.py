"""A notebook full of loops costs about two limits of a cell, and honest code keeps its time."""

from __future__ import annotations

import pytest

from grader.grading.patience import Patience

SECONDS, SHORT = 3.0, 0.75


def loop_in_every_exercise(cell: float, exercises: int) -> float:
    """What it takes if two calls of each exercise, and a cell that calls it, do not end."""
    patience = Patience(cell, trains=False)
    total = 0.0
    for _ in range(exercises):
        for seconds in (SECONDS, SHORT):
            waited = patience.for_call(seconds, SHORT)
            patience.lose(waited)
            total += waited
        waited = patience.for_cell(calls_endless=True)
        patience.lose(waited)
        total += waited
    return total


@pytest.mark.parametrize("cell", [20.0, 60.0])
@pytest.mark.parametrize("exercises", [10, 14])
def test_a_loop_in_every_exercise_costs_about_two_limits(cell: float, exercises: int) -> None:
    """All that is waited for in vain is at most two and a half limits of a cell."""
    assert loop_in_every_exercise(cell, exercises) <= 2.5 * cell


@pytest.mark.parametrize("cell", [20.0, 60.0])
def test_ten_endless_cells_cost_about_two_limits(cell: float) -> None:
    """Cells that loop by themselves are waited for less and less."""
    patience, total = Patience(cell, trains=False), 0.0
    for _ in range(10):
        waited = patience.for_cell(calls_endless=False)
        patience.lose(waited)
        total += waited
    assert total <= 2.4 * cell


def test_some_loops_take_no_time_from_others() -> None:
    """As long as little is lost, calls and cells have all their time."""
    patience = Patience(20.0, trains=False)
    patience.lose(8.0)
    assert patience.for_call(5.0, 1.25) == 5.0
    assert patience.for_cell(calls_endless=False) == 20.0


def test_a_call_always_has_more_than_the_solution_takes() -> None:
    """However much is lost, a call keeps the short seconds of its exercise."""
    patience = Patience(20.0, trains=False)
    patience.lose(1000.0)
    assert patience.for_call(5.0, 1.25) == 1.25


def test_a_training_keeps_its_limit() -> None:
    """In a lesson that trains, a cell has its whole limit, whatever did not end before."""
    patience = Patience(20.0, trains=True)
    patience.lose(1000.0)
    assert patience.for_cell(calls_endless=False) == 20.0


def test_a_training_that_calls_a_loop_has_half_of_it() -> None:
    """A function may loop in one case only, so a training that calls it has time, but less."""
    assert Patience(20.0, trains=True).for_cell(calls_endless=True) == 10.0


def test_a_cell_has_never_more_than_its_limit() -> None:
    """A limit shorter than what is left to cells in the end stays what it is."""
    assert Patience(0.5, trains=False).for_cell(calls_endless=True) == 0.5
