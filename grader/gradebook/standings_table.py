"""The marks of a class in a terminal, in whatever width there is.

Every text of a submission becomes a `rich.text.Text`, never markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from grader.gradebook.standings import Standing
from grader.gradebook.tables import (
    BY_HAND,
    LATE,
    OLDER,
    WITHDRAWN,
    ZERO_BECAUSE,
    cell,
    plain_table,
    remarks,
    signs,
)
from grader.report.order import Order, arranged
from grader.report.text import visible
from grader.report.words import SIGNS, place_of, points
from grader.results import NO_NOTEBOOK, Points, Verdict

_MOST = 40  # lines of remarks
_MOST_NAMES = 12  # of whom the same is said
_NARROWEST_NAME, _NARROWEST_REASON = 20, 24  # columns


def standings_table(
    standings: Sequence[Standing], policy: str, order: Order = Order.NAME
) -> RenderableType:
    """A row a student, a column a lesson; below, what is behind a mark that is not as graded.

    Why somebody has nothing stands in the row where there is room for it, otherwise below, too.
    """
    if not standings:
        return Text("Nothing is graded yet.")
    return _Standings(standings, policy, order)


class _Standings:
    """The marks of a class, drawn for the width there is."""

    def __init__(self, standings: Sequence[Standing], policy: str, order: Order) -> None:
        self.standings, self.policy = standings, policy
        self.lessons = sorted({standing.lesson for standing in standings}, key=place_of)
        by_student: dict[str, dict[str, Standing]] = {}
        for standing in standings:
            by_student.setdefault(standing.person.name, {})[standing.lesson] = standing
        self.rows = arranged(
            list(by_student.values()),
            order,
            share=lambda own: _share(own.values()),
            time=lambda own: max(standing.handed_in for standing in own.values()),
        )

    def __rich_console__(
        self, _console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        cells = [self._column(lesson, {}) for lesson in self.lessons]
        heads = [Text(visible(lesson)) for lesson in self.lessons]
        room = options.max_width - _width(heads, cells)
        names = [visible(next(iter(own.values())).person.name) for own in self.rows]
        longest = max(map(cell_len, names))
        is_short = room < min(longest, _NARROWEST_NAME)
        if is_short:  # then lessons have numbers, and the most points stand in the key
            most = self._most()
            cells = [self._column(lesson, most) for lesson in self.lessons]
            heads = [Text(str(number)) for number in range(1, len(heads) + 1)]
            room = options.max_width - _width(heads, cells)
        reasons = list(map(self._reasons, self.rows))
        in_row = any(reasons) and room - longest - 2 >= _NARROWEST_REASON
        table = plain_table()
        table.add_column("student", overflow="fold", min_width=min(longest, _NARROWEST_NAME))
        for head in heads:
            table.add_column(head, justify="right", overflow="fold")
        if in_row:
            table.add_column("why", overflow="fold")
        for place, (name, why) in enumerate(zip(names, reasons, strict=True)):
            marks = [column[place] for column in cells]
            table.add_row(Text(name), *marks, *([Text(why, style="yellow")] * in_row))
        yield from (table, Text())
        if is_short:
            yield from self._numbers(most)
            yield from _short_key(self.standings)
        yield from _key(self.standings, self.policy)
        yield from self._below(in_row=in_row)

    def _most(self) -> dict[str, Points]:
        """The most points of each lesson, as most of its marks have it."""
        found = {
            lesson: Counter(
                one.max_score
                for one in self.standings
                if one.lesson == lesson and one.max_score is not None
            )
            for lesson in self.lessons
        }
        return {lesson: counts.most_common(1)[0][0] for lesson, counts in found.items() if counts}

    def _column(self, lesson: str, most: Mapping[str, Points]) -> list[Text]:
        """The marks of a lesson; where the most points are in `most`, without them."""
        own = [row.get(lesson) for row in self.rows]
        longest = max((len(signs(one)) for one in own if one is not None), default=0)
        return [
            Text("")
            if one is None
            else cell(one, most.get(lesson)).append(" " * (longest - len(signs(one))))
            for one in own
        ]

    def _numbers(self, most: Mapping[str, Points]) -> Iterator[Text]:
        """Which lesson each number means, and its most points."""
        for number, lesson in enumerate(self.lessons, start=1):
            of = f", of {points(most[lesson])}" if lesson in most else ""
            yield Text(f"{number} {visible(lesson)}{of}", style="dim")

    def _reasons(self, own: Mapping[str, Standing]) -> str:
        """Why a student has nothing of a lesson, of each such lesson."""
        found = [
            (lesson, _reason(own[lesson]))
            for lesson in self.lessons
            if lesson in own and _reason(own[lesson])
        ]
        several = len(self.lessons) > 1
        return "\n".join(
            f"{visible(lesson)}: {visible(why)}" if several else visible(why)
            for lesson, why in found
        )

    def _below(self, *, in_row: bool) -> Iterator[Text]:
        """What is behind marks, a line each; students of whom the same is said share one."""
        if not in_row:
            yield from _shared_reasons(self.standings)
        lines = [line for one in self.standings for line in remarks(one, reason=False)]
        yield from lines[:_MOST]
        if len(lines) > _MOST:
            rest = len(lines) - _MOST
            yield Text(f"… and {rest} more: `grader show FOLDER STUDENT`", style="dim")


def _short_key(standings: Sequence[Standing]) -> Iterator[Text]:
    """What stands for words for which there is no room."""
    unknown = [standing for standing in standings if standing.score is None]
    if any(standing.withdrawn_at is None for standing in unknown):
        yield Text(f"{SIGNS[Verdict.BROKEN]} withheld for a fault of ours", style="dim")
    if any(standing.withdrawn_at is not None for standing in unknown):
        yield Text(f"{WITHDRAWN} withdrawn", style="dim")


def _width(heads: Sequence[Text], cells: Sequence[Sequence[Text]]) -> int:
    """How wide the columns of marks are, with what is between them."""
    pairs = zip(heads, cells, strict=True)
    return sum(max(head.cell_len, *(one.cell_len for one in own)) + 2 for head, own in pairs)


def _shared_reasons(standings: Sequence[Standing]) -> Iterator[Text]:
    """Why students have nothing: a line for each reason and lesson, with whom it is about."""
    found: dict[tuple[str, Verdict, str], list[str]] = {}
    for one in standings:
        if why := _reason(one):
            found.setdefault((one.lesson, one.verdict, why), []).append(one.person.name)
    ordered = sorted(found.items(), key=lambda item: (place_of(item[0][0]), -len(item[1])))
    for (lesson, verdict, why), names in ordered[:_MOST]:
        who = ", ".join(map(visible, names[:_MOST_NAMES]))
        if (more := len(names) - _MOST_NAMES) > 0:
            who += f" and {more} more"
        yield Text.assemble(
            (f"{SIGNS[verdict]} {visible(lesson)}: ", "cyan"), f"{visible(why)} – {who}"
        )
    if len(ordered) > _MOST:
        rest = len(ordered) - _MOST
        yield Text(f"… and {rest} more: `grader show FOLDER STUDENT`", style="dim")


def _reason(standing: Standing) -> str:
    """Why there is nothing to give points for; the sign says already that there is no notebook."""
    if standing.verdict not in ZERO_BECAUSE or standing.withdrawn_at is not None:
        return ""
    return standing.message.removeprefix(NO_NOTEBOOK).strip() or standing.message


def _share(standings: Iterable[Standing]) -> float | None:
    """How much of all points a student has; None where the marks of a lesson are withheld."""
    own = [standing for standing in standings if standing.is_there]
    if any(standing.score is None for standing in own):
        return None
    highest = sum(standing.max_score or 0 for standing in own)
    return sum(standing.score or 0 for standing in own) / highest if highest else 0.0


def _key(standings: Sequence[Standing], policy: str) -> Iterator[Text]:
    meanings = [
        f"{SIGNS[verdict]} {verdict.words}"
        for verdict in ZERO_BECAUSE
        if any(standing.verdict is verdict for standing in standings)
    ]
    if any(standing.overrides for standing in standings):
        meanings.append(f"{BY_HAND} by hand")
    if any(standing.lateness.steps for standing in standings):
        meanings.append(f"{LATE} late (policy: {policy})")
    if any(standing.now for standing in standings):
        meanings.append(f"{OLDER} an earlier result stands")
    if meanings:
        yield Text("   ".join(meanings), style="dim")
