"""The record of each submission on disk: FOLDER/results/STUDENT/LESSON.json."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from grader.errors import UsageError
from grader.files import replacing
from grader.report.text import escape, is_visible, visible
from grader.report.words import in_order
from grader.results import SCHEMA_VERSION, SubmissionResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

NOT_GRADED = "~not_graded"
"""What follows the lesson in the name of a record that takes no other one's place."""
ALL = 2
"""What `knows` is of a record that tells all."""
WITHDRAWN = "~withdrawn"
"""What follows the lesson in the name of a record of what is no longer handed in."""

_RESULTS = "results"
_LONGEST = 100  # bytes: room for `.json` and a temporary file's ending under a limit of 255
_MARK = "~"
_ALSO_SAFE = " -_.,@+()'"
_UNUSUAL = re.compile(r"[^\n -~]")
_DEVICES = re.compile(  # names that Windows keeps for itself, whatever their ending
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)


def path_of(folder: Path, student: str, lesson: str) -> Path:
    """Where the record of a student's lesson stands, below `folder` whatever the names are.

    A name that is no safe name of a file keeps its safe characters and gets a `~` and a hash of the
    whole, so that two students never share a record.
    """
    return folder / _RESULTS / safe_name(student) / f"{safe_name(lesson)}.json"


