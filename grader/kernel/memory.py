"""The memory of a submission: all its processes together, and the files that it keeps in memory.

A process's resident set says little: pages shared with the fork server count for nobody, and what
lies in /dev/shm or in a memfd is in no process at all. So a control group counts where one can be
made (Linux then stops the submission at the very page), and a watch adds up what matters where not.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_INTERVAL = 0.05  # seconds between two looks
_numbers = itertools.count()


class MemoryGuard:
    """Ends a submission that takes more than its limit, in bytes; one guard for each kernel.

    `pid` is its first process, `kill` ends it and all others. Nothing of the student's may run in
    there yet.
    """

    def __init__(self, pid: int, kill: Callable[[], None], limit: int) -> None:
        place = group_place()
        self._count = _Group(place, pid, limit) if place else _Sum(pid, limit)
        self._kill = kill
        self._exceeded = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def exceeded(self) -> bool:
        """Whether the submission went over its limit, and was ended for it."""
        return self._exceeded or self._count.is_over()

    def close(self) -> None:
        """Stop guarding; to be called when the submission's processes have been killed."""
        self._done.set()
        self._thread.join()
        self._count.close()

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            if self._count.is_over():
                self._exceeded = True
                self._kill()
                return


def remove_left_groups() -> None:
    """Remove the control groups of graders that were killed before they could."""
    place = group_place()
    for group in place.glob("grader-*-*") if place else ():
        owner = group.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):  # somebody else was faster, or a process is left
                group.rmdir()


def group_place() -> Path | None:
    """The folder in which control groups for memory can be made; None where we may make none."""
    for place in (*_version_1(), *_version_2()):
        if os.access(place, os.W_OK):
            return place
    return None


def _version_1() -> list[Path]:
    mount = _GROUPS / "memory"
    if not (mount / "memory.limit_in_bytes").exists():
        return []
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory" and (mount / path.lstrip("/")).is_dir():
            return [mount / path.lstrip("/"), mount]
    return [mount]


def _version_2() -> list[Path]:
    # Only the root group may hold processes beside groups, and hands memory on to these.
    handed_on = _GROUPS / "cgroup.subtree_control"
    if not handed_on.exists() or "memory" not in handed_on.read_text(encoding="ascii").split():
        return []
    return [_GROUPS]


class _Group:
    """A control group of version 1 or 2: Linux itself counts, and kills one process at the limit.

    Which one it kills is not said; the guard ends the others.
    """

    def __init__(self, place: Path, pid: int, limit: int) -> None:
        self._folder = place / f"grader-{os.getpid()}-{next(_numbers)}"
        self._folder.mkdir()
        if (self._folder / "memory.max").exists():
            self._events = self._folder / "memory.events"
            settings = {"memory.max": limit, "memory.swap.max": 0}
        else:
            self._events = self._folder / "memory.oom_control"
            settings = {"memory.limit_in_bytes": limit, "memory.memsw.limit_in_bytes": limit}
        for name, value in settings.items():
            if (self._folder / name).exists():  # those of swap are missing where there is none
                (self._folder / name).write_text(str(value), encoding="ascii")
        # The first process before its children: what it starts from now on is in the group.
        for member in (pid, *descendants(pid)):
            with contextlib.suppress(ProcessLookupError):
                (self._folder / "cgroup.procs").write_text(str(member), encoding="ascii")

    def is_over(self) -> bool:
        """Whether Linux has killed for want of memory in the group."""
        for line in self._events.read_text(encoding="ascii").splitlines():
            name, count = line.split()
            if name == "oom_kill":
                return int(count) > 0
        return False

    def close(self) -> None:
        """Remove the group, which Linux allows once its last process has gone."""
        for _ in range(200):
            try:
                self._folder.rmdir()
            except OSError:
                time.sleep(0.01)
            else:
                return


class _Sum:
    """Adds up what the processes take: for machines where no control group can be made.

    A submission can go over its limit by what it writes between two sums.
    """

    def __init__(self, pid: int, limit: int) -> None:
        self._pid, self._limit = pid, limit

    def is_over(self) -> bool:
        """Whether the submission takes more than its limit now."""
        # The first sum counts shared pages for every process, so it is never too small; the exact
        # one takes milliseconds for each process.
        return _at_most(self._pid) > self._limit and _taken(self._pid) > self._limit

    def close(self) -> None:
        """Nothing: there is nothing to remove."""


def descendants(pid: int) -> list[int]:
    """The processes that `pid` has started, and those have, and so on."""
    found: list[int] = []
    left = [pid]
    while left:
        parent = left.pop()
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children = (thread / "children").read_text(encoding="ascii").split()
                found += map(int, children)
                left += map(int, children)
    return found


def _at_most(pid: int) -> int:
    """What a tree of processes takes at most, in bytes: read quickly, shared pages many times."""
    members = descendants(pid)
    return sum(map(_in_status, members)) + _in_memory_files(members) + _on_disk(pid)


def _taken(pid: int) -> int:
    """What a tree of processes takes, in bytes: each page that it shares, by its share."""
    members = descendants(pid)
    return sum(map(_proportional, members)) + _in_memory_files(members) + _on_disk(pid)


def _in_status(pid: int) -> int:
    return _sum_of_lines(Path(f"/proc/{pid}/status"), ("RssAnon:",))


def _proportional(pid: int) -> int:
    return _sum_of_lines(Path(f"/proc/{pid}/smaps_rollup"), ("Pss_Anon:",))


def _sum_of_lines(file: Path, names: tuple[str, ...]) -> int:
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:  # the process has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))


def _in_memory_files(members: list[int]) -> int:
    """The bytes in files that exist in memory alone: open ones, and shared mappings.

    A mapping counts with its whole length: what is in its file is in no process's resident set once
    the process has let go of the pages.
    """
    found: dict[str, int] = {}
    for member in members:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{member}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(descriptor.readlink()).startswith("/memfd:"):
                        status = descriptor.stat()
                        key = str(status.st_ino)
                        found[key] = max(found.get(key, 0), status.st_blocks * 512)
            for line in Path(f"/proc/{member}/maps").read_bytes().splitlines():
                if b" /dev/zero (deleted)" in line or b" /memfd:" in line:
                    where, _, _, _, inode, *_ = line.split()
                    first, last = (int(end, 16) for end in where.split(b"-"))
                    key = inode.decode()
                    found[key] = max(found.get(key, 0), last - first)
    return sum(found.values())


def _on_disk(pid: int) -> int:
    """The bytes in the submission's /tmp and /dev/shm, which lie in memory."""
    taken = 0
    for place in ("tmp", "dev/shm"):
        with contextlib.suppress(OSError):
            status = os.statvfs(f"/proc/{pid}/root/{place}")
            taken += (status.f_blocks - status.f_bfree) * status.f_frsize
    return taken
