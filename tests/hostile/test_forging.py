"""A notebook may do what it likes: it forges no point, withholds none, and harms nobody else."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from grader import expect
from grader.crossing.values import Packet, unpack
from grader.errors import Mismatch, Untransferable
from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade
from grader.grading.judges import Judges
from grader.grading.pool import Plan, Slot, grade_all
from grader.judging.course import lesson
from grader.judging.diagnose import explained
from grader.judging.exercise import Exercise
from grader.judging.resolving import forbidden_uses
from grader.judging.statements import bound_names
from grader.judging.testing import judge_here
from grader.kernel.limits import Limits
from grader.results import ExerciseResult, SubmissionResult, Verdict
from tests.notebooks import POINTS, RIGHT, Cell, cells_of, write_notebook

pytestmark = pytest.mark.kernel

ALL = sum(POINTS.values())
ANSWER = ("feature_map_size", RIGHT["feature_map_size"])


def graded(folder: Path, cells: list[Cell]) -> SubmissionResult:
    """What comes of grading a notebook of these cells, once written and read back."""
    path = write_notebook(folder / "work.ipynb", cells)
    limits = Limits(cell=3.0, submission=25.0)
    with alarm(30):
        result = grade(Submission("student", path), secret=b"a secret for tests", limits=limits)
    assert SubmissionResult.from_json(result.to_json()) == result
    return result


def of(result: SubmissionResult, exercise: str) -> ExerciseResult:
    """The result of one exercise."""
    return next(found for found in result.exercises if found.id == exercise)


def broken(result: SubmissionResult) -> list[str]:
    """The exercises whose points are withheld."""
    return [found.id for found in result.exercises if found.verdict is Verdict.BROKEN]


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Fail the test, instead of the whole run, where the grader itself does not come back."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"the grader did not come back within {seconds} s")

    previous = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


# ------------------------------------------------------------------------------------------------
# Messages that no honest kernel sends.

WIRE = """
    import hashlib, hmac, json, os, time
    kernel = get_ipython().kernel
    session = kernel.session
    opened = b'{"msg_id": "%d", "msg_type": "ask_reply"}'

    def frames(header, parent=b"{}", content=b"{}", key=None):
        parts = [header, parent, b"{}", content]
        mac = hmac.new(key or session.key, b"".join(parts), hashlib.sha256)
        return [b"<IDS|MSG>", mac.hexdigest().encode(), *parts]

    def before_each_answer(send):
        answer = kernel.shell_handlers["ask_request"]

        def both(stream, ident, parent):
            to = ident if isinstance(ident, list) else [ident]
            send(stream, to, json.dumps({"msg_id": parent["header"]["msg_id"]}).encode())
            answer(stream, ident, parent)

        kernel.shell_handlers["ask_request"] = both
    """


@pytest.mark.parametrize(
    "message",
    {
        "wrong signature": "frames(opened % 1, key=b'guessed')",
        "empty header": "frames(b'{}')",
        "header that is no JSON": "frames(b'nonsense')",
        "too few frames": "[b'<IDS|MSG>', b'x']",
        "no delimiter": "[b'x']",
        "parent that is null": "frames(opened % time.time_ns(), b'null')",
        "parent that is a list": "frames(opened % time.time_ns(), b'[]')",
        "content that is a list": "frames(opened % time.time_ns(), nonce, b'[]')",
        "content too deep": "frames(opened % time.time_ns(), nonce, b'[' * 100_000)",
        "tree that is a number": "frames(opened % time.time_ns(), nonce, b'{\"tree\": 5}')",
        "the same message twice": "frames(opened % 2)",
        "answer to another question": 'frames(opened % time.time_ns(), b\'{"msg_id": "other"}\')',
    }.items(),
    ids=lambda item: item[0],
)
def test_a_malformed_answer_withholds_nothing(tmp_path: Path, message: tuple[str, str]) -> None:
    """A message that cannot be read costs its sender at most points, and is no fault of ours."""
    send = f"before_each_answer(lambda s, to, nonce: s.send_multipart([*to, *{message[1]}]))"
    result = graded(tmp_path, [ANSWER, dedent(WIRE) + send, ("patch_response", "x = 1")])
    assert of(result, "feature_map_size").verdict is Verdict.PASSED  # earned before
    assert broken(result) == []


@pytest.mark.parametrize(
    "send",
    {
        "wrong signature": "socket.send_multipart([b'x', *frames(opened % 1, key=b'guessed')])",
        "empty header": "socket.send_multipart([b'x', *frames(b'{}')])",
        "stream without text": "session.send(socket, 'stream', {'name': 'stdout'}, parent)",
        "status without state": "session.send(socket, 'status', {}, parent)",
        "display without data": "session.send(socket, 'display_data', {}, parent)",
        "error of numbers": (
            "session.send(socket, 'error', {'ename': 5, 'evalue': [1], 'traceback': 0}, parent)"
        ),
        "empty comm": "session.send(socket, 'comm_open', {}, parent)",
    }.items(),
    ids=lambda item: item[0],
)
def test_a_malformed_output_costs_nothing(tmp_path: Path, send: tuple[str, str]) -> None:
    """Output messages that lack what they should have do not end the grading."""
    about = "socket, parent = kernel.iopub_socket, kernel.get_parent('shell')\n"
    result = graded(tmp_path, [dedent(WIRE) + about + send[1], *cells_of(RIGHT)])
    assert result.score == ALL


def test_junk_in_the_sockets_costs_only_its_cell(tmp_path: Path) -> None:
    """A cell that writes into its kernel's own sockets is replaced like one that never ends."""
    junk = """
        import os, stat
        for number in range(3, 256):
            try:
                if stat.S_ISSOCK(os.fstat(number).st_mode):
                    os.write(number, b"junk")
            except OSError:
                pass
        """
    assert graded(tmp_path, [junk, *cells_of(RIGHT)]).score == ALL


