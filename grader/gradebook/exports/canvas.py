"""Canvas: the gradebook's export, as its importer reads it back.

The first four columns or more tell the student, an assignment's column is `Title (id)`, and a row
`    Points Possible` tells the maxima. An empty cell over a score counts as a change, so none is
ever emptied.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import PurePosixPath

from grader.gradebook.exports.items import Item, items_by_lesson, refuse_wrong_sheet
from grader.gradebook.exports.sheet import Sheet, number_in
from grader.grading.collecting.platforms import canvas

NAME = "Canvas"
REFUSES_MORE = False

_ID = re.compile(r"(?P<title>.*?)\s*\((?P<id>\d+)\)\s*", re.DOTALL)
_DROPPED = re.compile(
    r"(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)"
)  # of such a column, the importer says nothing and takes nothing
_POINTS = "Points Possible"
_READ_ONLY = re.compile(r"read\s+only")
_ABOUT_COLUMNS = re.compile(r"\s*(?:Muted|Manual Posting.*)?\s*", re.IGNORECASE)
_SECTION = "Section"
_TEST_STUDENT = "student, test"
_LEFT_ALONE = {"ex": "excused", "n/a": "not assigned to them in Canvas"}


def columns(
    sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
) -> dict[str, Item]:
    """The column of each lesson; see `Platform`."""
    headers = sheet.headers
    first = [header.strip().removeprefix("\ufeff") for header in headers[:3]]
    alone = first[:1] == ["Student"] and first[1:2] == ["ID"]
    if sheet.header or not (alone or first == ["LastName", "FirstName", "ID"]):
        raise refuse_wrong_sheet(sheet, NAME, "begins with the columns `Student` and `ID`")
    places = [place for place, header in enumerate(headers) if header.strip() == _SECTION]
    if not places:
        raise refuse_wrong_sheet(sheet, NAME, f"has a column `{_SECTION}` before the assignments")
    count = Counter(headers)
    points = _row_of_points(sheet)
    items = [
        _item(place, headers, count, points)
        for place in range(places[0] + 1, len(headers))
        if headers[place].strip()
    ]
    return items_by_lesson(items, lessons, said, all_of_them=all_of_them)


def _item(place: int, headers: Sequence[str], count: Counter[str], points: Sequence[str]) -> Item:
    header = headers[place]
    told = points[place] if place < len(points) else ""
    found = _ID.fullmatch(header)
    wrong = ""
    if _DROPPED.search(header):
        wrong = "a name of which Canvas takes no marks"
    elif _READ_ONLY.search(told):
        wrong = "which Canvas calls read only"
    elif count[header] > 1:
        wrong = "a name that stands there more than once, of which Canvas reads the first alone"
    maximum = number_in(told)
    if maximum == Decimal(0):
        maximum = None
    return Item(place, header, found["title"] if found else header.strip(), maximum, wrong)


def _row_of_points(sheet: Sheet) -> list[str]:
    rows = (row for row in sheet.below if _POINTS in sheet.text(row, 0))
    return next(map(sheet.texts, rows), [])


def is_student(sheet: Sheet, row: int) -> bool:
    """Whether a row is a student's: not the points, nor what is posted by hand, nor the test's."""
    cells = sheet.texts(row)
    if _POINTS in cells[0] or cells[0].strip().casefold() == _TEST_STUDENT:
        return False
    return not all(_ABOUT_COLUMNS.fullmatch(cell) for cell in cells)


def untouchable(text: str) -> str:
    """Why a cell is left alone: `EX` is excused, `N/A` not assigned."""
    return _LEFT_ALONE.get(text.strip().casefold(), "")


def own_id(path: str) -> str:
    """The user's id in the name of a file of "Download submissions"; "" where there is none."""
    told = (canvas.told(part) for part in reversed(PurePosixPath(path).parts))
    return next((found["id"] for found in told if found), "")
