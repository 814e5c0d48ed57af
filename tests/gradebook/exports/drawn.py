"""Drawn classes: students of a platform with its sheet, and what a gradebook knows of them."""

from __future__ import annotations

import csv
import io
import random
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from grader.gradebook.late import Lateness
from grader.gradebook.standings import Person, Standing
from grader.results import Points, Verdict
from tests.gradebook.exports.importers import Known

TITLES = {  # as a teacher may call them, and the numbers of the lessons
    "convolution": ("1 Convolution", "Lesson 1: Convolution", "01_convolution", "convolution"),
    "pooling": ("4 Pooling", "Pooling", "04_pooling.ipynb", "Week 4 - Pooling"),
    "dense": ("5. Flatten and dense layers", "dense", "Assignment: dense"),
}
_FIRST = (
    *(
        "Jane",
        "Zoë",
        "Jürgen",
        "José María",
        "Ólafur",
        "小明",
        "Анна",
        "محمد",
        "Nguyễn Văn",
        "Siân",
    ),
    *(
        "=cmd|'/C calc'!A0",
        "+1",
        "@SUM(A1)*1",
        'Bob "Bobby"',
        "Ana\nLuísa",
        "Tab\tby",
        "Đặng",
        "İpek",
    ),
)
_LAST = (
    *("Doe", "O'Neil, Jr.", "Müller-Lüdenscheidt", "van der Berg", "王", "García López", "Łukasz"),
    *(
        "Smith; DROP",
        '"Quoted"',
        "ap Rhys",
        "Öztürk",
        "St. John",
        "-1+1",
        "Nakamura",
        "Null",
        "True",
    ),
)


@dataclass
class Drawn:
    """One student of the platform, who may be in its sheet, and in the gradebook."""

    known: Known
    first: str
    last: str
    participant: str
    in_sheet: bool = True
    person: Person | None = None
    path: str = ""
    way: str = "none"
    """What the gradebook knows of them: an id, a login, an address, or the name alone."""
    certain: bool = False
    """Whether it knows enough, so that their row must be found."""


@dataclass
class Class:
    """A class with its lessons; `before` is what the platform's gradebook has."""

    rng: random.Random
    students: list[Drawn]
    lessons: list[str]
    maxima: dict[str, int]
    standings: list[Standing] = field(default_factory=list)
    before: dict[tuple[str, str], str] = field(default_factory=dict)

    def mark(self, name: str, lesson: str) -> Standing | None:
        """What stands for a person of the gradebook."""
        own = (s for s in self.standings if (s.person.name, s.lesson) == (name, lesson))
        return next(own, None)


def drawn_class(rng: random.Random, platform: str, lessons: int | None = None) -> Class:
    """A class of up to a dozen students, of whom some share a name, an id is missing, and so on."""
    students = [_student(rng, number) for number in range(rng.randint(2, 11))]
    for one in students[1:]:
        if rng.random() < 0.15:
            _rename(one, students[0].first, students[0].last)
    names = Counter(_words(f"{one.first} {one.last}") for one in students)
    for one in students:  # of two of one name, both stand in the sheet: else nobody could tell
        one.in_sheet = one.in_sheet or names[_words(f"{one.first} {one.last}")] > 1
    chosen = rng.sample(sorted(TITLES), lessons or rng.randint(1, 3))
    found = Class(rng, students, chosen, {name: rng.randint(5, 30) for name in chosen})
    for one in students:
        _know(one, rng, platform)
    one_of_them = rng.choice(students)
    if platform != "moodle" and one_of_them.person and rng.random() < 0.3:
        # Somebody whom another platform gave the number of a student here.
        number = one_of_them.known.sis if platform != "canvas" else one_of_them.known.id
        students.append(_stranger(number))
    _tell_apart(students)
    for one in students:
        if one.person is not None:
            found.standings += [
                _standing(found, one, lesson) for lesson in chosen if rng.random() < 0.9
            ]
    graded = {standing.person.name for standing in found.standings}
    for one in students:
        if one.person is not None and one.person.name not in graded:
            one.person = None
    return found


def _student(rng: random.Random, number: int) -> Drawn:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    login = f"u{number}{rng.randint(100, 999)}"
    own = Known(
        id=str(70_000 + 37 * number + rng.randint(0, 9)),
        name="",
        sis=f"00{10_000_000 + 91 * number + rng.randint(0, 9)}",
        login=login,
        email=f"{login}.x@Example.org",
    )
    one = Drawn(own, first, last, str(500_000 + 53 * number + rng.randint(0, 9)))
    _rename(one, first, last)
    one.in_sheet = rng.random() < 0.9
    return one


