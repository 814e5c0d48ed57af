"""Results are kept once, found again, and stand until one that tells as much takes their place."""

from __future__ import annotations

import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, type_coerce, update

from grader.errors import UsageError
from grader.gradebook import Gradebook, Kept, Standing
from grader.gradebook.models import Attempt
from grader.gradebook.renaming import Renamed
from grader.report.records import document_of
from grader.results import SubmissionResult, Verdict
from tests.databases import Server
from tests.gradebook.records import broken, exercise, missing, rejected, result
from tests.report.samples import HOSTILE, hostile, submission


def only(book: Gradebook) -> Standing:
    """The one standing that there is."""
    [standing] = book.current()
    return standing


def test_a_result_is_found_under_its_key(book: Gradebook) -> None:
    """What was kept is known again, equal in everything; another key is not known."""
    kept = result("ana", exercise(earned=1))
    assert book.keep(kept, "key").new
    assert book.known("key") == kept
    assert book.known("other") is None


def test_the_same_key_twice_is_one_attempt(book: Gradebook) -> None:
    """Keeping again adds nothing, and replaces what a platform tells of the hand-in."""
    book.keep(result("ana", exercise()), "key")
    again = result("ana", exercise(), id="17", due="2026-05-01")
    assert not book.keep(again, "key").new
    assert len(book.attempts("ana").attempts) == 1
    assert book.known("key") == again
    assert only(book).person.number == "17"
    assert only(book).due == "2026-05-01"


def test_many_are_kept_together_or_not_at_all(book: Gradebook) -> None:
    """One transaction keeps a whole class; where one result cannot be kept, none is."""
    everybody = [(result(name, exercise()), "key") for name in ("ana", "bea", "ana")]
    with pytest.raises(UsageError, match="gradebook"):
        book.keep_all(everybody, run=99)  # there is no such run
    assert book.current() == []
    assert [kept.new for kept in book.keep_all(everybody)] == [True, True, False]
    assert len(book.current()) == 2


def test_two_students_may_have_one_key(book: Gradebook) -> None:
    """Who hands in the same as somebody else has an attempt and a standing of their own."""
    book.keep(result("ana", exercise()), "key")
    assert book.keep(result("bea", exercise()), "key").new
    assert [standing.person.name for standing in book.current()] == ["ana", "bea"]


@pytest.mark.parametrize(
    "less",
    [
        broken(),
        broken("ana", exercise(verdict=Verdict.BROKEN), exercise("pool")),
        rejected(),
        missing(),
        result("ana", exercise(verdict=Verdict.BROKEN)),
    ],
    ids=["broken", "partly broken", "rejected", "not handed in", "one exercise broken"],
)
def test_only_whole_results_are_known(book: Gradebook, less: SubmissionResult) -> None:
    """What is broken, in whole or in part, or was not graded is graded again the next time."""
    book.keep(less, "key")
    assert book.known("key") is None
    whole = result("ana", exercise())
    assert book.keep(whole, "key") == Kept(new=True, stands=True)
    assert book.known("key") == whole


@pytest.mark.parametrize("less", [broken(), rejected(), missing()], ids=lambda r: r.verdict.value)
def test_what_knows_less_replaces_nothing_and_is_told(
    book: Gradebook, less: SubmissionResult
) -> None:
    """A grade stands when the next attempt has none; the standing says what is so now."""
    book.keep(result("ana", exercise()), "key")
    assert not book.keep(less, "other").stands
    standing = only(book)
    assert (standing.verdict, standing.score) == (Verdict.PASSED, 2)
    assert standing.now is less.verdict
    assert book.results() == [result("ana", exercise())]


def test_a_newer_result_stands(book: Gradebook) -> None:
    """Of results that know as much, the newest counts, be it worse; an older one can come back."""
    better, worse = result("ana", exercise()), result("ana", exercise(earned=0), file="b")
    book.keep(better, "better")
    book.keep(worse, "worse")
    assert only(book).score == 0
    book.keep(better, "better")
    assert only(book).score == 2
    assert [attempt.stands for attempt in book.attempts("ana").attempts] == [True, False]
    assert only(book).attempts == 2