def test_an_exceptions_text_is_cut(tmp_path: Path) -> None:
    """A cell that raises megabytes of text does not make a record of that size."""
    raises = "raise type('K' * 1_000_000, (Exception,), {})('x' * 3_000_000)"
    result = graded(tmp_path, [("shift", f"{raises}\ndef shift(m, r, c): return m"), ANSWER])
    assert of(result, "shift").verdict is Verdict.ERROR
    assert len(result.to_json()) < 100_000


# ------------------------------------------------------------------------------------------------
# Answers that change.


def test_a_value_is_one_value(tmp_path: Path) -> None:
    """Kernels that are others each time somebody looks do not pass one check each."""
    changing = """
        import numpy as np
        looks = {}

        class Changing(dict):
            def __contains__(self, name):
                return name.endswith("_edges") or dict.__contains__(self, name)

            def __getitem__(self, name):
                if not name.endswith("_edges"):
                    return dict.__getitem__(self, name)
                looks[name] = looks.get(name, 0) + 1
                still = np.zeros((3, 3))
                value = np.array([[-1.0, 0, 2]] * 3) if looks[name] % 3 == 0 else still
                return value if name == "vertical_edges" else value.T

        answerer = get_ipython().kernel._answerer
        answerer._namespace = Changing(answerer._namespace)
        """
    answer = ("edge_kernels", "vertical_edges = horizontal_edges = 0")
    result = of(graded(tmp_path, [changing, answer]), "edge_kernels")
    assert result.verdict is not Verdict.PASSED
    assert (result.score or 0) < result.max_score


def test_a_guess_is_drawn_anew_for_each_call(tmp_path: Path) -> None:
    """A formula picked at random is not right for all calls of a check because one draw was."""
    seeds = [14, 28, 32, 42]  # with each of these, the first choice is the right one
    guess = """
        import random
        def feature_map_size(image_size, kernel_size):
            return image_size - kernel_size + random.choice(range(10))
        """
    again: list[Cell] = [f"random.seed({s}); feature_map_size = feature_map_size" for s in seeds]
    result = graded(tmp_path, [("feature_map_size", guess), *again])
    assert of(result, "feature_map_size").score == 0


def test_a_thread_that_answers_later_gains_nothing(tmp_path: Path) -> None:
    """A name that a thread keeps changing, and functions that differ by call, earn nothing."""
    thread = """
        import threading, time
        def keep_changing():
            while True:
                globals()["feature_map_size"] = lambda a, b: 42
                time.sleep(0.001)
        threading.Thread(target=keep_changing, daemon=True).start()
        """
    result = graded(tmp_path, [thread, ("feature_map_size", "feature_map_size = 0")])
    assert of(result, "feature_map_size").score == 0


# ------------------------------------------------------------------------------------------------
# Values of every kind.

