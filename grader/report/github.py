"""What GitHub Actions shows of a grading: annotations beside the run, and the job's summary."""

# `from __future__ import annotations` would take the name of the function `annotations`.

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

from grader.report.details import details
from grader.report.final_marks import AS_GRADED, FinalMark, FinalMarks, mark_of
from grader.report.plain import gist
from grader.report.text import visible, visible_lines
from grader.report.words import OURS, SIGNS, counted, score, standing, unhappy, unhappy_checks
from grader.results import CheckResult, ExerciseResult, SubmissionResult, Verdict

MOST_ANNOTATIONS = 10  # errors that GitHub shows of one step
SUMMARY_BYTES = 1024 * 1024  # of one step's summary; more, and GitHub shows none of it
_RESERVE = 300
_ANNOTATION = 1000  # characters of a student's text in one annotation
_MARKUP = re.compile(r"www(?=\.)|://|[^\w\s,.()–…−×✔✘·]|_", re.IGNORECASE)


def write(
    results: Sequence[SubmissionResult],
    stdout: TextIO,
    environ: Mapping[str, str],
    marks: FinalMarks = AS_GRADED,
) -> None:
    """Print what was graded and its annotations, and append the summary to GitHub's file.

    A student's text reaches `stdout` only where it cannot be a workflow command. Nothing is
    appended where GITHUB_STEP_SUMMARY is not set.
    """
    with commands_stopped(stdout):
        for result in results:
            stdout.write(f"{_headline(result)}\n")
            for line in _counts(result, mark_of(result, marks)):
                stdout.write(f"  {line}\n")
    for annotation in annotations(results):
        stdout.write(f"{annotation}\n")
    stdout.flush()
    if target := environ.get("GITHUB_STEP_SUMMARY"):
        path = Path(target)
        taken = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            room = SUMMARY_BYTES - taken - 1
            file.write(b"\n" + summary(results, marks, limit=room).encode())


@contextmanager
def commands_stopped(stdout: TextIO) -> Iterator[None]:
    """Whatever is printed inside is shown as it is: GitHub obeys no command in it.

    The commands start again with a token that is drawn anew, so no text can know it.
    """
    token = secrets.token_hex(16)
    stdout.write(f"\n::stop-commands::{token}\n")
    try:
        yield
    finally:
        stdout.write(f"\n::{token}::\n")


def annotations(results: Sequence[SubmissionResult]) -> list[str]:
    """At most ten `::error` commands: one for each unhappy exercise, those with a diagnosis first.

    Where there are more, the last says how many, and that the job summary has them.
    """
    found = [entry for result in results for entry in _entries(result)]
    if len(found) > MOST_ANNOTATIONS:
        found.sort(key=lambda entry: not entry[0])
        rest = len(found) - (MOST_ANNOTATIONS - 1)
        found = found[: MOST_ANNOTATIONS - 1]
        text = f"{counted(rest, 'more exercise')} without full marks: the job summary has them all."
        found.append((False, f"::error title=And more::{_data(text)}"))
    return [command for _, command in found]


def summary(
    results: Sequence[SubmissionResult],
    marks: FinalMarks = AS_GRADED,
    *,
    limit: int = SUMMARY_BYTES,
) -> str:
    """Markdown of at most `limit` bytes: each submission's table of exercises, then details.

    What does not fit is left out, and the end says so.
    """
    pieces = [partial(_overview, result, mark_of(result, marks)) for result in results]
    for result in results:
        pieces += _explanations(result, prefix=visible(result.student) if len(results) > 1 else "")
    room, kept = limit - _RESERVE, []
    for piece in pieces:
        part = piece()
        room -= len(part.encode()) + 1
        if room < 0:
            break
        kept.append(part)
    if len(kept) < len(pieces):
        left = counted(len(pieces) - len(kept), "more part")
        note = f"… {left} left out: GitHub shows at most 1 MiB. The records have everything.\n"
        kept = [*kept, note] if len(note.encode()) <= limit else []
    return "\n".join(kept)


def _entries(result: SubmissionResult) -> list[tuple[bool, str]]:
    """(has a diagnosis, the command) for each exercise that did not pass, or for the notebook."""
    unhappy_exercises = [e for e in result.exercises if unhappy(e.verdict)]
    found = [
        (
            exercise.diagnosis is not None,
            _error(result, f"{exercise.id}: {exercise.verdict.words}", gist(exercise)),
        )
        for exercise in unhappy_exercises
    ]
    if unhappy(result.verdict) and not found:
        title = f"{result.lesson}: {result.verdict.words}"
        found.append((False, _error(result, title, result.message)))
    return found


