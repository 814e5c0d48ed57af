"""Trees and names of any kind: no crash, and everybody is accounted for."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.grading.collecting import plain
from grader.grading.collecting.files import printable
from grader.grading.collecting.names import lesson_in, stem_of
from grader.grading.collecting.platforms import (
    blackboard,
    brightspace,
    canvas,
    moodle,
    nbgrader,
)
from grader.grading.collecting.submissions import Collected, collect
from grader.grading.collecting.tree import Entry, Kind
from grader.judging.course import lesson_names
from tests.notebooks import RIGHT, cells_of, notebook

NOTEBOOKS = {
    "answered": json.dumps(notebook(cells_of(RIGHT))).encode(),
    "other answers": json.dumps(notebook([*cells_of(RIGHT), "x = 1"])).encode(),
    "other lesson": json.dumps(notebook([("conv_layer", "a = 1")], "conv_layer")).encode(),
    "no lesson": json.dumps(notebook(["x = 1"], None)).encode(),
    "empty": b"",
    "broken": b'{"cells": [',
    "text": b"hello",
    "zip": b"PK\x03\x04",
}

# Pieces of which platforms, people and programs make names.
PIECES = [
    *(
        "ana",
        "ben",
        "李伟",
        "José",
        "o'brien",
        ".x",
        "-y",
        "12345",
        "7",
        "[1]",
        "COM1",
        "%00",
        "\u202e",
    ),
    *("_", " - ", "-", "+", ".", ", ", " (", ")", "~", "$(", ";", "LATE", "_LATE_", "gradebook_"),
    *("_attempt_2026-02-03-10-11-12", "_assignsubmission_file_", "_81231", "_10231_556677_"),
    *("submitted", "submissions", "lesson-1", "hw1", "01_convolution", "convolution", "lessons"),
    *("02_conv_layer", "Copy of ", "final", "Version 2", "old", "scratch", "submission_90011"),
    *("10231-556677 - ", " - Feb 3, 2026 1011 AM", "+2026-02-03 10:11:12 UTC", "\udce9", "é"),
]
ODD = [
    "\n",
    "\t",
    "\x1b",
    "\x7f",
    "\u200f",
    "𝒜",
    "ß",
    "İ",
    "٣",
    "①",
    "ﬁ",
    "'",
    '"',
    "&",
    "#",
    "?",
    "*",
    "|",
    "<",
    ">",
    "\\",
    ":",
    "%",
    "=",
    "@",
]
NAMES = st.lists(st.sampled_from([*PIECES, *ODD, " "]), min_size=1, max_size=4).map("".join)
NAMES = NAMES.filter(lambda name: name not in (".", ".."))
SUFFIXES = st.sampled_from(
    [
        ".ipynb",
        ".ipynb",
        ".ipynb",
        ".IPYNB",
        ".ipynb.txt",
        ".json",
        ".py",
        ".html",
        ".zip",
        ".txt",
        "",
    ]
)
FILES = st.tuples(NAMES, SUFFIXES).map("".join)
CONTENTS = st.sampled_from(sorted(NOTEBOOKS))
TREES = st.dictionaries(
    st.lists(NAMES, max_size=3).flatmap(lambda above: FILES.map(lambda name: (*above, name))),
    CONTENTS,
    min_size=1,
    max_size=5,
)
# A plain class: folders whose names tell people and nothing else.
PEOPLE = st.text(st.characters(categories=["L"]), min_size=3, max_size=8).map("Student {}".format)
CLASSES = st.dictionaries(
    PEOPLE, st.dictionaries(FILES, CONTENTS, max_size=3), min_size=2, max_size=5
)


def write(tree: Mapping[tuple[str, ...], str], root: Path) -> None:
    """Real files; where a name is a file's and a folder's, the first stays."""
    root.mkdir()
    for parts, kind in tree.items():
        path = root.joinpath(*parts)
        if any(above.is_file() for above in path.parents) or path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NOTEBOOKS[kind])


def everything(collected: Collected) -> str:
    """All that a teacher reads."""
    rows = [
        (one.student, one.shown or printable(str(one.path)), *one.said)
        for one in collected.submissions
    ]
    rows += [(one.student, one.found) for one in collected.missing]
    return "\n".join([*collected.said, *(word for row in rows for word in row)])


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Path]:
    """Gives a folder that is not there, again and again."""

    def fresh() -> Path:
        shutil.rmtree(tmp_path / "case", ignore_errors=True)
        (tmp_path / "case").mkdir()
        return tmp_path / "case"

    return fresh


QUICK = settings(deadline=None, max_examples=1000, print_blob=True)
FUZZED = settings(
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)


@pytest.mark.slow
@FUZZED
@given(tree=TREES)
def test_no_tree_is_too_odd(tree: Mapping[tuple[str, ...], str], fresh: Callable[[], Path]) -> None:
    """Any tree is collected, or refused in a sentence; no student has two of a lesson.

    Each file that is one submission is there, and names can be written.
    """
    case = fresh()
    write(tree, case / "tree")
    try:
        collected = collect([case / "tree"], unpacked=case / "unpacked")
    except UsageError as error:
        assert "Received: " in str(error)  # noqa: PT017 - most trees raise nothing
        return
    told = [(one.student, one.lesson) for one in collected.submissions if one.lesson]
    assert len(told) == len(set(told))
    assert all(one.path.is_file() for one in collected.submissions)
    handed_in = {one.student for one in collected.submissions}
    missing = [one.student for one in collected.missing]
    assert not handed_in & set(missing)
    assert len(missing) == len(set(missing))
    everything(collected).encode()


@pytest.mark.slow
@FUZZED
@given(students=CLASSES, wrapped=st.booleans(), zipped=st.booleans())
def test_nobody_of_a_class_vanishes(
    students: Mapping[str, Mapping[str, str]],
    wrapped: bool,
    zipped: bool,
    fresh: Callable[[], Path],
) -> None:
    """Each folder of a class is a submission, missing, or named; in wrapper and archive, too."""
    case = fresh()
    root = case / "class"
    top = root / "submissions" if wrapped else root
    write({}, root)
    for student, files in students.items():
        (top / student).mkdir(parents=True)
        for name, kind in files.items():
            if not (top / student / name).exists():
                (top / student / name).write_bytes(NOTEBOOKS[kind])
    if zipped := zipped and all(name.isprintable() for own in students.values() for name in own):
        with zipfile.ZipFile(case / "class.zip", "w") as packed:
            for path in sorted(root.rglob("*")):
                packed.write(path, path.relative_to(root))
    try:
        collected = collect([case / "class.zip" if zipped else root], unpacked=case / "unpacked")
    except UsageError as error:
        assert "with no .ipynb file in it" in str(error)  # noqa: PT017 - most classes raise nothing
        return
    said = unicodedata.normalize("NFC", everything(collected))  # as archives are unpacked
    for student in students:
        assert unicodedata.normalize("NFC", student) in said


@pytest.mark.slow
@QUICK
@given(paths=st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=5))
def test_every_name_can_be_read(paths: list[tuple[str, ...]]) -> None:
    """Whatever files are called, each platform's reader gives owners with a name, or passes."""
    nowhere = Path("/nowhere")
    entries = [
        Entry(("class", *parts), nowhere.joinpath(*parts), nowhere, Kind.FILE)
        for parts in dict.fromkeys(paths)
    ]
    for platform in (moodle, brightspace, blackboard, nbgrader, canvas):
        for entry, owner in platform.owners(entries, 1).items():
            assert owner.student
            assert entry.parts[owner.at :]
            assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*)?", owner.time)
    owners, nobodys = plain.owners(entries, (), plain.Shape.GUESSED)
    assert {*owners, *nobodys} == {*entries}
    assert all(owner.student for owner in owners.values())
    for entry in entries:
        assert lesson_in(entry.name) in (None, *lesson_names())
        assert stem_of(entry.name) or entry.name.startswith(".")
