"""The sandbox around a kernel fork server: what bubblewrap takes away, and what is left to see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path

from grader.errors import UsageError
from grader.kernel.limits import KernelLimits
from grader.kernel.mounted import (
    DATA_VARIABLE,
    PACKAGE,
    ROOMS,
    course_data,
    course_package,
    data_setting,
)

# Where what is visible of the grader and of the course is seen inside.
INSIDE, COURSE_DATA = Path("/opt/grader"), Path("/opt/course/data")

# What programs and libraries of the system need; the Python installation comes on top.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")

# One thread in a fork server: a second one would be missing in every fork.
THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}

# What every kernel finds in its environment, sandboxed or not.
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PIP_NO_INDEX": "1",  # without a network, pip would wait for one
    **THREADS,
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
_NOBODYS = 1_199_999_999  # a user that nothing on a machine belongs to


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
    """The command that runs `inner` in the sandbox.

    No network, no other process, no environment; read-only the system's programs and libraries and
    this Python without the grader; writable a /tmp of `tmp_bytes`. Run by root, no user namespace
    is made: each kernel becomes a user of its own, and a filter keeps it from making one. An
    ordinary user needs a user namespace to build it, and may make no further ones.
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
    # An installed grader, or course, is covered: rubrics and references are not there to be found.
    ours = ("grader", course_package().partition(".")[0])
    for packages in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for installed in (Path(packages) / name for name in ours):
            if installed.is_dir():
                arguments += ["--tmpfs", str(installed)]
    for folder in (INSIDE.parent, INSIDE, COURSE_DATA.parent):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for room in ROOMS:
        arguments += ["--ro-bind", str(PACKAGE / room), str(INSIDE / room)]
    if (data := course_data()) is not None:
        arguments += ["--ro-bind", str(data), str(COURSE_DATA)]
    # The device folder is not for writing either; /dev/shm in it is a file system of its own.
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


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
        DATA_VARIABLE: data_setting(COURSE_DATA if course_data() else None),
        "HOME": "/tmp",  # noqa: S108
        "MPLCONFIGDIR": "/tmp/.matplotlib",  # noqa: S108
        "IPYTHONDIR": "/tmp/.ipython",  # noqa: S108
        "KERAS_HOME": "/tmp/.keras",  # noqa: S108
    }
    return [part for name, value in values.items() for part in ("--setenv", name, value)]


def fork_server_command(
    level: str, control: int, packages: Sequence[str], limits: KernelLimits
) -> list[str]:
    """The command that starts a kernel fork server which serves on the inherited socket `control`.

    It imports `packages` once; every kernel that it forks has these `limits`. At the level
    "sandbox" it stands in one.
    """
    folder = (INSIDE if level == "sandbox" else PACKAGE) / "inside"
    # The folder is put first by hand: -I leaves out the one that a script lies in.
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import fork_server; fork_server.main()"
    )
    settings = {"level": level, "packages": list(packages), "limits": asdict(limits)}
    inner = [sys.executable, "-I", "-c", code, str(control), json.dumps(settings)]
    if level != "sandbox":
        return inner
    return command(bubblewrap(), inner, tmp_bytes=_TEMPLATE_TMP)


def fork_server_environment(level: str) -> dict[str, str] | None:
    """The environment of a fork server's command; None is our own, which bubblewrap clears."""
    if level == "sandbox":
        return None
    return {**ENVIRONMENT, DATA_VARIABLE: data_setting(course_data()), "HOME": str(Path.home())}


def why_no_other_user(private: Iterable[Path]) -> str:
    """What keeps submissions from being graded as another user here; "" if nothing does.

    `private` are files and folders that this other user must not be able to read.
    """
    if os.geteuid() != 0:
        return "Only root can make each submission another user. Run it with sudo."
    for folder in (sys.prefix, sys.base_prefix):
        match _tried_as_nobody(Path(folder)):
            case _Reading.CANNOT_TRY:
                return (
                    "Root may not become another user here: it lacks the capability CAP_SETUID or "
                    "CAP_SETGID. Allow both, as `docker run --cap-add SETUID --cap-add SETGID` "
                    "does."
                )
            case _Reading.REFUSED:
                return (
                    f"Every user must be able to read this Python, in {folder}. Use one that is "
                    f"installed for all."
                )
    for path in private:
        if _tried_as_nobody(path) is not _Reading.REFUSED:
            return f"No other user may read {path}. Run `chmod -R o-rwx {path}`."
    return ""


class _Reading(Enum):
    """What came of reading as a user that nothing belongs to; the values are exit statuses."""

    WORKED = 0
    REFUSED = 1
    CANNOT_TRY = 2


def _tried_as_nobody(path: Path) -> _Reading:
    """Whether a user that nothing belongs to can read `path`: tried, not guessed from its mode."""
    child = os.fork()
    if child == 0:
        # Whatever happens, this process ends here: it must not go on as a second program.
        status = _Reading.CANNOT_TRY
        try:
            os.setgroups([])
            os.setresgid(_NOBODYS, _NOBODYS, _NOBODYS)
            os.setresuid(_NOBODYS, _NOBODYS, _NOBODYS)
            status = _Reading.WORKED if os.access(path, os.R_OK) else _Reading.REFUSED
        finally:
            os._exit(status.value)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return _Reading(ended) if ended >= 0 else _Reading.CANNOT_TRY


def works(seconds: float = 30.0) -> str:
    """What is wrong with the sandbox on this machine, as bubblewrap says it; "" if it works.

    It is tried, and has so many seconds.
    """
    try:
        program = bubblewrap()
    except UsageError as error:
        return str(error)
    try:
        tried = subprocess.run(
            command(program, [sys.executable, "-I", "-c", "pass"], tmp_bytes=2**20),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{program} did not end within {seconds:g} s"
    except OSError as error:
        return f"{program} cannot be run: {error.strerror}"
    if tried.returncode == 0:
        return ""
    return (
        tried.stderr.strip()[:300] or f"{program} said nothing, and ended with {tried.returncode}"
    )
