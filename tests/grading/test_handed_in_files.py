"""The notebook that a record is of is kept beside the results, as it was handed in."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.grading import handed_in_files
from grader.grading.collecting.folders import look_into
from grader.grading.collecting.own_output import KEPT_NOTEBOOKS, refuse_own_output
from grader.grading.collecting.submissions import Submission
from grader.grading.handed_in_files import keep_notebook, notebook_bytes, path_of
from grader.report.records import read_all
from tests.notebooks import POINTS, RIGHT, WRONG, cells_of, write_notebook


def handed_in(folder: Path, content: bytes = b"{}") -> Submission:
    """A file that somebody handed in."""
    path = folder / "ana" / "convolution.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Submission("ana", path)


def test_what_is_kept_is_what_was_handed_in(tmp_path: Path) -> None:
    """The bytes come back under their hash, whatever becomes of the student's file later."""
    content = os.urandom(100_000)
    submission = handed_in(tmp_path, content)
    sha256 = keep_notebook(tmp_path / "out", submission)
    assert sha256 == hashlib.sha256(content).hexdigest()
    submission.path.unlink()
    assert notebook_bytes(tmp_path / "out", sha256) == content
    assert [path.name for path in (tmp_path / "out" / KEPT_NOTEBOOKS).iterdir()] == [
        f"{sha256}.ipynb"
    ]


@pytest.mark.parametrize(
    "name", ["", "x", "../seed", "0" * 63, "0" * 64, "A" * 64, "0" * 64 + "\n", "/etc/passwd"]
)
def test_what_is_no_hash_of_a_kept_notebook_gives_nothing(tmp_path: Path, name: str) -> None:
    """Whatever a record says its hash is, nothing else than a kept notebook is read."""
    keep_notebook(tmp_path, handed_in(tmp_path / "class"))
    (tmp_path / "seed").write_text("secret")
    assert notebook_bytes(tmp_path, name) is None
    assert notebook_bytes(tmp_path / "not there", "0" * 64) is None


def test_a_damaged_notebook_is_not_shown_and_is_mended(tmp_path: Path) -> None:
    """Other bytes than those that were hashed count as none, and are replaced at the next run."""
    submission = handed_in(tmp_path / "class", b"whole")
    sha256 = keep_notebook(tmp_path, submission)
    path_of(tmp_path, sha256).write_bytes(b"half")
    assert notebook_bytes(tmp_path, sha256) is None
    assert keep_notebook(tmp_path, submission) == sha256
    assert notebook_bytes(tmp_path, sha256) == b"whole"


@pytest.mark.parametrize("what", ["file", "folder", "pipe"])
def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path, what: str) -> None:
    """A link in the place of a kept notebook, or of its folder, leads nowhere."""
    sha256 = keep_notebook(tmp_path / "real", handed_in(tmp_path / "class"))
    real, out = path_of(tmp_path / "real", sha256), tmp_path / "out"
    out.mkdir()
    if what == "folder":
        (out / KEPT_NOTEBOOKS).symlink_to(real.parent)
    else:
        place = path_of(out, sha256)
        place.parent.mkdir()
        if what == "file":
            place.symlink_to(real)
        else:
            os.mkfifo(place)
    assert notebook_bytes(out, sha256) is None


def test_too_large_a_notebook_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the largest size is kept; a byte more is not, and nothing is left of it."""
    monkeypatch.setattr(handed_in_files, "LARGEST", 1000)
    sha256 = keep_notebook(tmp_path, handed_in(tmp_path / "class", b"x" * 1000))
    assert notebook_bytes(tmp_path, sha256) == b"x" * 1000
    assert keep_notebook(tmp_path, handed_in(tmp_path / "class", b"x" * 1001)) == ""
    assert len(list((tmp_path / KEPT_NOTEBOOKS).iterdir())) == 1


def test_nothing_is_left_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full when a notebook is flushed leaves neither half of it nor its name."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep_notebook(tmp_path, handed_in(tmp_path / "class"))
    assert list((tmp_path / KEPT_NOTEBOOKS).iterdir()) == []


def grade(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`grader grade` as a person runs it, on code that is ours."""
    command = [sys.executable, "-m", "grader", "grade", *map(str, arguments), "--quiet"]
    return subprocess.run(
        [*command, "--isolation", "none"], capture_output=True, text=True, timeout=200, check=False
    )


