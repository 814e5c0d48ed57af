"""Feedback pages in the archive that a platform takes back, or a folder a student.

A platform finds a student by ids in the names of files. They stand in the path of what was handed
in, where it came from the platform's own download; no id is ever taken from anywhere else, so that
nobody is sent another's page.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO

from grader.errors import UsageError
from grader.gradebook.exports.filling import listed
from grader.grading.collecting.platforms import canvas, moodle
from grader.judging import course
from grader.report.records import safe_name
from grader.report.text import visible
from grader.report.words import place_of, withheld
from grader.results import SubmissionResult, Verdict

Page = Callable[[str, str], str]
"""A student and a lesson → the page, a whole HTML file."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]+')
_DATE = (1980, 1, 1, 0, 0, 0)  # the same pages make the same archive
_MODE = 0o644 << 16


class Recipient(StrEnum):
    """Who takes the archive."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    PLAIN = "plain"


_CALLED = {Recipient.CANVAS: "Canvas", Recipient.MOODLE: "Moodle"}


@dataclass(frozen=True)
class Back:
    """What goes back: (student, lesson) by the name in the archive; `said` is what is left out."""

    pages: dict[str, tuple[str, str]]
    said: tuple[str, ...]


def going_back(
    results: Sequence[SubmissionResult], to: Recipient, lesson: str | None = None
) -> Back:
    """Which pages go into the archive; `results` are the records that stand.

    Canvas and Moodle take the pages of one assignment: `lesson`, or the only one there is. Raises
    UsageError for an unknown lesson, for several where one is needed, and where no page remains.
    """
    lessons = sorted({one.lesson for one in results}, key=place_of)
    if lesson is not None and lesson not in lessons:
        raise UsageError(
            f"--lesson names a lesson that somebody was graded in. Received: {visible(lesson)!r}. "
            f"Name one of {', '.join(map(visible, lessons)) or 'none: nobody is graded yet'}."
        )
    if lesson is None and to is not Recipient.PLAIN and len(lessons) > 1:
        raise UsageError(
            f"{_CALLED[to]} takes the pages of one assignment. Received: "
            f"{', '.join(map(visible, lessons))}. Add --lesson with one of these."
        )
    without: dict[str, list[str]] = {}
    pages: dict[str, tuple[str, str]] = {}
    for one in results:
        if lesson not in (None, one.lesson):
            continue
        name, why = _place(one, to)
        if name in pages:
            name, why = "", "Left out, as they handed in the same file as another student"
        if why:
            without.setdefault(why, []).append(one.student)
        if name:
            pages[name] = (one.student, one.lesson)
    said = [line for why, names in without.items() for line in listed(why, names)]
    if not pages:
        raise UsageError(
            f"An archive has the pages of those who handed in. Received: nobody's. "
            f"{' '.join(said) or 'Nobody is graded yet: run `grader grade` first.'}"
            f"{'' if to is Recipient.PLAIN else ' With --for plain, each has a folder.'}"
        )
    return Back(pages, tuple(said))


def write_archive(file: IO[bytes], back: Back, page: Page) -> dict[str, str]:
    """Write the pages as a zip; returns what went wrong, by the student whose page is missing."""
    wrong: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (student, lesson) in sorted(back.pages.items()):
            try:
                content = page(student, lesson)
            except Exception as error:  # noqa: BLE001 - one page's trouble costs nobody else's
                wrong[student] = f"{type(error).__name__}: {error}"
                continue
            about = zipfile.ZipInfo(name, _DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = _MODE
            archive.writestr(about, content.encode("utf-8", "backslashreplace"))
    return wrong


def _place(one: SubmissionResult, to: Recipient) -> tuple[str, str]:
    """The name of a page in the archive, and why there is none, or what to know of it."""
    if one.verdict is Verdict.NOT_HANDED_IN:
        return "", "Left out, as nothing was handed in"
    if one.score is None:
        return "", "Left out, as all is withheld for a fault of ours: grade it again first"
    file = f"{safe_name(course.stems().get(one.lesson, one.lesson))}.html"
    if to is Recipient.PLAIN:
        name = f"{safe_name(one.student)}/{file}"
    else:
        own = _canvas(one, file) if to is Recipient.CANVAS else _moodle(one, file)
        if own is None:
            return "", f"Left out, as no name of {_CALLED[to]}'s own download tells their ids"
        name = own
    return name, "In it, with points that are withheld for a fault of ours" if withheld(one) else ""


def _canvas(one: SubmissionResult, file: str) -> str | None:
    """Canvas reads the first two numbers between underscores: the user's and the upload's."""
    for found in _told(one, canvas.told):
        late = "_LATE" if found["late"] else ""
        return f"{_clean(found['name'])}{late}_{found['id']}_{found['upload']}_{file}"
    return None


def _moodle(one: SubmissionResult, file: str) -> str | None:
    """Moodle splits at underscores: a name, the participant, the kind of plugin and its name."""
    for found in _told(one, moodle.told):
        name = _clean(found["name"].replace("_", " "))
        return f"{name}_{found['id']}_assignsubmission_file_/{file}"
    return None


def _told(
    one: SubmissionResult, told: Callable[[str], re.Match[str] | None]
) -> Iterator[re.Match[str]]:
    """What a part of the path tells, where it is this very student's: others may share a file."""
    for part in reversed(PurePosixPath(one.notebook.path).parts):
        if (found := told(part)) and found["id"] == one.handed_in.id:
            yield found


def _clean(name: str) -> str:
    """A name as it can stand in an archive, and is hidden nowhere."""
    shown = _UNSAFE.sub("", unicodedata.normalize("NFC", name)).lstrip(".~ ")
    return shown.encode("utf-8", "replace").decode() or "student"
