"""Marks: what was graded, what a person decided, what is taken off, and how a class did."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import UsageError
from grader.gradebook import Gradebook, Standing
from grader.gradebook.marks_file import of_those_there, to_csv
from grader.results import Verdict
from tests.gradebook.records import broken, exercise, missing, rejected, result

ME: dict[str, Any] = {"reason": "The answer is right.", "author": "teacher"}


def only(book: Gradebook) -> Standing:
    """The one standing that there is."""
    [standing] = book.current()
    return standing


def test_an_override_survives_a_regrade(book: Gradebook) -> None:
    """Points given by hand stay when the lesson is graded again; the record stays as graded."""
    book.keep(result("ana", exercise(earned=0), exercise("pool", 1)), "key")
    book.override("ana", "convolution/relu", 2, **ME)
    assert (only(book).graded, only(book).score) == (1, 3)
    book.keep(result("ana", exercise(earned=1), exercise("pool", 2), file="b"), "new")
    assert (only(book).graded, only(book).score) == (3, 4)
    assert book.results()[0].score == 3
    book.override("ana", "convolution", 1.5, **ME)
    assert only(book).score == 1.5


def test_an_override_may_be_relative(book: Gradebook) -> None:
    """Points are added to what stands, by hand or graded; the old and the new are told."""
    book.keep(result("ana", exercise(earned=1, of=3), exercise("pool")), "key")
    done = book.override("ana", "relu", 1, relative=True, **ME)
    assert (done.place.text, done.place.max_score) == ("convolution/relu", 3)
    assert (done.points, done.before, done.by_hand, done.graded) == (2, 1, False, 1)
    assert (done.lesson.score, done.lesson.max_score) == (4, 5)
    done = book.override("ana", "convolution/relu", -0.5, relative=True, **ME)
    assert (done.points, done.before, done.by_hand, done.graded) == (1.5, 2, True, 1)
    for points, sentence in ((-2, r"-2, which makes -0\.5"), (2, r"worth 3\. .*makes 3\.5")):
        with pytest.raises(UsageError, match=sentence):
            book.override("ana", "relu", points, relative=True, **ME)
    done = book.remove_override("ana", "relu", reason="", author="me")
    assert (done.points, done.before, done.lesson.score) == (None, 1.5, 3)


def test_a_relative_override_of_a_lesson_starts_at_its_mark(book: Gradebook) -> None:
    """One point more is one more than the table shows, whatever was taken off for being late."""
    book.set_late("25%/day")
    book.keep(result("ana", exercise(), exercise("pool"), late=True), "key")
    done = book.override("ana", "convolution", -1, relative=True, **ME)
    assert (done.before, done.graded, done.points, only(book).score) == (3, 4, 2, 2)


def test_what_has_no_points_cannot_be_added_to(book: Gradebook) -> None:
    """Withheld points are no zero; what was not handed in is."""
    book.keep(broken("ana", exercise(verdict=Verdict.BROKEN), exercise("pool")), "")
    for place in ("convolution", "convolution/relu"):
        with pytest.raises(UsageError, match="which has no points now"):
            book.override("ana", place, 1, relative=True, **ME)
    book.keep(missing("bea"), "")
    done = book.override("bea", "convolution/relu", 1, relative=True, **ME)
    assert (done.points, done.before, done.graded) == (1, 0, None)


def test_an_exercise_of_several_lessons_needs_its_lesson(book: Gradebook) -> None:
    """The lessons that have it are named; a slip is told with the nearest; the course is asked."""
    for lesson in ("convolution", "pooling"):
        own = exercise("max_pool") if lesson == "pooling" else exercise("pool")
        book.keep(result("ana", exercise(), own, lesson=lesson), "key")
    with pytest.raises(UsageError, match="lessons have: convolution/relu, pooling/relu"):
        book.override("ana", "relu", 1, **ME)
    with pytest.raises(UsageError, match=r"Is it .*'pooling/max_pool'"):
        book.override("ana", "max_pol", 1, **ME)
    assert book.override("ana", "max_pool", 1, **ME).place.text == "pooling/max_pool"


def test_the_last_override_counts_and_the_history_has_all(book: Gradebook) -> None:
    """Later points replace earlier ones; taken back, the mark is as graded; nothing is deleted."""
    book.keep(result("ana", exercise()), "key")
    book.override("ana", "convolution", 1, **ME)
    book.override("ana", "convolution", 0, **ME)
    assert only(book).score == 0
    book.remove_override("ana", "convolution", reason="A slip.", author="teacher")
    assert only(book).score == 2
    assert [o.points for _, o in book.attempts("ana").overrides] == [1, 0, None]
    with pytest.raises(UsageError, match="which has none"):
        book.remove_override("ana", "convolution", reason="", author="teacher")


def test_what_is_withheld_can_be_given_by_hand(book: Gradebook) -> None:
    """An exercise that is broken has points once a person gives them; the whole then has a mark."""
    book.keep(broken("ana", exercise(verdict=Verdict.BROKEN), exercise("pool", 1)), "")
    assert only(book).score is None
    book.override("ana", "convolution/relu", 1, **ME)
    assert only(book).score == 2


def test_who_was_not_graded_can_be_given_points(book: Gradebook) -> None:
    """Of a notebook that was refused, or never handed in, only what a person gave counts."""
    book.keep(result("ana", exercise(), exercise("pool")), "key")
    book.keep(rejected("bea"), "")
    book.keep(missing("cyn"), "")
    book.override("bea", "convolution/pool", 1, **ME)
    book.override("cyn", "convolution", 4, **ME)
    book.override("cyn", "pooling", 1, **ME)
    assert [standing.score for standing in book.current()] == [4, 1, 4, 1]
    assert book.current()[-1].verdict is Verdict.NOT_HANDED_IN


def test_an_override_of_a_lost_exercise_is_said(book: Gradebook) -> None:
    """Where a rubric drops an exercise, points given for it count no more, and it is told."""
    book.keep(result("ana", exercise(), exercise("pool")), "old")
    book.override("ana", "convolution/pool", 1, **ME)
    book.keep(result("ana", exercise(earned=1)), "new")
    assert only(book).score == 1
    assert "'pool' counts no more" in only(book).said[0]


@pytest.mark.parametrize(
    ("student", "place", "points", "sentence"),
    [
        ("anna", "convolution", 1, "Is it 'ana'"),
        ("ana", "convolutions", 1, "Is it 'convolution'"),
        ("ana", "convolution/rely", 1, "no exercise of 'convolution'. Is it 'relu'"),
        ("ana", "convolution/", 1, "no exercise"),
        ("ana", "convolution", 3, "is worth 2. Received: 3. .*--beyond"),
        ("ana", "convolution/relu", 2.5, "is worth 2. Received: 2.5"),
        ("ana", "pooling", 1e5, "is worth"),
        ("ana", "convolution", -1, "from 0 to"),
        ("ana", "convolution", float("nan"), "from 0 to"),
        ("ana", "convolution", float("inf"), "from 0 to"),
        ("ana", "convolution", float("1e400"), "from 0 to"),
        ("ana", "convolution", 1e27, "from 0 to 1,000,000. Received: 1e[+]27"),
        ("ana", "convolution/relu", 1e-9, "0.01 is the least above 0. Received: 1e-09"),
        ("ana", "convolution", 5e-324, "0.01 is the least above 0"),
    ],
)
def test_an_override_of_nothing_is_refused(
    book: Gradebook, student: str, place: str, points: float, sentence: str
) -> None:
    """An unknown student, lesson or exercise is told with the nearest; odd points are refused."""
    book.keep(result("ana", exercise()), "key")
    with pytest.raises(UsageError, match=sentence):
        book.override(student, place, points, **ME)
    if "from 0" in sentence or "above 0" in sentence:
        with pytest.raises(UsageError, match=sentence):
            book.override(student, place, points, **ME, beyond=True)
    assert book.attempts("ana").overrides == ()
    book.override("ana", "convolution", 3, **ME, beyond=True)
    assert (only(book).score, only(book).max_score) == (3, 2)


def test_a_reason_is_asked_for(book: Gradebook) -> None:
    """Nobody's mark is changed without saying why."""
    book.keep(result("ana", exercise()), "key")
    with pytest.raises(UsageError, match="has a reason"):
        book.override("ana", "convolution", 1, reason=" ", author="me")


