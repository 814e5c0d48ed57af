"""What a submission may take from the machine, and what its student reads when it takes more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import ForkServerDied
from grader.grading.collecting.submissions import Submission
from grader.grading.execute import Ending, Kernel
from grader.grading.grade import grade
from grader.kernel import memory
from grader.kernel.limits import MIB, KernelLimits, Limits
from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.warm import ForkedKernel, KernelForkServer
from grader.results import SubmissionResult, Verdict
from tests.notebooks import POINTS, RIGHT, Cell, cells_of, write_notebook

pytestmark = pytest.mark.kernel

SMALL = KernelLimits(memory=400 * MIB, output=2 * MIB)
FULL = sum(POINTS.values())

AT_ONCE = "import numpy as np\nheld = np.ones(700 * 2**20, 'u1')"
GRADUALLY = (
    "import time\nheld = []\n"
    "for _ in range(70):\n    held.append(b'x' * (10 * 2**20))\n    time.sleep(0.005)"
)
MANY_PROCESSES = (
    "import os, time\nchildren = []\n"
    "for _ in range(7):\n"
    "    if os.fork() == 0:\n"
    "        held = b'x' * (100 * 2**20)\n        time.sleep(4)\n        os._exit(0)\n"
    "time.sleep(3)"
)
MEMORY_FILE = (
    "import os, time\nhidden = os.memfd_create('hidden')\n"
    "for _ in range(200):\n    os.write(hidden, b'x' * 2**20)\n"
    "held = b'x' * (250 * 2**20)\ntime.sleep(1)"
)
IN_TMP = (
    "import time\nfor number in range(2):\n"
    "    open(f'/tmp/{number}', 'wb').write(b'x' * (110 * 2**20))\n"
    "held = b'x' * (250 * 2**20)\ntime.sleep(1)"
)
HOGS = {
    "at once": AT_ONCE,
    "gradually": GRADUALLY,
    "in many processes": MANY_PROCESSES,
    "in a memfd": MEMORY_FILE,
    "in files of /tmp": IN_TMP,
}


@pytest.fixture(scope="module")
def server() -> Iterator[KernelForkServer]:
    """A fork server whose kernels may take 400 MiB and publish 2 MiB a cell."""
    made = KernelForkServer(limits=SMALL)
    yield made
    made.close()


@pytest.fixture(params=["control group", "watch"])
def counting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two ways to count; the watch is what machines have where no group can be made."""
    way: str = request.param
    if way == "watch":
        monkeypatch.setattr(memory, "group_place", lambda: None)
    elif memory.group_place() is None:
        pytest.fail("No control group for memory can be made here: run as root, or delegate one.")
    return way


def graded(server: KernelForkServer, path: Path, cells: list[Cell]) -> SubmissionResult:
    """What comes of grading a notebook of these cells."""
    return grade(
        Submission("ana", write_notebook(path / "work.ipynb", cells)),
        secret=b"a secret for tests",
        limits=Limits(8.0, 60.0, SMALL),
        kernels=KernelsOfForkServer(server),
    )


@pytest.mark.parametrize("hog", HOGS)
def test_memory_counts_over_all_that_a_submission_does(
    server: KernelForkServer, counting: str, hog: str
) -> None:
    """However a cell takes more than its memory, it is ended, and the grader knows why."""
    assert counting
    limits = Limits(8.0, 60.0, SMALL)
    kernels = KernelsOfForkServer(server)
    with Kernel(cell_seconds=8, kernels=kernels, limits=limits.kernel) as kernel:
        outcome = kernel.run(HOGS[hog])
        assert outcome.ending is Ending.LOST
        assert "more than 0.390625 GiB" in str(outcome.lost)
        kernel.restart()
        assert kernel.run("6 * 7").ending is Ending.DONE


def test_memory_below_the_limit_is_nobodys_business(
    server: KernelForkServer, counting: str
) -> None:
    """Two processes that share what they have are not counted twice."""
    assert counting
    source = (
        "import os, time\nheld = b'x' * (250 * 2**20)\n"
        "for _ in range(3):\n    if os.fork() == 0:\n        time.sleep(1)\n        os._exit(0)\n"
        "time.sleep(1)"
    )
    kernels = KernelsOfForkServer(server)
    with Kernel(cell_seconds=8, kernels=kernels, limits=SMALL) as kernel:
        assert kernel.run(source).ending is Ending.DONE


