"""Who handed in what, as a table that fits the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_GAP = 2  # columns between columns
_LEAST = 24  # columns that a file's name has at least
_LINES = 3  # of remarks in a column; twice as many where they are below
_LONGEST = 4000  # characters of a cell that are looked at
_FILE, _REMARKS = "File", "Remarks"
_NO_FILE = "not handed in"


def table_of(
    rows: Sequence[Mapping[str, Any]], paths: Iterable[Path], width: int
) -> list[Table | Text]:
    """A table of the objects that JSON has, `width` columns wide, without what is empty for all.

    Files are shown below what was named, `paths`; of a long name the end is shown, which tells more
    than its beginning. JSON has all of each. Where remarks have no room, they are lines below.
    """
    from rich.table import Table
    from rich.text import Text

    above = _Above(paths)
    columns = {
        heading: [_visible(cell) for cell in cells]
        for heading, cells in _columns(rows, above).items()
        if any(cells)
    }
    remarks: Sequence[str] = ()
    if _REMARKS in columns and not _have_room(columns, width):
        remarks = columns.pop(_REMARKS)
    widths = _widths(columns, width)
    table = Table(box=None, header_style="bold", padding=(0, _GAP, 0, 0))
    for heading in columns:
        table.add_column(heading, overflow="fold", max_width=widths[heading])
    for row in zip(*columns.values(), strict=True):
        named = zip(columns, row, strict=True)
        table.add_row(*(_cell(heading, cell, widths[heading]) for heading, cell in named))
    told = zip(columns["Student"], remarks, strict=False)
    notes = [_cut(f"{student}: {remark}", 2 * _LINES * width) for student, remark in told if remark]
    return [table, *map(Text, notes)]


class _Above:
    """What is left out of the paths of files: all that was named before them."""

    def __init__(self, paths: Iterable[Path]) -> None:
        from grader.grading.collecting.files import printable

        self._named = {printable(str(path)): printable(path.name) for path in paths}
        self._is_alone = len(self._named) == 1

    def below(self, shown: str) -> str:
        """A path from what was named on; with its name before it, where several were."""
        for whole, name in self._named.items():
            if shown == whole:
                return name
            if shown.startswith(f"{whole}/"):
                inside = shown.removeprefix(f"{whole}/")
                return inside if self._is_alone else f"{name or whole}/{inside}"
        return shown


def _columns(rows: Sequence[Mapping[str, Any]], above: _Above) -> dict[str, list[str]]:
    has_times = any(row["time"] for row in rows)
    return {
        "Student": [row["student"] or "?" for row in rows],
        "Lesson": [row["lesson"] or "" for row in rows],
        _FILE: [_file(row, above) for row in rows],
        "Attempt": [str(row["attempts"]) if row["attempts"] > 1 else "" for row in rows],
        "Handed in" if has_times else "Late": [_time(row) for row in rows],
        _REMARKS: [_remarks(row) for row in rows],
    }


def _file(row: Mapping[str, Any], above: _Above) -> str:
    return _NO_FILE if row["path"] is None else above.below(row["path"])


def _time(row: Mapping[str, Any]) -> str:
    time = (row["time"] or "").replace("T", " ")
    return f"{time} late".strip() if row["late"] else time


def _remarks(row: Mapping[str, Any]) -> str:
    there, group = row["not_handed_in"] or "nothing", row["group"]
    remarks = [f"There is: {there}." if there != "nothing" else "", row["said"]]
    remarks.append(f"Handed in together by {', '.join(group)}." if group else "")
    return " ".join(filter(None, remarks))


def _natural(columns: Mapping[str, Sequence[str]], width: int) -> dict[str, int]:
    """How wide each column would be; long names of students are folded."""
    from rich.cells import cell_len

    natural = {name: max(map(cell_len, (name, *cells))) for name, cells in columns.items()}
    return {**natural, "Student": min(natural["Student"], max(width // 4, 16))}


def _room(columns: Mapping[str, Sequence[str]], width: int) -> int:
    """How much of the width is left for files and remarks."""
    taken = sum(
        wide for name, wide in _natural(columns, width).items() if name not in (_FILE, _REMARKS)
    )
    return width - taken - _GAP * len(columns)


def _have_room(columns: Mapping[str, Sequence[str]], width: int) -> bool:
    """Whether remarks fit into a column, each in a few lines."""
    from rich.cells import cell_len

    own = _widths(columns, width)[_REMARKS]
    most = _LINES * own - own // 4  # lines that are broken are not full
    longest = max(map(cell_len, columns[_REMARKS]))
    return _room(columns, width) >= 2 * _LEAST and longest <= most


def _widths(columns: Mapping[str, Sequence[str]], width: int) -> dict[str, int]:
    """How wide each column may be: files and remarks share what the others leave."""
    natural, left = _natural(columns, width), max(_room(columns, width), _LEAST // 2)
    if _REMARKS not in columns:
        return {**natural, _FILE: min(natural.get(_FILE, 0), left)}
    # Whichever needs less than half leaves the rest to the other.
    file = min(natural.get(_FILE, 0), max(left // 2, left - natural[_REMARKS]))
    return {**natural, _FILE: file, _REMARKS: left - file}


def _cell(heading: str, text: str, width: int) -> Text:
    from rich.cells import cell_len
    from rich.text import Text

    is_path = heading == _FILE and text != _NO_FILE
    return Text(_end_of(text, width) if is_path and cell_len(text) > width else text)


def _end_of(text: str, width: int) -> str:
    from rich.cells import cell_len

    while text and cell_len(text) >= width:
        text = text[1:]
    return f"…{text}"


def _cut(text: str, width: int) -> str:
    """A text with the words that have room."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 2).rpartition(' ')[0].rstrip(' ,;')} …"


def _visible(text: str) -> str:
    from grader.report.text import visible

    return visible(text, limit=_LONGEST)
