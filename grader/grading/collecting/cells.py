"""The cells of a notebook that has been parsed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grader.errors import Rejected

_MAX_CELLS = 5000
_MAX_CODE = 200_000


@dataclass(frozen=True)
class SubmittedCell:
    """A code cell: its `number` in the notebook (from 1), and the exercise its metadata names."""

    number: int
    source: str
    exercise: str | None


def code_cells(notebook: Any) -> list[SubmittedCell]:
    """The code cells of a parsed notebook that are not empty; Rejected if it has no cells."""
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Rejected("A notebook has a list of cells. Received: none. Save it in Jupyter again.")
    if len(cells) > _MAX_CELLS:
        raise Rejected(f"A notebook has at most {_MAX_CELLS} cells. Received: {len(cells)}.")
    found = cells_of(notebook, ("code",))
    length = sum(len(cell.source) for cell in found)
    if length > _MAX_CODE:
        raise Rejected(
            f"The code of a notebook has at most {_MAX_CODE} characters. Received: {length}. Load "
            f"data from a file, and hand it in again."
        )
    return found


def cells_of(notebook: Any, kinds: Iterable[str]) -> list[SubmittedCell]:
    """The cells of these kinds ("code", "markdown", "raw") that are not empty."""
    found = []
    for number, cell in enumerate(notebook["cells"], start=1):
        source = cell.get("source")
        if cell.get("cell_type") not in kinds or not isinstance(source, str) or not source.strip():
            continue
        named = mapping(mapping(cell.get("metadata")).get("grader")).get("exercise")
        exercise = _writable(named) if isinstance(named, str) else None
        found.append(SubmittedCell(number, _writable(source), exercise))
    return found


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is a mapping, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
