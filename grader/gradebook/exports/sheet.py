"""A sheet as a platform exported it: cells are read and replaced, every other byte stays."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Self

from grader.errors import UsageError
from grader.gradebook.late import rounded
from grader.grading.collecting.roster_columns import Columns
from grader.report.text import visible
from grader.report.words import points
from grader.results import Points

_DELIMITERS = ",;\t|"
_FIRST_ROWS = 15  # a sheet's own headline, and Excel's `sep=;`, may stand above its columns
_MARKS = (  # what begins a text and tells its encoding; the longer of two first
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_HEAD = 400  # bytes that are looked at to tell UTF-16 without a mark
_NUMBER = re.compile(r"-?\d+(?P<fraction>[.,]\d+)?")
_MOST_BYTES = 64 * 2**20


@dataclass
class _Cell:
    """A cell as it is written, quotes included, and what it says."""

    raw: str
    text: str


@dataclass
class _Row:
    cells: list[_Cell]
    end: str


@dataclass
class Sheet:
    """The rows of a sheet; `header` is the number of the one that names the columns.

    `name` is what its file is called. Rows and columns are counted from 0, `line` from 1.
    """

    name: str
    encoding: str
    mark: bytes
    delimiter: str
    header: int
    columns: Columns
    _rows: list[_Row] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The sheet in a file; UsageError where there is none, or it is no text of cells."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"A sheet is a CSV file that can be read. Received: {visible(str(path))} "
                f"({error.strerror}). Correct the path."
            ) from error
        return cls.of(content, path.name)

    @classmethod
    def of(cls, content: bytes, name: str = "sheet.csv") -> Self:
        """The sheet in these bytes; UsageError where they are no text of cells."""
        shown = visible(name)
        if content.startswith(_SPREADSHEETS):
            raise UsageError(
                f"A sheet is a CSV file, as the platform exported it. Received: {shown}, a "
                f"spreadsheet or document. Export it once more as CSV, and name that file."
            )
        if len(content) > _MOST_BYTES:
            raise UsageError(
                f"A sheet has at most {_MOST_BYTES // 2**20} MiB. Received: {shown} with "
                f"{len(content) // 2**20} MiB. Name the sheet of one class."
            )
        encoding, mark, text = _decoded(content)
        found = None
        for delimiter in _DELIMITERS:
            rows = _parsed(text, delimiter)
            for number, row in enumerate((rows or [])[:_FIRST_ROWS]):
                columns = Columns([cell.text for cell in row.cells], {})
                rank = (columns.tell_a_student, columns.known, len(columns.header))
                if len(row.cells) > 1 and (found is None or rank > found[0]):
                    found = (rank, delimiter, number, columns, rows or [])
        if found is None:
            raise UsageError(
                f"A sheet has columns, separated by commas, semicolons or tabs, and no quote is "
                f"left open. Received: {shown}, in which there are none. Export it once more from "
                f"the platform."
            )
        _, delimiter, number, columns, rows = found
        return cls(name, encoding, mark, delimiter, number, columns, rows)

    def content(self) -> bytes:
        """All of it as bytes, in its own encoding."""
        text = "".join(self._written(row) for row in self._rows)
        return self.mark + text.encode(self.encoding, "surrogatepass")

    def _written(self, row: _Row) -> str:
        return self.delimiter.join(cell.raw for cell in row.cells) + row.end

    @property
    def headers(self) -> list[str]:
        """What the columns are called, as it stands there."""
        return [cell.text for cell in self._rows[self.header].cells]

    @property
    def below(self) -> range:
        """The numbers of the rows below the headers that are not empty."""
        return range(self.header + 1, len(self._rows))

    def texts(self, row: int) -> list[str]:
        """What the cells of a row say."""
        return [cell.text for cell in self._rows[row].cells]

    def is_empty(self, row: int) -> bool:
        """Whether nothing stands in a row."""
        return not any(cell.text.strip() for cell in self._rows[row].cells)

    def text(self, row: int, column: int) -> str:
        """What a cell says; "" where the row ends before it."""
        cells = self._rows[row].cells
        return cells[column].text if column < len(cells) else ""

    def put(self, row: int, column: int, text: str) -> None:
        """Write a cell; it is quoted where it was before, or has to be."""
        cells = self._rows[row].cells
        while len(cells) <= column:
            cells.append(_Cell("", ""))
        needs = any(sign in text for sign in (self.delimiter, '"', "\r", "\n"))
        quoted = needs or cells[column].raw.startswith('"')
        raw = '"' + text.replace('"', '""') + '"' if quoted else text
        cells[column] = _Cell(raw, text)

    def line(self, row: int) -> int:
        """The line of the file in which a row begins, as an editor counts."""
        before = "".join(self._written(one) for one in self._rows[:row])
        return len(re.findall(r"\r\n|\r|\n", before)) + 1

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a comma: some are here, and none with a point."""
        signs = {sign[0] for sign in self._fractions()}
        return signs == {","}

    def _fractions(self) -> Iterator[str]:
        told = {place for places in self.columns.places.values() for place in places}
        for row in self._rows[self.header + 1 :]:
            for place, cell in enumerate(row.cells):
                found = _NUMBER.fullmatch(cell.text.strip()) if place not in told else None
                if found and found["fraction"]:
                    yield found["fraction"]


def number_in(text: str) -> Decimal | None:
    """The number that a cell says, with a point or a comma before its decimals; else None."""
    plain = text.strip().replace(",", ".")
    try:
        return Decimal(plain) if _NUMBER.fullmatch(plain) else None
    except InvalidOperation:  # digits of other scripts that Python takes for none
        return None


def number_cell(value: Points, *, comma: bool) -> str:
    """Points at two decimals at most, as a cell says them."""
    text = points(rounded(value))
    return text.replace(".", ",") if comma else text


def _decoded(content: bytes) -> tuple[str, bytes, str]:
    """The encoding, the mark before the text, and the text; encoding it gives these bytes again."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding, mark)
    head = content[:_HEAD]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) // 2:
            return _strictly(content, encoding, b"")
    return _strictly(content, "utf-8", b"")


def _strictly(body: bytes, encoding: str, mark: bytes) -> tuple[str, bytes, str]:
    for each in (encoding, "cp1252"):
        try:
            text = body.decode(each, "strict" if each == "cp1252" else "surrogatepass")
        except UnicodeDecodeError:
            continue
        return each, mark, text
    return "latin-1", mark, body.decode("latin-1")


def _parsed(text: str, delimiter: str) -> list[_Row] | None:
    """The rows of a text, nothing left out; None where a quote has no end."""
    sign = re.escape(delimiter)
    one = re.compile(
        rf'(?P<raw>"(?P<inside>[^"]*+(?:""[^"]*+)*+)"(?P<after>[^{sign}\r\n]*+)|[^"{sign}\r\n]'
        rf"[^{sign}\r\n]*+|)(?P<end>{sign}|\r\n|\r|\n|\Z)"
    )
    rows: list[_Row] = []
    cells: list[_Cell] = []
    at = 0
    while at < len(text) or cells:
        found = one.match(text, at)
        if found is None:
            return None
        inside = found["inside"]
        said = found["raw"] if inside is None else inside.replace('""', '"') + found["after"]
        cells.append(_Cell(found["raw"], said))
        at = found.end()
        if found["end"] != delimiter:
            rows.append(_Row(cells, found["end"]))
            cells = []
    return rows
