"""A student's training on one arithmetic, judged on another, each in a process of its own.

Kernels of oneDNN, a second thread or another order of adding change the last digits of a training,
and in 25 epochs the last digits become the first ones. TensorFlow reads its settings when it is
imported, so a process has one arithmetic.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import process_time
from typing import Any

import numpy as np

from benchmarks.training_answers import ANSWERS, TrainingAnswer
from grader.crossing.values import Packet
from grader.errors import OutOfTime
from grader.judging import course
from grader.judging.exercise import Exercise

_SECONDS = 600.0
"""For which an answer may train; many times what it takes, for the machine may be busy."""


@dataclass(frozen=True)
class Arithmetic:
    """With or without oneDNN's kernels, on so many threads.

    `moved` is the share by which every weight is moved, up or down, before a training begins.
    """

    name: str
    onednn: bool = True
    threads: int = 1
    moved: float = 0.0


ARITHMETICS = (
    Arithmetic("oneDNN, 1 thread"),
    Arithmetic("plain, 1 thread", onednn=False),
    Arithmetic("oneDNN, 2 threads", threads=2),
    Arithmetic("plain, 2 threads", onednn=False, threads=2),
    Arithmetic("oneDNN, weights moved by 1e-6", moved=1e-6),
)


def of_the_judge(student: Arithmetic) -> Arithmetic:
    """What a student's answer is judged on: the other kernels, one thread."""
    return Arithmetic("the judge's", onednn=not student.onednn, moved=student.moved)


def settle(arithmetic: Arithmetic) -> None:
    """Make it the arithmetic of this process, in which TensorFlow may not be loaded yet."""
    if "tensorflow" in sys.modules:
        raise RuntimeError("TensorFlow is loaded already; it reads these settings only once.")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = str(int(arithmetic.onednn))
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(arithmetic.threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if arithmetic.moved:
        _move_weights_before_fit(arithmetic.moved)


def _move_weights_before_fit(share: float) -> None:
    import keras

    fit, rng = keras.Model.fit, np.random.default_rng(0)

    def moved_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        for weight in model.trainable_variables:
            signs = rng.choice([-share, share], size=tuple(weight.shape))
            weight.assign(np.asarray(weight) * (1 + signs))
        return fit(model, *args, **kwargs)

    keras.Model.fit = moved_fit


def exercise_of(answer: TrainingAnswer) -> Exercise:
    """The exercise that it is an answer to."""
    exercise = course.lesson(answer.lesson).exercise(answer.exercise)
    if exercise is None:
        raise ValueError(f"Lesson {answer.lesson} has no exercise {answer.exercise}.")
    return exercise


def use_draw(lesson: str, draw: int) -> None:
    """Let the references of a lesson, in this process, hold another draw of its data."""
    references = importlib.import_module(f"cnn_course.{lesson}.references")
    if hasattr(references, "SEED"):
        vars(references)["SEED"] = draw


@dataclass(frozen=True)
class Trained:
    """What came of an answer: CPU seconds, figures, and what it hands in, on its way to a judge."""

    seconds: float
    measured: dict[str, float]
    handed_in: dict[str, Packet]


class Student:
    """A process of its own that trains answers on `arithmetic` and is asked about their names."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, arithmetic), daemon=True)
        self._process.start()
        theirs.close()

    def train(self, answer: int, source: str, seed: int, draw: int) -> Trained:
        """Run `source`, the program of answer number `answer` of `ANSWERS`."""
        self._end.send(("train", answer, source, seed, draw))
        _, trained = self._received()
        assert isinstance(trained, Trained)
        return trained

    def ask(
        self,
        question: Packet,
        seconds: float,  # noqa: ARG002 - how long an answer takes is not what is measured here
        answer_callback: Callable[[Packet], Packet],
    ) -> Packet:
        """Ask about the names of the answer that was trained last."""
        self._end.send(("ask", question))
        while True:
            kind, received = self._received()
            packet: Packet = received
            if kind == "answer":
                return packet
            self._end.send(answer_callback(packet))

    def _received(self) -> Any:
        if not self._end.poll(_SECONDS):
            raise OutOfTime("The training", _SECONDS)
        return self._end.recv()

    def close(self) -> None:
        """End the process."""
        self._end.close()
        self._process.join()


def _serve(end: Connection, arithmetic: Arithmetic) -> None:
    settle(arithmetic)
    from grader.inside.answer import Answerer
    from grader.judging.testing import run_here

    def call_judge(call: Packet) -> Packet:
        end.send(("call", call))
        packet: Packet = end.recv()
        return packet

    names: dict[str, Any] = {}
    while True:
        try:
            what, *message = end.recv()
        except EOFError:
            return
        if what == "train":
            number, source, seed, draw = message
            answer = ANSWERS[number]
            use_draw(answer.lesson, draw)
            begun = process_time()
            names = run_here(source)
            seconds = process_time() - begun
            answerer = Answerer(names, call_judge, interrupt_is_an_answer=False)
            end.send(("trained", _looked_at(answer, names, seconds, [seed, draw])))
        else:
            end.send(("answer", answerer.answer(message[0])))


def _looked_at(
    answer: TrainingAnswer, names: dict[str, Any], seconds: float, seed: list[int]
) -> Trained:
    from grader.crossing.values import pack

    exercise = exercise_of(answer)
    measured = {
        what: float(measure.of(names, np.random.default_rng(seed)))
        for what, measure in answer.measures.items()
    }
    handed_in = {
        name: pack(names[name])
        for history, model in histories_of(exercise)
        for name in (history, model)
        if name in names
    }
    return Trained(seconds, measured, handed_in)


def histories_of(exercise: Exercise) -> list[tuple[str, str]]:
    """The names of histories that an exercise asks for, each with that of its model."""
    found = []
    for name in exercise.names:
        if name.endswith("_history"):
            start = name.removesuffix("_history")
            found.append((name, start if start in exercise.names else f"{start}_model"))
    return found


def claimed_off_by(lesson: str, exercise: Exercise, handed_in: dict[str, Packet]) -> float:
    """How far the judge's own loss is from the last or the best one that a history claims."""
    from grader.crossing.values import unpack
    from grader.judging.expect import training

    references = importlib.import_module(f"cnn_course.{lesson}.references")
    distances = []
    for history, model in histories_of(exercise):
        claimed = training.curve(unpack(handed_in[history]), "val_loss")
        own = training.loss_of(unpack(handed_in[model]), *references.validation_part())
        distances.append(float(min(abs(own - claimed[-1]), abs(own - claimed.min()))))
    return max(distances, default=0.0)
