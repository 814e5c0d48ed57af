"""Asks for the names of a notebook: their values, and what calls of their functions give.

A check never touches the student's objects. It gets values that crossed the codec, and functions
that ask. What comes back is data of anyone's making, and read as such.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakSet

from grader.crossing.values import Functions, Packet, RemoteFunction, pack, unpack
from grader.errors import (
    AuthorError,
    GraderError,
    Mismatch,
    Missing,
    OutOfTime,
    Placeholder,
    Raised,
    Stopped,
    Untransferable,
)
from grader.judging.exercise import Check, Exercise
from grader.judging.expect.calls import Asked
from grader.judging.expect.models import networks_in
from grader.judging.format import call_text, format_value
from grader.results import Given

_MAX_CALLBACKS = 100_000

# What a kernel says is data of any length.
_MAX_TEXT, _MAX_NAMES = 2000, 500

# How alike two names are that are perhaps meant to be one, from 0 to 1: `true_convolve` is like
# `true_convolution` (0.83), and the given `convolve2d` not like `convolve_volume` (0.64).
_SIMILAR = 0.8
# Answers of failed checks are kept for the diagnosis, of all together so many bytes.
_MAX_KEPT = 64 * 2**20

_NO_ANSWER = "What came back is not an answer."


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
