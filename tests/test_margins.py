"""How much room thresholds leave, as the benchmark tells it."""

from __future__ import annotations

from benchmarks import margins, thresholds
from benchmarks.arithmetics import ARITHMETICS, of_the_judge
from benchmarks.training_answers import ANSWERS, Measure


def test_room_is_the_distance_to_the_nearer_bound() -> None:
    """Inside the bounds it is above 0, outside below."""
    measure = Measure(lambda _names, _rng: 0.0, above=1.0, below=4.0)
    assert measure.room(1.5) == 0.5
    assert measure.room(3.0) == 1.0
    assert measure.room(5.0) == -1.0


def test_every_right_answer_is_tried_on_every_arithmetic_and_judged_on_another() -> None:
    """The judge has the other kernels, and one thread; no run is listed twice."""
    runs = thresholds.runs_on_arithmetics()
    assert len(set(runs)) == len(runs)
    tried = {(run.answer, run.arithmetic) for run in runs}
    right = [number for number, answer in enumerate(ANSWERS) if answer.right]
    assert all((number, place) in tried for number in right for place in range(len(ARITHMETICS)))
    for arithmetic in ARITHMETICS:
        judge = of_the_judge(arithmetic)
        assert (judge.onednn, judge.threads) == (not arithmetic.onednn, 1)


def test_the_page_names_the_smallest_distance_and_the_wrong_answers_that_a_figure_tells() -> None:
    """Of all arithmetics the nearest counts; a wrong answer inside the bounds is not told."""
    numbers = [number for number, answer in enumerate(ANSWERS) if answer.exercise == "boundary"]
    figures = {"16 units": 1.0, "2 units": 0.8, "no activation": 0.97}
    found = [
        margins.Found(
            number,
            place,
            ANSWERS[number].right,
            {
                "bent, accuracy": figures.get(ANSWERS[number].name, 0.99) - 0.01 * place,
                "linear, accuracy": 0.5,
                margins.OFF: 1e-6,
            },
        )
        for number in numbers
        for place in range(2)
    ]
    row = next(margins.margin_rows("boundary", found, set()))
    assert "| above 0.95 | 0.98 to 1.00 | 0.03 (plain, 1 thread) | 2 units |" in row
    assert row.endswith("| 0.15 (oneDNN, 1 thread) |")
