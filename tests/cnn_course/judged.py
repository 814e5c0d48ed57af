"""A rubric, asked about answers in this process: what passes, and what is told of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from textwrap import dedent
from typing import Any

from grader.judging.course import Lesson, lesson
from grader.judging.diagnose import diagnose
from grader.judging.exercise import Exercise
from grader.judging.judge import Judgement
from grader.judging.statements import bound_names
from grader.judging.testing import judge_here, run_here
from grader.results import Verdict

Answer = str | dict[str, Any]


class Rubric:
    """The rubric of a lesson; `setup` is code that runs before each answer that is source.

    Where an answer is not `searched`, only what it computes counts, and not what the exercise
    forbids to use.
    """

    def __init__(self, name: str, setup: str = "", *, searched: bool = True) -> None:
        self._name = name
        self._setup = setup
        self._searched = searched

    @cached_property
    def _lesson(self) -> Lesson:
        return lesson(self._name)

    def exercise(self, name: str) -> Exercise:
        """The exercise with the id `name`."""
        found = self._lesson.exercise(name)
        assert found is not None, name
        return found

    def exercise_in(self, source: str) -> str:
        """The id of the exercise that `source` answers: the first one whose name it binds."""
        bound = bound_names(dedent(source))
        return next(one.id for one in self._lesson.exercises if bound & set(one.names))

    def judged(self, exercise: str, answer: Answer, seed: int = 0) -> Judgement:
        """What the judge makes of objects, or of source that defines them, on one draw."""
        secret = f"seed {seed}".encode()
        if isinstance(answer, dict):
            return judge_here(self.exercise(exercise), answer, secret=secret)
        source = dedent(answer)
        code = source if self._searched else " "
        names = run_here(self._setup + source)
        return judge_here(self.exercise(exercise), names, secret=secret, code=code)

    def diagnosis(self, exercise: str, answer: Answer, seed: int = 0) -> str | None:
        """The name of the misconception that explains a wrong answer; None if none does."""
        judgement = self.judged(exercise, answer, seed)
        assert judgement.result.verdict is Verdict.FAILED, judgement.result.checks
        found = diagnose(self.exercise(exercise), judgement)
        return found.misconception if found else None

    def assert_passes(self, exercise: str, answer: Answer, seeds: Iterable[int] = (0,)) -> None:
        """The answer gets full marks on every draw."""
        for seed in seeds:
            result = self.judged(exercise, answer, seed).result
            assert result.verdict is Verdict.PASSED, [check.message for check in result.checks]
            assert result.score == result.max_score

    def assert_told(
        self,
        exercise: str,
        answer: Answer,
        misconception: str | None,
        seeds: Iterable[int] = (0,),
    ) -> None:
        """The answer fails on every draw, and is told as this misconception, or as none."""
        for seed in seeds:
            assert self.diagnosis(exercise, answer, seed) == misconception, seed
