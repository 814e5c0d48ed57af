"""Names of folders and files that stand for students → their names and ids."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from grader.grading.collecting.names import (
    archive_stem,
    is_generic,
    lesson_in,
    names_nobody,
    stem_of,
    without_copy_marks,
    without_lesson,
)


@dataclass(frozen=True)
class Person:
    """A student as a name tells: `name` is "" where it tells nobody."""

    name: str
    id: str = ""


# CodeGrade, Schoology and others: `12345 - Jane Doe`, `[1] - jdoe - x`.
# A number in brackets only counts.
_NUMBER_FIRST = re.compile(r"(?:\[\d++\]|(?P<id>\d++)) - (?P<name>[^\d\W].*)", re.DOTALL)
# Sakai: `Doe, Jane(jdoe)`.
_LOGIN_LAST = re.compile(r"(?P<name>[^()]++)\((?P<id>[^()\s]++)\)")
_LATER_NUMBER = re.compile(r"(?: - |_)(?P<id>\d{4,}+)(?![^_ ])")
_LETTER = re.compile(r"[^\d\W]")


def _number_first(text: str) -> Person | None:
    found = _NUMBER_FIRST.fullmatch(text)
    return Person(found["name"].partition(" - ")[0], found["id"] or "") if found else None


def _login_last(text: str) -> Person | None:
    found = _LOGIN_LAST.fullmatch(text)
    last, comma, first = found["name"].partition(", ") if found else ("", "", "")
    return Person(found["name"], found["id"]) if found and last and comma and first else None


def _number_in_brackets(text: str) -> Person | None:
    found = _LOGIN_LAST.fullmatch(text)
    is_number = found is not None and found["id"].isdigit() and len(found["id"]) > 2
    if found is None or not is_number or not _LETTER.search(found["name"]):
        return None
    return Person(found["name"], found["id"])


def _number_later(text: str) -> Person | None:
    """Ilias and others: `Doe_Jane_jdoe_12345`, `Jane Doe - 12345`."""
    numbers = list(_LATER_NUMBER.finditer(text))
    letters = [one.start() for one in _LETTER.finditer(text)]
    for last in reversed(numbers):
        before = bisect_left(letters, last.start())
        if before:
            found = next(one for one in numbers if one.start() > letters[before - 1])
            return Person(text[: found.start()], found["id"])
    return None


# How other platforms put an id beside a name, the surest first.
_WITH_ID = (_number_first, _login_last, _number_in_brackets, _number_later)
_ASSIGNMENT = re.compile(r"[^\W_]*\d|hw|lab|lesson|assign|home|exercise|project|ps|week|task|cnn")
_NUMBERED = re.compile(r"(?P<base>.+)-\d{1,2}", re.DOTALL)
_WRAPPER = re.compile(r"(?P<assignment>.+?)[-_ ]submissions?(?:-\d.*)?", re.IGNORECASE)


def of_folders(names: Sequence[str], above: str, *, repositories: bool) -> dict[str, Person]:
    """Who the folders beside each other in the folder `above` are.

    `repositories` is whether some of them look like clones, which share the assignment's name.
    """
    without_suffix = {name: archive_stem(name) for name in names}
    shared = _assignment(list(without_suffix.values()), above, is_sure=repositories)
    plain = {
        name: stem[len(shared) :] if stem.startswith(shared) and stem != shared else stem
        for name, stem in without_suffix.items()
    }
    if shared:  # no two folders become one student's
        count = Counter(plain.values())
        plain = {
            name: text if count[text] == 1 else without_suffix[name] for name, text in plain.items()
        }
    return _with_ids(plain)


def of_files(names: Sequence[str]) -> dict[str, Person]:
    """Who files beside each other are of, as their own names tell."""
    stems = {stem_of(name) for name in names}
    numbered = _numbered(stems)
    plain = {
        name: stem if (stem := stem_of(name)) in numbered else person_in(stem) for name in names
    }
    shared = _common_word([text for text in plain.values() if text])
    return _with_ids({name: _without(text, shared) for name, text in plain.items()})


def _numbered(stems: Collection[str]) -> set[str]:
    """The stems that are numbered, as `team-1` beside `team-2` is: no copies of one file."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for stem in stems:
        if (one := _NUMBERED.fullmatch(stem)) and not lesson_in(stem):
            found[one["base"]].add(stem)
    alike = [them for base, them in found.items() if len(them) > (2 if base in stems else 1)]
    return set[str]().union(*alike)


