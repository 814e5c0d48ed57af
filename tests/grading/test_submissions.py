"""Who handed in what: nobody vanishes, nothing is followed, and one notebook a lesson is graded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from grader.errors import Rejected, UsageError
from grader.grading.collecting.reading import read
from grader.grading.collecting.submissions import Submission, collect
from grader.grading.grade import grade
from grader.kernel.limits import Limits
from grader.results import Verdict
from tests.notebooks import RIGHT, cells_of, write_notebook

CELLS = cells_of(RIGHT)


def found(paths: Iterable[Path], student: str | None = None) -> list[Submission]:
    """The submissions below these paths."""
    return list(collect(paths, student).submissions)


def touch(folder: Path, *names: str) -> list[Path]:
    """Empty files below `folder`."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_a_notebook_belongs_to_the_student_it_is_named_after(tmp_path: Path) -> None:
    """A single file is one submission, of the student that its name tells."""
    paths = touch(tmp_path, "bea.ipynb", "ana.ipynb")
    assert found(paths) == [Submission("ana", paths[1]), Submission("bea", paths[0])]


def test_folders_are_students(tmp_path: Path) -> None:
    """Below a folder, a student is a folder at any depth, or a file's name; order is by student."""
    [b, a, d, _] = touch(tmp_path, "b/x.ipynb", "a.ipynb", "d/deep/er/x.ipynb", "c/notes.txt")
    assert found([tmp_path]) == [Submission("a", a), Submission("b", b), Submission("d", d)]


def test_a_path_named_twice_is_one_submission(tmp_path: Path) -> None:
    """Naming a folder twice grades nobody twice."""
    touch(tmp_path, "a/x.ipynb")
    assert len(found([tmp_path, tmp_path])) == 1


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", "a/.ipynb_checkpoints", ".git", ".Trash"])
def test_hidden_folders_are_not_handed_in(tmp_path: Path, hidden: str) -> None:
    """Jupyter's checkpoints and the like are left out."""
    [real, _] = touch(tmp_path, "a/x.ipynb", f"{hidden}/x-checkpoint.ipynb")
    assert found([tmp_path]) == [Submission("a", real)]


def test_a_hidden_folder_above_does_not_matter(tmp_path: Path) -> None:
    """Only what lies below the named folder is looked at."""
    touch(tmp_path, ".hidden/class/a/x.ipynb")
    assert len(found([tmp_path / ".hidden" / "class"])) == 1


def test_a_name_that_is_no_text_can_be_written(tmp_path: Path) -> None:
    """A file name of arbitrary bytes gives a student whose name UTF-8 can hold."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ipynb"))
    path.touch()
    assert [one.student for one in found([path])] == ["\\udcff"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere", "A submission is a file or a folder that exists. Received: "),
        ("nowhere.ipynb", "A submission is a file or a folder that exists. Received: "),
        ("empty", "A folder of submissions holds notebooks, as STUDENT/NOTEBOOK.ipynb or"),
        ("empty/notes.txt", "A submission is an .ipynb file or a folder of them. Received: "),
    ],
)
def test_what_holds_no_notebook_is_told(tmp_path: Path, name: str, sentence: str) -> None:
    """A path without a notebook is a mistake of the person who typed it."""
    touch(tmp_path, "empty/notes.txt")
    with pytest.raises(UsageError, match=sentence) as error:
        collect([tmp_path / name])
    assert name in str(error.value)


def test_what_is_no_file_is_rejected(tmp_path: Path) -> None:
    """A pipe, which would never end, and a folder are found but not read."""
    os.mkfifo(tmp_path / "pipe.ipynb")
    touch(tmp_path, "folder.ipynb/notes.txt")
    submissions = found([tmp_path])
    assert [submission.student for submission in submissions] == ["folder", "pipe"]
    for submission in submissions:
        with pytest.raises(Rejected, match="A notebook is an ordinary file"):
            read(submission.path, submission.below)


def test_a_folder_without_a_notebook_is_named(tmp_path: Path) -> None:
    """A student's folder that holds no notebook is told, not left out in silence."""
    touch(tmp_path, "a/1.ipynb", "b/notes.txt", ".git/config")
    assert collect([tmp_path]).said == (f"No notebook in {tmp_path / 'b'}.",)


# Whose notebooks


