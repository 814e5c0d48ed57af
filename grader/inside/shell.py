"""IPython's shell as a graded kernel has it: it goes on where only this machine lacks something.

Where a statement fails for a package, a file or a network that another machine may have, the
statements after it run all the same. No statement is ever run twice. What was passed over is told
to the grader, as data.
"""

from __future__ import annotations

import ast
import dis
import errno
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import UsageError

from grader.inside.other_machines import StandIns

# Magics that run Python of the student's own: what fails in them is the student's.
_RUNNING = ("time", "timeit", "prun", "run", "debug", "memit", "mprun", "lprun")
# What the operating system says where files, rights or a network are missing.
_MISSING = (errno.EROFS, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_UNREACHED = ("gaierror", "URLError", "HTTPError", "MaxRetryError", "NewConnectionError")
_MOST, _MOST_NAMES, _LONGEST, _DEEPEST = 50, 200, 500, 10


class Shell(ZMQInteractiveShell):
    """IPython's shell, which goes on where a statement fails only for what this machine lacks.

    It does so once `graded` is set; until then, it is any kernel's shell.
    `passed_over` lists the statements of the latest cell that failed like this, as plain data:
    the exception's kind and text, and the names that were to be bound. `inner_error` is what
    stopped a cell that a magic such as `%%capture` ran, and hid.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.graded = False
        self.passed_over: list[dict[str, Any]] = []
        self.inner_error: BaseException | None = None
        self._lost: set[str] = set()
        self._statements_left = 0
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # IPython is half typed

    def begin_cell(self) -> None:
        """Forget what is known of the last cell; called before each."""
        self.passed_over, self.inner_error = [], None

    def transform_ast(self, node: Any) -> Any:
        """Called with the syntax tree of each cell before it is compiled."""
        if not self.graded:
            return super().transform_ast(node)  # type: ignore[no-untyped-call]  # IPython's
        with suppress(RecursionError):  # what is nested too deeply runs as it stands, or does not
            node = StandIns().visit(node)
        return super().transform_ast(node)  # type: ignore[no-untyped-call]  # IPython is half typed

    async def run_ast_nodes(self, nodelist: list[ast.stmt], *args: Any, **kwargs: Any) -> bool:
        """Run the statements of a cell; whether it ended before the last of them."""
        outer, self._statements_left = self._statements_left, len(nodelist or ())
        try:
            run = super().run_ast_nodes(nodelist, *args, **kwargs)
            return bool(await run)
        finally:
            self._statements_left = outer

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run one statement of a cell; whether the cell ends here.

        What the last one raises is told as in any kernel: there is nothing to go on with.
        """
        self._statements_left -= 1
        run = super().run_code(code_obj, result, async_=async_)  # type: ignore[no-untyped-call]  # IPython is half typed
        stopped: bool = await run
        forgives = stopped and self.graded and result is not None
        error = result.error_in_exec if forgives else None
        if error is None or not self._lacks_something(code_obj, error):
            return stopped
        names = _names_bound(code_obj)
        self._lost.update(names)
        if self._statements_left <= 0:
            return stopped
        if len(self.passed_over) < _MOST:
            text = str(error)[:_LONGEST]
            told = {"kind": type(error).__name__[:_LONGEST], "text": text, "names": names}
            self.passed_over.append(told)
        result.error_in_exec = None
        return False

    def _lacks_something(self, code: CodeType, error: BaseException) -> bool:
        """Whether `error` says that something is not here which another machine may have."""
        if not isinstance(error, Exception):
            return False
        if isinstance(error, NameError):
            return error.name in self._lost and error.name not in self.user_ns
        magic = _magic_of(code)
        if isinstance(error, UsageError) or (magic and magic not in _RUNNING):
            return True
        return any(_is_lack(one) for one in _chain(error))

    def run_cell(self, *args: Any, **kwargs: Any) -> Any:
        """Run a cell within a cell, as magics do, and keep what stopped it."""
        result = super().run_cell(*args, **kwargs)  # type: ignore[no-untyped-call]  # IPython is half typed
        self.inner_error = result.error_before_exec or result.error_in_exec or self.inner_error
        return result


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and so on."""
    left: BaseException | None = error
    for _ in range(_DEEPEST):
        if left is None:
            return
        yield left
        left = left.__cause__ or left.__context__


def _is_lack(error: BaseException) -> bool:
    if isinstance(error, ImportError | FileNotFoundError | PermissionError | ConnectionError):
        return True
    if isinstance(error, subprocess.CalledProcessError):
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        return re.search(r"\b(pip|conda|mamba|apt|apt-get)\b", command) is not None
    if isinstance(error, OSError) and error.errno in _MISSING:
        return True
    return type(error).__name__ in _UNREACHED


def _magic_of(code: CodeType) -> str:
    """The magic that a statement is, "!" for a shell command, "" for neither."""
    if "get_ipython" not in code.co_names:
        return ""
    if "run_line_magic" in code.co_names:
        texts = [constant for constant in code.co_consts if isinstance(constant, str)]
        return texts[0] if texts else ""
    return "!" if {"system", "getoutput"} & set(code.co_names) else ""


def _names_bound(code: CodeType) -> list[str]:
    """The names that a statement gives a value when it runs."""
    stores = (step for step in dis.get_instructions(code) if step.opname.startswith("STORE_"))
    names = (str(step.argval) for step in stores if step.opname in ("STORE_NAME", "STORE_GLOBAL"))
    return list(dict.fromkeys(names))[:_MOST_NAMES]


# Code that asks whether it runs in a notebook asks for this name.
Shell.__name__ = Shell.__qualname__ = ZMQInteractiveShell.__name__
