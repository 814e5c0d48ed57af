"""The gradebook in a terminal: a class's standings, and statistics.

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
from grader.report.words import SIGNS, counted, place_of, points
from grader.report.words import score as over
from grader.results import Points, Verdict

_MOST = 40  # lines of remarks
_BY_HAND, _LATE, _OLDER = "*", "L", "!"
_ZERO_BECAUSE = (Verdict.REJECTED, Verdict.NOT_HANDED_IN)
_MOST_MISCONCEPTIONS = 10


def standings_table(standings: Sequence[Standing], policy: str) -> RenderableType:
    """A row a student, a column a lesson; below, what is behind a mark that is not as graded."""
    if not standings:
        return Text("Nothing is graded yet.")
    lessons = sorted({standing.lesson for standing in standings}, key=place_of)
    table = _table()
    table.add_column("student", overflow="fold")
    for lesson in lessons:
        table.add_column(Text(visible(lesson)), justify="right", overflow="fold")
    by_student: dict[str, dict[str, Standing]] = {}
    for standing in standings:
        by_student.setdefault(standing.person.name, {})[standing.lesson] = standing
    for name, own in by_student.items():
        cells = [cell(own[lesson]) if lesson in own else Text("") for lesson in lessons]
        table.add_row(Text(visible(name)), *cells)
    parts: list[RenderableType] = [table, Text(), *_key(standings, policy)]
    lines = [line for standing in standings for line in remarks(standing)]
    parts += lines[:_MOST]
    if len(lines) > _MOST:
        rest = len(lines) - _MOST
        parts.append(Text(f"… and {rest} more: `grader show FOLDER STUDENT`", style="dim"))
    return Group(*parts)


def statistics_table(lessons: Sequence[LessonStatistics]) -> RenderableType:
    """A table a lesson, and its misconceptions; the columns are explained by `--help`."""
    if not lessons:
        return Text("Nothing is graded yet.")
    parts: list[RenderableType] = []
    for lesson in lessons:
        title = f"{visible(lesson.lesson)}  {counted(lesson.students, 'student')}"
        table = _table()
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
    table = _table()
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


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)


def cell(standing: Standing) -> Text:
    """A mark, and the signs of what is behind it."""
    if standing.withdrawn_at and standing.score is None:
        return Text("withdrawn", style="dim")
    maximum = standing.max_score
    shown = over(standing.score, maximum) if maximum is not None else _score(standing.score)
    sign = f"{SIGNS[standing.verdict]} " if standing.verdict in _ZERO_BECAUSE else ""
    signs = _BY_HAND * bool(standing.overrides)
    signs += _LATE * bool(standing.lateness.steps) + _OLDER * (standing.now is not None)
    style = STYLES.get(standing.verdict, "yellow") if standing.score is None else ""
    return Text(f"{sign}{shown}{signs}", style=style)


def _score(score: Points | None) -> str:
    return "withheld" if score is None else points(score)


def _key(standings: Sequence[Standing], policy: str) -> Iterator[Text]:
    meanings = [
        f"{SIGNS[verdict]} {verdict.words}"
        for verdict in _ZERO_BECAUSE
        if any(standing.verdict is verdict for standing in standings)
    ]
    if any(standing.overrides for standing in standings):
        meanings.append(f"{_BY_HAND} by hand")
    if any(standing.lateness.steps for standing in standings):
        meanings.append(f"{_LATE} late (policy: {policy})")
    if any(standing.now for standing in standings):
        meanings.append(f"{_OLDER} an earlier result stands")
    if meanings:
        yield Text("   ".join(meanings), style="dim")


def remarks(standing: Standing, *, whose: bool = True) -> Iterator[Text]:
    """What is behind a mark: a line each."""
    found = list(standing.said)
    if standing.withdrawn_at is not None:
        found.append(f"withdrawn, noticed {time(standing.withdrawn_at)}.")
    if standing.lateness.steps:
        by = standing.lateness.by
        when = f"late by {_duration(by)}" if by is not None else "late"
        steps = counted(standing.lateness.steps, "step")
        taken = f": −{points(standing.penalty)}" if standing.penalty else ""
        found.append(f"{when}, {steps} of the policy{taken}.")
    for override in standing.overrides:
        of = f"{override.exercise}: " if override.exercise else ""
        value = "–" if override.points is None else points(override.points)
        found.append(f"{of}{value} by hand of {override.author}: {override.reason}")
    if standing.now is not None:
        found.append(f"now {standing.now.words}; the earlier result stands.")
    if standing.verdict in _ZERO_BECAUSE and standing.message:
        found.append(standing.message)
    for text in found:
        who = f"{visible(standing.person.name)} · {visible(standing.lesson)}: "
        yield Text.assemble((who, "cyan") if whose else "", visible(text))


def time(moment: datetime) -> str:
    """A time as people write it, in the zone of this machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _duration(time: timedelta) -> str:
    """A time in its two largest units: `2 d 3 h`, `40 min`, `12 s`."""
    seconds = round(time.total_seconds())
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
