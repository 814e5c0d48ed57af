"""What of the grader and of the course exists beside student code, and all that does."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from grader.inside.launch import DATA_VARIABLE as DATA_VARIABLE

COURSE_VARIABLE = "GRADER_COURSE"
"""The environment variable that names the package of another course."""

PACKAGE = Path(__file__).resolve().parent.parent

ROOMS = ("errors.py", "crossing", "drawing", "inside")
"""What of the package is seen inside a sandbox: these files and folders, and nothing else."""


def course_package() -> str:
    """The package of the course: this project's, or the one that GRADER_COURSE names."""
    return os.environ.get(COURSE_VARIABLE, "cnn_course")


def course_folder() -> Path | None:
    """The folder of the course's package; None where it is not installed."""
    try:
        found = importlib.util.find_spec(course_package())
    except ModuleNotFoundError:
        return None
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])


def course_data() -> Path | None:
    """The folder `data` of the course, which its notebooks may import; None if it has none."""
    folder = course_folder()
    return folder / "data" if folder is not None and (folder / "data").is_dir() else None


def course_notebooks() -> list[Path]:
    """The notebooks that students begin with, in order; empty where the course brings none.

    An installed course has them in its package, in `lessons`; a checkout beside it.
    """
    folder = course_folder()
    places = [] if folder is None else [folder / "lessons", folder.parent / "lessons"]
    found = (sorted(place.glob("*.ipynb")) for place in places)
    return next(filter(None, found), [])


def data_setting(folder: Path | None) -> str:
    """What DATA_VARIABLE says where the course's data is seen in `folder`."""
    return f"{course_package()}={folder or ''}"
