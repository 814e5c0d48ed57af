"""Records of those who are not graded themselves: members of a group, and who handed in nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from grader.grading.collecting.candidates import impersonal
from grader.grading.collecting.submissions import Missing
from grader.grading.provenance import isolation, versions
from grader.results import NO_NOTEBOOK, HandedIn, NotebookFile, SubmissionResult, Verdict

UNKNOWN = "unknown"
"""The lesson of those of whom nobody can tell what they should have handed in."""


def for_each_member(
    result: SubmissionResult, members: Mapping[str, HandedIn]
) -> Iterator[SubmissionResult]:
    """The result itself, and the same one for each other member of the group that handed it in.

    `members` tell what is known of each (`Submission.members`); of whom they do not tell, nothing
    is known but the name.
    """
    yield result
    for member in dict.fromkeys(result.handed_in.group):
        if member != result.student:
            told = members.get(member, impersonal(result.handed_in))
            yield result.model_copy(update={"student": member, "handed_in": told})


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
                message=f"{NO_NOTEBOOK}{there}",
                isolation=walls,
                versions=numbers,
                handed_in=one.handed_in,
            )
