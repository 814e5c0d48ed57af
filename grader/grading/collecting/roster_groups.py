"""One hand-in of a group is everybody's who is in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from grader.grading.collecting.reading import look
from grader.grading.collecting.submissions import Submission
from grader.results import HandedIn


def with_groups(
    submissions: Sequence[Submission],
    groups: Mapping[str, tuple[str, ...]],
    named: Callable[[str, HandedIn | None], str],
) -> tuple[list[Submission], list[str]]:
    """The submissions, each with all whose it is in `handed_in.group`; and what is to be said.

    `groups` has the names of a group by that of each member, `named` the roster's name of one whom
    the platform tells. Where several of a group handed in the same lesson, each keeps their own,
    and the newest is also that of the others.
    """
    kept: list[Submission] = []
    of_group: defaultdict[tuple[str, ...], list[Submission]] = defaultdict(list)
    for one in submissions:
        if one.handed_in.group:
            members = tuple(
                dict.fromkeys(named(name, one.members.get(name)) for name in one.handed_in.group)
            )
            kept.append(_of(one, members if one.student in members else (one.student, *members)))
        elif one.student in groups:
            of_group[groups[one.student]].append(one)
        else:
            kept.append(one)
    said: list[str] = []
    for members, theirs in of_group.items():
        kept += _shared(members, theirs, said)
    return kept, said


def _shared(
    members: tuple[str, ...], theirs: Sequence[Submission], said: list[str]
) -> list[Submission]:
    """What one group handed in, with whose each is."""
    if len(theirs) == 1:
        return [_of(theirs[0], members)]
    by_lesson: defaultdict[str | None, list[Submission]] = defaultdict(list)
    for one in theirs:
        by_lesson[lesson_of(one)].append(one)
    shared: list[Submission] = []
    for same in by_lesson.values():
        owners = {one.student for one in same}
        others = tuple(name for name in members if name not in owners)
        newest = _newest(same)
        for one in same:
            own = members if len(same) == 1 else (one.student, *others) if one is newest else ()
            shared.append(_of(one, own))
        if len(same) > 1 and others:
            whose = f"that of {newest.student} is the newest" if newest else "no time tells which"
            gets = "They get its marks" if newest else "They get none of them"
            said.append(
                f"Of one group, {' and '.join(sorted(owners))} handed in the same lesson, and "
                f"{', '.join(others)} did not; {whose}. {gets}."
            )
    return shared


def _of(one: Submission, members: tuple[str, ...]) -> Submission:
    handed_in = one.handed_in.model_copy(update={"group": members if len(members) > 1 else ()})
    return replace(one, handed_in=handed_in)


def lesson_of(one: Submission) -> str | None:
    """The lesson of a submission, from its file where nobody has looked yet."""
    if one.lesson is not None or one.refused:
        return one.lesson
    return look(one.path, one.below or one.path.parent).lesson


def _newest(same: Sequence[Submission]) -> Submission | None:
    """The one that was handed in last; None where their times do not tell."""
    times = [one.handed_in.time for one in same]
    if not all(times) or times.count(max(times)) > 1:
        return None
    return same[times.index(max(times))]