def _rename(one: Drawn, first: str, last: str) -> None:
    known = one.known
    one.first, one.last = first, last
    name = " ".join(f"{last}, {first}".split(" "))
    one.known = Known(known.id, name, known.sis, known.login, known.email)


def _know(one: Drawn, rng: random.Random, platform: str) -> None:
    """What the gradebook knows of a student: how it came to know them decides."""
    spoken = " ".join(f"{one.first} {one.last}".split())
    sortable = one.known.name if one.last.count(",") == 0 else spoken
    ways = {
        "canvas": ("path", "id", "sis", "login", "email", "name", "none"),
        "moodle": ("path", "path", "email", "name", "none"),
        "blackboard": ("login", "sis", "bare", "email", "name", "none"),
        "brightspace": ("sis", "bare", "login", "email", "name", "none"),
    }
    way = rng.choice(ways[platform])
    apart = f" ({one.participant})" if rng.random() < 0.5 else ""
    name = rng.choice((spoken, sortable)) + apart
    if way == "path" and platform == "canvas":
        plain = "".join(filter(str.isalnum, f"{one.last}{one.first}".lower()))
        one.person = Person(f"{plain} ({one.known.id})", one.known.id)
        one.path = f"/in/all.zip/{plain}_LATE_{one.known.id}_{rng.randint(10**5, 10**6)}_a.ipynb"
    elif way == "path":
        one.person = Person(name, one.participant)
        one.path = (
            f"/in/a.zip/{spoken.replace('_', ' ')}_{one.participant}_assignsubmission_file_/a.ipynb"
        )
    elif way in ("id", "sis", "bare"):
        number = {"id": one.known.id, "sis": one.known.sis, "bare": one.known.sis.lstrip("0")}[way]
        one.person = Person(name, number)
    elif way == "login":
        one.person = Person(one.known.login)
    elif way == "email":
        one.person = Person(name, "", one.known.email.lower())
    elif way == "name":
        one.person = Person(spoken)
    one.way = way


def _stranger(number: str) -> Drawn:
    known = Known("1", "Stranger, Utter", "2", "utter", "utter@example.org")
    return Drawn(known, "Utter", "Stranger", "3", False, Person("Utter Stranger", number))


def _tell_apart(students: list[Drawn]) -> None:
    """Names in the gradebook are all different."""
    used: Counter[str] = Counter()
    for one in students:
        if one.person is None:
            continue
        used[one.person.name] += 1
        if used[one.person.name] > 1:
            number, email = one.person.number, one.person.email
            one.person = Person(f"{one.person.name} ({used[one.person.name]})", number, email)


def make_certain(students: list[Drawn], ways: set[str], *, names: bool = True) -> None:
    """Say whose row must be found, in a sheet that tells some of the `ways`, and `names`."""
    spoken = Counter(_words(f"{one.first} {one.last}") for one in students)
    for one in students:
        alone = names and spoken[_words(f"{one.first} {one.last}")] == 1
        by_name = alone and one.way in ("name", "email", "id", "sis", "bare", "path")
        one.certain = one.person is not None and (one.way in ways or by_name)


def _words(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(sorted(kept.split()))


def _standing(of: Class, one: Drawn, lesson: str) -> Standing:
    assert one.person is not None
    highest = of.maxima[lesson]
    score: Points | None = of.rng.choice((highest, 0, round(of.rng.random() * highest, 2)))
    verdict = of.rng.choice((Verdict.FAILED, Verdict.FAILED, Verdict.PASSED, Verdict.REJECTED))
    withdrawn = None
    kind = of.rng.random()
    if kind < 0.1:
        verdict, score = Verdict.BROKEN, None
    elif kind < 0.2:
        verdict, score = Verdict.NOT_HANDED_IN, 0
    elif kind < 0.25:
        score, withdrawn = None, datetime(2026, 2, 1, tzinfo=UTC)
    elif kind < 0.3:
        score = highest + 1
    return Standing(
        person=one.person,
        lesson=lesson,
        verdict=verdict,
        graded=score,
        earned=score,
        penalty=0,
        score=score,
        max_score=highest,
        lateness=Lateness(),
        path=one.path,
        withdrawn_at=withdrawn,
    )


@dataclass(frozen=True)
class Form:
    """How a sheet is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    end: str = "\r\n"
    all_quoted: bool = False

    def content(self, rows: list[list[str]]) -> bytes:
        """The rows as a file."""
        file = io.StringIO(newline="")
        writer = csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.end,
            quoting=csv.QUOTE_ALL if self.all_quoted else csv.QUOTE_MINIMAL,
        )
        writer.writerows(rows)
        return file.getvalue().encode(self.encoding)
