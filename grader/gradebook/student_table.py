"""One student in a terminal: what stands of each exercise and why, and what came before.

Every text of a submission becomes a `rich.text.Text`, never markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.gradebook.commenting import Comment
from grader.gradebook.history import Past, PastAttempt
from grader.gradebook.late import moment
from grader.gradebook.standings import Standing
from grader.gradebook.tables import cell, remarks, time
from grader.report.console import STYLES
from grader.report.text import visible, visible_lines
from grader.report.words import SIGNS, counted, points, standing, unhappy, unhappy_checks
from grader.report.words import score as over
from grader.results import ExerciseResult, SubmissionResult, Verdict

_MOST_EXERCISES = 60
_MOST_ATTEMPTS = 30
_MOST_CELLS = 5
_SENTENCE = 240  # characters of why an exercise did not pass


def past_table(past: Past, standings: Sequence[Standing]) -> RenderableType:
    """What stands of each lesson, its attempts, and the marks that were given or taken back."""
    person = past.person
    told = (person.number, person.email, person.section, "with " + ", ".join(person.group))
    head = Text(visible(person.name), style="bold")
    head.append("".join(f"  {visible(text)}" for text in told[: 3 + bool(person.group)] if text))
    parts: list[RenderableType] = [head]
    for one in standings:
        title = Text(visible(one.lesson), style="bold")
        parts += [Text(), Text.assemble(title, "  ", cell(one), f"  {one.status}")]
        parts += [_indented(line) for line in remarks(one, whose=False)]
        parts += [_indented(each) for each in map(_comment, one.comments)]
        record = past.records.get(one.lesson)
        parts += [_indented(each) for each in _what_stands(record, one)] if record else []
        own = [attempt for attempt in past.attempts if attempt.lesson == one.lesson]
        parts += [_indented(line) for line in _attempts(own)]
    return Group(*parts, *_by_hand(past))


def _what_stands(record: SubmissionResult, one: Standing) -> Iterator[RenderableType]:
    """Each exercise of the record that stands, and the cells that did not run."""
    by_hand = {each.exercise: each.points for each in one.overrides if each.points is not None}
    exercises = record.exercises[:_MOST_EXERCISES]
    for exercise in exercises:
        given = by_hand.get(exercise.id)
        yield _exercise(exercise, "" if given is None else f"  {points(given)} by hand")
    if (rest := len(record.exercises) - len(exercises)) > 0:
        yield Text(f"… and {counted(rest, 'exercise')} more, in the record", style="dim")
    causes = [failed for failed in record.failed_cells if failed.because_of is None]
    for failed in causes[:_MOST_CELLS]:
        where = f"cell {failed.number} ({_sentence(failed.first_line)}): "
        yield Text.assemble((where, "dim"), _sentence(failed.message))
    if (rest := len(causes) - _MOST_CELLS) > 0:
        yield Text(f"… and {counted(rest, 'cell')} more that did not run to the end", style="dim")
    if record.exercises or causes:
        yield Text()


def _exercise(exercise: ExerciseResult, by_hand: str) -> RenderableType:
    """Its sign, name, points and verdict in a line; below, why it did not pass."""
    style = STYLES.get(exercise.verdict, "yellow")
    line = Text.assemble(
        visible(exercise.id),
        f"  {over(exercise.score, exercise.max_score)}  ",
        (standing(exercise), style),
        by_hand,
    )
    told: list[Text] = [line]
    if why := _sentence(_why(exercise)):
        told.append(Text(why))
    told += [Text(f"look at this: {_sentence(flag)}", "yellow") for flag in exercise.flags[:3]]
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text(SIGNS[exercise.verdict], style=style), Group(*told))
    return grid


def _why(exercise: ExerciseResult) -> str:
    """What the student did wrong: the diagnosis, else what the first check that failed says."""
    if not unhappy(exercise.verdict):
        return ""
    if exercise.diagnosis is not None:
        return exercise.diagnosis.message
    if exercise.message:
        return exercise.message
    for check in unhappy_checks(exercise):
        if check.verdict is not Verdict.NOT_ATTEMPTED:
            return check.message or f"This does not hold: {check.statement}"
    return ""


def _sentence(text: str) -> str:
    """A text in one line, of bounded length, whatever is in it."""
    return visible(" ".join(text.split()), limit=_SENTENCE)


def _attempts(attempts: Sequence[PastAttempt]) -> Iterator[Text]:
    """A line each, of the newest ones if there are many; the one that stands is among them."""
    older = [each for each in attempts[:-_MOST_ATTEMPTS] if not each.stands]
    if older:
        yield Text(f"… and {counted(len(older), 'older attempt')}", style="dim")
    for attempt in attempts:
        if attempt not in older:
            yield _attempt(attempt)


def _attempt(attempt: PastAttempt) -> Text:
    """One attempt in a line: when it was graded, what came of it, and whether it counts."""
    points_of = f" {over(attempt.score, attempt.max_score)}" if attempt.max_score else ""
    told = [f"{time(attempt.graded_at)}  {attempt.status}{points_of}"]
    if attempt.handed_in:
        read = moment(attempt.handed_in, end=False)
        when = time(read) if read else visible(attempt.handed_in)
        told.append(f"handed in {when}")
    told += ["late"] * attempt.late + ["stands"] * attempt.stands
    if attempt.withdrawn_at is not None:
        told.append(f"withdrawn, noticed {time(attempt.withdrawn_at)}")
    told.append(visible(attempt.path))
    return Text(" · ".join(filter(None, told)), style="" if attempt.stands else "dim")


def _comment(comment: Comment) -> RenderableType:
    """What was written to the student, by whom and when; its lines stay lines."""
    of = f"{comment.exercise}, " if comment.exercise else ""
    said = f"{of}{comment.author} wrote, {time(comment.made_at)}:"
    return Group(Text(visible(said), "cyan"), Padding(Text(visible_lines(comment.text)), (0, 2)))


def _by_hand(past: Past) -> Iterator[Text]:
    """Every mark that was given or taken back by hand, a line each."""
    if past.overrides:
        yield Text()
        yield Text("Marks by hand", style="bold")
    for lesson, override in past.overrides:
        place = f"{lesson}/{override.exercise}" if override.exercise else lesson
        given = "taken back" if override.points is None else f"{points(override.points)} by hand"
        reason = f": {visible(override.reason)}" if override.reason else ""
        who = f"{time(override.made_at)}  {visible(override.author)}"
        yield Text(f"{who}  {visible(place)}  {given}{reason}")


def _indented(renderable: RenderableType) -> Padding:
    return Padding(renderable, (0, 0, 0, 2))
