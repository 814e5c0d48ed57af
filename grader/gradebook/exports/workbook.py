"""Marks as a spreadsheet of Excel: a sheet with a row a student, and one with all that is known."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from grader.gradebook.marks_file import Cell, long_rows, places_of, wide_rows
from grader.gradebook.standings import Standing

_WIDEST, _NARROWEST = 40, 8  # characters of a column


def to_xlsx(standings: Sequence[Standing], *, exercises: bool = False) -> bytes:
    """The workbook: `Marks` as `to_csv(wide=True)` has them, `Details` as `to_csv` has.

    Numbers are numbers. Every text is a text, of which nothing is computed, there or in a CSV file
    that is made of it.
    """
    places = places_of(standings) if exercises else []
    book = Workbook()
    book.remove(book.worksheets[0])
    _fill(book.create_sheet("Marks"), wide_rows(standings, places))
    _fill(book.create_sheet("Details"), long_rows(standings, places))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(sheet: Worksheet, rows: Iterable[Sequence[Cell]]) -> None:
    table = [list(row) for row in rows]
    for row in table:
        sheet.append([None if cell == "" else cell for cell in row])
    for cells in sheet.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # whatever it begins with
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, column in enumerate(zip(*table, strict=True), start=1):
        width = max(len(str(cell)) for cell in column) + 2
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = min(max(width, _NARROWEST), _WIDEST)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