def in_run(book: Gradebook, scope: str, file: str, key: str = "") -> Kept:
    """Ana's `file` as a run over a scope finds it; the file tells her points."""
    one = result("ana", exercise(earned=int(file, 16) - 10, of=5), file=file)
    return book.keep(one, key or file, book.begin_run(scope))


def test_an_old_file_takes_nothing_back_from_another_place(book: Gradebook) -> None:
    """A run over a class in which nothing changed leaves a late hand-in standing, each time."""
    in_run(book, "class", "a")
    assert in_run(book, "late", "d").stands
    for _ in range(2):
        assert not in_run(book, "class", "a").stands
        assert only(book).score == 3
    assert [attempt.stands for attempt in book.attempts("ana").attempts] == [False, True]
    # The same place by another name, too; and what has really changed in it is newer.
    assert not in_run(book, "class moved", "a").stands
    assert in_run(book, "class", "b").stands
    assert not in_run(book, "late", "d").stands
    assert only(book).score == 1


def test_who_goes_back_to_an_earlier_version_stands_with_it(book: Gradebook) -> None:
    """In one place, the file that is there counts, however old; then the late one again, if new."""
    for file, points in (("a", 0), ("b", 1), ("a", 0), ("a", 0), ("b", 1)):
        assert in_run(book, "class", file).stands
        assert only(book).score == points
    in_run(book, "late", "d")
    assert in_run(book, "class", "a").stands
    assert only(book).score == 0


def test_another_rubric_makes_no_file_newer(book: Gradebook) -> None:
    """An old file that is graded anew, under a new key, does not displace what came since."""
    in_run(book, "class", "a")
    in_run(book, "late", "d")
    assert in_run(book, "class", "a", "a by a new rubric").new
    assert only(book).score == 3
    assert in_run(book, "late", "d", "d by a new rubric").stands
    assert len(book.attempts("ana").attempts) == 4
    # Of one file, the attempt of the last run counts, also when the old rubric comes back.
    in_run(book, "late", "d")
    assert [a.stands for a in book.attempts("ana").attempts] == [False, True, False, False]
    assert only(book).now is None


def test_what_is_known_was_graded_last(book: Gradebook) -> None:
    """A fresh grading is found under its key, although it makes no file newer."""
    book.keep(result("ana", exercise()), "key", book.begin_run("class"))
    book.keep(result("bea", exercise()), "key", book.begin_run("class"))
    fresh = result("ana", exercise(earned=1))
    book.keep(fresh, "key", book.begin_run("class"))
    assert book.known("key") == fresh
    # One that is used again was not graded then.
    [kept] = book.keep_all([(result("bea", exercise(), id="7"), "key")], again=True)
    assert (kept.new, book.known("key")) == (False, fresh)


def test_who_stands_by_another_place_is_not_withdrawn(book: Gradebook) -> None:
    """What is gone from a class is marked; nobody is told of it whose late hand-in stands."""
    in_run(book, "class", "a")
    in_run(book, "late", "d")
    assert book.withdraw(book.begin_run("class")) == []
    assert only(book).score == 3
    assert book.withdraw(book.begin_run("late")) == [("ana", "convolution")]


def test_what_is_withheld_is_no_zero(book: Gradebook) -> None:
    """A submission that is broken in whole or in part has no mark, and says its maximum."""
    book.keep(result("ana", exercise(), exercise("pool")), "key")
    book.keep(broken("bea"), "key")
    book.keep(broken("cyn", exercise(verdict=Verdict.BROKEN), exercise("pool")), "key")
    _, bea, cyn = book.current()
    assert (bea.score, bea.max_score) == (None, 4)
    assert (cyn.score, cyn.max_score) == (None, 4)


def test_who_was_not_graded_has_nothing_of_the_lessons_points(book: Gradebook) -> None:
    """Rejected and not handed in are 0 of the points that others' records tell, else the course."""
    book.keep(rejected("ana"), "")
    book.keep(missing("bea", lesson="pooling"), "")
    ana, bea = book.current()
    assert ana.score == bea.score == 0
    assert (ana.max_score or 0) > 2
    assert (bea.max_score or 0) > 2
    book.keep(result("cyn", exercise()), "key")
    assert book.current()[0].max_score == 2


