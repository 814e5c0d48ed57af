"""Student code behind the walls: what it can reach, and what is left of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.grading.collecting.submissions import Submission
from grader.grading.execute import Ending, Kernel
from grader.grading.grade import grade
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import Limits
from grader.kernel.provisioner import KernelsOfForkServer, WarmProvisioner
from grader.kernel.warm import KernelForkServer
from grader.results import SubmissionResult
from tests.grading.test_execute import Asker
from tests.notebooks import POINTS, RIGHT, cells_of, write_notebook

pytestmark = pytest.mark.kernel

COURSE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[KernelForkServer]:
    """A kernel fork server, warm."""
    made = KernelForkServer()
    assert made.wait_until_ready()
    yield made
    made.close()


@pytest.fixture
def kernel(server: KernelForkServer) -> Iterator[Kernel]:
    """A kernel that the fork server forked, whose cells may run for 3 s."""
    with Kernel(cell_seconds=3, kernels=KernelsOfForkServer(server)) as running:
        yield running


def value(kernel: Kernel, source: str) -> Any:
    """What the expression or the last assignment to `found` in `source` gives in the kernel."""
    outcome = kernel.run(source)
    assert outcome.ending is Ending.DONE, outcome
    return Asker(kernel).ask(ask="look", name="found")["value"]


def test_memory_of_a_process_is_bounded(kernel: Kernel) -> None:
    """An array of 6 GiB is a MemoryError in the student's own code, not a dead machine."""
    outcome = kernel.run("import numpy as np\nnp.ones(6 * 2**30, 'u1')")
    assert "MemoryError" in outcome.kind
    assert kernel.run("np.ones(2**28, 'u1')").ending is Ending.DONE


def test_a_forked_kernel_runs_cells_and_answers(kernel: Kernel) -> None:
    """A kernel behind the walls works like any other."""
    kernel.run("import numpy as np\ndef double(x):\n    return 2 * x")
    assert Asker(kernel).call("double", 21)["value"] == 42


def test_an_endless_call_is_interrupted(kernel: Kernel) -> None:
    """The interrupt reaches the kernel through the first process of its namespace."""
    assert kernel.run("while True:\n    pass").ending is Ending.LOST
    assert kernel.alive


def test_kernels_of_one_fork_server_draw_different_numbers(server: KernelForkServer) -> None:
    """What a notebook draws without a seed is not what the one before has drawn."""
    source = "import random, numpy as np\nfound = [random.random(), float(np.random.rand())]"
    drawn = []
    for _ in range(2):
        with Kernel(cell_seconds=3, kernels=KernelsOfForkServer(server)) as kernel:
            drawn.append(value(kernel, source))
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def test_a_kernel_imports_nothing_before_its_first_cell(kernel: Kernel) -> None:
    """Whatever a kernel's start takes, its fork server has imported once for all."""
    # What the fork server had is frozen, and so not among the objects of the collector.
    source = (
        "import gc, sys\n"
        "own = {each.__name__ for each in gc.get_objects() if type(each) is type(sys)}\n"
        "found = sorted((own & set(sys.modules)) - {'__main__'})"
    )
    assert value(kernel, source) == []


def test_there_is_no_network(kernel: Kernel) -> None:
    """A server on this machine's loopback cannot be reached, though it can from outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        socket.create_connection(address, timeout=2).close()
        source = f"import socket\nsocket.create_connection({address!r}, timeout=2)"
        assert kernel.run(source).ending is Ending.RAISED


def test_files_outside_are_not_there(kernel: Kernel, tmp_path: Path) -> None:
    """Neither the course, nor other submissions, nor the user's home are to be seen."""
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    paths = [str(secret), str(COURSE / "solutions"), str(COURSE / "grader"), "/etc/passwd"]
    source = f"import os\nfound = [path for path in {paths!r} if os.path.exists(path)]"
    assert value(kernel, source) == []


