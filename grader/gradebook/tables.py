"""The gradebook in a terminal: one mark and what is behind it; statistics.

Every text of a submission becomes a `rich.text.Text`, never markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.gradebook.standings import Standing
from grader.gradebook.statistics import LessonStatistics, Passed
from grader.report.console import STYLES
from grader.report.text import visible
from grader.report.words import SIGNS, counted, points
from grader.report.words import score as over
from grader.results import Points, Verdict

BY_HAND, LATE, OLDER = "*", "L", "!"
WITHDRAWN = "W"
ZERO_BECAUSE = (Verdict.REJECTED, Verdict.NOT_HANDED_IN)
_MOST_MISCONCEPTIONS = 10


def statistics_table(lessons: Sequence[LessonStatistics]) -> RenderableType:
    """A table a lesson, and its misconceptions; the columns are explained by `--help`."""
    if not lessons:
        return Text("Nothing is graded yet.")
    parts: list[RenderableType] = []
    for lesson in lessons:
        title = f"{visible(lesson.lesson)}  {counted(lesson.students, 'student')}"
        table = plain_table()
        table.add_column("exercise", overflow="fold")
        for column in ("passed", "rate", "mean", "discrimination", "over attempts", "rate"):
            table.add_column(column, justify="right", overflow="fold")
        for one in lesson.exercises:
            mean = "–" if one.now.mean is None else over(one.now.mean, one.max_score)
            tells = "–" if one.discrimination is None else f"{one.discrimination:+.2f}"
            now, ever = _passed(one.now), _passed(one.over_attempts)
            table.add_row(Text(visible(one.id)), *now, mean, tells, *ever)
        parts += [Text(title, style="bold"), table, *_misconceptions(lesson), Text()]
    return Group(*parts[:-1])


def _misconceptions(lesson: LessonStatistics) -> Iterator[RenderableType]:
    if not lesson.misconceptions:
        return
    table = plain_table()
    for column in ("now", "ever", "attempts"):
        table.add_column(column, justify="right", overflow="fold")
    table.add_column("misconception", overflow="fold")
    for one in lesson.misconceptions[:_MOST_MISCONCEPTIONS]:
        name = Text(f"{visible(one.exercise)} · {visible(one.name)}", style="bold")
        counts = (str(one.now), str(one.students), str(one.attempts))
        table.add_row(*counts, Group(name, Text(visible(one.explanation))))
    yield Text()
    yield table
    if (rest := len(lesson.misconceptions) - _MOST_MISCONCEPTIONS) > 0:
        yield Text(f"… and {rest} more kinds: --format json has all", style="dim")


def _passed(passed: Passed) -> tuple[str, str]:
    rate = "–" if passed.rate is None else f"{100 * passed.rate:.0f}%"
    return f"{passed.passed} of {passed.count}", rate


def plain_table() -> Table:
    """An empty table without lines."""
    return Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)


def cell(standing: Standing, most: Points | None = None) -> Text:
    """A mark, and the signs of what is behind it.

    With `most`, as short as can be: without the maximum where it is that.
    """
    if standing.withdrawn_at and standing.score is None:
        return Text("withdrawn" if most is None else WITHDRAWN, style="dim")
    maximum = standing.max_score
    is_known = maximum is None or maximum == most
    shown = _score(standing.score) if is_known else over(standing.score, maximum or 0)
    if standing.score is None and most is not None:
        shown = SIGNS[Verdict.BROKEN]
    sign = f"{SIGNS[standing.verdict]} " if standing.verdict in ZERO_BECAUSE else ""
    style = STYLES.get(standing.verdict, "yellow") if standing.score is None else ""
    return Text(f"{sign}{shown}{signs(standing)}", style=style)


def signs(standing: Standing) -> str:
    """By hand, late, an earlier result: the signs behind a mark."""
    if standing.withdrawn_at and standing.score is None:
        return ""
    found = BY_HAND * bool(standing.overrides)
    return found + LATE * bool(standing.lateness.steps) + OLDER * (standing.now is not None)


def _score(score: Points | None) -> str:
    return "withheld" if score is None else points(score)


def remarks(standing: Standing, *, whose: bool = True, reason: bool = True) -> Iterator[Text]:
    """What is behind a mark: a line each; with the `reason` why there is nothing to grade."""
    found = list(standing.said)
    if standing.withdrawn_at is not None:
        found.append(f"withdrawn, noticed {time(standing.withdrawn_at)}.")
    if standing.lateness.steps:
        by = standing.lateness.by
        when = f"late by {duration(by)}" if by is not None else "late"
        steps = counted(standing.lateness.steps, "step")
        taken = f": −{points(standing.penalty)}" if standing.penalty else ""
        found.append(f"{when}, {steps} of the policy{taken}.")
    for override in standing.overrides:
        of = f"{override.exercise}: " if override.exercise else ""
        value = "–" if override.points is None else points(override.points)
        found.append(f"{of}{value} by hand of {override.author}: {override.reason}")
    if standing.now is not None:
        found.append(f"now {standing.now.words}; the earlier result stands.")
    if reason and standing.verdict in ZERO_BECAUSE and standing.message:
        found.append(standing.message)
    for text in found:
        who = f"{visible(standing.person.name)} · {visible(standing.lesson)}: "
        yield Text.assemble((who, "cyan") if whose else "", visible(text))


def time(moment: datetime) -> str:
    """A time as people write it, in the zone of this machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def duration(time: timedelta) -> str:
    """A time in its two largest units: `2 d 3 h`, `40 min`, `12 s`."""
    seconds = round(time.total_seconds())
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
