"""Real kernels: cells, questions, and what happens when student code misbehaves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.crossing.values import Functions, Packet, pack, unpack
from grader.errors import KernelDied, OutOfTime, TooMuchOutput
from grader.grading.execute import Ending, Kernel
from grader.kernel.limits import MIB, KernelLimits
from tests.processes import busy_machine

pytestmark = pytest.mark.kernel


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """A fresh kernel whose cells may run for 3 s."""
    with Kernel(cell_seconds=3) as running:
        yield running


class Asker:
    """Asks a kernel as a judge does, and answers its calls of the judge's functions."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.functions = Functions(lambda *_: None)

    def ask(self, seconds: float = 5.0, **question: Any) -> dict[str, Any]:
        """The answer to one question."""
        packet = self.kernel.ask(pack(question, self.functions), seconds, self._answer_callback)
        answer: dict[str, Any] = unpack(packet, self.functions)
        return answer

    def call(self, name: str, *args: Any, seconds: float = 5.0) -> dict[str, Any]:
        """The answer to a call of the student's function `name`."""
        function = self.ask(ask="look", name=name)["value"]
        return self.ask(seconds, ask="call", function=function, args=args, kwargs={})

    def _answer_callback(self, packet: Packet) -> Packet:
        call = unpack(packet, self.functions)
        value = call["function"](*call["args"], **call["kwargs"])
        return pack({"status": "value", "value": value}, self.functions)


def test_a_call_brings_back_what_the_function_returns(kernel: Kernel) -> None:
    """A question to a function of the notebook is answered with its return value."""
    kernel.run("def double(x):\n    return 2 * x")
    answer = Asker(kernel).call("double", np.array([1.0, 2.0], "float32"))
    assert answer["value"].tolist() == [2.0, 4.0]
    assert answer["value"].dtype == np.float32


def test_a_function_of_the_judge_is_called_from_the_kernel(kernel: Kernel) -> None:
    """Student code can call a function that the judge hands over, and gets the judge's answer."""
    kernel.run("def twice(f, x):\n    return f(f(x))")
    assert Asker(kernel).call("twice", lambda x: x + 10, 1)["value"] == 21


def test_a_returned_function_can_be_called(kernel: Kernel) -> None:
    """A function that student code returns is called where it was made."""
    kernel.run("def adder(n):\n    return lambda x: x + n")
    asker = Asker(kernel)
    inner = asker.call("adder", 3)["value"]
    answer = asker.ask(ask="call", function=inner, args=(4,), kwargs={})
    assert answer["value"] == 7


def test_an_exception_comes_with_the_students_own_line(kernel: Kernel) -> None:
    """An exception in a called function names the student's line, not one of ours."""
    kernel.run("def bad(x):\n    y = x + 1\n    return y / 0")
    answer = Asker(kernel).call("bad", 1)
    assert answer["status"] == "raised"
    assert (answer["kind"], answer["line"]) == ("ZeroDivisionError", "return y / 0")
    assert answer["line_number"] == 3


def test_a_raising_cell_does_not_stop_the_next(kernel: Kernel) -> None:
    """After a cell that raises, the next cell runs."""
    assert kernel.run("1 / 0").kind == "ZeroDivisionError"
    assert kernel.run("x = 1").ending is Ending.DONE


def test_an_endless_cell_ends_at_its_limit(kernel: Kernel) -> None:
    """An endless loop is interrupted at the limit, and the kernel keeps its names."""
    kernel.run("x = 5")
    begun = time.monotonic()
    assert kernel.run("while True:\n    pass").ending is Ending.LOST
    assert time.monotonic() - begun < 8
    assert kernel.alive
    assert Asker(kernel).ask(ask="look", name="x")["value"] == 5


def test_a_cell_that_swallows_the_interrupt_loses_its_kernel(kernel: Kernel) -> None:
    """A loop that ignores every interrupt does not hold up the judge."""
    source = (
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass"
    )
    begun = time.monotonic()
    assert kernel.run(source).ending is Ending.LOST
    assert time.monotonic() - begun < 15
    assert not kernel.alive
    with pytest.raises(OutOfTime):
        Asker(kernel).ask(ask="look", name="x")