def kept_of(to: Path) -> dict[str, bytes | None]:
    """What is kept of each student's notebook, by the hash in the record."""
    return {one.student: notebook_bytes(to, one.notebook.sha256) for one in read_all(to)}


@pytest.mark.kernel
def test_a_class_keeps_every_notebook_and_collects_none_of_them(tmp_path: Path) -> None:
    """Graded, refused, used again, saved anew meanwhile: what a record is of is kept, once."""
    folder = tmp_path / "class"
    ana = write_notebook(folder / "ana" / "convolution.ipynb", cells_of(RIGHT))
    bad = folder / "cleo" / "convolution.ipynb"
    bad.parent.mkdir()
    bad.write_text("no notebook")
    dan = folder / "dan" / "convolution.ipynb"
    saves = f"from pathlib import Path\nPath({str(dan)!r}).write_text('saved anew')"
    expected = {
        "ana": ana.read_bytes(),
        "cleo": b"no notebook",
        "dan": write_notebook(dan, [*cells_of(WRONG), saves]).read_bytes(),
        "eva": None,
    }
    eva = write_notebook(folder / "eva" / "convolution.ipynb", cells_of(RIGHT))
    with_output(eva, "x" * handed_in_files.LARGEST)
    # Graded into the folder of the class itself, as some do.
    first = grade(folder, "--to", folder)
    assert kept_of(folder) == expected, first.stderr
    assert dan.read_text() == "saved anew"
    assert "larger than 32 MiB or was changed meanwhile: eva/convolution." in first.stderr
    assert {one.student: one.score for one in read_all(folder)}["eva"] == sum(POINTS.values())
    # The same code with another output: the result is used again, and has its own notebook.
    ben = write_notebook(folder / "ben" / "convolution.ipynb", cells_of(RIGHT))
    with_output(ben, "what Ben saw")
    path_of(folder, hashlib.sha256(ana.read_bytes()).hexdigest()).unlink()
    second = grade(folder, "--to", folder)
    assert "3 unchanged results were used again" in second.stderr
    # What Dan has now cannot be graded, so his earlier record stands; both notebooks are kept.
    assert b"what Ben saw" in ben.read_bytes()
    assert kept_of(folder) == {**expected, "ben": ben.read_bytes()}
    assert len(list((folder / KEPT_NOTEBOOKS).iterdir())) == 5
    with pytest.raises(UsageError, match="`grader grade` wrote"):
        refuse_own_output(folder / KEPT_NOTEBOOKS)


def with_output(path: Path, text: str) -> None:
    """Have the first cell of a notebook show a text."""
    document = json.loads(path.read_text())
    document["cells"][0]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": text},
    ]
    path.write_text(json.dumps(document))


def test_a_copy_of_the_kept_notebooks_is_no_class(tmp_path: Path) -> None:
    """Beside results in another place nothing of them is collected; a student's own files are."""
    keep_notebook(tmp_path / "old", handed_in(tmp_path / "class"))
    (tmp_path / "old" / "results").mkdir()
    assert look_into(tmp_path / "old").notebooks == []
    assert look_into(tmp_path / "old").graded == [tmp_path / "old"]
    # Opened in Jupyter once, which leaves its own folder there.
    (tmp_path / "old" / KEPT_NOTEBOOKS / ".ipynb_checkpoints").mkdir()
    assert look_into(tmp_path / "old").notebooks == []
    own = write_notebook(tmp_path / "new" / KEPT_NOTEBOOKS / "ana.ipynb", cells_of(RIGHT))
    assert look_into(tmp_path / "new").notebooks == [own]
