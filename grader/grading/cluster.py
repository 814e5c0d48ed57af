"""The same jobs on other machines: submissions go to the workers of a Dask scheduler.

What a worker does with them stands in `cluster_worker`. Here they are sent, a bounded number at a
time, and their records taken as they come. Whoever joins or leaves meanwhile is Dask's business: a
task whose worker dies is given to another one.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING

from grader.errors import Rejected, UsageError
from grader.grading.collecting.companions import parcel
from grader.grading.collecting.files import contents
from grader.grading.collecting.submissions import Submission
from grader.grading.environment import environment
from grader.grading.handing_on import OnGraded, OnStart, hand_on, nobody
from grader.grading.pool import LOOKED_AHEAD, packages_of
from grader.grading.slot import Plan, broken
from grader.judging.course import files_of_lesson, lesson_names
from grader.results import SubmissionResult, Verdict

if TYPE_CHECKING:
    from distributed import Client, Future

    from grader.grading.cluster_worker import Answer, Task

# So many tasks for each thread of the workers: one that it works on, and one that waits there.
_PER_THREAD = 2
# How long the scheduler may take to answer, and how long there may be no worker, in seconds.
_ANSWER_SECONDS, _WORKER_SECONDS = 20.0, 900.0
# How long workers are given to hear that the run has ended, in seconds.
_END_SECONDS = 10.0


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler at an address such as tls://host:8786; grades as `pool.grade_each` does.

    `on_notice` is called with a sentence for a person where workers are waited for. The scheduler
    has `answer_seconds` to answer; for `worker_seconds` there may be no worker.
    """

    address: str
    on_notice: Callable[[str], None] = lambda _sentence: None
    answer_seconds: float = _ANSWER_SECONDS
    worker_seconds: float = _WORKER_SECONDS

    def __call__(
        self,
        submissions: Iterable[Submission],
        plan: Plan,
        on_graded: OnGraded,
        *,
        on_start: OnStart = nobody,
    ) -> None:
        """Grade every submission; each record is handed on as soon as it comes.

        What is *broken*, or whose workers died several times, is graded once more when all others
        are done, and only then handed on. `on_start` is called when a submission is sent.

        Raises UsageError, before anything is graded, where Dask is not installed, no scheduler
        answers, or a worker must not grade (`cluster_worker.why_unfit`); later, where such a worker
        joins, the scheduler ends, or `on_graded` cannot write. Results handed on before stand.
        """
        with _connected(self.address, self.answer_seconds) as client:
            run = _Run(self, client, plan, on_start)
            try:
                run.prepare()
                once_more: list[Submission] = []

                def first(submission: Submission, result: SubmissionResult) -> None:
                    if result.verdict is Verdict.BROKEN:
                        once_more.append(submission)
                    else:
                        hand_on(submission, result, on_graded)

                run.grade(submissions, first)
                run.grade(once_more, lambda one, result: hand_on(one, result, on_graded))
            finally:
                run.end()


