"""What a roster's column of groups means: teams that hand in together, or sections of the class.

Only teams share marks, and both are called by the same word. So a column is taken for teams where
the roster's reader was told so, or where everything fits: groups are small, at least half of them
handed something in, and in nearly all of these exactly one member handed in each lesson. Anything
else is a section: then somebody may be missing who is not, which is seen, while a mark that was
somebody else's might not be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.grading.collecting.passed_over import some
from grader.grading.collecting.roster_groups import lesson_of
from grader.grading.collecting.submissions import Submission

_LARGEST = 6  # members of a team
# How many groups have to fit before a guess is made: by chance alone, two small ones easily do.
_PAIRS, _LEAST_PAIRS, _LEAST = 3, 2, 4
_FITTING = 0.8  # of the lessons that groups handed in, how many one member alone did
_MOST_NAMED = 10


class _Member(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def section(self) -> str: ...
    @property
    def group(self) -> str: ...


@dataclass(frozen=True)
class GroupColumn:
    """The column that groups are in.

    `is_certain` is whether somebody said that they are teams, `is_section` whether its own name
    says that they are sections: `Section group`.
    """

    heading: str
    is_certain: bool = False
    is_section: bool = False


@dataclass(frozen=True)
class Taken:
    """What groups were taken for: `teams` has all names of a team by that of each member."""

    teams: Mapping[str, tuple[str, ...]]
    are_sections: bool = False
    said: tuple[str, ...] = ()


def taken(
    column: GroupColumn | None, students: Sequence[_Member], submissions: Sequence[Submission]
) -> Taken:
    """What the groups of these students are; without a `column`, they are teams.

    `submissions` are by the roster's names. In teams that were guessed, where several members
    handed in the same lesson, nobody gets another's.
    """
    groups = _groups(students)
    if column is None:
        return Taken(_by_member(groups))
    if column.is_section:
        return Taken({}, said=(_sections(column, "its name says so"),))
    if not any(one.group for one in students):
        return Taken({})
    counts = _counts(groups, submissions)
    begin = f"The roster's column `{column.heading}` was taken for"
    if column.is_certain:
        line = f"{begin} teams that hand in together, as --roster-column says."
        return Taken(_by_member(groups), said=(line,))
    if reason := _why_no_teams(groups, counts):
        return Taken({}, are_sections=True, said=(_sections(column, reason),))
    kept = [members for members in groups if max(counts.get(members, {"": 0}).values()) < 2]
    line = (
        f"{begin} teams that hand in together, as nearly always one of each handed in: "
        f"{_sharing(kept, submissions)}. If they are no teams, write --roster-column group=none."
    )
    return Taken(_by_member(kept), said=(line, *_left_alone(groups, kept)))


def _sections(column: GroupColumn, reason: str) -> str:
    return (
        f"The roster's column `{column.heading}` was taken for sections, such as tutorial groups: "
        f"{reason}. Nobody gets another's marks. If they are teams that hand in together, write "
        f"--roster-column {_quoted(f'group={column.heading}')}."
    )


_Members = tuple[str, ...]


def _groups(students: Sequence[_Member]) -> list[_Members]:
    """The names of those of each group that has several."""
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in students:
        if one.group:
            members[one.section, one.group].append(one.name)
    return [tuple(names) for names in members.values() if len(names) > 1]


def _by_member(groups: Sequence[_Members]) -> dict[str, _Members]:
    return {name: members for members in groups for name in members}


def _counts(
    groups: Sequence[_Members], submissions: Sequence[Submission]
) -> dict[_Members, Counter[str | None]]:
    """How many of each group handed in each lesson; groups that handed in nothing have none.

    Hand-ins of which a platform tells whose they are together say nothing of the roster's groups.
    """
    of_member = _by_member(groups)
    counts: defaultdict[_Members, Counter[str | None]] = defaultdict(Counter)
    for one in submissions:
        if one.student in of_member and not one.handed_in.group:
            counts[of_member[one.student]][lesson_of(one)] += 1
    return dict(counts)


def _why_no_teams(
    groups: Sequence[_Members], counts: Mapping[_Members, Counter[str | None]]
) -> str:
    """Why the groups are not taken for teams; "" where all speaks for it."""
    if not groups:
        return "no group has two members"
    largest = max(map(len, groups))
    if largest > _LARGEST:
        return f"a group has {largest} members"
    several = [count > 1 for of_group in counts.values() for count in of_group.values()]
    if several and several.count(False) < _FITTING * len(several):
        return f"in {_of(several.count(True), len(several))} hand-ins of a group, several did"
    least = _LEAST_PAIRS if largest <= _PAIRS else _LEAST
    if len(counts) < least or 2 * len(counts) < len(groups):
        return f"only {_of(len(counts), len(groups))} groups handed in, too few to tell"
    return ""


def _of(count: int, whole: int) -> str:
    return f"{count} of {whole}"


def _sharing(teams: Sequence[_Members], submissions: Sequence[Submission]) -> str:
    """Who gets another's marks, in words."""
    own = {one.student for one in submissions}
    sharing = [name for team in teams if own & {*team} for name in team if name not in own]
    if not sharing:
        return "nobody gets another's marks yet"
    get = "gets" if len(sharing) == 1 else "get"
    return f"{some(sharing, _MOST_NAMED)} {get} the marks of the one who did"


def _left_alone(groups: Sequence[_Members], kept: Sequence[_Members]) -> tuple[str, ...]:
    alone = [" and ".join(members) for members in groups if members not in kept]
    if not alone:
        return ()
    line = "Of these, several handed in the same lesson, and each keeps their own: "
    return (f"{line}{some(alone, _MOST_NAMED)}. Nobody there gets another's marks.",)


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
