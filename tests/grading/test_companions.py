"""Files beside a notebook: which travel with it, and what its code can do with them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.errors import AuthorError
from grader.grading.cluster_worker import _file
from grader.grading.collecting import companions
from grader.grading.collecting.companions import (
    Carried,
    carried,
    companions_hash,
    companions_of,
    parcel,
)
from grader.grading.collecting.submissions import Submission
from grader.grading.execute import Ending, Kernel
from grader.grading.grade import grade
from grader.grading.pool import Plan, grade_all
from grader.judging import course
from grader.kernel.limits import Limits
from grader.kernel.local import Kernels, LocalKernels
from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.warm import KernelForkServer
from grader.results import SubmissionResult, Verdict
from tests.grading.test_execute import Asker
from tests.notebooks import POINTS, RIGHT, Cell, cells_of, write_notebook
from tests.views import COURSE, view

kernel_test = pytest.mark.kernel
FULL = sum(POINTS.values())
LIMITS = Limits(cell=10.0, submission=60.0)

USES_THEM: list[Cell] = [
    "import numpy as np\nfrom own_answers import size\ntable = np.loadtxt('data/prices.csv')",
    ("patch_response", RIGHT["patch_response"]),
    ("feature_map_size", "def feature_map_size(a, b):\n    return size(a, b) * int(table)"),
]
BESIDE = {
    "own_answers.py": b"def size(a, b):\n    return a - b + 1\n",
    "data/prices.csv": b"1.0\n",
}


def student_folder(folder: Path, files: dict[str, bytes], cells: Sequence[Cell]) -> Submission:
    """A student's own folder with a notebook and files beside it, as it is collected."""
    notebook = write_notebook(folder / "01_convolution.ipynb", cells)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Submission(
        folder.name,
        notebook,
        below=folder.parent,
        companions=companions_of(notebook, folder),
    )


def verdict(result: SubmissionResult, exercise: str) -> Verdict:
    """What became of one exercise."""
    return next(found.verdict for found in result.exercises if found.id == exercise)


# -- which files


def test_what_lies_beside_a_notebook_is_found(tmp_path: Path) -> None:
    """Files and folders beside it count; notebooks, hidden files, programs and links do not."""
    files = dict.fromkeys(
        [
            "b.py",
            "a.csv",
            "data/x.npy",
            "data/deep/y.txt",
            "other.ipynb",
            ".env",
            ".git/config",
            "__pycache__/b.pyc",
            "venv/lib/x.py",
            "old/pyvenv.cfg",
            "node_modules/x.js",
        ],
        b"x",
    )
    submission = student_folder(tmp_path / "ana" / "lessons", files, ["x = 1"])
    (tmp_path / "secret.txt").write_text("x")
    (submission.path.parent / "link.txt").symlink_to(tmp_path / "secret.txt")
    (submission.path.parent / "linked").symlink_to(tmp_path)
    os.mkfifo(submission.path.parent / "pipe")
    (tmp_path / "ana" / "above.txt").write_text("x")
    found = companions_of(submission.path, tmp_path / "ana")
    assert list(found) == ["a.csv", "b.py", "data/x.npy", "data/deep/y.txt"]
    assert found["data/x.npy"] == submission.path.parent / "data" / "x.npy"


def test_nothing_is_found_through_a_link_or_outside(tmp_path: Path) -> None:
    """A notebook outside of the student's folder, or reached by a link, has no companions."""
    submission = student_folder(tmp_path / "ana", BESIDE, ["x = 1"])
    (tmp_path / "mallory").mkdir()
    (tmp_path / "mallory" / "hw").symlink_to(tmp_path / "ana")
    assert companions_of(tmp_path / "mallory" / "hw" / "x.ipynb", tmp_path / "mallory") == {}
    assert companions_of(submission.path, tmp_path / "mallory") == {}
    assert list(companions_of(submission.path, tmp_path / "ana")) == [*BESIDE]


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    """Between collecting and grading nothing can be put in a file's place."""
    submission = student_folder(tmp_path / "ana", BESIDE, ["x = 1"])
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    for name in BESIDE:
        submission.companions[name].unlink()
    (tmp_path / "ana" / "own_answers.py").symlink_to(secret)
    shutil.rmtree(tmp_path / "ana" / "data")
    (tmp_path / "ana" / "data").symlink_to(tmp_path)
    (tmp_path / "prices.csv").write_text("do not tell")
    found = carried(submission.companions, tmp_path)
    assert found.files == {}
    assert "could not be read: own_answers.py, data/prices.csv" in found.notes[0]