def test_a_cell_that_takes_too_much_memory_costs_its_exercise(
    server: KernelForkServer, tmp_path: Path
) -> None:
    """The verdict is memory, with the amount; the exercise before and the one after stand."""
    greedy = f"{AT_ONCE}\ndef feature_map_size(image_size, kernel_size): return 1"
    cells: list[Cell] = [
        ("patch_response", RIGHT["patch_response"]),
        ("feature_map_size", greedy),
        "later = 1",
    ]
    result = graded(server, tmp_path, cells)
    verdicts = {exercise.id: exercise for exercise in result.exercises}
    assert verdicts["patch_response"].verdict is Verdict.PASSED
    assert verdicts["feature_map_size"].verdict is Verdict.MEMORY
    message = verdicts["feature_map_size"].message
    assert "cell 2 (`import numpy as np`) took more than 0.390625 GiB" in message


def test_an_array_beyond_all_bounds_is_a_memory_error(
    server: KernelForkServer, tmp_path: Path
) -> None:
    """An array that cannot be had at all is Python's own error, and the kernel goes on."""
    greedy = "import numpy as np\ndef feature_map_size(i, k):\n    return np.ones((10**6, 10**6))"
    result = graded(server, tmp_path, [("feature_map_size", greedy)])
    exercise = next(e for e in result.exercises if e.id == "feature_map_size")
    assert exercise.verdict is Verdict.MEMORY
    assert "7.28 TiB" in exercise.message


def test_a_cell_that_prints_without_end_is_stopped(
    server: KernelForkServer, tmp_path: Path
) -> None:
    """The verdict is output limit, long before the time limit, and the kernel lives on."""
    talkative = (
        "def feature_map_size(image_size, kernel_size): return 1\n"
        "while True: print('x' * 100)\n"
        "def feature_map_size(image_size, kernel_size): return image_size - kernel_size + 1"
    )
    cells: list[Cell] = [("feature_map_size", talkative), *cells_of(RIGHT)[:1]]
    with Kernel(cell_seconds=8, kernels=KernelsOfForkServer(server), limits=SMALL) as kernel:
        kernel.run("kept = 1")
        outcome = kernel.run("while True: print('x' * 100)")
        assert "printed or drew more than 2 MiB" in str(outcome.lost)
        assert kernel.run("kept").ending is Ending.DONE
    result = graded(server, tmp_path, cells)
    verdicts = {exercise.id: exercise.verdict for exercise in result.exercises}
    assert verdicts["patch_response"] is Verdict.PASSED


def test_a_crash_names_its_signal(server: KernelForkServer, tmp_path: Path) -> None:
    """A student who crashes the process reads how it ended; so does one who leaves it."""
    ends = {
        "import ctypes; ctypes.string_at(0)": "SIGSEGV",
        "import os; os.abort()": "SIGABRT",
        "import os; os._exit(3)": "exit status 3",
    }
    for source, said in ends.items():
        source += "\ndef feature_map_size(image_size, kernel_size): return 1"
        result = graded(server, tmp_path, [("feature_map_size", source)])
        exercise = next(e for e in result.exercises if e.id == "feature_map_size")
        assert exercise.verdict is Verdict.CRASHED
        assert said in exercise.message


def test_groups_are_removed(server: KernelForkServer) -> None:
    """No control group stays behind a kernel."""
    place = memory.group_place()
    assert place is not None
    with Kernel(cell_seconds=3, kernels=KernelsOfForkServer(server)) as kernel:
        kernel.run("1")
        assert list(place.glob(f"grader-{os.getpid()}-*"))
    assert not list(place.glob(f"grader-{os.getpid()}-*"))


def test_shared_memory_counts_when_its_pages_are_let_go(
    server: KernelForkServer, counting: str
) -> None:
    """Shared mappings hold their pages though no process has them in its resident set."""
    assert counting
    source = (
        "import mmap, time\nheld = []\n"
        "for _ in range(8):\n"
        "    one = mmap.mmap(-1, 100 * 2**20)\n"
        "    one.write(b'x' * (100 * 2**20))\n"
        "    one.madvise(mmap.MADV_DONTNEED)\n    held.append(one)\n"
        "time.sleep(1)"
    )
    kernels = KernelsOfForkServer(server)
    with Kernel(cell_seconds=8, kernels=kernels, limits=SMALL) as kernel:
        assert kernel.run(source).ending is Ending.LOST


def test_a_kernel_that_never_starts_is_not_left_behind() -> None:
    """Where a kernel's first process says nothing, it is killed, and no descriptor stays open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with subprocess.Popen(["sleep", "60"]) as silent:
        heard, unsaid = os.pipe()
        os.close(unsaid)
        descriptors = [os.pidfd_open(silent.pid), heard]
        with pytest.raises(ForkServerDied, match="before it was up"):
            ForkedKernel(b'{"kill": 9}', descriptors, SMALL)
        assert silent.wait(5) == -9
    assert len(list(Path("/proc/self/fd").iterdir())) == before
