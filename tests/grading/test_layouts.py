"""Trees as learning platforms make them: who handed in what, as a folder and as an archive."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.errors import UsageError
from grader.grading.collecting.submissions import Collected, Missing, Submission, collect
from grader.judging.course import lesson, stems
from grader.kernel.mounted import course_notebooks
from tests.notebooks import notebook

TREES: dict[str, Any] = {
    name: tree
    for file in ("layouts.json", "more_layouts.json")
    for name, tree in json.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))[
        "trees"
    ].items()
}
_TEXTS = {".zip": "PK\x03\x04 and no more", ".yml": "{"}


def answers(lesson_name: str, count: int) -> dict[str, Any]:
    """A notebook of a lesson in which the first `count` exercises are answered."""
    exercises = lesson(lesson_name).exercises[:count]
    return notebook([(one.id, f"{one.names[0]} = {count}") for one in exercises], lesson_name)


@cache
def starter(lesson_name: str) -> bytes:
    """The notebook that students begin with."""
    [path] = [path for path in course_notebooks() if path.stem == stems()[lesson_name]]
    return path.read_bytes()


def content(name: str, note: str, number: int, texts: Mapping[str, str]) -> bytes:
    """What a file of a tree holds: a notebook with `number` + 1 answers, unless it is said."""
    base = name.rpartition("/")[2]
    of = "conv_layer" if "conv_layer" in base else "convolution"
    of = "activation" if "activation" in base else of
    if base in texts:
        return texts[base].encode()
    if note == "empty":
        return b""
    if note in ("the starter", "starter"):
        return starter(of)
    if base == "scratch.ipynb" or note == "scratch":
        return json.dumps(notebook(["x = 1"], None)).encode()
    if re.search(r"\.ipynb|\.json$", base, re.IGNORECASE) and not base.startswith("._"):
        return json.dumps(answers(of, number % 5 + 1)).encode()
    return _TEXTS.get(Path(base).suffix, "text").encode()


def files_of(tree: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The names of a tree's files, each with its content; notes in brackets are taken off."""
    texts = {name: text for name, text in tree.items() if isinstance(text, str) and "." in name}
    found = []
    for number, written in enumerate(tree["files"]):
        noted = re.fullmatch(r"(.*\.\w+) \(([a-z ]+)\)", written)
        name, note = (noted[1], noted[2]) if noted else (written, "")
        found.append((name, content(name, note, number, texts)))
    return found


def built(files: Sequence[tuple[str, bytes]], kind: str, to: Path) -> Path:
    """The tree as a folder, a zip or a tar.gz file."""
    folder = to / "export"
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if kind == "folder":
        return folder
    archive = to / f"export.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for name, _ in files:
                packed.write(folder / name, name)
    else:
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder, ".")
    return archive


def rows(collected: Collected, root: Path) -> list[dict[str, Any]]:
    """What was collected in the words of layouts.json; files as their names below `root`."""

    def row(one: Submission | Missing) -> dict[str, Any]:
        told = {name: getattr(one.handed_in, name) for name in ("id", "time", "late", "attempts")}
        told["group"] = list(one.handed_in.group)
        if isinstance(one, Missing):
            return {"student": one.student, "file": None, "not_handed_in": one.found, **told}
        shown = one.shown or str(one.path)
        return {
            "student": one.student if one.is_told else None,
            "file": shown.removeprefix(f"{root}/"),
            "lesson": one.lesson,
            "refused": one.refused,
            "said": " ".join(one.said),
            **told,
        }

    return [*map(row, collected.submissions), *map(row, collected.missing)]


