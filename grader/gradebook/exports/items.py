"""Which column of a sheet is which lesson's: by its title, or as a person says; never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from grader.errors import UsageError
from grader.gradebook.exports.sheet import Sheet
from grader.judging import course
from grader.report.text import visible
from grader.report.words import place_of

_SHOWN = 80  # characters of a header
_MOST_SHOWN = 15
# Words beside a lesson's name that do not make it something else.
_WORDS = frozenset(
    {"lesson", "lektion", "leçon", "lección", "lezione", "les", "assignment", "exercise", "ipynb"}
    | {"exercises", "homework", "hw", "lab", "week", "unit", "module", "chapter", "notebook"}
    | {"aufgabe", "übung", "devoir", "tarea", "compito", "opdracht", "uppgift", "zadanie", "课程"}
    | {"tarefa", "課題", "作业", "作業"}
)


@dataclass(frozen=True)
class Item:
    """A column with the marks of one assignment.

    `title` is the assignment's, without what the platform puts around it. `maximum` is the most
    points that the sheet tells, None where it tells none. `wrong` says why it cannot be filled,
    and is empty where it can be.
    """

    column: int
    header: str
    title: str
    maximum: Decimal | None = None
    wrong: str = ""


def named(pairs: Sequence[str]) -> dict[str, str]:
    """What was written as HEADER=LESSON, each lesson by its header; UsageError where it is not.

    A header may hold `=` itself: the last one counts.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        header, sign, lesson = pair.rpartition("=")
        if not (sign and header.strip() and lesson.strip()):
            raise UsageError(
                f"--column says which column of the sheet is which lesson, as 'HEADER=LESSON'. "
                f"Received: {visible(pair)!r}. Write it so."
            )
        found[header.strip()] = lesson.strip()
    return found


def items_by_lesson(
    items: Sequence[Item], lessons: Sequence[str], said: Mapping[str, str], *, all_of_them: bool
) -> dict[str, Item]:
    """The column of each lesson; `said` names the headers of some.

    `lessons` are those that there are marks of. With `all_of_them` each must have a column; else
    those without are left out. UsageError where a lesson has none of the columns or several, where
    a column cannot be filled, and where no lesson has any.
    """
    found: dict[str, Item] = {}
    for header, lesson in said.items():
        if lesson not in lessons:
            raise UsageError(
                f"--column names a lesson that somebody was graded in. Received: "
                f"{visible(lesson)!r}. Name one of {', '.join(map(visible, lessons))}."
            )
        if lesson in found:
            raise UsageError(
                f"A lesson's marks go into one column. Received: two for {visible(lesson)}. Leave "
                f"one --column out."
            )
        found[lesson] = _called(header, items)
    left = [item for item in items if item not in found.values()]
    for lesson in lessons:
        if lesson in found:
            continue
        own = [item for item in left if _is_titled(item.title, lesson)]
        if len(own) > 1:
            raise UsageError(
                f"A lesson has one column in the sheet. Received: {len(own)} that may be "
                f"{visible(lesson)}'s: {_shown(own)}. Write --column "
                f"'{_header(own[0])}={visible(lesson)}' for the right one."
            )
        if own:
            found[lesson] = own[0]
    missing = [lesson for lesson in lessons if lesson not in found]
    if missing and (all_of_them or not found):
        _refuse_missing(missing, [item for item in left if not item.wrong] or left)
    _refuse_same(found)
    for item in found.values():
        if item.wrong:
            raise UsageError(
                f"The platform takes marks from the column that is filled. Received: "
                f"`{_header(item)}`, {item.wrong}. Name another column with --column."
            )
    return {lesson: found[lesson] for lesson in sorted(found, key=place_of)}


