"""Results in a terminal: the class as a table, one submission in full.

Every text of a submission becomes a `rich.text.Text`, never markup.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.report.details import details
from grader.report.order import Order, arranged
from grader.report.text import visible, visible_lines
from grader.report.words import (
    OURS,
    SIGNS,
    counted,
    in_order,
    place_of,
    points,
    score,
    standing,
    unhappy,
    withheld,
)
from grader.results import NO_NOTEBOOK, CheckResult, ExerciseResult, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

STYLES = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "red",
    Verdict.NOT_ATTEMPTED: "dim",
    Verdict.SKIPPED: "dim",
    Verdict.BROKEN: "magenta",
}
_OTHER = "yellow"
_PARTLY = "◐"
_MOST_MISCONCEPTIONS = 5
_WIDEST_GRID = 96
_MOST_NOTES, _NOTE = 20, 500
_SHORTEST_NAME = 12  # columns that a student's name gets at least
_MOST_SAID, _LONGEST_REASON = 30, 600
_NARROWEST_REASON, _SHORT_REASON = 32, 160  # columns and characters of a reason in the table
_LATE, _WITHHELD = "L", "*"


def class_table(results: Sequence[SubmissionResult], order: Order = Order.NAME) -> RenderableType:
    """One row a student, one sign an exercise; below, how it went and what was misunderstood.

    Whoever could not be graded has the reason in place of the signs.
    """
    if not results:
        return Text("Nothing is graded yet.")
    lessons = sorted({result.lesson for result in results}, key=place_of)
    return Group(
        *(
            _Lesson([result for result in results if result.lesson == lesson], order)
            for lesson in lessons
        )
    )


def submission_report(result: SubmissionResult) -> RenderableType:
    """What a student sees of the whole notebook: every exercise, and why a check did not pass."""
    head = Text.assemble(
        (visible(result.lesson), "bold"),
        f"  {visible(result.student)}  ",
        _standing(result),
        f"  {score(result.score, result.max_score)}",
    )
    parts: list[RenderableType] = [head]
    if result.message:
        parts.append(Text(visible_lines(result.message), style=_style(result.verdict)))
    parts += [Text(f"Note: {visible(note, limit=_NOTE)}") for note in result.notes[:_MOST_NOTES]]
    parts += [Text(), *_failed_cells(result)] if result.failed_cells else []
    for exercise in result.exercises:
        parts += [Text(), exercise_report(exercise)]
    return Group(*parts)


def _failed_cells(result: SubmissionResult) -> Iterator[RenderableType]:
    """Every cell that failed; those that failed because of another one, in a line with it."""
    yield Text("Cells that did not run to their end", style="bold")
    causes = [cell for cell in result.failed_cells if cell.because_of is None]
    for cell in causes[:_MOST_NOTES]:
        head = Text.assemble((f"cell {cell.number}", "cyan"), f" ({visible(cell.first_line)}): ")
        yield _indented(head.append(visible(cell.message, limit=_NOTE)))
        if after := [str(c.number) for c in result.failed_cells if c.because_of == cell.number]:
            yield _indented(_indented(Text(f"and because of it: cell {', '.join(after)}")))
    if len(causes) > _MOST_NOTES:
        yield _indented(Text(f"… and {len(causes) - _MOST_NOTES} more"))


def exercise_report(exercise: ExerciseResult) -> RenderableType:
    """One exercise: its verdict and score, each statement, the unhappy ones explained."""
    head = Text.assemble(
        (f"{SIGNS[exercise.verdict]} ", _style(exercise.verdict)),
        (visible(exercise.id), "bold"),
        f"  {visible(exercise.title)}  ",
        _standing(exercise),
        f"  {score(exercise.score, exercise.max_score)}",
    )
    parts: list[RenderableType] = [head]
    if exercise.verdict is Verdict.BROKEN:
        parts.append(_indented(Text(OURS)))
    if exercise.message:
        parts.append(_indented(Text(visible_lines(exercise.message))))
    parts += [_indented(_Check(check, said=exercise.message)) for check in exercise.checks]
    if exercise.diagnosis is not None:
        text = visible_lines(exercise.diagnosis.message)
        parts.append(_indented(Text.assemble(("This looks like: ", "bold yellow"), text)))
    return Group(*parts)


class _Check:
    """One check: its statement, and where it is unhappy what is known of it."""

    def __init__(self, check: CheckResult, *, said: str) -> None:
        self.check = check
        self.said = said  # by the exercise already

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        check = self.check
        sign = Text(f"{SIGNS[check.verdict]} ", style=_style(check.verdict))
        worth = f"  ({score(check.score, check.max_score)})"
        words = "" if check.verdict is Verdict.PASSED else f"  {check.verdict.words}"
        tail = Text(f"{words}{worth}", style=_style(check.verdict))
        line = Table.grid()
        line.add_row(sign, Text.assemble(visible_lines(check.statement), tail))
        yield line
        if not unhappy(check.verdict):
            return
        if check.message and check.message != self.said:
            yield _indented(Text(visible_lines(check.message), style="bold"))
        for detail in details(check, width=min(_WIDEST_GRID, options.max_width - 4)):
            if detail.label:
                yield _indented(Text.assemble((f"{detail.label}: ", "cyan"), _lines(detail.text)))
            else:
                yield _indented(Text(detail.text))
        if check.hint:
            yield _indented(Text.assemble(("hint: ", "cyan"), visible_lines(check.hint)))


class _Lesson:
    """One lesson of a class, drawn for the width there is."""

    def __init__(self, results: Sequence[SubmissionResult], order: Order) -> None:
        self.results = arranged(
            in_order(results), order, share=_share, time=lambda result: result.handed_in.time
        )
        ids = [exercise.id for result in self.results for exercise in result.exercises]
        self.exercises = list(dict.fromkeys(ids))

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        yield Text(visible(self.results[0].lesson), style="bold")
        yield self._table(options.max_width)
        yield from self._key()
        yield Text(self._summary())
        yield from self._said()
        yield from self._misconceptions()
        yield from self._flags()

    def _table(self, width: int) -> Table:
        """A place for each exercise where they fit, otherwise all the signs one after the other."""
        count = len(self.exercises)
        scores = [self._score(result) for result in self.results]
        verdicts = [standing(result) for result in self.results]
        room = width - max(map(len, [*verdicts, "verdict"])) - max(map(len, [*scores, "score"])) - 3
        needed = sum(len(str(number)) + 1 for number in range(1, count + 1))
        apart = needed <= room - _SHORTEST_NAME
        last = needed if apart else max(_SHORTEST_NAME, min(count, room - _SHORTEST_NAME))
        if any(map(_reason, self.results)):
            last = max(last, min(_NARROWEST_REASON, room - _SHORTEST_NAME))
        names = [Text(visible(result.student)) for result in self.results]
        longest = max(name.cell_len for name in names)
        name_width = max(_SHORTEST_NAME, min(longest, room - last))
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
        table.add_column("student", no_wrap=True, overflow="ellipsis", max_width=name_width)
        table.add_column("verdict", no_wrap=True)
        table.add_column("score", no_wrap=True, justify="right")
        head = self._places(map(str, range(1, count + 1))) if apart else Text(f"1–{count}")
        if not count:
            head = Text("why")
        table.add_column(head, overflow="fold", max_width=max(last, room - name_width))
        for name, result, earned in zip(names, self.results, scores, strict=True):
            signs = self._signs(result)
            done = self._places(signs) if apart else Text().join(signs)
            why = _reason(result)
            # No longer than two lines or three: what is left out stands below the table.
            told = Text(visible(why, limit=_SHORT_REASON), style=_style(result.verdict))
            table.add_row(name, _standing(result), earned, told if why else done)
        return table

    def _places(self, parts: Iterable[Text | str]) -> Text:
        """One part for each exercise, in the middle of the width of its number."""
        texts = [Text(part) if isinstance(part, str) else part for part in parts]
        for number, text in enumerate(texts, start=1):
            text.align("center", len(str(number)))
        return Text(" ").join(texts)

    def _score(self, result: SubmissionResult) -> str:
        shown = score(result.score, result.max_score) if result.exercises else "–"
        # As wide as the most signs that anybody has, so that numbers stand under numbers.
        return shown + _score_signs(result).ljust(max(map(len, map(_score_signs, self.results))))

    def _signs(self, result: SubmissionResult) -> list[Text]:
        done = {exercise.id: exercise for exercise in result.exercises}
        return [_sign(done.get(exercise_id)) for exercise_id in self.exercises]

    def _key(self) -> Iterator[RenderableType]:
        """What the numbers and signs mean, and how many passed each exercise."""
        passed = Counter(
            exercise.id
            for result in self.results
            for exercise in result.exercises
            if exercise.verdict is Verdict.PASSED
        )
        # Of a notebook that could not be graded, nobody knows.
        judged = sum(bool(result.exercises) for result in self.results)
        key = Table.grid(padding=(0, 2, 0, 0))
        key.add_column(justify="right")
        for number, exercise_id in enumerate(self.exercises, start=1):
            share = f"{passed[exercise_id]} of {judged} passed"
            key.add_row(f"{number}", Text(visible(exercise_id)), Text(share, style="dim"))
        used = {e.verdict for result in self.results for e in result.exercises}
        signs = [f"{SIGNS[verdict]} {verdict.words}" for verdict in SIGNS if verdict in used]
        if any(_partly(e) for result in self.results for e in result.exercises):
            signs.append(f"{_PARTLY} part of the points")
        yield Text()
        yield key
        yield Columns([Text(sign, style="dim") for sign in signs], padding=(0, 3))
        if any(result.handed_in.late for result in self.results):
            yield Text(f"{_LATE} handed in late", style="dim")
        if any(withheld(result) for result in self.results):
            yield Text(f"{_WITHHELD} {OURS}", style="magenta")
        yield Text()

    def _summary(self) -> str:
        ordered = sorted(self.results, key=lambda result: list(SIGNS).index(result.verdict))
        counts = Counter(map(standing, ordered))
        shares = (f"{count} {words}" for words, count in counts.items())
        line = f"{counted(len(self.results), 'submission')}: {', '.join(shares)}."
        whole = (result for result in self.results if result.exercises and not withheld(result))
        scores = [result.score for result in whole if result.score is not None]
        if not scores:
            return line
        highest = max(result.max_score for result in self.results)
        line += f" Mean score {points(sum(scores) / len(scores))} of {points(highest)}"
        if len(scores) < len(self.results):
            line += f", over the {len(scores)} graded in full"
        return f"{line}."

    def _said(self) -> Iterator[RenderableType]:
        """What is said of whole notebooks, where the table has no room for it."""
        said = [r for r in self.results if r.message and not _is_told(r)]
        for result in said[:_MOST_SAID]:
            name = Text(f"{visible(result.student)}: ", style=_style(result.verdict))
            yield Text.assemble(name, visible(result.message, limit=_LONGEST_REASON))
        if len(said) > _MOST_SAID:
            yield Text(f"… and {len(said) - _MOST_SAID} more, in their records", style="dim")

    def _misconceptions(self) -> Iterator[RenderableType]:
        """The most frequent ones, with how many students show each."""
        counts: Counter[tuple[str, str]] = Counter()
        messages: dict[tuple[str, str], str] = {}
        for result in self.results:
            for exercise in result.exercises:
                if exercise.diagnosis is not None:
                    found = (exercise.id, exercise.diagnosis.misconception)
                    counts[found] += 1
                    messages.setdefault(found, exercise.diagnosis.message)
        if not counts:
            return
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        for found, count in ordered[:_MOST_MISCONCEPTIONS]:
            names = " · ".join(visible(name, limit=60) for name in found)
            text = Text(visible(messages[found]))
            table.add_row(f"{count}×", Group(Text(names, style="bold"), text))
        yield Text()
        yield Text("Most frequent misconceptions", style="bold")
        yield table
        if len(ordered) > _MOST_MISCONCEPTIONS:
            yield Text(f"… and {len(ordered) - _MOST_MISCONCEPTIONS} more kinds", style="dim")

    def _flags(self) -> Iterator[RenderableType]:
        """What a teacher should look at; students are not told of it."""
        found = [
            Text(f"{visible(result.student)} · {visible(exercise.id)}: {visible(flag)}")
            for result in self.results
            for exercise in result.exercises
            for flag in exercise.flags
        ]
        if not found:
            return
        yield Text()
        yield Text("For you to look at", style="bold")
        yield from found[:_MOST_NOTES]
        if len(found) > _MOST_NOTES:
            yield Text(f"… and {len(found) - _MOST_NOTES} more, in the records", style="dim")


def _score_signs(result: SubmissionResult) -> str:
    """What is to be known of a score: that a part is withheld, that it was late."""
    is_part = bool(result.exercises) and withheld(result)
    return _WITHHELD * is_part + _LATE * result.handed_in.late


def _share(result: SubmissionResult) -> float | None:
    """How much of the points somebody has; None where nobody can say."""
    if withheld(result):
        return None
    return (result.score or 0) / result.max_score if result.max_score else 0.0


def _reason(result: SubmissionResult) -> str:
    """Why somebody could not be graded; the verdict says already that there is no notebook."""
    if result.exercises:
        return ""
    return result.message.removeprefix(NO_NOTEBOOK).strip() or result.message


def _is_told(result: SubmissionResult) -> bool:
    """Whether the table says all that is said of the notebook."""
    return 0 < len(_reason(result)) <= _SHORT_REASON


def _sign(exercise: ExerciseResult | None) -> Text:
    if exercise is None:
        return Text(" ")
    sign = _PARTLY if _partly(exercise) else SIGNS[exercise.verdict]
    return Text(sign, style=_style(exercise.verdict))


def _partly(exercise: ExerciseResult) -> bool:
    return exercise.verdict is Verdict.FAILED and bool(exercise.score)


def _standing(result: SubmissionResult | ExerciseResult) -> Text:
    return Text(standing(result), style=_style(result.verdict))


def _style(verdict: Verdict) -> str:
    return STYLES.get(verdict, _OTHER)


def _indented(renderable: RenderableType) -> Padding:
    return Padding(renderable, (0, 0, 0, 2))


def _lines(text: str) -> str:
    """Several lines start below their label, so that their columns stay aligned."""
    return f"\n{text}" if "\n" in text else text