def test_too_many_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many files, or bytes, the rest is left behind and named; it is not fatal."""
    files = {f"{number:03d}.txt": b"12345678" for number in range(210)}
    submission = student_folder(tmp_path / "ana", files, ["x = 1"])
    found = carried(submission.companions, tmp_path)
    assert list(found.files) == list(files)[:200]
    assert "Left behind: 200.txt" in found.notes[0]
    monkeypatch.setattr(companions, "MOST_BYTES", 20)
    found = carried(submission.companions, tmp_path)
    assert list(found.files) == ["000.txt", "001.txt"]
    assert "and 198 more" in found.notes[0]


def test_of_a_folder_without_end_not_all_is_listed(tmp_path: Path) -> None:
    """A folder of thousands of files costs no more than a thousand names, and that is said."""
    submission = student_folder(tmp_path / "ana", {}, ["x = 1"])
    for number in range(1100):
        (submission.path.parent / f"{number:04d}").touch()
    listed = companions_of(submission.path, tmp_path / "ana")
    assert len(listed) == 1000
    assert carried(listed, tmp_path).notes[0].endswith("There may be more.")


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    """Whoever writes a job, a name with `..` or a root is not carried."""
    (tmp_path / "x").write_text("x")
    names = dict.fromkeys(("../x", "/etc/x", "a/../../x", ""), tmp_path / "x")
    assert carried(names, tmp_path).files == {}


def test_a_lessons_file_takes_the_place_of_a_students(tmp_path: Path) -> None:
    """What a rubric rests on is the lesson's, and the student is told."""
    submission = student_folder(tmp_path / "ana", {"data": b"own", "x.csv": b"own"}, ["x = 1"])
    found = carried(submission.companions, tmp_path, {"data/y.csv": b"its", "x.csv": b"its"})
    assert found.files == {"data/y.csv": b"its", "x.csv": b"its"}
    assert found.notes[0].endswith("beside the notebook: data, x.csv.")


def test_another_machine_carries_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is too large, too many, unreadable or a lesson's, both machines say the same."""
    monkeypatch.setattr(companions, "MOST_BYTES", 10)
    monkeypatch.setattr(companions, "MOST_FILES", 3)
    rng = random.Random(seed := random.randrange(2**32))
    sys.stdout.write(f"seed {seed}\n")
    for number in range(300):
        own, away = tmp_path / str(number) / "own", tmp_path / str(number) / "away"
        own.mkdir(parents=True)
        away.mkdir()
        found = {}
        for name in rng.sample([f"file{n}" for n in range(8)], rng.randrange(8)):
            found[name] = own / name
            if rng.random() < 0.8:
                found[name].write_bytes(rng.randbytes(rng.choice((0, 1, 3, 5, 10, 11, 30))))
            elif rng.random() < 0.5:
                found[name].symlink_to("/there")
        lessons = [rng.sample([f"file{n}" for n in range(8)], rng.randrange(3)) for _ in range(3)]
        written = {}
        for at, (name, content) in enumerate(parcel(found, own, lessons).items()):
            written[name] = _file(away / str(at) / name, content)
        for names in ([], *lessons):
            given = dict.fromkeys(names, b"the lesson's")
            assert carried(written, away, given) == carried(found, own, given)


