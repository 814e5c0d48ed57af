"""The page of one student's lesson: what holds, what does not and why, beside their notebook.

It can be sent to the student. Nothing of others stands in it, no path, no seed, and no more of an
answer than the checks show in the notebook itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup

from grader.errors import UsageError
from grader.gradebook import Standing
from grader.grading.handed_in_files import notebook_bytes
from grader.judging.course import lesson_names
from grader.pages import addresses
from grader.pages.answers import Answer, answers_of
from grader.pages.drawn import table_rows
from grader.pages.material import Material
from grader.pages.notebook_view import ShownCell, ShownNotebook, in_parts, shown_notebook
from grader.pages.templating import macro, render
from grader.report.text import visible
from grader.report.words import OURS, counted, points
from grader.results import CellOutcome, CellStatus, FailedCell, SubmissionResult, Verdict

_STATUS = {
    CellStatus.RAN: "ran",
    CellStatus.PARTLY_RAN: "ran in part",
    CellStatus.FAILED: "stopped with an error",
    CellStatus.INTERRUPTED: "was interrupted",
    CellStatus.ENDED_THE_KERNEL: "ended the kernel",
    CellStatus.DID_NOT_RUN: "did not run",
}
_NOT_KEPT = "The notebook was not kept with the results, so it is not shown here."
_OLDER = "What each cell did when it was graded is not in this record."
_NO_NOTEBOOK = "There is no notebook to show."
_REFUSED = "This notebook could not be graded."


@dataclass(frozen=True)
class MarkShown:
    """The mark of a lesson in words; `lines` say how it came about.

    `score` is `withheld` or `no mark` where there is none; `share` is in percent, None likewise.
    """

    score: str
    share: int | None
    kind: str
    status: str
    lines: tuple[str, ...]
    late: str


@dataclass(frozen=True)
class CellShown:
    """A cell with what became of it, and the answers that it carries."""

    cell: ShownCell
    status: str
    kind: str
    message: str = ""
    answers: tuple[Answer, ...] = ()

    @property
    def is_common(self) -> bool:
        """Whether it is the lesson's own with nothing of a student: others have the same."""
        return not (self.cell.own or self.cell.outputs or self.message or self.answers)


@lru_cache(maxsize=4096)
def _common_cell(cell: ShownCell, status: str, kind: str) -> Markup:
    """A cell that others have, too, as HTML: most cells of most pages are such."""
    return macro("cells.html.j2", "shown_cell")(CellShown(cell, status, kind))


@dataclass(frozen=True)
class Part:
    """A run of cells; those that are the lesson's own are folded under what `folded` says."""

    folded: str
    cells: tuple[CellShown, ...]


def page(material: Material, student: str, lesson: str, *, live: bool = False) -> str:
    """The page of a student's lesson, with links to the other pages of the class.

    UsageError for a student or lesson that nothing is known of.
    """
    return _page(material, student, lesson, linked=True, live=live)


def self_contained(material: Material, student: str, lesson: str) -> str:
    """The same page without a link to any other: what is sent to the student."""
    return _page(material, student, lesson, linked=False)


def _page(
    material: Material, student: str, lesson: str, *, linked: bool, live: bool = False
) -> str:
    standing = material.by_student.get(student, {}).get(lesson)
    result = material.results.get((student, lesson))
    if standing is None and result is None:
        raise UsageError(
            f"A page is of a student and a lesson that were graded. Received: "
            f"{visible(student)!r} and {visible(lesson)!r}, of which nothing is known."
        )
    answers = answers_of(result.exercises, standing) if result else []
    notebook, note = _notebook(material, result)
    parts = _parts(notebook, result, answers) if result else ()
    shown_at = {answer.id for part in parts for cell in part.cells for answer in cell.answers}
    return render(
        "lesson.html.j2",
        address=addresses.of_lesson(student, lesson),
        styles=("lesson.css",),
        live=live,
        student=student,
        title=lesson_title(lesson),
        linked=linked,
        table_rows=table_rows,
        common_cell=_common_cell,
        class_page=addresses.CLASS,
        student_page=addresses.of_student(student),
        mark=mark_of(standing, result),
        facts=_facts(standing, result),
        answers=answers,
        begin=next((one for one in answers if one.to_mend), None),
        parts=parts,
        shown_at=shown_at,
        notes=[text for text in (note, notebook.note) if text],
        said=result.notes if result else (),
        comments=standing.comments if standing else (),
        failed=_failed_elsewhere(result, notebook),
    )


def lesson_title(lesson: str) -> str:
    """How a lesson is called on a page: `Lesson 2: conv layer`; without number if not of here."""
    if lesson not in lesson_names():
        return lesson
    return f"Lesson {lesson_names().index(lesson) + 1}: {lesson.replace('_', ' ')}"


def mark_of(standing: Standing | None, result: SubmissionResult | None) -> MarkShown:
    """The mark as it stands: never a zero for what is withheld, and with all that was decided."""
    if standing is None:
        return MarkShown("no mark", None, "quiet", "not in the gradebook", (), "")
    lines = tuple(_lines(standing, result))
    if standing.score is None:
        nobody = standing.withdrawn_at or standing.verdict is Verdict.NOT_HANDED_IN
        text, kind = ("no mark", "quiet") if nobody else ("withheld", "ours")
        return MarkShown(text, None, kind, standing.status, lines, late(standing))
    most = standing.max_score
    of = "" if most is None else f" of {points(most)}"
    share = round(100 * standing.score / most) if most else None
    kind = "good" if share is not None and share >= 100 else "part"
    text = f"{points(standing.score)}{of} points"
    return MarkShown(text, share, kind, standing.status, lines, late(standing))


