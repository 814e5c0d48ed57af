"""How far a long command is: a bar where somebody looks at it, a line now and then in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from grader.cli.app import stderr

if TYPE_CHECKING:
    from rich.console import Console

# Between two lines in a log, in seconds.
_LINE_SECONDS = 30.0
# Of what is running now: how many are named, and how many characters of each.
_MOST_NAMED, _LONGEST_NAME = 4, 20


class Steps:
    """Counts the steps of a long command; calling it makes one step.

    `shown` is called with it at each change, to show it.
    """

    def __init__(self, what: str, total: int, shown: Callable[[Steps], None]) -> None:
        self.what = what
        self.total = total
        self.done = 0
        self._running: list[str] = []
        self._shown = shown

    def begin(self, name: str) -> None:
        """Say that something runs now; the step of the same name ends it."""
        self._running.append(name)
        self._shown(self)

    def __call__(self, name: str | None = None) -> None:
        """Make a step, of what is called `name` if that is given."""
        self.done += 1
        while name in self._running:  # as often as it was begun: it may have been graded twice
            self._running.remove(name)
        self._shown(self)

    @property
    def now(self) -> str:
        """What is running, shortened and harmless: names are of students."""
        from grader.report.text import visible

        names = [
            visible(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")
            for name in dict.fromkeys(self._running)
        ]
        more = f" + {len(names) - _MOST_NAMED}" if len(names) > _MOST_NAMED else ""
        return ", ".join(names[:_MOST_NAMED]) + more


@contextmanager
def progress(
    what: str,
    total: int,
    *,
    quiet: bool,
    console: Console | None = None,
    seconds: float = _LINE_SECONDS,
) -> Iterator[Steps]:
    """Show the steps that are made: how many, how fast, how long it takes yet, and what runs now.

    On standard error: a bar where that is a terminal, otherwise a plain line every so many
    `seconds`, when a step is made. `quiet` shows nothing.
    """
    console = console or stderr()
    if quiet:
        yield Steps(what, total, lambda _steps: None)
    elif console.is_terminal:
        with _bar(what, total, console) as shown:
            yield Steps(what, total, shown)
    else:
        yield Steps(what, total, _Lines(console, seconds))


class _Lines:
    """Writes one line every so many seconds; the rate in it is that since the line before."""

    def __init__(self, console: Console, seconds: float) -> None:
        self._console = console
        self._seconds = seconds
        self._since, self._done = monotonic(), 0

    def __call__(self, steps: Steps) -> None:
        passed = monotonic() - self._since
        if steps.done == self._done or passed < self._seconds:
            return
        a_minute = 60 * (steps.done - self._done) / max(passed, 1e-9)
        left = (steps.total - steps.done) / a_minute
        now = f" Now: {steps.now}." if steps.now else ""
        self._console.print(
            f"{steps.what}: {steps.done:,} of {steps.total:,}, {a_minute:.0f} a minute, "
            f"{_duration(left)} left.{now}",
            markup=False,
            soft_wrap=True,
        )
        self._since, self._done = monotonic(), steps.done


@contextmanager
def _bar(what: str, total: int, console: Console) -> Iterator[Callable[[Steps], None]]:
    """A bar that is gone when it is left."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    class Rate(ProgressColumn):
        """How many steps a minute, once there have been some."""

        def render(self, task: Task) -> str:
            """Called by rich whenever the bar is drawn."""
            return f"{60 * task.speed:.0f} a minute" if task.speed else ""

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Rate(table_column=Column(no_wrap=True)),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
        # Names are no markup. They get what room there is, and are cut off where there is none.
        TextColumn(
            "{task.fields[now]}",
            markup=False,
            style="dim",
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task(what, total=total, now="")
        yield lambda steps: bar.update(task, completed=steps.done, now=steps.now)


def _duration(minutes: float) -> str:
    """A time to go as people say it."""
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        return f"about {minutes:.0f} min"
    return f"about {minutes / 60:.1f} h"
