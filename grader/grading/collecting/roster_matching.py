"""Whose hand-in is whose: what was collected, and who is enrolled.

Whoever hands in is found by id, then by login and address, then by name. Where several fit equally,
or an id and a name tell different people, nobody is chosen, and it is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grader.grading.collecting.candidates import impersonal
from grader.grading.collecting.passed_over import some
from grader.grading.collecting.person_names import as_one_word, in_any_order, run_together, spoken
from grader.grading.collecting.roster_groups import with_groups
from grader.grading.collecting.roster_teams import GroupColumn, taken
from grader.grading.collecting.submissions import Collected, Missing, Submission
from grader.results import HandedIn


@dataclass(frozen=True)
class Enrolled:
    """One student of a roster: `name` is the roster's own of them; `ids` are all that it tells.

    `due` is a date of their own, in ISO 8601. What is not told is empty.
    """

    name: str
    ids: tuple[str, ...] = ()
    email: str = ""
    section: str = ""
    group: str = ""
    due: str = ""


_Person = tuple[str, str]  # a name as it was collected, and the id with the platform
_ID, _NAME = 0, 2  # of the ways below: the first, and the first by name


def matched(
    students: Sequence[Enrolled], collected: Collected, column: GroupColumn | None = None
) -> Collected:
    """What was collected, under the roster's names, with what it tells; who is missing is added.

    Ids, addresses and sections fill what the platform does not tell; a due date of one's own
    replaces it, and says anew what is late. Of a team, one hand-in is everybody's: `group` holds
    all their names; groups that are in a `column` may be sections (see `roster_teams`). Who is not
    in the roster stays as collected, and is said.
    """
    everyone: list[Submission | Missing] = [*collected.submissions, *collected.missing]
    people = list(dict.fromkeys(map(_person, everyone)))
    index = _Index(students)
    chosen, unclear = _chosen(index, people, everyone)
    names = {person: _name(person, chosen, students) for person in people}

    of_roster = [replace(one, student=names[_person(one)]) for one in collected.submissions]
    groups = taken(column, students, of_roster)

    def filled(handed_in: HandedIn, one: Enrolled) -> HandedIn:
        section = one.section or (one.group if groups.are_sections else "")
        return _filled(handed_in, replace(one, section=section))

    def told(one: Submission | Missing) -> HandedIn:
        enrolled = chosen.get(_person(one))
        return one.handed_in if enrolled is None else filled(one.handed_in, enrolled)

    submissions = [
        replace(named, handed_in=told(one))
        for named, one in zip(of_roster, collected.submissions, strict=True)
    ]
    missing = [
        replace(one, student=names[_person(one)], handed_in=told(one)) for one in collected.missing
    ]
    submissions, said = with_groups(submissions, groups.teams, index.named)
    platform = {one.path: one.handed_in for one in collected.submissions}
    by_name = {one.name: one for one in students}
    submissions = [_with_members(one, platform[one.path], index, by_name) for one in submissions]
    there = {one.student for one in submissions}
    there |= {name for one in submissions for name in one.handed_in.group}
    absent = there | {one.student for one in missing}
    missing = [one for one in missing if one.student not in there]
    lost = [one for one in students if one.name not in absent]
    missing += [Missing(one.name, "", filled(HandedIn(), one)) for one in lost]
    return Collected(
        tuple(sorted(submissions, key=lambda one: (one.student, str(one.path)))),
        (
            *collected.said,
            *_said(people, chosen, unclear, lost, len(students)),
            *groups.said,
            *said,
        ),
        tuple(sorted(missing, key=lambda one: one.student)),
    )


def _person(one: Submission | Missing) -> _Person:
    return one.student, one.handed_in.id


class _Index:
    """The students of a roster by each way in which they can be found, the surest first."""

    def __init__(self, students: Sequence[Enrolled]) -> None:
        self._ways: list[defaultdict[str, dict[Enrolled, None]]] = [
            defaultdict(dict) for _ in range(5)
        ]
        for one in students:
            for way, keys in enumerate(_keys_of(one)):
                for key in filter(None, keys):
                    self._ways[way][key][one] = None

    def found(self, name: str, handed_in: HandedIn) -> Iterator[tuple[int, list[Enrolled]]]:
        """The way, and whom it tells, the surest first."""
        asked: list[Iterable[str]] = [
            _id_forms(handed_in.id),
            [*_id_forms(name), handed_in.email.casefold()],
            [spoken(name)],
            [in_any_order(name)],
            [as_one_word(name)],
        ]
        for way, keys in enumerate(asked):
            found = {one: None for key in keys if key for one in self._ways[way].get(key, ())}
            if found:
                yield way, list(found)

    def named(self, name: str, told: HandedIn | None = None) -> str:
        """The roster's name of a member of a group; as it was, where it does not tell one.

        Where an id fits one student, and the name another, it is neither's.
        """
        ways = list(self.found(name, told or HandedIn()))
        if not ways:
            return name
        way, found = ways[0]
        by_name = next((them for each, them in ways if each >= _NAME), [])
        if way < _NAME and by_name and not set(found) & set(by_name):
            return f"{name} ({told.id if told and told.id else 'not matched'})"
        return found[0].name if len(found) == 1 else name


def _keys_of(one: Enrolled) -> list[Iterable[str]]:
    ids = [form for each in one.ids for form in _id_forms(each)]
    email = one.email.casefold()
    return [
        ids,
        [*ids, email, email.partition("@")[0]],
        [spoken(one.name)],
        [in_any_order(one.name)],
        run_together(one.name),
    ]


def _id_forms(text: str) -> list[str]:
    """An id as it is compared; leading zeros are lost where a spreadsheet has seen it."""
    folded = text.strip().casefold()
    number = folded.lstrip("0") if folded.isdigit() else ""
    return [form for form in dict.fromkeys((folded, number)) if form]


def _chosen(
    index: _Index, people: Sequence[_Person], everyone: Sequence[Submission | Missing]
) -> tuple[dict[_Person, Enrolled], dict[_Person, list[Enrolled]]]:
    """Who each of the people is; and of whom it is unclear, who they may be."""
    handed_in = {_person(one): one.handed_in for one in reversed(everyone)}
    chosen: dict[_Person, tuple[int, Enrolled]] = {}
    unclear: dict[_Person, list[Enrolled]] = {}
    for person in people:
        ways = list(index.found(person[0], handed_in[person]))
        if not ways:
            continue
        way, found = ways[0]
        by_name = next((them for each, them in ways if each >= _NAME), [])
        if way < _NAME and by_name:
            # Where an id fits one, and the very name another, one of the two is a chance.
            both = [one for one in found if one in by_name]
            found = both or [*found, *by_name]
        if len(found) == 1:
            chosen[person] = way, found[0]
        else:
            unclear[person] = found
    _settle(chosen, unclear, everyone)
    return {person: one for person, (_, one) in chosen.items()}, unclear


def _settle(
    chosen: dict[_Person, tuple[int, Enrolled]],
    unclear: dict[_Person, list[Enrolled]],
    everyone: Sequence[Submission | Missing],
) -> None:
    """Where two people seem to be one student who handed in a lesson twice, the surer one is."""
    rivals: defaultdict[Enrolled, list[_Person]] = defaultdict(list)
    for person, (_, one) in chosen.items():
        rivals[one].append(person)
    lessons: defaultdict[_Person, list[str | None]] = defaultdict(list)
    for each in everyone:
        lessons[_person(each)].append(each.lesson if isinstance(each, Submission) else "")
    for one, them in rivals.items():
        all_lessons = [lesson for person in them for lesson in lessons[person]]
        if len(them) == 1 or (None not in all_lessons and len({*all_lessons}) == len(all_lessons)):
            continue
        best = min(chosen[person][0] for person in them)
        surest = [person for person in them if chosen[person][0] == best]
        for person in them if len(surest) > 1 else [each for each in them if each != surest[0]]:
            del chosen[person]
            unclear[person] = [one]


def _name(person: _Person, chosen: dict[_Person, Enrolled], students: Sequence[Enrolled]) -> str:
    """What somebody is called from now on: nobody else is called by a name of the roster."""
    if person in chosen:
        return chosen[person].name
    name, own_id = person
    if name in {one.name for one in students}:
        return f"{name} ({own_id or 'not matched'})"
    return name


def _filled(handed_in: HandedIn, one: Enrolled) -> HandedIn:
    """What is told of a hand-in, with what the roster tells of its student."""
    due = one.due or handed_in.due
    return handed_in.model_copy(
        update={
            "id": handed_in.id or next(iter(one.ids), ""),
            "email": handed_in.email or one.email,
            "section": handed_in.section or one.section,
            "due": due,
            "late": _is_late(handed_in, one.due) if one.due else handed_in.late,
        }
    )


def _with_members(
    one: Submission, platform: HandedIn, index: _Index, by_name: Mapping[str, Enrolled]
) -> Submission:
    """A submission with what is told of each other member of its group, and of nobody else.

    `platform` is what was told of it before the roster was asked.
    """
    told = {index.named(name, of): of for name, of in one.members.items()}
    members: dict[str, HandedIn] = {}
    for name in one.handed_in.group:
        own = told.get(name, impersonal(platform))
        own = own.model_copy(update={"group": one.handed_in.group})
        members[name] = _filled(own, by_name[name]) if name in by_name else own
    return replace(one, members=members)


def _is_late(handed_in: HandedIn, due: str) -> bool:
    """Whether it came after a due date; the platform's word where the two cannot be compared."""
    try:
        return datetime.fromisoformat(handed_in.time) > datetime.fromisoformat(due)
    except (ValueError, TypeError):  # no time is told, or only one of them has a time zone
        return handed_in.late


def _said(
    people: Sequence[_Person],
    chosen: dict[_Person, Enrolled],
    unclear: dict[_Person, list[Enrolled]],
    lost: Sequence[Enrolled],
    count: int,
) -> Iterator[str]:
    unknown = [name for name, own_id in people if (name, own_id) not in {**chosen, **unclear}]
    if unknown and count and not chosen and not unclear:
        yield "Nobody who handed in is in the roster. Look whether it is this class's."
    if unknown:
        yield f"Not in the roster, and kept as they are: {some(sorted(unknown))}."
    for (name, own_id), them in unclear.items():
        names = " or ".join(one.name for one in them)
        yield (
            f"{name}{f' ({own_id})' if own_id else ''} may be {names} of the roster; nothing tells "
            f"for certain. Kept as it is: write the id `{own_id or name}` into the roster."
        )
    if lost:
        yield f"Handed in nothing, of {count} in the roster: {some([one.name for one in lost])}."