VALUES: dict[str, Any] = {
    "text": "abc",
    "text that looks like a number": "[[1, 0, -1]]",
    "dict": {"a": 1},
    "nested list": [[-1, 0, 1]] * 3,
    "ragged list": [[1], [1, 2], 3],
    "ragged pair": (1, [2, 3]),
    "pair of unlike arrays": (np.array([1]), np.array([1, 2])),
    "pair of functions": (len, len),
    "objects": np.full((3, 3), None),
    "complex": np.ones((3, 3)) * 1j,
    "bool": np.ones((3, 3), bool),
    "wrapping": np.array([[1, 0, 255]] * 3, np.uint8),
    "a row": np.ones((1, 9)),
    "a channel": np.ones((3, 3, 1)),
    "empty": np.zeros((3, 0)),
    "nan": np.full((3, 3), np.nan),
    "infinite": np.array([[-np.inf, 0, np.inf]] * 3),
    "nearly infinite": np.array([[-1e308, 0, 1e308]] * 3),
    "too large for a float": 2**1024 - 1,
    "a list of those": [2**1024 - 1] * 3,
    "function": len,
    "class": int,
    "generator": np.random.default_rng(1),
    "texts as an array": np.full((3, 3), "1"),
    "none": None,
}
RETURNS = ("patch_response", "convolve2d", "feature_map_size", "strongest_match", "shift")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", VALUES)
def test_no_value_withholds_a_point(kind: str) -> None:
    """Whatever an answer is, it is judged and diagnosed: never our fault, never all points."""
    value = VALUES[kind]
    for exercise in lesson("convolution").exercises:
        returns = exercise.id in RETURNS
        names = {name: (lambda *_: value) if returns else value for name in exercise.names}
        result = explained(exercise, judge_here(exercise, names))
        assert Verdict.BROKEN not in [result.verdict, *(c.verdict for c in result.checks)], result
        assert result.verdict is not Verdict.PASSED


@pytest.mark.parametrize("received", [np.empty((1_000_000, 0)), np.zeros(2**21, np.uint8)])
def test_an_array_is_compared_without_unfolding_it(received: Any) -> None:
    """An array of the wrong size is refused by its shape, not made into Python objects first."""
    with peak_below(16 * 2**20), pytest.raises(Mismatch):
        expect.equal(received, 5)


def test_a_list_is_refused_before_it_is_an_array() -> None:
    """One long text beside many short ones would be an array of their product."""
    with peak_below(16 * 2**20), pytest.raises(Mismatch):
        expect.shape(["x" * 20_000] + [""] * 1000, ())


