"""What a run leaves of its progress, and of files beside notebooks, for those who look at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.desk.beside import beside, note
from grader.desk.running import Told, progress_of, told
from grader.errors import UsageError
from grader.grading.collecting.companions import companions_of
from grader.grading.collecting.submissions import Submission
from tests.gradebook.records import exercise, result


def test_progress_is_there_while_a_run_is(tmp_path: Path) -> None:
    """How many of how many, and who is graded now; nothing before, and nothing after."""
    assert progress_of(tmp_path) is None
    with told(tmp_path, 2) as teller:
        teller.begin("ana")
        teller.begin("bea")
        teller.end("ana")
        teller.end("bea")
        found = progress_of(tmp_path)
        assert found is not None
        assert (found.total, found.done, found.now) == (2, 2, ())
    assert progress_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_class_that_is_known_already_is_told_quickly(tmp_path: Path) -> None:
    """Ten thousand steps are a few writes, and each reading finds a whole file."""
    with told(tmp_path, 10_000) as teller:
        inodes = set()
        for number in range(10_000):
            teller.end(f"student {number}")
            inodes.add((tmp_path / ".progress.json").stat().st_ino)
            if number % 1000 == 0:
                assert progress_of(tmp_path) is not None
        assert progress_of(tmp_path).done == 10_000  # type: ignore[union-attr]
    assert len(inodes) < 100


def test_a_run_that_was_killed_is_not_at_work(tmp_path: Path) -> None:
    """Its file is left, and means nothing, though another process may have its number."""
    program = (
        "import os, sys; from pathlib import Path; from grader.desk.running import Told\n"
        "Told(Path(sys.argv[1]), 7); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    path = tmp_path / ".progress.json"
    assert json.loads(path.read_bytes())["total"] == 7
    assert progress_of(tmp_path) is None
    found = json.loads(path.read_bytes())
    found["process"]["pid"] = os.getpid()
    path.write_text(json.dumps(found), encoding="utf-8")
    assert progress_of(tmp_path) is None


@pytest.mark.parametrize(
    "content", ["", "oops", "[]", "{}", '{"process": 1}', '{"process": {"pid": "x"}}', "\xff"]
)
def test_what_no_run_wrote_is_no_progress(content: str, tmp_path: Path) -> None:
    """Whatever else is in its place is nothing."""
    (tmp_path / ".progress.json").write_text(content, encoding="latin-1")
    assert progress_of(tmp_path) is None


def test_progress_is_whole_at_any_moment(tmp_path: Path) -> None:
    """What was told last stands until it is told anew."""
    teller = Told(tmp_path, 3)
    teller.begin("ana")
    teller._written = float("-inf")
    teller.begin("<b>bea</b>")
    found = progress_of(tmp_path)
    teller.close()
    assert found is not None
    assert found.now == ("ana", "<b>bea</b>")


@pytest.fixture
def handed_in(tmp_path: Path) -> Submission:
    """A notebook with a file beside it, and one in a folder."""
    folder = tmp_path / "class" / "ana"
    (folder / "data").mkdir(parents=True)
    notebook = folder / "convolution.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    (folder / "prices.csv").write_text("1,2", encoding="utf-8")
    (folder / "data" / "more.csv").write_text("3", encoding="utf-8")
    return Submission("ana", notebook, below=folder, companions=companions_of(notebook, folder))


def test_files_beside_a_notebook_are_found_again(tmp_path: Path, handed_in: Submission) -> None:
    """They are known by their names; of another notebook, or one without, there are none."""
    record = result("ana", exercise())
    note(tmp_path / "to", handed_in, record)
    found = beside(tmp_path / "to", record)
    assert (found.below, set(found.companions)) == (
        handed_in.below,
        {"prices.csv", "data/more.csv"},
    )
    member = record.model_copy(
        update={"student": "bea", "handed_in": record.handed_in.model_copy(
            update={"group": ("ana", "bea")})}
    )  # fmt: skip
    assert beside(tmp_path / "to", member).companions == found.companions
    assert beside(tmp_path / "to", result("ana", exercise(), file="b")).companions == {}
    note(tmp_path / "to", replace(handed_in, companions={}), record)
    assert beside(tmp_path / "to", record).companions == {}


def test_files_that_are_gone_or_changed_are_told(tmp_path: Path, handed_in: Submission) -> None:
    """Nothing is graded again without the files that it was graded with."""
    record, to = result("ana", exercise()), tmp_path / "to"
    note(to, handed_in, record)
    path = handed_in.path.with_name("prices.csv")
    path.write_text("other", encoding="utf-8")
    with pytest.raises(UsageError, match=r"prices\.csv.*changed"):
        beside(to, record)
    path.unlink()
    with pytest.raises(UsageError, match=r"Received: prices\.csv is gone\. Put them back"):
        beside(to, record)
    path.symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="Put them back"):
        beside(to, record)
