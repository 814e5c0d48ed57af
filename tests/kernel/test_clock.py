"""Code is given its time on a busy machine, and no more than its time on an idle one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from grader.judging.deadline import DeadlinePassed, limit
from grader.kernel.clock import FairClock, Limit, fair_seconds, slowed_down
from tests.processes import busy_machine


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    """A process that computes for 1 s of its own time, and says so."""
    source = (
        "import time\nprint('ready', flush=True)\nwhile time.process_time() < 1: pass\n"
        "print('done', flush=True)\ntime.sleep(60)"
    )
    command = [sys.executable, "-I", "-S", "-c", source]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_waiting_for_a_processor_does_not_count(child: subprocess.Popen[bytes]) -> None:
    """A second of computing is about a second, however many others compute as well."""
    assert child.stdout is not None
    with busy_machine(2 * (os.cpu_count() or 1)), child:
        child.stdout.readline()
        begun, clock = time.monotonic(), FairClock(child.pid)
        child.stdout.readline()
        had, passed = clock.had(), time.monotonic() - begun
        child.kill()
    assert passed > 1.5
    assert had < 0.5 * passed + 0.6


def test_sleeping_counts() -> None:
    """A process that waits for nothing but time has had all of it."""
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        begun, clock = time.monotonic(), FairClock(sleeper.pid)
        time.sleep(1)
        had, passed = clock.had(), time.monotonic() - begun
        sleeper.kill()
    assert passed - 0.5 < had <= passed


def test_where_nothing_is_told_every_second_counts() -> None:
    """Without a process to look at, the clock is one on the wall."""
    clock = FairClock(None)
    time.sleep(0.2)
    assert clock.had() >= 0.2


def test_a_limit_is_over_when_its_seconds_are() -> None:
    """It is not over before, and it is then, whether or not anybody computes."""
    bounded = Limit(None, 0.3)
    assert not bounded.is_over()
    time.sleep(0.15)
    assert not Limit(None, 60).is_over()
    time.sleep(0.3)
    bounded.is_over()
    time.sleep(0.3)
    assert bounded.is_over()


def test_a_limit_ends_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code whose threads keep each other waiting is stopped all the same."""
    monkeypatch.setattr(FairClock, "had", lambda _: 0.0)
    bounded = Limit(None, 0.2)
    time.sleep(0.5)
    assert not bounded.is_over()
    time.sleep(0.5)
    assert bounded.is_over()


def test_this_process_has_such_a_clock_too() -> None:
    """A loop in this very process is stopped by its own seconds."""

    def loop() -> None:
        with limit(0.2, fair_seconds):
            while True:
                pass

    with pytest.raises(DeadlinePassed):
        loop()


def test_a_busy_machine_slows_work_down_and_an_idle_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits for a processor makes a minute count for less, at most four times less."""
    for tasks, times in ((0.1, 1.0), (1.0, 1.0), (3.0, 3.0), (50.0, 4.0)):
        monkeypatch.setattr(os, "getloadavg", lambda tasks=tasks: (tasks, 0.0, 0.0))
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        assert slowed_down() == times
