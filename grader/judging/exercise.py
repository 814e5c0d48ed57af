"""What a rubric declares: an Exercise with its checks and its misconceptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grader.errors import AuthorError

CheckFunction = Callable[..., None]

# What a call of the student's code may take where the exercise does not say, in seconds.
_SECONDS, _SECONDS_OF_SLOW = 3.0, 5.0


@dataclass(frozen=True)
class Check:
    """One statement about the student's code that holds or does not.

    `parameters` are the student's names that `function` is called with, plus the fixture `rng`,
    a `numpy.random.Generator`. `after` is the check whose failure makes this one pointless.
    """

    name: str
    statement: str
    points: float
    parameters: tuple[str, ...]
    function: CheckFunction
    after: Check | None = None
    hint: str = ""


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that students really give, and the sentence that explains it.

    With parameters, `function` stands in for the exercise's first name. Without, it returns a dict
    from the exercise's names to the wrong objects. `recognize`, where given, is called with the
    student's objects by name and says whether they show this misconception; a name that is a
    function stands for the list of what it returned in the checks that failed. Otherwise the
    misconception is recognized by giving the same outputs on the same inputs.
    """

    name: str
    message: str
    function: Callable[..., Any]
    recognize: Callable[..., bool] | None = None

    def objects(self, first_name: str) -> dict[str, Any]:
        """The wrong objects, by the student's names."""
        if inspect.signature(self.function).parameters:
            return {first_name: self.function}
        built = self.function()
        if not isinstance(built, dict):
            raise AuthorError(
                f"A misconception without parameters returns a dict from names to objects. "
                f"Received: {type(built).__name__} from `{self.name}`. Return "
                f"{{{first_name!r}: …}}, or give the function the student's parameters."
            )
        return built


class Exercise:
    """One task of a lesson: the names a student defines, what must hold, what goes wrong.

    `names` are the student's names (default: the id). `hints` lead on, from the gentlest to the
    plainest. `forbid` lists dotted names that a "by hand" exercise may not use; `grader` itself is
    always forbidden. `functions` are those of `names` that are functions (default: as the
    misconceptions show, which are called to find out). `seconds` is what each call of the student's
    code may take, at least ten times what the solution's takes, which selfcheck proves; while the
    code waits for a processor on a busy machine, they do not pass. `slow` says that judging takes
    seconds, as it trains networks or asks them much: selfcheck asks fewer seeds then, unless told
    how many.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the record's word
        *,
        title: str,
        names: tuple[str, ...] = (),
        functions: tuple[str, ...] | None = None,
        hints: tuple[str, ...] = (),
        forbid: tuple[str, ...] = (),
        seconds: float | None = None,
        slow: bool = False,
    ) -> None:
        if not id.isidentifier():
            raise AuthorError(f"An exercise's id is a Python name. Received: {id!r}.")
        self.id = id
        self.title = title
        self.names = names or (id,)
        self._functions = functions
        self.hints = hints
        self.forbid = forbid
        self.seconds = seconds or (_SECONDS_OF_SLOW if slow else _SECONDS)
        self.slow = slow
        self.checks: list[Check] = []
        self.misconceptions: list[Misconception] = []

    def __repr__(self) -> str:
        return f"Exercise({self.id!r})"

    @cached_property
    def function_names(self) -> frozenset[str] | None:
        """Those of `names` that are functions; None if neither the rubric nor a mistake tells."""
        if self._functions is not None:
            return frozenset(self._functions)
        wrong: dict[str, Any] = {}
        for misconception in self.misconceptions:
            wrong |= misconception.objects(self.names[0])
        if not wrong:
            return None
        return frozenset(name for name, value in wrong.items() if inspect.isroutine(value))

    @property
    def short_seconds(self) -> float:
        """What a call has where others did not end: more than twice what the solution's takes."""
        return self.seconds / 4

    @property
    def max_score(self) -> float:
        """The sum of the checks' points."""
        return sum(check.points for check in self.checks)

    def check(
        self, *, points: float, after: Check | None = None, hint: str = ""
    ) -> Callable[[CheckFunction], Check]:
        """Declare a check; its docstring is the statement that the student reads.

        Raises AuthorError for a check without a docstring, without points, or with a parameter
        that is neither one of the exercise's names nor `rng`.
        """

        def declare(function: CheckFunction) -> Check:
            name = function.__name__
            statement = inspect.cleandoc(function.__doc__ or "")
            parameters = tuple(inspect.signature(function).parameters)
            if not statement:
                raise AuthorError(
                    f"A check's docstring is the sentence that the student reads. Received: none "
                    f"for `{name}` of `{self.id}`. Write one."
                )
            if points <= 0:
                raise AuthorError(f"A check has points above 0. Received: {points} for `{name}`.")
            strangers = set(parameters) - {*self.names, "rng"}
            if strangers:
                raise AuthorError(
                    f"A check's parameters are the exercise's names and `rng`. Received: "
                    f"{', '.join(sorted(strangers))} in `{name}`. Add them to `names=`, or rename."
                )
            if any(check.name == name for check in self.checks):
                raise AuthorError(f"A check's name is its own. Received: a second `{name}`.")
            if after is not None and after not in self.checks:
                raise AuthorError(f"`after=` names an earlier check of `{self.id}`, for `{name}`.")
            check = Check(
                name, " ".join(statement.split()), points, parameters, function, after, hint
            )
            self.checks.append(check)
            return check

        return declare

    def misconception(
        self, message: str, *, recognize: Callable[..., bool] | None = None
    ) -> Callable[[Callable[..., Any]], Misconception]:
        """Declare a wrong answer; `message` says what was done, why it is not so, and leads on.

        The decorated function either takes the student's parameters and stands in for the
        exercise's first name, or takes none and returns a dict from names to wrong objects.
        Misconceptions are tried in the order of the rubric, so the most specific comes first.
        """

        def declare(function: Callable[..., Any]) -> Misconception:
            if any(known.name == function.__name__ for known in self.misconceptions):
                raise AuthorError(
                    f"A misconception's name is its own. Received: a second `{function.__name__}`."
                )
            misconception = Misconception(function.__name__, message, function, recognize)
            self.misconceptions.append(misconception)
            return misconception

        return declare


def exercises_behind(
    exercise: Exercise, names: Collection[str], all_exercises: Iterable[Exercise]
) -> list[Exercise]:
    """Those of `all_exercises` in which `names`, which `exercise` reads, are defined.

    A name that several exercises speak of is defined in the first of them.
    """
    homes: dict[str, Exercise] = {}
    for other in all_exercises:
        for name in other.names:
            homes.setdefault(name, other)
    found = {home.id: home for name, home in homes.items() if name in names}
    return [home for home in found.values() if home is not exercise]