def person_in(stem: str) -> str:
    """The part of a file's name that may be a person's; "" where none can."""
    original = without_copy_marks(stem).strip()
    rest = without_lesson(original) if lesson_in(original) else original
    # `Ana (1)` beside nothing else may be a name, `Copy of 01_convolution` is none.
    if not rest or (names_nobody(rest) and (rest != original or stem != original)):
        return ""
    if is_generic(rest) and rest != original:
        return ""
    parts = rest.split(" - ")
    people = [part for part in parts if not (is_generic(part.strip()) or names_nobody(part))]
    if len(people) == 1 and not any(re.search(r"\d{3}", part) for part in parts):
        rest = people[0]
    return rest.removesuffix("'s").strip()


def _assignment(names: Collection[str], above: str, *, is_sure: bool) -> str:
    """What the folders of GitHub Classroom begin with, `lesson-1-`; "" where that is nothing."""
    if found := _WRAPPER.fullmatch(archive_stem(above)):
        prefix = found["assignment"] + "-"
        if any(name.startswith(prefix) for name in names):
            return prefix
    tokens = Counter(name.split("-")[0] for name in names if "-" in name[:-1])
    if not tokens:
        return ""
    word, count = tokens.most_common(1)[0]
    alike = [name for name in names if name.startswith(f"{word}-")]
    if count < 2 or 2 * count <= len(names):
        return ""
    words = zip(*(name.split("-")[:-1] for name in alike), strict=False)
    prefix = "-".join(same[0] for same in takewhile(lambda same: len(set(same)) == 1, words))
    if not prefix or not (is_sure or _ASSIGNMENT.match(prefix.casefold())):
        return ""
    return f"{prefix}-"


def _common_word(texts: Sequence[str]) -> str:
    """A word for the assignment that begins or ends all of these: `hw1 - Ana`, `ana_hw1`."""
    if len(texts) < 2:
        return ""
    ends = [{parts[0], parts[-1]} for text in texts if len(parts := _words(text)) > 1]
    common = set.intersection(*ends) if len(ends) == len(texts) else set()
    return next((word for word in sorted(common) if is_generic(word)), "")


def _words(text: str) -> list[str]:
    return re.split(r" - |_", text)


def _without(text: str, word: str) -> str:
    if not word or not text:
        return text
    separator = r"(?: - |_)"
    return re.sub(rf"^{re.escape(word)}{separator}|{separator}{re.escape(word)}$", "", text)


def _with_ids(plain: Mapping[str, str]) -> dict[str, Person]:
    """The persons, with ids where the same pattern tells most of them, and nobody becomes another.

    `plain` are the names by what they were read from.
    """
    told = {text for text in plain.values() if text}
    for number, read in enumerate(_WITH_ID):
        by_text = {text: read(text) for text in told}
        matched = [one for one in by_text.values() if one]
        alone = number < 2 and len(matched) == len(told)
        if not matched or not (alone or (len(matched) > 1 and 2 * len(matched) > len(told))):
            continue
        people = {name: by_text.get(text) or Person(text) for name, text in plain.items()}
        people = {name: Person(one.name.strip(), one.id) for name, one in people.items()}
        ids_of: dict[str, set[str]] = {}
        for one in people.values():
            ids_of.setdefault(one.name, set()).add(one.id)
        # One number in all names is the course's or the year's, and no student's.
        are_ids = len(told) == 1 or len({one.id for one in matched if one.id}) != 1
        if are_ids and all(len(ids) == 1 for ids in ids_of.values()):
            return people
    return {name: Person(text) for name, text in plain.items()}
