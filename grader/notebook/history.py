"""The cells that were run in this notebook, and how far each of them got.

A cell that stops at an error leaves the names that it should define as an earlier run left them.
Only a history of what each run reached tells that such a name is not the answer on the screen.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from asyncio import CancelledError
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from types import FrameType
from typing import Any

from grader.judging.parsing import parse_cell
from grader.judging.statements import bound_names

_MAX_TEXT = 300
_INTERRUPTED = "KeyboardInterrupt: it was stopped by hand"
# Words that may stand before a name and its parentheses where nothing is defined.
_NO_DEFINITION = r"(?!(?:assert|case|elif|for|if|match|not|print|return|while|with)\b)"


@dataclass(frozen=True)
class Run:
    """One run of a cell: its source, and those of its statements that were carried out.

    `stopped` is what it raised where it did not run to its end, and `line` where that was, counted
    from 1; a cell that runs right now is not stopped, and only has not got further yet. `cell` is
    the notebook's own id of the cell, where the editor tells it.
    """

    source: str
    done: str
    stopped: str = ""
    line: int | None = None
    cell: str | None = None

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that this run gave a value."""
        return bound_names(self.done)

    def should_bind(self, name: str) -> bool:
        """Whether this run gave `name` a value, or would have, had it come to its end."""
        if name in self.binds or name in bound_names(self.source):
            return True
        return bool(self.stopped) and parse_cell(self.source) is None and self._writes(name)

    def _writes(self, name: str) -> bool:
        """Whether a cell that is no Python looks as if it was to define `name`."""
        word = rf"\b{re.escape(name)}\b"
        assigned = rf"^[^=#(\n]*(?<![.\w]){word}[^=()\n]*(?<![=!<>])=(?!=)"
        defined = rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{word}"
        misspelt = rf"^[ \t]*{_NO_DEFINITION}(?:\w+[ \t]+)?{word}[ \t]*\(.*:[ \t]*(?:#.*)?$"
        return any(re.search(way, self.source, re.M) for way in (assigned, defined, misspelt))


class History:
    """The runs of a notebook's cells, oldest first, from IPython's events.

    What ran before this was made is known by its source only, and by what IPython kept of errors.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._running: list[tuple[str, str | None]] = []
        self._shell = shell()
        if self._shell is None:
            return
        kept = self._shell.history_manager
        sources = [str(source) for source in kept.input_hist_raw]
        if len(sources) - 1 == self._shell.execution_count:  # the last one runs right now
            self._running.append((sources.pop(), None))
        errors = getattr(kept, "exceptions", {})
        self._runs += [_earlier(source, errors.get(i)) for i, source in enumerate(sources)]
        self._shell.events.register("pre_run_cell", self._begins)
        self._shell.events.register("post_run_cell", self._ends)

    @property
    def runs(self) -> list[Run]:
        """The last run of each cell, oldest first; that may be the cell which is running now.

        Without ids of cells, every run counts as one of another cell.
        """
        runs = self._all()
        last = {run.cell: run for run in runs}
        return [run for run in runs if run.cell is None or last[run.cell] is run]

    def left_over(self, name: str) -> Run | None:
        """The last run of a cell that gave `name` a value before, and does not any more."""
        runs = self._all()
        cells = {run.cell for run in runs if run.cell is not None and name in run.binds}
        again = [run for run in runs if run.cell in cells]
        return again[-1] if again and name not in again[-1].binds else None

    def _all(self) -> list[Run]:
        if not self._running:
            return list(self._runs)
        source, cell = self._running[-1]
        # Inside of a cell magic, lines are counted otherwise.
        line = None if source.lstrip().startswith("%%") else self._line_now()
        done = source if line is None else self._before(source, line)
        return [*self._runs, Run(source, done, cell=cell)]

    def _begins(self, info: Any) -> None:
        """Called by IPython before each cell that a person runs."""
        self._running.append((str(info.raw_cell), getattr(info, "cell_id", None)))

    def _ends(self, result: Any) -> None:
        """Called by IPython after each such cell, with None where awaiting it was cancelled."""
        source, cell = self._running.pop() if self._running else ("", None)
        if result is None:
            self._runs.append(Run(source, "", _INTERRUPTED, cell=cell))
        elif result.info.store_history:  # or else it is an editor that looks at the variables
            self._runs.append(self._run(source, result))

    def _run(self, source: str, result: Any) -> Run:
        cell = getattr(result.info, "cell_id", None)
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            return Run(source, source, cell=cell)
        never_ran = isinstance(error, SyntaxError) and error is result.error_before_exec
        line = error.lineno if never_ran else self._line_of(error)
        return Run(source, self._before(source, line or 0), _told(error), line, cell)

    def _before(self, source: str, line: int) -> str:
        """Those statements of a cell, as IPython makes Python of it, that end before `line`."""
        try:
            tree = ast.parse(self._shell.transform_cell(source))
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return ""
        return ast.unparse(ast.Module(_ended(tree.body, line), []))

    def _line_of(self, error: BaseException) -> int | None:
        """The line of its cell in which an exception came up."""
        trace = error.__traceback__
        while trace is not None:
            if self._is_of_the_cell(trace.tb_frame):
                return trace.tb_lineno
            trace = trace.tb_next
        return None

    def _line_now(self) -> int | None:
        """The line at which the running cell is; None where it cannot be told."""
        found, frame = None, inspect.currentframe()
        while frame is not None:
            if self._is_of_the_cell(frame):
                found = frame.f_lineno  # the outermost one is the cell's own
            frame = frame.f_back
        return found

    def _is_of_the_cell(self, frame: FrameType) -> bool:
        return frame.f_globals is self._shell.user_global_ns and frame.f_locals is frame.f_globals


def shell() -> Any:
    """IPython's shell in this process, or None outside of a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _earlier(source: str, error: dict[str, Any] | None) -> Run:
    """A run of which IPython kept the source, and perhaps the error."""
    if error is not None:
        return Run(source, "", f"{error.get('ename')}: {error.get('evalue')}"[:_MAX_TEXT])
    if source and not source.startswith("%%") and parse_cell(source) is None:
        return Run(source, "", "SyntaxError")
    return Run(source, source)


def _ended(statements: Iterable[ast.stmt], line: int) -> list[ast.stmt]:
    """Those of `statements`, and of the bodies inside them, that end before `line`."""
    kept = []
    for statement in statements:
        is_definition = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if (statement.end_lineno or 0) < line:
            kept.append(statement)
        elif statement.lineno < line and not is_definition:
            for part in (statement, *getattr(statement, "handlers", [])):
                for name in ("body", "orelse", "finalbody"):
                    if getattr(part, name, None):
                        setattr(part, name, _ended(getattr(part, name), line) or [ast.Pass()])
            if hasattr(statement, "body"):
                kept.append(statement)
    return kept


def _told(error: BaseException) -> str:
    """An exception in one line: its kind, and what it says."""
    if isinstance(error, KeyboardInterrupt | CancelledError):
        return _INTERRUPTED
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"[:_MAX_TEXT]
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - the student's own __str__ may raise anything
        said = ""
    return (f"{type(error).__name__}: {said}" if said else type(error).__name__)[:_MAX_TEXT]
