"""Decides what holds: an exercise's checks against the names of a notebook.

The same code judges in the notebook, in the judge's own process and in unit tests; only the way to
the names (`Ask`) differs.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.errors import (
    ABSENT,
    Mismatch,
    Missing,
    OutOfMemory,
    OutOfTime,
    Placeholder,
    Raised,
    Stopped,
    TooMuchOutput,
    Untransferable,
)
from grader.judging.asking import Ask, Call, ShownCall, StudentNames
from grader.judging.exercise import Check, Exercise
from grader.judging.expect.models import failed_in
from grader.judging.format import format_curves, format_value
from grader.judging.resolving import forbidden_uses, homes
from grader.judging.statements import Use
from grader.results import CheckResult, ExerciseResult, Given, Verdict, overall

PUBLIC_SECRET = b"the seed that students see"
"""The secret of a student's own checks: public, so that feedback is the same for everybody."""

# Once a call did not end, an exercise's others are not waited for like that again, but shortly: a
# function may loop in one case only. When that many did not end, no other check is asked.
_MOST_LOOPS = 2

# What Python, NumPy and TensorFlow raise where memory is refused to them.
_MEMORY_ERRORS = ("MemoryError", "_ArrayMemoryError", "ResourceExhaustedError")

_TOO_LARGE = "Your answer takes more memory than judging it has. Return a smaller one."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """The result of one exercise, and what a diagnosis needs: the failed checks' calls and values.

    `values` are the student's objects that are not functions, by name; `endless` the functions of
    which a call did not end. `shown` are the calls that the results show, by the name of the check.
    """

    result: ExerciseResult
    calls: tuple[Call, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    endless: frozenset[str] = frozenset()
    shown: dict[str, ShownCall] = field(default_factory=dict)


def rng_for(
    secret: bytes, exercise: Exercise, check: Check, code: str, attempt: int = 0
) -> np.random.Generator:
    """The random generator of one check: the same for the same secret, check and student's code.

    `attempt` counts how often the exercise was judged before: cases do not come back.
    """
    code_digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
    named = f"{exercise.id}\0{check.name}\0{code_digest}\0{attempt}"
    digest = hmac.new(secret, named.encode(), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest))


def judge(
    exercise: Exercise,
    ask: Ask,
    *,
    secret: bytes,
    code: str,
    cells: Sequence[str] = (),
    numbers: Sequence[int] = (),
    attempt: int = 0,
) -> Judgement:
    """Run every check of `exercise` and say what holds.

    `code` is the student's source for this exercise; with `secret`, and how often the exercise was
    judged before, it decides the random cases. `cells` are the notebook's code cells so far, which
    are searched for what an exercise by hand may not use; `numbers` are what a person calls them.
    """
    forbidden, dynamic = forbidden_uses(cells, exercise.names, exercise.forbid)
    if forbidden:
        return Judgement(_not_by_hand(exercise, forbidden, cells, numbers))
    names = StudentNames(ask, exercise)
    names.cells = dict(zip(numbers, cells, strict=False))
    results: list[CheckResult] = []
    verdicts: dict[Check, Verdict] = {}
    for check in exercise.checks:
        rng = rng_for(secret, exercise, check, code, attempt)
        result = _judge_check(exercise, check, names, verdicts, rng)
        verdicts[check] = result.verdict
        results.append(result)
    verdict = overall([result.verdict for result in results])
    first_message = next((result.message for result in results if result.verdict is verdict), "")
    judgement = Judgement(
        ExerciseResult(
            id=exercise.id,
            title=exercise.title,
            verdict=verdict,
            message="" if verdict in (Verdict.PASSED, Verdict.FAILED) else first_message,
            flags=tuple(
                f"Uses `{use.name}`, which can reach what this exercise forbids: have a look."
                for use in dynamic
            ),
            checks=tuple(results),
        ),
        tuple(names.failed_calls),
        names.values if verdict is not Verdict.PASSED else {},
        frozenset(names.endless),
        names.shown_calls,
    )
    names.forget()
    return judgement


def unasked(exercise: Exercise, verdict: Verdict, message: str) -> ExerciseResult:
    """The result of an exercise whose checks were not asked, all for the same reason."""
    return ExerciseResult(
        id=exercise.id,
        title=exercise.title,
        verdict=verdict,
        message=message,
        checks=tuple(_result(check, verdict, message) for check in exercise.checks),
    )


