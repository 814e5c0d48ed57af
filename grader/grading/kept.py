"""Nothing is graded twice: a kept result is used again where nothing that it rests on changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from grader.errors import Rejected
from grader.grading.collecting.files import contents, fingerprint
from grader.grading.collecting.submissions import Submission
from grader.grading.handing_on import GradeEach, OnGraded, OnStart, hand_on, nobody, used_again
from grader.grading.keys import key_of
from grader.grading.pool import Plan, grade_each
from grader.results import SubmissionResult, Verdict

# What says nothing about the notebook's code.
_NOT_FINAL = (Verdict.BROKEN, Verdict.REJECTED, Verdict.NOT_HANDED_IN)


class Kept(Protocol):
    """Where results are kept, by their keys (`keys.key_of`): the gradebook."""

    def known(self, key: str) -> SubmissionResult | None:
        """The latest result kept under this key, whoever's it is; None where there is none."""

    def keep(self, result: SubmissionResult, *, key: str, again: bool = False) -> None:
        """Keep a result as its student's present one of its lesson: durable when this returns.

        Called with every final result before it counts as done. One that is used `again` is in
        there already, maybe as another student's, or an earlier version's. So it may wait to be
        kept together with others: until something new is kept, or the run ends.
        """


@dataclass(frozen=True)
class Tally:
    """How many submissions were graded, and of how many an earlier result was used again."""

    graded: int = 0
    reused: int = 0

    def sentence(self) -> str:
        """One line for a person; "" where there is nothing to tell."""
        if not self.reused:
            return ""
        if self.reused == 1:
            return "1 unchanged result was used again; --fresh grades it anew."
        return f"{self.reused:,} unchanged results were used again; --fresh grades them anew."


@dataclass(frozen=True)
class _Content:
    """What a submission held when it was looked at: the key, and the hash of the notebook."""

    key: str
    sha256: str


def grade_changed(
    submissions: Iterable[Submission],
    plan: Plan,
    on_graded: OnGraded,
    kept: Kept,
    *,
    fresh: bool = False,
    grade_each: GradeEach = grade_each,
    on_start: OnStart = nobody,
) -> Tally:
    """Hand on a result for every submission: what is known first, then what has to be graded.

    A known result is handed on as today's: with the student, the path and what the platform tells
    as they are now. All else is graded by `grade_each`, and kept before it is handed on; `fresh`
    grades everything. What is *broken* is not kept, so that it is graded again next time. Raises
    what `grade_each` raises.
    """
    contents_of: dict[int, _Content] = {}
    changed: list[Submission] = []
    reused = 0

    def kept_first(
        submission: Submission, result: SubmissionResult, key: str, *, again: bool = False
    ) -> None:
        kept.keep(result, key=key, again=again)
        on_graded(submission, result)

    def graded(submission: Submission, result: SubmissionResult) -> None:
        content = contents_of.pop(id(submission), None)
        if content is not None and _is_of(result, submission, content, plan):
            kept_first(submission, result, content.key)
        else:
            on_graded(submission, result)

    for submission in submissions:
        content = _content(submission, plan)
        known = None if fresh or content is None else kept.known(content.key)
        if content is not None and known is not None and known.verdict not in _NOT_FINAL:
            again = used_again(known, submission, content.sha256)
            hand_on(submission, again, partial(kept_first, key=content.key, again=True))
            reused += 1
            continue
        changed.append(submission)
        if content is not None:
            contents_of[id(submission)] = content
    if changed:
        grade_each(changed, plan, graded, on_start=on_start)
    return Tally(len(changed), reused)


def _content(submission: Submission, plan: Plan) -> _Content | None:
    """What the submission holds now; None where it is nothing that can be graded."""
    try:
        content = contents(submission.path, submission.below)
        return _Content(key_of(submission, content, plan), fingerprint(content))
    except Rejected:  # grading says why, and costs no more than finding it here
        return None


def _is_of(result: SubmissionResult, submission: Submission, content: _Content, plan: Plan) -> bool:
    """Whether a result is of what the key is of, and final: files may change during a run."""
    if result.verdict in _NOT_FINAL or result.notebook.sha256 != content.sha256:
        return False
    return not submission.companions or _content(submission, plan) == content
