"""How long the pages of a large class take to write, how large the class page is, and to open.

    python -m benchmarks.pages --students 1000

The class is drawn: each student's exercise is a real result of the example class, or fails with a
misconception of its rubric, some much more frequent than others. Every hand-in has a notebook of
its own. Needs Chromium; some hundred megabytes of the temporary folder are used and freed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from playwright.sync_api import sync_playwright

from grader.gradebook import Gradebook, gradebook_of
from grader.grading.collecting.files import fingerprint
from grader.grading.handed_in_files import path_of
from grader.judging.course import lesson as lesson_called
from grader.judging.course import lesson_names
from grader.pages.material import Material
from grader.pages.site import write_site
from grader.results import (
    CheckResult,
    Diagnosis,
    ExerciseResult,
    HandedIn,
    NotebookFile,
    SubmissionResult,
    Verdict,
)
from tests.pages.example_class import example_notebooks, example_records

SECTIONS = tuple(f"Group {number}" for number in range(1, 9))
_PASSED = 0.78
_MISUNDERSTOOD = 0.6  # of what did not pass
_TOGETHER = 200
_MEGABYTE = 2**20


class DrawnClass:
    """Draws hand-ins from the records of the example class."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        found = [one for one in example_records() if one.exercises]
        self.whole = {one.lesson: one for one in found if one.verdict is Verdict.PASSED}
        self.notebooks = example_notebooks()
        self.failed: dict[str, list[ExerciseResult]] = defaultdict(list)
        for one in found:
            for each in one.exercises:
                if each.verdict is not Verdict.PASSED:
                    self.failed[f"{one.lesson}/{each.id}"].append(each)
        self.checks = [
            check
            for results in self.failed.values()
            for each in results
            for check in each.checks
            if check.received is not None
        ]

    def hand_ins(self, students: int) -> Iterator[tuple[SubmissionResult, bytes]]:
        """All hand-ins of so many students, each with its notebook."""
        for number in range(students):
            student = f"Student {number:04d} {self.random.choice('ABCDEFGHIKLMNOPRSTVW')}."
            section = self.random.choice(SECTIONS)
            able = self.random.gauss(0, 0.12)
            for lesson in lesson_names():
                yield self._hand_in(student, section, lesson, able)

    def _hand_in(
        self, student: str, section: str, lesson: str, able: float
    ) -> tuple[SubmissionResult, bytes]:
        model = self.whole[lesson]
        exercises = tuple(self._exercise(lesson, one, able) for one in model.exercises)
        written = self._notebook(model.notebook.sha256, student)
        passed = all(one.verdict is Verdict.PASSED for one in exercises)
        late = self.random.random() < 0.05
        record = model.model_copy(
            update={
                "student": student,
                "exercises": exercises,
                "verdict": Verdict.PASSED if passed else Verdict.FAILED,
                "notebook": NotebookFile(path=f"{student}.ipynb", sha256=fingerprint(written)),
                "handed_in": HandedIn(section=section, late=late, id=student[8:12]),
            }
        )
        return record, written

    def _notebook(self, sha256: str, student: str) -> bytes:
        """A notebook of one's own: no two students write the same code into their answers."""
        content = json.loads(self.notebooks[sha256])
        number = student.split()[1]
        for cell in content["cells"]:
            if "exercise" in cell["metadata"].get("grader", {}):
                source = "".join(cell["source"])
                cell["source"] = re.sub(r"\b(i|row|image|kernel|total)\b", rf"\1_{number}", source)
        return json.dumps(content).encode()

    def _exercise(self, lesson: str, model: ExerciseResult, able: float) -> ExerciseResult:
        if self.random.random() < _PASSED + able:
            return model
        real = self.failed.get(f"{lesson}/{model.id}", [])
        rubric = lesson_called(lesson).exercise(model.id)
        known = list(rubric.misconceptions) if rubric else []
        if known and self.random.random() < _MISUNDERSTOOD:
            frequent = [1 / (place + 1) for place in range(len(known))]
            [found] = self.random.choices(known, frequent)
            diagnosis = Diagnosis(misconception=found.name, message=found.message)
            return self._failing(model, diagnosis, f"{len(found.name):04x}")
        if real:
            return self.random.choice(real)
        return self._failing(model, None, self.random.choice(("", "f00d", "beef")))

    def _failing(
        self, model: ExerciseResult, diagnosis: Diagnosis | None, computes: str
    ) -> ExerciseResult:
        """The exercise with its last statement not holding, and the values of another one."""
        *rest, last = model.checks
        values = self.random.choice(self.checks)
        call = re.sub(r"^\w+", model.id, values.call)
        wrong = values.model_copy(
            update={
                "name": last.name,
                "statement": last.statement,
                "max_score": last.max_score,
                "call": call,
            }
        )
        checks: tuple[CheckResult, ...] = (*rest, wrong)
        update = {"checks": checks, "diagnosis": diagnosis, "verdict": Verdict.FAILED}
        return model.model_copy(update={**update, "computes": computes})


def fill(folder: Path, book: Gradebook, students: int, seed: int) -> None:
    """Put a drawn class into a folder and its gradebook."""
    run = book.begin_run("class")
    waiting: list[tuple[SubmissionResult, str]] = []
    (path_of(folder, "0" * 64)).parent.mkdir(parents=True)
    for record, notebook in DrawnClass(seed).hand_ins(students):
        path_of(folder, record.notebook.sha256).write_bytes(notebook)
        waiting.append((record, record.notebook.sha256))
        if len(waiting) == _TOGETHER:
            book.keep_all(waiting, run)
            waiting.clear()
    book.keep_all(waiting, run)


def opening_seconds(page_file: Path) -> dict[str, float]:
    """How long Chromium takes until the class page is loaded and painted; of five, the middle."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(page_file.as_uri())
            page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            found.append(
                page.evaluate(
                    "(() => { const at = performance.getEntriesByType('navigation')[0];"
                    "const paint = performance.getEntriesByName('first-contentful-paint')[0];"
                    "return [at.loadEventEnd, paint?.startTime ?? NaN, performance.now()] })()"
                )
            )
            page.close()
        browser.close()
    loaded, painted, ready = sorted(found)[2]
    return {"loaded": loaded / 1000, "first paint": painted / 1000, "idle": ready / 1000}


def main() -> None:
    """Draw a class, write its pages, and say what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write into this folder, and leave it there")
    told = parser.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp(prefix="pages-"))
    try:
        measure(folder / "graded", told.students, told.processes, told.seed)
    finally:
        if told.keep is None:
            shutil.rmtree(folder)


def measure(folder: Path, students: int, processes: int, seed: int) -> None:
    """Print what each step took."""
    with gradebook_of(folder, new=True) as book:
        if not book.current():
            fill(folder, book, students, seed)
        began = perf_counter()
        material = Material.of(folder, book)
    read = perf_counter() - began
    written = write_site(material, folder / "pages", processes=processes)
    whole = perf_counter() - began
    page = folder / "pages" / "index.html"
    sizes = sum(one.stat().st_size for one in (folder / "pages").rglob("*.html"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        f"{students} students with {len(material.results)} hand-ins, {processes} processes",
        f"read: {read:.1f} s; all {written.pages} pages: {whole:.1f} s; {memory:.0f} MB at most",
        f"class page: {page.stat().st_size / _MEGABYTE:.2f} MB; all: {sizes / _MEGABYTE:.0f} MB",
        *(f"class page {what}: {time:.2f} s" for what, time in opening_seconds(page).items()),
        *(f"failed: {one.address}: {one.reason}" for one in written.failures[:5]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
