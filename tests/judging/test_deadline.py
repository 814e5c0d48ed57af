"""Code that does not end is stopped, and nothing else is."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from time import monotonic

import pytest

from grader.judging.deadline import DeadlinePassed, limit


def spin(seconds: float = 5.0) -> None:
    """A loop of Python that goes on for `seconds`."""
    end = monotonic() + seconds
    while monotonic() < end:
        pass


def test_a_block_that_ends_in_time_is_left_alone() -> None:
    """What the block did stands, and nothing is raised afterwards."""
    done = []
    with limit(5.0):
        done.append(True)
    assert done


def test_an_endless_loop_is_stopped() -> None:
    """A loop of Python ends soon after its limit."""
    begun = monotonic()
    with pytest.raises(DeadlinePassed), limit(0.05):
        spin()
    assert monotonic() - begun < 2.0


def stopped(block: Callable[[], None], seconds: float = 0.05) -> bool:
    """Whether `block` was stopped at its limit."""
    try:
        with limit(seconds):
            block()
    except DeadlinePassed:
        return True
    return False


def test_with_the_cpu_as_its_clock_only_computing_counts() -> None:
    """Waiting takes nothing from a block that is limited in CPU seconds; computing does."""
    with limit(0.2, time.process_time):
        time.sleep(0.5)
    with pytest.raises(DeadlinePassed), limit(0.05, time.process_time):
        spin()


def test_a_call_inside_c_is_late_when_it_returns() -> None:
    """A call that Python cannot interrupt goes on to its end, and then has not ended in time."""
    after = []

    def sleeps() -> None:
        time.sleep(0.1)
        spin()
        after.append(True)

    assert stopped(sleeps, 0.02)
    assert not after


def test_code_that_swallows_the_interrupt_is_stopped() -> None:
    """Catching an interrupt or two gains no time worth speaking of."""

    def stubborn() -> None:
        for _ in range(3):
            with contextlib.suppress(Exception, KeyboardInterrupt):
                spin()

    begun = monotonic()
    assert stopped(stubborn)
    assert monotonic() - begun < 2.0


def test_code_that_swallows_and_then_ends_is_late_all_the_same() -> None:
    """A block that catches the interrupt and returns has still not ended in time."""

    def late() -> None:
        with contextlib.suppress(KeyboardInterrupt):
            spin()

    assert stopped(late)


def test_the_blocks_own_exception_comes_through() -> None:
    """What the block raises in time is raised as it is."""
    with pytest.raises(ZeroDivisionError), limit(5.0):
        1 / 0  # noqa: B018


def test_a_persons_interrupt_stays_one() -> None:
    """Ctrl-C before the limit is no deadline, also inside a nested one."""
    with pytest.raises(KeyboardInterrupt), limit(5.0):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), limit(5.0), limit(5.0):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_handled_as_before() -> None:
    """After the block, whoever handled an interrupt handles it again."""
    before = signal.getsignal(signal.SIGINT)
    assert stopped(spin)
    assert signal.getsignal(signal.SIGINT) is before


def test_no_interrupt_arrives_late() -> None:
    """However close the end of a block is to its limit, the code after it is never interrupted."""
    for _ in range(100):
        stopped(lambda: spin(0.002), 0.002)
        spin(0.0005)


def test_no_thread_stays_behind() -> None:
    """The watcher ends with the block that it watches."""
    before = threading.active_count()
    for _ in range(20):
        with limit(60.0):
            pass
    end = monotonic() + 2.0
    while threading.active_count() > before and monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_limits_nest() -> None:
    """The inner limit stops the inner block, and the outer one goes on."""
    with limit(5.0):
        with pytest.raises(DeadlinePassed), limit(0.05):
            spin()
        spin(0.01)
