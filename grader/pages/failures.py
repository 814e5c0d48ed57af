"""Why exercises did not pass: each failure under a cause that has a name, and who shows it.

What was diagnosed is a misconception. All else is grouped under what a record tells: that the code
rests on another exercise, that there is no answer yet, what it raised and where, which limit it
met, that others' answers compute the same, and at last which statement does not hold.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from grader.report.words import place_of, unhappy, unhappy_checks
from grader.results import CheckResult, ExerciseResult, SubmissionResult, Verdict


class Kind(StrEnum):
    """What kind of a cause it is; the words are what a teacher reads."""

    MISCONCEPTION = "misconception"
    SAME_ANSWER = "same wrong answer"
    RESTS = "rests on another exercise"
    NO_ANSWER = "no answer"
    LOST = "a cell failed before"
    ERROR = "error"
    LIMIT = "limit"
    STATEMENT = "a statement does not hold"


@dataclass(frozen=True)
class Cause:
    """Why an exercise did not pass; two with the same `key` of one exercise are the same.

    `name` is what it is called, in plain words; text from a notebook may stand in it.
    """

    kind: Kind
    key: str
    name: str

    @property
    def named(self) -> bool:
        """Whether more is known than which statement does not hold."""
        return self.kind is not Kind.STATEMENT


@dataclass(frozen=True)
class Failures:
    """All failures of one exercise with the same cause.

    `students` show it, by name; `said` is the sentence that they read, and `example` a check of
    one of them, None where there is no call to show.
    """

    lesson: str
    exercise: str
    title: str
    cause: Cause
    students: tuple[str, ...]
    said: str
    example: CheckResult | None

    @property
    def is_misconception(self) -> bool:
        """Whether it was diagnosed as a misconception."""
        return self.cause.kind is Kind.MISCONCEPTION


# How messages of `judging.diagnose`, `grading.notebook_grading` and `errors` begin or go on.
_RESTS = re.compile(r"Your code rests on (`\w+`(?: and `\w+`)*), which do(?:es)? not pass yet")
_LOST = re.compile(r"`(\w+)` is missing: ")
_RAISED = re.compile(r"\braised (\w+)")
_PLACEHOLDER = re.compile(r"is still the starter's `\.\.\.`")
_UNDEFINED = re.compile(r"Define `\w+` first")

_LIMITS = {
    Verdict.TIMEOUT: "Does not end in time",
    Verdict.MEMORY: "Takes too much memory",
    Verdict.OUTPUT_LIMIT: "Prints too much",
    Verdict.CRASHED: "Ends the whole process",
}


def failed(result: ExerciseResult) -> bool:
    """Whether a student missed points of it that the grader judged: a fault of ours is none."""
    return unhappy(result.verdict) and result.verdict is not Verdict.BROKEN


def cause_of(result: ExerciseResult) -> Cause:
    """Why an exercise did not pass, as far as its record alone tells."""
    if result.diagnosis is not None:
        name = result.diagnosis.misconception
        return Cause(Kind.MISCONCEPTION, name, name.replace("_", " "))
    checks = unhappy_checks(result)
    message = result.message or next((one.message for one in checks if one.message), "")
    if found := _RESTS.search(message):
        return Cause(Kind.RESTS, found[1], f"Rests on {found[1]}, which does not pass")
    if found := _LOST.match(message):
        raised = _RAISED.search(message)
        how = f"raised {raised[1]}" if raised else "did not run to its end"
        how = "did not end in time" if "did not end within" in message else how
        return Cause(Kind.LOST, how, f"The cell that defines it {how}")
    if result.verdict is Verdict.NOT_ATTEMPTED:
        return _no_answer(message)
    if result.verdict in _LIMITS:
        return Cause(Kind.LIMIT, result.verdict.value, _LIMITS[result.verdict])
    first = checks[0] if checks else None
    if result.verdict is Verdict.ERROR and (raised := _RAISED.search(message)):
        where = first.statement if first else ""
        key = f"{raised[1]} {first.name if first else ''}"
        return Cause(Kind.ERROR, key, f"Raises {raised[1]}{f' where: {where}' if where else ''}")
    if first is None:
        return Cause(Kind.STATEMENT, result.verdict.value, result.verdict.words)
    return Cause(Kind.STATEMENT, first.name, f"Does not hold: {first.statement}")


def _no_answer(message: str) -> Cause:
    if _PLACEHOLDER.search(message):
        return Cause(Kind.NO_ANSWER, "placeholder", "The starter's `...` is still there")
    if _UNDEFINED.search(message):
        return Cause(Kind.NO_ANSWER, "undefined", "No cell defines it")
    return Cause(Kind.NO_ANSWER, "", "Not attempted")


def failures_in(results: Iterable[SubmissionResult]) -> tuple[Failures, ...]:
    """All failures by exercise and cause, the most frequent ones first."""
    groups: dict[tuple[str, str, Kind, str], list[_Failure]] = defaultdict(list)
    for one in _each(list(results)):
        groups[one.lesson, one.result.id, one.cause.kind, one.cause.key].append(one)
    return tuple(sorted(map(_together, groups.values()), key=_place))


def _place(one: Failures) -> tuple[int, bool, tuple[int, str], str, str]:
    """The most frequent ones first; of equal ones, as lessons are taught."""
    lesson = place_of(one.lesson)
    return (-len(one.students), not one.is_misconception, lesson, one.exercise, one.cause.name)


@dataclass(frozen=True)
class _Failure:
    lesson: str
    student: str
    result: ExerciseResult
    cause: Cause


def _each(results: list[SubmissionResult]) -> Iterator[_Failure]:
    """Every failure, one by one.

    Where only the statement is known and several answers compute the same, that is their cause.
    """
    alike = Counter(
        (one.lesson, each.id, each.computes)
        for one in results
        for each in one.exercises
        if each.computes and failed(each) and not cause_of(each).named
    )
    for one in results:
        for each in one.exercises:
            if not failed(each):
                continue
            cause = cause_of(each)
            if not cause.named and alike[one.lesson, each.id, each.computes] > 1:
                cause = Cause(Kind.SAME_ANSWER, each.computes, f"The same answer, {_wrong(each)}")
            yield _Failure(one.lesson, one.student, each, cause)


def _wrong(result: ExerciseResult) -> str:
    """What is wrong about an answer, in words: the first check that fails with what it says."""
    check = unhappy_checks(result)[0]
    if check.call and check.expected and check.received and not check.received.array:
        return f"{check.received.text} for {check.expected.text} in {check.call}"
    return check.message or check.statement


def _together(group: list[_Failure]) -> Failures:
    """Failures with the same cause; what is said is the first student's."""
    first = group[0].result
    shown = [
        check
        for one in group
        for check in unhappy_checks(one.result)
        if check.received is not None or check.curves is not None
    ]
    said = first.diagnosis.message if first.diagnosis else first.message
    if not said:
        said = next((one.message for one in unhappy_checks(first) if one.message), "")
    return Failures(
        lesson=group[0].lesson,
        exercise=first.id,
        title=first.title,
        cause=group[0].cause,
        students=tuple(one.student for one in group),
        said=said,
        example=min(shown, key=_length, default=None),
    )


def _length(check: CheckResult) -> tuple[bool, int]:
    """How hard an example is to read: those with a call first, then the shorter ones."""
    texts = [check.call, *(one.value.text for one in check.given)]
    texts += [one.text for one in (check.expected, check.received) if one]
    return (not check.call, sum(map(len, texts)))
