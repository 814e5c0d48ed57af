"""The first process of a submission where there are no namespaces: `--isolation user`.

It stays root, runs no student code, and keeps a kernel that is another user: one that nothing
else on the machine runs as, so that all its processes can be found and killed however they hide.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from rights import another_user, drop_privileges, libc

_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")  # noqa: S108 - everybody may write there
_SUBREAPER = 36  # sys/prctl.h

KILL = signal.SIGTERM
"""What ends a submission: its first process kills the others, and must live to do so."""


def prepare() -> str:
    """Make the kernel's folder; the beginning of its sockets' paths, which lie in it."""
    # A Unix socket's path has at most 107 bytes, so the folder lies directly in /tmp.
    return f"{tempfile.mkdtemp(prefix='grader-', dir='/tmp')}/k"


def folder(sockets: str) -> str:
    """The folder that the kernel works in, where its sockets lie too."""
    return str(Path(sockets).parent)


def first_process(
    serve: Callable[[str, str], None], limits: dict[str, int], end: int, sockets: str
) -> None:
    """Fork the kernel as another user, wait for its end or for ours, kill all that it started.

    `limits` are set by `serve`; there is nothing else to bound here. Told over the pipe `end` is
    how the kernel ended; a grader that closes its side of it has ended, and so do we.
    """
    assert limits
    os.setsid()
    place, user = Path(folder(sockets)), another_user()
    os.chown(place, user, user)
    # What the kernel's processes leave behind becomes our child, and is counted with them.
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    kernel = os.fork()
    if kernel == 0:
        os.close(end)
        _become(user, place)
        serve(str(place), sockets)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.signal(signal.SIGTERM, lambda *_: _finish(user, place))
    signal.signal(signal.SIGINT, lambda *_: _interrupt(kernel))
    os.write(end, b"started\n")
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(end, 0)  # reports only that nobody reads at the other side any more
    while True:
        status = _reap(kernel)
        if status is not None:
            os.write(end, str(status).encode())
            _finish(user, place)
        for descriptor, _ in poll.poll():
            if descriptor == end:
                _finish(user, place)
            os.read(woken, 1000)


def _become(user: int, folder: Path) -> None:
    """In the kernel: another user, an environment of its own, nowhere to talk to."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    os.umask(0o077)
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR", "KERAS_HOME"):
        os.environ[name] = str(folder)
    drop_privileges(user, network=False)


def _reap(kernel: int) -> int | None:
    """Bury what has ended; the kernel's exit status once it has."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == kernel:
            return os.waitstatus_to_exitcode(status)
        if pid == 0:
            return None


def _interrupt(kernel: int) -> None:
    os.kill(kernel, signal.SIGINT)


def _nothing(_signal: int, _frame: object) -> None:
    """Wake up the poll."""


def _finish(user: int, folder: Path) -> NoReturn:
    """Kill every process of `user`, remove its folder, end."""
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(signum, signal.SIG_IGN)
    killer = os.fork()
    if killer == 0:
        _kill_all_of(user)
    # Ended children are not kept (SIGCHLD is ignored): being gone is what is waited for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(killer, 0)
    _remove(folder)
    for place in _SHARED:
        _remove_what_belongs_to(user, Path(place))
    os._exit(0)


def _kill_all_of(user: int) -> NoReturn:
    """Kill every process of `user`; they cannot kill this one, whose own user is another."""
    nobody_else = another_user()
    os.setresuid(nobody_else, user, nobody_else)
    with contextlib.suppress(ProcessLookupError):
        for _ in range(1000):
            os.kill(-1, signal.SIGKILL)  # all that we may signal, but not ourselves
            time.sleep(0.001)
    os._exit(0)


def _remove(path: Path) -> None:
    """Remove a file or a folder, however deep that is (`shutil.rmtree` recurses)."""
    subprocess.run(["/bin/rm", "-rf", "--one-file-system", "--", path], check=False)


def _remove_what_belongs_to(user: int, place: Path) -> None:
    """Remove what the submission has put into a folder that all users share."""
    if not place.is_dir():
        return
    for found in os.scandir(place):
        with contextlib.suppress(OSError):
            if found.stat(follow_symlinks=False).st_uid != user:
                continue
            _remove(Path(found.path))
