"""Where each page lies, below the folder of the pages; the desk has them at the same paths."""

from __future__ import annotations

from urllib.parse import quote

from grader.report.records import safe_name

CLASS = "index.html"


def of_exercise(lesson: str, exercise: str) -> str:
    """The page of an exercise."""
    return f"exercises/{safe_name(lesson)}/{safe_name(exercise)}.html"


def of_student(student: str) -> str:
    """The page of a student over all lessons."""
    return f"students/{safe_name(student)}/{CLASS}"


def of_lesson(student: str, lesson: str) -> str:
    """The page of one student's lesson."""
    return f"students/{safe_name(student)}/{safe_name(lesson)}.html"


def link(to: str, of: str) -> str:
    """The relative link to the page `to` in the page `of`, ready for an `href`."""
    return "../" * of.count("/") + quote(to)