class _Run:
    """One run on a cluster: what has been sent, and what it was sent for."""

    def __init__(self, cluster: Cluster, client: Client, plan: Plan, on_start: OnStart) -> None:
        self._cluster, self._client = cluster, client
        self._plan, self._on_start = plan, on_start
        self._name = secrets.token_hex(16)
        self._sent: dict[Future[Answer], Submission] = {}
        self._ended: SimpleQueue[Future[Answer]] = SimpleQueue()
        self._worked = monotonic()
        self._waits = False

    def prepare(self) -> None:
        """Have each worker get ready, and refuse those that would grade something else."""
        from grader.grading.cluster_worker import Slots, why_unfit

        here = environment()
        try:
            self._client.register_plugin(Slots())
            answers = self._client.run(why_unfit, here, self._plan.isolation, on_error="return")
        except Exception as error:
            raise UsageError(
                f"The scheduler and the workers of a cluster have the grader installed, too. "
                f"Received: {type(error).__name__}: {error}. Install the same version there."
            ) from error
        for worker, answer in answers.items():
            if isinstance(answer, BaseException):
                answer = (
                    f"A worker has the grader installed. Received: {type(answer).__name__}: "
                    f"{answer}. Install the same version there."
                )
            if answer:
                raise UsageError(_of_worker(worker, answer))

    def grade(self, submissions: Iterable[Submission], on_graded: OnGraded) -> None:
        """Send all submissions, a bounded number at a time; hand on what comes of each."""
        rest = iter(submissions)
        known = list(islice(rest, LOOKED_AHEAD))
        packages = packages_of(known)
        left = chain(known, rest)
        while True:
            room = self._room() - len(self._sent)
            for submission in islice(left, max(0, room)):
                self._on_start(submission)
                self._send(submission, packages)
            if not self._sent:
                return
            for future in self._done():
                submission = self._sent.pop(future)
                on_graded(submission, self._result(future, submission))

    def end(self) -> None:
        """Take back what nobody waits for, and have the workers end what they started for it."""
        from grader.grading.cluster_worker import end_run

        def tell() -> None:
            with suppress(OSError, CancelledError):  # the scheduler ends: so do its workers
                self._client.cancel(list(self._sent))
                self._client.run(end_run, self._name, on_error="ignore")

        if self._client.status != "running":
            return
        # A worker that does not answer is not waited for: what it has started ends by itself.
        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        telling.join(_END_SECONDS)

    def _room(self) -> int:
        """How many submissions may be under way: some wait where nobody works yet."""
        threads: int = sum(self._client.nthreads().values())
        if threads:
            self._worked, self._waits = monotonic(), False
        elif not self._waits:
            self._waits = True
            self._cluster.on_notice(f"No worker has joined {self._cluster.address} yet: waiting.")
        elif monotonic() - self._worked > self._cluster.worker_seconds:
            raise UsageError(
                f"A cluster has workers. Received: none at {self._cluster.address} for "
                f"{self._cluster.worker_seconds:g} s. Start some, and grade again: what was graded "
                f"stands."
            )
        return _PER_THREAD * max(1, threads)

    def _send(self, submission: Submission, packages: tuple[str, ...]) -> None:
        from grader.grading.cluster_worker import grade_here

        task = _task(submission, self._name, self._plan, packages)
        # Its key says nothing of it: keys stand in logs and on the scheduler's pages.
        future = self._client.submit(grade_here, task, key=f"grade-{secrets.token_hex(16)}")
        self._sent[future] = submission
        future.add_done_callback(self._ended.put)

    def _done(self) -> list[Future[Answer]]:
        """Those that have ended; waits a moment for the first, so that who joins is seen."""
        try:
            done = [self._ended.get(timeout=1.0)]
        except Empty:
            return []
        with suppress(Empty):
            while True:
                done.append(self._ended.get_nowait())
        return done

    def _result(self, future: Future[Answer], submission: Submission) -> SubmissionResult:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            answer = future.result()
        except FutureCancelledError as error:
            raise self._lost() from error
        except KilledWorker:
            reason = "The workers that graded it died, one after the other."
            return broken(submission, self._plan, reason)
        except Exception as error:  # noqa: BLE001 - a fault of ours costs this submission only
            reason = f"The cluster failed at it ({type(error).__name__}: {error})."
            return broken(submission, self._plan, reason)
        if answer.unfit:
            raise UsageError(_of_worker("one that joined meanwhile", answer.unfit))
        return SubmissionResult.from_json(answer.record)

    def _lost(self) -> UsageError:
        return UsageError(
            f"The scheduler of a cluster works as long as it is graded there. Received: an end of "
            f"the connection to {self._cluster.address}. Start it, and grade again: what was "
            f"graded stands."
        )


@contextmanager
def _connected(address: str, seconds: float) -> Iterator[Client]:
    """A client of the scheduler; UsageError where there is none. TLS is as Dask is configured."""
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            f"--cluster needs Dask. Received: an installation without it ({error}). Run `pip "
            f"install 'cnn-course-grader[cluster]'`."
        ) from error
    try:
        client = Client(address, timeout=seconds, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise UsageError(
            f"--cluster names a Dask scheduler that answers, such as tls://host:8786. Received: "
            f"{address} ({error}). Start one with `dask scheduler`, or correct the address and "
            f"Dask's settings for TLS (docs/scale.md)."
        ) from error
    # A notebook is data that is sent once, and no graph; large ones are no reason to warn.
    quiet = {"distributed.admin.large-graph-warning-threshold": "1 GB"}
    with dask.config.set(quiet), _unlogged(), client:
        yield client


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep what Dask logs of a connection that ends from the screen: it is said in one sentence."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _task(submission: Submission, run: str, plan: Plan, packages: tuple[str, ...]) -> Task:
    """A submission with its bytes; where they cannot be had, with why, as grading would say it."""
    from grader.grading.cluster_worker import Task

    content, beside = b"", dict[str, bytes | int | None]()
    about = replace(submission, shown=submission.shown or str(submission.path), companions={})
    if not submission.refused:
        try:
            content = contents(submission.path, submission.below)
            if submission.companions:
                below = submission.below or submission.path.parent
                beside = parcel(submission.companions, below, map(files_of_lesson, lesson_names()))
        except Rejected as error:
            about = replace(about, refused=str(error))
    return Task(run, about, content, beside, plan, environment(), packages)


def _of_worker(worker: str, sentence: str) -> str:
    return f"{sentence} (This is about a worker: {worker}.)"