def test_the_hash_of_companions_is_of_what_they_are(tmp_path: Path) -> None:
    """The same files give the same hash wherever they lie; another name or byte another one."""
    hashes = []
    for number, files in enumerate(
        [
            BESIDE,
            BESIDE,
            {**BESIDE, "a": b""},
            {**BESIDE, "own_answers.py": b"x"},
            {"ab": b"c"},
            {"a": b"bc"},
        ]
    ):
        submission = student_folder(tmp_path / str(number), files, ["x = 1"])
        hashes.append(companions_hash(submission.companions, tmp_path))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5
    assert companions_hash({}, tmp_path) == ""


# -- what code can do with them


@pytest.fixture(scope="module")
def server() -> Iterator[KernelForkServer]:
    """A kernel fork server in the sandbox, warm."""
    made = KernelForkServer()
    assert made.wait_until_ready()
    yield made
    made.close()


def value(kernel: Kernel, source: str) -> Any:
    """What the code gives `found` in the kernel."""
    outcome = kernel.run(source)
    assert outcome.ending is Ending.DONE, outcome
    return Asker(kernel).ask(ask="look", name="found")["value"]


@kernel_test
@pytest.mark.parametrize("level", ["sandbox", "none"])
def test_a_notebook_can_read_them_and_import_them(level: str, server: KernelForkServer) -> None:
    """Modules are imported after what is installed, data is read, in a fresh kernel as well."""
    kernels: Kernels = LocalKernels() if level == "none" else KernelsOfForkServer(server)
    shadows = dict.fromkeys(("scipy.py", "csv.py", "grader.py"), b"raise SystemError('planted')")
    with Kernel(cell_seconds=30, kernels=kernels, beside={**BESIDE, **shadows}) as kernel:
        for _ in range(2):
            source = (
                "import csv, numpy, scipy, own_answers\nfrom grader import check\n"
                "found = [own_answers.size(5, 3), open('data/prices.csv').read()]"
            )
            assert value(kernel, source) == [3, "1.0\n"]
            kernel.restart()


@kernel_test
def test_they_cannot_be_written_or_replaced(server: KernelForkServer) -> None:
    """Files are for reading; new ones may stand beside them."""
    source = """
import os
found = []
for name in ("own_answers.py", "data/prices.csv"):
    for change in (lambda: open(name, "a"), lambda: os.chmod(name, 0o666), lambda: os.remove(name),
                   lambda: os.replace("mine", name)):
        open("mine", "w").close()
        try:
            change()
            found.append(name)
        except PermissionError:
            pass
open("data/mine.csv", "w").write("x")
"""
    with Kernel(cell_seconds=5, kernels=KernelsOfForkServer(server), beside=BESIDE) as kernel:
        if os.geteuid() == 0:  # else the submission is the same user as the grader
            assert value(kernel, source) == []
        assert value(kernel, "found = open('own_answers.py').read()").startswith("def size")


@kernel_test
def test_nothing_else_is_to_be_seen(server: KernelForkServer) -> None:
    """Neither what lies above the notebook's folder is there, nor what another student had."""
    source = "import os\nfound = sorted(n for n in os.listdir('.') if not n.startswith('.'))"
    kernels = KernelsOfForkServer(server)
    with Kernel(cell_seconds=5, kernels=kernels, beside=BESIDE) as kernel:
        own = value(kernel, source)
        assert {"data", "own_answers.py"} <= set(own)
        assert value(kernel, "found = os.path.exists('../01_convolution.ipynb')") is False
    with Kernel(cell_seconds=5, kernels=kernels) as kernel:
        assert value(kernel, source) == [
            name for name in own if name not in BESIDE and name != "data"
        ]


@kernel_test
def test_a_name_that_is_taken_costs_only_that_file(server: KernelForkServer) -> None:
    """What the kernel's own folder holds already stays, and the file is named."""
    beside = {"a": b"", "a/b": b"", "good": b"x"}
    with Kernel(cell_seconds=5, kernels=KernelsOfForkServer(server), beside=beside) as kernel:
        assert kernel.unplaced == ("a/b",)
        assert value(kernel, "found = open('good').read()") == "x"


