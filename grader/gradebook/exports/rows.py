"""Which row of a sheet is whose: by the platform's id, login and address, name; never a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.sheet import Sheet
from grader.gradebook.standings import Person, Standing
from grader.grading.collecting.person_names import in_any_order, run_together, spoken
from grader.grading.collecting.roster import student_in
from grader.grading.collecting.roster_matching import Enrolled, who_is_who
from grader.grading.collecting.submissions import Missing
from grader.report.text import visible
from grader.results import HandedIn

_A_NAME = 100  # characters that are shown
NOWHERE = "is in no row"
"""Why somebody has no row, where none looks like theirs."""


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
    people = {standing.person.name: standing.person for standing in standings}
    own = _own_ids(standings, platform)
    ids = {name: own.get(name, person.number) for name, person in people.items()}
    by_id = _by_id(rows)
    reasons: dict[str, str] = {}
    for name in _strangers(people, own, ids, by_id):
        same = [row for row in rows if spoken(row.name) == spoken(name) and row.ids]
        if same and not _is_mail_of(people[name], rows):
            reasons[name] = f"has another id than {_rows(sheet, same)}, who has the same name"
    for name, person in people.items():
        with_it = by_id.get(_plain(ids[name]), [])
        if name not in own and with_it and all(_is_chance(person, row) for row in with_it):
            ids[name] = ""
            reasons[name] = f"has the id of {_rows(sheet, with_it)}, who has quite another name"
    asked = [
        Missing(name, "", HandedIn(id=ids[name], email=person.email))
        for name, person in people.items()
        if name not in reasons or not ids[name]
    ]
    chosen, unclear = who_is_who(rows, asked)
    found: dict[str, int] = {}
    unmatched: dict[str, str] = {}
    for name in people:
        row = chosen.get(name)
        if isinstance(row, Row):
            found[name] = row.place
        elif name in unclear:
            unmatched[name] = f"may be {_rows(sheet, unclear[name])}, and nothing tells for certain"
        else:
            unmatched[name] = reasons.get(name, NOWHERE)
    taken = {*found.values()}
    alone = [name for name in found if name in own and _differ(people[name], chosen[name])]
    return Matched(found, unmatched, [row for row in rows if row.place not in taken], alone)


def _strangers(
    people: Mapping[str, Person],
    own: Mapping[str, str],
    ids: Mapping[str, str],
    by_id: Mapping[str, Sequence[Row]],
) -> Iterator[str]:
    """Those whose id would stand in the sheet if they did, as those of others do.

    The platform's own ids are of that kind where one of them is there; others where most are.
    """
    there = {name for name in people if _plain(ids[name]) in by_id}
    with_id = [name for name in people if ids[name]]
    is_kind = 2 * len(there) > len(with_id)
    for name in with_id:
        if name not in there and (bool(there & own.keys()) if name in own else is_kind):
            yield name


def _is_mail_of(person: Person, rows: Sequence[Row]) -> bool:
    mail = person.email.casefold()
    return bool(mail) and any(row.email.casefold() == mail for row in rows)


def _own_ids(standings: Sequence[Standing], platform: Platform) -> dict[str, str]:
    """The ids that the platform itself has given, by name."""
    found: dict[str, str] = {}
    for standing in standings:
        own = platform.own_id(standing.path)
        # Of what several hand in together, the file's name tells one of them.
        if own and (not standing.person.group or own == standing.person.number):
            found[standing.person.name] = own
    return found


def _by_id(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for key in {_plain(id_) for id_ in row.ids}:
            found[key].append(row)
    return {key: them for key, them in found.items() if key}


def _plain(number: str) -> str:
    """An id as ids are compared: in any case, and without zeros that a spreadsheet loses."""
    folded = number.strip().casefold()
    return folded.lstrip("0") if folded.isdigit() else folded


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
        f"{visible(one.name, limit=_A_NAME)} in line {sheet.line(one.place)}"
        for one in rows
        if isinstance(one, Row)
    ]
    return " or ".join(told)
