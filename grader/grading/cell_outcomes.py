"""What each cell of a notebook did when it was graded, as its record tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from grader.errors import OutOfTime, TooMuchOutput
from grader.grading.collecting.cells import SubmittedCell
from grader.grading.execute import CellEnd, Ending
from grader.results import CellOutcome, CellStatus


class CellOutcomes:
    """Collects, while a notebook is graded, what its code cells do; cells are named by index.

    `ends` are how those ended that have been run; a cell that is run again has its last end.
    """

    def __init__(self, cells: Sequence[SubmittedCell]) -> None:
        self._cells = cells
        self.ends: dict[int, CellEnd] = {}
        self._seconds: dict[int, float] = {}
        self._judged: defaultdict[int, dict[str, None]] = defaultdict(dict)

    def ran(self, index: int, end: CellEnd, seconds: float) -> None:
        """A cell was run for the first time, and ended like this."""
        self.ends[index] = end
        self._seconds[index] = seconds

    def judged(self, index: int, exercise: str) -> None:
        """An exercise was judged when this cell was the last that had run."""
        self._judged[index][exercise] = None

    def told(self) -> tuple[CellOutcome, ...]:
        """What each code cell did, in their order."""
        return tuple(
            CellOutcome(
                number=cell.number,
                status=status_of(self.ends.get(index)),
                seconds=round(self._seconds.get(index, 0.0), 3),
                judged=tuple(self._judged.get(index, ())),
            )
            for index, cell in enumerate(self._cells)
        )


def status_of(end: CellEnd | None) -> CellStatus:
    """What a cell did that ended like this; None is a cell that was never run."""
    if end is None:
        return CellStatus.DID_NOT_RUN
    if isinstance(end.lost, OutOfTime | TooMuchOutput):
        return CellStatus.INTERRUPTED
    if end.ending is Ending.LOST:
        return CellStatus.ENDED_THE_KERNEL
    if end.ending is Ending.RAISED:
        return CellStatus.FAILED
    return CellStatus.PARTLY_RAN if end.passed_over else CellStatus.RAN
