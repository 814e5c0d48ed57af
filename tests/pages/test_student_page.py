"""The page of a student over all lessons: marks, what they are made of, and what comes next."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from grader.errors import UsageError
from grader.pages import student_page
from grader.pages.material import Material
from grader.results import Verdict
from tests.gradebook import records as made
from tests.pages.classes import NO_PLUS_ONE, ODD
from tests.pages.hostile import material_of
from tests.pages.test_lesson_page import text_of
from tests.report.samples import exercise, flipped


def shown(material: Material, student: str) -> BeautifulSoup:
    """The page of a student, to look into."""
    return BeautifulSoup(student_page.page(material, student), "html.parser")


def test_the_sum_counts_marks_only(material: Material) -> None:
    """What is withheld is in no sum, and the page says so; other marks are added up."""
    assert text_of(shown(material, "Ada Abel").find(id="total")) == "6 of 8 points in 2 lessons"
    withheld = shown(material, "Eve Ek")
    assert text_of(withheld.find(id="total")) == "no mark yet"
    said = text_of(withheld.select_one(".mark"))
    assert "Lesson 4: pooling is not in this sum: withheld" in said
    assert "0 of" not in text_of(withheld.main)


def test_attempts_and_progress_are_told(material: Material) -> None:
    """Every attempt stands in a table, and the scores of a lesson from first to last."""
    page = shown(material, "Ada Abel")
    [lesson] = [one for one in page.select(".lessons li") if "convolution" in text_of(one.h3)]
    assert "Attempts: 1/6 → 4/6" in text_of(lesson)
    rows = [text_of(row) for row in page.select("[aria-labelledby=attempts] tbody tr")]
    assert len(rows) == 3
    assert [row.endswith("stands") for row in rows] == [False, True, True]
    gone = shown(material, "Gus Gone")
    assert text_of(gone.select("[aria-labelledby=attempts] tbody tr")[0]).endswith("withdrawn")


def test_marks_by_hand_have_reason_and_author(material: Material) -> None:
    """The teacher's page tells what was given by hand, why, and by whom; late marks, too."""
    row = text_of(shown(material, "Dana Diaz").select_one("[aria-labelledby=given] tbody tr"))
    assert row.startswith(
        "Lesson 1: convolution, feature_map_size 2 Explained it to me. Ms Lee 2026"
    )
    assert "Handed in late by 1 day 10 hours" in text_of(shown(material, "Ben Bauer").main)


def test_what_comes_next_leads_to_its_place(material: Material) -> None:
    """What to look at next is in the lesson's order, with the cause and a link to the answer."""
    page = shown(material, "Ada Abel")
    [step] = page.select(".next li")
    assert NO_PLUS_ONE in text_of(step)
    link = step.a
    assert link is not None
    assert link["href"] == "../../students/Ada%20Abel/convolution.html#exercise-3"
    assert "Explained" not in text_of(shown(material, "Dana Diaz").select_one(".next"))
    assert "Nothing: there is no exercise" in text_of(shown(material, "Eve Ek").main)


def test_what_a_person_should_look_at_is_told(tmp_path: Path) -> None:
    """Flags and faults of ours, which no student is shown, stand in the teacher's page."""
    broken = exercise(verdict=Verdict.BROKEN, id="relu", message="a trace of our check")
    flagged = flipped().model_copy(update={"flags": ("It uses `eval`.",)})
    results = [
        made.result("ana", flagged, broken),
        made.broken("ana", lesson="pooling").model_copy(update={"message": "The judge died."}),
    ]
    said = text_of(shown(material_of(tmp_path, results), "ana").find(id="look").parent)  # type: ignore[union-attr]
    assert "It uses eval ." in said
    assert "A fault of ours: a trace of our check" in said
    assert "A fault of ours: The judge died." in said


def test_names_are_text(material: Material) -> None:
    """A name with marks of HTML stands in the page as it is."""
    page = shown(material, ODD)
    assert text_of(page.h1) == ODD
    assert page.select("h1 b, nav b") == []


def test_an_unknown_student_has_no_page(material: Material) -> None:
    """Whoever is asked for and unknown is named in the error."""
    with pytest.raises(UsageError, match="nobody"):
        student_page.page(material, "nobody")
