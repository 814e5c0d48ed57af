"""What students can write changes neither whose anything is, nor when it came, nor any group."""

from __future__ import annotations

import io
import json
import os
import time
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.grading.collecting.names import (
    attempt_in,
    is_generic,
    lesson_in,
    names_nobody,
    stem_of,
    without_copy_marks,
    without_lesson,
)
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.people import of_files, of_folders
from grader.grading.collecting.person_names import spoken
from grader.grading.collecting.platforms import (
    blackboard,
    brightspace,
    canvas,
    moodle,
    nbgrader,
)
from grader.grading.collecting.platforms.plain_yaml import NoPlainYaml, plain_yaml
from grader.grading.collecting.roster import Roster
from grader.grading.collecting.submissions import Collected, Submission, collect
from grader.grading.collecting.tree import Entry, Kind, Opener
from grader.results import HandedIn
from tests.notebooks import RIGHT, cells_of, notebook

NOTEBOOK = "01_convolution.ipynb"
METADATA = "submission_metadata.yml"


def work(note: str) -> bytes:
    """A notebook with all answers that no other has."""
    return json.dumps(notebook([*cells_of(RIGHT), f"note = {note!r}"])).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file with these files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return whole.getvalue()


def built(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """A folder with these files; a notebook where no content is given."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data or work(name))
    return root


def a_class(root: Path, **planted: bytes | str) -> Path:
    """Ana, Bob and Mallory, with `planted` in Mallory's folder."""
    names = [f"{name}/{NOTEBOOK}" for name in ("ana", "bob", "mallory")]
    files = {f"mallory/{name}": data for name, data in planted.items()}
    return built(root, dict.fromkeys(names, b"") | files)


def whose(collected: Collected) -> dict[str, str]:
    """The folder or file that each student's notebook is in; refused ones do not count."""
    return {
        one.student: (one.shown or str(one.path)).rpartition("/class/")[2]
        for one in collected.submissions
        if not one.refused
    }


META = "evil:\n  :submitters:\n  - :name: bob\n  - :name: zed\n  :created_at: 2099-01-01\n"
PLANTED = [
    {f"bob_12345_99999_{NOTEBOOK}": b""},
    {f"bob_12345_99999_{NOTEBOOK}": b"", f"ana_12346_99998_{NOTEBOOK}": b""},
    {f"bob_1234_assignsubmission_file_/{NOTEBOOK}": b""},
    {f"bob_1234_assignsubmission_file_{NOTEBOOK}": b""},
    {f"gradebook_X_Y_bob_attempt_2030-02-03-10-11-12_{NOTEBOOK}": b""},
    {f"1-2 - bob - Feb 3, 2030 1011 AM/{NOTEBOOK}": b""},
    {f"bob+ps1+2030-02-03 10:11:12 UTC/{NOTEBOOK}": b""},
    {f"submitted/bob/ps1/{NOTEBOOK}": b""},
    {f"submissions/bob_12345_99999_{NOTEBOOK}": b""},
    {METADATA: META, f"evil/{NOTEBOOK}": b""},
    {METADATA: META.replace("evil", "submission_1"), f"submission_1/{NOTEBOOK}": b""},
    {METADATA: META.replace("evil", NOTEBOOK)},
    {"timestamp.txt": "2020-01-01 10:00:00"},
    {"hw.zip": zipped({f"bob_12345_99999_{NOTEBOOK}": work("z"), "timestamp.txt": b"2020-01-01"})},
    {f"{name}/{NOTEBOOK}": b"" for name in ("ana", "bob", "cyd", "dea")},
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: next(iter(one))[:40])
def test_a_students_own_names_are_no_platforms(
    tmp_path: Path, planted: Mapping[str, bytes | str]
) -> None:
    """In a plain class, nothing in Mallory's folder is anybody else's, or tells a time or group."""
    collected = collect([a_class(tmp_path / "class", **planted)])
    found = whose(collected)
    assert found["ana"] == f"ana/{NOTEBOOK}"
    assert found["bob"] == f"bob/{NOTEBOOK}"
    assert {one.student for one in collected.submissions} == {"ana", "bob", "mallory"}
    assert all(one.handed_in == HandedIn() for one in collected.submissions)
    assert collected.missing == ()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: next(iter(one))[:40])
