"""A class from hand-in to gradebook, with real files and a real database; only grading is short."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from grader.cli import whole_class
from grader.cli.places import scope_of
from grader.cli.whole_class import grade_class
from grader.gradebook import Gradebook
from grader.gradebook.database import Database
from grader.grading.collecting.files import contents, fingerprint
from grader.grading.collecting.roster import Roster
from grader.grading.collecting.submissions import Submission, collect
from grader.grading.handing_on import OnGraded, OnStart, shown_path
from grader.grading.slot import Plan
from grader.kernel.limits import Limits
from grader.report import records
from grader.results import NotebookFile
from tests.gradebook.records import exercise, result
from tests.notebooks import write_notebook

PLAN = Plan(b"a secret for tests", Limits())


def points_of(path: Path) -> int:
    """The points that a notebook of these tests has: how many of its cells bind `good`."""
    return contents(path).count(b"good = ")


def short_grading(
    submissions: Iterable[Submission], _plan: Plan, on_graded: OnGraded, *, on_start: OnStart
) -> None:
    """Give each submission its points."""
    for one in submissions:
        on_start(one)
        graded = result(one.student, exercise(earned=points_of(one.path), of=5))
        file = NotebookFile(path=shown_path(one), sha256=fingerprint(contents(one.path)))
        on_graded(one, graded.model_copy(update={"notebook": file, "handed_in": one.handed_in}))


Grade = Callable[..., Gradebook]


@pytest.fixture
def grade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grade:
    """`grader grade PATHS --to to`, with grading that is short."""
    monkeypatch.setattr(whole_class, "_grade_each", lambda _cluster: short_grading)
    book = Gradebook.open(str(tmp_path / "book.sqlite"))

    def graded(*paths: Path, roster: str = "") -> Gradebook:
        collected = collect(paths)
        if roster:
            (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
            collected = Roster.read(tmp_path / "roster.csv").matched(collected)
        grade_class(
            collected, PLAN, book, tmp_path / "to", scope=scope_of(paths), fresh=False,
            student=None, cluster=None, quiet=True,
        )  # fmt: skip
        return book

    return graded


def hand_in(path: Path, points: int, about: str = "") -> Path:
    """A notebook with so many points."""
    return write_notebook(path, [f"good = {n}" for n in range(points)] + [f"# {about}"])


def test_a_class_takes_no_late_hand_in_back(
    grade: Grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was handed in later, elsewhere, stands in gradebook and records, and that is said."""
    hand_in(tmp_path / "class" / "ana" / "convolution.ipynb", 2)
    hand_in(tmp_path / "class" / "bea" / "convolution.ipynb", 3)
    late = hand_in(tmp_path / "late" / "ana.ipynb", 5)
    for path in (tmp_path / "class", late, tmp_path / "class", tmp_path / "class"):
        book = grade(path)
    assert [one.score for one in book.current()] == [5, 3]
    assert [one.score for one in records.read_all(tmp_path / "to")] == [5, 3]
    assert "in another place: ana/convolution." in capsys.readouterr().err
    # Nor is it lost with the old file.
    (tmp_path / "class" / "ana" / "convolution.ipynb").unlink()
    assert [one.score for one in grade(tmp_path / "class").current()] == [5, 3]
    assert "No longer handed in" not in capsys.readouterr().err
    assert [one.score for one in records.read_all(tmp_path / "to")] == [5, 3]


EXPORT = """submission_1:
  :submitters:
  - :name: Ana
    :sid: "1"
    :email: ana@x
  - :name: Bob
    :sid: "2"
    :email: bob@x
  - :name: Cyd
  :created_at: 2026-02-03 10:00:00
"""


