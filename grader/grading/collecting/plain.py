"""Shapes that no platform's own marks tell: the level of folders that varies is the student.

Wrapper folders are passed through. Where a folder holds files named for people, these are students.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.folders import is_backup
from grader.grading.collecting.names import (
    attempt_in,
    is_generic,
    lesson_in,
    names_nobody,
    stem_of,
)
from grader.grading.collecting.nodes import Folder, folder_of
from grader.grading.collecting.people import Person, of_files, of_folders
from grader.grading.collecting.reading import Told, named_lesson
from grader.grading.collecting.tree import Entry, Kind, is_file_archive
from grader.judging.course import lesson_names

_CLONES = frozenset({".github", "README.md", ".gitignore", "lessons"})
# What lies in the folder of a class and is nobody's, besides notebooks.
_PAPERS = (".py", ".html", ".htm", ".pdf", ".txt", ".md", ".docx", ".doc", ".odt", ".rtf", ".zip")
_NOBODYS = frozenset(
    {"readme", "index", "requirements", "setup", "grades", "roster", "manifest", "license", "utils"}
    | {
        "timestamp",
        "notes",
        "todo",
        "instructions",
        "syllabus",
        "comments",
        "students",
        "gradebook",
    }
)


class Shape(StrEnum):
    """What a person may say of a tree, where the guess is wrong."""

    GUESSED = "guessed"
    FOLDERS = "folders"
    FILES = "files"
    ONE = "one"


class _Node:
    """A folder as it is read here."""

    def __init__(self, folder: Folder) -> None:
        self.parts = folder.parts
        self.name = folder.name
        self.entries = folder.entries
        self.notebooks = folder.notebooks
        self.everything = folder.everything
        self.is_full = folder.is_full
        self.kids = {name: _Node(kid) for name, kid in folder.kids.items()}

    @property
    def may_be_work(self) -> bool:
        """Whether it holds what somebody may have handed in: a notebook, or what may hold one."""
        return self.is_full or any(
            entry.kind is Kind.FILE
            and (lesson_in(entry.name) is not None or is_file_archive(entry))
            for entry in self.everything()
        )

    @cached_property
    def full(self) -> list[_Node]:
        """The folders in it that hold a notebook."""
        return [kid for kid in self.kids.values() if kid.is_full]

    @cached_property
    def people(self) -> list[_Node]:
        """Those of them whose names may be people's."""
        return [kid for kid in self.full if not _is_inside(kid)]

    @cached_property
    def works(self) -> set[str]:
        """The lessons that its notebooks are of, or else what these are called."""
        own = (entry for entry in self.everything() if entry.is_notebook)
        return {(entry.look.lesson or stem_of(entry.name)) for entry in own}

    @cached_property
    def is_class(self) -> bool:
        """Whether two folders with names of people hold the same lesson."""
        counted = Counter(work for node in self.people for work in node.works)
        return any(count > 1 for count in counted.values())

    @cached_property
    def holds_classes(self) -> bool:
        """Whether the folders in it are classes, or sections of one, and none is a student's own.

        A student may have folders as well, called as they like: one plain folder beside them tells
        that all are students'.
        """
        if any(each.notebooks() or not each.is_class for each in self.full):
            return False
        # The same folders in each: either these are lessons of a course, or each is one's drafts.
        names = Counter(one.name for each in self.full for one in each.people)
        if all(count == 1 for count in names.values()):
            return True
        works = [each.works for each in self.full]
        return all(len(own) == 1 for own in works) and len(set[str]().union(*works)) == len(works)


def owners(
    entries: Sequence[Entry], wrappers: Collection[tuple[str, ...]], shape: Shape
) -> tuple[dict[Entry, Owner], list[Entry]]:
    """Whose the entries are, and those that are nobody's.

    `wrappers` are folders known to hold students.
    """
    reading = _Reading(set(wrappers), shape)
    if entries:
        reading.level(_Node(folder_of(entries)))
    return reading.found, reading.nobodys