def a_class(folder: Path) -> Path:
    """Three students who handed in the first lesson, two in folders and one in a file."""
    for name in ("ana/01_convolution.ipynb", "ben/01_convolution.ipynb", "carla.ipynb"):
        write_notebook(folder / name, CELLS)
    return folder


@pytest.mark.parametrize("name", ["ana", "carla"])
def test_a_student_is_picked_from_a_class(tmp_path: Path, name: str) -> None:
    """In a folder that tells students, `--student` picks that one's submissions."""
    [submission] = found([a_class(tmp_path)], name)
    assert submission.student == name
    assert name in str(submission.path)


@pytest.mark.parametrize(("name", "close"), [("anna", "ana"), ("Ben", "ben"), ("zoe", "carla")])
def test_an_unknown_student_of_a_class_is_a_mistake(tmp_path: Path, name: str, close: str) -> None:
    """A name that the folder does not tell gets nobody's notebooks, and close names are offered."""
    with pytest.raises(UsageError, match=f"Received: '{name}', and .* holds 3, such as .*{close}"):
        found([a_class(tmp_path)], name)


@pytest.mark.parametrize(
    "names",
    [
        ["lesson.ipynb"],
        ["01_convolution.ipynb"],
        ["lessons/01_convolution.ipynb"],
        ["week1/01_convolution.ipynb", "week2/02_conv_layer.ipynb"],
    ],
)
def test_a_student_is_named_where_no_folder_tells(tmp_path: Path, names: list[str]) -> None:
    """A file, a flat folder and one student's own repository are whose `--student` says."""
    for name in names:
        lesson = "conv_layer" if "conv_layer" in name else "convolution"
        write_notebook(tmp_path / name, CELLS, lesson)
    submissions = found([tmp_path], "zoe")
    assert [submission.student for submission in submissions] == ["zoe"] * len(names)


def test_a_single_file_is_whose_the_caller_says(tmp_path: Path) -> None:
    """Where one notebook is named, `--student` says whose it is, whatever it is called."""
    [path] = touch(tmp_path, "ana.ipynb")
    assert found([path], "zoe") == [Submission("zoe", path)]


def test_a_student_has_a_name(tmp_path: Path) -> None:
    """An empty name is a mistake."""
    with pytest.raises(UsageError, match="A student has a name"):
        found([a_class(tmp_path)], " ")


# Names


def test_students_with_hidden_folders_do_not_vanish(tmp_path: Path) -> None:
    """A folder that begins with a dot is a student's, unless it is known to be a program's."""
    tools = [".git", ".venv", ".ipynb_checkpoints", ".vscode", ".Trash-1000", "__pycache__"]
    touch(tmp_path, ".ana/x.ipynb", "ben/x.ipynb", *(f"{tool}/x.ipynb" for tool in tools))
    assert [submission.student for submission in found([tmp_path])] == [".ana", "ben"]


def test_what_systems_keep_beside_files_is_not_handed_in(tmp_path: Path) -> None:
    """Shadows of files that macOS and editors leave are nobody's notebooks."""
    touch(tmp_path, "ana/x.ipynb", "ana/._x.ipynb", "ana/.~x.ipynb", "__MACOSX/ana/._x.ipynb")
    assert len(found([tmp_path])) == 1


def test_names_that_are_no_text_do_not_collide(tmp_path: Path) -> None:
    """Folders of arbitrary bytes, and one called like what is shown of them, are three students."""
    names = [b"Jos\xe9", b"Jos\xe8", rb"Jos\udce9"]
    for name in names:
        folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        write_notebook(folder / "01_convolution.ipynb", CELLS)
    students = [submission.student for submission in found([tmp_path])]
    assert len(set(students)) == len(names)
    assert all(student.isprintable() and student.encode() for student in students)


# Links


def linked_class(folder: Path) -> Path:
    """Ana's notebook, and students who link to it, to her folder, to themselves and to nothing."""
    own = write_notebook(folder / "ana" / "01_convolution.ipynb", CELLS)
    for name in ("file", "loop", "nowhere", "deep"):
        (folder / name).mkdir()
    (folder / "file" / own.name).symlink_to(own)
    (folder / "folder").symlink_to(own.parent)
    (folder / "loop" / own.name).symlink_to(own.name)
    (folder / "nowhere" / own.name).symlink_to("nothing.ipynb")
    (folder / "deep" / "work").symlink_to(own.parent)
    (folder / "single.ipynb").symlink_to(own)
    return folder


