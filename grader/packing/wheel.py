"""A wheel of the grader and the course as they are installed here, from a checkout or a wheel.

Services install it. It is made of the files of the packages, so none but what runs here is in it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import UsageError
from grader.kernel.mounted import PACKAGE, course_folder, course_notebooks, course_package
from grader.packing.project import DISTRIBUTION, Project

_WHEEL = "Wheel-Version: 1.0\nGenerator: grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of the times that a zip knows: the same files, the same zip


def wheel() -> tuple[str, bytes]:
    """The name of the wheel, and the wheel; UsageError where the course is not installed."""
    project = Project.here()
    stem = f"{re.sub('[-_.]+', '_', DISTRIBUTION)}-{project.version}"
    info = f"{stem}.dist-info"
    files = dict(_packages())
    files[f"{info}/METADATA"] = project.metadata.encode()
    files[f"{info}/entry_points.txt"] = project.entry_points.encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    record = f"{info}/RECORD"
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[record] = "".join(f"{line}\n" for line in [*lines, f"{record},,"]).encode()
    return f"{stem}-py3-none-any.whl", zipped({name: (files[name], 0o644) for name in files})


def zipped(files: dict[str, tuple[bytes, int]]) -> bytes:
    """A zip of these files, each with its content and its mode; the same files make the same."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for name, (content, mode) in files.items():
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            into.writestr(entry, content)
    return archive.getvalue()


def _packages() -> Iterator[tuple[str, bytes]]:
    """The files of the grader and of the course, by their place below site-packages."""
    course = course_folder()
    if course is None:
        raise UsageError(
            f"A pack holds the course. Received: the package {course_package()!r}, which is not "
            f"installed. Install it, or set GRADER_COURSE to the one that is meant."
        )
    yield from _below(PACKAGE, "grader")
    parts = course_package().split(".")
    place = "/".join(parts)
    for depth in range(1, len(parts)):  # the packages that the course's package lies in
        above = course.parents[len(parts) - depth - 1] / "__init__.py"
        yield (
            "/".join([*parts[:depth], "__init__.py"]),
            above.read_bytes() if above.exists() else b"",
        )
    yield from _below(course, place)
    for notebook in course_notebooks():
        if not notebook.is_relative_to(course):
            yield f"{place}/lessons/{notebook.name}", notebook.read_bytes()


def _below(folder: Path, place: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part in _LEFT_OUT for part in inside.parts):
            yield f"{place}/{inside.as_posix()}", path.read_bytes()


def _digest(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