def test_who_is_no_longer_handed_in_is_withdrawn(book: Gradebook) -> None:
    """After a run over the same place, what is gone is marked and stands no longer."""
    first = book.begin_run("class")
    for student in ("ana", "bea"):
        book.keep(result(student, exercise()), student, first)
    book.keep(result("cyn", exercise()), "cyn", book.begin_run("another class"))
    book.keep(result("dan", exercise()), "dan")
    second = book.begin_run("class")
    book.keep(result("ana", exercise()), "ana", second)
    assert book.withdraw(second) == [("bea", "convolution")]
    ana, bea, cyn, dan = book.current()
    assert [one.score for one in (ana, bea, cyn, dan)] == [2, None, 2, 2]
    assert bea.status == "withdrawn"
    assert bea.withdrawn_at is not None
    assert [one.student for one in book.results()] == ["ana", "cyn", "dan"]
    assert len(book.attempts("bea").attempts) == 1
    third = book.begin_run("class")
    book.keep(result("ana", exercise()), "ana", third)
    assert book.withdraw(third) == []


def test_who_hands_in_again_stands_again(book: Gradebook) -> None:
    """The same file, handed in again, is no longer withdrawn."""
    book.keep(result("ana", exercise()), "key", book.begin_run("class"))
    assert book.withdraw(book.begin_run("class"))
    assert only(book).score is None
    assert book.keep(result("ana", exercise()), "key", book.begin_run("class")).stands
    assert only(book).score == 2


def test_a_run_over_a_part_withdraws_nobody_else(book: Gradebook) -> None:
    """A run that was confined to a lesson, or a student, says nothing of the others."""
    first = book.begin_run("class")
    for student in ("ana", "bea"):
        for lesson in ("convolution", "pooling"):
            book.keep(result(student, exercise(), lesson=lesson), student, first)
    second = book.begin_run("class")
    only = lambda *pair: pair != ("ana", "pooling")  # noqa: E731
    assert book.withdraw(second, only) == [("ana", "pooling")]
    assert ("ana", "convolution") in book.gone(second)
    assert len(book.results()) == 3


def test_a_roster_tells_who_took_their_hand_in_back(book: Gradebook) -> None:
    """Who was graded, and in the same place is now *not handed in*, has 0 and not the old mark."""
    book.keep(result("ana", exercise()), "key", book.begin_run("class"))
    run = book.begin_run("class")
    assert not book.keep(missing("ana"), "", run).stands
    assert book.withdraw(run) == [("ana", "convolution")]
    assert (only(book).verdict, only(book).score) == (Verdict.NOT_HANDED_IN, 0)


def test_what_cannot_be_graded_now_is_not_withdrawn(book: Gradebook) -> None:
    """Who hands in a file that is broken or refused has handed in something."""
    first = book.begin_run("class")
    for student in ("ana", "bea"):
        book.keep(result(student, exercise()), "key", first)
    second = book.begin_run("class")
    book.keep(rejected("ana"), "", second)
    book.keep(broken("bea"), "", second)
    assert book.withdraw(second) == []
    assert [one.score for one in book.current()] == [2, 2]


def test_a_hostile_record_is_kept(book: Gradebook) -> None:
    """Lone surrogates, NUL and escape characters in every text harm no database."""
    bad = submission(hostile(), student="e\ud800\x00\x1b[31m", lesson=HOSTILE, message=HOSTILE)
    book.keep(bad, "key\x00\ud800")
    book.keep(bad, "key\x00\ud800")
    found = book.known("key\x00\ud800")
    assert found is not None
    assert found.to_json() == SubmissionResult.from_json(document_of(bad)).to_json()
    assert only(book).person.name == "e\\ud800\\x00\x1b[31m"
    assert book.statistics()[0].misconceptions