@contextmanager
def peak_below(limit: int) -> Iterator[None]:
    """The block allocates less than `limit` bytes at any one time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def test_keys_that_collide_take_no_time() -> None:
    """Whole numbers with one hash make a dict quadratic: 100 000 would take minutes."""
    keys = ",".join(f"[{number * (2**61 - 1)},0]" for number in range(20_000))
    begun = time.process_time()
    with suppress(Untransferable):
        unpack(Packet(f'["dict",[{keys}]]'))
    assert time.process_time() - begun < 1.0


def test_a_generator_with_half_a_state_is_refused() -> None:
    """A state that NumPy does not take is no value, whatever NumPy raises for it."""
    state = (
        '["dict",[["bit_generator","MT19937"],["state",["dict",[["key",["list",[1]]],["pos",9]]]]]]'
    )
    with pytest.raises(Untransferable):
        unpack(Packet(f'["generator","MT19937",{state}]'))


# ------------------------------------------------------------------------------------------------
# Right answers in unusual notebooks.

UNUSUAL: dict[str, list[Cell]] = {
    "a display updated by a later cell": [
        "shown = display('loading', display_id='progress')",
        "shown.update('done')",
        *cells_of(RIGHT),
    ],
    "a lone surrogate": ["x = '\ud800'", *cells_of(RIGHT)],
    "a lone surrogate in an answer": [
        (name, f"{dedent(source)}\n# \ud800") for name, source in RIGHT.items()
    ],
    "a long sum": ["x = " + "+".join(["1"] * 1500), *cells_of(RIGHT)],
    "many branches": [
        "x = 0\nif x == 1:\n    y = 1\n"
        + "".join(f"elif x == {number}:\n    y = {number}\n" for number in range(2, 1000)),
        *cells_of(RIGHT),
    ],
    "a folder that is gone": [
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as f:\n    os.chdir(f)",
        *cells_of(RIGHT),
    ],
    "exit()": [cells_of(RIGHT)[0], "exit()", cells_of(RIGHT)[1]],
    "exit() in the answer": [(name, f"{dedent(s)}\nexit()") for name, s in RIGHT.items()],
    "other results of that name, by SciPy": [
        *cells_of(RIGHT),
        "import scipy.signal\ntotal = scipy.signal.windows",
    ],
    "many versions": [
        *cells_of(dict.fromkeys(RIGHT, "x = 1")),
        *(f"patch_response = feature_map_size = {number}" for number in range(8)),
        *RIGHT.values(),
        "feature_map_size = None",
    ],
    "a version that never ended": [
        ("feature_map_size", "def feature_map_size(a, b):\n    while True: pass"),
        *RIGHT.values(),
    ],
    "a version that ended the process": [
        ("feature_map_size", "import os\ndef feature_map_size(a, b):\n    os._exit(1)"),
        *RIGHT.values(),
    ],
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_a_right_answer_keeps_its_points(tmp_path: Path, kind: str) -> None:
    """Honest notebooks that do something unusual keep full marks for right answers."""
    result = graded(tmp_path, UNUSUAL[kind])
    assert result.score == ALL, [(e.id, e.verdict, e.message) for e in result.exercises]


def test_blank_lines_are_read_at_once() -> None:
    """A cell of many blank lines takes no time that grows with their square."""
    begun = time.process_time()
    assert bound_names("x = 1" + "\n" * 20_000 + "y = 2") == {"x", "y"}
    assert time.process_time() - begun < 0.5


# ------------------------------------------------------------------------------------------------
# What an exercise by hand may not use.

BY_HAND = "def convolve2d(image, kernel):\n    return "
ROUNDABOUT: dict[str, list[str]] = {
    "a cell magic": [f"%%time\nfrom scipy.signal import correlate2d\n{BY_HAND}correlate2d(image)"],
    "a helper in a cell magic": ["%%capture\nfrom scipy.signal import correlate2d as c", "c(1)"],
    "a trailing ?": ["from scipy.signal import correlate2d as c\nlen?", "c(image)"],
    "a shell line": ["a = !true\nfrom scipy.signal import correlate2d as c", "c(image)"],
    "a line that starts with %": [
        "y = (7\n% 3)\nfrom scipy.signal import correlate2d as c",
        "c(1)",
    ],
    "everything imported": ["from scipy.signal import *", "correlate2d(image)"],
    "another meaning later": ["import numpy as np", "np.correlate(image)", "import math as np"],
    "a global in a function": [
        "def s():\n    global c\n    import scipy.signal\n    c = scipy.signal.correlate2d",
        "c(image)",
    ],
    "a dict filled": ["import numpy as np\nh = {}\nh.update(c=np.correlate)", "h['c'](image)"],
    "a module's dict": ["import numpy as np", "np.__dict__['correlate'](image)"],
    "loaded modules": ["import sys", "sys.modules['scipy.signal'].correlate2d(image)"],
    "a private path": ["import numpy as np", "np._core.numeric.correlate(image)"],
    "a local alias": ["import numpy as np", "(lambda m: m.correlate(image))(np)"],
    "an annotated alias": ["import numpy\nm: object = numpy", "m.correlate(image)"],
    "exec elsewhere": ["exec('from scipy.signal import correlate2d as c')", "c(image)"],
    "IPython": ["get_ipython().run_cell('from scipy.signal import correlate2d as c')", "c(1)"],
}


@pytest.mark.parametrize("kind", ROUNDABOUT)
def test_a_roundabout_way_is_at_least_flagged(kind: str) -> None:
    """Code whose way to a forbidden function cannot be followed is shown to a person."""
    first, *rest = ROUNDABOUT[kind]
    if rest:
        rest[0] = BY_HAND + rest[0]
    exercise = by_hand()
    forbidden, flagged = forbidden_uses([first, *rest], exercise.names, exercise.forbid)
    assert forbidden or flagged


@pytest.mark.parametrize(
    "later",
    [
        "import scipy.signal\nfeature_map = scipy.signal.correlate2d([[1]], [[1]])",
        "import skimage.data\nimage = skimage.data.camera()",
        "import keras\nkernel = keras.ops.ones((3, 3))",
        "import keras\nfor row in keras.ops.arange(3):\n    print(row)",
    ],
)
def test_a_name_of_a_functions_own_is_its_own(later: str) -> None:
    """Parameters and local names of a solution have nothing to do with names of other cells."""
    solution = """
        import numpy as np
        def convolve2d(image, kernel):
            feature_map = np.zeros(image.shape)
            for row in range(3):
                feature_map[row] = kernel[row]
            return feature_map
        """
    exercise = by_hand()
    assert forbidden_uses([dedent(solution), later], exercise.names, exercise.forbid) == ([], [])


def by_hand() -> Exercise:
    """An exercise that is solved by hand."""
    return next(e for e in lesson("convolution").exercises if e.id == "convolve2d")


# ------------------------------------------------------------------------------------------------
# The rest of the class.


def test_a_process_left_behind_delays_nobody(tmp_path: Path) -> None:
    """A child that outlives its kernel does not keep the result from being taken."""
    leaves = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(25)
            os._exit(0)
        """
    path = write_notebook(tmp_path / "work.ipynb", [leaves, *cells_of(RIGHT)])
    results: list[SubmissionResult] = []
    begun = time.monotonic()
    plan = Plan(b"a secret for tests", Limits(cell=3.0, submission=40.0))
    grade_all([Submission("student", path)], plan, results.append)
    assert results[0].score == ALL
    assert time.monotonic() - begun < 20