class _Reading:
    """One tree being read: `found` grows, and `nobodys`."""

    def __init__(self, wrappers: set[tuple[str, ...]], shape: Shape) -> None:
        self.wrappers = wrappers
        self.shape = shape
        self.found: dict[Entry, Owner] = {}
        self.nobodys: list[Entry] = []

    def level(self, node: _Node) -> None:
        """A folder that holds students, or is one student's own."""
        if self.shape is Shape.ONE or (
            self.shape is Shape.GUESSED and node.parts not in self.wrappers and _is_one_s(node)
        ):
            self._own_folder(node)
            return
        deeper = [kid for kid in node.kids.values() if self._holds_students(kid, node)]
        students = [kid for kid in node.kids.values() if kid not in deeper]
        if self.shape is Shape.GUESSED and self._is_above_platforms(node):
            # Beside what a platform made, a folder without anything of the kind is no student's.
            foreign = [kid for kid in students if not kid.may_be_work]
            students = [kid for kid in students if kid.may_be_work]
            self.nobodys += [entry for kid in foreign for entry in kid.everything()]
        for kid in deeper:
            self.level(kid)
        self._folders(node, students)
        self._files(node)

    def _holds_students(self, kid: _Node, above: _Node) -> bool:
        if kid.parts in self.wrappers:
            return True
        if self.shape is not Shape.GUESSED:
            return self.shape is Shape.FILES
        return _is_wrapper(kid, above)

    def _is_above_platforms(self, node: _Node) -> bool:
        """Whether it is the folder that was named, and something in it is a platform's."""
        return len(node.parts) == 1 and any(len(one) > 1 for one in self.wrappers)

    def _own_folder(self, node: _Node) -> None:
        """All of it is of one student, unless a file is named for another."""
        name = of_folders([node.name], "", repositories=False)[node.name]
        depth = len(node.parts)
        for entry in node.everything():
            if entry.parts[:-1] == node.parts and _is_of_another(entry):
                stem = stem_of(entry.name)
                self.found[entry] = Owner(stem, (entry.name,), depth)
            else:
                self._give(entry, name, depth - 1)

    def _folders(self, node: _Node, students: Sequence[_Node]) -> None:
        is_clone = any(
            _CLONES & {*kid.kids, *(one.name for one in kid.entries)} for kid in students
        )
        names = [kid.name for kid in students]
        people = of_folders(names, node.name, repositories=is_clone)
        for kid in students:
            if not kid.is_full and (is_generic(kid.name) or self.shape is Shape.FILES):
                self.nobodys += kid.everything()
                continue
            for entry in kid.everything():
                self._give(entry, people[kid.name], len(node.parts))

    def _give(self, entry: Entry, person: Person, at: int) -> None:
        own = entry.parts[at + 1 :]
        number = attempt_in(own[:-1])
        attempt = None if number is None else ("", number)
        self.found[entry] = Owner(person.name, own, at, id=person.id, attempt=attempt)

    def _files(self, node: _Node) -> None:
        """Files beside students' folders, or in place of them."""
        folders = (Kind.BARE, Kind.CLOSED, Kind.LINKED_FOLDER)
        files = [entry for entry in node.entries if entry.kind not in folders]
        if self.shape is Shape.FOLDERS:
            self.nobodys += files
            return
        people = of_files([entry.name for entry in files if _may_be_work(entry)])
        notebooks = [entry for entry in files if entry.is_notebook]
        for entry in notebooks:
            self._notebook(entry, people[entry.name], node)
        is_class = len({people[entry.name].name for entry in notebooks}) > 1 and not node.kids
        for entry in (one for one in files if not one.is_notebook):
            person = people.get(entry.name, Person(""))
            if _is_work_of(person, entry, is_class=is_class):
                owner = Owner(person.name, (entry.name,), len(node.parts), id=person.id)
                self.found[entry] = owner
            else:
                self.nobodys.append(entry)

    def _notebook(self, entry: Entry, person: Person, node: _Node) -> None:
        stem = stem_of(entry.name)
        if named_lesson_of(stem) and not is_generic(node.name):
            person = of_folders([node.name], "", repositories=False)[node.name]
        self.found[entry] = Owner(
            person.name or stem,
            (entry.name,),
            len(node.parts),
            id=person.id,
            is_told=bool(person.name),
        )


def _may_be_work(entry: Entry) -> bool:
    """Whether a file may be what somebody handed in: a notebook, a paper, an archive."""
    is_paper = entry.name.lower().endswith(_PAPERS) or is_file_archive(entry)
    return entry.is_notebook or (is_paper and stem_of(entry.name).lower() not in _NOBODYS)


