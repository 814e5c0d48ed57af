"""What a notebook sets for all of itself, and which checks would hold without it.

Settings of libraries that change what the same code computes are read from its cells. Where checks
failed, the cells are run once more without them: what holds then failed because of the setting.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from grader.grading.collecting.cells import SubmittedCell
from grader.grading.execute import Kernel
from grader.judging.parsing import parse_cell
from grader.results import ExerciseResult, Verdict

# With these, points are missing for what the student's code did.
_UNHAPPY = (Verdict.FAILED, Verdict.ERROR)

# Functions that change what the same code computes: what each sets, and what sets nothing new.
_SETTINGS = {
    "set_global_policy": ("Keras's dtype policy", "float32"),
    "set_dtype_policy": ("Keras's dtype policy", "float32"),
    "set_floatx": ("Keras's type of numbers", "float32"),
    "set_image_data_format": ("Keras's order of axes", "channels_last"),
    "set_epsilon": ("Keras's smallest number", ""),
    "experimental_enable_numpy_behavior": ("TensorFlow's rules for types", ""),
    "seterr": ("that NumPy raises where numbers overflow or are divided by zero", ""),
    "simplefilter": ("that warnings are errors", ""),
    "filterwarnings": ("that warnings are errors", ""),
}
# Of these, only calls with such an argument change what becomes of code.
_ONLY_WITH = {"seterr": "raise", "simplefilter": "error", "filterwarnings": "error"}
_SETTING_WORDS = re.compile("|".join(_SETTINGS))


def results_without_settings(
    kernel: Kernel,
    cells: Sequence[SubmittedCell],
    results: Sequence[ExerciseResult],
    judge_again: Callable[[str, Sequence[str]], ExerciseResult],
    out_of_time: Callable[[], bool],
) -> Iterator[ExerciseResult]:
    """Those of `results` that failed because the notebook changes a setting for all of itself.

    Each says so in its messages; the points stay as they are. `judge_again` judges the exercise of
    an id once more, after these sources have run. A notebook without such settings is not run
    again, and none is once it is `out_of_time`.
    """
    made = settings(cell.source for cell in cells)
    failed = [result for result in results if result.verdict in _UNHAPPY]
    if not made or not failed or out_of_time():
        return
    told = " and ".join(
        f"cell {cells[index].number} sets {' and '.join(texts)}" for index, texts in made.items()
    )
    kernel.restart()
    sources = [without_settings(cell.source) for cell in cells]
    for source in sources:
        if out_of_time() or not kernel.alive:
            return
        kernel.run(source)
    for before in failed:
        if out_of_time() or not kernel.alive:
            return
        changed = _blaming(before, judge_again(before.id, sources), told)
        if changed is not None:
            yield changed


def _blaming(before: ExerciseResult, now: ExerciseResult, told: str) -> ExerciseResult | None:
    """`before`, where each check that holds `now` says why it failed; None if none does."""
    passing = {check.name for check in now.checks if check.verdict is Verdict.PASSED}
    cause = (
        f"The cause: {told}, for the whole notebook. Without it, this holds. Take it out, and run "
        f"the notebook from the top."
    )
    checks = tuple(
        check.model_copy(update={"message": f"{cause} {check.message}".strip()})
        if check.verdict in _UNHAPPY and check.name in passing
        else check
        for check in before.checks
    )
    if checks == before.checks:
        return None
    changed = (new.message for new in checks if new not in before.checks)
    message = next(changed) if before.message else ""
    return before.model_copy(update={"checks": checks, "message": message, "diagnosis": None})


def settings(sources: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """The settings for the whole notebook that each of these cells makes, by the cell's index.

    Each as a person reads it: "Keras's dtype policy with `keras.….set_global_policy('…')`".
    """
    found: dict[int, tuple[str, ...]] = {}
    for index, source in enumerate(sources):
        tree = parse_cell(source) if _SETTING_WORDS.search(source) else None
        if tree is not None and (calls := [n for n in ast.walk(tree) if _sets_something(n)]):
            texts = (f"{_SETTINGS[_last(call)][0]} (`{ast.unparse(call)[:100]}`)" for call in calls)
            found[index] = tuple(dict.fromkeys(texts))
    return found


def without_settings(source: str) -> str:
    """A cell's code, but for the calls that `settings` finds in it."""
    tree = parse_cell(source) if _SETTING_WORDS.search(source) else None
    return source if tree is None else ast.unparse(_NoSettings().visit(tree))


class _NoSettings(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Put None in the place of a call that sets something."""
        if _sets_something(node):
            return ast.Constant(None)
        self.generic_visit(node)
        return node


def _sets_something(node: ast.AST) -> bool:
    name = _last(node)
    if not isinstance(node, ast.Call) or name not in _SETTINGS:
        return False
    given = [*node.args, *(word.value for word in node.keywords)]
    values = [one.value for one in given if isinstance(one, ast.Constant)]
    if name in _ONLY_WITH:
        return _ONLY_WITH[name] in values
    return values[:1] != [_SETTINGS[name][1]]


def _last(call: ast.AST) -> str:
    """`set_floatx` of `keras.config.set_floatx(…)`."""
    function = call.func if isinstance(call, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
