"""What a teacher should know of a class's marks when a run is over: a line for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.gradebook.late import LatePolicy
from grader.gradebook.standings import Standing
from grader.report.words import counted


def remarks(standings: Sequence[Standing], policy: LatePolicy) -> list[str]:
    """The lines for these standings; see `Gradebook.remarks`."""
    there = [standing for standing in standings if standing.is_there]
    return [*_late(there, policy), *_by_hand(there), *_other_marks(there)]


def _late(standings: Sequence[Standing], policy: LatePolicy) -> Iterator[str]:
    late = [standing for standing in standings if standing.lateness.steps]
    if not late:
        return
    taken = f"The late policy is {policy.text!r}."
    if policy.rate is None:
        taken = "Nothing is taken off: --late sets what is."
    yield f"{counted(len(late), 'hand-in')} {_is(late)} late. {taken}"
    timeless = [standing for standing in late if standing.lateness.by is None]
    if not timeless or policy.rate is None:
        return
    lacking = "when it was due"
    if all(not standing.handed_in for standing in timeless):
        lacking = "when it was handed in"
    elif any(not standing.handed_in for standing in timeless):
        lacking = "when it was handed in or due"
    due = (
        " --due, or a roster with a column `due`, tells when it was due."
        if "due" in lacking
        else ""
    )
    yield (
        f"{counted(len(timeless), 'hand-in')} {_is(timeless)} marked late by the platform, and "
        f"nobody tells {lacking}: {'it counts' if len(timeless) == 1 else 'each counts'} as one "
        f"step of the policy."
        f"{due} `grader override` gives the points that are right."
    )


def _by_hand(standings: Sequence[Standing]) -> Iterator[str]:
    count = sum(len(standing.overrides) for standing in standings)
    if count:
        yield f"{counted(count, 'mark')} {'was' if count == 1 else 'were'} given by hand."


def _other_marks(standings: Sequence[Standing]) -> Iterator[str]:
    count = sum(standing.score != standing.graded for standing in standings)
    if count:
        yield (
            f"The table shows points as graded. {counted(count, 'mark')} "
            f"{'differs' if count == 1 else 'differ'} from them, by hand or for being late: "
            f"`grader show` and `grader export` have the marks."
        )


def _is(standings: Sequence[Standing]) -> str:
    return "is" if len(standings) == 1 else "are"