def test_the_graders_code_is_not_on_the_disk(server: KernelForkServer) -> None:
    """No file of rubrics, references or solutions can be found by looking everywhere."""
    answers = [path for path in (COURSE / "cnn_course").rglob("*.py") if "data" not in path.parts]
    judging = (COURSE / "grader" / "judging").rglob("*.py")
    secrets = [*answers, *judging, *(COURSE / "solutions").rglob("*.py")]
    assert len(secrets) > 100  # where they stand has not moved
    digests = sorted(
        {hashlib.sha256(p.read_bytes()).hexdigest() for p in secrets if p.stat().st_size}
    )
    source = (
        "import hashlib, os, stat\nfound = []\n"
        "for at, folders, files in os.walk('/'):\n"
        "    folders[:] = [name for name in folders if name not in ('proc', 'sys')]\n"
        "    for name in files:\n"
        "        path = os.path.join(at, name)\n"
        "        if not name.endswith(('.py', '.ipynb', '.txt')) or not os.path.isfile(path):\n"
        "            continue\n"
        "        with open(path, 'rb') as file:\n"
        f"            if hashlib.sha256(file.read()).hexdigest() in {digests!r}:\n"
        "                found.append(path)"
    )
    with Kernel(cell_seconds=120, kernels=KernelsOfForkServer(server)) as kernel:
        assert value(kernel, source) == []


def test_nothing_can_be_written_but_tmp(kernel: Kernel) -> None:
    """The Python installation and the system are read-only."""
    places = [sys.prefix, sys.base_prefix, "/usr", "/opt/grader", "/"]
    source = (
        "found = []\n"
        f"for place in {places!r}:\n"
        "    try:\n"
        "        open(place + '/planted', 'w').close()\n"
        "        found.append(place)\n"
        "    except OSError:\n"
        "        continue"
    )
    assert value(kernel, source) == []


def test_tmp_is_private_and_bounded(server: KernelForkServer) -> None:
    """What one submission writes to /tmp the next one does not see, and it cannot fill the disk."""
    with Kernel(cell_seconds=20, kernels=KernelsOfForkServer(server)) as first:
        source = (
            "open('/tmp/left', 'w').write('x')\nfound = 0\nblock = b'0' * 2**20\n"
            "try:\n"
            "    for number in range(4):\n"
            "        with open(f'/tmp/{number}', 'wb') as file:\n"
            "            for _ in range(200):\n"
            "                found += file.write(block)\n"
            "except OSError:\n"
            "    pass"
        )
        assert value(first, source) <= 256 * 2**20
    with Kernel(cell_seconds=3, kernels=KernelsOfForkServer(server)) as second:
        assert value(second, "import os\nfound = os.path.exists('/tmp/left')") is False


def test_only_its_own_processes_are_seen(kernel: Kernel) -> None:
    """A submission sees its init, its kernel, and what it starts itself."""
    source = "import os\nfound = [int(name) for name in os.listdir('/proc') if name.isdigit()]"
    assert set(value(kernel, source)) <= {1, 2, 3}


def test_it_has_no_rights_and_gets_none(kernel: Kernel) -> None:
    """No capability, no new privileges, and no user namespace to get them in."""
    source = (
        "import subprocess\n"
        "status = open('/proc/self/status').read()\n"
        "tried = subprocess.run(['unshare', '-Ur', 'true'], capture_output=True)\n"
        "kinds = ('CapEff', 'CapPrm', 'CapBnd', 'NoNewP')\n"
        "lines = [line for line in status.split(chr(10)) if line[:6] in kinds]\n"
        "found = [*lines, tried.returncode]"
    )
    *lines, refused = value(kernel, source)
    if os.geteuid() == 0:
        assert all(set(line.split()[1]) == {"0"} for line in lines if line.startswith("Cap"))
    assert all(set(line.split()[1]) == {"0"} for line in lines if line[:6] in ("CapEff", "CapPrm"))
    assert "NoNewPrivs:\t1" in lines
    assert refused != 0


def test_nothing_of_our_environment_comes_in(kernel: Kernel) -> None:
    """The environment holds what we put there, and nothing of this process."""
    found = value(kernel, "import os\nfound = sorted(os.environ)")
    ours = set(os.environ) - {"PATH", "HOME", "LANG", "PWD", "TERM", "COLUMNS", "LINES"}
    assert not ours & {name for name in found if not name.startswith(("TF_", "OPENBLAS", "OMP"))}


def test_what_a_submission_starts_ends_with_it(server: KernelForkServer) -> None:
    """A daemon in a session of its own is gone when its kernel is."""
    mark = f"sleep {3_000 + os.getpid()}"
    with Kernel(cell_seconds=3, kernels=KernelsOfForkServer(server)) as kernel:
        kernel.run(f"import subprocess\nsubprocess.Popen({mark.split()!r}, start_new_session=True)")
        assert _running(mark)
    for _ in range(50):
        if not _running(mark):
            return
        time.sleep(0.1)
    raise AssertionError("a process of the submission is still running")


def _running(command: str) -> bool:
    found = subprocess.run(["pgrep", "-f", f"^{command}$"], capture_output=True, check=False)
    return found.returncode == 0


