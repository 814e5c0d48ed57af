"""Answers a judge's questions about the names of a notebook.

This runs where the student's code runs: inside the kernel when grading, in the notebook itself for
`check()`. It decides nothing. A question asks what a name is, or calls a function; the answer is
plain data, which the student's code could forge and which therefore proves nothing by itself.
"""

from __future__ import annotations

import dis
import hashlib
import inspect
import linecache
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from grader.crossing.values import Functions, Packet, RemoteFunction, pack, unpack
from grader.errors import Untransferable

_MAX_NAMES = 500
_MAX_TEXT = 2000


class Answerer:
    """Answers questions about `namespace`, the names of one notebook.

    `call_back` sends a call of one of the judge's own functions, and returns the judge's packet.
    `interrupt_is_an_answer` where the judge interrupts (a kernel that is graded); else an
    interrupt belongs to the person at the keyboard.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        call_back: Callable[[Packet], Packet],
        *,
        interrupt_is_an_answer: bool,
    ) -> None:
        self._namespace = namespace
        self._call_back = call_back
        self._interrupt_is_an_answer = interrupt_is_an_answer
        self._functions = Functions(self._call_judge)

    def answer(self, question: Packet) -> Packet:
        """Answer one question; whatever the student's code does becomes part of the answer."""
        try:
            asked = unpack(question, self._functions, make_tensor=_tensor)
            if asked.get(
                "first"
            ):  # of a check, whose predecessor's functions are not called any more
                self._functions.release()
            with _as_it_was(question):
                answer = self._answer(asked)
            return pack(answer, self._functions)
        except Untransferable as error:
            return pack({"status": "refused", "message": str(error)})
        except KeyboardInterrupt:
            if not self._interrupt_is_an_answer:
                raise
            return pack({"status": "interrupted"})
        except BaseException as error:  # noqa: BLE001 - student code raises anything, SystemExit too
            return pack(_raised(error))

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked["ask"]:
            case "look":
                return self._look(asked["name"])
            case "call":
                return self._call(asked["function"], asked["args"], asked["kwargs"])
        raise Untransferable("The question is not one that can be answered.")

    def _look(self, name: str) -> dict[str, Any]:
        if name not in self._namespace:
            names = [key for key in self._namespace if type(key) is str and not key.startswith("_")]
            return {"status": "missing", "names": names[-_MAX_NAMES:]}
        found = self._namespace[name]
        if found is Ellipsis or _does_nothing(found):
            return {"status": "placeholder"}
        return {"status": "value", "value": found, "parameters": _parameters(found)}

    def _call(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        before = [_snapshot(value) for value in (*args, *kwargs.values())]
        returned = function(*args, **kwargs)
        after = [_snapshot(value) for value in (*args, *kwargs.values())]
        named = _parameters(function)[: len(args)]
        unnamed = [f"argument {number + 1}" for number in range(len(named), len(args))]
        labels = [*named, *unnamed, *kwargs]
        changed = [
            label for label, old, new in zip(labels, before, after, strict=True) if old != new
        ]
        return {"status": "value", "value": returned, "changed": changed}

    def _call_judge(
        self, borrowed: RemoteFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        call = {"function": borrowed, "args": args, "kwargs": kwargs}
        answer = unpack(
            self._call_back(pack(call, self._functions)), self._functions, make_tensor=_tensor
        )
        if answer["status"] != "value":
            raise RuntimeError(
                str(answer.get("message", "The function cannot be called any more."))
            )
        return answer["value"]


@contextmanager
def _as_it_was(question: Packet) -> Iterator[None]:
    """Leave the random state, the working folder and the open figures as they were.

    In between, the global random generators are seeded from the question: the same question finds
    the same state, and another one another, so that one lucky guess does not serve every call.
    """
    numpy_state = np.random.get_state()  # noqa: NPY002 - students use the global state
    python_state, folder, figures = random.getstate(), _folder(), _open_figures()
    digest = hashlib.sha256(b"".join([question.tree.encode(), *question.buffers])).digest()
    random.seed(digest)
    np.random.seed(np.frombuffer(digest, np.uint32))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        if folder is not None and folder.is_dir():
            os.chdir(folder)
        for number in _open_figures() - figures:
            sys.modules["matplotlib.pyplot"].close(number)


def _folder() -> Path | None:
    """The working folder; None where the student's code has deleted it."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _open_figures() -> set[int]:
    """The numbers of pyplot's open figures; none where pyplot is not loaded."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _snapshot(value: Any) -> Packet | None:
    """What an argument holds, to see whether a call changed it; None for what may change."""
    if isinstance(value, np.random.Generator | RemoteFunction) or callable(value):
        return None
    try:
        return pack(value)
    except Untransferable:
        return None


def _parameters(found: Any) -> list[str]:
    """The names of a function's parameters; none for what has none, or does not tell."""
    if not callable(found):
        return []
    try:
        return list(inspect.signature(found).parameters)[:_MAX_NAMES]
    except (TypeError, ValueError):
        return []


def _does_nothing(found: Any) -> bool:
    """Whether `found` is a function whose body is no more than a docstring and `...` or `pass`."""
    code = getattr(found, "__code__", None)
    if not inspect.isfunction(found) or code is None:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    if steps and steps[-1].opname == "RETURN_CONST":
        return len(steps) == 1 and steps[0].argval in (None, Ellipsis)
    opnames = [step.opname for step in steps]
    return opnames == ["LOAD_CONST", "RETURN_VALUE"] and steps[0].argval in (None, Ellipsis)


def _raised(error: BaseException) -> dict[str, Any]:
    """The exception as plain text, with the last line of it that the student wrote."""
    line, number = _student_line(error)
    return {
        "status": "raised",
        "kind": type(error).__name__[:_MAX_TEXT],
        "text": _text_of(error),
        "line": line[:_MAX_TEXT],
        "line_number": number,
    }


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_TEXT]
    except BaseException:  # noqa: BLE001 - the student's own __str__ may raise anything
        return "(its text cannot be shown: its own __str__ raises)"


def _student_line(error: BaseException) -> tuple[str, int | None]:
    line, number = "", None
    for frame, frame_line in traceback.walk_tb(error.__traceback__):
        names = frame.f_globals
        # A notebook's own names are those of `__main__`, which has no file.
        if names.get("__name__") == "__main__" and "__file__" not in names:
            source = linecache.getline(frame.f_code.co_filename, frame_line, names).strip()
            if source:
                line, number = source, frame_line
    return line, number


def _tensor(array: Any) -> Any:
    import keras  # only where a question holds a tensor, so never for a lesson in plain NumPy

    return keras.ops.convert_to_tensor(array)
