"""Why a name has no value: traced to the cell that should give it one, and what became of it.

What a cell binds is read from its source, and how it ended is known outside the kernel. What the
kernel says of it is data, which is shown and never believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from grader.grading.collecting.cells import SubmittedCell
from grader.grading.execute import CellEnd, Ending, PassedOver
from grader.judging.statements import names_meant, only_calls
from grader.results import CheckResult, ExerciseResult, FailedCell, Verdict, overall

_NOT_DEFINED = re.compile(r"name '(\w{1,80})' is not defined")
_ABSENT = re.compile(r"Define `(\w+)` first")  # how `errors.Missing` begins
_RAISED = re.compile(r"Your code raised (\w+): ([^\n]*)")
_NO_MODULE = re.compile(r"No module named '([\w.]{1,80})'")
# Where Python says that the error in a text is: in a file that nobody knows, which the cell became.
_IN_FILE = re.compile(r" \((?:[^()]*, )?line (\d+)\)$")
_SYNTAX = ("SyntaxError", "IndentationError", "TabError", "_IncompleteInputError")
_FILES = ("FileNotFoundError", "PermissionError", "NotADirectoryError")
_NETWORK = ("URLError", "HTTPError", "gaierror", "ConnectionError", "ConnectionRefusedError")
_OURS = ("check", "hint")
_FIRST_LINE, _MOST_SAID = 50, 300

_ONLY_WHAT_WAS_HANDED_IN = (
    "Only what was handed in is there: the notebook, and the files that lay beside it in a folder "
    "of your own. Hand the file in with it, and open it by its name alone, or put what the cell "
    "needs into the notebook"
)


class Causes:
    """The cells of a notebook with what became of each that has been run, by its index.

    `outcomes` may grow as the cells are run.
    """

    def __init__(self, cells: Sequence[SubmittedCell], outcomes: Mapping[int, CellEnd]) -> None:
        self._cells = cells
        self._outcomes = outcomes

    def explained(self, message: str, until: int) -> str:
        """`message`, and before it why a name that it misses has no value after cell `until`."""
        found = _NOT_DEFINED.search(message)
        if found and (why := self.missing(found[1], until)):
            return f"{why} Fix that first. {message}"
        absent = _ABSENT.match(message)
        if absent and (why := self.missing(absent[1], until)):
            return f"{why} Fix that first."
        raised = _RAISED.search(message)
        lack = _lack(raised[1], raised[2]) if raised else ""
        return f"{message}. Here, {lack}" if lack else message

    def explained_result(self, result: ExerciseResult, until: int) -> ExerciseResult:
        """A result with each message explained; a name missing for a known cause is no omission."""
        checks = tuple(self._explained_check(check, until) for check in result.checks)
        if checks == result.checks:
            return result
        update = {
            "checks": checks,
            "message": result.message and self.explained(result.message, until),
            "verdict": overall([check.verdict for check in checks]),
        }
        return result.model_copy(update=update)

    def _explained_check(self, check: CheckResult, until: int) -> CheckResult:
        message = check.message and self.explained(check.message, until)
        verdict = check.verdict
        if message != check.message and verdict is Verdict.NOT_ATTEMPTED:
            verdict = Verdict.ERROR
        return check.model_copy(update={"message": message, "verdict": verdict})

    def missing(self, name: str, until: int, seen: frozenset[str] = frozenset()) -> str:
        """Why `name` has no value after cell `until`, back to the first cause; "" if unknown."""
        index = self._loses(name, until)
        if index is None or name in seen:
            return ""
        return f"`{name}` is missing: {self.told(index, {name}, seen | {name})}"

    def told(self, index: int, names: set[str], seen: frozenset[str] = frozenset()) -> str:
        """What became of the cell `index`, as far as it concerns `names`; "" if it was well."""
        outcome, cell = self._outcomes.get(index), self._called(index)
        if outcome is None:
            return f"{cell} was not run: the time for the whole notebook was over."
        if outcome.lost is not None:
            return f"{outcome.lost.about(cell)} Put what other cells need into a cell of its own."
        kind, text = outcome.kind, outcome.text
        if lost := [one for one in outcome.passed_over if one.names & names]:
            kind, text = lost[0].kind, lost[0].text
        elif outcome.ending is Ending.DONE:
            return ""
        needed = _NOT_DEFINED.search(text) if kind == "NameError" else None
        if needed and (why := self.missing(needed[1], index, seen)):
            return f"{cell} needs `{needed[1]}`. {why}"
        if lack := _lack(kind, text):
            return f"in {cell}, {lack}"
        return f"{cell} {_what_happened(kind, text)}"

    def failed_cells(self) -> tuple[FailedCell, ...]:
        """Every cell that did not run to its end, with what happened, in order.

        Cells that only check or ask for a hint are left out: they do nothing here.
        """
        return tuple(
            FailedCell(
                number=cell.number,
                first_line=self._first_line(index),
                message=message,
                because_of=self._first_cause(index),
            )
            for index, cell in enumerate(self._cells)
            if (message := self._message(index)) and not only_calls(cell.source, _OURS)
        )

    def _message(self, index: int) -> str:
        outcome = self._outcomes.get(index)
        if outcome is None:
            return "It was not run: the time for the whole notebook was over."
        if outcome.lost is not None:
            return str(outcome.lost.about("It"))
        lacks = [_short(one) for one in outcome.passed_over if one.kind != "NameError"]
        rest = outcome.passed_over and outcome.ending is Ending.DONE
        if outcome.ending is Ending.RAISED:
            missing = _NO_MODULE.search(outcome.text)
            said = f"`{missing[1]}` is not installed where grading happens" if missing else ""
            lacks.append(said or _what_happened(outcome.kind, outcome.text).rstrip("."))
        elif outcome.passed_over and not lacks:
            lacks = [_short(outcome.passed_over[0])]
        said = "; ".join(dict.fromkeys(lacks))
        number = self._cells[index].number
        return f"{said}; the rest of cell {number} was run." if rest else said and f"{said}."

    def _first_cause(self, index: int, seen: frozenset[str] = frozenset()) -> int | None:
        """The number of the cell that failed first, where this one failed because of it."""
        outcome = self._outcomes.get(index)
        if outcome is None or outcome.lost is not None:
            return None
        kind, text = outcome.kind, outcome.text
        if outcome.ending is Ending.DONE and outcome.passed_over:
            kind, text = outcome.passed_over[0].kind, outcome.passed_over[0].text
        found = _NOT_DEFINED.search(text) if kind == "NameError" else None
        before = self._loses(found[1], index) if found and found[1] not in seen else None
        if found is None or before is None or before == index:
            return None
        earlier = self._first_cause(before, seen | {found[1]})
        return earlier if earlier is not None else self._cells[before].number

    def _loses(self, name: str, until: int) -> int | None:
        """The first cell up to `until` that should give `name` a value and did not run to its end.

        Only cells that bind the name, as their source tells, can lose it.
        """
        for index in range(min(until + 1, len(self._cells))):
            outcome = self._outcomes.get(index)
            ended = outcome is not None and outcome.ending is Ending.DONE
            passed_over = outcome.passed_over if outcome is not None else ()
            if ended and not any(name in one.names for one in passed_over):
                continue
            if name in names_meant(self._cells[index].source):
                return index
        return None

    def _called(self, index: int) -> str:
        return f"cell {self._cells[index].number} (`{self._first_line(index)}`)"

    def _first_line(self, index: int) -> str:
        """The first line of a cell that is not empty, cut where it is long."""
        lines = (line.strip() for line in self._cells[index].source.split("\n"))
        line = next(filter(None, lines), "").replace("`", "'")
        return line if len(line) <= _FIRST_LINE else f"{line[:_FIRST_LINE]}…"


def _what_happened(kind: str, text: str) -> str:
    """What an exception is, after the name of a cell: `raised KeyError: 'x'.`"""
    text = text[:_MOST_SAID]
    if kind in _SYNTAX:
        placed = _IN_FILE.sub(r", in its line \1", text)
        return f"did not run: {kind}: {placed}."
    return f"raised {kind}{f': {text}' if text else ''}".rstrip(".") + "."


def _short(one: PassedOver) -> str:
    """Why a statement was passed over, in a few words."""
    if module := _NO_MODULE.search(one.text):
        return f"`{module[1]}` is not installed where grading happens"
    return f"a statement was passed over ({one.kind}: {one.text[:_MOST_SAID].rstrip('.')})"


def _lack(kind: str, text: str) -> str:
    """What an exception says is not there where grading happens, and what to do; "" if it does not.

    It goes on where a sentence has begun: "in cell 2, …".
    """
    text = text[:_MOST_SAID].rstrip(".")
    if module := _NO_MODULE.search(text):
        return (
            f"`{module[1]}` is not installed where grading happens. Do without it; if it is a file "
            f"of yours, hand it in beside the notebook, in a folder of your own, or copy its code "
            f"into the notebook."
        )
    if kind in _FILES:
        return f"a file is not there ({text}). {_ONLY_WHAT_WAS_HANDED_IN}."
    if kind in _NETWORK:
        return f"the network is not there ({text}). Use what comes with the lesson."
    if kind == "ImportError":
        return f"an import fails where grading happens ({text}). Do without it."
    if kind == "UsageError":
        return f"a magic does not work where grading happens ({text}). Do without it."
    return ""
