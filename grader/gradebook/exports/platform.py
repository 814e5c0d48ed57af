"""What a platform's module says of its sheets, and `filling` relies on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from grader.gradebook.exports.items import Item
from grader.gradebook.exports.sheet import Sheet


class Platform(Protocol):
    """How the sheets of one platform are read; the modules of the platforms are such."""

    NAME: str
    """What the platform is called."""

    REFUSES_MORE: bool
    """Whether it refuses a mark above the maximum, or all marks with it."""

    def columns(
        self, sheet: Sheet, lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
    ) -> dict[str, Item]:
        """The column of each lesson; UsageError where the sheet is none of the platform's."""

    def is_student(self, sheet: Sheet, row: int) -> bool:
        """Whether a row may be a student's, and not about the columns."""

    def untouchable(self, text: str) -> str:
        """Why a cell that says this is left alone; "" where a mark may replace it."""

    def own_id(self, path: str) -> str:
        """The id that the platform's own download has put into a path of a hand-in; else ""."""
