"""Who is enrolled, as a platform or a teacher exported it, and whose hand-in is whose.

A hand-in is matched by id, then by login and address, then by name in the forms that platforms
make of one. Nothing is ever guessed between two people: what may be of either stays as it is, and
is said. Whoever is matched is called by the roster's name from then on, in every lesson and on
every platform.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from grader.grading.collecting.dates import dates
from grader.grading.collecting.files import printable
from grader.grading.collecting.passed_over import some
from grader.grading.collecting.person_names import first_last, spoken
from grader.grading.collecting.roster_columns import Columns, as_written, table
from grader.grading.collecting.roster_matching import Enrolled, matched
from grader.grading.collecting.roster_teams import GroupColumn
from grader.grading.collecting.submissions import Collected

__all__ = ["Enrolled", "Roster"]

# Moodle's sheets number the participants of an assignment: `Participant 12`, in its language.
_PARTICIPANT = re.compile(r"[^\W\d_][^\d,@]*?\s?(\d+)")
_PARTICIPANT_WORDS = (
    *("partic", "teilnehmer", "deelnemer", "deltag", "deltak", "uczestnik", "участник", "účastn"),
    *("osallistuja", "résztvevő", "katılımcı", "sudionik", "συμμετέχ", "משתתף", "مشارك"),
    *("参加者", "参与者", "參與者", "참여자", "참가자"),
)
# What stands in a column of ids where there is none.
_NO_IDS = frozenset(
    {"n/a", "na", "#n/a", "nan", "nil", "null", "none", "unknown", "tbd", "tba"}
    | {"no", "keine", "kein", "nein", "ohne", "aucun", "ninguno"}
)
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?e\+\d+", re.IGNORECASE)  # Excel's, of long numbers
# Rows of Canvas that are about its columns, or its own.
_NO_STUDENTS = ("points possible", "student, test", "test student", "teststudent")


@dataclass(frozen=True)
class Roster:
    """The students of a roster, each once; `said` is what a teacher is told of it.

    Without `group_column`, their groups are teams that hand in together.
    """

    students: tuple[Enrolled, ...]
    said: tuple[str, ...] = field(default=(), compare=False)
    group_column: GroupColumn | None = field(default=None, compare=False)

    @classmethod
    def read(cls, path: Path, columns: Mapping[str, str] | None = None) -> Self:
        """The roster in a CSV file: a platform's export, or a sheet of one's own.

        Columns are found by their names, in many spellings and some languages; `columns` names
        those that are not, by what they tell: `student`, `first`, `last`, `id`, `email`,
        `section`, `group`, `due`. A `group` that is named holds teams that hand in together, and no
        column for it ("" or "none") means that there are none; a column that was found by its
        name is taken for teams only where what was handed in shows it. Raises UsageError where the
        file is none, or tells no student.
        """
        found, rows = table(as_written(path), columns or {}, path)
        read = [one for row in rows if (one := _enrolled(found, row)) is not None]
        read, said = _with_dates(read)
        students, twice = _each_once(read)
        if twice and not found.has_assignments:  # there, each has a row for each of these
            said.append(f"More than once in the roster, and taken as one: {some(twice)}.")
        if not students:
            said.append(f"The roster {printable(str(path))} names nobody.")
        column = _group_column(found, columns or {})
        return cls(tuple(_told_apart(students)), tuple(said), column)

    def matched(self, collected: Collected) -> Collected:
        """What was collected, with what the roster tells of each student; see `roster_matching`."""
        found = matched(self.students, collected, self.group_column)
        return replace(found, said=(*self.said, *found.said))


def _group_column(found: Columns, named: Mapping[str, str]) -> GroupColumn:
    """The column of groups, or else one of sections that are called groups."""
    heading, section = found.heading("group"), found.heading("section")
    is_section = not heading and not {"group", "section"} & {*named}
    if is_section and any(word in section.casefold() for word in ("group", "grupp")):
        return GroupColumn(printable(section), is_section=True)
    return GroupColumn(printable(heading), is_certain="group" in named)


_Keys = list[tuple[str, ...]]


def student_in(columns: Columns, row: Sequence[str]) -> Enrolled | None:
    """The student that one row of a sheet tells; None where it is no student's."""
    read = _enrolled(columns, row)
    return None if read is None else read[0]