def test_lateness_is_taken_off_when_marks_are_shown(book: Gradebook) -> None:
    """The policy may change at any time; who has a due date of their own keeps it."""
    late: dict[str, Any] = {"time": "2026-05-02T13:00:00"}
    book.keep(result("ana", exercise(), exercise("pool", 1), **late), "key")
    book.keep(result("bea", exercise(), due="2026-05-03", **late), "key")
    book.keep(result("cyn", exercise(), late=True), "key")
    assert [one.score for one in book.current()] == [3, 2, 2]
    book.set_late("10%/day, zone UTC")
    assert [one.score for one in book.current()] == [3, 2, 1.8]
    book.set_due("2026-05-01T12:00")
    ana, bea, cyn = book.current()
    assert (ana.earned, ana.penalty, ana.score) == (3, 0.8, 2.2)
    assert (bea.penalty, cyn.penalty) == (0, 0.2)
    assert "nobody tells when it was handed in" in cyn.said[0]
    book.set_due("2026-05-09", "convolution")
    assert book.current()[0].penalty == 0
    assert [record.score for record in book.results()] == [3, 2, 2]
    with pytest.raises(UsageError, match="A due time"):
        book.set_due("tomorrow")


def test_a_mark_by_hand_of_the_whole_is_final(book: Gradebook) -> None:
    """Nothing is taken off what a person gave for a lesson; of a part given by hand, it is."""
    book.set_late("50%/day")
    for student in ("ana", "bea"):
        book.keep(result(student, exercise(earned=1), late=True), "key")
    book.override("ana", "convolution", 2, **ME)
    book.override("bea", "convolution/relu", 2, **ME)
    assert [(one.penalty, one.score) for one in book.current()] == [(0, 2), (1, 1)]


