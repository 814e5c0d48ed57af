"""Moodle: an assignment's grading worksheet, or the course's gradebook as CSV.

A worksheet is of one assignment and does not say of which. Its import needs the columns that are
`Identifier`, `Grade` and `Last modified (grade)` in the user's language. A row is found by
`Participant 12` under the first. A mark above the maximum is skipped there, and ends the import of
a gradebook.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import PurePosixPath

from grader.gradebook.exports.items import Item, items_by_lesson, only_item, refuse_wrong_sheet
from grader.gradebook.exports.sheet import Sheet, number_in
from grader.grading.collecting.platforms import moodle
from grader.grading.collecting.roster import is_participant

NAME = "Moodle"
REFUSES_MORE = True

# What Moodle's translations call these columns.
_GRADE = frozenset(
    {"grade", "bewertung", "note", "calificación", "valutazione", "nota", "avaliação", "cijfer"}
    | {"beoordeling", "betyg", "ocena", "оценка", "評点", "評定", "成绩", "分数", "karakter"}
    | {"arvosana", "ציון", "الدرجة", "성적"}
)
_MAXIMUM = frozenset(
    {"maximum grade", "bestwertung", "note maximale", "calificación máxima", "valutazione massima"}
    | {"nota máxima", "avaliação máxima", "maximumcijfer", "maximale cijfer", "maxbetyg"}
    | {"maximale beoordeling", "maksymalna ocena", "максимальная оценка", "最大評点", "最高分"}
)
_SCALE = frozenset({"scale", "skala", "barème", "escala", "scala", "schaal", "шкала", "尺度"})
_MODIFIED = re.compile(r".+[(（].+[)）]\s*")  # Last modified (grade)
_OTHER_PLATFORMS = re.compile(r"^End-of-Line Indicator$|\|_?\d+\w*\s*$|^SIS ")
_NOT_MARKS = re.compile(
    r"total|feedback|downloaded|summe|gesamt|heruntergeladen|kommentar|commentaire|comentario"
    r"|suspended|institution|department|abteilung|département|departamento|city|country",
    re.IGNORECASE,
)
_FORM = re.compile(r"(?P<title>.*?)\s*(?:[(（](?P<form>[^()（）]+)[)）])?\s*", re.DOTALL)
_OTHER_FORMS = re.compile(r"percent|prozent|pourcent|porcent|letter|buchstab|lettre|letra", re.I)


def columns(
    sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
) -> dict[str, Item]:
    """The column of each lesson; see `Platform`."""
    if _is_worksheet(sheet):
        return _of_worksheet(sheet, lessons, said)
    places = sheet.columns.places
    is_gradebook = places["first"] and places["last"] and (places["email"] or places["id"])
    if not is_gradebook or any(map(_OTHER_PLATFORMS.search, sheet.headers)):
        raise refuse_wrong_sheet(
            sheet,
            NAME,
            "is a grading worksheet with a column `Identifier`, or a gradebook with `First name`, "
            "`Last name` and `Email address`",
        )
    keys = [place for them in places.values() for place in them]
    headers = sheet.headers
    count = Counter(headers)
    items = [
        _item(place, headers[place], count)
        for place in range(min(keys), len(headers))
        if place not in keys and headers[place].strip() and not _NOT_MARKS.search(headers[place])
    ]
    return items_by_lesson(items, lessons, said, all_of_them=all_of_them)


def _item(place: int, header: str, count: Counter[str]) -> Item:
    found = _FORM.fullmatch(header)
    assert found is not None  # every text fits
    wrong = "a name that stands there more than once" if count[header] > 1 else ""
    if _OTHER_FORMS.search(found["form"] or ""):
        wrong = "which holds no points; export the gradebook with real grades"
    return Item(place, header, found["title"], None, wrong)


def _is_worksheet(sheet: Sheet) -> bool:
    """Whether every row tells a participant's number in one and the same column."""
    rows = [sheet.texts(row) for row in sheet.below if not sheet.is_empty(row)]
    width = len(sheet.headers)
    return any(
        all(place < len(row) and is_participant(row[place].strip()) for row in rows)
        for place in range(width)
        if rows
    )


def _of_worksheet(sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str]) -> dict[str, Item]:
    headers = [header.strip() for header in sheet.headers]
    folded = [header.casefold() for header in headers]
    if any(header in _SCALE for header in folded):
        raise refuse_wrong_sheet(
            sheet, NAME, "of an assignment that is marked in points has no column for a scale"
        )
    if not any(_MODIFIED.fullmatch(header) for header in headers):
        raise refuse_wrong_sheet(sheet, NAME, "has a column `Last modified (grade)`")
    places = [headers.index(header) for header in said if header in headers]
    places = places or [place for place, header in enumerate(folded) if header in _GRADE]
    if len(places) != 1:
        raise refuse_wrong_sheet(
            sheet, NAME, "has one column `Grade`; --column 'HEADER=LESSON' says what it is called"
        )
    [place] = places
    item = Item(place, sheet.headers[place], "", _maximum(sheet, folded))
    return only_item(sheet, item, lessons, said)


def _maximum(sheet: Sheet, folded: Sequence[str]) -> Decimal | None:
    """The assignment's most points, where all rows tell the same."""
    places = [place for place, header in enumerate(folded) if header in _MAXIMUM]
    told = {number_in(sheet.text(row, place)) for row in sheet.below for place in places}
    told -= {None, Decimal(0)}
    return told.pop() if len(told) == 1 else None


def is_student(sheet: Sheet, row: int) -> bool:
    """Whether a row is a student's: all are."""
    return not sheet.is_empty(row)


def untouchable(text: str) -> str:  # noqa: ARG001 - each platform has it
    """Why a cell is left alone: `-` is no grade, and marks may all be replaced."""
    return ""


def own_id(path: str) -> str:
    """The participant's number in a folder of "Download all submissions"; "" if there is none."""
    told = (moodle.told(part) for part in reversed(PurePosixPath(path).parts))
    return next((found["id"] for found in told if found), "")
