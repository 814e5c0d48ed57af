"""Marks by hand: the points as a teacher types them, and the sentence that confirms them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.report.text import visible
from grader.report.words import points as written

if TYPE_CHECKING:
    from grader.gradebook.overriding import Overridden


def number_in(text: str) -> tuple[float, bool]:
    """The points that were written, and whether they are to be added to what stands."""
    plain = text.strip().replace("−", "-")
    try:
        return float(plain), plain.startswith(("+", "-"))
    except ValueError as error:
        raise UsageError(
            f"Points are a number like 2 or 1.5, or with a sign what is added, like +1 or -0.5. "
            f"Received: {visible(text)!r}. Correct it; `grader override --help` has the options."
        ) from error


def told(done: Overridden) -> str:
    """What was done to a mark, and what it was before."""
    place = done.place
    graded = "not graded" if done.graded is None else f"{written(done.graded)} graded"
    before = "no mark before" if done.before is None else f"{written(done.before)} before"
    if done.by_hand and done.before is not None:
        before = f"{written(done.before)} by hand before, {graded}"
    elif done.before == done.graded or not done.before:
        before = graded
    else:  # something was taken off for being late
        before = f"{before}, {graded}"
    of = "" if place.max_score is None else f" of {written(place.max_score)}"
    what = "taken back" if done.points is None else f"{written(done.points)}{of} points by hand"
    return f"{place.student}, {place.text}: {what} ({before}){_lesson_now(done)}."


def _lesson_now(done: Overridden) -> str:
    """What the lesson has now, where that is not said already."""
    if not done.place.exercise and done.points is not None:
        return ""
    lesson = done.lesson
    if lesson.score is None:
        return "; the lesson has no mark yet"
    of = "" if lesson.max_score is None else f" of {written(lesson.max_score)}"
    whole = any(not one.exercise for one in lesson.overrides)
    late = f", {written(lesson.penalty)} being taken off for late" if lesson.penalty else ""
    keeps = ", as given by hand for all of it" if whole else late
    return f"; the lesson has {written(lesson.score)}{of} now{keeps}"
