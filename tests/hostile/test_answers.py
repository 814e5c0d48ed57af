"""Whatever a hostile kernel answers, its student gets a verdict and no points for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import Exercise, expect
from grader.crossing.values import Functions, Packet, pack, unpack
from grader.errors import KernelDied, OutOfTime, Untransferable
from grader.judging.diagnose import diagnose
from grader.judging.judge import Judgement, judge
from grader.judging.testing import ask_here
from grader.results import Isolation, NotebookFile, SubmissionResult, Verdict
from tests.crossing.test_values import values
from tests.exercises import Function
from tests.hostile.test_packets import buffers, trees

pytestmark = pytest.mark.slow

Answer = Packet | Exception
CallBack = Callable[[Packet], Packet]


def exercise() -> Exercise:
    """Every kind of check: a function, a value, a callback, pairs, and a returned function."""
    double = Exercise("double", title="", names=("double", "size"), seconds=0.2)

    @double.check(points=1)
    def doubles(double: Function, rng: Any) -> None:
        """Every number is doubled."""
        image = rng.random((2, 3))
        expect.close(double(image), 2 * image)

    @double.check(points=1)
    def tells_its_size(size: Any, rng: Any) -> None:
        """The size is what it is."""
        expect.equal(size, (int(rng.integers(2**60)), 3))

    @double.check(points=1)
    def applies(double: Function, rng: Any) -> None:
        """What is handed over is called."""
        secret = int(rng.integers(2**60))
        expect.equal(double(lambda x: x, [1, {"a": (2, None)}])(3), secret)

    @double.misconception("You halve it.")
    def halves(x: Any) -> Any:
        return x / 2

    return double


def judged(answers: Iterator[Answer], callbacks: Iterator[Packet] | None = None) -> Judgement:
    """The judgement of a kernel that gives these answers, and calls back before each."""
    called = callbacks or iter(())

    def ask(question: Packet, seconds: float, answer_callback: CallBack) -> Packet:
        for call in called:
            answer_callback(call)
            break
        answer = next(answers, Packet('["dict",[]]'))
        if isinstance(answer, Exception):
            raise answer
        return answer

    judgement = judge(exercise(), ask, secret=b"secret", code="")
    diagnose(exercise(), judgement)
    return judgement


def assert_worthless(judgement: Judgement) -> None:
    """No point, nothing withheld as if it were our fault, and a record that can be written."""
    result = judgement.result
    assert (result.score, result.max_score) == (0, 3)
    assert Verdict.BROKEN not in [check.verdict for check in result.checks]
    record = SubmissionResult(
        student="a",
        lesson="tiny",
        notebook=NotebookFile(path="a", sha256=""),
        verdict=result.verdict,
        isolation=Isolation(level="none"),
        exercises=(result,),
    )
    assert SubmissionResult.from_json(record.to_json()) == record


def lend(value: Any) -> Packet:
    """The packet of an answer, in which functions are lent."""
    return pack(value, Functions(lambda *_: None))


statuses = st.sampled_from(["value", "missing", "placeholder", "raised", "refused", "interrupted"])
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
anything = values | st.just(len) | texts
answers = st.fixed_dictionaries(
    {"status": statuses | anything},
    optional={
        "value": anything,
        "changed": st.lists(texts | anything, max_size=2) | anything,
        "parameters": st.lists(texts | anything, max_size=2) | anything,
        "names": st.lists(texts | st.just("duoble"), max_size=3) | anything,
        "message": texts | anything,
        "kind": texts | st.just("OutOfTime") | anything,
        "text": texts | anything,
        "line": texts | anything,
        "line_number": st.integers() | anything,
    },
)
function = {"status": "value", "value": len, "parameters": ["x"]}
packets: st.SearchStrategy[Answer] = (
    answers.map(lend)
    | anything.map(lend)
    | st.just(lend(function))
    | st.builds(Packet, trees.map(json.dumps), buffers)
    | st.builds(Packet, st.text(max_size=10))
    | st.sampled_from([OutOfTime("It", 0.2), KernelDied("It"), Untransferable("It")])
)


@settings(deadline=None, max_examples=80)
@given(st.lists(packets, max_size=12))
def test_any_answer_is_judged(given_answers: list[Answer]) -> None:
    """Arbitrary packets in any order raise nothing, earn nothing and break nothing."""
    assert_worthless(judged(iter(given_answers)))


@settings(deadline=None, max_examples=60)
@given(answers, st.data())
def test_any_result_of_a_call_is_judged(answer: dict[str, Any], data: st.DataObject) -> None:
    """A function that was honestly found may answer its calls with anything."""
    first = [lend(function), lend(answer)]
    assert_worthless(judged(iter([*first, *data.draw(st.lists(packets, max_size=6))])))


calls = st.fixed_dictionaries(
    {},
    optional={
        "function": anything,
        "args": st.lists(anything, max_size=2).map(tuple) | anything,
        "kwargs": st.dictionaries(texts, anything, max_size=2) | anything,
    },
).map(lend) | st.builds(Packet, trees.map(json.dumps), buffers)


@settings(deadline=None, max_examples=40)
@given(st.lists(packets, max_size=8), st.lists(calls, max_size=8))
def test_any_callback_is_answered(given_answers: list[Answer], given_calls: list[Packet]) -> None:
    """Calls of functions that were never handed over are refused, whatever they look like."""
    assert_worthless(judged(iter(given_answers), iter(given_calls)))


@pytest.mark.parametrize(
    "answer",
    [
        {"status": np.array(["value", "x"] == ["value", "x"])},
        {"status": np.array([1, 2])},
        {"status": "raised", "kind": np.array([1, 2]), "text": ""},
        {"status": "value", "value": np.zeros((2, 3, 0)), "parameters": [], "changed": []},
        {"status": "value", "value": np.full((2, 3), 1 + 1j), "parameters": [], "changed": []},
        {"status": "value", "value": 2**1000, "parameters": [], "changed": []},
        {"status": "value", "value": [np.zeros(3)] * 2, "parameters": [], "changed": []},
        {"status": "value", "value": {(): None}, "parameters": [[]], "changed": [[]]},
        {"status": "missing", "names": {}},
        {"status": "missing", "names": [["double"], "double "]},
        {"status": "value", "value": (np.zeros(2), 3), "parameters": [], "changed": []},
        {"status": "released", "value": 1},
        [("status", "value")],
        None,
    ],
    ids=lambda answer: repr(answer)[:40],
)
def test_the_slyest_answers_are_judged(answer: Any) -> None:
    """Answers that compare strangely or lack a part are like any other, from first to last."""
    assert_worthless(judged(iter([lend(answer)] * 20)))
    assert_worthless(judged(iter([lend(function), *[lend(answer)] * 20])))


def test_a_release_that_is_not_answered_is_no_harm() -> None:
    """What the kernel says when a check is over changes nothing about it."""
    released: list[Answer] = [
        lend({"status": "refused", "message": "no"}),
        lend(3),
        Untransferable("no"),
    ]
    for answer in released:
        found: list[Answer] = [lend(function), OutOfTime("It", 0.2), answer]
        assert judged(iter(found)).result.checks[0].verdict is Verdict.TIMEOUT


@pytest.mark.parametrize("key", ["message", "text", "kind", "line"])
def test_a_flood_of_text_is_cut(key: str) -> None:
    """No text of the kernel's makes a record, a page or a notebook long."""
    texts = {"message": "m", "kind": "K", "text": "t", "line": "l", key: "x" * 50_000}
    for status in ("raised", "refused"):
        result = judged(iter([lend({"status": status, **texts})] * 20)).result
        size = len(result.model_dump_json())
        assert size < 25_000


