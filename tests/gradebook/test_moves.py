"""From the first file to the one that stands: whose answers moved, and where to."""

from __future__ import annotations

from grader.gradebook import Gradebook
from grader.gradebook.moves import Answer, Move
from grader.results import Verdict
from tests.gradebook.records import exercise, rejected, result

WRONG = exercise("relu", 0, misconception="corners_twice")
RIGHT = exercise("relu")
OTHER = exercise("relu", 1)


def test_a_move_goes_from_the_first_file_to_the_one_that_stands(book: Gradebook) -> None:
    """What lies between is passed over, and so is a file that could not be read."""
    for file, graded in (("a", WRONG), ("b", OTHER), ("c", RIGHT)):
        book.keep(result("ana", graded, file=file), key=file)
    book.keep(rejected("ana", file="d"))
    first, last = Answer(Verdict.FAILED, "corners_twice"), Answer(Verdict.PASSED)
    assert book.moves() == [Move("ana", "convolution", "relu", first, last)]


def test_one_file_graded_twice_is_no_move(book: Gradebook) -> None:
    """By another rubric, the same file has another key and another result; nobody moved."""
    book.keep(result("ana", WRONG, file="a"), key="before")
    book.keep(result("ana", RIGHT, file="a"), key="after")
    assert book.moves() == []


def test_the_first_file_counts_as_it_was_graded_last(book: Gradebook) -> None:
    """A first file whose result was mended begins with what is known of it now."""
    book.keep(result("ana", WRONG, file="a"), key="a before")
    book.keep(result("ana", RIGHT, file="b"), key="b before")
    run = book.begin_run("class")
    book.keep(result("ana", OTHER, file="a"), "a after", run)
    book.keep(result("ana", RIGHT, file="b"), "b after")
    [move] = book.moves()
    assert move.first == Answer(Verdict.FAILED)
    assert move.last == Answer(Verdict.PASSED)


def test_who_withdrew_has_moved_nowhere(book: Gradebook) -> None:
    """Of a hand-in that is no more there, nothing stands."""
    first, second = book.begin_run("class"), book.begin_run("class")
    book.keep(result("ana", WRONG, file="a"), "a", first)
    book.keep(result("ana", RIGHT, file="b"), "b", second)
    third = book.begin_run("class")
    book.keep(result("bea", RIGHT, file="c"), "c", third)
    book.withdraw(third)
    assert book.moves() == []