def test_a_marks_file_has_a_row_for_everybody(book: Gradebook) -> None:
    """Everyone's lesson is a row: 0 for who was not graded, empty for what is ours to mend."""
    book.set_late("10%/day")
    book.keep(result("ana", exercise(), late=True, id="1", group=("ana", "bea")), "key")
    book.keep(rejected("bea"), "")
    book.keep(missing("cyn"), "")
    book.keep(broken("dan"), "")
    book.keep(result("eve", exercise()), "key", book.begin_run("class"))
    book.withdraw(book.begin_run("class"))
    rows = list(csv.DictReader(io.StringIO(to_csv(book.current()))))
    assert [(row["status"], row["score"], row["max_score"]) for row in rows] == [
        ("passed", "1.8", "2"),
        ("rejected", "0", "2"),
        ("not handed in", "0", "2"),
        ("broken", "", "2"),
        ("withdrawn", "", "2"),
    ]
    assert (rows[0]["id"], rows[0]["group"], rows[0]["penalty"]) == ("1", "ana, bea", "0.2")
    assert "There is only answers.html." in rows[2]["message"]


def test_a_wide_marks_file_has_a_column_a_lesson(book: Gradebook) -> None:
    """One row a student; the total is empty where a part of it is withheld."""
    for lesson in ("pooling", "convolution"):
        book.keep(result("ana", exercise(), lesson=lesson), "key")
    book.keep(broken("bea"), "")
    book.keep(result("bea", exercise(), lesson="pooling"), "key")
    book.keep(result("cyn", exercise(earned=1), lesson="pooling"), "key")
    rows = [row[5:] for row in csv.reader(io.StringIO(to_csv(book.current(), wide=True)))]
    assert rows == [
        [
            f"{name}{most}"
            for name in ("convolution", "pooling", "total")
            for most in ("", " max_score")
        ],
        ["2", "2", "2", "2", "4", "4"],
        ["", "2", "2", "2", "", "4"],
        ["", "2", "1", "2", "1", "4"],
    ]


