"""What four platforms do with a sheet that comes back: written again from how they are described.

Each takes the bytes of a file and what the platform knows, and returns the marks that it would set,
by the platform's id of the student and of the assignment. `Refused` is an import that ends with an
error, and changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Marks = dict[tuple[str, str], str]


class Refused(Exception):
    """The whole import ends."""


@dataclass(frozen=True)
class Known:
    """What a platform knows of a student."""

    id: str
    name: str
    sis: str = ""
    login: str = ""
    email: str = ""


def canvas(
    content: bytes,
    students: Sequence[Known],
    assignments: Mapping[str, str],
    scores: Mapping[tuple[str, str], str],
) -> Marks:
    """Canvas: `assignments` are titles by id, `scores` what stands there; changes come back."""
    text = content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_canvas_delimiter(text)))
    rows = [[_canvas_number(cell) for cell in row] for row in rows if any(c.strip() for c in row)]
    header = rows[0]
    if len(header) < 4 or not ("Student" in header[0] and "ID" in header[1]):
        raise Refused("header")
    first = 3
    if header[2] == "SIS User ID":
        first = 5
    elif header[2] == "SIS Login ID":
        first = 4
    if "Section" not in header[first - 1]:
        raise Refused("section")
    dropped = re.compile("Current (Score|Points|Grade)|Final (Score|Points|Grade)|Override")
    places: dict[str, int] = {}
    for title in header[first:]:
        if dropped.search(title) or not title:
            continue
        told = re.fullmatch(r"(.*) \((\d+)\)", title)
        own = told[2] if told and told[2] in assignments else None
        own = own or next((i for i, known in assignments.items() if known == title), None)
        if own is None:
            raise Refused(f"a new assignment is made: {title}")
        places[own] = header.index(title)
    changes: Marks = {}
    for row in rows[1:]:
        if "Points Possible" in row[0] or all(
            re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row
        ):
            continue
        student = _canvas_student(row, header, students)
        for own, place in places.items():
            grade, before = row[place].strip(), scores.get((student.id, own), "")
            if not _same(grade, before):
                changes[student.id, own] = grade
    return changes


def _canvas_delimiter(text: str) -> str:
    lines = io.StringIO(text, newline="").readlines()[:3]
    counts = {}
    for sign in ";,":
        sizes = {len(next(csv.reader([line], delimiter=sign), [])) for line in lines}
        counts[sign] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def _canvas_number(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *before, last = re.split(r"[,.]", cell)
    return f"{''.join(before)}.{last}" if before else last


def _canvas_student(row: list[str], header: list[str], students: Sequence[Known]) -> Known:
    for one in students:
        if row[1] and row[1] == one.id:
            return one
    for place, told in ((2, "sis"), (3, "login")):
        for one in students:
            if header[2] == "SIS User ID" and row[place] and row[place] == getattr(one, told):
                return one
    for one in students:
        if row[0] == one.name:
            return one
    raise Refused(f"a new student is made: {row[0]}")


def _same(grade: str, before: str) -> bool:
    if grade == before or (grade in ("", "-") and before in ("", "-")):
        return True
    if not grade or not before:
        return False  # a blank over a score is a change
    try:
        return f"{float(grade):.2f}" == f"{float(before):.2f}"
    except ValueError:
        return False


def moodle_worksheet(
    content: bytes, participants: Mapping[str, str], maximum: float, words: Mapping[str, str]
) -> Marks:
    """Moodle's grading worksheet: `participants` are users by number, `words` the language's."""
    rows = _rows(content, ",")
    header = rows[0]
    try:
        own, grade, _ = (header.index(words[key]) for key in ("id", "grade", "modified"))
    except ValueError as error:
        raise Refused("columns") from error
    marks: Marks = {}
    for row in rows[1:]:
        user = participants.get(row[own][len(words["participant"]) :].strip())
        value = row[grade].replace(" ", "").replace(words["decimal"], ".")
        if user is None or value in ("", "-"):
            continue
        if not 0 <= float(value) <= maximum:
            raise Refused("out of range: the mark is skipped and nobody is told")
        marks[user, ""] = value
    return marks


def moodle_gradebook(
    content: bytes,
    users: Sequence[Known],
    key: str,
    columns: Mapping[str, str],
    maxima: Mapping[str, float],
) -> Marks:
    """Moodle's import of a gradebook: a person maps `key` and `columns`; one mistake ends it."""
    rows = _rows(content, ",")
    header = rows[0]
    marks: Marks = {}
    for row in rows[1:]:
        cell = row[header.index(key)]
        user = next((one for one in users if one.email == cell), None)
        if user is None:
            raise Refused(f"unknown user {cell}")
        for title, own in columns.items():
            value = row[header.index(title)]
            if value in ("", "-"):
                continue
            if float(value) > maxima[own]:
                raise Refused("too high")
            marks[user.id, own] = value
    return marks


