"""The versions of all packages that grading rests on here, for a service to install the same."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader.packing.project import Project


def pins() -> str:
    """A constraints file: what is installed here of what the grader needs, each as `name==version`.

    A package that is needed on other machines only is not in it.
    """
    found: dict[str, str] = {}
    waiting = _applying(Project.here().requirements, frozenset())
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = distribution.version
        new = set(_applying(distribution.requires or [], extras)) - seen
        seen |= new
        waiting += new
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _applying(
    requirements: Iterable[str], extras: frozenset[str]
) -> list[tuple[str, frozenset[str]]]:
    """Names and extras of what is needed on a machine like this one, with these extras."""
    return [
        (canonicalize_name(one.name), frozenset(one.extras))
        for one in map(Requirement, requirements)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in (*extras, ""))
    ]
