"""Decides what holds: an exercise's checks against the names of a notebook.

The same code judges in the notebook, in the judge's own process and in unit tests; only the way to
the names differs. A check never touches the student's objects. It gets values that crossed the
codec, and functions that ask.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakSet

import numpy as np

from grader.crossing.values import Functions, Packet, RemoteFunction, pack, unpack
from grader.errors import (
    ABSENT,
    AuthorError,
    GraderError,
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
from grader.judging.exercise import Check, Exercise
from grader.judging.expect.calls import Asked
from grader.judging.expect.models import failed_in, networks_in
from grader.judging.format import call_text, format_curves, format_value
from grader.judging.syntax import Use, forbidden_uses, homes
from grader.results import CheckResult, ExerciseResult, Given, Verdict, overall

PUBLIC_SECRET = b"the seed that students see"
"""The secret of a student's own checks: public, so that feedback is the same for everybody."""

_MAX_CALLBACKS = 100_000
# Once a call did not end, an exercise's others are not waited for like that again, but shortly: a
# function may loop in one case only. When that many did not end, no other check is asked.
_MOST_LOOPS = 2

# What a kernel says is data of any length.
_MAX_TEXT, _MAX_NAMES = 2000, 500

# What Python, NumPy and TensorFlow raise where memory is refused to them.
_MEMORY_ERRORS = ("MemoryError", "_ArrayMemoryError", "ResourceExhaustedError")

_TOO_LARGE = "Your answer takes more memory than judging it has. Return a smaller one."
# How alike two names are that are perhaps meant to be one, from 0 to 1: `true_convolve` is like
# `true_convolution` (0.83), and the given `convolve2d` not like `convolve_volume` (0.64).
_SIMILAR = 0.8
# Answers of failed checks are kept for the diagnosis, of all together so many bytes.
_MAX_KEPT = 64 * 2**20

_NO_ANSWER = "What came back is not an answer."

_log = logging.getLogger(__name__)


class Ask(Protocol):
    """The way to the names: answers a question packet within `seconds`.

    Raises OutOfTime, or another Stopped. `answer_callback` is called for each call that the
    student's code makes of a function that the check handed over.
    """

    def __call__(  # noqa: D102 - the class says it
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet: ...


@dataclass(frozen=True)
class Call:
    """One call of a student's function: what went in, and what came of it.

    `outcome` is the packet of the value, or the name of the exception's type. `changed` says
    whether the function changed one of its arguments.
    """

    name: str
    arguments: Packet
    outcome: Packet | str
    changed: bool = False


@dataclass(frozen=True)
class ShownCall:
    """A call of a student's function as a person reads it, and the arguments as they were sent."""

    name: str
    arguments: Packet
    text: str
    given: tuple[Given, ...]


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
    secret: bytes, exercise: Exercise, check: Check, code: str, judging: int = 0
) -> np.random.Generator:
    """The random generator of one check: the same for the same secret, check and student's code.

    `judging` counts how often the exercise was judged before: cases do not come back.
    """
    code_digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
    named = f"{exercise.id}\0{check.name}\0{code_digest}\0{judging}"
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
    judging: int = 0,
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
        rng = rng_for(secret, exercise, check, code, judging)
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
    premise = check.after
    if premise is not None and verdicts[premise] is not Verdict.PASSED:
        if verdicts[premise] is Verdict.NOT_ATTEMPTED:
            return _result(check, Verdict.NOT_ATTEMPTED)
        message = f"Not looked at until this holds: {premise.statement}"
        return _result(check, Verdict.SKIPPED, message)
    if names.loops >= _MOST_LOOPS:
        return _result(check, Verdict.SKIPPED, "Not looked at: earlier calls did not end in time.")
    names.begin_check()
    try:
        arguments = {name: rng if name == "rng" else names.look(name) for name in check.parameters}
        with names.asked.listening():
            check.function(**arguments)
        result = _result(check, Verdict.PASSED)
    except (Missing, Placeholder) as error:
        result = _result(check, Verdict.NOT_ATTEMPTED, str(error))
    except Mismatch as error:
        result = _mismatch(check, error, names)
    except (Raised, Stopped) as error:
        result = _result(check, verdict_of(error), str(error), names.call_of(check, error))
    except Untransferable as error:
        result = _result(check, Verdict.FAILED, str(error), names.call_of(check, error))
    except MemoryError as error:
        result = _result(check, Verdict.MEMORY, _TOO_LARGE, names.call_of(check, error))
    except Exception as error:  # noqa: BLE001
        failure = failed_in(error, names.networks)
        if failure is not None:
            result = _mismatch(check, failure, names)
        else:  # Whatever else goes wrong here is the rubric's fault, never the student's.
            _log.exception("check %s of %s is broken", check.name, exercise.id)
            trace = traceback.format_exc(limit=-1).strip().splitlines()[-1]
            message = f"This check itself failed ({trace}). Your points are withheld, not lost."
            result = _result(check, Verdict.BROKEN, message)
    names.end_check(failed=result.verdict is not Verdict.PASSED)
    return result


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