@pytest.mark.parametrize("is_zip", [False, True])
def test_nothing_inside_a_platforms_hand_in_is_believed(
    tmp_path: Path, planted: Mapping[str, bytes | str], *, is_zip: bool
) -> None:
    """Below a platform's own marks, and in archives that students packed, no mark counts."""
    own = {name: data.encode() if isinstance(data, str) else data for name, data in planted.items()}
    own = {name: data or work(name) for name, data in own.items()} | {NOTEBOOK: work("m")}
    files: dict[str, bytes | str] = {f"bob_1001_5001_{NOTEBOOK}": b""}
    if is_zip:
        files["mallory_LATE_1003_5003_hw.zip"] = zipped(own)
    else:
        files = {f"bob_1_assignsubmission_file_/{NOTEBOOK}": b""}
        files |= {f"mallory_2_assignsubmission_file_/{name}": data for name, data in own.items()}
    collected = collect([built(tmp_path / "class", files)])
    assert sorted(one.student for one in collected.submissions) == ["bob", "mallory"]
    assert whose(collected)["bob"].startswith("bob_1")
    assert all(not one.handed_in.time and not one.handed_in.group for one in collected.submissions)
    assert [one.handed_in.late for one in collected.submissions] == [False, is_zip]


@pytest.mark.parametrize("name", ["submissions_20260203_101112_cnn", "cnn_2026_101_handins"])
@pytest.mark.parametrize("form", ["{}/01_convolution.ipynb", "{}.ipynb", "cnn_2026_2_{}.ipynb"])
def test_numbers_in_names_are_not_canvas(tmp_path: Path, name: str, form: str) -> None:
    """A dated folder, or a scheme of the course's own, makes nobody of many people one."""
    files = {form.format(student): b"" for student in ("ana", "bob", "cyd")}
    root = built(tmp_path / name, files)
    inside = built(tmp_path / "class", {f"{name}/{file}": b"" for file in files})
    for path in (root, inside):
        submissions = collect([path]).submissions
        assert [one.student[-3:] for one in submissions] == ["ana", "bob", "cyd"]
        assert not any(one.refused or one.handed_in.id for one in submissions)


def test_two_sections_of_canvas_are_two_levels(tmp_path: Path) -> None:
    """Folders that hold only what Canvas named are sections, whatever they are called."""
    files = {
        f"monday/doejane_1001_5001_{NOTEBOOK}": b"",
        f"monday/roebob_1002_5002_{NOTEBOOK}": b"",
        f"friday/doejane_2001_6001_{NOTEBOOK}": b"",
        f"friday/poeann_2002_6002_{NOTEBOOK}": b"",
    }
    one_folder = collect([built(tmp_path / "class", files)])
    each = collect([tmp_path / "class" / "monday", tmp_path / "class" / "friday"])
    for collected in (one_folder, each):
        found = [(one.student, one.handed_in.id) for one in collected.submissions]
        two = [("doejane (1001)", "1001"), ("doejane (2001)", "2001")]
        assert found == [*two, ("poeann", "2002"), ("roebob", "1002")]