def test_an_endless_function_ends_at_its_limit(kernel: Kernel) -> None:
    """A call that never returns raises OutOfTime, and the next question is answered."""
    kernel.run("def slow():\n    while True:\n        pass\ndef fast():\n    return 1")
    asker = Asker(kernel)
    with pytest.raises(OutOfTime):
        asker.call("slow", seconds=1.0)
    assert asker.call("fast")["value"] == 1


def test_a_slow_answer_has_its_time_on_a_busy_machine(kernel: Kernel) -> None:
    """Time in which a call waits for a processor is not its own."""
    kernel.run(
        "import time\ndef slow():\n    end = time.thread_time() + 0.9\n"
        "    while time.thread_time() < end: pass\n    return 1"
    )
    with busy_machine(8):
        assert Asker(kernel).call("slow", seconds=3.0)["value"] == 1


def test_a_cell_that_ends_its_process_is_noticed(kernel: Kernel) -> None:
    """`os._exit` in a cell is told apart from an exception, and a fresh kernel takes over."""
    assert kernel.run("import os\nos._exit(3)").ending is Ending.LOST
    assert not kernel.alive
    kernel.restart()
    assert kernel.run("x = 1").ending is Ending.DONE


def test_a_call_that_ends_its_process_raises(kernel: Kernel) -> None:
    """`os._exit` in a called function is KernelDied."""
    kernel.run("import os\ndef leave():\n    os._exit(0)")
    with pytest.raises(KernelDied):
        Asker(kernel).call("leave")


def test_input_raises_instead_of_waiting(kernel: Kernel) -> None:
    """`input()` raises at once, as nobody is there to type."""
    assert kernel.run("input('your name? ')").kind == "StdinNotImplementedError"