def test_an_unknown_student_is_told_with_who_is_called_nearly_so(book: Gradebook) -> None:
    """A name, an id or an email address finds a student; anything else names the nearest ones."""
    book.keep(result("Ana Müller", exercise(), id="4711", email="ana@example.org"), "key")
    for text in ("Ana Müller", "ana müller", "4711", "Ana@Example.org"):
        assert book.attempts(text).person.name == "Ana Müller"
    with pytest.raises(UsageError, match="Is it 'Ana Müller'"):
        book.attempts("Anna Mueller")
    for text in ("", " ", "(", "—"):
        with pytest.raises(UsageError, match="There are 1, such as 'Ana Müller'"):
            book.attempts(text)


PEOPLE = [
    "Dan Danek",
    "Jordan Núñez",
    "Li Wei",
    "Julia Łoś",
    "Ana",
    "Anabel",
    "O'Neil, Pat",
    "王伟",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dan", "Dan Danek"),
        ("Danek, Dan", "Dan Danek"),
        ("danekdan", "Dan Danek"),
        ("danek_dan", "Dan Danek"),
        ("Nunez", "Jordan Núñez"),
        ("NUN jor", "Jordan Núñez"),
        ("uñe", "Jordan Núñez"),
        ("los", "Julia Łoś"),
        ("li", "Li Wei"),
        ("ana", "Ana"),
        ("pat o’neil", "O'Neil, Pat"),
        ("login2", "Li Wei"),
        ("王", "王伟"),
    ],
)
def test_a_part_of_a_name_is_enough(tmp_path: Path, text: str, name: str) -> None:
    """Words in any order, without accents, a login, or a name run together tell one student."""
    with Gradebook.open(str(tmp_path / "book")) as book:
        for number, one in enumerate(PEOPLE):
            told: dict[str, Any] = {"id": str(900 + number), "email": f"login{number}@example.org"}
            book.keep(result(one, exercise(), **told), "key")
        assert book.attempts(text).person.name == name
        done = book.override(text, "convolution", 1, reason="So.", author="me")
        assert done.place.student == name


def test_two_who_are_meant_are_both_named(book: Gradebook) -> None:
    """Where a part of a name means several, none is chosen, and each is told with the id."""
    for number, name in enumerate(("Dan Danek", "Daniela Roe", "Jo Dance")):
        book.keep(result(name, exercise(), id=f"n{number}"), "key")
    with pytest.raises(
        UsageError, match=r"'Dan Danek' \(n0\), 'Daniela Roe' \(n1\) or 'Jo Dance' \(n2\)"
    ):
        book.override("dan", "convolution", 1, reason="So.", author="me")
    assert all(not standing.overrides for standing in book.current())


def graded_twice(book: Gradebook, before: SubmissionResult, now: SubmissionResult) -> int:
    """The number of the second of two runs over one place; a mark by hand is between them."""
    book.keep(before, "key", book.begin_run("class"))
    book.override(before.student, "convolution/relu", 1, reason="So.", author="me")
    run = book.begin_run("class")
    book.keep(now, "key", run)
    return run


@pytest.mark.parametrize("file", ["a", "b"])
def test_who_has_the_same_id_is_called_otherwise_now(book: Gradebook, file: str) -> None:
    """With a roster, the old name's history and marks by hand are the new name's: one student."""
    before = result("bauerben", exercise(), exercise("pool"), id="20101", email="b@x.org")
    run = graded_twice(book, before, result("Ben Bauer", exercise(), id="20101", file=file))
    book.keep(result("Ben Bauer", exercise(), lesson="pooling", id="20101"), "p", run)
    assert book.rename(run) == [Renamed("bauerben", "Ben Bauer", ("convolution",))]
    assert book.withdraw(run) == []
    convolution, pooling = book.current()
    assert (convolution.person.name, convolution.score) == ("Ben Bauer", 1)
    assert convolution.person.email == "b@x.org"
    assert (pooling.lesson, pooling.score) == ("pooling", 2)
    past = book.attempts("20101")
    assert [override.points for _, override in past.overrides] == [1]
    assert [attempt.stands for attempt in past.attempts if attempt.lesson == "convolution"][-1]
    assert {one.student for one in book.results()} == {"Ben Bauer"}
    assert book.rename(run) == []


