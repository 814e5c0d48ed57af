"""Who is meant by a name that a person typed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from grader.errors import UsageError
from grader.gradebook.models import Student
from grader.grading.collecting.person_names import in_any_order, run_together, spoken
from grader.report.text import visible

_CLOSE = 0.5  # how alike two names are at least, as difflib counts
_MOST = 5


def student_called(connection: Connection, text: str) -> int:
    """The number of the student with this name; else with this id, email address or login.

    Else of the only one whose name has all these words in it, in any order and without accents; at
    the beginning of its words, or anywhere.
    Raises UsageError if there is none, or more than one; it names them, or who is called nearly so.
    """
    columns = (Student.id, Student.name, Student.number, Student.email)
    question: Select[*tuple[Any, ...]] = select(*columns)
    rows = connection.execute(question).all()
    for way in _WAYS:
        found = [row for row in rows if text.strip() and way(text.strip(), row)]
        if len(found) == 1:
            return int(found[0].id)
        if found:
            raise UsageError(
                f"A student is one of those in the gradebook. Received: {text!r}, which may be "
                f"{_some(found)}. Write the whole name, or the id."
            )
    raise UsageError(
        f"A student is one of those in the gradebook. Received: {text!r}. "
        f"{close_to(text, (row.name for row in rows))}"
    )


def _is_login(text: str, row: Row[Any]) -> bool:
    """Whether it is the name of an account, or how platforms run a name together."""
    login = row.email.partition("@")[0]
    folded = text.casefold()
    return folded in (login.casefold(), *run_together(row.name)) and bool(folded)


def _begins_words(text: str, row: Row[Any]) -> bool:
    words, names = in_any_order(text).split(), in_any_order(row.name).split()
    return bool(words) and all(any(n.startswith(word) for n in names) for word in words)


def _is_part(text: str, row: Row[Any]) -> bool:
    words, name = in_any_order(text).split(), in_any_order(row.name)
    return bool(words) and all(word in name for word in words)


_WAYS: tuple[Callable[[str, Row[Any]], bool], ...] = (
    lambda text, row: bool(row.name.strip() == text),
    lambda text, row: bool(row.number.strip() == text),
    lambda text, row: bool(row.email.strip().casefold() == text.casefold()),
    lambda text, row: spoken(row.name) == spoken(text),
    _is_login,
    lambda text, row: bool(in_any_order(text)) and in_any_order(row.name) == in_any_order(text),
    _begins_words,
    _is_part,
)
"""How somebody is named, the surest way first: one is enough."""


def _some(rows: Sequence[Row[Any]]) -> str:
    """Who they are, each with what tells them apart."""
    told = [
        repr(visible(row.name)) + (f" ({visible(row.number)})" if row.number else "")
        for row in sorted(rows, key=lambda row: str(row.name))[:_MOST]
    ]
    if more := len(rows) - len(told):
        told.append(f"one of {more} more")
    return f"{', '.join(told[:-1])} or {told[-1]}"


def close_to(text: str, names: Iterable[str]) -> str:
    """The names that are nearly `text`, else some that there are, as a sentence."""
    folded = {name.casefold(): name for name in sorted(names)}
    if not folded:
        return "There is none yet: grade somebody first."
    whole = text.casefold().strip()
    inside = [name for key, name in folded.items() if whole and whole in key]
    close = difflib.get_close_matches(whole, folded, n=_MOST, cutoff=_CLOSE)
    found = list(dict.fromkeys([*(folded[key] for key in close), *inside]))[:_MOST]
    if found:
        return f"Is it {' or '.join(map(repr, found))}?"
    return f"There are {len(folded)}, such as {', '.join(map(repr, [*folded.values()][:_MOST]))}."