def test_each_member_of_a_group_has_their_own_id_and_due_date(grade: Grade, tmp_path: Path) -> None:
    """What the platform and the roster tell of one member is nobody else's."""
    hand_in(tmp_path / "class" / "submission_1" / "convolution.ipynb", 4)
    (tmp_path / "class" / "submission_metadata.yml").write_text(EXPORT, encoding="utf-8")
    book = grade(tmp_path / "class")
    told = {one.person.name: (one.person.number, one.person.email) for one in book.current()}
    assert told == {"Ana": ("1", "ana@x"), "Bob": ("2", "bob@x"), "Cyd": ("", "")}
    roster = "Name,ID,Email,Section,Due\nAna,1,,A,\nRobert Roe,2,,B,2026-02-01\nCyd,3,c@x,,\n"
    book = grade(tmp_path / "class", roster=roster)
    ana, cyd, robert = book.current()  # who is called otherwise now
    assert (ana.person.section, ana.due, ana.lateness.steps) == ("A", "", 0)
    assert (robert.person.name, robert.person.number) == ("Robert Roe", "2")
    assert (robert.person.email, robert.person.section) == ("bob@x", "B")
    assert (robert.due[:10], robert.lateness.steps) == ("2026-02-01", 2)
    assert (cyd.person.number, cyd.person.email, cyd.due) == ("3", "c@x", "")
    assert {one.handed_in.late for one in book.results()} == {True, False}


def test_an_id_that_fits_another_member_than_the_name_makes_nobody_that_one(
    grade: Grade, tmp_path: Path
) -> None:
    """Of a group's member whose id is one student's and whose name another's, neither has marks."""
    hand_in(tmp_path / "class" / "submission_1" / "convolution.ipynb", 4)
    (tmp_path / "class" / "submission_metadata.yml").write_text(EXPORT, encoding="utf-8")
    roster = "Name,ID\nAna,1\nBob,9\nDan,2\nCyd,3\n"
    marks = {
        one.person.name: one.score for one in grade(tmp_path / "class", roster=roster).current()
    }
    assert marks == {"Ana": 4, "Bob (2)": 4, "Cyd": 4, "Bob": 0, "Dan": 0}


@pytest.mark.parametrize("first", ["Abe", "Mal"])
def test_a_members_own_hand_in_is_not_replaced(
    grade: Grade, tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str
) -> None:
    """Whoever is graded first, a student with a hand-in of their own has its marks; it is said."""
    hand_in(tmp_path / "class" / "submission_1" / "convolution.ipynb", 5)
    hand_in(tmp_path / "class" / "submission_2" / "convolution.ipynb", 0)
    together = "".join(f"  - :name: {name}\n" for name in (first, "Bob", "Eve"))
    export = "submission_1:\n  :submitters:\n  - :name: Bob\nsubmission_2:\n  :submitters:\n"
    (tmp_path / "class" / "submission_metadata.yml").write_text(export + together, "utf-8")
    for _ in range(2):  # graded, and used again
        book = grade(tmp_path / "class")
        assert {one.person.name: one.score for one in book.current()}["Bob"] == 5
        assert len(book.attempts("Bob").attempts) == 1
        assert {one.student: one.score for one in records.read_all(tmp_path / "to")}["Bob"] == 5
        assert "which counts: Bob/convolution." in capsys.readouterr().err


def test_unchanged_results_are_kept_many_at_once(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 450 that are used again, 200 share a transaction; what is new is kept after them."""
    for number in range(450):
        hand_in(tmp_path / "class" / f"s{number:03}" / "convolution.ipynb", 1, str(number % 50))
    grade(tmp_path / "class")
    hand_in(tmp_path / "class" / "s000" / "convolution.ipynb", 2)
    calls: list[int] = []
    write = Database.write

    def counted(self: Database, change: Callable[..., object]) -> object:
        calls.append(1)
        return write(self, change)

    monkeypatch.setattr(Database, "write", counted)
    book = grade(tmp_path / "class")
    # A run begins, 200, 200, 49, a new one, who is called otherwise, and who is gone.
    assert len(calls) == 7
    assert [one.score for one in book.current()] == [2] + [1] * 449


def test_what_is_used_again_is_kept_when_a_run_is_interrupted(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C loses nothing: what Ana handed in anew, as known from Bea, is hers."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    ana = hand_in(tmp_path / "class" / "ana" / "convolution.ipynb", 2)
    hand_in(tmp_path / "class" / "bea" / "convolution.ipynb", 5)
    grade(tmp_path / "class")
    hand_in(ana, 5)
    hand_in(tmp_path / "class" / "cyn" / "convolution.ipynb", 1)
    monkeypatch.setattr(whole_class, "_grade_each", lambda _cluster: interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(tmp_path / "class")
    with Gradebook.open(str(tmp_path / "book.sqlite")) as book:
        assert [one.score for one in book.current()] == [5, 5]
    assert [one.score for one in records.read_all(tmp_path / "to")] == [5, 5]
