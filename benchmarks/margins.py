"""How much room the thresholds leave on every arithmetic: a part of `docs/thresholds.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.arithmetics import ARITHMETICS
from benchmarks.training_answers import ANSWERS, Measure, TrainingAnswer
from grader.judging.expect.training import CLOSE

OFF = "claimed loss, off by"
"""The name under which a judge's own loss is compared with the claimed one, for right answers."""


@dataclass(frozen=True)
class Found:
    """What came of one answer, by its place in `ANSWERS`, on one arithmetic, by its place."""

    answer: int
    arithmetic: int
    accepted: bool
    measured: Mapping[str, float]

    @property
    def its_answer(self) -> TrainingAnswer:
        """The answer itself."""
        return ANSWERS[self.answer]

    @property
    def mistaken(self) -> bool:
        """Whether a right answer was refused or a wrong one accepted."""
        return self.accepted != self.its_answer.right


PAGE = """\
## On several arithmetics

TensorFlow's results depend on the machine: on the kernels that it has for the processor (oneDNN's
or its plain ones, `TF_ENABLE_ONEDNN_OPTS`), on the number of threads, on the order in which numbers
are added. After 25 epochs two machines have two different networks. So answers were trained on each
of these arithmetics, and judged in another process with the *other* kernels and one thread. Seeds
are few here: mostly one for each answer; the table says how many answers there were. In the last
row every weight was moved by a millionth, up or down, before each training, also where the judge
trains with `fit`. Made on one kind of processor, by
`python -m benchmarks.thresholds --arithmetics`.

| trained on | right answers refused | wrong answers accepted |
|---|---|---|
{arithmetics}

The judge's own loss, on the other arithmetic, was off from the one that an honest history claims by
{off:.1e} at most; {close:g} is tolerated.

"Nearest" is the smallest distance from the threshold, over all arithmetics and seeds, and where it
was found. Wrong answers are named where the figure tells them every time; the others are told by
another figure or by what the network is made of.

| exercise | figure | right if | right ones | nearest | wrong ones that it tells | nearest |
|---|---|---|---|---|---|---|
{margins}

Told by no figure alone, but by layers, settings or the history: {others}.
"""


def page(found: list[Found]) -> str:
    """The whole part, from what came of the answers that were tried."""
    off = max(one.measured[OFF] for one in found if OFF in one.measured)
    told: set[int] = set()
    tried = {one.answer for one in found}
    exercises = dict.fromkeys(one.its_answer.exercise for one in found)
    rows = [row for exercise in exercises for row in margin_rows(exercise, found, told)]
    others = [
        f"`{answer.exercise}`, {answer.name}"
        for number, answer in enumerate(ANSWERS)
        if number in tried and not answer.right and number not in told
    ]
    return PAGE.format(
        arithmetics="\n".join(_counts(found)),
        off=off,
        close=CLOSE,
        margins="\n".join(rows),
        others="; ".join(others) or "none",
    )


def _counts(found: list[Found]) -> Iterator[str]:
    """For each arithmetic a row: how many answers were judged wrongly."""
    for number, arithmetic in enumerate(ARITHMETICS):
        here = [one for one in found if one.arithmetic == number]
        cells = []
        for right in (True, False):
            judged = [one for one in here if one.its_answer.right is right]
            mistaken = sum(one.mistaken for one in judged)
            cells.append(f"{mistaken} of {len(judged)}" if judged else "not tried")
        yield f"| {arithmetic.name} | {cells[0]} | {cells[1]} |"


def margin_rows(exercise: str, found: list[Found], told: set[int]) -> Iterator[str]:
    """A row for each figure of an exercise; adds to `told` the wrong answers that it tells."""
    own = [one for one in found if one.its_answer.exercise == exercise]
    right = [one for one in own if one.its_answer.right]
    for what, measure in right[0].its_answer.measures.items():
        values = [one.measured[what] for one in right]
        decided = dict(_decided(own, what, measure))
        told.update(decided)
        wrong = [one for one in own if one.answer in decided]
        yield (
            f"| `{exercise}` | {what} | {_bounds(measure)} "
            f"| {_short(min(values))} to {_short(max(values))} "
            f"| {_nearest(right, what, measure)} "
            f"| {', '.join(decided.values()) or '-'} "
            f"| {_nearest(wrong, what, measure) if wrong else '-'} |"
        )


def _decided(own: list[Found], what: str, measure: Measure) -> Iterator[tuple[int, str]]:
    """The wrong answers that are outside the bounds every time: their places and names."""
    for number in sorted({one.answer for one in own if not one.its_answer.right}):
        rooms = [measure.room(one.measured[what]) for one in own if one.answer == number]
        if max(rooms) < 0:
            yield number, ANSWERS[number].name


def _nearest(found: Iterable[Found], what: str, measure: Measure) -> str:
    room, place = min((abs(measure.room(one.measured[what])), one.arithmetic) for one in found)
    return f"{_short(room)} ({ARITHMETICS[place].name})"


def _bounds(measure: Measure) -> str:
    low = f"above {measure.above:.3g}" if measure.above > float("-inf") else ""
    high = f"below {measure.below:.3g}" if measure.below < float("inf") else ""
    return ", ".join(filter(None, (low, high)))


def _short(value: float) -> str:
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.005 else f"{value:.0e}"
