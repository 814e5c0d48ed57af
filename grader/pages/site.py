"""All pages of a class in a folder: each one is there as a whole, and what is gone is removed."""

from __future__ import annotations

import errno
import gc
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.files import held, replacing
from grader.grading.collecting.own_output import PAGES_LIST
from grader.pages import addresses, class_page, exercise_page
from grader.pages.material import Material
from grader.pages.templating import render
from grader.report.text import visible

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

_LOCK = ".lock"
_SAID = 300

Job = tuple[str, ...]
"""Pages to make: `()` the class, (lesson, exercise) one exercise, (student,) all of a student."""
Done = tuple[list[str], "list[Failure]"]
"""What came of a job: the addresses that were written, and the pages that could not be made."""


@dataclass(frozen=True)
class Failure:
    """A page that could not be made, for a fault of ours; one that says so stands in its place."""

    address: str
    reason: str


@dataclass(frozen=True)
class Written:
    """What came of writing: how many pages, how many old ones were removed, and what failed."""

    pages: int
    removed: int
    failures: tuple[Failure, ...]


def jobs_of(material: Material) -> list[Job]:
    """All that is to be made of a class; the class page is the first, as it takes longest."""
    exercises = [(one.lesson, each.id) for one in material.statistics for each in one.exercises]
    return [(), *exercises, *((person.name,) for person in material.people)]


def write_site(
    material: Material,
    folder: Path,
    *,
    processes: int = 1,
    on_job: Callable[[], None] = lambda: None,
) -> Written:
    """Write all pages of a class into `folder`; pages of who is gone are removed.

    `on_job` is called after each of `jobs_of`. A page is replaced as a whole, and the class page
    is the last: whoever reads sees no half of one, and no link to one that is not there yet.
    Raises UsageError for a folder that holds anything else than pages of ours, and where another
    process writes into it.
    """
    with _alone_in(folder):
        before = _written_before(folder)
        made: set[str] = set()
        failures: list[Failure] = []
        jobs = jobs_of(material)
        # Should this be interrupted, the next run knows of every page that may be there.
        _put(json.dumps(sorted(before | _addresses(material))), folder / PAGES_LIST)
        for of_job, failed in _made(material, folder, jobs, processes):
            made.update(of_job)
            failures += failed
            on_job()
        _hidden(folder).replace(folder / addresses.CLASS)
        removed = [address for address in sorted(before - made) if _remove(folder, address)]
        _put(json.dumps(sorted(made)), folder / PAGES_LIST)
    return Written(len(made), len(removed), tuple(failures))


def _hidden(folder: Path) -> Path:
    """Where the class page waits until all that it leads to is there."""
    return folder / f".{addresses.CLASS}.tmp"


def _addresses(material: Material) -> set[str]:
    return {address for job in jobs_of(material) for address, _ in _pages(material, job)}


def _pages(material: Material, job: Job) -> Iterator[tuple[str, Callable[[], str]]]:
    """The pages of a job: where each lies, and what makes it."""
    # As long as a command has not asked for pages, nobody waits for what renders notebooks.
    from grader.pages import lesson_page, student_page

    match job:
        case ():
            yield addresses.CLASS, lambda: class_page.page(material)
        case (lesson, exercise):
            where = addresses.of_exercise(lesson, exercise)
            yield where, lambda: exercise_page.page(material, lesson, exercise)
        case _:
            [student] = job
            yield addresses.of_student(student), lambda: student_page.page(material, student)
            for lesson in material.by_student[student]:
                where = addresses.of_lesson(student, lesson)
                yield where, lambda of=lesson: lesson_page.page(material, student, of)  # type: ignore[misc]


def _write(material: Material, folder: Path, job: Job) -> Done:
    """Make and write the pages of a job; one that cannot be made is no trouble of the others."""
    written, failures = [], []
    for address, make in _pages(material, job):
        try:
            html = make()
        except Exception as error:  # noqa: BLE001 - told, with its page; the others go on
            reason = visible(f"{type(error).__name__}: {error}", limit=_SAID)
            failures.append(Failure(address, reason))
            html = render("failed.html.j2", address=address, reason=reason)
        path = folder / address if job else _hidden(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(html, path)
        written.append(address)
    return written, failures


def _made(material: Material, folder: Path, jobs: Sequence[Job], processes: int) -> Iterator[Done]:
    """What came of each job, as they are done, by this process or by several."""
    if processes <= 1:
        for job in jobs:
            yield _write(material, folder, job)
        return
    yield from _made_by_several(material, folder, jobs, processes)


def _made_by_several(
    material: Material, folder: Path, jobs: Sequence[Job], processes: int
) -> Iterator[Done]:
    # Forked, they have the material, and what is computed of it, without it being sent.
    material.prepare()
    gc.collect()
    gc.freeze()  # else the collector writes to all of it in each process, and copies it
    context = multiprocessing.get_context("fork")
    following = context.Value("L", 0)

    def work(sender: Connection[Done | None, None]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the command, which ends them
        while True:
            with following.get_lock():
                number = following.value
                following.value += 1
            if number >= len(jobs):
                sender.send(None)
                return
            sender.send(_write(material, folder, jobs[number]))

    running: dict[Connection[None, Done | None], ForkProcess] = {}
    for _ in range(processes):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(sender,), daemon=True)
        process.start()
        sender.close()
        running[receiver] = process
    try:
        yield from _received(running)
    finally:
        gc.unfreeze()
        for process in running.values():
            process.terminate()


def _received(running: dict[Connection[None, Done | None], ForkProcess]) -> Iterator[Done]:
    """What the processes send, until each has said that it is done; RuntimeError if one dies."""
    while running:
        ready = wait(list(running))
        for receiver in [one for one in running if one in ready]:
            try:
                done = receiver.recv()
            except EOFError:
                running[receiver].join()
                status = running[receiver].exitcode
                raise RuntimeError(f"A process that makes pages ended with {status}.") from None
            if done is None:
                running.pop(receiver).join()
            else:
                yield done


def _put(text: str, path: Path) -> None:
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of the pages; UsageError where it is not ours, or another process has it."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"Pages go into a folder. Received: {visible(str(folder))}, which is a file. Name "
            f"another place with --to."
        )
    there = [one.name for one in folder.iterdir()] if folder.exists() else []
    if PAGES_LIST not in there and any(name != _LOCK for name in there):
        raise UsageError(
            f"Pages go into a folder of their own: a new one, an empty one, or one with pages of "
            f"an earlier `grader report`. Received: {visible(str(folder))}, in which there is "
            f"something else. Name another folder with --to."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as holding:
        try:
            holding.enter_context(held(folder / _LOCK))
        except BlockingIOError as error:
            raise UsageError(
                f"One `grader report` at a time writes into a folder. Received: "
                f"{visible(str(folder))}, into which another one writes. Wait until it has ended, "
                f"or name another folder with --to."
            ) from error
        yield


def _written_before(folder: Path) -> set[str]:
    """The pages that an earlier run wrote; UsageError where its list was damaged."""
    path = folder / PAGES_LIST
    if not path.exists():
        return set()
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise UsageError(
            f"{PAGES_LIST} lists the pages that `grader report` wrote. Received: "
            f"{visible(str(path))}, which was changed. Remove that folder, and write it anew."
        )
    return set(found)


def _remove(folder: Path, address: str) -> bool:
    """Remove a page, and the folder that held nothing else; whether there was one."""
    place = Path(address)
    if place.is_absolute() or ".." in place.parts or place.suffix != ".html":
        return False
    path = folder / place
    if not path.is_file():
        return False
    path.unlink()
    try:
        path.parent.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    return True
