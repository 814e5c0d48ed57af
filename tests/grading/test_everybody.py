"""Records of those who are not graded themselves."""

from __future__ import annotations

from grader.grading.collecting.submissions import Missing
from grader.grading.everybody import UNKNOWN, for_each_member, not_handed_in
from grader.results import HandedIn, Verdict
from tests.report.samples import submission


def test_a_group_gets_the_marks_of_its_one_hand_in() -> None:
    """Each member has a record, nobody has two, and the id is only his who handed it in."""
    group = ("Wei Li", "Chidi Okafor", "Wei Li")
    result = submission().model_copy(
        update={
            "student": "Wei Li",
            "handed_in": HandedIn(id="7", email="wei@example.org", section="B", group=group),
        }
    )
    records = list(for_each_member(result, {}))
    assert [record.student for record in records] == ["Wei Li", "Chidi Okafor"]
    assert records[0] == result
    theirs = records[1].handed_in
    assert (theirs.id, theirs.email, theirs.section) == ("", "", "")
    same = {"student": "Wei Li", "handed_in": result.handed_in}
    assert records[1].model_copy(update=same) == result


def test_no_member_is_told_by_what_is_another_ones() -> None:
    """Each has an id, an address and a due date of their own, or none; the time is of all."""
    told = HandedIn(
        id="1",
        email="w@x",
        section="A",
        due="2026-05-01",
        time="2026-05-02",
        group=("Wei", "Chi"),
    )
    result = submission().model_copy(update={"student": "Wei", "handed_in": told})
    _, unknown = for_each_member(result, {})
    assert unknown.handed_in == HandedIn(time="2026-05-02", group=("Wei", "Chi"))
    own = told.model_copy(update={"id": "2", "email": "c@x", "section": "", "due": ""})
    assert [one.handed_in for one in for_each_member(result, {"Chi": own})] == [told, own]


def test_who_handed_in_nothing_has_a_record_for_each_lesson() -> None:
    """It says so, what was there instead, and has no points and no part of a fault of ours."""
    missing = [Missing("Ben", "hw.py"), Missing("Cyd", handed_in=HandedIn(id="7"))]
    records = list(not_handed_in(missing, ["convolution", "dense"], "sandbox"))
    assert [(record.student, record.lesson) for record in records] == [
        ("Ben", "convolution"),
        ("Ben", "dense"),
        ("Cyd", "convolution"),
        ("Cyd", "dense"),
    ]
    assert {record.verdict for record in records} == {Verdict.NOT_HANDED_IN}
    assert {record.score for record in records} == {0}
    assert "Found: hw.py." in records[0].message
    assert records[2].handed_in.id == "7"


def test_where_nobody_handed_in_a_lesson_it_is_unknown() -> None:
    """A class of which nobody handed in a notebook is still a class with everybody in it."""
    [record] = not_handed_in([Missing("Ben")], [], "none")
    assert (record.student, record.lesson) == ("Ben", UNKNOWN)