def test_the_kernel_sees_nothing_of_our_environment(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of the grader's own environment do not reach a kernel."""
    monkeypatch.setenv("GRADER_TEST_SECRET", "do not tell")
    kernel.restart()
    kernel.run("import os\nleaked = os.environ.get('GRADER_TEST_SECRET')")
    assert Asker(kernel).ask(ask="look", name="leaked")["value"] is None


def test_the_graders_own_modules_are_out_of_reach(kernel: Kernel) -> None:
    """Inside a kernel `grader` is a stub: rubrics and references cannot be imported."""
    assert kernel.run("from grader import check, hint\ncheck('x')").ending is Ending.DONE
    assert kernel.run("from grader.drawing import show").ending is Ending.DONE
    for module in (
        "cnn_course.references",
        "cnn_course.dense",
        "grader.judging.judge",
        "grader.cli",
    ):
        assert kernel.run(f"import {module}").kind == "ModuleNotFoundError"


def test_a_question_leaves_no_trace(kernel: Kernel) -> None:
    """The random state, the folder and the open figures are as before after a question."""
    kernel.run(
        "import os, random\nimport numpy as np\nimport matplotlib.pyplot as plt\n"
        "np.random.seed(1)\nrandom.seed(1)\n"
        "def messy():\n    np.random.rand()\n    random.random()\n    os.chdir('/')\n"
        "    plt.figure()\n    return 1"
    )
    look = "[str(np.random.get_state()), str(random.getstate()), os.getcwd(), plt.get_fignums()]"
    asker = Asker(kernel)
    kernel.run(f"before = {look}")
    assert asker.call("messy")["value"] == 1
    kernel.run(f"same = before == {look}")
    assert asker.ask(ask="look", name="same")["value"] is True


def test_a_random_answer_is_drawn_anew_for_each_question(kernel: Kernel) -> None:
    """Different questions meet different random states, and the same question the same."""
    kernel.run("import random\ndef guess(x):\n    return random.random()")
    asker = Asker(kernel)
    guess = asker.ask(ask="look", name="guess")["value"]
    drawn = [
        asker.ask(ask="call", function=guess, args=(x,), kwargs={})["value"] for x in (1, 2, 1)
    ]
    assert drawn[0] == drawn[2] != drawn[1]


def test_nothing_is_left_of_a_kernel() -> None:
    """When the block ends, the kernel's processes and its folder are gone."""
    with Kernel(cell_seconds=3) as kernel:
        kernel.run("import os, subprocess\nfolder = os.getcwd()\nme = os.getpid()")
        kernel.run("child = subprocess.Popen(['sleep', '100']).pid")
        asker = Asker(kernel)
        wanted = ("folder", "me", "child")
        names = {name: asker.ask(ask="look", name=name)["value"] for name in wanted}
    assert not Path(names["folder"]).exists()
    for pid in (names["me"], names["child"]):
        _wait_until_gone(pid)


FLOOD = "line = 'x' * 1023\nfor _ in range(6 * 1024):\n    print(line)"
TALKS = """
import threading, time
def talk():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        print("y" * 2**18)
        time.sleep(0.005)
threading.Thread(target=talk, daemon=True).start()
"""


@pytest.fixture
def bounded() -> Iterator[Kernel]:
    """A kernel whose cells may publish 2 MiB, on a machine that has other things to do."""
    limits = KernelLimits(output=2 * MIB)
    with busy_machine(), Kernel(cell_seconds=60, limits=limits) as running:
        yield running


def test_a_cell_is_charged_with_all_that_it_put_out_and_the_next_with_none(bounded: Kernel) -> None:
    """However late the output of a cell arrives, it is that cell which went over the limit."""
    for _ in range(10):
        assert isinstance(bounded.run(FLOOD).lost, TooMuchOutput)
        assert bounded.run("x = 1").ending is Ending.DONE


def test_a_cell_that_raises_behind_its_output_is_charged_with_it(bounded: Kernel) -> None:
    """Output in one piece, put out just before a cell ends by itself, is still its own."""
    for _ in range(10):
        outcome = bounded.run("print('x' * 2**23)\nraise RuntimeError")
        assert isinstance(outcome.lost, TooMuchOutput)
        assert bounded.run("x = 1").ending is Ending.DONE


def test_a_question_is_charged_with_all_that_it_put_out_and_the_next_with_none(
    bounded: Kernel,
) -> None:
    """What a called function prints stops that call, never the one after it."""
    bounded.run("def loud():\n    print('x' * 2**23)\ndef quiet():\n    return 1")
    asker = Asker(bounded)
    for _ in range(10):
        with pytest.raises(TooMuchOutput):
            asker.call("loud", seconds=30)
        assert asker.call("quiet", seconds=30)["value"] == 1


def test_what_a_thread_prints_is_charged_to_no_later_cell(bounded: Kernel) -> None:
    """A thread that goes on printing does not stop the cells and calls that come after its own."""
    assert bounded.run(TALKS).ending is Ending.DONE
    bounded.run("def slow():\n    time.sleep(1)\n    return 1")
    for _ in range(3):
        assert bounded.run("time.sleep(1)").ending is Ending.DONE
        assert Asker(bounded).call("slow", seconds=30)["value"] == 1


def test_a_process_left_behind_is_charged_to_no_later_cell(bounded: Kernel) -> None:
    """A forked process that goes on printing does not stop the cells after its own."""
    forks = "import os\nif os.fork() == 0:\n    " + TALKS.strip().replace("\n", "\n    ")
    assert bounded.run(f"{forks}\n    time.sleep(60)").ending is Ending.DONE
    for _ in range(3):
        assert bounded.run("import time\ntime.sleep(1)").ending is Ending.DONE


def test_an_end_that_is_kept_back_costs_a_moment_once(kernel: Kernel) -> None:
    """Where student code keeps a kernel from telling that a cell has ended, the cells go on."""
    kernel.run("get_ipython().kernel._publish_status = lambda *args, **named: None")
    begun = time.monotonic()
    for _ in range(10):
        assert kernel.run("x = 1").ending is Ending.DONE
    assert time.monotonic() - begun < 10


def test_a_forged_end_gains_nothing(bounded: Kernel) -> None:
    """A cell that tells its own end before it floods is stopped, and the next is not."""
    forges = "get_ipython().kernel._publish_status('idle', 'shell')"
    floods = "import time\nfor _ in range(200):\n    print('x' * 2**17)\n    time.sleep(0.01)"
    for _ in range(5):
        assert isinstance(bounded.run(f"{forges}\n{floods}").lost, TooMuchOutput)
        assert bounded.run("x = 1").ending is Ending.DONE


def _wait_until_gone(pid: int) -> None:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return  # ended, and waiting for its parent to notice
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still running")