class StudentNames:
    """The student's names as a check may see them, and a record of what was asked.

    `values` keeps the student's objects that are not functions, `failed_calls` the calls made by
    checks that failed, `shown_calls` those of them that results show, `endless` the functions of
    which a call did not end, `loops` how many such calls there were, and `networks` the layers and
    models that came back. `cells` are the notebook's code cells by number, as far as they are
    known.
    """

    def __init__(self, ask: Ask, exercise: Exercise) -> None:
        self._ask = ask
        self._exercise = exercise
        self._function_names = exercise.function_names
        self._functions = Functions(self._call)
        self._callbacks = 0
        self._parameters: dict[str, list[str]] = {}
        self._check_calls: list[Call] = []
        self.failed_calls: list[Call] = []
        self._looked: dict[str, Packet] = {}
        self.asked = Asked()
        self.shown_calls: dict[str, ShownCall] = {}
        self.networks = WeakSet[Any]()
        self.endless: set[str] = set()
        self.loops = 0
        self._kept = 0
        self._is_first = True
        self.cells: dict[int, str] = {}

    @property
    def values(self) -> dict[str, Any]:
        """The student's objects that are not functions, by name, made anew."""
        return {name: self._read(packet)["value"] for name, packet in self._looked.items()}

    def begin_check(self) -> None:
        """Forget the last check's calls."""
        self.asked = Asked()
        self._check_calls = []
        self._is_first = True

    def end_check(self, *, failed: bool) -> None:
        """Keep the check's calls if it failed, and take back every function lent for it."""
        if failed:
            self.failed_calls.extend(self._check_calls)
        self._functions.release()

    def call_of(self, check: Check, error: BaseException) -> ShownCall | None:
        """The call that a failure of this check is about, kept as shown; None if not certain."""
        call: ShownCall | None = self.asked.call_of(error)
        if call is not None:
            self.shown_calls[check.name] = call
        return call

    def look(self, name: str) -> Any:
        """The student's `name`: a value, or a function that asks.

        What is not a function is looked at once: every check gets the same value, made anew from
        what came back then. Raises Missing, Placeholder, or what the way to the names raises.
        """
        packet = self._looked.get(name) or self._send({"ask": "look", "name": name})
        match self._read(packet):
            case {"status": "missing", **rest}:
                raise Missing(name, _similar(name, rest.get("names")))
            case {"status": "placeholder"}:
                raise Placeholder(name)
            case {"status": "value", "value": value, "parameters": [*parameters]}:
                pass
            case _:
                raise Untransferable(_NO_ANSWER)
        is_function = isinstance(value, RemoteFunction)
        self._parameters[name] = _texts(parameters)
        if self._function_names is not None and is_function != (name in self._function_names):
            raise _wrong_kind(name, value)
        if value is None:
            raise Mismatch(f"`{name}` is None. Give it a value.")
        if is_function:
            value.__name__ = name
        else:
            self._looked[name] = packet
        return value

    def _call(self, function: RemoteFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the student's function; every call that a check makes comes through here."""
        try:
            packed = pack({"args": args, "kwargs": kwargs}, self._functions)
        except Untransferable as error:
            raise AuthorError(
                f"A check gave `{function.__name__}` what cannot cross. {error}"
            ) from error
        # Shown as they were when the call began, whatever a check does with them later.
        parameters = self._parameters.get(function.__name__, [])
        shown_call = ShownCall(
            function.__name__, packed, *call_text(function.__name__, parameters, args, kwargs)
        )
        try:
            return self._answer_of(shown_call, function, args, kwargs)
        except (GraderError, MemoryError) as error:
            self.asked.ended(shown_call, error)
            raise

    def _answer_of(
        self,
        call: ShownCall,
        function: RemoteFunction,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """What came of a call, which is kept with its arguments."""
        try:
            answer = self._question(
                {"ask": "call", "function": function, "args": args, "kwargs": kwargs}
            )
        except Stopped as error:
            if isinstance(error, OutOfTime):
                self.loops += 1
                self.endless.add(call.name)
                self._check_calls.append(Call(call.name, call.arguments, "OutOfTime"))
            raise error.about(f"`{call.name}`") from None
        except Raised as error:
            self._check_calls.append(Call(call.name, call.arguments, error.kind))
            raise
        match answer:
            case {"status": "value", "value": value, "changed": [*changed]}:
                pass
            case _:
                raise Untransferable(_NO_ANSWER)
        if value is Ellipsis:
            raise Placeholder(call.name)
        outcome = pack(value, self._functions)
        size = len(outcome.tree) + sum(map(len, outcome.buffers))
        self.asked.answered(call, value, size)
        self._kept += size
        kept = outcome if self._kept <= _MAX_KEPT else "TooLarge"  # like no exception's name
        self._check_calls.append(Call(call.name, call.arguments, kept, bool(changed)))
        if changed:
            arguments = " and ".join(f"`{name}`" for name in _texts(changed))
            raise Mismatch(
                f"Your function changed its argument {arguments}, which its caller still needs. "
                f"Work on a copy.",
            )
        return value

    def forget(self) -> None:
        """Let go of all that came back: what is left of this object may be so for long."""
        self._check_calls, self.failed_calls, self._looked = [], [], {}
        self.asked = Asked()

    def _question(self, question: dict[str, Any]) -> dict[str, Any]:
        return self._read(self._send(question))

    def _send(self, question: dict[str, Any]) -> Packet:
        # What was lent for the last check is given back with the first question of this one.
        packet = pack({**question, "first": self._is_first}, self._functions)
        self._is_first = False
        exercise = self._exercise
        seconds = exercise.short_seconds if self.loops else exercise.seconds
        return self._ask(packet, seconds, self._answer_callback)

    def _read(self, packet: Packet) -> dict[str, Any]:
        """The answer that a packet holds; raises what it says instead of one."""
        answer = unpack(packet, self._functions)
        if '["keras","network"' in packet.tree:
            self.networks.update(networks_in(answer))
        # An array as the status would be compared with a text number by number.
        if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
            raise Untransferable(_NO_ANSWER)
        match answer:
            case {"status": "refused", "message": str(message)}:
                raise Untransferable(message[:_MAX_TEXT])
            case {"status": "interrupted"}:
                raise Raised("KeyboardInterrupt", "")
            case {"status": "raised", "kind": str(kind), "text": str(text), **rest}:
                raise Raised(kind[:80], text[:_MAX_TEXT], *_place(rest, self.cells))
        return answer

    def _answer_callback(self, packet: Packet) -> Packet:
        """Call one of the check's own functions for the student's code."""
        self._callbacks += 1
        if self._callbacks > _MAX_CALLBACKS:
            message = f"The function was called more than {_MAX_CALLBACKS} times."
            return pack({"status": "refused", "message": message})
        try:
            call = unpack(packet, self._functions)
            value = call["function"](*call["args"], **call["kwargs"])
            return pack({"status": "value", "value": value}, self._functions)
        except Exception as error:  # noqa: BLE001 - the student's code learns of it as an exception
            return pack({"status": "refused", "message": f"{type(error).__name__}: {error}"})


def _wrong_kind(name: str, value: Any) -> Mismatch:
    if isinstance(value, RemoteFunction):
        return Mismatch(
            f"`{name}` should be a value. Received: a function. Assign with `{name} = …`.",
        )
    return Mismatch(
        f"`{name}` should be a function. Received: {format_value(value).text}. Define it with "
        f"`def {name}(…):`, and look whether a later line gives the name another value.",
    )


def _line(answer: dict[Any, Any]) -> tuple[str, int | None]:
    line, number = answer.get("line"), answer.get("line_number")
    return (
        line[:_MAX_TEXT] if isinstance(line, str) else "",
        number if type(number) is int else None,
    )


def _place(answer: dict[Any, Any], cells: dict[int, str]) -> tuple[str, int | None, int | None]:
    """The line that an answer tells, its number, and the number of the latest cell that has it."""
    line, number = _line(answer)
    if line and number is not None:
        for cell, source in reversed(cells.items()):
            lines = source.split("\n")
            # IPython leaves out the empty lines at the top.
            place = number + next((i for i, text in enumerate(lines) if text.strip()), 0)
            if 0 < place <= len(lines) and lines[place - 1].strip() == line:
                return line, place, cell
    return line, number, None


def _texts(values: Sequence[Any]) -> list[str]:
    """What of an answer is text, where nothing else has a place; short, as names are."""
    return [value[:80] for value in values[:_MAX_NAMES] if isinstance(value, str)]


def _similar(name: str, names: Any) -> str | None:
    """The name among the student's own that `name` was perhaps meant to be."""
    if not isinstance(names, list):
        return None
    close = difflib.get_close_matches(name, _texts(names), n=1, cutoff=_SIMILAR)
    return close[0] if close else None