def test_a_flood_of_names_is_cut() -> None:
    """Looking for a similar name among a hundred thousand takes no time worth speaking of."""
    names = [f"doubl{number % 10}" for number in range(100_000)]
    asked: list[Answer] = [lend({"status": "missing", "names": names})]
    begun = time.process_time()
    judged(iter(asked))
    assert time.process_time() - begun < 1.0


def test_a_kernel_cannot_call_what_it_was_not_given() -> None:
    """Numbers of functions are those handed over for this check, and nothing else is callable."""
    replies: list[Any] = []

    def ask(question: Packet, seconds: float, answer_callback: CallBack) -> Packet:
        for number in (-1, 0, 1, 2, 10**6):
            for name in ("print", "double", "__import__"):
                tree = ["function", "yours", number, name]
                call = [
                    "dict",
                    [["function", tree], ["args", ["tuple", []]], ["kwargs", ["dict", []]]],
                ]
                replies.append(unpack(answer_callback(Packet(json.dumps(call)))))
        return lend(function)

    judge(exercise(), ask, secret=b"", code="")
    assert {reply["status"] for reply in replies} == {"refused"}


def test_the_judges_own_function_sent_back_gains_nothing() -> None:
    """A kernel that answers with the function it was handed learns nothing by it."""
    f = Exercise("f", title="f")

    @f.check(points=1)
    def applies(f: Function) -> None:
        """It is applied."""
        expect.equal(f(lambda x: x + 6, 1), 7)

    result = judge(f, ask_here({"f": lambda g, x: g if x else x}), secret=b"", code="").result
    assert result.verdict is Verdict.FAILED


def test_a_call_that_calls_back_for_ever_ends() -> None:
    """A kernel that lets the judge call it back, and again, is stopped by the stack's depth."""

    def ask(question: Packet, seconds: float, answer_callback: CallBack) -> Packet:
        answer_callback(lend({"function": len, "args": (), "kwargs": {}}))
        return lend(function)

    assert_worthless(judge(exercise(), ask, secret=b"", code=""))
