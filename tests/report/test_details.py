"""What there is to say about a check, in plain text that stays aligned."""

from __future__ import annotations

import re

import pytest

from grader.report.details import details
from grader.results import CheckResult, Given, Shown
from tests.report.samples import array, check, hostile, wrong_sum


def compared(rows: int, columns: int, where: tuple[int, int]) -> CheckResult:
    """A check whose arrays of that size differ at `where` only."""
    right = [[float(r * columns + c) for c in range(columns)] for r in range(rows)]
    wrong = [list(row) for row in right]
    wrong[where[0]][where[1]] = -1.0
    update = {"expected": array(right), "received": array(wrong), "where": where, "given": ()}
    return wrong_sum().model_copy(update=update)


def text(result: CheckResult, width: int = 76) -> str:
    """All parts, one under the other."""
    return "\n".join(f"{part.label}|{part.text}" for part in details(result, width=width))


def test_a_passed_check_has_nothing_to_say() -> None:
    """Without call and values there are no parts."""
    assert details(check()) == []


@pytest.mark.parametrize("width", [40, 60, 76, 100])
@pytest.mark.parametrize("size", [(2, 3), (14, 14), (28, 28), (1, 120)])
def test_arrays_keep_within_the_width(size: tuple[int, int], width: int) -> None:
    """Arrays of every size stay within the width, with the first difference marked in both."""
    shown = text(compared(*size, where=(size[0] - 1, size[1] - 1)), width)
    assert len(re.findall(r"\[ *-?\d+\]", shown)) == 2
    assert max(map(len, shown.splitlines())) <= width + 10


def test_many_inputs_are_counted() -> None:
    """Of more inputs than eight the rest is counted."""
    given = tuple(Given(name=f"x{number}", value=Shown(text="1")) for number in range(11))
    parts = details(check().model_copy(update={"given": given, "verdict": "failed"}))
    assert len(parts) == 9
    assert parts[-1].text == "and 3 more inputs"


def test_arrays_of_different_shapes_are_both_shown() -> None:
    """Where the shapes differ and no place is known, both arrays are shown without a mark."""
    update = {"received": array([[1, 2]]), "where": None, "given": (), "call": ""}
    shown = text(wrong_sum().model_copy(update=update))
    assert "shape (2, 3)" in shown
    assert "shape (1, 2)" in shown
    assert "[ ]" not in shown


def test_hostile_values_are_harmless() -> None:
    """No part holds a character that does anything but show itself."""
    [attack] = hostile().checks
    assert not set(text(attack)) & set("\x1b\x00\x08\r\u202e\ud800\ufffe")
