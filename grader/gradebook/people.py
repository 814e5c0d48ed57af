"""Who is meant by a name that a person typed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from sqlalchemy import Connection, select

from grader.errors import UsageError
from grader.gradebook.models import Student

_CLOSE = 0.5  # how alike two names are at least, as difflib counts
_MOST = 5


def student_called(connection: Connection, text: str) -> int:
    """The number of the student with this name; else with this id, or this email address.

    Raises UsageError if there is none, or more than one; it names who is called nearly so.
    """
    columns = (Student.id, Student.name, Student.number, Student.email)
    rows = connection.execute(select(*columns)).all()
    folded = text.casefold()
    ways = (
        [row for row in rows if row.name == text],
        [row for row in rows if text and row.number == text],
        [row for row in rows if text and row.email.casefold() == folded],
        [row for row in rows if row.name.casefold() == folded],
    )
    for found in ways:
        if len(found) == 1:
            return int(found[0].id)
        if found:
            raise UsageError(
                f"A student is one of those in the gradebook. Received: {text!r}, which means "
                f"{', '.join(repr(row.name) for row in found[:_MOST])}. Use the whole name."
            )
    raise UsageError(
        f"A student is one of those in the gradebook. Received: {text!r}. "
        f"{close_to(text, (row.name for row in rows))}"
    )


def close_to(text: str, names: Iterable[str]) -> str:
    """The names that are nearly `text`, else some that there are, as a sentence."""
    folded = {name.casefold(): name for name in sorted(names)}
    if not folded:
        return "There is none yet: grade somebody first."
    whole = text.casefold()
    inside = [name for key, name in folded.items() if whole and whole in key]
    close = difflib.get_close_matches(whole, folded, n=_MOST, cutoff=_CLOSE)
    found = list(dict.fromkeys([*(folded[key] for key in close), *inside]))[:_MOST]
    if found:
        return f"Is it {' or '.join(map(repr, found))}?"
    return f"There are {len(folded)}, such as {', '.join(map(repr, [*folded.values()][:_MOST]))}."
