"""Whatever was handed in is read as a notebook, or rejected with the reason."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import Rejected
from grader.grading.collecting import reading
from grader.grading.collecting.cells import SubmittedCell, code_cells
from grader.grading.collecting.files import fingerprint
from grader.grading.collecting.reading import (
    SubmittedNotebook,
    Told,
    look,
    named_lesson,
    parse,
    read,
)
from grader.results import Verdict
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
    """More than 128 MiB are not read at all."""
    path = tmp_path / "ana.ipynb"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(Rejected, match=r"at most 128 MiB\. Received: 1048576 MiB\. Clear"):
        read(path)


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


def test_a_fingerprint_is_of_the_bytes() -> None:
    """The same bytes have the same fingerprint, whatever they are called."""
    assert fingerprint(b"abc").startswith("ba7816bf8f01cfea")


def text_cell(kind: str, source: str, exercise: str | None = None) -> dict[str, Any]:
    """A cell that does not run, of an exercise where one is named."""
    metadata = {"grader": {"exercise": exercise}} if exercise else {}
    return {"cell_type": kind, "id": f"text-{len(source)}", "metadata": metadata, "source": source}


@pytest.mark.parametrize(("kind", "word"), [("markdown", "Markdown"), ("raw", "raw")])
@pytest.mark.parametrize("marked", [True, False], ids=["marked", "unmarked"])
def test_an_answer_in_a_text_cell_is_told(
    kind: str, word: str, marked: bool, write: Callable[[Any], Path]
) -> None:
    """An exercise whose only cell is Markdown or raw says which cell, and to make Code of it."""
    document = notebook(cells_of({"feature_map_size": RIGHT["feature_map_size"]}))
    answer = "Here it is:\n```\ndef patch_response(patch, kernel):\n    return 1\n```"
    document["cells"].append(text_cell(kind, answer, "patch_response" if marked else None))
    [(exercise, (verdict, sentence))] = read(write(document)).faults.items()
    assert (exercise, verdict) == ("patch_response", Verdict.NOT_ATTEMPTED)
    assert sentence.startswith(f"Cell 2 is a {word} cell")
    assert "Change it to Code" in sentence


def test_prose_about_an_exercise_is_no_fault(write: Callable[[Any], Path]) -> None:
    """Where a code cell answers an exercise, text cells may say of it what they like."""
    document = notebook(cells_of(RIGHT))
    document["cells"].append(text_cell("markdown", "def patch_response(patch, kernel): ..."))
    document["cells"].append(text_cell("markdown", "Part two", "feature_map_size"))
    assert read(write(document)).faults == {}


CONFLICT = "<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> origin/main\n"


@pytest.mark.parametrize("part", ["patch_response(", '"outputs"', '"nbformat"'])
@pytest.mark.parametrize("indent", ["", "  "])
def test_conflict_marks_are_named(part: str, indent: str, write: Callable[[Any], Path]) -> None:
    """Wherever Git left its marks in the file, in outputs too, the student is told of them."""
    lines = json.dumps(HONEST, indent=1).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if part in line)
    torn = CONFLICT.format(ours=lines[at], theirs=lines[at]).splitlines(keepends=True)
    lines[at : at + 1] = [indent + line if line[0] in "<=>" else line for line in torn]
    with pytest.raises(Rejected, match=r"Git's conflict marks .* the first in line \d+") as error:
        read(write("".join(lines)))
    assert f"in line {at + 1}:" in str(error.value)
    assert "git checkout --ours" in str(error.value)
    assert "Open it in Jupyter" not in str(error.value)


def test_conflict_marks_in_a_cell_are_named(write: Callable[[Any], Path]) -> None:
    """A cell that keeps both versions cannot run: its exercise and the notebook say why."""
    ours, theirs = "def patch_response(a, b):\n", "def patch_response(b, a):\n"
    source = CONFLICT.format(ours=ours, theirs=theirs) + "    return 1"
    submitted = read(write(notebook([("patch_response", source)])))
    verdict, sentence = submitted.faults["patch_response"]
    assert (verdict, submitted.remarks) == (Verdict.ERROR, (sentence,))
    assert sentence.startswith("Cell 1 holds Git's conflict marks")


def test_text_that_looks_like_marks_is_none(write: Callable[[Any], Path]) -> None:
    """Lines of signs in strings and in prose are not taken for a conflict."""
    document = notebook([*cells_of(RIGHT), "text = '''\n=======\n<<<<<<<<<<\n'''"])
    document["cells"].append(text_cell("markdown", "Title\n=======\n<<<<<<< in words"))
    assert read(write(document)).remarks == ()


def two_lessons() -> dict[str, Any]:
    """Lesson 1 with an unsolved exercise, and below it lesson 2, which gives that one's code."""
    first = notebook([("convolve2d", "def convolve2d(image, kernel):\n    ...")])
    second = notebook(["def convolve2d(image, kernel):\n    return 1", ("conv_layer", "a = 1")])
    titles = [text_cell("markdown", f"# Lesson {number}") for number in (1, 2)]
    first["cells"] = [titles[0], *first["cells"], titles[1], *second["cells"]]
    return first


def test_another_lesson_in_the_same_notebook_is_told(write: Callable[[Any], Path]) -> None:
    """Its exercises are named, and the code that it gives answers nothing of the graded lesson."""
    submitted = read(write(two_lessons()))
    assert submitted.lesson.name == "convolution"
    assert [cell.number for cell in submitted.cells] == [2]
    [remark] = submitted.remarks
    assert remark.startswith("Answers to lesson 2 (conv_layer) are in here, too: conv_layer. Only")