def late(standing: Standing) -> str:
    """How late a hand-in is, and what that costs; empty where it is not late."""
    lateness = standing.lateness
    if not lateness.steps and not (lateness.by and lateness.by.total_seconds() > 0):
        return ""
    by = f" by {_span(lateness.by.total_seconds())}" if lateness.by else ""
    if not standing.penalty:
        return f"Handed in late{by}. Nothing is taken off for it."
    before = "" if standing.earned is None else f", of the {points(standing.earned)} earned"
    return f"Handed in late{by}. Taken off for it: {points(standing.penalty)}{before}."


def _span(seconds: float) -> str:
    """A time in its two largest units: `1 day 3 hours`."""
    minutes = max(1, round(seconds / 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    units = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    return " ".join([counted(count, noun) for count, noun in units if count][:2])


def _lines(standing: Standing, result: SubmissionResult | None) -> Iterable[str]:
    """How a mark came about, a sentence each."""
    if standing.withdrawn_at:
        yield "This hand-in was withdrawn: a later run over the same places did not have it."
    elif standing.graded is None and standing.verdict is not Verdict.NOT_HANDED_IN:
        yield OURS
    if standing.verdict in (Verdict.REJECTED, Verdict.NOT_HANDED_IN) and standing.message:
        yield standing.message
    elif result and result.message and result.verdict is not Verdict.BROKEN:
        yield result.message
    for one in standing.overrides:
        of = "the whole lesson" if not one.exercise else f"`{one.exercise}`"
        reason = f" The reason: {one.reason}" if one.reason else ""
        yield f"By hand: {points(one.points or 0)} points for {of}.{reason}"
    if standing.now is not None:
        yield (
            f"A newer hand-in came to nothing that counts ({standing.now.words}): this one stands."
        )
    yield from standing.said


def _facts(standing: Standing | None, result: SubmissionResult | None) -> list[tuple[str, str]]:
    """When it was handed in, due and graded, and by how many; what nobody told is left out."""
    found = []
    if standing is not None:
        found += [("Handed in", moment(standing.handed_in)), ("Due", moment(standing.due))]
        if standing.graded_at:
            found.append(("Graded", moment(standing.graded_at.isoformat())))
        found.append(("Attempts", str(standing.attempts) if standing.attempts > 1 else ""))
    if result is not None and len(result.handed_in.group) > 1:
        found.append(("Handed in by", f"a group of {len(result.handed_in.group)}"))
    return [(name, text) for name, text in found if text]


def moment(text: str) -> str:
    """A time in ISO 8601 as people read it, to the minute; what is none as it is."""
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M %Z").strip()
    except ValueError:
        return visible(text, limit=60)


def _notebook(material: Material, result: SubmissionResult | None) -> tuple[ShownNotebook, str]:
    """The notebook that was graded, and what to say where there is none or little is known."""
    if result is None or result.verdict is Verdict.NOT_HANDED_IN:
        return ShownNotebook(), _NO_NOTEBOOK
    content = notebook_bytes(material.folder, result.notebook.sha256)
    if content is None:
        return ShownNotebook(), _NOT_KEPT
    shown = shown_notebook(content, result.lesson)
    if result.verdict is Verdict.REJECTED:
        return shown, _REFUSED
    return shown, "" if result.cells else _OLDER


def _parts(
    notebook: ShownNotebook, result: SubmissionResult, answers: Sequence[Answer]
) -> tuple[Part, ...]:
    outcomes = {one.number: one for one in result.cells}
    failures = {one.number: one for one in result.failed_cells}
    carried: dict[int, list[Answer]] = {}
    for answer in answers:
        if answer.cell is not None:
            carried.setdefault(answer.cell, []).append(answer)
    return tuple(
        Part(
            _folded(run) if of_lesson else "",
            tuple(
                _cell(
                    cell,
                    outcomes.get(cell.number),
                    failures.get(cell.number),
                    tuple(carried.get(cell.number, ())),
                )
                for cell in run
            ),
        )
        for of_lesson, run in in_parts(notebook.cells, frozenset(carried) | frozenset(failures))
    )


def _folded(run: Sequence[ShownCell]) -> str:
    """What a run of the lesson's own cells is folded under."""
    first, last = run[0].number, run[-1].number
    cells = f"Cell {first}, as the lesson has it"
    if last > first:
        cells = f"Cells {first} to {last}, as the lesson has them"
    headings = [cell.heading for cell in run if cell.heading]
    return f"{cells}: {', '.join(headings)}" if headings else cells


def _cell(
    cell: ShownCell,
    outcome: CellOutcome | None,
    failure: FailedCell | None,
    answers: tuple[Answer, ...],
) -> CellShown:
    status, kind = "", "quiet"
    if outcome is not None:
        took = f" in {outcome.seconds:.1f} s" if outcome.seconds >= 0.1 else ""
        status = f"{_STATUS[outcome.status]}{took}"
        kind = "quiet" if outcome.status is CellStatus.RAN else "trouble"
    elif failure is not None:
        status, kind = "did not run to its end", "trouble"
    message = ""
    if failure is not None:
        after = f" That is because of cell {failure.because_of}." if failure.because_of else ""
        message = f"When it was graded, this cell {failure.message.rstrip('.')}.{after}"
    return CellShown(cell, status, kind, message, answers)


def _failed_elsewhere(result: SubmissionResult | None, notebook: ShownNotebook) -> list[FailedCell]:
    """The cells that failed and are not shown, as their notebook is not."""
    there = {cell.number for cell in notebook.cells}
    return [one for one in result.failed_cells if one.number not in there] if result else []
