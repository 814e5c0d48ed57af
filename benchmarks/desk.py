"""How quickly `grader serve` answers a page of a large class: `python -m benchmarks.desk FOLDER`.

FOLDER is what `grader grade examples/class --to FOLDER` filled. Its records are given to as many
students as are asked for, seven lessons each. Then pages of all kinds are asked for, once each and
again; while nothing happens, right after a decision, and while another program keeps results.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from grader.gradebook import gradebook_of
from grader.pages.addresses import CLASS, of_exercise, of_lesson, of_student
from grader.results import SubmissionResult
from tests.pages.desk import Desk, open_desk

_SAMPLES = 40


def filled(examples: Path, to: Path, students: int) -> dict[str, list[str]]:
    """Give the records of the example class to many students; the exercises of each lesson."""
    with gradebook_of(examples) as book:
        found = book.results()
    by_lesson: dict[str, list[SubmissionResult]] = defaultdict(list)
    for one in found:
        by_lesson[one.lesson].append(one)
    (to / "kept_notebooks").symlink_to((examples / "kept_notebooks").resolve())
    with gradebook_of(to, new=True) as book:
        run = book.begin_run("class")
        for number in range(students):
            own = [
                (records[number % len(records)].model_copy(update={"student": _name(number)}))
                for records in by_lesson.values()
            ]
            book.keep_all([(one, f"{number} {one.lesson}") for one in own], run)
    return {
        lesson: sorted({each.id for one in records for each in one.exercises})
        for lesson, records in by_lesson.items()
    }


def _name(number: int) -> str:
    return f"student {number:04}"


def asked(desk: Desk, addresses: Sequence[str]) -> list[float]:
    """How long each answer takes, in seconds."""
    took = []
    for address in addresses:
        began = time.perf_counter()
        answer = desk.ask(f"/{quote(address)}")
        took.append(time.perf_counter() - began)
        assert answer.status == 200, answer
    return took


def tell(what: str, took: Sequence[float]) -> None:
    """One line of what was measured."""
    worst, middle = max(took), statistics.median(took)
    sys.stdout.write(f"{what:48} median {middle:.3f} s, worst {worst:.3f} s of {len(took)}\n")
    sys.stdout.flush()


def measure(desk: Desk, to: Path, exercises: dict[str, list[str]], students: int) -> None:
    """Ask for pages in all states of the desk."""
    draw = random.Random(7)  # noqa: S311 - which pages are asked for
    some = [_name(draw.randrange(students)) for _ in range(_SAMPLES)]
    lessons = [of_lesson(name, draw.choice(list(exercises))) for name in some]
    pages = [of_student(name) for name in some]
    asked(desk, [pages[0], lessons[0]])
    tell("class page", asked(desk, [CLASS] * 10))
    tell("pages of students, for the first time", asked(desk, pages[1:]))
    tell("pages of lessons, for the first time", asked(desk, lessons[1:]))
    tell("pages of students and lessons, again", asked(desk, [*pages, *lessons]))
    of = [of_exercise(lesson, name) for lesson, names in exercises.items() for name in names]
    tell("pages of exercises, for the first time", asked(desk, of))
    tell("pages of exercises, again", asked(desk, of))
    key = desk.key()
    decided = []
    for name in some[:10]:
        began = time.perf_counter()
        answer = desk.send(
            key=key, page=of_student(name), do="override", place="convolution", points="3",
            reason="As an example.",
        )  # fmt: skip
        assert answer.status == 303, answer
        decided.append(time.perf_counter() - began)
        decided += asked(desk, [of_student(name), CLASS])
    tell("a decision, its page, and the class page", decided)
    over = threading.Event()
    program = threading.Thread(target=_keep_on, args=(to, over))
    program.start()
    took = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        took += asked(desk, [CLASS, draw.choice(pages), draw.choice(lessons)])
        time.sleep(0.2)
    over.set()
    program.join()
    tell("pages while results are kept, for a minute", took)


def _keep_on(to: Path, over: threading.Event) -> None:
    """Change a mark twice a second, as another program."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom grader.gradebook import gradebook_of\n"
        "with gradebook_of(Path(sys.argv[1])) as book:\n"
        "    while True:\n"
        "        book.comment('student 0001', 'convolution', 'Hm.', author='me')\n"
        "        time.sleep(0.5)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(to)]) as process:
        over.wait()
        process.kill()


def main() -> None:
    """Make the class, open its desk, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--to", type=Path, help="a class that was made before, or is kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="desk-") as temporary:
        to = options.to or Path(temporary) / "graded"
        to.mkdir(exist_ok=True, parents=True)
        exercises = filled(options.folder, to, options.students)
        began = time.perf_counter()
        with open_desk(to) as desk:
            desk.enter()
            tell("from the command to the address", [time.perf_counter() - began])
            measure(desk, to, exercises, options.students)


if __name__ == "__main__":
    main()
