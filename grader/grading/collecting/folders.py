"""What lies in a folder of submissions: notebooks, other files, links, and what programs left."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.grading.collecting.own_output import without_own_output

SUFFIX = ".ipynb"
# Of programs, not of people; nothing in them was ever handed in.
_TOOLS = re.compile(
    r"""__pycache__ | \.(?:
    git | hg | svn | github | gitlab | devcontainer | vscode | vs | idea | settings | Rproj\.user
    | ipynb_checkpoints | virtual_documents | jupyter | jupyterlab | ipython | nbgrader | quarto
    | local | config | cache | env | envs | virtualenvs | conda | mamba | pixi | uv | npm | yarn
    | keras | kaggle | julia | matplotlib | dvc | tox | nox | eggs | hypothesis | ssh | gnupg
    | (?:pytest|mypy|ruff)_cache | Trash(?:es|-.*)? | recycle | snapshots? | zfs | nfs.* | sync
    | stfolder | dropbox(?:\.cache)? | AppleDouble | TemporaryItems | Spotlight-V100 | fseventsd
    | DocumentRevisions-V100
    | _.* | ~.* | \#.*  # what macOS keeps beside a file, and what editors do
    )""",
    re.VERBOSE,
)
_ENVIRONMENTS = re.compile(
    r"\.?(?:venv|virtualenv)|node_modules|site-packages|dist-packages|__MACOSX"
)
_OF_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
# Left by systems beside what people handed in.
_DEBRIS = re.compile(r"\..*|Thumbs\.db|desktop\.ini|Icon\r", re.IGNORECASE)
_BACKUP = re.compile(
    r"(?:old|older|backup|bak|archived?|previous|copy|copie|copies|kopie|tmp|temp|trash)s?"
    r"(?![a-z])",
    re.IGNORECASE,
)
DEEPEST = 40
"""How many folders may lie in each other."""


@dataclass
class Folder:
    """What was found below a folder.

    `notebooks` are those by their name, `files` whatever else is no system's debris. `links` are
    notebooks, and folders, that are symbolic links: where they lead was not looked at closer than
    to tell files from folders. `environments` are folders of programs that were passed over,
    `closed` those that cannot be looked into, with the reason, `graded` those that the grader
    filled itself, and `bare` those that hold nothing.
    """

    notebooks: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    environments: list[Path] = field(default_factory=list)
    closed: dict[Path, str] = field(default_factory=dict)
    graded: list[Path] = field(default_factory=list)
    bare: list[Path] = field(default_factory=list)

    def count(self) -> int:
        """How many files and links were found so far."""
        return len(self.notebooks) + len(self.files) + len(self.links)


def look_into(root: Path) -> Folder:
    """What lies below `root`, which may be a link itself; no link below it is followed.

    OSError where `root` itself cannot be looked into.
    """
    found = Folder()
    left = [(root, 0)]
    while left:
        folder, depth = left.pop()
        before = found.count()
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if folder == root:
                raise
            found.closed[folder] = error.strerror or type(error).__name__
            continue
        if depth > DEEPEST:
            found.closed[folder] = "Too many folders in each other"
            continue
        if (rest := without_own_output(inside)) is not None:
            found.graded.append(folder)
            inside = rest
        deeper = [(path, depth + 1) for path in _sorted_out(folder, inside, found)]
        left += deeper
        is_bare = rest is None and not deeper and found.count() == before
        if is_bare and folder != root:
            found.bare.append(folder)
    return found


def _sorted_out(folder: Path, inside: list[os.DirEntry[str]], found: Folder) -> Iterator[Path]:
    """Put what lies in a folder where it belongs in `found`; yields the folders to look into."""
    for entry in inside:
        path = folder / entry.name
        if is_tool(entry.name):
            continue
        if entry.is_symlink():
            if _is_notebook(entry.name) or not _leads_to_file(path):
                found.links.append(path)
        elif not entry.is_dir(follow_symlinks=False):
            if _is_notebook(entry.name):
                found.notebooks.append(path)
            elif not _DEBRIS.fullmatch(entry.name):
                found.files.append(path)
        elif is_environment(path):
            found.environments.append(path)
        else:
            if _is_notebook(entry.name) and not _holds_notebook(path):
                found.notebooks.append(path)
            else:
                yield path


def is_tool(name: str) -> bool:
    """Whether a file or folder of this name belongs to a program, and is never handed in."""
    return _TOOLS.fullmatch(name) is not None


def is_backup(folders: tuple[str, ...], name: str) -> bool:
    """Whether a notebook lies, or is named, as something that was put aside."""
    put_aside = any(part.startswith(".") or _BACKUP.match(part) for part in folders)
    return put_aside or name.startswith(".") or name.endswith(f"-checkpoint{SUFFIX}")


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def _holds_notebook(root: Path) -> bool:
    """Whether something below a folder is called a notebook, as deep as anybody looks."""
    left = [(root, 0)]
    while left:
        folder, depth = left.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_notebook(entry.name):
                        return True
                    if depth < DEEPEST and entry.is_dir(follow_symlinks=False):
                        left.append((folder / entry.name, depth + 1))
        except OSError:  # a folder that nobody can look into shows no notebook
            continue
    return False


def is_environment(folder: Path) -> bool:
    """Whether a folder holds an installed Python, or packages of one."""
    named = _ENVIRONMENTS.fullmatch(folder.name) is not None
    return named or any(os.path.lexists(folder / name) for name in _OF_ENVIRONMENTS)


def _leads_to_file(link: Path) -> bool:
    """Whether a link leads to an ordinary file; not one to nowhere, to itself or to a folder."""
    try:
        return stat.S_ISREG(link.stat().st_mode)
    except OSError:
        return False