def test_a_lesson_of_before_is_under_the_new_name(book: Gradebook) -> None:
    """What was graded of another lesson moves too, and its record says the new name."""
    first = book.begin_run("class")
    for lesson in ("convolution", "pooling"):
        book.keep(result("bauerben", exercise(), lesson=lesson, id="7"), lesson, first)
    run = book.begin_run("class")
    book.keep(result("Ben Bauer", exercise(), id="7"), "convolution", run)
    assert book.rename(run)[0].lessons == ("convolution", "pooling")
    assert [one.student for one in book.results()] == ["Ben Bauer", "Ben Bauer"]
    assert book.withdraw(run) == [("Ben Bauer", "pooling")]


def test_a_run_that_was_killed_joins_when_it_goes_on(book: Gradebook) -> None:
    """Where the new name was kept by a run without an end, the next one still finds the old."""
    run = graded_twice(book, result("b", exercise(), id="7"), result("Ben", exercise(), id="7"))
    book.keep(result("Ben", exercise(), id="7"), "key", run)
    again = book.begin_run("class")
    book.keep(result("Ben", exercise(), id="7"), "key", again)
    assert [(one.old, one.new) for one in book.rename(again)] == [("b", "Ben")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"id": ""}, {"id": ""}),
        ({"id": "1"}, {"id": "01"}),
        ({"id": "7", "group": ("ana", "bea")}, {"id": "7", "group": ("ana", "bea")}),
    ],
)
def test_two_people_are_never_joined(
    book: Gradebook, old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Without an id, with another one, or in one group, two names are two students."""
    run = graded_twice(book, result("ana", exercise(), **old), result("bea", exercise(), **new))
    assert book.rename(run) == []
    assert book.withdraw(run) == [("ana", "convolution")]


@pytest.mark.parametrize("file", ["a", "b"])
def test_two_of_one_run_are_never_joined(book: Gradebook, file: str) -> None:
    """Whom one run has both had with a lesson are two, in that run and in every later one."""
    first = book.begin_run("class")
    for student in ("ana", "bea"):
        book.keep(result(student, exercise(), id="7"), "a", first)
    assert book.rename(first) == []
    second = book.begin_run("class")
    book.keep(result("bea", exercise(), id="7", file=file), file, second)
    assert book.rename(second) == []
    other = book.begin_run("another class")
    book.keep(result("cyn", exercise(), id="7"), "a", other)
    assert book.rename(other) == []


def damage(book: Gradebook, stored: object) -> None:
    """Put something else in the place of every stored record."""
    blob = update(Attempt).values(record=type_coerce(stored, LargeBinary))
    book.database.write(lambda c: c.execute(blob))


@pytest.mark.parametrize("stored", [b"", b"nonsense", zlib.compress(b"{}"), zlib.compress(b"\xff")])
def test_a_damaged_record_is_one_sentence(book: Gradebook, stored: bytes) -> None:
    """It is told whose it is; marks are there without it, and grading again replaces it."""
    kept = result("ana", exercise())
    book.keep(kept, "key")
    damage(book, stored)
    with pytest.raises(UsageError, match=r"one of ana's convolution that cannot be read"):
        book.results()
    [said] = book.attempts("ana").said
    assert "cannot be read" in said
    assert only(book).score == 2
    assert book.known("key") is None
    book.keep(kept, "key")
    assert book.results() == [kept]
    assert book.known("key") == kept


def test_two_threads_keep_at_once(book: Gradebook) -> None:
    """Results of one student from two threads make each one attempt."""

    def keep_all() -> None:
        for number in range(20):
            book.keep(result("ana", exercise(), lesson=f"lesson {number}"), f"key {number}")

    threads = [threading.Thread(target=keep_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.attempts("ana").attempts) == 20


def test_a_server_that_was_started_again_is_asked_again(server: Server) -> None:
    """A result is kept although the connection was lost since the last one."""
    with Gradebook.open(server.new_database()) as book:
        book.keep(result("ana", exercise()), "key")
        server.drop_connections()
        assert book.keep(result("bea", exercise()), "key").stands
        assert len(book.current()) == 2
