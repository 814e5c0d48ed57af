"""What a record says about how it was made: the versions behind it, and what was kept away."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

from grader.results import Isolation

LAYERS = (
    "file system",
    "network",
    "processes",
    "environment",
    "capabilities",
    "system calls",
    "disk",
    "memory",
    "output",
)
"""What can be kept from student code, or bounded for it, as records and pages name it."""

_KEPT = {
    "sandbox": LAYERS,
    "user": ("network", "environment", "capabilities", "system calls", "memory", "output"),
    "none": ("output",),
}


def isolation(level: str) -> Isolation:
    """What a level of isolation keeps away from the rest of the machine, and what it does not."""
    kept = _KEPT[level]
    return Isolation(
        level=level, layers=kept, missing=tuple(layer for layer in LAYERS if layer not in kept)
    )


@cache
def versions() -> dict[str, str]:
    """The versions of what the results rest on; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in ("cnn-course-grader", "numpy", "keras", "tensorflow-cpu", "tensorflow"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
