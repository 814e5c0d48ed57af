"""The marks that services are told: as a student may read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.gradebook import gradebook_of
from grader.gradebook.final_marks import final_marks
from grader.report.words import OURS
from tests.gradebook.records import broken, exercise, rejected, result

TOLD: dict[str, Any] = {"time": "2026-05-02T13:00:00+00:00", "due": "2026-05-01T12:00:00+00:00"}


def test_marks_are_told_without_names_and_reasons(tmp_path: Path) -> None:
    """Late, by hand and withheld are told; who decided it, and why, is the teachers' business."""
    with gradebook_of(tmp_path, new=True) as book:
        book.set_late("10%/day")
        run = book.begin_run("class")
        book.keep(result("ana", exercise(), exercise("pool"), **TOLD), "a", run)
        book.keep(result("bea", exercise(), exercise("pool")), "b", run)
        book.keep(broken("cem"), "", run)
        book.keep(rejected("dan"), "", run)
        book.override("bea", "convolution/pool", 1, reason="Copied?", author="Prof. X")
        marks = final_marks(book.current())
    ana, bea, cem, dan = (marks[name, "convolution"] for name in ("ana", "bea", "cem", "dan"))
    assert (ana.score, ana.max_score) == (3.2, 4)
    assert ana.said == ("Handed in 1 d 1 h late. 0.8 points are taken off.",)
    assert (bea.score, bea.is_by_hand) == (3, True)
    assert bea.said == ("pool: 1 of the points, given by hand.",)
    assert (cem.score, cem.said) == (None, (OURS,))
    assert (dan.score, dan.said) == (0, ())


def test_what_was_withdrawn_has_no_mark(tmp_path: Path) -> None:
    """What is no longer handed in is told to nobody."""
    with gradebook_of(tmp_path, new=True) as book:
        book.keep(result("ana", exercise()), "a", book.begin_run("class"))
        book.withdraw(book.begin_run("class"))
        assert final_marks(book.current()) == {}
