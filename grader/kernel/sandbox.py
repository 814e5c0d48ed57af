"""The walls around a kernel template: what bubblewrap takes away, and what is left to see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from grader.errors import UsageError

PACKAGE = Path(__file__).resolve().parent.parent

# Where the few modules that answering needs are seen inside, and which they are.
INSIDE = Path("/opt/grader")
MODULES = (
    "errors.py",
    "values.py",
    "drawing.py",
    "kernel/answer.py",
    "kernel/launch.py",
    "kernel/system_calls.py",
    "kernel/template.py",
)

# What programs and libraries of the system need; the Python installation comes on top.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")

# What every kernel finds in its environment, walls or not.
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # One thread in a template: a second one would be missing in every fork.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}

# Everything but a user namespace, in which root could become nobody else.
_AS_ROOT = [
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-uts",
    "--unshare-cgroup-try",
]

_AS_USER = ["--unshare-all", "--unshare-user", "--disable-userns", "--cap-add", "CAP_SYS_ADMIN"]

_TEMPLATE_TMP = 64 * 2**20

LAYERS = (
    "file system",
    "network",
    "processes",
    "environment",
    "capabilities",
    "system calls",
    "disk",
    "memory of each process",
)
MISSING = ("memory of all processes together",)


def bubblewrap() -> str:
    """The path of bubblewrap; UsageError with the command that installs it if there is none."""
    program = shutil.which("bwrap")
    if program is None:
        raise UsageError(
            "Student code is kept away from this machine by bubblewrap. Received: a machine "
            "without it. Run `sudo apt-get install bubblewrap`, or write --isolation none for code "
            "that you would run yourself."
        )
    return program


def command(program: str, inner: list[str], *, tmp_bytes: int) -> list[str]:
    """The command that runs `inner` behind the walls.

    No network, no other process, no environment; read-only the system's programs and libraries and
    this Python without the grader; writable a /tmp of `tmp_bytes`. Run by root, no user namespace
    is made: each kernel becomes a user of its own, and a filter keeps it from making one. An
    ordinary user needs a user namespace to build the walls, and may make no further ones.
    """
    return [
        program,
        *(_AS_ROOT if os.geteuid() == 0 else _AS_USER),
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--hostname",
        "kernel",
        "--chdir",
        "/tmp",  # noqa: S108
        *_mounts(tmp_bytes),
        *_environment(),
        "--",
        *inner,
    ]


def _mounts(tmp_bytes: int) -> list[str]:
    arguments: list[str] = []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in _SETTINGS:
        arguments += ["--ro-bind-try", name, name]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for writable in ("/tmp", "/dev/shm"):  # noqa: S108 - private to the sandbox
        arguments += ["--size", str(tmp_bytes), "--tmpfs", writable]
    arguments += ["--size", str(2**20), "--tmpfs", "/run"]
    # After /tmp, as Python may well lie in there.
    for folder in python_folders():
        # Parents that bubblewrap makes by itself are for root's eyes only.
        for parent in reversed(folder.parents[:-1]):
            arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", str(folder), str(folder)]
    # An installed grader is covered: rubrics and references are not there to be found.
    for packages in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        installed = Path(packages) / "grader"
        if installed.is_dir():
            arguments += ["--tmpfs", str(installed)]
    for folder in (INSIDE.parent, INSIDE, INSIDE / "kernel"):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for module in MODULES:
        arguments += ["--ro-bind", str(PACKAGE / module), str(INSIDE / module)]
    return [*arguments, "--remount-ro", "/"]


def python_folders() -> list[Path]:
    """The folders of this Python that do not lie in /usr: its prefix, and what a venv rests on."""
    folders = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.executable).resolve().parent.parent,
    }
    return sorted(folder for folder in folders if not folder.is_relative_to("/usr"))


def _environment() -> list[str]:
    values = {
        **ENVIRONMENT,
        "HOME": "/tmp",  # noqa: S108
        "MPLCONFIGDIR": "/tmp/.matplotlib",  # noqa: S108
        "IPYTHONDIR": "/tmp/.ipython",  # noqa: S108
        "KERAS_HOME": "/tmp/.keras",  # noqa: S108
    }
    return [part for name, value in values.items() for part in ("--setenv", name, value)]


def template_command(control: int, packages: str) -> list[str]:
    """The command that starts a kernel template which serves on the inherited socket `control`."""
    folder = INSIDE / "kernel"
    # The folder is put first by hand: -I leaves out the one that a script lies in.
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import template; template.main()"
    inner = [sys.executable, "-I", "-c", code, str(control), packages]
    return command(bubblewrap(), inner, tmp_bytes=_TEMPLATE_TMP)


def works() -> str:
    """What is wrong with the sandbox on this machine, as bubblewrap says it; "" if it works."""
    try:
        program = bubblewrap()
    except UsageError as error:
        return str(error)
    tried = subprocess.run(
        command(program, [sys.executable, "-I", "-c", "pass"], tmp_bytes=2**20),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return tried.stderr.strip()[:300] if tried.returncode else ""
