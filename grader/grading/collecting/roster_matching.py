"""Whose hand-in is whose: what was collected, and who is enrolled.

Whoever hands in is found by id, then by login and address, then by name. Where several fit equally,
or an id and a name tell different people, nobody is chosen, and it is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

    `due` is a date of their own, in ISO 8601. `participants` are those of the ids that are Moodle's
    numbers in one assignment. What is not told is empty.
    """

    name: str
    ids: tuple[str, ...] = ()
    email: str = ""
    section: str = ""
    group: str = ""
    due: str = ""
    participants: tuple[str, ...] = field(default=(), compare=False)


_Person = tuple[str, str]  # a name as it was collected, and the id with the platform
# Of the ways below: the first by what they are called, as a login and as a name, and how many.
_LOGIN, _NAME, _WAYS = 2, 4, 7


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


def who_is_who(
    students: Sequence[Enrolled], people: Sequence[Missing]
) -> tuple[dict[str, Enrolled], dict[str, list[Enrolled]]]:
    """Which of the students each of the people is, by their names; and of whom it is unclear.

    Of these, it tells who they may be. Nobody is two students, and no two people are one.
    """
    chosen, unclear = _chosen(_Index(students), list(dict.fromkeys(map(_person, people))), people)
    return (
        {name: one for (name, _), one in chosen.items()},
        {name: them for (name, _), them in unclear.items()},
    )


def _person(one: Submission | Missing) -> _Person:
    return one.student, one.handed_in.id


class _Index:
    """The students of a roster by each way in which they can be found, the surest first."""

    def __init__(self, students: Sequence[Enrolled]) -> None:
        self._ways: list[defaultdict[str, dict[Enrolled, None]]] = [
            defaultdict(dict) for _ in range(_WAYS)
        ]
        self._participants = {_folded(each): one for one in students for each in one.participants}
        for one in students:
            for way, keys in enumerate(_keys_of(one)):
                for key in filter(None, keys):
                    self._ways[way][key][one] = None

    @property
    def has_participants(self) -> bool:
        """Whether Moodle's numbers of participants are told."""
        return bool(self._participants)

    def found(
        self, name: str, handed_in: HandedIn, *, is_participant: bool = False
    ) -> Iterator[tuple[int, list[Enrolled]]]:
        """The way, and whom it tells, the surest first.

        The number of a participant (`is_participant`) is looked for among such, where there are.
        """
        own_id = handed_in.id
        if is_participant and self._participants and _folded(own_id) not in self._participants:
            own_id = ""
        asked: list[Iterable[str]] = [
            [_folded(own_id)],
            [_number(own_id)],
            [_folded(name), handed_in.email.casefold()],
            [_number(name)],
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
    ids, numbers = [*map(_folded, one.ids)], [*map(_number, one.ids)]
    email = one.email.casefold()
    return [
        ids,
        numbers,
        [*ids, email, email.partition("@")[0]],
        numbers,
        [spoken(one.name)],
        [in_any_order(one.name)],
        run_together(one.name),
    ]


def _share_a_word(first: str, second: str) -> bool:
    """Whether two names have a word in common, accents or not."""
    return not set(in_any_order(first).split()).isdisjoint(in_any_order(second).split())


def _folded(text: str) -> str:
    """An id as it is written, but for case."""
    return text.strip().casefold()


def _number(text: str) -> str:
    """A number without leading zeros, which are lost where a spreadsheet has seen it; else ""."""
    folded = _folded(text)
    return folded.lstrip("0") if folded.isdigit() else ""


@dataclass(frozen=True)
class _Choice:
    """Who somebody is: the way in which they were found, and whether the name says so, too."""

    way: int
    one: Enrolled
    is_named: bool

    @property
    def is_by_id_alone(self) -> bool:
        return self.way < _NAME and not self.is_named

    @property
    def is_by_exact_name(self) -> bool:
        return self.way == _NAME


def _chosen(
    index: _Index, people: Sequence[_Person], everyone: Sequence[Submission | Missing]
) -> tuple[dict[_Person, Enrolled], dict[_Person, list[Enrolled]]]:
    """Who each of the people is; and of whom it is unclear, who they may be."""
    known = {_person(one): one for one in reversed(everyone)}
    chosen: dict[_Person, _Choice] = {}
    unclear: dict[_Person, list[Enrolled]] = {}
    for person in people:
        told = known[person]
        ways = list(index.found(person[0], told.handed_in, is_participant=told.is_participant))
        if not ways:
            continue
        way, found = ways[0]
        by_name = next((them for each, them in ways if each >= _NAME), [])
        if way < _NAME and by_name:
            # Where an id fits one, and the very name another, one of the two is a chance.
            both = [one for one in found if one in by_name]
            found = both or [*found, *by_name]
        is_named = any(found[0] in them for each, them in ways if each >= _LOGIN)
        # Moodle's number of a participant may be anybody's in another column, and says no name.
        is_chance = told.is_participant and way < _NAME and not index.has_participants
        is_chance = is_chance and not any(_share_a_word(person[0], one.name) for one in found)
        if len(found) == 1 and not is_chance:
            chosen[person] = _Choice(way, found[0], is_named)
        else:
            unclear[person] = found
    _settle(chosen, unclear, everyone)
    return {person: choice.one for person, choice in chosen.items()}, unclear


def _settle(
    chosen: dict[_Person, _Choice],
    unclear: dict[_Person, list[Enrolled]],
    everyone: Sequence[Submission | Missing],
) -> None:
    """Where two people seem to be one student who handed in a lesson twice, the surer one is.

    Where an id alone tells the one, and the exact name the other, neither is.
    """
    rivals: defaultdict[Enrolled, list[_Person]] = defaultdict(list)
    for person, choice in chosen.items():
        rivals[choice.one].append(person)
    lessons: defaultdict[_Person, list[str | None]] = defaultdict(list)
    for each in everyone:
        lessons[_person(each)].append(each.lesson if isinstance(each, Submission) else "")
    for one, them in rivals.items():
        all_lessons = [lesson for person in them for lesson in lessons[person]]
        if len(them) == 1 or (None not in all_lessons and len({*all_lessons}) == len(all_lessons)):
            continue
        choices = [chosen[person] for person in them]
        best = min(choice.way for choice in choices)
        surest = [person for person in them if chosen[person].way == best]
        disagree = chosen[surest[0]].is_by_id_alone and any(
            choice.is_by_exact_name for choice in choices
        )
        is_clear = len(surest) == 1 and not disagree
        for person in [each for each in them if each != surest[0]] if is_clear else them:
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