def fits(expected: Mapping[str, Any], row: Mapping[str, Any], files: Sequence[str]) -> bool:
    """Whether a row is what a tree expects: the file by its number, words as they are."""
    number = expected.get("file", ...)
    if isinstance(number, int) and row["file"] != files[number]:
        return False
    if number is None and row["file"] is not None:
        return False
    words = ("student", "lesson", "id", "time", "late", "group")
    if any(row.get(word) != expected[word] for word in words if word in expected):
        return False
    if row["attempts"] != expected.get("attempts", 1) or row["late"] != expected.get("late", False):
        return False
    if expected.get("refused", expected["student"] is None) != bool(row.get("refused")):
        return False
    found = re.sub(r" \(.*", "", expected.get("not_handed_in", ""))
    return found in row.get("not_handed_in", "")


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
@pytest.mark.parametrize("name", TREES)
def test_a_tree_comes_out_right(tmp_path: Path, name: str, kind: str) -> None:
    """Everybody is told, with lesson, file, attempts, time and lateness, and nobody else is."""
    files = files_of(TREES[name])
    root = built(files, kind, tmp_path)
    collected = collect([root], unpacked=tmp_path / "unpacked")
    found, expected = rows(collected, root), TREES[name]["expect"]
    left = list(found)
    for want in expected:
        fitting = [row for row in left if fits(want, row, [name for name, _ in files])]
        assert fitting, f"{want} is not among {left}"
        left.remove(fitting[0])
    assert left == [], f"beside {expected}"


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip file with these files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return whole.getvalue()


def test_archives_in_archives_are_looked_into(tmp_path: Path) -> None:
    """A folder of several platforms' archives, in which students handed in archives, is read."""
    own = json.dumps(answers("convolution", 2)).encode()
    zipped = packed({"work/01_convolution.ipynb": own})
    archives = {
        "canvas.zip": {"doe_10231_556677_hw.zip": zipped, "roe_10232_556678_x.ipynb": own},
        "moodle.zip": {"Jane Doe_81231_assignsubmission_file_/hw1.zip": zipped},
        "ana.zip": {"01_convolution.ipynb": own},
        "lesson-1.zip": {"ben.ipynb": own, "cyd.ipynb": own, "__MACOSX/x": b""},
    }
    for name, files in archives.items():
        (tmp_path / "class" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "class" / name).write_bytes(packed(files))
    collected = collect([tmp_path / "class"], unpacked=tmp_path / "unpacked")
    students = [(one.student, one.handed_in.id) for one in collected.submissions]
    people = [("Jane Doe", "81231"), ("ana", ""), ("ben", ""), ("cyd", ""), ("doe", "10231")]
    assert students == [*people, ("roe", "10232")]
    assert collected.submissions[0].shown.endswith(
        "class/moodle.zip/Jane Doe_81231_assignsubmission_file_/hw1.zip/work/01_convolution.ipynb"
    )
    [line] = collected.said
    assert line.endswith(f"folder of programs ({tmp_path}/class/lesson-1.zip/__MACOSX).")


def test_an_archive_is_named_for_its_student(tmp_path: Path) -> None:
    """`ana.zip` with a lesson's notebook in it is Ana's, with or without a folder around it."""
    own = json.dumps(answers("convolution", 2)).encode()
    for name in (
        "01_convolution.ipynb",
        "ana/01_convolution.ipynb",
        "lessons/01_convolution.ipynb",
    ):
        (tmp_path / "ana.zip").write_bytes(packed({name: own}))
        [submission] = collect([tmp_path / "ana.zip"], unpacked=tmp_path / "u").submissions
        assert submission.student == "ana"


def test_a_platforms_file_may_be_named_by_itself(tmp_path: Path) -> None:
    """`grader grade *.ipynb` in a folder of Canvas's knows the students, too."""
    path = tmp_path / "doejane_LATE_10231_556677_01_convolution.ipynb"
    path.write_text(json.dumps(answers("convolution", 2)))
    [submission] = collect([path]).submissions
    assert (submission.student, submission.handed_in.id) == ("doejane", "10231")
    assert submission.handed_in.late