def blackboard(content: bytes, users: Sequence[Known], columns: Mapping[str, str]) -> Marks:
    """Blackboard: users by name, columns by the number after the bar; others become texts."""
    first = content.partition(b"\n")[0]
    rows = _rows(content, "\t" if b"\t" in first else ",")
    header = rows[0]
    if "Username" not in header:
        raise Refused("no Username")
    marks: Marks = {}
    for row in rows[1:]:
        user = next((one for one in users if one.login == row[header.index("Username")]), None)
        if user is None:
            continue
        for place, title in enumerate(header):
            told = re.search(r"\|(\d+)\s*$", title)
            if told is None or told[1] not in columns:
                continue
            value = row[place].strip().replace(",", ".") if place < len(row) else ""
            if value:
                marks[user.id, told[1]] = value
    return marks


def brightspace(content: bytes, users: Sequence[Known], items: Mapping[str, float]) -> Marks:
    """Brightspace: keys first, `<item> Points Grade`, and a sign at the end of each line."""
    rows = _rows(content, ",")
    header = rows[0]
    if header[0] not in ("OrgDefinedId", "Username") or header[-1] != "End-of-Line Indicator":
        raise Refused("header")
    marks: Marks = {}
    for row in rows[1:]:
        if len(row) != len(header) or row[-1] != "#":
            raise Refused("end of line")
        told = dict(zip(header, row, strict=True))
        sis, login = (told.get(key, "").removeprefix("#") for key in ("OrgDefinedId", "Username"))
        user = next(
            (o for o in users if (sis and o.sis == sis) or (login and o.login == login)), None
        )
        if user is None:
            raise Refused("unknown user")
        for title, value in told.items():
            found = re.fullmatch(r"(.*) Points Grade(?: <.*>)?", title)
            if found and found[1] in items and value:
                marks[user.id, found[1]] = f"{min(float(value.replace(',', '.')), items[found[1]])}"
    return marks


def _rows(content: bytes, delimiter: str) -> list[list[str]]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16")
    else:
        text = content.decode("utf-8-sig")
    read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [row for row in read if any(cell.strip() for cell in row)]


@dataclass(frozen=True)
class HandedBack:
    """Files by the student who is sent them, and the names of those that went to nobody."""

    files: Mapping[str, Sequence[tuple[str, bytes]]]
    ignored: Sequence[str]


def canvas_reupload(content: bytes, uploads: Mapping[str, Mapping[str, str]]) -> HandedBack:
    """Canvas's "Upload Submissions": `uploads` are names of files by user and number of upload.

    Of a file's name, the first two parts between underscores that are numbers are the two. The
    student sees it under the name of the upload.
    """
    files: dict[str, list[tuple[str, bytes]]] = {}
    ignored = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for path in archive.namelist():
            name = path.rpartition("/")[2]
            parts = name.split("_")
            user, upload = [*[part for part in parts if part.isdigit()][:2], "", ""][:2]
            is_lost = parts[-1].startswith("link") or name.startswith("._")
            if is_lost or upload not in uploads.get(user, {}):
                ignored.append(path)
                continue
            files.setdefault(user, []).append((uploads[user][upload], archive.read(path)))
    return HandedBack(files, ignored)


def moodle_feedback(content: bytes, participants: Mapping[str, str]) -> HandedBack:
    """Moodle's "Upload multiple feedback files in a zip": the parts of each path are looked at.

    One is `name_number_assignsubmission_file` with something behind it, or nothing.
    """
    files: dict[str, list[tuple[str, bytes]]] = {}
    ignored = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for path in archive.namelist():
            parts = path.split("/")
            if parts[-1].startswith((".", "~")):
                ignored.append(path)
                continue
            for place, part in enumerate(parts):
                told = part.split("_", 4)
                if len(told) < 4 or not told[1].isdigit() or told[1] not in participants:
                    continue
                if told[2:4] != ["assignsubmission", "file"]:
                    continue
                rest = "/".join([*told[4:], *parts[place + 1 :]]).lstrip("/")
                files.setdefault(participants[told[1]], []).append((rest, archive.read(path)))
                break
            else:
                ignored.append(path)
    return HandedBack(files, ignored)
