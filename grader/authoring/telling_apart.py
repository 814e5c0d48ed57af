"""Random cases that tell answers apart: drawn until right and wrong ones differ clearly.

On such a case a wrong answer is caught, and recognized as itself and not as another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

import numpy as np

from grader.errors import AuthorError
from grader.judging.alike import alike
from grader.judging.expect.calls import asked_now

Answer = Callable[..., Any]
Case = tuple[Any, ...]
"""The arguments that an answer is asked with."""
Drawn = TypeVar("Drawn")

MOST_DRAWS = 2000
MARGIN = 0.05


@dataclass(frozen=True)
class Raised:
    """What came of an answer that raised an exception of the type called `kind`."""

    kind: str


def outcomes(answers: Iterable[Answer], cases: Iterable[Case]) -> dict[str, list[Any]]:
    """What each of `answers` makes of each of `cases`, by the name of its function.

    Every answer gets copies, since it may change what it is given. An exception counts as an
    outcome. AuthorError if two answers have the same name.
    """
    asked, found = list(cases), dict[str, list[Any]]()
    for answer in answers:
        if (name := _name(answer)) in found:
            raise AuthorError(
                f"Answers that are told apart have names of their own. Received: a second "
                f"`{name}`. Rename one, or give it once."
            )
        found[name] = [_outcome(answer, case) for case in asked]
    return found


def differ(one: Any, other: Any, margin: float = MARGIN) -> bool:
    """Whether a diagnosis could tell two outcomes apart, and clearly: they are not `alike`.

    Numbers have to lie further apart than `margin` in one place at least.
    """
    return not alike(one, other, margin=margin)


def draw_apart(
    draw: Callable[[], Drawn],
    *outcomes_of: Callable[[Drawn], Mapping[str, Any]],
    where: Callable[[Drawn], bool] = lambda _: True,
    margin: float = MARGIN,
) -> Drawn:
    """The first of many draws for which `where` holds and no two outcomes are alike.

    Each of `outcomes_of` gives outcomes by name, such as `outcomes` finds, which have to `differ`
    by `margin` among themselves. AuthorError, which names what could not be told apart, if
    `MOST_DRAWS` draws are not enough.
    """
    reason = ""
    for _ in range(MOST_DRAWS):
        drawn = draw()
        if not where(drawn):
            reason = reason or "`where` does not hold"
            continue
        alike = _first_alike((names(drawn) for names in outcomes_of), margin)
        if alike is None:
            return drawn
        reason = "`{}` and `{}` are alike".format(*alike)
    raise AuthorError(
        f"Some case tells all answers apart. Received: {MOST_DRAWS:,} draws of "
        f"`{_name(draw)}`, none of which does: {reason}, the last time. Draw other cases, or "
        f"leave out an answer that is right on them."
    )


def ask_all(answer: Answer, cases: Iterable[Case]) -> None:
    """Ask every case once, so that all answers are on record: one alone may be chance.

    What is expected later is not about these calls.
    """
    for case in cases:
        answer(*case)
    asked = asked_now()
    if asked is not None:
        asked.held()


def ask_each(answer: Answer, cases: Iterable[Case]) -> Iterator[Any]:
    """The answer to each case, one after the other; all are asked before the first is given.

    While an answer is looked at, what is expected is about its call.
    """
    asked = asked_now()
    answers = []
    for case in cases:
        value = answer(*case)
        answers.append((value, asked.last if asked else None))
    for value, kept in answers:
        if asked is not None and kept is not None:
            asked.speak_of(kept)
        yield value


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", function))  # a partial has none


def _outcome(answer: Answer, case: Case) -> Any:
    try:
        with np.errstate(all="ignore"):
            return answer(*deepcopy(case))
    except Exception as error:  # noqa: BLE001 - a wrong answer may raise whatever it likes
        return Raised(type(error).__name__)


def _first_alike(groups: Iterable[Mapping[str, Any]], margin: float) -> tuple[str, str] | None:
    """The names of two outcomes of a group that do not differ, if there are any."""
    for group in groups:
        for (name, one), (other_name, other) in combinations(group.items(), 2):
            if not differ(one, other, margin):
                return name, other_name
    return None