def test_the_newest_attempt_counts_where_it_lost_its_metadata(tmp_path: Path) -> None:
    """An editor that drops metadata does not bring an earlier attempt back."""
    for day, lesson_name in ((3, "convolution"), (4, None)):
        name = f"gradebook_C_L_jdoe_attempt_2026-02-0{day}-10-11-12_01_convolution.ipynb"
        cells = [(one.id, f"{one.names[0]} = 1") for one in lesson("convolution").exercises]
        document = notebook([source for _, source in cells], lesson_name)
        (tmp_path / name).write_text(json.dumps(document))
    [submission] = collect([tmp_path]).submissions
    assert submission.handed_in.time == "2026-02-04T10:11:12"


@pytest.mark.parametrize(
    ("layout", "students"),
    [
        ("one", ["class"]),
        ("folders", ["doe_1_2_x", "lesson-1-ana"]),
        ("files", ["b", "lesson-1-ana"]),
    ],
)
def test_a_layout_is_taken_at_its_word(tmp_path: Path, layout: str, students: list[str]) -> None:
    """Where a person names the layout, nothing is guessed."""
    for name in ("lesson-1-ana/01_convolution.ipynb", "doe_1_2_x/b.ipynb"):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(answers("convolution", 2)))
    collected = collect([tmp_path / "class"], layout=layout)
    assert sorted({one.student for one in collected.submissions}) == students


def graded(folder: Path) -> None:
    """What `grader grade --to FOLDER` leaves there, beside a list of marks of the teacher's own."""
    for name, text in {
        "results/ana/convolution.json": "{}",
        "handed_in/class.zip/zoe/01_convolution.ipynb": json.dumps(answers("convolution", 1)),
        "seed": "0" * 64,
        "gradebook.sqlite": "",
        "gradebook.sqlite-wal": "",
        "junit.xml": "<testsuites/>",
        "marks.csv": "ana,10",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
@pytest.mark.parametrize("place", ["graded", "ana/graded", "old/2025/graded", "."])
def test_what_the_grader_wrote_is_nobodys(tmp_path: Path, place: str, kind: str) -> None:
    """Its own folder is passed over wherever it lies, and told; the class is as it was."""
    own = [(f"{name}/01_convolution.ipynb", json.dumps(answers("convolution", 2)).encode())
           for name in ("ana", "ben")]  # fmt: skip
    root = built(own, "folder", tmp_path)
    graded(root / place)
    if kind != "folder":
        files = [path for path in root.rglob("*") if path.is_file()]
        packed_files = [(str(path.relative_to(root)), path.read_bytes()) for path in files]
        root = built(packed_files, kind, tmp_path / "packed")
    collected = collect([root], unpacked=tmp_path / "unpacked")
    assert [one.student for one in collected.submissions] == ["ana", "ben"]
    assert collected.missing == ()
    [line] = collected.said
    assert line.startswith("Passed over what `grader grade` wrote itself: ")


def test_the_graders_own_folder_is_no_input(tmp_path: Path) -> None:
    """Named itself, or by what is in it, it is refused with what to name; `handed_in` is taken."""
    graded(tmp_path / "term" / "graded")
    (tmp_path / "link").symlink_to(tmp_path / "term" / "graded")
    for name in ("term/graded", "term/graded/results", "term/graded/results/ana", "link"):
        with pytest.raises(UsageError, match=r"`grader grade` wrote\. Name the folder.*handed_in"):
            collect([tmp_path / name])
    with pytest.raises(UsageError, match="file in it beside what"):
        collect([tmp_path / "term"])
    [submission] = collect([tmp_path / "term" / "graded" / "handed_in"]).submissions
    assert submission.student == "zoe"


def test_folders_called_as_the_graders_are_a_students(tmp_path: Path) -> None:
    """Whoever has results and a seed, but notebooks among them, has handed these in."""
    for name in ("ana/results/run/01_convolution.ipynb", "ben/01_convolution.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(json.dumps(answers("convolution", 2)))
    (tmp_path / "ana" / "seed").write_text("17")
    assert [one.student for one in collect([tmp_path]).submissions] == ["ana", "ben"]
