"""Which row of a sheet is whose: by the platform's id, login and address, name; never a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.sheet import Sheet
from grader.gradebook.standings import Person, Standing
from grader.grading.collecting.person_names import in_any_order, run_together, spoken
from grader.grading.collecting.roster import student_in
from grader.grading.collecting.roster_matching import Enrolled, who_is_who
from grader.grading.collecting.submissions import Missing
from grader.results import HandedIn


@dataclass(frozen=True)
class Row(Enrolled):
    """A student of a sheet, in its row `place`."""

    place: int = -1


@dataclass(frozen=True)
class Matched:
    """The row of each person, by name; why others have none; and the rows that are nobody's."""

    rows: Mapping[str, int]
    unmatched: Mapping[str, str]
    left: Sequence[Row]
    by_id_alone: Sequence[str] = field(default=())


def students_in(sheet: Sheet, platform: Platform) -> list[Row]:
    """The students of a sheet, in its order."""
    found = []
    for place in sheet.below:
        if not platform.is_student(sheet, place):
            continue
        one = student_in(sheet.columns, sheet.texts(place))
        if one is not None:
            told = (one.name, one.ids, one.email, one.section, one.group, one.due)
            found.append(Row(*told, one.participants, place))
    return found


def matched(
    sheet: Sheet, rows: Sequence[Row], standings: Sequence[Standing], platform: Platform
) -> Matched:
    """Who stands in which row.

    An id that another platform gave counts only where the name does not speak against it: numbers
    of two platforms may be the same by chance.
    """
    people: dict[str, Person] = {}
    ids: dict[str, str] = {}
    for standing in standings:
        name = standing.person.name
        people[name] = standing.person
        if own := platform.own_id(standing.path):
            ids[name] = own
    known = {id_.casefold() for row in rows for id_ in row.ids}
    ids = {name: id_ for name, id_ in ids.items() if id_.casefold() in known}
    asked = [
        Missing(name, "", HandedIn(id=ids.get(name, person.number), email=person.email))
        for name, person in people.items()
    ]
    chosen, unclear = who_is_who(rows, asked)
    found: dict[str, int] = {}
    unmatched: dict[str, str] = {}
    for name, person in people.items():
        row = chosen.get(name)
        if name in unclear:
            unmatched[name] = f"may be {_rows(sheet, unclear[name])}, and nothing tells for certain"
        elif not isinstance(row, Row):
            unmatched[name] = "is in no row"
        elif name not in ids and _is_chance(person, row):
            unmatched[name] = f"has the id of {_rows(sheet, [row])}, who has quite another name"
        else:
            found[name] = row.place
    taken = {*found.values()}
    alone = [name for name in found if name in ids and _differ(people[name], chosen[name])]
    return Matched(found, unmatched, [row for row in rows if row.place not in taken], alone)


def _is_chance(person: Person, row: Row) -> bool:
    """Whether a number alone tells that a person is a row's student, and the names do not."""
    if person.email and person.email.casefold() == row.email.casefold():
        return False
    return _differ(person, row)


def _differ(person: Person, row: Enrolled) -> bool:
    """Whether two names have nothing in common, not even as a login."""
    name = person.name.strip().casefold()
    logins = {*map(str.casefold, row.ids), row.email.casefold().partition("@")[0]}
    if name in logins or spoken(person.name) == spoken(row.name):
        return False
    words = {*in_any_order(person.name).split()} & {*in_any_order(row.name).split()}
    return not words and not run_together(person.name) & run_together(row.name)


def _rows(sheet: Sheet, rows: Sequence[Enrolled]) -> str:
    told = [
        f"{one.name} in line {sheet.line(one.place)}" if isinstance(one, Row) else one.name
        for one in rows
    ]
    return " or ".join(told)
