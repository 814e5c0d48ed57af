"""Windows on arrays become cells that can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.grids import Grid, grids
from grader.results import ShownArray

Rows = tuple[tuple[float | None, ...], ...]
NUMBERS = st.floats() | st.none()
WINDOWS = st.lists(st.lists(NUMBERS, max_size=5), max_size=5)


def window(
    rows: Rows,
    *,
    origin: tuple[int, int] = (0, 0),
    plane: str = "",
    shape: tuple[int, ...] | None = None,
) -> ShownArray:
    """A window whose array is no larger than itself, unless `shape` says so."""
    size = shape or (len(rows), len(rows[0]))
    return ShownArray(shape=size, dtype="float32", values=rows, origin=origin, plane=plane)


def only(array: ShownArray, where: tuple[int, ...] | None = None) -> Grid:
    """The grid of one array."""
    [grid] = grids([array], where)
    return grid


def test_whole_numbers_have_no_decimals() -> None:
    """An array of whole numbers is written without a decimal point."""
    assert only(window(((1, -2), (30, 0)))).cells == (("1", "-2"), ("30", "0"))


def test_two_decimals_are_usual() -> None:
    """Fractions are written with two decimals, and never as -0.00."""
    assert only(window(((0.5, -0.001),))).cells == (("0.50", "0.00"),)


def test_the_first_difference_can_be_seen() -> None:
    """Two numbers that differ in the fourth decimal are written with four."""
    expected, received = grids([window(((0.1234,),)), window(((0.1231,),))], (0, 0))
    assert (expected.cells[0][0], received.cells[0][0]) == ("0.1234", "0.1231")


def test_a_huge_answer_leaves_the_expected_numbers_readable() -> None:
    """What is expected decides the notation; only the numbers that are too long leave it."""
    expected, received = grids([window(((1.5, 2.0),)), window(((1.5, 4e9),))], (0, 1))
    assert expected.cells == (("1.50", "2.00"),)
    assert received.cells == (("1.50", "4.00e+09"),)


def test_numbers_that_are_not_finite_are_named() -> None:
    """NaN, infinities and what a record leaves out read NaN/∞."""
    grid = only(window(((None, float("nan"), float("inf")),)))
    assert grid.cells == (("NaN/∞",) * 3,)


@pytest.mark.parametrize(
    ("plane", "origin", "where", "spot"),
    [
        ("", (0, 0), (1, 2), (1, 2)),
        ("", (4, 5), (5, 7), (1, 2)),
        ("", (4, 5), (3, 7), None),
        ("[:, :, 2]", (0, 0), (1, 0, 2), (1, 0)),
        ("[:, :, 2]", (0, 0), (1, 0, 1), None),
        ("[0, :, :, 3]", (4, 5), (0, 4, 6, 3), (0, 1)),
        ("", (0, 0), (0, 1, 0), None),
        ("nonsense", (0, 0), (0, 1), None),
        ("", (0, 0), (), None),
    ],
)
def test_the_first_difference_is_found_in_the_window(
    plane: str,
    origin: tuple[int, int],
    where: tuple[int, ...],
    spot: tuple[int, int] | None,
) -> None:
    """An index of the array is found in the window, through its origin and its plane."""
    assert only(window(((1, 2, 3), (4, 5, 6)), origin=origin, plane=plane), where).spot == spot


def test_a_row_of_numbers_has_one_index() -> None:
    """In an array with one axis the index is a column of its only row."""
    array = window(((7, 8, 9),), shape=(12,), origin=(0, 4))
    grid = only(array, (5,))
    assert grid.spot == (0, 1)
    assert grid.caption == "shape (12,), float32, numbers 4 to 6"


def test_a_part_is_taken_around_the_first_difference() -> None:
    """A part of a large window holds the first difference and says which rows and columns it is."""
    rows = tuple(tuple(float(r * 30 + c) for c in range(30)) for r in range(30))
    part = only(window(rows), (20, 3)).near((20, 3), 4, 6)
    assert part.size == (4, 6)
    assert part.spot is not None
    assert part.cells[part.spot[0]][part.spot[1]] == "603"
    assert part.caption == "shape (30, 30), float32, rows 18 to 21, columns 0 to 5"


@given(WINDOWS, WINDOWS, st.none() | st.tuples(st.integers(-2, 6), st.integers(-2, 6)))
def test_every_window_can_be_written(
    left: list[list[float | None]],
    right: list[list[float | None]],
    where: tuple[int, int] | None,
) -> None:
    """Ragged, empty and extreme windows become rectangles of short cells."""
    arrays = [window(tuple(map(tuple, rows)), shape=(9, 9)) for rows in (left, right)]
    for grid in grids(arrays, where):
        assert len({len(row) for row in grid.cells}) <= 1
        assert all(0 < len(cell) <= 20 for row in grid.cells for cell in row)
        assert grid.spot is None or grid.cells[grid.spot[0]][grid.spot[1]]
