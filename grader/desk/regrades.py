"""One hand-in is graded again, while the desk goes on: `grader regrade` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import time

from grader.errors import UsageError
from grader.report.text import visible

_MOST_KEPT = 30
_PATIENCE = 20.0  # seconds that grading may take to stop
_BEGINS = "Grading "
_WHERE = "grader: "


@dataclass(frozen=True)
class Way:
    """How hand-ins of a folder are graded again; see the options of `grader regrade`."""

    folder: Path
    gradebook: str | None = None
    seed: Path | None = None
    isolation: str = "sandbox"
    timeout: int = 20

    def command(self, student: str, lesson: str) -> list[str]:
        """What grades a student's lesson again; it waits for a run that is at work."""
        options = ["--wait", "--isolation", self.isolation, "--timeout", str(self.timeout)]
        if self.gradebook is not None:
            options += ["--gradebook", self.gradebook]
        if self.seed is not None:
            options += ["--seed", str(self.seed)]
        program = [sys.executable, "-m", "grader", "regrade", *options]
        return [*program, "--", str(self.folder), student, lesson]


@dataclass
class Regrade:
    """A student's lesson that is graded again: its state, and what came of it in a sentence.

    `since` is when it began to be graded, in seconds since 1970, or 0.
    """

    number: int
    student: str
    lesson: str
    state: str = "waiting"
    said: str = ""
    since: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "refused")


class Regrades:
    """Grades hand-ins again, one after the other, in the order in which they were asked for."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._asked = SimpleQueue[Regrade | None]()
        self._kept: deque[Regrade] = deque(maxlen=_MOST_KEPT)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="regrades", daemon=True)
        self._thread.start()

    def ask(self, student: str, lesson: str) -> Regrade:
        """Have a lesson graded again; UsageError where that is asked for already."""
        with self._lock:
            for one in self._kept:
                if (one.student, one.lesson) == (student, lesson) and not one.is_over:
                    raise UsageError(
                        f"A lesson is graded once at a time. Received: {visible(lesson)} of "
                        f"{visible(student)}, which waits or is being graded. Look again soon."
                    )
            number = self._kept[-1].number + 1 if self._kept else 1
            asked = Regrade(number, student, lesson)
            self._kept.append(asked)
        self._asked.put(asked)
        return asked

    def all(self) -> list[Regrade]:
        """Those that were asked for, oldest first."""
        with self._lock:
            return list(self._kept)

    def close(self) -> list[Regrade]:
        """Stop; those that were not finished."""
        left = [one for one in self.all() if not one.is_over]
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        self._asked.put(None)
        self._thread.join(_PATIENCE)
        return left

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            try:
                self._grade(asked)
            except OSError as error:
                asked.said = f"It could not be started: {visible(str(error))}."
                asked.state = "refused"

    def _grade(self, asked: Regrade) -> None:
        with self._lock:
            if self._closed:
                return
            process = self._process = subprocess.Popen(
                self._way.command(asked.student, asked.lesson),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=_quiet_environment(),
            )
        with process:
            assert process.stderr is not None
            assert process.stdout is not None
            told = []
            for line in process.stderr:
                if line.startswith(_BEGINS):
                    asked.since, asked.state = time(), "grading"
                else:
                    told.append(line.strip().removeprefix(_WHERE))
            came = process.stdout.read().strip()
        with self._lock:
            self._process = None
        asked.said = " ".join(filter(None, [came, *told])) or f"It ended ({process.returncode})."
        asked.state = "done" if came else "refused"


def _quiet_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
