"""This machine as another user may see it: Python and the checkout readable, wherever they lie.

`python -m tests.views ARGUMENTS…` runs this Python with them as an ordinary user. A Python below
/root, or a checkout there, is readable to root only; in a mount namespace of its own the folders
above them are empty ones that everybody may enter.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.kernel.sandbox import bubblewrap, python_folders

COURSE = Path(__file__).resolve().parent.parent
ORDINARY_USER = 65_534  # Debian's nobody


def view(*binds: tuple[Path, Path]) -> list[str]:
    """The beginning of a command that runs in such a view; `binds` are pairs (what, seen where)."""
    command = [bubblewrap(), "--dev-bind", "/", "/"]
    needed = [*python_folders(), COURSE]
    for folder in needed:
        closed = _closed_to_others(folder)
        if closed is not None:
            command += ["--perms", "0755", "--tmpfs", str(closed)]
    for folder in needed:
        # Folders that bubblewrap makes by itself are for root's eyes only.
        for parent in reversed(folder.parents[:-1]):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--bind", str(folder), str(folder)]
    for what, where in binds:
        command += ["--bind", str(what), str(where)]
    return command


def as_ordinary_user(arguments: Sequence[str], home: Path) -> list[str]:
    """The command that runs this Python with `arguments` as an ordinary user."""
    return [
        *view(),
        *("--setenv", "HOME", str(home), "--chdir", str(COURSE)),
        *("setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"),
        *(sys.executable, *arguments),
    ]


def _closed_to_others(folder: Path) -> Path | None:
    """The topmost folder above `folder` that other users may not enter, or None."""
    for parent in reversed(folder.parents):
        if not parent.stat().st_mode & 0o001:
            return parent
    return None


def main() -> None:
    """Run the rest of the command line as an ordinary user."""
    if os.geteuid() != 0:
        raise SystemExit(subprocess.run([sys.executable, *sys.argv[1:]], check=False).returncode)
    with tempfile.TemporaryDirectory(prefix="ordinary-user-") as home:
        os.chown(home, ORDINARY_USER, ORDINARY_USER)
        command = as_ordinary_user(sys.argv[1:], Path(home))
        raise SystemExit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