def _enrolled(columns: Columns, row: Sequence[str]) -> tuple[Enrolled, _Keys] | None:
    """The student of a row, with the date as it is written; None where it is no student's.

    The keys tell one student from another: an id in the same column is theirs alone; without one it
    is the address, and without that the name.
    """

    def one(what: str) -> str:
        return next(iter(columns.cells(row, what)), "")

    written = one("student")
    if written.casefold() in _NO_STUDENTS or row[0].strip().casefold() in _NO_STUDENTS:
        return None
    told = [(str(place), _id(cell)) for place, cell in columns.placed(row, "id")]
    told = [(place, each) for place, each in told if each]
    ids = tuple(dict.fromkeys(each for _, each in told))
    addresses = [each for each in ids if "@" in each]  # a login, or GitHub Classroom's identifier
    parts = " ".join(filter(None, (one("first"), one("last"))))
    email = one("email") or next(iter(addresses), "")
    name = first_last(written) or parts or (ids[0] if ids else "") or email
    if not any(character.isalnum() for character in name):
        return None
    keys: _Keys = [("id", place, each.casefold()) for place, each in told]
    keys = keys or [("email", email.casefold()) if email else ("name", name.casefold())]
    due = "" if columns.has_assignments else one("due")
    ids = tuple(each for each in ids if each != name) or ids
    numbers = tuple(
        _id(cell) for _, cell in columns.placed(row, "id") if is_participant(cell.strip())
    )
    return Enrolled(printable(name), ids, email, one("section"), one("group"), due, numbers), keys


def _id(cell: str) -> str:
    """An id without what an export has put around it: `#jdoe`, `Participant 12`, `4711.0`.

    Empty where the cell tells none: `N/A`, `-`, `0`, or a number of which Excel kept the beginning.
    """
    cell = cell.removeprefix("#").strip()
    if is_participant(cell) and (found := _PARTICIPANT.fullmatch(cell)):
        return found[1]
    cell = cell.removesuffix(".0") if cell.removesuffix(".0").isdigit() else cell
    is_none = cell.casefold() in _NO_IDS or not cell.strip("0") or _ROUNDED.fullmatch(cell)
    return "" if is_none or not any(map(str.isalnum, cell)) else cell


def is_participant(cell: str) -> bool:
    """Whether a cell is Moodle's name of a participant of an assignment: `Participant 12`."""
    words = cell.casefold().startswith(_PARTICIPANT_WORDS)
    return words and _PARTICIPANT.fullmatch(cell) is not None


def _with_dates(
    read: list[tuple[Enrolled, _Keys]],
) -> tuple[list[tuple[Enrolled, _Keys]], list[str]]:
    """The students with their dates in ISO 8601; what is no date is left out, and said."""
    told = dates([one.due for one, _ in read])
    rows = list(zip(read, told, strict=True))
    wrong = [f"{one.name} ({one.due})" for (one, _), due in rows if due is None]
    kept = [(replace(one, due=due or ""), keys) for (one, keys), due in rows]
    if not wrong:
        return kept, []
    rule = "A due date is written as 2026-02-03 or 2026-02-03 23:59."
    return kept, [f"{rule} Not understood, and left out: {some(wrong)}."]


def _each_once(
    read: list[tuple[Enrolled, _Keys]],
) -> tuple[list[Enrolled], list[str]]:
    """Rows of the same student joined, and the names of those who had several.

    They have the same name and one id or address in common, and none that contradicts.
    """
    by_key: defaultdict[tuple[str, ...], dict[int, None]] = defaultdict(dict)
    kept: list[Enrolled] = []
    ids: list[dict[str, str]] = []
    twice: dict[str, None] = {}
    for one, keys in read:
        own = {key[1]: key[2] for key in keys if key[0] == "id"}
        name = spoken(one.name)
        near = {place: None for key in keys for place in by_key[name, *key]}
        same = [place for place in near if _agree(ids[place], own)]
        if same:
            place = same[0]
            kept[place] = _joined(kept[place], one)
            ids[place] |= own
            twice[kept[place].name] = None
        else:
            place = len(kept)
            kept.append(one)
            ids.append(own)
        for key in keys:
            by_key[name, *key][place] = None
    return kept, list(twice)


def _agree(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """Whether no column tells one id of the one, and another of the other."""
    return all(second.get(place, each) == each for place, each in first.items())


def _joined(first: Enrolled, second: Enrolled) -> Enrolled:
    return Enrolled(
        first.name,
        tuple(dict.fromkeys((*first.ids, *second.ids))),
        first.email or second.email,
        first.section or second.section,
        first.group or second.group,
        first.due or second.due,
        tuple(dict.fromkeys((*first.participants, *second.participants))),
    )


def _told_apart(students: list[Enrolled]) -> Iterator[Enrolled]:
    """The students, each with a name of their own: of two Jane Does, each has an id behind it."""
    count = Counter(one.name.casefold() for one in students)
    seen: defaultdict[str, int] = defaultdict(int)
    for one in students:
        name = one.name
        if count[name.casefold()] > 1:
            name = f"{name} ({next(iter(one.ids), one.email)})"
        seen[name.casefold()] += 1
        again = seen[name.casefold()]
        yield replace(one, name=name if again == 1 else f"{name} ({again})")
