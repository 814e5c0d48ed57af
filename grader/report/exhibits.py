"""Values of a check as a person looks at them: pictures where they are arrays, otherwise text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.report.grids import grids, index
from grader.report.pictures import Picture, picture, scale_of
from grader.report.text import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.results import CheckResult, Given, Shown

_MOST_INPUTS = 8
_TEXT = 2000


@dataclass(frozen=True)
class Exhibit:
    """A value with its label: a picture where it is an array, otherwise text."""

    label: str
    text: str = ""
    picture: Picture | None = None


def inputs(given: Sequence[Given]) -> tuple[Exhibit, ...]:
    """The inputs of a call, as many as anybody looks at."""
    shown = [
        _exhibit(f"with {visible(one.name, limit=60)}", one.value) for one in given[:_MOST_INPUTS]
    ]
    if len(given) > _MOST_INPUTS:
        shown.append(Exhibit("", f"… and {len(given) - _MOST_INPUTS} more inputs"))
    return tuple(shown)


def comparison(check: CheckResult) -> tuple[tuple[Exhibit, ...], str]:
    """Expected and received, on one scale where both are arrays, and what is outlined in them."""
    expected, received = check.expected, check.received
    labels = ("expected", "received")
    if not (expected and received and expected.array and received.array):
        shown = zip(labels, (expected, received), strict=True)
        return tuple(_exhibit(label, value) for label, value in shown if value), ""
    drawn = grids((expected.array, received.array), check.where)
    scale = scale_of(drawn)
    values = tuple(
        Exhibit(label, picture=picture(grid, scale))
        for label, grid in zip(labels, drawn, strict=True)
    )
    if not check.where or not any(grid.spot for grid in drawn):
        return values, ""
    return values, f"Outlined: the first difference, at {index(check.where)}."


def _exhibit(label: str, value: Shown) -> Exhibit:
    if value.array is None or not value.array.values:
        return Exhibit(label, visible_lines(value.text, limit=_TEXT))
    [grid] = grids([value.array])
    return Exhibit(label, picture=picture(grid, scale_of([grid])))