def _not_by_hand(
    exercise: Exercise, forbidden: list[Use], cells: Sequence[str], numbers: Sequence[int]
) -> ExerciseResult:
    where = homes(cells, exercise.names) if numbers else {}
    used = ", ".join(
        f"`{use.name}` in line {use.line}"
        + (f" of cell {numbers[where[use.name]]}" if use.name in where else "")
        for use in forbidden
    )
    message = f"This exercise is solved by hand. Received: {used}. Write that part yourself."
    return unasked(exercise, Verdict.FAILED, message)


def _judge_check(
    exercise: Exercise,
    check: Check,
    names: StudentNames,
    verdicts: dict[Check, Verdict],
    rng: np.random.Generator,
) -> CheckResult:
    not_run = _not_run(check, names, verdicts)
    if not_run is not None:
        return not_run
    names.begin_check()
    try:
        arguments = {name: rng if name == "rng" else names.look(name) for name in check.parameters}
        with names.asked.listening():
            check.function(**arguments)
    except Exception as error:  # noqa: BLE001 - whose fault it is, its type tells
        result = _failure(exercise, check, names, error)
    else:
        result = _result(check, Verdict.PASSED)
    names.end_check(failed=result.verdict is not Verdict.PASSED)
    return result


def _not_run(
    check: Check, names: StudentNames, verdicts: dict[Check, Verdict]
) -> CheckResult | None:
    """The result of a check that is not run for what came of earlier ones; None if it is."""
    premise = check.after
    if premise is not None and verdicts[premise] is Verdict.NOT_ATTEMPTED:
        return _result(check, Verdict.NOT_ATTEMPTED)
    if premise is not None and verdicts[premise] is not Verdict.PASSED:
        message = f"Not looked at until this holds: {premise.statement}"
        return _result(check, Verdict.SKIPPED, message)
    if names.loops >= _MOST_LOOPS:
        return _result(check, Verdict.SKIPPED, "Not looked at: earlier calls did not end in time.")
    return None


def _failure(
    exercise: Exercise, check: Check, names: StudentNames, error: Exception
) -> CheckResult:
    """The result of a check that raised `error`, which is being handled."""
    match error:
        case Missing() | Placeholder():
            return _result(check, Verdict.NOT_ATTEMPTED, str(error))
        case Mismatch():
            return _mismatch(check, error, names)
        case Raised() | Stopped():
            return _result(check, verdict_of(error), str(error), names.call_of(check, error))
        case Untransferable():
            return _result(check, Verdict.FAILED, str(error), names.call_of(check, error))
        case MemoryError():
            return _result(check, Verdict.MEMORY, _TOO_LARGE, names.call_of(check, error))
    failed_network = failed_in(error, names.networks)
    if failed_network is not None:
        return _mismatch(check, failed_network, names)
    # Whatever else goes wrong here is the rubric's fault, never the student's.
    _log.exception("check %s of %s is broken", check.name, exercise.id)
    trace = traceback.format_exc(limit=-1).strip().splitlines()[-1]
    message = f"This check itself failed ({trace}). Your points are withheld, not lost."
    return _result(check, Verdict.BROKEN, message)


def verdict_of(error: Raised | Stopped) -> Verdict:
    """What becomes of a check, or of a cell, that ended like this."""
    match error:
        case OutOfTime():
            return Verdict.TIMEOUT
        case OutOfMemory():
            return Verdict.MEMORY
        case TooMuchOutput():
            return Verdict.OUTPUT_LIMIT
        case Raised(kind=kind) if kind in _MEMORY_ERRORS:
            return Verdict.MEMORY
        case Raised():
            return Verdict.ERROR
    return Verdict.CRASHED


def _result(
    check: Check, verdict: Verdict, message: str = "", call: ShownCall | None = None
) -> CheckResult:
    return CheckResult(
        name=check.name,
        statement=check.statement,
        verdict=verdict,
        max_score=check.points,
        message=message,
        hint=check.hint if verdict is not Verdict.PASSED else "",
        call=call.text if call else "",
        given=call.given if call else (),
    )


def _mismatch(check: Check, error: Mismatch, names: StudentNames) -> CheckResult:
    result = _result(check, Verdict.FAILED, error.message, names.call_of(check, error))
    changes: dict[str, Any] = {}
    if error.given is not None:
        changes["given"] = tuple(
            Given(name=k, value=format_value(v)) for k, v in error.given.items()
        )
    for side in ("expected", "received"):
        value = getattr(error, side)
        if value is not ABSENT:
            changes[side] = format_value(value, error.where, name=error.name)
    changes["where"] = error.where
    if error.curves is not None:
        changes["curves"] = format_curves(error.curves)
    return result.model_copy(update=changes)
