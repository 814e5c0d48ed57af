"""Brightspace: the grades' export with `OrgDefinedId` and/or `Username`, and the values as points.

An item's column is `1 Convolution Points Grade <Numeric MaxPoints:17 Weight:10>`; each line ends
with a `#` under `End-of-Line Indicator`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from grader.gradebook.exports.items import Item, items_by_lesson, refuse_wrong_sheet
from grader.gradebook.exports.sheet import Sheet, number_in

NAME = "Brightspace"
REFUSES_MORE = False

_KEYS = ("orgdefinedid", "username")
_END = "End-of-Line Indicator"
_COLUMN = re.compile(
    r"\s*(?P<title>.*?)\s+Points Grade\s*(?:<(?P<kind>[^<>]*)>\s*)?", re.DOTALL | re.IGNORECASE
)
_MAXIMUM = re.compile(r"MaxPoints:\s*(?P<maximum>\d+(?:[.,]\d+)?)", re.IGNORECASE)
_OTHERS = re.compile(
    r"\s*(?P<title>.*?)\s+(?:Grade Symbol|Text Grade|Weighted Grade)\s*(?:<[^<>]*>\s*)?",
    re.DOTALL | re.IGNORECASE,
)


def columns(
    sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
) -> dict[str, Item]:
    """The column of each lesson; see `Platform`."""
    headers = sheet.headers
    keys = [header.strip().replace(" ", "").casefold() for header in headers[:2]]
    if not keys or keys[0] not in _KEYS:
        raise refuse_wrong_sheet(sheet, NAME, "begins with `OrgDefinedId` or `Username`")
    if headers[-1].strip() != _END:
        raise refuse_wrong_sheet(sheet, NAME, f"ends with the column `{_END}`")
    count = Counter(headers)
    items = [
        item
        for place, header in enumerate(headers)
        if (item := _item(place, header, count)) is not None
    ]
    return items_by_lesson(items, lessons, said, all_of_them=all_of_them)


def _item(place: int, header: str, count: Counter[str]) -> Item | None:
    if found := _COLUMN.fullmatch(header):
        told = _MAXIMUM.search(found["kind"] or "")
        maximum = number_in(told["maximum"]) if told else None
        wrong = "a name that stands there more than once" if count[header] > 1 else ""
        maximum = None if maximum == Decimal(0) else maximum
        return Item(place, header, found["title"], maximum, wrong)
    if found := _OTHERS.fullmatch(header):
        wrong = "which takes no points; export the grades with `Points grade`"
        return Item(place, header, found["title"], None, wrong)
    return None


def is_student(sheet: Sheet, row: int) -> bool:
    """Whether a row is a student's: all are that have more than the sign at their end."""
    return any(cell.strip() for cell in sheet.texts(row)[:-1])


def untouchable(text: str) -> str:  # noqa: ARG001 - each platform has it
    """Why a cell is left alone: marks may all be replaced."""
    return ""


def own_id(path: str) -> str:  # noqa: ARG001 - each platform has it
    """No key of a sheet stands in the names of Brightspace's folders: that id is another one."""
    return ""
