"""A platform's sheet, filled with marks: what is written, what is left as it was, and why.

A mark is what the gradebook has: with overrides, and without what is taken off for being late.
Where there is none, the cell is left as it is: an empty cell would delete what stands there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from grader.errors import UsageError
from grader.gradebook.exports import rows as sheet_rows
from grader.gradebook.exports.items import Item
from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.rows import NOWHERE, Matched, Row
from grader.gradebook.exports.sheet import Sheet, number_cell, number_in
from grader.gradebook.late import exact, plain
from grader.gradebook.standings import Standing
from grader.report.text import visible
from grader.report.words import counted, place_of, points
from grader.results import Points, Verdict

_ZERO = "0, as nothing was handed in"
_NOT_HANDED_IN = "not handed in; --zero-missing writes 0"
_A_LINE = 30  # names in one line of what is said
_A_NAME = 100  # characters of one


@dataclass(frozen=True)
class Wanted:
    """What a person asked for.

    `lesson` is the only one to be filled in, `columns` are headers of the sheet with the lesson
    whose they are. `scale` turns points into the sheet's maximum; `zero_missing` gives 0 for what
    was not handed in.
    """

    lesson: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: bool = False
    zero_missing: bool = False


@dataclass(frozen=True)
class Filled:
    """The filled sheet; `said` is what a person is told of it, a line each."""

    content: bytes
    written: int
    said: tuple[str, ...]


@dataclass
class _Told:
    """Who is concerned by what, to be said when all is done."""

    written: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    replaced: dict[str, list[str]] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, who: str) -> None:
        self.without.setdefault(reason, []).append(who)


def filled(
    sheet: Sheet, platform: Platform, standings: Sequence[Standing], wanted: Wanted
) -> Filled:
    """The sheet with the marks in it; `standings` are all that the gradebook has.

    The sheet is changed. Raises UsageError where it is none of the platform's, where a lesson's
    column is not certain, where the maximum is another one than the lesson's, and where none of its
    students is in the gradebook.
    """
    lessons = lessons_in(standings, wanted.lesson)
    columns = platform.columns(
        sheet, lessons, wanted.columns, all_of_them=wanted.lesson is not None
    )
    for lesson, item in columns.items():
        _refuse_other_maximum(item, lesson, standings, wanted)
    students = sheet_rows.students_in(sheet, platform)
    who = sheet_rows.matched(sheet, students, _known(standings, columns), platform)
    if not who.rows:
        _refuse_nobody(sheet, students, standings, who)
    filling = _Filling(sheet, platform, wanted, sheet.decimal_comma)
    for lesson, item in columns.items():
        own = {one.person.name: one for one in standings if one.lesson == lesson}
        for name, row in who.rows.items():
            filling.fill(item, row, name, own.get(name))
    said = (*_columns_said(filling.told, columns, lessons), *_people_said(filling.told, who))
    return Filled(sheet.content(), sum(filling.told.written.values()), said)


def mark_of(standing: Standing, *, zero_missing: bool) -> tuple[Points | None, str]:
    """The mark that goes out, and why there is none, or what to know of it; "" for nothing."""
    if standing.withdrawn_at is not None and standing.score is None:
        return None, "withdrawn: no longer handed in"
    if standing.score is None:
        return None, "withheld for a fault of ours, and no zero: grade it again, or override it"
    if standing.verdict is Verdict.NOT_HANDED_IN and not standing.overrides:
        if zero_missing:
            return 0, _ZERO
        return None, _NOT_HANDED_IN
    if standing.verdict is Verdict.REJECTED and not standing.overrides:
        return standing.score, f"{points(standing.score)}, as it could not be graded (rejected)"
    return standing.score, ""


def lessons_in(standings: Sequence[Standing], only: str | None = None) -> list[str]:
    """The lessons that somebody has a standing in, or `only` one; UsageError if it is none."""
    known = sorted({one.lesson for one in standings}, key=place_of)
    if only is None:
        return known
    if only not in known:
        raise UsageError(
            f"--lesson names a lesson that somebody was graded in. Received: {visible(only)!r}. "
            f"Name one of {', '.join(map(visible, known))}."
        )
    return [only]


def _known(standings: Sequence[Standing], columns: Mapping[str, Item]) -> list[Standing]:
    """The standings that tell who somebody is: those of the lessons last, as they count."""
    of_lessons = [one for one in standings if one.lesson in columns]
    names = {one.person.name for one in of_lessons}
    others = [one for one in standings if one.person.name not in names and one.is_there]
    return [*(replace(one, path="") for one in others), *of_lessons]


@dataclass
class _Filling:
    """A sheet while marks are written into it."""

    sheet: Sheet
    platform: Platform
    wanted: Wanted
    comma: bool
    told: _Told = field(default_factory=_Told)

    def fill(self, item: Item, row: int, name: str, standing: Standing | None) -> None:
        """Write the mark of one student, if there is one that may be written."""
        before = self.sheet.text(row, item.column)
        number = number_in(before)
        score, why = self._mark(item, standing)
        if score is not None and (left := self.platform.untouchable(before)):
            score, why = None, left
        if why:
            kept = score is None and number is not None
            self.told.add(why, f"{name} (the sheet keeps {before.strip()})" if kept else name)
        if score is None:
            return
        self.told.written[item.header] += 1
        if number == exact(score):
            return
        if number is not None:
            change = f"{name} {before.strip()} → {points(score)}"
            self.told.replaced.setdefault(item.header, []).append(change)
        self.sheet.put(row, item.column, number_cell(score, comma=self.comma))

    def _mark(self, item: Item, standing: Standing | None) -> tuple[Points | None, str]:
        """The mark as the platform counts it, and what is to be said of it."""
        if standing is None:
            return (0, _ZERO) if self.wanted.zero_missing else (None, _NOT_HANDED_IN)
        score, why = mark_of(standing, zero_missing=self.wanted.zero_missing)
        if score is None:
            return None, why
        if self.wanted.scale:
            score, scaled = _scaled(score, standing, item)
            why = why or scaled
        most = item.maximum if item.maximum is not None else _highest(standing)
        if score is not None and self.platform.REFUSES_MORE and most and exact(score) > most:
            limit = points(float(most))
            return None, f"more than {limit} points, which {self.platform.NAME} refuses"
        return score, why


def _highest(standing: Standing | None) -> Decimal | None:
    return None if standing is None or not standing.max_score else exact(standing.max_score)


def _scaled(score: Points, standing: Standing, item: Item) -> tuple[Points | None, str]:
    """Points as a part of the sheet's maximum; none where the lesson's is not known."""
    highest = _highest(standing)
    if item.maximum is None or item.maximum == highest:
        return score, ""
    if highest is None:
        return None, "of a maximum that nobody knows, and cannot be scaled"
    return plain(exact(score) * item.maximum / highest), ""


def _refuse_other_maximum(
    item: Item, lesson: str, standings: Sequence[Standing], wanted: Wanted
) -> None:
    """UsageError where the sheet counts to another number than the lesson."""
    own = {one.max_score for one in standings if one.lesson == lesson and one.score is not None}
    if wanted.scale and item.maximum is None:
        raise UsageError(
            f"--scale needs the maximum of the sheet. Received: `{visible(item.header)}`, of which "
            f"the sheet tells none. Set it in the platform and export the sheet once more, or "
            f"leave --scale out."
        )
    others = [one for one in own if one and item.maximum not in (None, exact(one))]
    if others and not wanted.scale:
        assert item.maximum is not None
        ours = points(max(others))
        raise UsageError(
            f"Marks are points, and the sheet counts to the same maximum as the lesson. Received: "
            f"{points(float(item.maximum))} for `{visible(item.header)}`, and {ours} points of "
            f"{visible(lesson)}. Set the assignment to {ours} points in the platform and export "
            f"the sheet once more, or add --scale."
        )


def _refuse_nobody(
    sheet: Sheet, students: Sequence[Row], standings: Sequence[Standing], who: Matched
) -> None:
    names = [visible(one.person.name) for one in standings[:1]]
    there = [visible(row.name) for row in students[:1]] or ["nobody"]
    unclear = next((why for why in who.unmatched.values() if "may be" in why), "")
    why = f" {names[0]} {visible(unclear)}." if unclear and names else ""
    raise UsageError(
        f"A sheet is filled for the students of this class. Received: {visible(sheet.name)}, in "
        f"which none of the graded students is found: {there[0]} stands in it, {names[0]} was "
        f"graded.{why} Look whether it is this class's; grading with --roster tells who has which "
        f"id."
    )


def _columns_said(
    told: _Told, columns: Mapping[str, Item], lessons: Sequence[str]
) -> Iterator[str]:
    for lesson, item in columns.items():
        header = item.header.strip()
        replaced = told.replaced.get(item.header, [])
        line = f"{lesson}: {counted(told.written[item.header], 'mark')} in `{header}`"
        yield f"{line}, {len(replaced)} in place of another one." if replaced else f"{line}."
        yield from listed("Another mark stood there", replaced)
        if item.maximum is None:
            yield f"The sheet tells no maximum for `{header}`: the marks are points."
    if without := [lesson for lesson in lessons if lesson not in columns]:
        yield f"No column in the sheet, and left out: {', '.join(without)}."


def _people_said(told: _Told, who: Matched) -> Iterator[str]:
    for why, names in told.without.items():
        begin = "" if why == _ZERO or "rejected" in why else "No mark written, "
        yield from listed(f"{begin}{why}", names)
    nowhere = [name for name, why in who.unmatched.items() if why == NOWHERE]
    yield from listed("Graded, and in no row of the sheet", nowhere)
    for name, why in who.unmatched.items():
        if why != NOWHERE:
            yield f"No mark written: {visible(name, limit=_A_NAME)} {why}."
    yield from listed("In the sheet, and not in the gradebook", [row.name for row in who.left])
    yield from listed("Found by the id, and called otherwise: look at these", who.by_id_alone)


def listed(begin: str, names: Sequence[str]) -> Iterator[str]:
    """All the names, so many to a line."""
    shown = [visible(name, limit=_A_NAME) for name in names]
    for at in range(0, len(shown), _A_LINE):
        yield f"{begin}: {', '.join(shown[at : at + _A_LINE])}."
