"""The processes that a test has started, read from /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A running process; `memory` is its resident set in bytes."""

    pid: int
    parent: int
    command: str
    memory: int


def running() -> dict[int, Process]:
    """All processes of this machine, by their number."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            status = (folder / "status").read_text(encoding="utf-8", errors="replace")
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            if fields["State"].split()[0] == "Z":
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            memory = int(fields.get("VmRSS", "0").split()[0]) * 1024
            pid = int(folder.name)
            found[pid] = Process(pid, int(fields["PPid"]), command, memory)
    return found


def descendants(of: int | None = None) -> list[Process]:
    """The processes that this one, or `of`, has started, and those have, and so on."""
    everything = running()
    found: list[Process] = []
    left = [of or os.getpid()]
    while left:
        parent = left.pop()
        children = [process for process in everything.values() if process.parent == parent]
        found += children
        left += [child.pid for child in children]
    return found


@contextmanager
def busy_machine(loops: int = 2) -> Iterator[None]:
    """A machine on which so many other processes compute all the time."""
    command = [sys.executable, "-I", "-S", "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(loops)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
