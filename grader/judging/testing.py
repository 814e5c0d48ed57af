"""An exercise judged in this very process: for tests of the grader, and for authors of rubrics.

No kernel is started, but everything crosses the same codec and is asked by the same code, so what
passes here passes in a kernel. Student code is trusted here: give it only your own.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from grader.crossing.values import Packet
from grader.errors import OutOfTime
from grader.inside.answer import Answerer
from grader.judging.asking import Ask
from grader.judging.course import Lesson
from grader.judging.deadline import DeadlinePassed, limit
from grader.judging.exercise import Exercise
from grader.judging.judge import PUBLIC_SECRET, Judgement, judge
from grader.kernel.clock import fair_seconds


def ask_here(namespace: dict[str, Any]) -> Ask:
    """A way to the names in `namespace`, which are objects of this process."""
    waiting: list[Callable[[Packet], Packet]] = []
    answerer = Answerer(namespace, lambda call: waiting[-1](call), interrupt_is_an_answer=False)

    def ask(
        question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        waiting.append(answer_callback)
        try:
            with limit(seconds, fair_seconds):
                return answerer.answer(question)
        except DeadlinePassed:
            raise OutOfTime("The call", seconds) from None
        finally:
            waiting.pop()

    return ask


def run_here(source: str, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that `source` defines, run as a notebook's cell would be, in this process."""
    names: dict[str, Any] = {"__name__": "__main__"} if namespace is None else namespace
    file = f"<cell {len(linecache.cache)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)  # noqa: S102 - the caller's own code
    return names


def tiny_lesson(
    folder: Path, source: str, exercises: Iterable[Exercise], *, seconds: float = 20.0
) -> Lesson:
    """A lesson called `tiny` of `exercises`, whose `source` is written below `folder`."""
    lesson = Lesson("tiny", 1, "A tiny lesson", tuple(exercises), seconds=seconds)
    path = folder / "solutions" / f"{lesson.stem}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return lesson


def judge_here(
    exercise: Exercise,
    names: dict[str, Any] | str,
    *,
    secret: bytes = PUBLIC_SECRET,
    code: str = "",
) -> Judgement:
    """Judge objects, or source that defines them, without a kernel."""
    if isinstance(names, str):
        code = code or names
        names = run_here(names)
    return judge(exercise, ask_here(names), secret=secret, code=code)
