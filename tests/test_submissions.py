"""Whatever was handed in is found, and read as a notebook or rejected with the reason."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import Rejected, UsageError
from grader.submissions import (
    Submission,
    SubmittedCell,
    SubmittedNotebook,
    code_cells,
    find,
    fingerprint,
    named_lesson,
    read,
    without_notebook,
)
from tests.notebooks import RIGHT, cells_of, notebook

HONEST = notebook(cells_of(RIGHT))
UNMARKED = notebook(list(RIGHT.values()), lesson=None)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes bytes, a text or a notebook to a file that was handed in."""

    def write(content: Any) -> Path:
        path = tmp_path / "ana.ipynb"
        if not isinstance(content, bytes):
            text = content if isinstance(content, str) else json.dumps(content)
            content = text.encode()
        path.write_bytes(content)
        return path

    return write


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
    assert find(paths) == [Submission("ana", paths[1]), Submission("bea", paths[0])]


def test_folders_are_students(tmp_path: Path) -> None:
    """Below a folder, a student is a folder at any depth, or a file's name; order is by student."""
    [b, a, d, _] = touch(tmp_path, "b/x.ipynb", "a.ipynb", "d/deep/er/x.ipynb", "c/notes.txt")
    assert find([tmp_path]) == [Submission("a", a), Submission("b", b), Submission("d", d)]


def test_a_path_named_twice_is_one_submission(tmp_path: Path) -> None:
    """Naming a folder twice grades nobody twice."""
    touch(tmp_path, "a/x.ipynb")
    assert len(find([tmp_path, tmp_path])) == 1


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", "a/.ipynb_checkpoints", ".git", ".Trash"])
def test_hidden_folders_are_not_handed_in(tmp_path: Path, hidden: str) -> None:
    """Jupyter's checkpoints and the like are left out."""
    [real, _] = touch(tmp_path, "a/x.ipynb", f"{hidden}/x-checkpoint.ipynb")
    assert find([tmp_path]) == [Submission("a", real)]


def test_a_hidden_folder_above_does_not_matter(tmp_path: Path) -> None:
    """Only what lies below the named folder is looked at."""
    touch(tmp_path, ".hidden/class/a/x.ipynb")
    assert len(find([tmp_path / ".hidden" / "class"])) == 1


def test_a_student_may_be_named(tmp_path: Path) -> None:
    """Where no folder tells whose notebooks these are, the caller may."""
    touch(tmp_path, "lesson.ipynb")
    assert [found.student for found in find([tmp_path], "zoe")] == ["zoe"]


def test_a_name_that_is_no_text_can_be_written(tmp_path: Path) -> None:
    """A file name of arbitrary bytes gives a student whose name UTF-8 can hold."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ipynb"))
    path.touch()
    assert [found.student for found in find([path])] == ["\\udcff"]


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
        find([tmp_path / name])
    assert name in str(error.value)


def test_two_notebooks_of_a_lesson_are_refused_as_one(tmp_path: Path) -> None:
    """A student hands in one notebook a lesson; two students may hand in the same one."""
    for path in touch(tmp_path, "a/1.ipynb", "b/1.ipynb", "a/2.ipynb"):
        path.write_text(json.dumps(HONEST))
    of_a, of_b = find([tmp_path])
    assert (of_a.student, of_b.student) == ("a", "b")
    assert "1.ipynb, 2.ipynb" in of_a.refused
    assert not of_b.refused


def test_a_folder_without_a_notebook_is_named(tmp_path: Path) -> None:
    """A student's folder that holds no notebook is told, not left out in silence."""
    touch(tmp_path, "a/1.ipynb", "b/notes.txt", ".git/config")
    assert without_notebook([tmp_path]) == [str(tmp_path / "b")]


def test_an_honest_notebook_is_read(write: Callable[[Any], Path]) -> None:
    """Its lesson, and its code cells with their numbers and exercises."""
    submitted = read(write(HONEST))
    assert submitted.lesson.name == "convolution"
    marks = [(cell.number, cell.exercise) for cell in submitted.cells]
    assert marks == [(1, "patch_response"), (2, "feature_map_size")]


def test_only_code_cells_with_code_are_read() -> None:
    """Prose, raw and empty cells are passed over; the numbers are those of the notebook."""
    cells = [
        {"cell_type": kind, "source": text}
        for kind, text in [
            ("markdown", "# a"),
            ("code", " \n"),
            ("raw", "b"),
            ("code", "c"),
            ("odd", "d"),
        ]
    ]
    assert code_cells({"cells": cells}) == [SubmittedCell(4, "c", None)]


