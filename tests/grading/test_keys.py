"""The key of a kept result: what changes it, and what does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.errors import Rejected
from grader.grading.collecting.companions import MOST_FILES
from grader.grading.collecting.submissions import Submission
from grader.grading.environment import environment, fingerprint_of_rubric
from grader.grading.keys import key_of
from grader.grading.slot import Plan
from grader.kernel.limits import KernelLimits, Limits
from grader.kernel.mounted import course_folder
from tests.notebooks import RIGHT, cells_of, notebook

SECRET = b"a secret for tests"
PLAN = Plan(SECRET, Limits())

Notebook = dict[str, Any]


def a_notebook() -> Notebook:
    """Two answers below some text, as Jupyter writes it."""
    whole = notebook(cells_of(RIGHT))
    text = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "What a *kernel* is."}
    whole["cells"].insert(0, text)
    return whole


def key(whole: Notebook, plan: Plan = PLAN, name: str = "convolution.ipynb", **about: Any) -> str:
    """The key of a notebook."""
    submission = Submission("ana", Path(name), **about)
    return key_of(submission, json.dumps(whole).encode(), plan)


def in_cell(number: int, **fields: Any) -> Callable[[Notebook], None]:
    """What sets fields of a cell, counted from 0."""
    return lambda whole: whole["cells"][number].update(fields)


OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["9\n"]}
SAME: dict[str, Callable[[Notebook], Any]] = {
    "outputs": in_cell(1, outputs=[OUTPUT]),
    "execution counts": in_cell(1, execution_count=7),
    "ids of cells": in_cell(1, id="another"),
    "text": in_cell(0, source="What a kernel is, in other words."),
    "an answer in a text cell, where a code cell has it": in_cell(
        0, source=RIGHT["patch_response"]
    ),
    "a source in lines": lambda whole: in_cell(
        1, source=whole["cells"][1]["source"].splitlines(keepends=True)
    )(whole),
    "tags of cells": lambda whole: whole["cells"][1]["metadata"].update(
        tags=["mine"], collapsed=True
    ),
    "the kernel's name": lambda whole: whole["metadata"].update(kernelspec={"name": "other"}),
    "widgets": lambda whole: whole["metadata"].update(widgets={"state": {"a": 1}}),
    "the minor version of the format": lambda whole: whole.update(nbformat_minor=4),
    "an empty cell at the end": lambda whole: whole["cells"].append(
        {**whole["cells"][1], "source": " \n"}
    ),
}
OTHER: dict[str, Callable[[Notebook], Any]] = {
    "code": in_cell(1, source="patch_response = None"),
    "a comment": lambda whole: in_cell(1, source=whole["cells"][1]["source"] + "  # done")(whole),
    "the exercise that a cell is marked with": in_cell(2, metadata={}),
    "the order of cells": lambda whole: whole["cells"].reverse(),
    "the numbers of cells, which sentences name": lambda whole: whole["cells"].insert(
        0, dict(whole["cells"][0])
    ),
    "a code cell made a text cell": in_cell(1, cell_type="markdown"),
    "the lesson": lambda whole: whole["metadata"]["grader"].update(lesson="pooling"),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_changes_no_result_changes_no_key(change: Callable[[Notebook], Any]) -> None:
    """Outputs, counts, ids, text and the like: the result that is kept is used again."""
    whole = a_notebook()
    change(whole)
    assert whole != a_notebook()
    assert key(whole) == key(a_notebook())


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_what_may_change_a_result_changes_the_key(change: Callable[[Notebook], Any]) -> None:
    """Code, its order and what it answers: it is graded anew."""
    whole = a_notebook()
    change(whole)
    assert key(whole) != key(a_notebook())


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, secret=b"another secret, for tests"),
        replace(PLAN, limits=Limits(cell=21.0)),
        replace(PLAN, limits=Limits(submission=301.0)),
        replace(PLAN, limits=Limits(kernel=KernelLimits(processes=255))),
        replace(PLAN, isolation="none"),
    ],
    ids=["secret", "seconds of a cell", "seconds in all", "processes", "isolation"],
)
def test_how_it_is_graded_changes_the_key(plan: Plan) -> None:
    """Another secret, other limits, another isolation: it is graded anew."""
    assert key(a_notebook(), plan) != key(a_notebook())


@pytest.mark.parametrize("plan", [replace(PLAN, jobs=9), replace(PLAN, lesson="convolution")])
def test_how_many_are_graded_and_which_changes_no_key(plan: Plan) -> None:
    """Neither the number of slots nor a choice of lessons has a part in a result."""
    assert key(a_notebook(), plan) == key(a_notebook())


def test_whose_it_is_and_what_it_is_called_changes_no_key() -> None:
    """The key is of the content: a renamed student, or file, is graded as before."""
    content = json.dumps(a_notebook()).encode()
    other = Submission("ben", Path("elsewhere/Untitled (3).ipynb"))
    assert key_of(other, content, PLAN) == key(a_notebook())


def test_a_files_name_counts_where_it_tells_the_lesson() -> None:
    """Without metadata, the same code is of the lesson that its file is named for."""
    whole = notebook(["relu = max", "patch_response = feature_map_size = max"], lesson=None)
    names = ("activation.ipynb", "convolution.ipynb")
    assert len({key(whole, name=name) for name in names}) == 2


def test_each_part_of_what_grades_changes_the_key() -> None:
    """Other code of the grader, another rubric or version: it is graded anew."""
    here = environment()
    rubrics = {**here.rubrics, "convolution": "another"}
    others = [
        replace(here, grader="another"),
        replace(here, rubrics=rubrics),
        replace(here, versions={**here.versions, "keras": "2.0"}),
        replace(here, course="another"),
    ]
    content = json.dumps(a_notebook()).encode()
    submission = Submission("ana", Path("convolution.ipynb"))
    keys = {key_of(submission, content, PLAN, one) for one in (here, *others)}
    assert len(keys) == 5
    elsewhere = replace(here, rubrics={**here.rubrics, "pooling": "another"})
    assert key_of(submission, content, PLAN, elsewhere) == key(a_notebook())


def test_versions_are_of_everything_that_student_code_can_import() -> None:
    """Python, the grader, its packages, and whatever else is installed beside them."""
    assert {"python", "cnn-course-grader", "keras", "numpy", "scipy", "pip"} <= {
        *environment().versions
    }


def test_files_beside_a_notebook_change_the_key(tmp_path: Path) -> None:
    """Their names and their bytes count, not where they lie; a link counts as what is noted."""
    for folder, text in (("a", "1\n"), ("b", "1\n"), ("c", "2\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "prices.csv").write_text(text)
    (tmp_path / "link.csv").symlink_to(tmp_path / "a" / "prices.csv")

    def with_file(name: str, path: str) -> str:
        return key(a_notebook(), below=tmp_path, companions={name: tmp_path / path})

    first = with_file("prices.csv", "a/prices.csv")
    assert first != key(a_notebook())
    assert first == with_file("prices.csv", "b/prices.csv")
    assert first != with_file("prices.csv", "c/prices.csv")
    assert first != with_file("data/prices.csv", "a/prices.csv")
    assert with_file("prices.csv", "link.csv") not in (first, key(a_notebook()))


def test_only_files_that_travel_count(tmp_path: Path) -> None:
    """What stays behind counts by its name, as the record notes it; a huge file takes no key."""
    names = [f"{number:04}.txt" for number in range(MOST_FILES + 1)]
    for name in names:
        (tmp_path / name).write_text(name)
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(200 * 2**20)  # more than a notebook may have; it takes no room

    def of(*chosen: str) -> str:
        companions = {name: tmp_path / name for name in chosen}
        return key(a_notebook(), below=tmp_path, companions=companions)

    whole = of(*names)
    (tmp_path / names[-1]).write_text("another text, which is not read")
    assert of(*names) == whole
    (tmp_path / names[0]).write_text("another text, which is read")
    assert of(*names) != whole
    assert of(*names) != of(*names[:-1])
    huge = of(names[0], "huge.bin")
    assert huge != of(names[0])
    (tmp_path / names[0]).write_text("again another text")
    assert of(names[0], "huge.bin") != huge


@pytest.mark.parametrize(
    ("about", "plan", "sentence"),
    [
        ({"refused": "Two notebooks."}, PLAN, "Two notebooks"),
        ({}, replace(PLAN, lesson="pooling"), "lesson 'pooling' is expected"),
    ],
)
def test_what_is_not_graded_has_no_key(about: dict[str, Any], plan: Plan, sentence: str) -> None:
    """A refused submission, or one of another lesson, is looked at again each time."""
    with pytest.raises(Rejected, match=sentence):
        key(a_notebook(), plan, **about)


def test_keys_do_not_hold_the_secret() -> None:
    """A key is 64 hexadecimal digits, and a plan does not show its secret."""
    made = key(a_notebook())
    assert len(bytes.fromhex(made)) == 32
    assert SECRET.decode() not in repr(PLAN)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of this course's package."""
    folder = course_folder()
    assert folder is not None
    return Path(shutil.copytree(folder, tmp_path / "course"))


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("pooling/flow.py", {"pooling"}),
        ("convolution.py", {"convolution"}),
        ("references.py", {"convolution", "pooling"}),
        ("data/digits.py", {"convolution", "pooling"}),
        ("data/new.csv", {"convolution", "pooling"}),
        ("pooling/new.json", {"pooling"}),
        ("lessons/04_pooling.ipynb", set()),
        ("pooling/__pycache__/flow.pyc", set()),
    ],
)
def test_a_rubric_is_its_own_files_and_what_all_share(
    course: Path, file: str, changed: set[str]
) -> None:
    """A mended rubric has its own lesson graded again, and mended references have all."""
    lessons = tuple(environment().rubrics)

    def fingerprints() -> dict[str, str]:
        looked_at = ("convolution", "pooling")
        return {name: fingerprint_of_rubric(course, name, lessons) for name in looked_at}

    before = fingerprints()
    path = course / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n# mended\n")
    now = fingerprints()
    assert {name for name in before if now[name] != before[name]} == changed


def test_a_rubric_that_imports_another_lessons_changes_with_it(tmp_path: Path) -> None:
    """What a rubric borrows counts for it, over several steps, however it is imported."""
    sources = {
        "one": "",
        "two": "from .one import x",
        "three": "def late():\n    import course.two",
        "four": "from course import (\n    other,\n    three as before,\n)",
        "five": "from course import \\\n    four",
        "six": "",
    }
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    before = {name: fingerprint_of_rubric(tmp_path, name, sources) for name in sources}
    (tmp_path / "one.py").write_text("x = 1")
    changed = {
        name for name in sources if fingerprint_of_rubric(tmp_path, name, sources) != before[name]
    }
    assert changed == {"one", "two", "three", "four", "five"}


def test_installed_rubrics_are_those_of_the_course() -> None:
    """Each lesson has a hash of its own."""
    rubrics = environment().rubrics
    assert len(set(rubrics.values())) == len(rubrics) == 7