def test_a_cell_of_another_lesson_among_ones_own_costs_nothing(
    write: Callable[[Any], Path],
) -> None:
    """One pasted cell is told, and the cells around it are graded as before."""
    cells = [*cells_of(RIGHT), ("conv_layer", "b = 1"), "c = 1"]
    submitted = read(write(notebook(cells)))
    assert len(submitted.cells) == len(cells)
    assert len(submitted.remarks) == 1


def test_most_marks_tell_the_lesson(write: Callable[[Any], Path]) -> None:
    """Without the lesson's metadata, a cell pasted from another lesson does not decide."""
    cells = [("conv_layer", "b = 1"), *cells_of(RIGHT)]
    assert read(write(notebook(cells, lesson=None))).lesson.name == "convolution"


@pytest.mark.parametrize(
    ("name", "lesson", "told"),
    [
        ("02_conv_layer.ipynb", "convolution", Told.METADATA),
        ("02_conv_layer.ipynb", None, Told.FILE_NAME),
        ("mine.ipynb", None, Told.BOUND_NAMES),
    ],
)
def test_the_surest_sign_tells_the_lesson(
    name: str, lesson: str | None, told: Told, tmp_path: Path
) -> None:
    """A notebook's own metadata beats the name of its file, and that beats the names it binds."""
    path = tmp_path / name
    cells = [*RIGHT.values(), "def conv_layer(image, kernels, biases):\n    return image"]
    path.write_text(json.dumps(notebook(cells, lesson)))
    expected = "conv_layer" if told is Told.FILE_NAME else "convolution"
    assert (look(path).lesson, look(path).told) == (expected, told)


def with_outputs(kind: str, size: int) -> bytes:
    """The honest notebook with about `size` bytes of what Jupyter showed."""
    document = json.loads(json.dumps(HONEST))
    picture = {"image/png": 'iVBORw0KGgo"]}' * (size // 15)}
    if kind == "picture":
        output = {"output_type": "display_data", "metadata": {}, "data": picture}
        document["cells"][0]["outputs"] = [output]
    if kind == "lines":
        lines = ["step 1: loss = 0.25\n"] * (size // 25)
        stream = {"output_type": "stream", "name": "stdout", "text": lines}
        document["cells"][0]["outputs"] = [stream]
    if kind == "attachment":
        cell = text_cell("markdown", "![a](attachment:a.png)")
        document["cells"].append(cell | {"attachments": {"a.png": picture}})
    if kind == "widgets":
        state = {str(number): {"a": [number]} for number in range(size // 30)}
        document["metadata"]["widgets"] = {"state": state}
    return json.dumps(document).encode()


@pytest.mark.parametrize("kind", ["picture", "lines", "attachment", "widgets"])
def test_what_jupyter_showed_does_not_count(kind: str, write: Callable[[Any], Path]) -> None:
    """40 MiB of pictures, lines, pasted images or widgets leave the code to be graded.

    The time is of this process, however busy the machine is: a second where nothing else runs.
    """
    content = with_outputs(kind, 40 * 2**20)
    assert len(content) > 35 * 2**20
    begun = time.process_time()
    assert read(write(content)).cells == read(write(HONEST)).cells
    assert time.process_time() - begun < 10


def test_a_text_that_looks_like_outputs_is_kept(write: Callable[[Any], Path]) -> None:
    """Only keys of the document are cut out, never what code says."""
    source = 'record = {"outputs": [1, 2], "x": "\\\\"}\ntext = \'"outputs": [\''
    cells = read(write(notebook([*cells_of(RIGHT), source]))).cells
    assert cells[-1].source == source


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        (b"[" + b"[[[[[[[]]]]]]]," * 1_000_000 + b"[]]", "not nested this deeply"),
        (b"[" * 2_000_000, "not nested this deeply"),
        (b'["' + b"a" * 1000, "JSON document in Jupyter's format"),
        (b"[[", "JSON document in Jupyter's format"),
    ],
    ids=["brackets", "deep", "text", "open"],
)
def test_outputs_that_never_end_are_rejected(
    outputs: bytes, sentence: str, write: Callable[[Any], Path]
) -> None:
    """Outputs that are no JSON, or made of brackets, are refused in bounded time."""
    head, _ = json.dumps(HONEST).encode().split(b'"outputs": []', 1)
    with pytest.raises(Rejected, match=sentence):
        read(write(head + b'"outputs": ' + outputs))


def test_reading_a_large_notebook_takes_little_memory(tmp_path: Path) -> None:
    """120 MiB of outputs are read within 300 MiB more than the process has anyway."""
    path = tmp_path / "ana.ipynb"
    path.write_bytes(with_outputs("picture", 120 * 2**20))
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from grader.grading.collecting.reading import read\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "read(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", code, str(path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(shown.stdout) < 300 * 1024  # KiB


def test_a_plain_notebook_is_what_nbformat_makes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read without nbformat, because it is as Jupyter writes it, is read as with it."""
    paths = sorted(Path(__file__).parents[2].glob("examples/class/*/*.ipynb"))[::4]
    contents = [(path.read_bytes(), path) for path in paths]
    plain = [parse(*one) for one in contents]
    monkeypatch.setattr(reading, "_is_plain", lambda _notebook: False)
    assert [parse(*one) for one in contents] == plain
    assert len(plain) >= 8
