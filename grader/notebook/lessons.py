"""The lessons' notebooks, of an installed course or of a checkout, written out to work in."""

from __future__ import annotations

import shutil
from pathlib import Path

from grader.errors import UsageError
from grader.judging.course import files_of_lesson, lesson_names
from grader.kernel.mounted import course_notebooks, course_package


def lesson_notebooks() -> list[Path]:
    """The notebooks of the course, in order; UsageError where there are none.

    An installed course has them in its package, in `lessons`; a checkout beside it.
    """
    if found := course_notebooks():
        return found
    raise UsageError(
        f"A course brings its notebooks along, in a folder `lessons`. Received: none in the "
        f"package {course_package()!r}. Install the course, or run `grader build` in its checkout."
    )


def write_lessons(folder: Path) -> dict[Path, bool]:
    """Copy every notebook to `folder`, with the files that lessons give; by path, whether written.

    A file that is there already is kept as it is: it may be a student's work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for notebook in lesson_notebooks():
        path = folder / notebook.name
        written[path] = not path.exists()
        if written[path]:
            shutil.copyfile(notebook, path)
    for name in lesson_names():
        for place, file in files_of_lesson(name).items():
            path = folder / place
            written[path] = not path.exists()
            if written[path]:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, path)
    return written
