"""The first process of a submission in the sandbox: a tiny init in namespaces of its own.

A PID namespace and a mount namespace for each kernel: when the init is killed, everything that a
submission started ends with it, and its /tmp is gone.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rights import another_user, drop_privileges, libc, may_be_looked_into, require_success

# Linux's own numbers, from sched.h and sys/mount.h.
_NEW_MOUNTS, _NEW_PIDS = 0x00020000, 0x20000000
_NO_SUID, _NO_DEVICES, _NO_EXEC, _BIND, _RECURSIVE = 2, 4, 8, 4096, 16384

KILL = signal.SIGKILL
"""What ends a submission: with its first process, Linux ends all others of the namespace."""

_FOLDER, _SOCKETS = "/tmp", "/run/kernel"  # noqa: S108 - private to the submission


def prepare() -> str:
    """Make the namespaces, for the next fork to be the first process in them.

    The beginning of the sockets' paths as the grader sees them; PID stands for the first process.
    """
    require_success(libc.unshare(_NEW_MOUNTS | _NEW_PIDS), "unshare")
    return f"/proc/PID/root{_SOCKETS}/k"


def folder(_sockets: str) -> str:
    """The folder that the kernel works in as the grader sees it; PID is the first process."""
    return f"/proc/PID/root{_FOLDER}"


def first_process(
    serve: Callable[[str, str], None], limits: dict[str, int], end: int, _sockets: str
) -> None:
    """Mount, give up every right, fork the kernel, reap; tell over the pipe `end` how it ended."""
    os.setsid()
    files = f"nr_inodes={limits['files']}"
    _mount_tmp(f"size={limits['tmp']},{files}")
    _mount("tmpfs", "/dev/shm", f"size={limits['shm']},{files},mode=1777")  # noqa: S108
    _mount("tmpfs", "/run", f"size=1m,{files},mode=755")
    _mount("proc", "/proc", "")
    user = another_user()
    Path(_SOCKETS).mkdir()
    os.chown(_SOCKETS, user, user if os.geteuid() == 0 else os.getegid())
    drop_privileges(user, network=True)  # there is none in here
    # What went wrong until here is told to the grader; from here on it is student code that talks.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    kernel = os.fork()
    if kernel == 0:
        os.close(end)
        serve(_FOLDER, f"{_SOCKETS}/k")
    # Only now are all processes there that the grader is to guard.
    os.write(end, b"started\n")
    # Student code has the same user: it must reach neither this process's memory nor its pipe.
    may_be_looked_into(yes=False)
    # The grader can signal only this process; what it sends is meant for the kernel.
    signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
    while True:
        pid, status = os.wait()
        if pid == kernel:
            os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)


def _mount_tmp(bounds: str) -> None:
    """A private, bounded /tmp; a Python that lies in the old one is seen in the new one too."""
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    hidden = sorted(Path(path) for path in folders if Path(path).is_relative_to("/tmp"))  # noqa: S108
    aside = [Path("/dev/shm") / str(number) for number in range(len(hidden))]  # noqa: S108
    for folder, place in zip(hidden, aside, strict=True):
        place.mkdir(exist_ok=True)
        require_success(_bind(folder, place), f"bind {folder}")
    _mount("tmpfs", "/tmp", f"{bounds},mode=1777")  # noqa: S108
    for folder, place in zip(hidden, aside, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        require_success(_bind(place, folder), f"bind {folder}")


def _bind(source: Path, target: Path) -> int:
    flags = _BIND | _RECURSIVE
    done: int = libc.mount(bytes(source), bytes(target), None, flags, None)
    return done


def _mount(kind: str, where: str, options: str) -> None:
    flags = _NO_SUID | _NO_DEVICES | (_NO_EXEC if kind == "proc" else 0)
    done = libc.mount(kind.encode(), where.encode(), kind.encode(), flags, options.encode())
    require_success(done, f"mount {where}")
