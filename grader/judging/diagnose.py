"""Which misconception explains a student's answers?"""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.crossing.values import Packet, Tensor, pack, unpack
from grader.errors import Untransferable
from grader.judging.alike import alike
from grader.judging.asking import Call
from grader.judging.deadline import DeadlinePassed, limit
from grader.judging.exercise import Exercise, Misconception
from grader.judging.judge import Judgement
from grader.results import Diagnosis, ExerciseResult, Verdict

# How long a misconception may compute on all the calls of an exercise, in CPU seconds, so that no
# diagnosis is lost on a busy machine. One that does not end by then gives the answer that a
# student's endless loop gives: none in time.
PATIENCE = 1.0
# How long all of them together may take: an answer may be as costly to compare as it likes.
ALL_PATIENCE = 15.0

# Answers of more bytes than this are nobody's known mistake, and not worth comparing with each.
_MAX_ANSWERS = 16 * 2**20
# Values of more parts or longer texts are not what a predicate is about.
_MAX_PARTS, _MAX_TEXT = 10_000, 1000

# An answer that cannot be looked at any more; like nothing else.
_GONE = object()


def diagnose(exercise: Exercise, judgement: Judgement) -> Diagnosis | None:
    """The first misconception, in the rubric's order, that explains what the judge received."""
    for misconception in explanations(exercise, judgement):
        return Diagnosis(misconception=misconception.name, message=misconception.message)
    return None


def explained(
    exercise: Exercise, judgement: Judgement, unsolved: Sequence[str] = ()
) -> ExerciseResult:
    """The judged result with what explains it: another exercise it rests on, or a diagnosis.

    `unsolved` are the exercises that this one rests on and that do not pass. With those wrong, the
    answers say nothing about this exercise's own code.
    """
    result = judgement.result
    told = result.verdict is Verdict.FAILED and not result.message
    if unsolved and (told or result.verdict is Verdict.ERROR):
        first = " and ".join(f"`{name}`" for name in unsolved)
        do = "does" if len(unsolved) == 1 else "do"
        message = f"Your code rests on {first}, which {do} not pass yet. Fix that first."
        return result.model_copy(update={"message": f"{message} {result.message}".strip()})
    return result.model_copy(update={"diagnosis": diagnose(exercise, judgement)})


def explanations(exercise: Exercise, judgement: Judgement) -> list[Misconception]:
    """Every misconception that explains the answers, in the rubric's order.

    One that tells by its own `recognize` is asked; any other has to give the same outputs as the
    student on the calls of the failed checks. Those calls end with one whose output was wrong, so
    a misconception that agrees is wrong there in the same way. Where a call changed its argument,
    that is what is wrong, so only a misconception that changes it too explains the answers.
    """
    failed = judgement.result.verdict not in (Verdict.PASSED, Verdict.NOT_ATTEMPTED, Verdict.BROKEN)
    if not failed:
        return []
    outcomes = _outcomes(judgement.calls)
    values = {name: value for name, value in judgement.values.items() if _is_modest(value)}
    end = time.process_time() + ALL_PATIENCE
    return [
        known
        for known in exercise.misconceptions
        if time.process_time() < end and _explains(exercise, known, judgement, outcomes, values)
    ]


def _outcomes(calls: Sequence[Call]) -> list[Any]:
    """What came of each call: the name of an exception, the value, or _GONE."""
    packets = [call.outcome for call in calls if isinstance(call.outcome, Packet)]
    size = sum(len(packet.tree) + sum(map(len, packet.buffers)) for packet in packets)
    return [_outcome(call) if size <= _MAX_ANSWERS else _GONE for call in calls]


def _outcome(call: Call) -> Any:
    try:
        return unpack(call.outcome) if isinstance(call.outcome, Packet) else call.outcome
    except Untransferable:
        return _GONE  # a function was returned, and it is gone


def _is_modest(value: Any) -> bool:
    """Whether computing with `value` takes little time and memory, whatever is done with it."""
    waiting, parts, size = [value], 0, 0
    while waiting and parts <= _MAX_PARTS and size <= _MAX_ANSWERS:
        part = waiting.pop()
        if isinstance(part, str) and len(part) > _MAX_TEXT:
            return False
        if isinstance(part, np.ndarray | Tensor):
            size += np.asarray(part).nbytes
        inside = list(part.items()) if isinstance(part, dict) else part
        if isinstance(inside, list | tuple):
            parts += len(inside)
            waiting += inside
    return parts <= _MAX_PARTS and size <= _MAX_ANSWERS


def _explains(
    exercise: Exercise,
    misconception: Misconception,
    judgement: Judgement,
    outcomes: list[Any],
    values: dict[str, Any],
) -> bool:
    try:
        with limit(PATIENCE, time.process_time):
            if misconception.recognize is not None:
                if any(call.changed for call in judgement.calls):
                    return False
                return _recognizes(misconception, {**_returned(judgement, outcomes), **values})
            return _reproduces(exercise, misconception, judgement, outcomes)
    except DeadlinePassed:
        # A misconception that never ends explains an answer that never came.
        return any(call.outcome == "OutOfTime" for call in judgement.calls)


def _returned(judgement: Judgement, outcomes: list[Any]) -> dict[str, list[Any]]:
    """What each function returned, call by call, where it returned something."""
    returned: dict[str, list[Any]] = {}
    for call, outcome in zip(judgement.calls, outcomes, strict=True):
        if isinstance(call.outcome, Packet) and outcome is not _GONE:
            returned.setdefault(call.name, []).append(outcome)
    return returned


def _recognizes(misconception: Misconception, values: dict[str, Any]) -> bool:
    assert misconception.recognize is not None
    wanted = inspect.signature(misconception.recognize).parameters
    if not set(wanted) <= set(values):
        return False
    try:
        return bool(misconception.recognize(**{name: values[name] for name in wanted}))
    except Exception:  # noqa: BLE001
        return False  # the student's value is not of the kind that this predicate is about


def _reproduces(
    exercise: Exercise, misconception: Misconception, judgement: Judgement, outcomes: list[Any]
) -> bool:
    stand_ins = misconception.objects(exercise.names[0])
    calls = [
        (call, outcome)
        for call, outcome in zip(judgement.calls, outcomes, strict=True)
        if callable(stand_ins.get(call.name))
    ]
    values = {name: value for name, value in stand_ins.items() if name in judgement.values}
    return (
        bool(calls or values)
        and all(_same_outcome(stand_ins[call.name], call, outcome) for call, outcome in calls)
        and all(alike(value, judgement.values[name]) for name, value in values.items())
    )


def _same_outcome(function: Any, call: Call, outcome: Any) -> bool:
    if outcome is _GONE:
        return False
    try:
        arguments = unpack(call.arguments)  # anew, since each function may change them
        before = _contents(arguments)
    except Untransferable:
        return False  # a function was handed over, and it is gone
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments["args"], **arguments["kwargs"])
    except Exception as error:  # noqa: BLE001 - a wrong answer may raise whatever it likes
        return call.outcome == type(error).__name__
    changed = _contents(arguments) != before
    return changed == call.changed and isinstance(call.outcome, Packet) and alike(result, outcome)


def _contents(arguments: dict[str, Any]) -> list[Packet | None]:
    """What each argument holds; None for what may change by being used, such as a layer."""
    found: list[Packet | None] = []
    for value in (*arguments["args"], *arguments["kwargs"].values()):
        may_change = isinstance(value, np.random.Generator) or callable(value)
        try:
            found.append(None if may_change else pack(value))
        except Untransferable:
            found.append(None)
    return found
