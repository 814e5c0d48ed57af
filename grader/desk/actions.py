"""What a teacher decides at the desk: a form → a change of the gradebook, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from grader.errors import UsageError
from grader.gradebook import Gradebook, Standing
from grader.gradebook.by_hand import number_in, told
from grader.gradebook.overriding import BEYOND
from grader.report.text import visible

MOST_BYTES = 4 * 2**20
"""A longer form is not read."""
_MOST_FIELDS = 30


class Form:
    """The fields of a form that was sent, each once; "" for one that was not."""

    def __init__(self, body: bytes) -> None:
        text = body.decode("ascii", "replace")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise UsageError(
                f"A form of this desk has at most {_MOST_FIELDS} fields. Received: more. Open the "
                f"page again."
            ) from error
        self._fields = {name: value.replace("\r\n", "\n") for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, "")


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence, and what stands for the lesson now."""

    said: str
    standing: Standing


def done(form: Form, student: str, book: Gradebook, author: str) -> Done:
    """Do what a form says of a student, by `author`; UsageError where it cannot be done."""
    if form["do"] not in _ACTIONS:
        raise UsageError(
            f"A form says what to do. Received: {form['do'][:40]!r}. Open the page again."
        )
    return _ACTIONS[form["do"]](form, student, book, author)


def _override(form: Form, student: str, book: Gradebook, author: str) -> Done:
    if not form["reason"].strip():
        raise UsageError("A mark by hand has a reason. Received: none. Write why.")
    points, relative = number_in(form["points"])
    try:
        decided = book.override(
            student,
            form["place"],
            points,
            reason=form["reason"],
            author=author,
            beyond=form["beyond"] == "yes",
            relative=relative,
        )
    except UsageError as error:
        raise UsageError(str(error).replace(BEYOND, "tick the box that says so")) from error
    return Done(told(decided), decided.lesson)


def _take_back(form: Form, student: str, book: Gradebook, author: str) -> Done:
    reason = form["reason"]
    decided = book.remove_override(student, form["place"], reason=reason, author=author)
    return Done(told(decided), decided.lesson)


def _comment(form: Form, student: str, book: Gradebook, author: str) -> Done:
    standing = book.comment(student, form["place"], form["text"], author=author)
    return Done(f"Your comment to {visible(form['student'])} is kept.", standing)


def _remove_comment(form: Form, student: str, book: Gradebook, _author: str) -> Done:
    number = int(form["number"]) if form["number"].isdecimal() else -1
    standing = book.remove_comment(student, form["place"], number)
    return Done("The comment is taken back.", standing)


_ACTIONS = {
    "override": _override,
    "take back": _take_back,
    "comment": _comment,
    "remove comment": _remove_comment,
}
