"""Blackboard: the gradebook's download for working offline, in its old and its new form.

A row is found by its user name, a column by the id at the end of its header:
`1 Convolution [Total Pts: 17 Score] |337483`. A column without one would arrive as a new text
column that is worth no points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from grader.gradebook.exports.items import Item, items_by_lesson, refuse_wrong_sheet
from grader.gradebook.exports.sheet import Sheet, number_in

NAME = "Blackboard"
REFUSES_MORE = False

_COLUMN = re.compile(
    r"\s*(?P<title>.*?)\s*"
    r"(?:\[(?P<words>[^\]\d]*?)(?P<maximum>\d+(?:[.,]\d+)?)?(?P<kind>[^\]\d]*)\]\s*)?"
    r"\|\s*(?P<id>_?\d+\w*)\s*",
    re.DOTALL,
)
_COMPUTED = re.compile(r"up to|bis zu|jusqu|hasta|fino a", re.IGNORECASE)


def columns(
    sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
) -> dict[str, Item]:
    """The column of each lesson; see `Platform`."""
    found = [(place, _COLUMN.fullmatch(header)) for place, header in enumerate(sheet.headers)]
    items = [_item(place, told) for place, told in found if told]
    if not items or not sheet.columns.places["id"]:
        raise refuse_wrong_sheet(
            sheet,
            NAME,
            "has a column `Username`, and an id such as `|337483` in each item's header",
        )
    return items_by_lesson(items, lessons, said, all_of_them=all_of_them)


def _item(place: int, told: re.Match[str]) -> Item:
    maximum = number_in(told["maximum"] or "")
    wrong = "which Blackboard computes" if _COMPUTED.search(told["words"] or "") else ""
    return Item(
        place, told.string, told["title"], None if maximum == Decimal(0) else maximum, wrong
    )


def is_student(sheet: Sheet, row: int) -> bool:
    """Whether a row is a student's: all are."""
    return not sheet.is_empty(row)


def untouchable(text: str) -> str:  # noqa: ARG001 - each platform has it
    """Why a cell is left alone: `Needs Grading` and marks may all be replaced."""
    return ""


def own_id(path: str) -> str:  # noqa: ARG001
    """No id but the login stands in Blackboard's names of files, and the student is called so."""
    return ""