def only_item(
    sheet: Sheet, item: Item, lessons: Sequence[str], said: Mapping[str, str]
) -> dict[str, Item]:
    """The column of a sheet of one assignment, which does not tell the assignment's title.

    Of several lessons, the sheet's own file name may tell one. UsageError where nothing does.
    """
    if said:
        return items_by_lesson([item], lessons, said, all_of_them=False)
    if len(lessons) == 1:
        return {lessons[0]: item}
    parts = sheet.name.split("-")  # Grades-CNN101-1 Convolution-4711.csv
    told = [one for one in lessons if any(_is_titled(part, one) for part in parts)]
    if len(told) == 1:
        return {told[0]: item}
    raise UsageError(
        f"This sheet is of one assignment, and does not say of which. Received: "
        f"{visible(sheet.name)}, and marks of {', '.join(map(visible, lessons))}. Add "
        f"--lesson with one of these."
    )


def refuse_wrong_sheet(sheet: Sheet, platform: str, rule: str) -> UsageError:
    """The error for a sheet that is not as the platform exports it."""
    shown = ", ".join(f"`{_short(header)}`" for header in sheet.headers[:_MOST_SHOWN])
    return UsageError(
        f"A sheet of {platform} {rule}. Received: {visible(sheet.name)}, whose headers are "
        f"{shown}. Export it once more from {platform}, or correct --for."
    )


def _called(header: str, items: Sequence[Item]) -> Item:
    """The column with this header, or with this title where no header is the same."""
    by_header = [item for item in items if item.header.strip() == header]
    for own in (by_header, [item for item in items if item.title == header]):
        if len(own) > 1:
            raise UsageError(
                f"--column names a column that there is once. Received: {visible(header)!r}, which "
                f"stands {len(own)} times in the sheet. Rename one of them in the platform, and "
                f"export the sheet once more."
            )
        if own:
            return own[0]
    raise UsageError(
        f"--column names a column of the sheet that holds marks. Received: {visible(header)!r}. "
        f"Name one of these: {_shown(items)}."
    )


def _is_titled(title: str, lesson: str) -> bool:
    """Whether a title is the lesson's name, its title or its file's name, numbered or not."""
    words = _plain(title)
    known = course.stems().get(lesson)
    if known is None:
        return words == _plain(lesson)
    whole = course.lesson(lesson).title
    number = str(course.lesson(lesson).number)
    forms = {tuple(_plain(form)) for form in (lesson, known, whole, whole.partition(":")[0])}
    own = {form[1:] if form and form[0] == number else form for form in forms}
    return tuple(words[1:] if words and words[0] == number else words) in own


def _plain(text: str) -> list[str]:
    """The words of a title, but for those that any lesson's has; numbers without leading zeros."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = re.findall(r"[^\W_]+", folded)
    kept = [word.lstrip("0") or "0" if word.isdigit() else word for word in words]
    return [word for word in kept if word not in _WORDS]


def _refuse_missing(missing: Sequence[str], left: Sequence[Item]) -> None:
    lesson = visible(missing[0])
    words = {*_plain(missing[0]), *_plain(_title(missing[0]))}
    near = max(left, key=lambda item: len(words & {*_plain(item.title)}), default=None)
    example = _header(near) if near and words & {*_plain(near.title)} else "HEADER"
    shown = _shown(left) if left else "there is none"
    raise UsageError(
        f"A lesson's column is found by its title, such as `{_title(missing[0])}`. Received: no "
        f"column for {', '.join(map(visible, missing))}; those with marks are {shown}. Say which "
        f"it is: --column '{example}={lesson}'."
    )


def _refuse_same(found: Mapping[str, Item]) -> None:
    lessons: defaultdict[int, list[str]] = defaultdict(list)
    for lesson, item in found.items():
        lessons[item.column].append(lesson)
    for them in lessons.values():
        if len(them) > 1:
            raise UsageError(
                f"A column has the marks of one lesson. Received: `{_header(found[them[0]])}` for "
                f"{' and '.join(map(visible, them))}. Say which it is with --column."
            )


def _title(lesson: str) -> str:
    stem = course.stems().get(lesson)
    return visible(lesson) if stem is None else course.lesson(lesson).title


def _shown(items: Sequence[Item]) -> str:
    more = len(items) - _MOST_SHOWN
    shown = ", ".join(f"`{_header(item)}`" for item in items[:_MOST_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _header(item: Item) -> str:
    return _short(item.header)


def _short(header: str) -> str:
    return visible(header.strip(), limit=_SHOWN)
