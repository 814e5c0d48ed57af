"""What grades: the grader's own code, each lesson's rubric, and all packages that are installed.

Where all of that is the same, the same notebook gets the same result; where a part of it is not, a
result that was kept says nothing, and a worker on another machine grades something else.
"""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from grader.errors import UsageError
from grader.judging.course import lesson_names
from grader.kernel.mounted import COURSE_VARIABLE, PACKAGE, course_folder, course_package

# What of the grader has a part in a result; commands, reports and the gradebook have none.
_ROOMS = (
    *("errors.py", "results.py", "crossing", "drawing", "grading", "inside", "judging", "kernel"),
)
# Never read when grading: the compiled form of a source, and the notebooks that students get.
_NO_PART = (".pyc", ".ipynb")
_MOST_NAMED = 3

# To the end of its line, or of the brackets that begin there; a backslash goes on to the next line.
_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b(?:[^\n(\\]|\\\n)*(?:\([^)]*\))?", re.MULTILINE)


@dataclass(frozen=True)
class Environment:
    """What grades: `grader` and each lesson's `rubrics` as hashes of sources, `versions` by name.

    `course` is the name of the course's package. `versions` are those of all that is installed, as
    student code can import any of it.
    """

    course: str
    grader: str
    rubrics: Mapping[str, str]
    versions: Mapping[str, str]

    def difference(self, other: Environment) -> str:
        """How `other` differs, in words such as "keras 3.9.0 instead of 3.10.0"; "" if not."""
        if self.course != other.course:
            return f"the course {other.course!r} instead of {self.course!r}"
        names = sorted({*self.versions, *other.versions}, key=_least_surprising)
        said = [
            f"{name} {other.versions.get(name, 'missing')} instead of "
            f"{self.versions.get(name, 'none at all')}"
            for name in names
            if self.versions.get(name) != other.versions.get(name)
        ]
        if self.grader != other.grader:
            said.insert(0, "other source code of the grader")
        if self.rubrics != other.rubrics:
            said.insert(0, "other rubrics")
        more = f", and {len(said) - _MOST_NAMED} more" if len(said) > _MOST_NAMED else ""
        return ", ".join(said[:_MOST_NAMED]) + more


@cache
def environment() -> Environment:
    """What grades here. Raises UsageError where no course is installed."""
    folder = course_folder()
    if folder is None:
        raise UsageError(
            f"{COURSE_VARIABLE} names an installed package. Received: {course_package()!r}. "
            f"Install the course, or correct the name."
        )
    names = lesson_names()
    return Environment(
        course_package(),
        fingerprint_of_files(
            PACKAGE, (path for room in _ROOMS for path in files_in(PACKAGE / room))
        ),
        {name: fingerprint_of_rubric(folder, name, names) for name in names},
        _versions(),
    )


def fingerprint_of_rubric(course: Path, lesson: str, lessons: Collection[str]) -> str:
    """The hash of what a lesson is judged by, in the folder of the course's package.

    That is its own part, the parts of lessons that it imports from, and what belongs to no lesson.
    """
    parts: dict[str, list[Path]] = {name: [] for name in lessons}
    shared: list[Path] = []
    for path in files_in(course):
        owner = Path(path.relative_to(course).parts[0]).stem
        parts.get(owner, shared).append(path)
    needed, left = {lesson}, [lesson]
    while left:
        used = _lessons_named_in(parts[left.pop()], lessons) - needed
        needed |= used
        left += used
    used_by_all = [path for name in sorted(needed) for path in parts[name]]
    return fingerprint_of_files(course, [*shared, *used_by_all])


def files_in(place: Path) -> Iterator[Path]:
    """The files that a file or a folder stands for when grading, in the order of their names."""
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path.suffix not in _NO_PART and path.is_file():
            yield path


def fingerprint_of_files(folder: Path, paths: Iterable[Path]) -> str:
    """The hash of files below a folder: of their names in it, and of what is in them."""
    whole = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(
            f"{path.relative_to(folder)!s}\0{content}\n".encode("utf-8", "surrogateescape")
        )
    return whole.hexdigest()


def _lessons_named_in(paths: Iterable[Path], lessons: Collection[str]) -> set[str]:
    """The lessons whose names stand in what looks like an import; one too many costs time only."""
    sources = (path.read_text("utf-8", "replace") for path in paths if path.suffix == ".py")
    imports = (found[0] for source in sources for found in _IMPORT.finditer(source))
    return {word for one in imports for word in re.findall(r"\w+", one)} & {*lessons}


def _versions() -> dict[str, str]:
    """The versions of Python, of the kind of machine, and of every package that is installed."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for one in metadata.distributions():
        if (name := one.metadata["Name"]) is not None:
            found.setdefault(name.lower().replace("_", "-"), one.version)
    return found


def _least_surprising(name: str) -> tuple[bool, str]:
    """What is named first where much differs: what people know to matter."""
    known = ("python", "machine", "cnn-course-grader", "keras", "numpy", "tensorflow-cpu")
    return name not in known, name