@pytest.mark.kernel
def test_links_are_refused_for_those_who_made_them(tmp_path: Path) -> None:
    """Whatever is reached through a link is refused with the reason; the others are graded."""
    submissions = found([linked_class(tmp_path / "class")])
    students = ["ana", "deep", "file", "folder", "loop", "nowhere", "single"]
    assert [submission.student for submission in submissions] == students
    for submission in submissions:
        record = grade(submission, secret=b"secret", limits=Limits())
        assert (record.verdict is Verdict.REJECTED) == (submission.student != "ana")
        assert ("symbolic link" in record.message) == (submission.student != "ana")
        assert bool(record.notebook.sha256) == (submission.student == "ana")


def test_the_class_itself_may_be_a_link(tmp_path: Path) -> None:
    """What the teacher names may lie behind a link; the students are the same."""
    a_class(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    submissions = found([tmp_path / "link"])
    assert [submission.student for submission in submissions] == ["ana", "ben", "carla"]
    assert all(read(one.path, one.below).cells for one in submissions)


def test_a_named_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link named by itself is refused, too: in CI its maker is the student."""
    path = write_notebook(tmp_path / "secret" / "01_convolution.ipynb", CELLS)
    (tmp_path / "ana.ipynb").symlink_to(path)
    [submission] = found([tmp_path / "ana.ipynb"])
    with pytest.raises(Rejected, match="symbolic link"):
        read(submission.path, submission.below)


@pytest.mark.parametrize("made", ["file", "folder"])
def test_a_link_made_later_is_not_followed(tmp_path: Path, made: str) -> None:
    """A file, or its folder, that becomes a link after it was found is refused."""
    other = write_notebook(tmp_path / "other" / "01_convolution.ipynb", CELLS)
    own = write_notebook(tmp_path / "class" / "ana" / "01_convolution.ipynb", CELLS)
    [submission] = found([tmp_path / "class"])
    swapped = own if made == "file" else own.parent
    swapped.rename(tmp_path / "away")
    swapped.symlink_to(other if made == "file" else other.parent)
    with pytest.raises(Rejected, match="symbolic link"):
        read(submission.path, submission.below)


def test_a_link_beside_ones_own_notebook_costs_nothing(tmp_path: Path) -> None:
    """A link to data, or to the same notebook under another name, is no reason to refuse."""
    own = write_notebook(tmp_path / "class" / "ana" / "01_convolution.ipynb", CELLS)
    (own.parent / "data").symlink_to(tmp_path)
    (own.parent / "convolution.ipynb").symlink_to(own.name)
    assert found([tmp_path / "class"]) == [Submission("ana", own)]


# Several notebooks of one student


def test_two_notebooks_of_a_lesson_are_refused_as_one(tmp_path: Path) -> None:
    """Where nothing tells which was handed in, that student is refused, with both paths."""
    paths = [tmp_path / name for name in ("a/1.ipynb", "b/1.ipynb", "a/2.ipynb")]
    for number, path in enumerate(paths):
        write_notebook(path, [*CELLS, f"number = {number}"])
    of_a, of_b = found([tmp_path])
    assert (of_a.student, of_b.student) == ("a", "b")
    assert f"Received: 2, {paths[0]}, {paths[2]}. Hand in one" in of_a.refused
    assert of_a.lesson == "convolution"
    assert not of_b.refused


@pytest.mark.parametrize(
    "other",
    [
        "a/Untitled.ipynb",
        "a/01_convolution-Copy1.ipynb",
        "a/old/01_convolution.ipynb",
        "a/.history/01_convolution.ipynb",
        "a/more/01_convolution.ipynb",
        "a/01_convolution-checkpoint.ipynb",
    ],
)
def test_the_lessons_own_notebook_is_graded(tmp_path: Path, other: str) -> None:
    """A copy, a backup or a scratch beside it is passed over, and named."""
    own = write_notebook(tmp_path / "a" / "01_convolution.ipynb", CELLS)
    write_notebook(tmp_path / other, [*CELLS, "number = 1"])
    collected = collect([tmp_path])
    assert collected.submissions == (Submission("a", own),)
    assert collected.said == (f"Passed over beside what is graded: {tmp_path / other}.",)


def test_metadata_beats_the_name_of_the_file(tmp_path: Path) -> None:
    """The notebook that says it is the lesson's is graded before one that is only called so."""
    own = write_notebook(tmp_path / "a" / "mine.ipynb", CELLS)
    write_notebook(tmp_path / "a" / "01_convolution.ipynb", list(RIGHT.values()), lesson=None)
    assert found([tmp_path]) == [Submission("a", own)]


@pytest.mark.parametrize(
    ("content", "graded"),
    [("", False), ('{"cells": [], "metadata": {}, "nbformat": 4}', False), ("[]", True)],
    ids=["empty", "no lesson", "broken"],
)
def test_a_scratch_of_no_lesson_costs_nothing(tmp_path: Path, content: str, graded: bool) -> None:
    """What holds no answer is passed over beside a lesson's notebook; what is broken is not."""
    own = write_notebook(tmp_path / "a" / "01_convolution.ipynb", CELLS)
    scratch = own.with_name("notes.ipynb")
    scratch.write_text(content)
    assert [one.path for one in found([tmp_path])] == ([own, scratch] if graded else [own])


def test_a_broken_notebook_is_not_replaced_by_its_backup(tmp_path: Path) -> None:
    """Where the lesson's own notebook cannot be read, the student is told so."""
    own = tmp_path / "a" / "01_convolution.ipynb"
    write_notebook(own.parent / "old" / own.name, CELLS)
    own.write_text("{")
    assert found([tmp_path]) == [Submission("a", own)]


def test_the_same_bytes_twice_are_one_notebook(tmp_path: Path) -> None:
    """Two copies of one file are no question."""
    write_notebook(tmp_path / "a" / "1.ipynb", CELLS)
    write_notebook(tmp_path / "a" / "2.ipynb", CELLS)
    [submission] = found([tmp_path])
    assert not submission.refused


def test_a_students_own_folder_may_be_named(tmp_path: Path) -> None:
    """A folder with a lesson's notebook is one student's, with scratches, backups and programs."""
    own = write_notebook(tmp_path / "ana" / "01_convolution.ipynb", CELLS)
    write_notebook(own.with_name("test.ipynb"), list(RIGHT.values()), lesson=None)
    write_notebook(own.parent / "old" / own.name, [*CELLS, "number = 1"])
    touch(own.parent, "venv/lib/site-packages/a.ipynb", "env/pyvenv.cfg", "env/share/b.ipynb")
    collected = collect([own.parent])
    assert collected.submissions == (Submission("ana", own),)
    assert len(collected.said) == 2
    assert "Passed over 2 folders of programs" in collected.said[1]


def test_a_masters_copy_beside_students_changes_nothing(tmp_path: Path) -> None:
    """Students stay students where the lesson's own notebook lies beside their folders or files."""
    a_class(tmp_path)
    write_notebook(tmp_path / "01_convolution.ipynb", CELLS)
    students = [submission.student for submission in found([tmp_path])]
    assert students == sorted(["ana", "ben", "carla", tmp_path.name])


# One lesson only


def test_other_lessons_are_passed_over_and_counted(tmp_path: Path) -> None:
    """With a lesson wanted, notebooks of others are neither graded nor rejected."""
    a_class(tmp_path)
    for student in ("ana", "ben", "dora"):
        write_notebook(tmp_path / student / "02_conv_layer.ipynb", CELLS, "conv_layer")
    (tmp_path / "ana" / "05_dense.ipynb").write_text("{")
    (tmp_path / "ana" / "broken.ipynb").write_text("{")
    collected = collect([tmp_path], lesson="convolution")
    assert [one.student for one in collected.submissions] == ["ana", "ben", "carla"]
    assert "Passed over 4 notebooks of other lessons (conv_layer 3, dense 1)." in collected.said
    assert any("broken.ipynb (cannot be read)" in line for line in collected.said)


def test_a_lesson_that_nobody_handed_in_is_a_mistake(tmp_path: Path) -> None:
    """Where every notebook is of another lesson, that is said instead of grading nothing."""
    with pytest.raises(UsageError, match="'dense', and 3 notebooks of other lessons"):
        collect([a_class(tmp_path)], lesson="dense")
