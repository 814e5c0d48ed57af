"""`grader regrade`: one hand-in is graded again, from what the folder kept of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.gradebook import gradebook_of
from grader.gradebook.standings import Standing
from grader.report.records import read_all
from tests.notebooks import RIGHT, WRONG, cells_of, write_notebook
from tests.pages.classes import small_class


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of the grader."""
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def standing(folder: Path, student: str) -> Standing:
    """What stands of a student."""
    with gradebook_of(folder) as book:
        [one] = [each for each in book.current() if each.person.name == student]
    return one


@pytest.mark.kernel
@pytest.mark.slow
def test_one_is_graded_again_from_what_was_kept(tmp_path: Path) -> None:
    """The hand-ins are gone: it is the kept notebook, with the files beside it while these are.

    A mark by hand and the place in the history stay; the next run over the class takes it for what
    it graded itself.
    """
    handed_in, to = tmp_path / "class", tmp_path / "graded"
    reads = "number = int(open('number.txt').read())"
    write_notebook(handed_in / "ana" / "convolution.ipynb", [reads, *cells_of(RIGHT)])
    (handed_in / "ana" / "number.txt").write_text("7", encoding="utf-8")
    write_notebook(handed_in / "bea" / "convolution.ipynb", cells_of(WRONG))
    options = ("--to", to, "--quiet", "--timeout", "60")
    assert run("grade", handed_in, *options).returncode == 1
    assert run("override", to, "ana", "relu", "--remove").returncode == 2
    done = run("override", to, "ana", "convolution/patch_response", "2", "--reason", "Hm.")
    assert done.returncode == 0, done.stderr
    before = standing(to, "ana")

    again = run("regrade", to, "ana", "convolution", "--timeout", "60")
    assert (again.returncode, again.stdout) == (1, "ana, convolution: 5/29, partly passed.\n")
    after = standing(to, "ana")
    assert after.graded_at is not None
    assert before.graded_at is not None
    assert after.graded_at > before.graded_at
    assert (after.score, after.overrides, after.attempts) == (
        before.score,
        before.overrides,
        before.attempts,
    )
    with gradebook_of(to) as book:
        [attempt] = book.attempts("ana").attempts
        assert attempt.run == 1
        [record] = [one for one in book.results() if one.student == "ana"]
    assert record.failed_cells == ()  # the file was there
    assert [one for one in read_all(to) if one.student == "ana"] == [record]

    used = run("grade", handed_in, *options)
    assert "2 unchanged results were used again" in used.stderr

    (handed_in / "ana" / "number.txt").unlink()
    refused = run("regrade", to, "ana", "convolution")
    assert refused.returncode == 2
    assert "Received: number.txt is gone" in refused.stderr
    shutil.rmtree(to / "kept_notebooks")
    shutil.rmtree(handed_in)
    refused = run("regrade", to, "bea", "convolution")
    assert refused.returncode == 2
    assert "is not kept in" in refused.stderr
    assert standing(to, "ana") == after


def test_what_cannot_be_graded_again_is_told(tmp_path: Path) -> None:
    """Each with one sentence, exit status 2, and nothing changed."""
    folder = tmp_path / "graded"
    small_class(folder)
    seed = tmp_path / "seed"
    seed.write_text("a secret of more than 16 characters", encoding="utf-8")
    with gradebook_of(folder) as book:
        before = book.current()
    for arguments, said in {
        ("Ada Abel", "convolution"): "has no file `seed`: the class was graded with --seed",
        ("Nobody", "convolution", "--seed", seed): "Nobody",
        ("Ada Abel", "dense", "--seed", seed): "'dense', of which 'Ada Abel' has none",
        ("Hal Nothing", "pooling", "--seed", seed): "of which none is handed in",
        ("Gus Gone", "convolution", "--seed", seed): "of which none is handed in",
    }.items():
        done = run("regrade", folder, *arguments)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    with gradebook_of(folder) as book:
        assert book.current() == before