def write(result: SubmissionResult, folder: Path, document: str = "") -> Path:
    """Put a record in its place, at once or not at all: a reader never sees half of one.

    A mark that a student has is never lost for something that brings none. Where the record that
    stands there knows more (it was graded, and now the notebook is refused or the fault is ours),
    it stays, and the new one is put beside it, with NOT_GRADED in its name; that one goes when
    there is a better record. Returns where the new record stands.

    `document` is what `document_of` made of it, where that is known. Raises UsageError where the
    record of another student stands there already, which happens where a file system takes `Ana`
    and `ana` for one name.
    """
    path = path_of(folder, result.student, result.lesson)
    beside = path.with_name(f"{path.stem}{NOT_GRADED}.json")
    document = document or document_of(result)
    there = _bytes_of(path)
    if there == document.encode():  # it says whose it is, and knows as much
        beside.unlink(missing_ok=True)
        _withdrawn(path).unlink(missing_ok=True)
        return path
    earlier = _standing(there)
    if earlier is not None and (earlier.student, earlier.lesson) != _owner_in(document):
        raise UsageError(
            f"Each student needs a name of their own. Received: {visible(result.student)!r}, whose "
            f"record would replace another student's at {visible(str(path))}. Rename one of them."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    if earlier is not None and knows(earlier) > knows(result):
        _put(document, beside)
        return beside
    _put(document, path)
    beside.unlink(missing_ok=True)
    _withdrawn(path).unlink(missing_ok=True)
    return path


def withdraw(folder: Path, student: str, lesson: str) -> None:
    """Mark a student's record of a lesson as withdrawn, by its name; it is not read any more."""
    path = path_of(folder, student, lesson)
    if path.exists():
        path.replace(_withdrawn(path))


def _withdrawn(path: Path) -> Path:
    return path.with_name(f"{path.stem}{WITHDRAWN}.json")


def _put(document: str, path: Path) -> None:
    with replacing(path, to_disk=True) as file:
        file.write(document.encode())


def knows(result: SubmissionResult) -> int:
    """How much a record knows: 0, nothing; 1, a part because the fault is ours; ALL (2).

    What knows less never takes the place of what knows more.
    """
    if result.verdict in (Verdict.REJECTED, Verdict.NOT_HANDED_IN):
        return 0
    if result.verdict is Verdict.BROKEN:
        return 1 if any(exercise.score is not None for exercise in result.exercises) else 0
    return ALL


def read_each(paths: Iterable[Path]) -> list[SubmissionResult]:
    """The records at these paths, by student and lesson; UsageError for what cannot be read."""
    return in_order([_read(path) for path in paths])


def read_all(folder: Path) -> list[SubmissionResult]:
    """Every record below `folder`, by student and lesson; none where nothing is graded yet.

    Those that stand beside a better one are left out. Raises UsageError for a folder that is not
    there and for a record that cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(
            f"Name the folder that `grader grade … --to FOLDER` filled. Received: "
            f"{visible(str(folder))}, which is no folder."
        )
    return read_each(_standing_in(folder))


def readable(folder: Path) -> tuple[list[tuple[SubmissionResult, float]], list[str]]:
    """The records below `folder` that can be read, each with its time, and why others cannot.

    The time is that of the file, in seconds since 1970. A folder without records has none.
    """
    found: list[tuple[SubmissionResult, float]] = []
    unreadable: list[str] = []
    for path in _standing_in(folder):
        try:
            found.append((_read(path), path.stat().st_mtime))
        except UsageError as error:
            unreadable.append(str(error))
    return found, unreadable


def _standing_in(folder: Path) -> list[Path]:
    """Where records stand that no better one stands beside."""
    paths = sorted((folder / _RESULTS).glob("*/*.json"))
    return [path for path in paths if not path.stem.endswith((NOT_GRADED, WITHDRAWN))]


def to_json(results: Sequence[SubmissionResult]) -> str:
    """The records as one JSON array, safe to print: invisible characters are escaped in JSON's way.

    `##[` is escaped too: GitHub Actions would read it as a command anywhere in a line.
    """
    documents = (document_of(result).strip().replace("\n", "\n  ") for result in results)
    inside = ",\n  ".join(documents).replace("##[", r"#\u0023[")
    return f"[\n  {inside}\n]\n" if inside else "[]\n"


def safe_name(name: str) -> str:
    """`name` as it may be called in every file system: unchanged if it can, else with a hash."""
    if name and _is_safe(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = (c if _keeps(c) else "_" for c in name[:_LONGEST])
    stem = unicodedata.normalize("NFC", "".join(kept))
    stem = stem.encode()[: _LONGEST - 20].decode(errors="ignore")
    device = "_" if _DEVICES.match(stem) else ""
    return f"{device}{stem.strip(' .') or '_'}{_MARK}{digest}"


def _keeps(character: str) -> bool:
    """Letters with their marks and digits of every script, and what names of files often hold."""
    return unicodedata.category(character)[0] in "LMN" or character in _ALSO_SAFE


def _is_safe(name: str) -> bool:
    """Whether every common file system keeps `name` as it is."""
    return (
        all(map(_keeps, name))
        and name == name.strip(" .")
        and len(name.encode()) <= _LONGEST
        and unicodedata.is_normalized("NFC", name)
        and not _DEVICES.match(name)
    )


def document_of(result: SubmissionResult) -> str:
    """A record as JSON in which only characters that show themselves stand as they are.

    Lone surrogates, which JSON cannot hold, are visible escapes in it.
    """
    try:
        document = result.to_json()
    except PydanticSerializationError:  # a lone surrogate, which no JSON reader takes back
        whole = _without_surrogates(result.model_dump(by_alias=True))
        document = SubmissionResult.model_validate(whole).to_json()
    return _UNUSUAL.sub(_shown, document)


def _shown(found: re.Match[str]) -> str:
    character = found.group()
    return character if is_visible(character) else json.dumps(character)[1:-1]


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(escape(c) if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_without_surrogates(item) for item in value)
    return value


def _bytes_of(path: Path) -> bytes:
    """What stands in a file; nothing where there is none, or none that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _standing(there: bytes) -> SubmissionResult | None:
    """The record that stands in a file; None where there is none that can be read."""
    try:
        result = SubmissionResult.from_json(there)
    except ValidationError:
        return None
    return result if result.schema_version == SCHEMA_VERSION else None


def _owner_in(document: str | bytes) -> tuple[str, str]:
    record = json.loads(document)
    return record["student"], record["lesson"]


def _read(path: Path) -> SubmissionResult:
    place = visible(str(path))
    try:
        result = SubmissionResult.from_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the document"
        reason = f"{at}: {first['msg']}"
        raise UsageError(
            f"A record is what `grader grade` wrote. Received: {place}, in which "
            f"{visible(reason)}. Remove it and grade that submission again."
        ) from error
    except OSError as error:
        raise UsageError(f"The record {place} cannot be read: {visible(str(error))}.") from error
    if result.schema_version != SCHEMA_VERSION:
        raise UsageError(
            f"This version reads records of schema {SCHEMA_VERSION}. Received: schema "
            f"{result.schema_version} in {place}. Grade that submission again."
        )
    return result
