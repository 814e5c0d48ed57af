"""What stands in a class now, and the pages made of it: read once, and again when it has changed.

Whoever asks for a page gets it at once, of what was read last. What has changed since is read
beside that, and with it the pages that people look at are made anew before they are replaced.
"""

from __future__ import annotations

import gc
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import monotonic

from grader.errors import UsageError
from grader.gradebook import Gradebook, Standing
from grader.gradebook.keeping import record_in
from grader.pages import class_page, exercise_page, lesson_page, student_page
from grader.pages.addresses import CLASS, of_exercise, of_lesson, of_student
from grader.pages.material import Material
from grader.results import SubmissionResult

_WAITED = 0.1  # seconds that a question waits for what is being read, where that is quick to read
_QUICK = 0.3
_MOST_PAGES = 300
_MADE_AGAIN = 4  # of the pages that were asked for last
_REST = 2.0  # how long is rested after a reading, in times of what it took: others need the machine


@dataclass(frozen=True)
class Spot:
    """What a page is about; what does not matter to it is empty."""

    student: str = ""
    lesson: str = ""
    exercise: str = ""


class Records:
    """Reads stored records, each again only when it has changed; says what cannot be read."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[bytes, SubmissionResult]] = {}
        self.said: list[str] = []

    def begin(self) -> None:
        """Forget what was said of an earlier reading."""
        self.said = []

    def read(self, document: str, student: str, lesson: str) -> SubmissionResult | None:
        """Called with each stored record; None for one that was damaged."""
        digest = hashlib.blake2b(document.encode(), digest_size=16).digest()
        known = self._known.get((student, lesson))
        if known is not None and known[0] == digest:
            return known[1]
        try:
            result = record_in(document, student, lesson)
        except UsageError as error:
            self.said.append(str(error))
            return None
        self._known[student, lesson] = (digest, result)
        return result


@dataclass(frozen=True)
class Made:
    """A page, and a short text that is another one for every other page."""

    html: str
    digest: str


@dataclass
class Snapshot:
    """What stood at one moment; `said` is what of it cannot be read."""

    version: Hashable
    material: Material
    said: tuple[str, ...] = ()
    _pages: OrderedDict[str, Made] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def spots(self) -> Mapping[str, Spot]:
        """What each page is about, by its address: there are no others."""
        found = {CLASS: Spot()}
        for of in self.material.statistics:
            for each in of.exercises:
                spot = Spot(lesson=of.lesson, exercise=each.id)
                found[of_exercise(of.lesson, each.id)] = spot
        for one in self.material.standings:
            name, lesson = one.person.name, one.lesson
            found[of_student(name)] = Spot(name)
            found[of_lesson(name, lesson)] = Spot(name, lesson)
        return found

    def page(self, address: str) -> Made:
        """The page at an address of `spots`; made when it is asked for first."""
        with self._lock:
            if address in self._pages:
                self._pages.move_to_end(address)
                return self._pages[address]
        html = _made(self.material, self.spots[address])
        made = Made(html, hashlib.blake2b(html.encode(), digest_size=12).hexdigest())
        with self._lock:
            self._pages[address] = made
            while len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
        return made

    def looked_at(self) -> list[str]:
        """The addresses that were asked for last."""
        with self._lock:
            return list(self._pages)[-_MADE_AGAIN:]

    def with_standing(self, standing: Standing) -> Snapshot:
        """The same with another standing of one student's lesson, whose pages are made anew.

        Pages of more than one student are as they were, until all of it is read again.
        """
        material = with_standing(self.material, standing)
        with self._lock:
            kept = [
                (address, made)
                for address, made in self._pages.items()
                if self.spots[address].student != standing.person.name
            ]
        found = Snapshot(self.version, material, self.said, OrderedDict(kept))
        if standing.lesson in self.material.by_student.get(standing.person.name, {}):
            found.spots = self.spots  # to find all of them takes longer than a page
        return found


def _made(material: Material, spot: Spot) -> str:
    if spot.exercise:
        return exercise_page.page(material, spot.lesson, spot.exercise, live=True)
    if spot.lesson:
        return lesson_page.page(material, spot.student, spot.lesson, live=True)
    if spot.student:
        return student_page.page(material, spot.student, live=True)
    return class_page.page(material, live=True)


class Shelf:
    """Has the newest `Snapshot` of a class; call `close` at the end. Used from several threads."""

    def __init__(self, folder: Path, book: Gradebook) -> None:
        self.folder = folder
        self._book = book
        self._records = Records()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="shelf")
        self._reading: Future[None] | None = None
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._put: list[Standing] = []
        self._not_before = self._took = 0.0
        began, version = monotonic(), book.version()
        self._snapshot = Snapshot(version, self._read(), tuple(self._records.said))
        self._took = monotonic() - began
        self._snapshot.page(CLASS)
        self._readers.submit(self._make_ahead)

    def close(self) -> None:
        """Wait for what is being read, and read no more."""
        self._readers.shutdown(cancel_futures=True)

    def present(self) -> Snapshot:
        """What stands: as it is now, or where that takes long to read, as it was a moment ago.

        UsageError where the gradebook cannot be read any more.
        """
        with self._asking:
            version = self._book.version()
        with self._lock:
            if self._reading is not None and self._reading.done():
                reading, self._reading = self._reading, None
                reading.result()
            rested = monotonic() >= self._not_before
            if version != self._snapshot.version and self._reading is None and rested:
                self._reading = self._readers.submit(self._renew, version)
            reading_now = self._reading
        if reading_now is not None and self._took < _QUICK:
            wait([reading_now], timeout=_WAITED)
        return self._snapshot

    def put(self, standing: Standing) -> None:
        """Show at once what a decision of a moment ago made of a student's lesson."""
        with self._lock:
            # Its version is an older one, so all of it is read beside this.
            self._snapshot = self._snapshot.with_standing(standing)
            self._put.append(standing)

    def _renew(self, version: Hashable) -> None:
        """Read what stands now, and make anew what people look at."""
        began = monotonic()
        with self._lock:
            before = self._snapshot
            self._put.clear()
        found = Snapshot(version, self._read(), tuple(self._records.said))
        spots = found.spots  # found now, so that nobody waits for it
        for address in before.looked_at():
            if address in spots:
                found.page(address)
        with self._lock:
            for standing in self._put:  # while this was being read
                found = found.with_standing(standing)
            self._snapshot = found
            now = monotonic()
            self._took = now - began
            self._not_before = now + _REST * self._took

    def _make_ahead(self) -> None:
        """Make a page of each kind, and those of all exercises, which take the longest.

        What they are made with takes seconds to load.
        """
        snapshot, kinds = self._snapshot, set[tuple[bool, bool, bool]]()
        for address, spot in snapshot.spots.items():
            kind = (bool(spot.student), bool(spot.lesson), bool(spot.exercise))
            if spot.exercise or kind not in kinds:
                kinds.add(kind)
                snapshot.page(address)

    def _read(self) -> Material:
        self._records.begin()
        found = Material.of(self.folder, self._book, self._records.read)
        # The collector would go through all of it again and again, for seconds in a large class.
        gc.freeze()
        return found


def with_standing(material: Material, standing: Standing) -> Material:
    """The same class with one standing in the place of the one it had, or beside the others."""
    spot = (standing.person.name, standing.lesson)
    others = [one for one in material.standings if (one.person.name, one.lesson) != spot]
    at = next(
        (n for n, one in enumerate(material.standings) if (one.person.name, one.lesson) == spot),
        len(others),
    )
    return replace(material, standings=(*others[:at], standing, *others[at:]))