def test_moodle_numbers_people_anew_for_each_lesson(tmp_path: Path) -> None:
    """There, two ids are two people's only in one lesson; a hand-in without a notebook counts."""
    form = "L{}/Jane Doe_{}_assignsubmission_file_/{}"
    wei = "L{}/Wei Li_{}9_assignsubmission_file_/{}"
    other: dict[str, bytes | str] = {wei.format(n, n, NOTEBOOK): b"" for n in (1, 2)}
    files: dict[str, bytes | str] = {
        form.format(1, 11, NOTEBOOK): b"",
        form.format(2, 21, "x.pdf"): "x",
    }
    collected = collect([built(tmp_path / "one", other | files)])
    assert "Jane Doe" in whose(collected)
    again = other | {form.format(n, n * 10, NOTEBOOK): b"" for n in (1, 2)}
    names = [one.student for one in collect([built(tmp_path / "two", again)]).submissions]
    assert names[:2] == ["Jane Doe (10)", "Jane Doe (20)"]
    beside: dict[str, bytes | str] = {
        form.format(1, 11, NOTEBOOK): b"",
        form.format(1, 12, "x.pdf"): "x",
    }
    found = collect([built(tmp_path / "three", other | beside)])
    assert "Jane Doe (11)" in [one.student for one in found.submissions]
    assert [one.student for one in found.missing] == ["Jane Doe (12)"]


@pytest.mark.parametrize(
    "names",
    [
        ("smith_a_01_convolution", "smith_v_01_convolution"),
        ("My Nguyen_01_convolution", "V Nguyen_01_convolution"),
        ("Real Li_01_convolution", "Best Li_01_convolution"),
        ("team-1", "team-2", "team-3"),
    ],
)
def test_taking_words_off_makes_no_two_names_one(names: tuple[str, ...]) -> None:
    """Initials, numbers and names that are words, too, stay where others stand beside them."""
    people = of_files([f"{name}.ipynb" for name in names])
    assert len({one.name for one in people.values()}) == len(names)
    assert of_files(["ana_01_convolution_final_v2.ipynb"]).popitem()[1].name == "ana"
    folders = of_folders(["hw1-ana", "hw1-bob", "ana"], "", repositories=True)
    assert len({one.name for one in folders.values()}) == 3


HOSTILE_YAML = [
    "- " * 100_000, "[" * 200_000, "{a: " * 100_000, "? " * 100_000, "a: " * 100_000,
    "a: !!bool foo", 'a: !!int ""', 'a: !!timestamp "x"', "a: !!python/object:os.system x",
    "? [a]\n: b", "<<: x", "a: &a [x]\nb: *a", "a: *b", "a: &a {b: *a}", "\0", "a: 0x", "{: [",
    "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [*a{n - 1},*a{n - 1}]}}\n" for n in range(1, 40)
    ),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_YAML, ids=lambda text: repr(text[:12]))
def test_hostile_metadata_are_told_or_read_as_text(tmp_path: Path, text: str) -> None:
    """Metadata of any kind end neither the process nor the run, and cost nobody anything."""
    files = {f"submission_{n}/{NOTEBOOK}": b"" for n in (1, 2)}
    started = time.monotonic()
    collected = collect([built(tmp_path / "class", files | {METADATA: text})])
    assert time.monotonic() - started < 20
    assert [one.student for one in collected.submissions] == ["submission_1", "submission_2"]


def test_plain_yaml_gives_texts() -> None:
    """Values are texts, tags are passed over, and only a text may be repeated by its name."""
    assert plain_yaml(b"a: !x 1\nb: &t 2026-02-03 Z\nc: [*t, ~]\nd: '~'", 99) == {
        "a": "1",
        "b": "2026-02-03 Z",
        "c": ["2026-02-03 Z", ""],
        "d": "~",
    }
    for text in (b"a: &a [1]\nb: *a", b"[" * 50, b"a" * 100):
        with pytest.raises(NoPlainYaml):
            plain_yaml(text, 99)


