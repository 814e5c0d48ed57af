"""A pack laid out on this machine as its service does, and what it runs, run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.views import view


def environment(folder: Path, packed: Path) -> Path:
    """The Python of an environment with the wheel of a pack, as `setup.sh` makes one.

    The packages that the grader needs are those of this environment, which saves downloading
    300 MB. Other users may read it, as they may read what `setup.sh` makes.
    """
    [wheel] = packed.glob("*.whl")
    bare_environment(folder)
    python = folder / "bin" / "python"
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--no-deps", wheel]
    # Else pip sees this environment's grader, and leaves it at that.
    subprocess.run([*install, "--ignore-installed"], check=True)
    return python


def bare_environment(folder: Path) -> None:
    """An environment that has the packages that the grader needs, and not the grader."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    [packages] = (folder / "lib").glob("python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")


def path_with_python(place: Path) -> str:
    """A PATH on which `python` is the one of this environment, as in the image of a pipeline."""
    programs = place / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(Path(sys.base_prefix) / "bin" / Path(sys.executable).name)
    return f"{programs}:{os.environ['PATH']}"


def run(
    command: list[str | Path], at: Path, **variables: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run a command of a pack, as root, where every user may read this Python."""
    setting = [part for name, value in variables.items() for part in ("--setenv", name, str(value))]
    return subprocess.run(
        [*view(), *setting, "--chdir", str(at), *map(str, command)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
