"""What a student sees under a check cell: an HTML fragment, and the same in plain text."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.report.curves import curves_picture
from grader.report.exhibits import Exhibit, comparison, inputs
from grader.report.text import visible, visible_lines
from grader.report.words import SIGNS, counted, score, unhappy
from grader.results import Verdict

if TYPE_CHECKING:
    import jinja2

    from grader.results import CheckResult, ExerciseResult

_TEXT = 2000

_COLORS = {Verdict.PASSED: "#1a7f37", Verdict.FAILED: "#b3261e", Verdict.BROKEN: "#7b2cbf"}
_QUIET = "#57606a"
_QUIET_VERDICTS = (Verdict.NOT_ATTEMPTED, Verdict.SKIPPED)
_TROUBLE = "#8a4b00"

HEADINGS = {
    Verdict.PASSED: "Passed",
    Verdict.FAILED: "Not there yet",
    Verdict.NOT_ATTEMPTED: "Not started yet",
    Verdict.ERROR: "Your code raised an error",
    Verdict.TIMEOUT: "Your code took too long",
    Verdict.MEMORY: "Your code used too much memory",
    Verdict.OUTPUT_LIMIT: "Your code printed too much",
    Verdict.CRASHED: "Your code ended the whole process",
    Verdict.SKIPPED: "Skipped",
    Verdict.REJECTED: "Not accepted as it stands",
    Verdict.BROKEN: "A fault of ours",
    Verdict.NOT_HANDED_IN: "Not handed in",
}
"""The verdict of an exercise as its student reads it."""
BROKEN = (
    "This check itself is broken. The fault is ours, not yours: your work is safe, nothing is "
    "lost, and no points are taken. Please tell your instructor, and go on with the next exercise."
)
"""What the student reads of a check that failed for a fault of ours."""
_WELL_DONE = "Everything asked for holds. Well done: go on."


@dataclass(frozen=True)
class _Statement:
    """One check as the page shows it."""

    sign: str
    words: str
    color: str
    text: str
    score: str
    message: str = ""
    call: str = ""
    inputs: tuple[Exhibit, ...] = ()
    values: tuple[Exhibit, ...] = ()
    note: str = ""
    hint: str = ""


def feedback_html(result: ExerciseResult, *, hints_left: int) -> str:
    """What became of an exercise, as HTML that stands by itself: no script, nothing to load."""
    return _template().render(
        id=visible(result.id),
        title=visible(result.title),
        heading=HEADINGS[result.verdict],
        sign=_sign(result.verdict),
        color=_color(result.verdict),
        score=score(result.score, result.max_score),
        messages=_messages(result),
        statements=[_statement(check, said=result.message) for check in result.checks],
        diagnosis=visible_lines(result.diagnosis.message) if result.diagnosis else "",
        next_step=_next_step(result, hints_left),
    )


def feedback_text(result: ExerciseResult, *, hints_left: int, width: int = 80) -> str:
    """The same as plain text without colors, in lines of at most `width`."""
    from rich.console import Console  # notebooks show the HTML
    from rich.text import Text

    from grader.report.console import exercise_report

    page = io.StringIO()
    # Told that this is no notebook: there, rich would also display what it writes.
    console = Console(
        file=page,
        width=width,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
    )
    console.print(exercise_report(result))
    if result.verdict is Verdict.PASSED:
        console.print(Text(_WELL_DONE))
    if step := _next_step(result, hints_left):
        console.print(Text(f"{step[0]} Run {step[1]} {step[2]}."))
    return "\n".join(line.rstrip() for line in page.getvalue().split("\n"))


def _messages(result: ExerciseResult) -> list[str]:
    ours = {Verdict.PASSED: _WELL_DONE, Verdict.BROKEN: BROKEN}.get(result.verdict, "")
    return [text for text in (ours, visible_lines(result.message, limit=_TEXT)) if text]


def _next_step(result: ExerciseResult, hints_left: int) -> tuple[str, str, str] | None:
    """What to run next, as (question, code, remark); None where there is nothing more to do."""
    if hints_left <= 0 or result.verdict in (Verdict.PASSED, Verdict.BROKEN):
        return None
    question = "Where to begin?" if result.verdict is Verdict.NOT_ATTEMPTED else "Stuck?"
    return question, f'hint("{visible(result.id)}")', f"({counted(hints_left, 'hint')} left)"


def _sign(verdict: Verdict) -> str:
    return SIGNS[verdict] if verdict in _COLORS or verdict in _QUIET_VERDICTS else "!"


def _color(verdict: Verdict) -> str:
    return _COLORS.get(verdict, _QUIET if verdict in _QUIET_VERDICTS else _TROUBLE)


def _statement(check: CheckResult, *, said: str) -> _Statement:
    words = "to do" if check.verdict is Verdict.NOT_ATTEMPTED else check.verdict.words
    if check.verdict is Verdict.SKIPPED:
        words = "skipped until the one before holds"
    plain = _Statement(
        sign=_sign(check.verdict),
        words=words,
        color=_color(check.verdict),
        text=visible_lines(check.statement),
        score=score(check.score, check.max_score),
    )
    if not unhappy(check.verdict):
        return plain
    values, note = comparison(check)
    if check.curves is not None:
        values += (Exhibit("your curves", picture=curves_picture(check.curves)),)
    return _Statement(
        **vars(plain)
        | {
            "message": "" if check.message == said else visible_lines(check.message, limit=_TEXT),
            "call": visible(check.call),
            "inputs": inputs(check.given),
            "values": values,
            "note": note,
            "hint": visible_lines(check.hint, limit=_TEXT),
        }
    )


@cache
def _template() -> jinja2.Template:
    import jinja2  # a kernel pays for it at the first feedback, not at import

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("feedback.html.j2")
