"""Two people of one name, told apart by the ids that platforms give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from grader.grading.collecting.candidates import Candidate, Owner
from grader.grading.collecting.files import printable
from grader.grading.collecting.layout import Found, Layout


def told_apart(found: Sequence[Found]) -> list[Found]:
    """What several paths hold, where no two people have one name: `Jane Doe (1001)` and another.

    A platform gives one person one id, except Moodle, which numbers people anew for each
    assignment. There, and between platforms, two ids are two people's who handed in side by side,
    or handed in the same lesson.
    """
    candidates: defaultdict[str, list[Candidate]] = defaultdict(list)
    owners: defaultdict[str, list[tuple[int, Owner]]] = defaultdict(list)
    for number, each in enumerate(found):
        for one in each.candidates:
            candidates[one.student].append(one)
            owners[one.student].append((number, one.owner))
        for student, owner, _ in each.without:
            owners[student].append((number, owner))
    ids = {
        student: list(dict.fromkeys(owner.id for _, owner in theirs if owner.id))
        for student, theirs in owners.items()
    }
    twice = {
        student
        for student, theirs in owners.items()
        if len(ids[student]) > 1 and _are_several(theirs, candidates[student])
    }

    def named(student: str, owner: Owner) -> str:
        return f"{student} ({printable(owner.id)})" if student in twice and owner.id else student

    def told(one: Candidate) -> Candidate:
        if one.is_added and not one.owner.id and len(ids[one.student]) == 1:
            return replace(one, owner=replace(one.owner, id=ids[one.student][0]))
        return replace(one, student=named(one.student, one.owner))

    return [
        Found(
            [told(one) for one in each.candidates],
            [(named(name, owner), owner, had) for name, owner, had in each.without],
        )
        for each in found
    ]


def _are_several(owners: Sequence[tuple[int, Owner]], candidates: Sequence[Candidate]) -> bool:
    """Whether different ids of one name are different people's."""
    ids: defaultdict[object, set[str]] = defaultdict(set)
    for number, owner in owners:
        if owner.id and owner.platform != Layout.MOODLE:
            ids["platform", owner.platform].add(owner.id)
        if owner.id and owner.platform:
            ids["beside", number, owner.level].add(owner.id)
    for one in candidates:
        if one.owner.id:
            ids["lesson", one.look.lesson].add(one.owner.id)
    return any(len(several) > 1 for several in ids.values())
