"""What the grader's own project says of itself: version, requirements, commands.

In a checkout it is read off pyproject.toml, as what pip noted of a checkout is as old as the last
time that it was installed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import grader
from grader.kernel.mounted import PACKAGE

DISTRIBUTION = "cnn-course-grader"


@dataclass(frozen=True)
class Project:
    """The project: which Python and packages it needs, and its entry points as pip keeps them."""

    version: str
    python: str
    requirements: tuple[str, ...]
    entry_points: str

    @classmethod
    def here(cls) -> Project:
        """The one that is running: of a checkout, or as it was installed."""
        told = PACKAGE.parent / "pyproject.toml"
        if told.is_file():
            project = tomllib.loads(told.read_text(encoding="utf-8")).get("project", {})
            if project.get("name") == DISTRIBUTION:
                return cls._of_checkout(project)
        installed = metadata.distribution(DISTRIBUTION)
        return cls(
            installed.version,
            installed.metadata["Requires-Python"] or "",
            tuple(each for each in installed.requires or () if "extra ==" not in each),
            installed.read_text("entry_points.txt") or "",
        )

    @classmethod
    def _of_checkout(cls, project: dict[str, Any]) -> Project:
        groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
        return cls(
            grader.__version__,
            project["requires-python"],
            tuple(project["dependencies"]),
            "\n".join(line for group in groups.items() for line in _lines(*group)) + "\n",
        )

    @property
    def metadata(self) -> str:
        """What a wheel tells an installer."""
        lines = [f"Name: {DISTRIBUTION}", f"Version: {self.version}"]
        lines += [f"Requires-Python: {self.python}"] if self.python else []
        lines += [f"Requires-Dist: {requirement}" for requirement in self.requirements]
        return "".join(f"{line}\n" for line in ["Metadata-Version: 2.1", *lines])


def _lines(group: str, entries: dict[str, str]) -> Iterator[str]:
    yield f"[{group}]"
    for name, target in entries.items():
        yield f"{name} = {target}"