def _error(result: SubmissionResult, title: str, message: str) -> str:
    where = _property(visible(result.notebook.path))
    heading = _property(f"{visible(result.student, limit=80)} · {visible(title)}")
    text = visible_lines(message, limit=_ANNOTATION) or visible(title)
    return f"::error file={where},title={heading}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _headline(result: SubmissionResult) -> str:
    who = f"{visible(result.student)} · {visible(result.lesson)}"
    return f"{who}: {standing(result)}, {score(result.score, result.max_score)}"


def _counts(result: SubmissionResult, mark: FinalMark) -> list[str]:
    """The mark that counts where it is not what the headline says, and why it is not."""
    said = [visible(sentence) for sentence in mark.said]
    if mark.score == result.score and not said:
        return []
    highest = result.max_score if mark.max_score is None else mark.max_score
    return [f"Mark: {score(mark.score, highest)}", *said]


def _overview(result: SubmissionResult, mark: FinalMark) -> str:
    lines = [f"## {SIGNS[result.verdict]} {_inline(_headline(result))}", ""]
    if result.message:
        lines += [_fenced(visible_lines(result.message)), ""]
    lines += [f"- {_inline(line)}" for line in _counts(result, mark)]
    lines += [f"- Note: {_inline(visible(note))}" for note in result.notes[:20]]
    lines += [
        f"- Cell {cell.number} ({_inline(visible(cell.first_line))}): "
        f"{_inline(visible(cell.message))}"
        for cell in result.failed_cells[:20]
        if cell.because_of is None
    ]
    lines += [""] if lines[-1] else []
    if result.exercises:
        lines += ["| exercise | verdict | score |", "|---|---|--:|"]
        lines += [_row(exercise) for exercise in result.exercises]
    flags = [(exercise.id, flag) for exercise in result.exercises for flag in exercise.flags]
    lines += ["", "For you to look at:", ""] if flags else []
    lines += [f"- {_inline(visible(i))}: {_inline(visible(flag))}" for i, flag in flags[:20]]
    return "\n".join(lines) + "\n"


def _explanations(result: SubmissionResult, *, prefix: str) -> list[partial[str]]:
    """For each unhappy exercise what it is, then each unhappy check; written only when called."""
    pieces = []
    for exercise in result.exercises:
        if unhappy(exercise.verdict):
            pieces.append(partial(_introduction, exercise, prefix))
            pieces += [partial(_explained, check) for check in unhappy_checks(exercise)]
    return pieces


def _row(exercise: ExerciseResult) -> str:
    name = f"{_inline(visible(exercise.id))} – {_inline(visible(exercise.title))}"
    verdict = f"{SIGNS[exercise.verdict]} {exercise.verdict.words}"
    return f"| {name} | {verdict} | {score(exercise.score, exercise.max_score)} |"


def _introduction(exercise: ExerciseResult, prefix: str) -> str:
    name = " · ".join(filter(None, (prefix, visible(exercise.id))))
    lines = [f"### {_inline(name)}: {exercise.verdict.words}", ""]
    if exercise.verdict is Verdict.BROKEN:
        lines += [OURS, ""]
    if exercise.diagnosis is not None:
        diagnosis = _inline(visible(exercise.diagnosis.message, limit=2000))
        lines += [f"> **This looks like:** {diagnosis}", ""]
    if exercise.message:
        lines += [_fenced(visible_lines(exercise.message)), ""]
    return "\n".join(lines) + "\n"


def _explained(check: CheckResult) -> str:
    statement = _inline(visible(check.statement, limit=2000))
    lines = [f"**{SIGNS[check.verdict]} {check.verdict.words}:** {statement}", ""]
    if check.message:
        lines += [_fenced(visible_lines(check.message)), ""]
    for detail in details(check, width=100):
        label = [f"{_inline(detail.label)}:", ""] if detail.label else []
        lines += [*label, _fenced(detail.text), ""]
    return "\n".join(lines) + "\n"


def _fenced(text: str) -> str:
    """A code block whose fence is longer than any run of backticks in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _inline(line: str) -> str:
    """A visible line in which nothing is Markdown, HTML, a link or a mention of somebody."""
    return _MARKUP.sub(_entity, line)


def _entity(match: re.Match[str]) -> str:
    # The word joiner (8288) keeps GitHub from seeing a link, `@name` or `#12` in the finished text.
    if match[0].isalpha():
        return f"{match[0]}&#8288;"
    joiner = "&#8288;" if match[0] in ("@", "#", "://") else ""
    return joiner.join(f"&#{ord(character)};" for character in match[0]) + joiner