LONG = [
    one * (10_000 // len(one)) + end
    for one in (
        *("1", "a", "_", " ", "-", "_1", "-1", "(1)", " (1)", ", ", " - ", " - 1111", "_11111"),
        *("copy ", "answers", "v1", "1-1 - a", "_1_1", "_1_file", "_attempt_", "+a", "0", "("),
        *("[1] - ", "Copy of ", " Copy", "2026 ", "final", "a(b)"),
    )
    for end in ("x", "!", ")")
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: repr(text[:9] + text[-1]))
def test_reading_a_name_takes_time_in_proportion(text: str) -> None:
    """Names of 10,000 characters are read quickly by whatever reads names."""
    readers: list[Callable[[str], object]] = [
        stem_of, without_copy_marks, lesson_in, without_lesson, names_nobody, is_generic, spoken,
        lambda name: attempt_in([name]), lambda name: of_files([name, f"b{name}"]),
        lambda name: of_folders([name, f"b{name}"], name, repositories=False),
    ]  # fmt: skip
    for name in (text, f"1-1 - {text}", f"a_1_1_{text}"):
        entry = Entry(("class", name), Path("/nowhere"), Path("/"), Kind.FILE)
        started = time.process_time()
        for read in readers:
            read(name)
        for platform in (moodle, brightspace, blackboard, nbgrader, canvas):
            platform.owners([entry], 1)
        assert time.process_time() - started < 3, name[:20]


def test_long_names_of_archives_find_a_place(tmp_path: Path) -> None:
    """Names of 255 bytes, of bytes that are no text, and of other case never meet or overflow."""
    own = zipped({NOTEBOOK: work("x")})
    files: dict[str, bytes | str] = {f"m{n}/{'x' * 251}.zip": own for n in range(3)}
    root = built(tmp_path / "class", files | {f"ana/{NOTEBOOK}": b""})
    (root / "b").mkdir()
    Path(os.fsdecode(os.fsencode(root / "b") + b"/" + b"\xff" * 60 + b".zip")).write_bytes(own)
    collected = collect([root], unpacked=tmp_path / "unpacked")
    assert [one.student for one in collected.submissions] == ["ana", "b", "m0", "m1", "m2"]
    opener = Opener(tmp_path / "u", PassedOver())
    for number, name in enumerate(
        ("A.zip", "a.zip", "é.zip", unicodedata.normalize("NFD", "É.zip"))
    ):
        archive = tmp_path / str(number) / name
        archive.parent.mkdir()
        archive.write_bytes(own)
        opener.entries(archive, (name,), name)
    folders = [
        unicodedata.normalize("NFC", one.name).casefold() for one in (tmp_path / "u").iterdir()
    ]
    assert len(set(folders)) == 4


def test_a_deep_folder_called_notebook_is_passed(tmp_path: Path) -> None:
    """A folder `x.ipynb` with folders in each other beyond any path is its student's trouble."""
    root = a_class(tmp_path / "class")
    here = root / "mallory" / "x.ipynb"
    here.mkdir()
    before = Path.cwd()
    os.chdir(here)
    try:
        for _ in range(600):
            Path("d" * 10).mkdir()
            os.chdir("d" * 10)
        found = collect([root])
    finally:
        for _ in range(600):  # who cleans up afterwards cannot
            os.chdir("..")
            Path("d" * 10).rmdir()
        os.chdir(before)
    assert {"ana", "bob"} < {one.student for one in found.submissions}


def test_many_students_with_folders_take_linear_time(tmp_path: Path) -> None:
    """With twice as many students of two folders each, it takes about twice as long."""
    took = []
    for count in (200, 800):
        files = {
            f"s{n}/{part}{n}/{NOTEBOOK}": b"{}" for n in range(count) for part in ("alpha", "beta")
        }
        root = built(tmp_path / str(count), files)
        started = time.process_time()
        collect([root])
        took.append(time.process_time() - started)
    assert took[1] < 10 * took[0] + 1


def test_a_file_named_by_itself_is_the_newer_one(tmp_path: Path) -> None:
    """Beside an export, a late file that a person adds counts, keeps the id, and it is said."""
    names = ("doejane_1001_5001", "roebob_1002_5002")
    export = built(tmp_path / "export", {f"{name}_{NOTEBOOK}": b"" for name in names})
    late = built(tmp_path / "late", {"doejane.ipynb": b""}) / "doejane.ipynb"
    for paths in ([export, late], [late, export]):
        first, second = collect(paths).submissions
        assert (first.student, first.path, first.handed_in.id) == ("doejane", late, "1001")
        assert "doejane.ipynb, which was named by itself" in " ".join(first.said)
        assert second.student == "roebob"


# Rosters


def roster(tmp_path: Path, text: str) -> Roster:
    """The roster of this text."""
    (tmp_path / "roster.csv").write_text(text)
    return Roster.read(tmp_path / "roster.csv")


@pytest.mark.parametrize("cell", ["N/A", "-", "none", "0", "000", "1.23457E+11", "?", "#N/A"])
def test_a_placeholder_is_no_id(tmp_path: Path, cell: str) -> None:
    """What stands where an id is not known joins nobody."""
    found = roster(tmp_path, f"Name,ID\nAna Doe,{cell}\nBob Roe,{cell}\nCarl Poe,3\n")
    assert [(one.name, one.ids) for one in found.students] == [
        ("Ana Doe", ()),
        ("Bob Roe", ()),
        ("Carl Poe", ("3",)),
    ]


@pytest.mark.parametrize(
    "rows", ["Ana Doe,7,a\nBob Roe,7,b", "Jane Doe,7,a\nJane Doe,7,b", "Ana Doe,7,x\nBob Roe,8,x"]
)
def test_rows_that_contradict_are_not_joined(tmp_path: Path, rows: str) -> None:
    """Another name, or another id in another column, is another student."""
    found = roster(tmp_path, f"Name,ID,Login\n{rows}\n")
    assert len({one.name for one in found.students}) == 2


def handed_in(*people: tuple[str, str], is_participant: bool = False) -> Collected:
    """Hand-ins of one lesson by people with these names and ids."""
    return Collected(
        tuple(
            Submission(name, Path(f"/{n}"), lesson="convolution", handed_in=HandedIn(id=own_id),
                       is_participant=is_participant)
            for n, (name, own_id) in enumerate(people)
        )
    )  # fmt: skip


def test_an_exact_id_beats_one_without_zeros(tmp_path: Path) -> None:
    """`007` and `7` are two people where the roster has both, and one where it has one."""
    both = roster(tmp_path, "Name,ID\nAna Doe,007\nBob Roe,7\n")
    names = [one.student for one in both.matched(handed_in(("x", "007"), ("y", "7"))).submissions]
    assert names == ["Ana Doe", "Bob Roe"]
    one = roster(tmp_path, "Name,ID\nAna Doe,007\n").matched(handed_in(("x", "7")))
    assert [each.student for each in one.submissions] == ["Ana Doe"]


def test_an_id_against_an_exact_name_chooses_nobody(tmp_path: Path) -> None:
    """Neither a stranger with Bob's number nor Bob is Bob, and it is said."""
    known = roster(tmp_path, "Name,ID\nAna Doe,1001\nBob Roe,1002\n")
    found = known.matched(handed_in(("zz", "1002"), ("Bob Roe", "")))
    assert "Bob Roe" not in [one.student for one in found.submissions]
    assert any("zz (1002) may be Bob Roe" in line for line in found.said)
    apart = known.matched(handed_in(("Ana Doe", "1002")))
    assert "Bob Roe" not in [one.student for one in apart.submissions]
    assert [one.student for one in apart.missing] == ["Ana Doe", "Bob Roe"]


def test_a_participants_number_is_no_students(tmp_path: Path) -> None:
    """Moodle's numbers are looked for among such; elsewhere, the name must not be a stranger's."""
    known = roster(tmp_path, "Name,ID\nAna Doe,11\nBob Roe,12\n")
    [carl] = known.matched(handed_in(("Carl Poe", "11"), is_participant=True)).submissions
    assert carl.student == "Carl Poe"
    [ana] = known.matched(handed_in(("Anna Doe", "11"), is_participant=True)).submissions
    assert ana.student == "Ana Doe"
    moodle_own = roster(tmp_path, "Identifier,Full name,ID number\nParticipant 81,Ana Doe,12\n")
    found = moodle_own.matched(handed_in(("A. D.", "81"), ("Carl", "12"), is_participant=True))
    assert [one.student for one in found.submissions] == ["Ana Doe", "Carl"]
    assert found.missing == ()
