"""Folders that `grader grade … --to FOLDER` filled: nothing in them was handed in by anybody.

A folder is told by its own content, wherever it lies: by records beside a seed, a
gradebook or notebooks that were kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting.files import printable

HANDED_IN = "handed_in"
"""The folder among them that what was in archives is in; it may be named."""

KEPT_NOTEBOOKS = "kept_notebooks"
"""The folder among them that has each notebook as it was graded, named for its hash."""

PAGES_LIST = ".pages.json"
"""What makes a folder one of our pages, wherever it lies and whatever it is called."""

_RESULTS, _SEED, _GRADEBOOK = "results", "seed", "gradebook.sqlite"
_ALL = frozenset({HANDED_IN, KEPT_NOTEBOOKS, _RESULTS, _SEED, _GRADEBOOK, "junit.xml"}) | {
    f"{_GRADEBOOK}-{ending}" for ending in ("wal", "shm", "journal")
}
_KEPT = re.compile(r"[0-9a-f]{64}\.ipynb")
_WORK = (".ipynb", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_LEVELS = 4  # how far above a named folder it is looked for: `graded/results/ana/`


def without_own_output(inside: Sequence[os.DirEntry[str]]) -> list[os.DirEntry[str]] | None:
    """What lies in a folder beside what the grader wrote there; None where it wrote nothing.

    Of what is beside, all is left out unless there is a notebook or an archive in it: whoever
    grades into the folder of a class finds the class there, and whoever keeps a list of marks
    beside the results has handed in nothing.
    """
    if not _is_filled(inside):
        return None
    rest = [entry for entry in inside if entry.name not in _ALL and not _has_pages(entry)]
    return rest if any(map(_holds_work, rest)) else []


def refuse_own_output(path: Path) -> None:
    """UsageError where a folder that was named is one of the grader's own, or lies in one."""
    here = path.resolve()
    for folder in (here, *here.parents[: _LEVELS - 1]):
        below = here.relative_to(folder).parts
        if below[:1] == (HANDED_IN,):
            return
        rest = without_own_output(_inside(folder))
        if rest is not None and (below[0] in _ALL if below else not rest):
            raise UsageError(_refused(path, here, folder))


def _refused(path: Path, here: Path, folder: Path) -> str:
    unpacked = folder / HANDED_IN
    above = Path(os.path.relpath(folder, here))
    shown = printable(os.path.normpath(path / above / HANDED_IN))
    also = f" What was in archives lies in {shown}, too." if unpacked.is_dir() else ""
    return (
        f"A folder of submissions holds what students handed in. Received: {printable(str(path))}, "
        f"which `grader grade` wrote. Name the folder or the archive that was graded.{also}"
    )


def _is_filled(inside: Sequence[os.DirEntry[str]]) -> bool:
    """Whether these are in a folder that the grader filled, or began to fill."""
    kinds = {
        entry.name: entry.is_dir(follow_symlinks=False)
        for entry in inside
        if entry.name in _ALL and not entry.is_symlink()
    }
    if kinds.get(KEPT_NOTEBOOKS) and not all(map(_is_kept, _inside_of(inside, KEPT_NOTEBOOKS))):
        del kinds[KEPT_NOTEBOOKS]  # tells nothing; what else is here may
    # The seed and the gradebook may be elsewhere, and told in options.
    if not kinds.get(KEPT_NOTEBOOKS) and kinds.get(_SEED, True) and kinds.get(_GRADEBOOK, True):
        return False
    if kinds.get(_RESULTS) and not all(map(_is_record_folder, _inside_of(inside, _RESULTS))):
        return False
    own = (_RESULTS, _SEED, _GRADEBOOK, HANDED_IN, KEPT_NOTEBOOKS)
    return sum(name in kinds for name in own) > 1 or {*kinds} == {entry.name for entry in inside}


def _inside_of(inside: Iterable[os.DirEntry[str]], name: str) -> Iterator[os.DirEntry[str]]:
    return (each for entry in inside if entry.name == name for each in _inside(entry.path))


def _is_kept(entry: os.DirEntry[str]) -> bool:
    """Whether it may be a notebook that was kept, or half of one."""
    return _KEPT.fullmatch(entry.name) is not None or entry.name.startswith(".")


def _is_record_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it may be the folder of a student's records: nothing else is in it."""
    if not entry.is_dir(follow_symlinks=False):
        return entry.name.startswith(".")
    names = [each.name for each in _inside(entry.path)]
    return all(name.endswith(".json") or name.startswith(".") for name in names)


def _inside(folder: str | Path) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing where nobody can look into it."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # whoever looks into it for what was handed in says so
        return []


def _has_pages(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and (Path(entry.path) / PAGES_LIST).is_file()


def _holds_work(entry: os.DirEntry[str]) -> bool:
    """Whether it is, or holds, what may have been handed in."""
    if entry.is_symlink() or not entry.is_dir(follow_symlinks=False):
        return entry.name.lower().endswith(_WORK)
    names = (name for _, _, files in os.walk(entry.path) for name in files)
    return any(name.lower().endswith(_WORK) for name in names)
