"""A class on the workers of a real Dask scheduler: the same records as here, whoever dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest

from grader.errors import UsageError
from grader.grading.cluster import Cluster
from grader.grading.cluster_worker import Task
from grader.grading.collecting.companions import companions_of
from grader.grading.collecting.submissions import Submission
from grader.grading.environment import environment
from grader.grading.handing_on import GradeEach, OnStart, nobody
from grader.grading.pool import Plan, grade_each
from grader.kernel.limits import Limits
from grader.results import HandedIn, SubmissionResult
from tests.notebooks import POINTS, RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.processes import descendants

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

SECRET = b"a secret that nobody may see"
PLAN = Plan(SECRET, Limits(cell=60.0, submission=300.0), jobs=2)
PROGRAMS = Path(sys.executable).parent
SLOW = "import time\ntime.sleep(0.5)"


class Programs:
    """A scheduler and its workers, as processes that speak TLS; logs and keys lie in `folder`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        self._files = {"key": str(key), "cert": str(certificate)}
        self.tls = {"distributed.comm.tls.ca-file": str(certificate)}
        for role in ("client", "scheduler", "worker"):
            for kind, path in self._files.items():
                self.tls[f"distributed.comm.tls.{role}.{kind}"] = path
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=us"]
        command = ["openssl", *request, "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        told = folder / "scheduler.json"
        where = ["--host", "tls://127.0.0.1", "--port", "0", "--scheduler-file", str(told)]
        where += ["--dashboard-address", "127.0.0.1:0"]
        self.scheduler = self._start("scheduler", "scheduler", *where, **environment)
        self.address = until(lambda: address_in(told))

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start one more worker, of one thread."""
        options = ["--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--no-dashboard"]
        name = f"worker{len(self.started)}"
        return self._start(name, "worker", self.address, *options, **environment)

    def logs(self) -> str:
        """All that the scheduler and the workers have written."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        """Kill all of them."""
        for program in self.started:
            program.kill()
            program.wait()

    def _start(self, name: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        settings = {
            f"DASK_{key.upper().replace('.', '__').replace('-', '_')}": value
            for key, value in self.tls.items()
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            program = subprocess.Popen(
                [PROGRAMS / "dask", *arguments],
                cwd=self.folder,
                env={**os.environ, **settings, **variables},
                stdout=log,
                stderr=log,
            )
        self.started.append(program)
        return program


def address_in(told: Path) -> str:
    """The address in the file that a scheduler writes; "" until it has written all of it."""
    text = told.read_text() if told.exists() else ""
    return str(json.loads(text)["address"]) if text.rstrip().endswith("}") else ""


def until(condition: Callable[[], object]) -> str:
    """What a condition gives once it is true, within a minute."""
    for _ in range(600):
        if found := condition():
            return str(found)
        time.sleep(0.1)
    raise AssertionError("it did not come to be within a minute")


@contextmanager
def a_scheduler(folder: Path, **environment: str) -> Iterator[Programs]:
    """A scheduler without workers, which this process may speak to."""
    programs = Programs(folder, **environment)
    with dask.config.set(programs.tls):
        try:
            yield programs
        finally:
            programs.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """A scheduler with two workers."""
    with a_scheduler(tmp_path_factory.mktemp("cluster")) as programs:
        programs.worker()
        programs.worker()
        until(lambda: programs.logs().count("Registered to") == 2)
        yield programs


def a_class(folder: Path) -> list[Submission]:
    """Eleven submissions: right and slow, wrong, no notebook, not there, of an archive.

    One has files beside it, of which one is too large for any grader.
    """
    cells: list[list[Cell]] = [[SLOW, *cells_of(RIGHT)], cells_of(WRONG)]
    submissions = [
        Submission(f"student{n}", write_notebook(folder / f"{n}.ipynb", cells[n % 2]))
        for n in range(7)
    ]
    (folder / "bad.ipynb").write_text("no notebook")
    path = write_notebook(folder / "unpacked" / "convolution.ipynb", cells_of(RIGHT))
    beside = write_notebook(
        folder / "beside" / "convolution.ipynb", ["import own", *cells_of(RIGHT)]
    )
    (folder / "beside" / "own.py").write_text("SIZE = 3")
    with (folder / "beside" / "film.mp4").open("wb") as film:
        film.truncate(200 * 2**20)
    return [
        *submissions,
        Submission("bad", folder / "bad.ipynb"),
        Submission("gone", folder / "gone.ipynb"),
        Submission("beside", beside, companions=companions_of(beside, beside.parent)),
        Submission("zipped", path, shown="class.zip/x.ipynb", handed_in=HandedIn(id="7")),
    ]


def graded(
    submissions: list[Submission],
    grade: GradeEach,
    on_result: Callable[[], None] = lambda: None,
    on_start: OnStart = nobody,
) -> dict[str, str]:
    """The records' bytes by student, without the time that they took; each is handed on once."""
    records: dict[str, str] = {}

    def done(submission: Submission, result: SubmissionResult) -> None:
        assert submission.student not in records
        records[submission.student] = result.timeless().to_json()
        on_result()

    grade(submissions, PLAN, done, on_start=on_start)
    return records


def test_workers_give_the_same_bytes_whoever_dies_or_joins(
    cluster: Programs, tmp_path: Path
) -> None:
    """A worker is killed midway and another one joins: each record is as it is made here."""
    submissions = a_class(tmp_path)
    here = graded(submissions, grade_each)
    for student in ("zipped", "beside"):
        assert json.loads(here[student])["score"] == sum(POINTS.values())
    assert "film.mp4" in str(json.loads(here["beside"])["notes"])
    killed: list[int] = []

    def kill() -> None:
        if not killed:
            victim = cluster.started[1]
            assert descendants(victim.pid), "it has begun to grade"
            victim.kill()
            killed.append(victim.wait())
            cluster.worker()

    assert graded(submissions, Cluster(cluster.address), kill) == here
    assert killed


def test_what_dask_gives_up_is_graded_once_more(tmp_path: Path) -> None:
    """Where Dask does not try again after a worker's death, we do, when all else is graded."""
    submissions = a_class(tmp_path)[:3]
    with a_scheduler(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as programs:
        workers = [programs.worker()]

        def kill() -> None:
            if len(workers) == 1:
                workers[0].kill()
                workers.append(programs.worker())

        started: list[Submission] = []
        records = graded(submissions, Cluster(programs.address), kill, started.append)
    assert len(started) > len(submissions)
    assert {json.loads(record)["verdict"] for record in records.values()} == {"failed"}


def test_nobody_reads_the_secret(cluster: Programs, tmp_path: Path) -> None:
    """It stands in no log, nor in what Dask shows of a task."""
    submissions = a_class(tmp_path)[:1]
    graded(submissions, Cluster(cluster.address))
    logs = cluster.logs()
    assert "cnn-course-grader" in logs
    task = Task("run", submissions[0], b"student code", {}, PLAN, environment(), ())
    for shown in (SECRET.decode(), SECRET.hex(), "student0", "student code"):
        assert shown not in logs + repr(task) + str(task)


def test_a_run_that_is_stopped_leaves_nothing_at_work(cluster: Programs, tmp_path: Path) -> None:
    """After Ctrl-C in the command, the workers' fork servers, judges and kernels end."""

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(a_class(tmp_path), Cluster(cluster.address), stop)
    alive = [program.pid for program in cluster.started if program.poll() is None]
    until(lambda: not [process for pid in alive for process in descendants(pid)])


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"GRADER_COURSE": "tests.two_lessons"}, "the course 'tests.two_lessons' instead of"),
        ({"PATH": str(PROGRAMS)}, r"a machine where it does not work .*bubblewrap"),
    ],
    ids=["course", "sandbox"],
)
def test_a_worker_that_would_grade_otherwise_is_refused(
    cluster: Programs, tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    """Before anything is graded, a sentence says which worker lacks what."""
    joined = cluster.logs().count("Registered to")
    worker = cluster.worker(**variables)
    try:
        until(lambda: cluster.logs().count("Registered to") > joined)
        started: list[Submission] = []
        with pytest.raises(UsageError, match=rf"(?s){sentence}.*tls://127"):
            Cluster(cluster.address)(
                a_class(tmp_path), PLAN, lambda *_: None, on_start=started.append
            )
        assert not started
    finally:
        worker.kill()
        worker.wait()


def test_a_worker_that_joins_later_is_refused_too(tmp_path: Path) -> None:
    """Where no worker is there yet, the command waits; one that joins has to be fit as well."""
    with a_scheduler(tmp_path) as programs:
        notices: list[str] = []

        def notice(sentence: str) -> None:
            notices.append(sentence)
            programs.worker(PATH=str(PROGRAMS))

        with pytest.raises(UsageError, match="joined meanwhile"):
            graded(a_class(tmp_path), Cluster(programs.address, notice))
        assert len(notices) == 1


def test_a_scheduler_that_ends_and_one_without_workers_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command does not wait for ever, and says no more than that what was graded stands."""
    with a_scheduler(tmp_path) as programs:
        with pytest.raises(UsageError, match=r"has workers. Received: none .* what was graded"):
            graded(a_class(tmp_path), Cluster(programs.address, worker_seconds=1.0))
        on_notice = Cluster(programs.address, lambda _: programs.scheduler.kill())
        with pytest.raises(UsageError, match=r"an end of the connection .* what was graded"):
            graded(a_class(tmp_path), on_notice)
    assert "Traceback" not in capfd.readouterr().err


def test_without_a_scheduler_or_dask_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody at the address; or no Dask: then, how to install it."""
    with pytest.raises(UsageError, match=r"names a Dask scheduler that answers.*127.0.0.1:9"):
        graded([], Cluster("tcp://127.0.0.1:9", answer_seconds=1.0))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'cnn-course-grader\[cluster\]'"):
        graded([], Cluster("tcp://127.0.0.1:9"))
