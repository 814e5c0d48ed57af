"""What came of grading: frozen records, to and from JSON.

SubmissionResult ▸ ExerciseResult ▸ CheckResult, each with a Verdict. Totals are computed, never
stored; the same classes give the JSON Schema in docs/results.schema.json.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

SCHEMA_VERSION = 1

Points = int | float


class Verdict(StrEnum):
    """What became of a check, an exercise or a submission."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    BROKEN = "broken"
    NOT_HANDED_IN = "not_handed_in"

    @property
    def words(self) -> str:
        """The verdict as people read it: `not attempted` for `not_attempted`."""
        return self.value.replace("_", " ")


NO_NOTEBOOK = "No notebook was handed in."
"""How the message of a student who is *not handed in* begins."""

# An exercise with several unhappy checks takes the verdict that explains most.
_GRAVITY = (
    Verdict.BROKEN,
    Verdict.CRASHED,
    Verdict.MEMORY,
    Verdict.OUTPUT_LIMIT,
    Verdict.TIMEOUT,
    Verdict.ERROR,
    Verdict.FAILED,
)


def overall(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a whole from those of its parts.

    All passed is passed; otherwise the gravest of what went wrong; nothing tried is not attempted;
    a mixture of passed and not attempted is failed.
    """
    for verdict in _GRAVITY:
        if verdict in verdicts:
            return verdict
    counted = [verdict for verdict in verdicts if verdict is not Verdict.SKIPPED]
    if not counted and verdicts:
        return Verdict.SKIPPED
    if all(verdict is Verdict.PASSED for verdict in counted):
        return Verdict.PASSED
    if all(verdict is Verdict.NOT_ATTEMPTED for verdict in counted):
        return Verdict.NOT_ATTEMPTED
    return Verdict.FAILED


class _Record(BaseModel):
    # Computed totals are written out and ignored when read back.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class ShownArray(_Record):
    """A two-dimensional window on an array, enough to draw it.

    `values` are rows of numbers, None where a value is not finite; `origin` is where the window
    starts in the plane; `plane` names the plane of an array with more than two axes, for example
    `[:, :, 2]`.
    """

    shape: tuple[int, ...]
    dtype: str
    values: tuple[tuple[float | None, ...], ...]
    origin: tuple[int, int] = (0, 0)
    plane: str = ""


class Shown(_Record):
    """A value as a person sees it: always as text, and as numbers where it is an array."""

    text: str
    array: ShownArray | None = None


class ShownCurves(_Record):
    """Curves over epochs, counted from 0, and where they should be, enough to draw them.

    The region that was expected lies between `low` and `high`, where given, from the epoch `first`
    on. `marks` maps a text to an epoch.
    """

    curves: dict[str, tuple[float, ...]]
    ylabel: str = "loss"
    low: float | None = None
    high: float | None = None
    first: float = 0
    marks: dict[str, float] = {}


class Given(_Record):
    """One input of the call that a check's outcome rests on."""

    name: str
    value: Shown


class CheckResult(_Record):
    """What became of one check; `where` is the index of the first difference."""

    name: str
    statement: str
    verdict: Verdict
    max_score: Points
    message: str = ""
    expected: Shown | None = None
    received: Shown | None = None
    where: tuple[int, ...] | None = None
    curves: ShownCurves | None = None
    given: tuple[Given, ...] = ()
    call: str = ""
    hint: str = ""

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented order of decorators
    @property
    def score(self) -> Points:
        """All of the check's points, or none."""
        return self.max_score if self.verdict is Verdict.PASSED else 0


class Diagnosis(_Record):
    """The misconception that explains a student's answers."""

    misconception: str
    message: str


class ExerciseResult(_Record):
    """What became of one exercise; its score is withheld (None) where the fault is ours.

    `cell` is the number of the cell that carries the answer, counted as in CellOutcome: the last
    with the exercise's id, without one the first that binds a name of it; None where none does.
    `computes` is the same for answers that do not pass and compute the same on cases that are the
    same for everybody; "" where there is nothing to compare.
    """

    id: str
    title: str
    verdict: Verdict
    message: str = ""
    diagnosis: Diagnosis | None = None
    flags: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    cell: int | None = None
    computes: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def max_score(self) -> Points:
        """The sum of the checks' points."""
        return sum(check.max_score for check in self.checks)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> Points | None:
        """The points earned; None where they are withheld for a fault of ours."""
        if self.verdict is Verdict.BROKEN:
            return None
        return sum(check.score for check in self.checks)


class NotebookFile(_Record):
    """The file that was graded: its path as given, and the SHA-256 of its bytes."""

    path: str
    sha256: str


class Isolation(_Record):
    """What kept the student's code away from the rest of the machine."""

    level: str
    layers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class CellStatus(StrEnum):
    """What a code cell did when its notebook was graded.

    *Partly ran*: a statement failed for what the machine lacks, and the rest of the cell was run.
    *Failed*: it raised. *Interrupted*: it went over its time or its amount of output. *Ended the
    kernel*: by itself, or over its memory. *Did not run*: the time for the whole notebook was over.
    """

    RAN = "ran"
    PARTLY_RAN = "partly_ran"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    ENDED_THE_KERNEL = "ended_the_kernel"
    DID_NOT_RUN = "did_not_run"

    @property
    def words(self) -> str:
        """The status as people read it: `did not run` for `did_not_run`."""
        return self.value.replace("_", " ")


class CellOutcome(_Record):
    """What one code cell did, and the ids of the exercises that were judged right after it.

    `number` counts all cells of the notebook from 1; cells without code have no outcome.
    """

    number: int
    status: CellStatus
    seconds: float = 0.0
    judged: tuple[str, ...] = ()


class FailedCell(_Record):
    """A cell that did not run to its end, and what happened.

    `number` counts all cells of the notebook from 1; `first_line` is how the cell begins.
    `because_of` is the number of the cell whose failure made this one fail.
    """

    number: int
    first_line: str
    message: str
    because_of: int | None = None


class HandedIn(_Record):
    """What a platform, or a roster, tells of a hand-in; empty or None where nothing tells it.

    `id` is the student's with the platform. `time` is when it was handed in and `due` when it was
    due, both in ISO 8601, in the course's time zone where none is written. `late` is the platform's
    word, or follows from both. `group` are all who handed it in together.
    `attempts` counts what was handed in of this lesson, this one included.
    """

    id: str = ""
    time: str = ""
    due: str = ""
    late: bool = False
    group: tuple[str, ...] = ()
    section: str = ""
    email: str = ""
    attempts: int = 1


class SubmissionResult(_Record):
    """What became of one student's notebook of one lesson.

    `notes` say what of the notebook was left out, because it is about another machine. Of a student
    who handed in no notebook, the verdict is *not handed in* and `message` says what was there.
    """

    schema_version: int = Field(default=SCHEMA_VERSION, alias="schema")
    student: str
    lesson: str
    notebook: NotebookFile
    verdict: Verdict
    message: str = ""
    seconds: float = 0.0
    isolation: Isolation
    versions: dict[str, str] = {}
    exercises: tuple[ExerciseResult, ...] = ()
    failed_cells: tuple[FailedCell, ...] = ()
    notes: tuple[str, ...] = ()
    handed_in: HandedIn = HandedIn()
    cells: tuple[CellOutcome, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> Points | None:
        """Points earned; None where the whole submission is withheld for a fault of ours."""
        if self.verdict is Verdict.BROKEN and not self.exercises:
            return None
        return sum(exercise.score or 0 for exercise in self.exercises)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def max_score(self) -> Points:
        """The sum of the exercises' points."""
        return sum(exercise.max_score for exercise in self.exercises)

    def timeless(self) -> SubmissionResult:
        """The record without the times that grading took: the same from one grading to the next."""
        cells = tuple(cell.model_copy(update={"seconds": 0.0}) for cell in self.cells)
        return self.model_copy(update={"seconds": 0.0, "cells": cells})

    def to_json(self) -> str:
        """The record as one JSON document, two-space indented, ending in a newline."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> SubmissionResult:
        """The record that `to_json` wrote."""
        return cls.model_validate_json(text)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a record, published as docs/results.schema.json."""
    schema = SubmissionResult.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