SCRIPT = """
import os, sys
from grader.grading.execute import Kernel
from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.warm import KernelForkServer
server = KernelForkServer(level=sys.argv[1])
kernels = KernelsOfForkServer(server)
with Kernel(cell_seconds=20, kernels=kernels, beside={"d/x.py": b"y = 1"}) as kernel:
    print(kernel.run("from d.x import y\\nassert open('d/x.py').read() == 'y = 1'"))
    print(kernel.run("open('d/x.py', 'a')").kind)
    print(kernel.run("open('d/own', 'w').close()"))
server.close()
"""


@kernel_test
@pytest.mark.parametrize("how", ["user", "sandbox of an ordinary user"])
def test_other_levels_carry_them_too(how: str) -> None:
    """As another user, and in the sandbox that an ordinary user builds, it is the same."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    if how == "user":
        command = [*view(), sys.executable, "-c", SCRIPT, "user"]
    else:
        command = [sys.executable, "-m", "tests.views", "-c", SCRIPT, "sandbox"]
    done = subprocess.run(command, cwd=COURSE, text=True, capture_output=True, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert "Ending.DONE" in lines[0]
    assert lines[1] == "PermissionError"
    assert "Ending.DONE" in lines[2]


@kernel_test
def test_a_class_is_graded_with_its_files(tmp_path: Path) -> None:
    """As the command grades, each student's code has its own files, whatever they are called."""
    odd = {os.fsdecode(b"data/caf\xe9 \xff.csv"): b"1.0"}
    reads = "import os\ntable = float(open(b'data/caf\\xe9 \\xff.csv').read())"
    submissions = [
        student_folder(tmp_path / "ana", BESIDE, USES_THEM),
        student_folder(tmp_path / "ben", {}, USES_THEM),
        student_folder(
            tmp_path / "cyd",
            {"own_answers.py": BESIDE["own_answers.py"], **odd},
            [reads, "from own_answers import size", *USES_THEM[1:]],
        ),
        student_folder(
            tmp_path / "dea",
            {"numpy.py": b"planted = 1", **{str(number): b"" for number in range(250)}},
            ["import numpy as np\nassert not hasattr(np, 'planted')", *cells_of(RIGHT)],
        ),
    ]
    results: dict[str, SubmissionResult] = {}
    plan = Plan(b"a secret for tests", LIMITS, jobs=1)
    grade_all(submissions, plan, lambda result: results.update({result.student: result}))
    assert {name: result.score for name, result in results.items()} == {
        "ana": FULL,
        "ben": POINTS["patch_response"],
        "cyd": FULL,
        "dea": FULL,
    }
    assert "hand it in beside the notebook" in results["ben"].to_json()
    assert "At most 200 files" in results["dea"].notes[0]
    assert results["ana"].notes == ()


@kernel_test
def test_a_lesson_gives_files_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the folder `files` of a lesson lies beside every notebook of it."""
    root = tmp_path / "course"
    (root / "convolution" / "files" / "data").mkdir(parents=True)
    (root / "convolution" / "files" / "data" / "prices.csv").write_text("1.0")
    (root / "convolution" / "files" / ".hidden").write_text("x")
    monkeypatch.setattr(course, "course_folder", lambda: root)
    assert list(course.files_of_lesson("convolution")) == ["data/prices.csv"]
    cells = [
        "def size(a, b):\n    return a - b + 1",
        str(USES_THEM[0]).replace("from own_answers import size\n", ""),
        *USES_THEM[1:],
    ]
    submission = student_folder(tmp_path / "ana", {}, cells)
    result = grade(submission, secret=b"a secret for tests", limits=LIMITS)
    assert verdict(result, "feature_map_size") is Verdict.PASSED
    monkeypatch.setattr(course, "_MOST_GIVEN", 2)
    with pytest.raises(AuthorError, match="at most"):
        course.given_files("convolution")


def test_without_files_nothing_is_noted(tmp_path: Path) -> None:
    """Most notebooks have no companions, and their records say nothing of it."""
    assert carried({}, tmp_path) == Carried({}, ())
