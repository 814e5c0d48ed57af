"""Records of those who are not graded themselves: members of a group, and who handed in nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grader.grading.collecting.submissions import Missing
from grader.grading.provenance import isolation, versions
from grader.results import NotebookFile, SubmissionResult, Verdict

UNKNOWN = "unknown"
"""The lesson of those of whom nobody can tell what they should have handed in."""


def for_each_member(result: SubmissionResult) -> Iterator[SubmissionResult]:
    """The result itself, and the same one for each other member of the group that handed it in.

    The id and the address are those of the one who handed it in, and nobody else's.
    """
    yield result
    theirs = result.handed_in.model_copy(update={"id": "", "email": ""})
    for member in dict.fromkeys(result.handed_in.group):
        if member != result.student:
            yield result.model_copy(update={"student": member, "handed_in": theirs})


def not_handed_in(
    missing: Iterable[Missing], lessons: Iterable[str], level: str
) -> Iterator[SubmissionResult]:
    """A record of each student without a notebook, for each of the `lessons` of this run.

    `level` is the isolation that the run had; nothing of theirs was run.
    """
    wanted = tuple(lessons) or (UNKNOWN,)
    walls, numbers = isolation(level), versions()
    for one in missing:
        there = f" Found: {one.found}." if one.found else " Nothing else was there."
        for lesson in wanted:
            yield SubmissionResult(
                student=one.student,
                lesson=lesson,
                notebook=NotebookFile(path="", sha256=""),
                verdict=Verdict.NOT_HANDED_IN,
                message=f"No notebook was handed in.{there}",
                isolation=walls,
                versions=numbers,
                handed_in=one.handed_in,
            )