@pytest.mark.parametrize("wide", [True, False])
def test_a_marks_file_may_have_the_exercises(book: Gradebook, *, wide: bool) -> None:
    """A column an exercise, as given by hand or graded; empty where nobody can say."""
    book.keep(result("ana", exercise(), exercise("pool", 1)), "key")
    book.keep(result("ana", exercise("max", 1), lesson="pooling"), "key")
    book.keep(broken("bea", exercise(verdict=Verdict.BROKEN), exercise("pool")), "")
    book.keep(missing("cyn"), "")
    book.override("ana", "convolution/pool", 1.5, **ME)
    book.override("cyn", "convolution/pool", 0.5, **ME)
    text = to_csv(book.current(exercises=True), wide=wide, exercises=True)
    places = ("convolution/relu", "convolution/pool", "pooling/max")
    rows = [[row[place] for place in places] for row in csv.DictReader(io.StringIO(text))]
    ana = [["2", "1.5", "1"]] if wide else [["2", "1.5", ""], ["", "", "1"]]
    assert rows == [*ana, ["", "2", ""], ["", "0.5", ""]]


def test_who_has_nothing_any_more_may_be_left_out(book: Gradebook) -> None:
    """Withdrawn students without a mark are left out; a part, or a mark by hand, keeps them."""
    first = book.begin_run("class")
    for student in ("ana", "bea", "cyn"):
        for lesson in ("convolution", "pooling"):
            book.keep(result(student, exercise(), lesson=lesson), lesson, first)
    second = book.begin_run("class")
    book.keep(result("bea", exercise()), "convolution", second)
    book.withdraw(second)
    book.override("cyn", "pooling", 1, **ME)
    there = of_those_there(book.current())
    assert [standing.person.name for standing in there] == ["bea", "bea", "cyn", "cyn"]


def test_remarks_tell_what_a_table_of_grades_does_not(book: Gradebook) -> None:
    """Who is late, of whom no time is known, and marks by hand: a line each, or none."""
    book.keep(result("ana", exercise()), "key")
    assert book.remarks() == []
    told: dict[str, Any] = {"time": "2026-05-02T13:00:00", "due": "2026-05-01T12:00:00"}
    book.keep(result("bea", exercise(), **told), "key")
    book.keep(result("cyn", exercise(), late=True), "key")
    [late] = book.remarks()
    assert late == "2 hand-ins are late. Nothing is taken off: --late sets what is."
    book.set_late("10%/day")
    book.override("ana", "convolution", 1, **ME)
    late, timeless, by_hand, other = book.remarks()
    assert "platform, and nobody tells when it was handed in: it counts" in timeless
    assert late == "2 hand-ins are late. The late policy is '10%/day'."
    assert by_hand == "1 mark was given by hand."
    assert "3 marks differ" in other
    book.keep(result("dan", exercise(), late=True, time="2026-05-02"), "key")
    assert "--due, or a roster" in book.remarks()[1]