def marked_without_lesson() -> dict[str, Any]:
    """A notebook whose cells are marked, without the lesson's own metadata."""
    return notebook(cells_of(RIGHT), lesson=None)


@pytest.mark.parametrize("document", [marked_without_lesson(), UNMARKED], ids=["marks", "names"])
def test_a_notebook_without_metadata_is_found_out(
    document: dict[str, Any], write: Callable[[Any], Path]
) -> None:
    """Where an editor dropped metadata, marked cells or the names that cells bind tell."""
    assert read(write(document)).lesson.name == "convolution"


@pytest.mark.parametrize(
    "metadata", [{}, {"grader": None}, {"grader": {"lesson": 3, "exercise": []}}, {"grader": [1]}]
)
def test_strange_metadata_is_as_good_as_none(metadata: Any, write: Callable[[Any], Path]) -> None:
    """Metadata of another shape than ours is passed over."""
    document = json.loads(json.dumps(UNMARKED)) | {"metadata": metadata}
    for cell in document["cells"]:
        cell["metadata"] = metadata
    assert read(write(document)).lesson.name == "convolution"


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_is_read(minor: int, write: Callable[[Any], Path]) -> None:
    """Notebooks of format 4.0 to 4.5 are read, with or without the ids of cells."""
    for with_ids in (False, True):
        document = json.loads(json.dumps(HONEST)) | {"nbformat_minor": minor}
        for cell in document["cells"] if not with_ids else ():
            cell.pop("id")
        assert len(read(write(document)).cells) == 2


def test_a_notebook_of_format_3_is_read(write: Callable[[Any], Path]) -> None:
    """A notebook of Jupyter's early days is read as what it became."""
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "source": "Title"},
                    {
                        "cell_type": "code",
                        "collapsed": False,
                        "input": ["def patch_response(patch, kernel):\n", "    return 0.0"],
                        "language": "python",
                        "outputs": [],
                    },
                ]
            }
        ],
    }
    assert [cell.number for cell in read(write(old)).cells] == [2]


def test_source_may_be_a_list_of_lines(write: Callable[[Any], Path]) -> None:
    """The lines of a cell are joined as Jupyter does."""
    document = json.loads(json.dumps(HONEST))
    lines = document["cells"][0]["source"].splitlines(keepends=True)
    document["cells"][0]["source"] = lines
    assert read(write(document)).cells[0].source == "".join(lines)


def test_a_byte_order_mark_is_no_harm(write: Callable[[Any], Path]) -> None:
    """A notebook saved by an editor of Windows is read."""
    assert read(write(b"\xef\xbb\xbf" + json.dumps(HONEST).encode())).cells


def test_metadata_may_be_missing_altogether(write: Callable[[Any], Path]) -> None:
    """A script's notebook without the metadata that Jupyter's format asks for is read all the same.

    Its cells have no outputs and no numbers either, and one has no source.
    """
    cells = [{"cell_type": "code", "source": source} for source in RIGHT.values()]
    document = {"cells": [{"cell_type": "code"}, *cells], "nbformat": 4, "nbformat_minor": 5}
    found = read(write(document))
    assert (found.lesson.name, len(found.cells)) == ("convolution", len(RIGHT))