def _is_work_of(person: Person, entry: Entry, *, is_class: bool) -> bool:
    """Whether a file that is no notebook was handed in, by this person."""
    if not person.name or is_generic(person.name):
        return False
    says_more = person.name != stem_of(entry.name) and not names_nobody(person.name)
    return is_class or says_more or is_file_archive(entry)


def named_lesson_of(stem: str) -> str | None:
    """The lesson whose own name this is."""
    return named_lesson(Path(f"{stem}.ipynb"))


def _is_one_s(node: _Node) -> bool:
    """Whether a folder is one student's own.

    It holds a notebook called as its lesson, or nothing of the kind but folders that are nobody's
    name; and no other folder than backups, or those, holds any.
    """
    full = node.full
    own = [entry for entry in node.notebooks() if named_lesson_of(stem_of(entry.name))]
    if node.people:
        return False
    if own:
        return not any(_has_people(kid) for kid in full)
    if node.notebooks():
        return False
    return bool(full) and not any(_has_people(kid) for kid in full)


def _is_inside(kid: _Node) -> bool:
    """Whether a folder's name says that it is part of what somebody handed in."""
    return is_backup((kid.name,), "") or is_generic(kid.name) or bool(attempt_in([kid.name]))


def _has_people(node: _Node) -> bool:
    """Whether there are people's folders, or files named for people, in a folder or deeper."""
    if node.people or any(_has_people(kid) for kid in node.full):
        return True
    return _has_named_files(node)


def _has_named_files(node: _Node) -> bool:
    """Whether files in a folder are named for different people.

    They are where a name says more than a person's, such as the lesson, or where several are of the
    same lesson and the folder's own name is nobody's.
    """
    notebooks = node.notebooks()
    people = of_files([entry.name for entry in notebooks])
    names = {entry: people[entry.name].name for entry in notebooks}
    sure = {name for entry, name in names.items() if name and name != stem_of(entry.name)}
    if len(sure) > 1:
        return True
    named = [entry for entry, name in names.items() if name and not names_nobody(name)]
    named = [entry for entry in named if not is_generic(names[entry])]
    return is_generic(node.name) and len({names[one] for one in named}) > 1 and _share(named, 2)


def _is_wrapper(kid: _Node, above: _Node) -> bool:
    """Whether a folder holds students, and is none itself."""
    full = kid.full
    siblings = above.full
    if kid.notebooks():
        return _holds_files_of_people(kid, is_only=len(siblings) == 1)
    if not full:
        return is_generic(kid.name) and len(above.kids) == 1 and bool(kid.kids)
    if is_generic(kid.name):
        return bool(kid.people) or any(_has_people(one) for one in full)
    if kid.name == above.name:
        return True
    if len(siblings) == 1:
        return kid.is_class or (not kid.people and any(_has_people(one) for one in full))
    return kid.is_class and above.holds_classes


def _holds_files_of_people(kid: _Node, *, is_only: bool) -> bool:
    """Whether the notebooks in a folder are of different people; `is_only`: it has no sibling."""
    notebooks = kid.notebooks()
    if any(named_lesson_of(stem_of(entry.name)) for entry in notebooks):
        return False
    told = of_files([entry.name for entry in notebooks]).values()
    people = {person.name for person in told if person.name}
    if is_generic(kid.name) and len(people) > 1:
        return True
    return is_only and (_has_named_files(kid) or (len(people) > 2 and _share(notebooks, 3)))


def _share(notebooks: Sequence[Entry], least: int) -> bool:
    """Whether as many of the notebooks are of the same lesson."""
    return max(Counter(entry.look.lesson for entry in notebooks).values(), default=0) >= least


def _is_of_another(entry: Entry) -> bool:
    """Whether a notebook beside one that is called as its lesson is another student's."""
    if not entry.is_notebook:
        return False
    name = stem_of(entry.name).lower()
    if name.startswith("untitled") or any(lesson in name for lesson in lesson_names()):
        return False
    if names_nobody(name):
        return False
    found = entry.look
    return found.lesson is not None and found.told is Told.METADATA