def test_processes_are_bounded(kernel: Kernel) -> None:
    """A submission cannot start processes without end."""
    source = (
        "import subprocess\nfound = 0\nstarted = []\n"
        "try:\n"
        "    for _ in range(400):\n"
        "        started.append(subprocess.Popen(['sleep', '5']))\n"
        "        found += 1\n"
        "except OSError:\n"
        "    pass\n"
        "for one in started:\n"
        "    one.kill()"
    )
    assert value(kernel, source) < 300


def test_a_record_says_what_was_in_force(server: KernelForkServer, tmp_path: Path) -> None:
    """A submission graded behind the walls earns its points, and its record names the layers."""
    path = write_notebook(tmp_path / "work.ipynb", cells_of(RIGHT))
    result = grade(
        Submission("ana", path),
        secret=b"a secret for tests",
        limits=Limits(3.0, 60.0),
        kernels=KernelsOfForkServer(server),
    )
    assert result.score == sum(POINTS.values())
    assert result.isolation.level == "sandbox"
    assert "network" in result.isolation.layers


def test_a_kernel_is_held_by_its_jupyter_manager_alone(server: KernelForkServer) -> None:
    """Restarted and shut down by Jupyter's own means, no kernel is left, and no descriptor."""
    before = len(list(Path("/proc/self/fd").iterdir()))

    async def lives() -> list[list[bool]]:
        manager, arguments = KernelsOfForkServer(server).manager()
        await manager.start_kernel(**arguments)
        assert isinstance(manager.provisioner, WarmProvisioner)
        first = os.pidfd_open(manager.provisioner.pid or 0)
        await manager.restart_kernel(now=True)
        second = os.pidfd_open(manager.provisioner.pid or 0)
        ended = [bool(select.select([pidfd], [], [], 0)[0]) for pidfd in (first, second)]
        await manager.shutdown_kernel(now=True)
        at_last = [bool(select.select([pidfd], [], [], 5)[0]) for pidfd in (first, second)]
        os.close(first)
        os.close(second)
        return [ended, at_last]

    assert asyncio.run(lives()) == [[True, False], [True, True]]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_record_shows_the_path_that_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge runs in a folder of its own, but its record shows the path as it was written."""
    monkeypatch.chdir(tmp_path)
    paths = [Path("ana/work.ipynb"), Path("ben/link.ipynb")]
    write_notebook(paths[0], cells_of(RIGHT))
    paths[1].parent.mkdir()
    paths[1].symlink_to(tmp_path / paths[0])
    results: list[SubmissionResult] = []
    plan = Plan(b"a secret for tests", Limits(30.0, 300.0))
    grade_all([Submission(path.parts[0], path) for path in paths], plan, results.append)
    assert [result.score for result in results] == [sum(POINTS.values()), 0]
    assert [result.notebook.path for result in results] == [str(path) for path in paths]


def test_a_class_is_graded_behind_walls(tmp_path: Path) -> None:
    """Several submissions share a fork server, and one that kills its kernel harms no other."""
    cells = [cells_of(RIGHT), ["import os\nos._exit(1)", *cells_of(RIGHT)], cells_of(RIGHT)]
    submissions = [
        Submission(str(number), write_notebook(tmp_path / f"{number}.ipynb", own))
        for number, own in enumerate(cells)
    ]
    results: list[SubmissionResult] = []
    plan = Plan(b"a secret for tests", Limits(5.0, 60.0), jobs=1, isolation="sandbox")
    grade_all(submissions, plan, results.append)
    assert [result.score for result in results] == [sum(POINTS.values())] * 3


def test_a_fork_server_that_dies_is_replaced(tmp_path: Path) -> None:
    """A fork server killed in the middle of a submission costs it nothing: it is graded again."""
    slow = "import time\ntime.sleep(2)"
    paths = [write_notebook(tmp_path / f"{n}.ipynb", [slow, *cells_of(RIGHT)]) for n in range(2)]
    results: list[SubmissionResult] = []
    kill = ["pkill", "-9", "-P", str(os.getpid()), "bwrap"]
    timer = threading.Timer(4.0, subprocess.run, [kill], {"check": True})
    timer.start()
    plan = Plan(b"a secret for tests", Limits(5.0, 60.0), jobs=1, isolation="sandbox")
    grade_all([Submission(path.stem, path) for path in paths], plan, results.append)
    timer.join()
    assert [result.score for result in results] == [sum(POINTS.values())] * 2