CUT_OFF = """
import os, socket, sys, tempfile
control = socket.socket(fileno=int(sys.argv[1]))
control.send(b"ready")
while control.recv(100) == b"fork":
    lines, ours = socket.socketpair()
    kernels, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    errors = tempfile.TemporaryFile()
    errors.write(b"x" * 50_000)
    errors.flush()
    judge = os.fork()
    if judge == 0:
        ours.recv(100_000)
        ANSWER
        os._exit(1)
    pidfd = os.pidfd_open(judge)
    ends = [pidfd, lines.fileno(), kernels.fileno(), errors.fileno()]
    socket.send_fds(control, [b"judge"], ends)
    os.close(pidfd)
    for end in (lines, ours, kernels, theirs, errors):
        end.close()
"""


async def judged_by(answer: str, path: Path, limits: Limits) -> SubmissionResult:
    """What the command makes of a judge that does `answer`, and ends."""
    judges = Judges(str(path.parent), [sys.executable, "-c", CUT_OFF.replace("ANSWER", answer)])
    plan = Plan(b"a secret for tests", limits, isolation="none")
    try:
        async with Slot(plan, judges) as slot:
            return await slot.grade(Submission("student", path))
    finally:
        judges.close()


def test_a_judge_that_never_ends_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge over its time makes its submission broken, once, and the slot goes on."""
    monkeypatch.setattr("grader.grading.slot._SLACK", 1.0)
    path = write_notebook(tmp_path / "work.ipynb", cells_of(RIGHT))
    begun = time.monotonic()
    answer = "__import__('time').sleep(60)"
    read = asyncio.run(judged_by(answer, path, Limits(cell=1.0, submission=1.0)))
    assert read.verdict is Verdict.BROKEN
    assert "did not end in time" in read.message
    assert time.monotonic() - begun < 2 * (2.0 + 5.0)  # not three times its time and its patience


@pytest.mark.parametrize("end", [b'{"exercise": {"id": "shi', b'{"exercise": {}}', b"\xff", b"[]"])
def test_half_a_result_is_no_end_of_the_class(tmp_path: Path, end: bytes) -> None:
    """A judge that dies while it writes costs its own submission only, and what it wrote stays."""
    path = write_notebook(tmp_path / "work.ipynb", cells_of(RIGHT))
    shift = ExerciseResult(id="shift", title="", verdict=Verdict.FAILED)
    written = json.dumps({"exercise": shift.model_dump(mode="json")}).encode() + b"\n" + end
    read = asyncio.run(judged_by(f"ours.sendall({written!r})", path, Limits()))
    assert read.verdict is Verdict.BROKEN
    assert [exercise.id for exercise in read.exercises] == ["shift"]
    assert "fault of the grader" in read.message
    assert len(read.message) < 1000


def test_large_answers_are_withheld_from_nobody(tmp_path: Path) -> None:
    """Answers that fill the judge's memory are the student's failure, never a fault of ours."""
    big = """
        import numpy as np
        BIG, calls = np.zeros(255 * 2**20 // 8), 0
        def strongest_match(image, kernel):
            global calls
            calls += 1
            return (0, 0) if calls <= 4 else BIG
        def shift(feature_map, rows, columns):
            return BIG
        def feature_map_size(image_size, kernel_size):
            return BIG
        """
    path = write_notebook(tmp_path / "work.ipynb", [big])
    results: list[SubmissionResult] = []
    plan = Plan(b"a secret for tests", Limits(cell=5.0, submission=60.0))
    grade_all([Submission("student", path)], plan, results.append)
    assert broken(results[0]) == []
    assert results[0].score == 1  # `strongest_match` does return a pair, at first