def changed(**changes: Any) -> dict[str, Any]:
    """The honest notebook with some of its keys exchanged."""
    return {**HONEST, **changes}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "JSON document in Jupyter's format"),
        ("print('hello')", "JSON document in Jupyter's format"),
        ("{", "JSON document in Jupyter's format"),
        ("null", "JSON document in Jupyter's format"),
        ("[1]", "JSON document in Jupyter's format"),
        ("{}", "JSON document in Jupyter's format|without any of them"),
        (b"\xff\xfe{\x00}\x00", "A notebook is text in UTF-8. Received: other bytes."),
        (b'{"a": "\xe9"}', "A notebook is text in UTF-8. Received: other bytes."),
        ("[" * 200_000, "A notebook is not nested this deeply."),
        ('{"a":' * 100_000, "A notebook is not nested this deeply."),
        (changed(cells=None), "format|list of cells"),
        (changed(cells={}), "format|list of cells"),
        (changed(cells=[1]), "format|list of cells"),
        (changed(cells=["x"]), "format|list of cells"),
        (changed(nbformat=99), "JSON document in Jupyter's format"),
        (changed(nbformat="4"), "JSON document in Jupyter's format"),
        (changed(cells=[]) | {"metadata": {}}, "without any of them"),
        (changed(metadata={"grader": {"lesson": "poetry"}}), "Received: one of lesson 'poetry'"),
        (notebook(["a = 1"], lesson=None), "without any of them. Hand in the lesson's own"),
        (notebook(["a = 1"] * 5001), "A notebook has at most 5000 cells. Received: 5001."),
        ('{"cells":[' + "{}," * 1_000_000 + "{}]}", "A notebook has at most 500000 texts, bracke"),
        (notebook(["x" * 200_001]), "at most 200000 characters. Received: 200001. Load data"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_notebook_is_rejected(
    content: Any, sentence: str, write: Callable[[Any], Path]
) -> None:
    """Whatever else a file holds, its student is told what is wrong and what to do."""
    with pytest.raises(Rejected, match=sentence):
        read(write(content))


def test_an_empty_lesson_can_be_graded(write: Callable[[Any], Path]) -> None:
    """A notebook of a lesson without any code is read: nothing in it was attempted."""
    assert read(write(notebook([]))).cells == ()


def test_a_huge_file_is_rejected_unread(tmp_path: Path) -> None:
    """More than 32 MiB are not read at all."""
    path = tmp_path / "ana.ipynb"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(Rejected, match=r"at most 32 MiB\. Received: 1048576 MiB\. Clear"):
        read(path)
    assert fingerprint(path) == ""


def test_what_is_no_file_is_rejected(tmp_path: Path) -> None:
    """A pipe, which would never end, a folder, and a link to nowhere are found but not read."""
    os.mkfifo(tmp_path / "pipe.ipynb")
    touch(tmp_path, "folder.ipynb/notes.txt")
    (tmp_path / "link.ipynb").symlink_to("nowhere")
    found = find([tmp_path])
    assert [submission.student for submission in found] == ["folder", "link", "pipe"]
    for submission in found:
        assert fingerprint(submission.path) == ""
        with pytest.raises(Rejected):
            read(submission.path)


def test_a_fingerprint_is_of_the_bytes(tmp_path: Path) -> None:
    """The same bytes have the same fingerprint, wherever they lie."""
    (tmp_path / "a").write_bytes(b"abc")
    assert fingerprint(tmp_path / "a").startswith("ba7816bf8f01cfea")


def test_a_file_name_may_tell_the_lesson() -> None:
    """A lesson is told by its own file name, with or without the number."""
    names = ("convolution.ipynb", "01_convolution.ipynb", "ana.ipynb")
    assert [named_lesson(Path(name)) for name in names] == ["convolution", "convolution", None]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("code"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_a_notebook_can_be_changed_anywhere(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A notebook with a piece exchanged is read or rejected; nothing else is ever raised."""
    document = json.loads(json.dumps(data.draw(st.sampled_from([HONEST, UNMARKED]))))
    place: Any = document
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    path = tmp_path_factory.mktemp("changed") / "ana.ipynb"
    path.write_text(json.dumps(document))
    with contextlib.suppress(Rejected):
        assert isinstance(read(path), SubmittedNotebook)


def test_reading_says_nothing(
    write: Callable[[Any], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """nbformat's own remarks about a submission reach nobody's screen."""
    document = json.loads(json.dumps(HONEST))
    document["cells"][0] |= {"id": "not an id!", "unknown": 1}
    document["cells"][1] |= {"id": "not an id!"}
    read(write(document))
    assert capfd.readouterr() == ("", "")


def test_large_outputs_are_no_harm(write: Callable[[Any], Path]) -> None:
    """Pictures and scripts of several MB, which cost little to read, may stay in a notebook."""
    content = notebook(cells_of(RIGHT))
    data = {"image/png": "iVBORw0KGgo=" * 500_000, "text/html": "f([{'a': 1}, \"\"]);" * 200_000}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    cell = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    cell["outputs"] = [output]
    assert read(write(content)).cells == read(write(HONEST)).cells


def test_a_source_is_text_that_can_be_written() -> None:
    """A lone surrogate in a cell or its metadata is left as its escape."""
    marked = {"grader": {"exercise": "\ud800"}}
    cell = {"cell_type": "code", "source": "x = '\ud800é'", "metadata": marked}
    assert code_cells({"cells": [cell]}) == [SubmittedCell(1, r"x = '\ud800é'", r"\ud800")]
