"""A class through the commands, as a teacher gives them: a platform's archive in, marks out."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from grader.cli.places import alone_in, scope_of
from grader.report import records
from grader.results import Verdict
from tests.cli.test_cli import run
from tests.notebooks import RIGHT, WRONG, cells_of, notebook

pytestmark = pytest.mark.kernel

POINTS = 5  # of the two exercises that RIGHT solves
ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section
"    Points Possible",,,,
"Doe, Jane",10231,,jdoe,S1
"Li, Wei",10232,,wli,S1
"Okafor, Chidi",10233,,cokafor,S2
"Rossi, Rosa",10234,,rrossi,S2
"""
JANE, WEI = "doejane_10231_556677_01_convolution.ipynb", "liwei_LATE_10232_556680_hw.ipynb"


def canvas(path: Path, files: dict[str, object]) -> Path:
    """An archive as Canvas makes it: a notebook of these answers, or a text, under each name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            archive.writestr(name, text)
    return path


def marks(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of the marks file, by student."""
    done = run("export", folder, "--for", "csv", "--out", "-")
    assert done.returncode == 0, done.stderr
    return {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def graded(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`grader grade … --to FOLDER`."""
    return run("grade", *arguments, "--to", folder, "--quiet")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a Canvas archive and a roster, and the folder it was graded into."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    canvas(
        folder / "submissions.zip",
        {
            JANE: notebook(cells_of(RIGHT)),
            WEI: notebook(cells_of(WRONG)),
            "rossirosa_10234_556699_text.html": "<p>I could not do it.</p>",
        },
    )
    done = graded(
        folder / "graded", folder / "submissions.zip", "--roster", folder / "roster.csv",
        "--due", "2026-02-03", "--late", "10%/day",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Okafor" in done.stderr  # of the roster, and nothing of his is there
    return folder, folder / "graded"


def test_everybody_of_the_roster_has_marks(first: tuple[Path, Path]) -> None:
    """Names, ids and sections are the roster's; who handed in nothing, or no notebook, has 0."""
    rows = marks(first[1])
    assert set(rows) == {"Jane Doe", "Wei Li", "Rosa Rossi", "Chidi Okafor"}
    assert (rows["Jane Doe"]["id"], rows["Jane Doe"]["points"]) == ("10231", str(POINTS))
    assert rows["Jane Doe"]["section"] == "S1"
    for name in ("Rosa Rossi", "Chidi Okafor"):
        assert (rows[name]["status"], rows[name]["score"]) == ("not handed in", "0")
    assert "text.html" in rows["Rosa Rossi"]["message"]


def test_everybody_is_in_the_records_too(first: tuple[Path, Path]) -> None:
    """A record says of each student what was handed in, as the platform and the roster tell it."""
    found = {result.student: result for result in records.read_all(first[1])}
    assert found["Chidi Okafor"].verdict is Verdict.NOT_HANDED_IN
    assert found["Wei Li"].handed_in.late
    assert found["Wei Li"].notebook.path.endswith(f"submissions.zip/{WEI}")


def test_only_what_changed_is_graded_again(first: tuple[Path, Path], tmp_path: Path) -> None:
    """The same archive once more costs nothing, and says so; --fresh grades it all the same.

    What a student no longer hands in is marked, in the gradebook and among the records.
    """
    folder, before = first
    to = tmp_path / "graded"
    shutil.copytree(before, to)
    archive = folder / "submissions.zip"
    roster = ("--roster", folder / "roster.csv")
    again = graded(to, archive, *roster)
    assert "2 unchanged results were used again" in again.stderr
    assert marks(to) == marks(before)
    fresh = graded(to, archive, *roster, "--fresh")
    assert "used again" not in fresh.stderr
    assert {name: row["points"] for name, row in marks(to).items()} == {
        name: row["points"] for name, row in marks(before).items()
    }
    # The next download: Wei mended his notebook, Jane's is gone, and the browser counts.
    later = canvas(
        folder / "submissions (1).zip", {WEI.replace("556680", "556690"): notebook(cells_of(RIGHT))}
    )
    done = graded(to, later, *roster)
    assert "No longer handed in: Jane Doe/convolution" in done.stderr
    rows = marks(to)
    assert rows["Wei Li"]["points"] == str(POINTS)
    assert rows["Jane Doe"]["status"] != "passed"
    current = {result.student for result in records.read_all(to) if result.exercises}
    assert current == {"Wei Li"}


def test_a_mark_given_by_hand_survives(first: tuple[Path, Path], tmp_path: Path) -> None:
    """Grading once more, however fresh, leaves what a teacher decided."""
    folder, before = first
    to = tmp_path / "graded"
    shutil.copytree(before, to)
    done = run("override", to, "Wei Li", "convolution", "4", "--reason", "explained it to me")
    assert done.returncode == 0, done.stderr
    graded(to, folder / "submissions.zip", "--roster", folder / "roster.csv", "--fresh")
    assert marks(to)["Wei Li"]["score"] == "4"


def test_a_group_has_one_hand_in_and_its_marks_are_for_all(tmp_path: Path) -> None:
    """Gradescope's members share a submission: each has the points and a record."""
    export = tmp_path / "assignment_1_export"
    place = export / "submission_90012" / "01_convolution.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(notebook(cells_of(RIGHT))), encoding="utf-8")
    (export / "submission_metadata.yml").write_text(
        "submission_90012:\n  :submitters:\n  - :name: Wei Li\n    :sid: '2'\n"
        "  - :name: Chidi Okafor\n    :sid: '3'\n",
        encoding="utf-8",
    )
    done = graded(tmp_path / "graded", export)
    assert done.returncode == 1, done.stderr
    rows = marks(tmp_path / "graded")
    assert {name: row["points"] for name, row in rows.items()} == {
        "Wei Li": str(POINTS),
        "Chidi Okafor": str(POINTS),
    }
    assert {result.student for result in records.read_all(tmp_path / "graded")} == set(rows)


def test_files_beside_a_notebook_come_along(tmp_path: Path) -> None:
    """A module and data that a student handed in are there when the notebook runs."""
    own = tmp_path / "class" / "ana"
    (own / "data").mkdir(parents=True)
    (own / "helpers.py").write_text("def minus(a, b):\n    return a - b\n", encoding="utf-8")
    (own / "data" / "one.txt").write_text("1", encoding="utf-8")
    answers = {
        **RIGHT,
        "feature_map_size": """
            from helpers import minus
            ONE = int(open("data/one.txt").read())
            def feature_map_size(image_size, kernel_size):
                return minus(image_size, kernel_size) + ONE
            """,
    }
    (own / "convolution.ipynb").write_text(json.dumps(notebook(cells_of(answers))), "utf-8")
    done = graded(tmp_path / "graded", tmp_path / "class")
    assert marks(tmp_path / "graded")["ana"]["points"] == str(POINTS), done.stdout


def test_another_class_of_the_same_name_withdraws_nobody(tmp_path: Path) -> None:
    """A second section's archive that a browser calls like the first leaves the first's marks."""
    sections = ("ana", "ben", "cyd"), ("dea", "eli")
    for number, names in enumerate(sections):
        path = tmp_path / f"submissions{f' ({number})' if number else ''}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                text = json.dumps(notebook(cells_of(RIGHT)))
                archive.writestr(f"{name}/convolution.ipynb", text)
        done = graded(tmp_path / "graded", path)
    assert "3 students graded before are not in here" in done.stderr
    assert {row["status"] for row in marks(tmp_path / "graded").values()} == {"partly passed"}
    assert len(marks(tmp_path / "graded")) == 5


def test_two_runs_do_not_work_in_one_folder(tmp_path: Path) -> None:
    """The second one is refused in one sentence, and loses nothing."""
    (tmp_path / "class" / "ana").mkdir(parents=True)
    text = json.dumps(notebook(cells_of(RIGHT)))
    (tmp_path / "class" / "ana" / "convolution.ipynb").write_text(text, "utf-8")
    with alone_in(tmp_path / "graded"):
        done = graded(tmp_path / "graded", tmp_path / "class")
    assert done.returncode == 2
    assert "another one is at work" in done.stderr


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("submissions.zip", "submissions (1).zip", True),
        ("week", "sub/../week/", True),
        (".", "../{here}", True),
        ("week", "link", True),
        ("week-1.zip", "week-2.zip", False),
        ("week-1", "week-2", False),
        ("group (1)", "group (2)", False),
    ],
)
def test_places_are_the_same_class_only_where_they_are(
    first: str, second: str, same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place is one class however it is written; week 2 takes nothing of week 1 back."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "week").mkdir()
    (tmp_path / "link").symlink_to("week")
    monkeypatch.chdir(tmp_path)
    one, other = (scope_of([Path(name.format(here=tmp_path.name))]) for name in (first, second))
    assert (one == other) is same