def test_who_has_some_points_passed_a_part(book: Gradebook) -> None:
    """The words for what was graded are those of the class table, in the history, too."""
    book.keep(result("ana", exercise(earned=1)), "key")
    book.keep(result("bea", exercise(earned=0)), "key")
    assert [one.status for one in book.current()] == ["partly passed", "failed"]
    assert book.attempts("ana").attempts[0].status == "partly passed"


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str, *, wide: bool) -> None:
    """Whatever a name, a lesson or a message begins with, a spreadsheet computes nothing."""
    evil = f'{start}HYPERLINK("http://evil.example")'
    with Gradebook.open(str(tmp_path / "book")) as book:
        told: dict[str, Any] = {
            "id": evil,
            "email": evil,
            "section": evil,
            "group": (evil,),
            "time": evil,
        }
        book.keep(rejected(evil, lesson=evil, **told).model_copy(update={"message": evil}), "")
        text = to_csv(book.current(), wide=wide)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    shown = evil.replace("\r", " ").replace("\n", " ")
    assert sum(f"'{shown}" in cell for cell in cells) >= 5
    assert not any(cell.startswith(start) for cell in cells)


@pytest.mark.parametrize(
    "name", ["ana;=1+1", "x\n=1+1", "x\r\n+1", "x\t@A1", 'x;"-1', "x\u2028; =1"]
)
def test_no_part_of_a_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    """A spreadsheet that splits at semicolons or tabs, and knows no quotes, computes nothing."""
    with Gradebook.open(str(tmp_path / "book")) as book:
        book.keep(rejected(name, section=name).model_copy(update={"message": name}), "")
        for wide in (True, False):
            text = to_csv(book.current(), wide=wide)
            assert len(text.splitlines()) == 2
            parts = re.split(r'[;\t\r\n]|","', text)
            assert not any(re.match(r'[\s"]*[=+@-]', part) for part in parts)


def test_texts_are_quoted_and_numbers_are_not(tmp_path: Path) -> None:
    """Whoever reads the file can tell one from the other, and every comma from a separator."""
    with Gradebook.open(str(tmp_path / "book")) as book:
        book.keep(result("Lee, Ana", exercise(earned=1), id="007"), "key")
        _, row = to_csv(book.current(), wide=True).splitlines()
    assert row == '"Lee, Ana","007","","","",1,2,1,2'


def test_statistics_agree_with_numpy(book: Gradebook) -> None:
    """Pass rate, mean and discrimination are those of a plain computation over all points."""
    rng = np.random.default_rng(7)
    points = rng.integers(0, 4, size=(25, 3))
    for number, row in enumerate(points):
        exercises = [exercise(f"e{e}", int(p), 3) for e, p in enumerate(row)]
        book.keep(result(f"student {number}", *exercises), "key")
    book.keep(rejected("zoe"), "")
    book.keep(broken("yan", exercise("e0", verdict=Verdict.BROKEN), exercise("e1", 3, 3)), "")
    [lesson] = book.statistics()
    for e, found in enumerate(lesson.exercises):
        rest = points.sum(axis=1) - points[:, e]
        correlation = float(np.corrcoef(points[:, e], rest)[0, 1])
        known = [*points[:, e], *([3] if e == 1 else [])]
        assert found.discrimination == pytest.approx(correlation, abs=1e-4)
        assert found.now.count == len(known)
        assert found.now.passed == sum(p == 3 for p in known)
        assert found.now.mean == pytest.approx(np.mean(known), abs=1e-4)


def test_statistics_count_over_attempts_too(book: Gradebook) -> None:
    """A misconception that somebody has left behind counts as one that somebody had."""
    slow = exercise(earned=0, misconception="counts_corners_twice")
    for name in ("ana", "bea"):
        book.keep(result(name, slow, file="a"), "a")
    book.keep(result("ana", slow, file="b"), "b")
    book.keep(result("ana", exercise(), file="c"), "c")
    book.keep(result("bea", slow, file="a"), "regraded")  # the same file is the same attempt
    [lesson] = book.statistics()
    [found], [misconception] = lesson.exercises, lesson.misconceptions
    assert (found.now.count, found.now.passed) == (2, 1)
    assert (found.over_attempts.count, found.over_attempts.passed) == (4, 1)
    assert (misconception.now, misconception.students, misconception.attempts) == (1, 2, 3)
    assert found.discrimination is None
