"""Results in a terminal: compact, clear without color, and nothing in them acts."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from grader.report.console import class_table, submission_report
from grader.report.order import Order
from grader.results import HandedIn, SubmissionResult, Verdict
from tests.report.samples import (
    FLIPPED,
    check,
    exercise,
    flipped,
    hostile,
    passed,
    submission,
)

OURS = re.compile(r"\x1b\[[0-9;]*m")


def page(renderable: RenderableType, *, width: int = 80, color: bool = False) -> str:
    """What a terminal of that width shows."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
    )
    console.print(renderable)
    return out.getvalue()


def row(text: str, start: str) -> str:
    """The line of a page that begins with `start`."""
    return next(line for line in text.splitlines() if line.startswith(start))


def ten_exercises(student: str) -> SubmissionResult:
    """A notebook with ten exercises, of which the fourth was failed and the last not attempted."""
    exercises = [passed(f"exercise_{number}") for number in range(1, 11)]
    exercises[3] = exercise(check(Verdict.FAILED), id="exercise_4")
    untouched = check(Verdict.NOT_ATTEMPTED)
    exercises[9] = exercise(untouched, verdict=Verdict.NOT_ATTEMPTED, id="exercise_10")
    return submission(*exercises, student=student)


def test_ten_exercises_fit_into_eighty_columns() -> None:
    """With ten exercises each has a column of its own, and no line is longer than 80 columns."""
    text = page(class_table([ten_exercises("ana"), ten_exercises("b" * 60)]))
    assert row(text, "student").split()[3:] == [str(number) for number in range(1, 11)]
    assert row(text, "ana").split() == ["ana", "partly", "passed", "8/10", *"✔✔✔✘✔✔✔✔✔·"]
    assert max(map(cell_len, text.splitlines())) <= 80


@pytest.mark.parametrize("width", [40, 50, 60, 80, 120])
def test_no_sign_is_lost_where_there_is_no_room(width: int) -> None:
    """At every width a row shows the sign of every exercise, together where columns do not fit."""
    text = page(class_table([ten_exercises("somebody with a long name")]), width=width)
    assert text.count("✘") >= 1
    assert sum(line.count("✔") for line in text.splitlines()[2:6]) >= 8
    assert max(map(cell_len, text.splitlines())) <= width


def test_students_are_sorted_by_name() -> None:
    """Rows are sorted by name, whatever its case."""
    text = page(class_table([submission(passed(), student=name) for name in ("bea", "Ana", "cem")]))
    assert text.index("Ana") < text.index("bea") < text.index("cem")


def test_the_summary_counts_the_class() -> None:
    """Below the table stand the number of each verdict and the mean score."""
    results = [
        submission(passed(), student="ana", verdict=Verdict.PASSED),
        submission(exercise(check(Verdict.FAILED), id="relu"), student="bea"),
        submission(student="cem", verdict=Verdict.REJECTED),
    ]
    text = " ".join(page(class_table(results)).split())
    assert "3 submissions: 1 passed, 1 failed, 1 rejected." in text
    assert "Mean score 0.5 of 1, over the 2 graded in full." in text


def test_a_withheld_score_is_marked() -> None:
    """Where the fault is ours the score has a star, is explained, and stays out of the mean."""
    broken = exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN, id="relu")
    results = [submission(broken, passed("pool"), verdict=Verdict.BROKEN), submission(passed())]
    text = page(class_table(results))
    assert "1/2*" in text
    assert "* The fault is ours" in text
    assert "over the 1 graded in full" in " ".join(text.split())


def test_frequent_misconceptions_come_first() -> None:
    """Misconceptions are counted over the class, the most frequent first."""
    rare = exercise(check(Verdict.FAILED), id="relu", diagnosis="You add instead.")
    results = [
        submission(flipped(), rare, student="ana"),
        submission(flipped(), student="bea"),
    ]
    text = page(class_table(results))
    assert "2×  convolve2d · flipped_kernel" in text
    assert text.index("2×") < text.index("1×  relu")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (submission(passed(), exercise(check(Verdict.FAILED))), "partly passed"),
        (submission(exercise(check(Verdict.FAILED))), "failed"),
        (submission(passed(), verdict=Verdict.PASSED), "passed"),
        (submission(passed(), flipped(), verdict=Verdict.TIMEOUT), "partly (timeout)"),
        (submission(passed(), flipped(), verdict=Verdict.BROKEN), "broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_verdict_is_in_a_teachers_words(result: SubmissionResult, words: str) -> None:
    """Whoever has some of the points passed in part, in the table, the count and the report."""
    table, report = page(class_table([result])), page(submission_report(result))
    assert f"ana     {words} " in re.sub(r"ana +", "ana     ", table)
    assert f"1 submission: 1 {words}." in table
    assert f"convolution  ana  {words}  " in report


def test_the_table_says_why_somebody_was_rejected() -> None:
    """The reason stands in the row, without its power over the terminal."""
    reason = "A notebook is text in UTF-8.\n\x1b[31mReceived: other bytes."
    results = [submission(student="ana", verdict=Verdict.REJECTED, message=reason)]
    text = " ".join(page(class_table(results)).split())
    assert r"ana rejected – A notebook is text in UTF-8.\n\x1b[31mReceived: other bytes." in text


def test_a_long_reason_stands_below_in_full() -> None:
    """A reason for which a row has no room is cut there, and whole below the table."""
    reason = f"It begins here, {'and goes on, ' * 20}and ends here."
    result = submission(student="ana", verdict=Verdict.REJECTED, message=reason)
    text = " ".join(page(class_table([result, submission(passed(), student="bea")])).split())
    assert f"ana: {reason}" in text


def test_who_handed_in_nothing_has_what_was_there() -> None:
    """The row says what there was instead, and not once more that there is no notebook."""
    result = submission(
        student="ana",
        verdict=Verdict.NOT_HANDED_IN,
        message="No notebook was handed in. Found: answers.html.",
    )
    text = page(class_table([result, submission(passed(), student="bea")]))
    assert row(text, "ana").split("–")[1].strip() == "Found: answers.html."


def test_rows_can_be_in_another_order() -> None:
    """Worst first, with what is withheld at the end; or the latest hand-in first."""
    broken = exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN, id="relu")
    results = [
        submission(passed("relu"), student="ana", verdict=Verdict.PASSED),
        submission(exercise(check(Verdict.FAILED), id="relu"), student="bea"),
        submission(broken, student="cem", verdict=Verdict.BROKEN),
        submission(student="dan", verdict=Verdict.REJECTED, message="No notebook."),
    ]
    times = ["2026-05-03T10:00:00+02:00", "2026-05-03T10:00:00Z", "", "yesterday"]
    results = [
        result.model_copy(update={"handed_in": HandedIn(time=time)})
        for result, time in zip(results, times, strict=True)
    ]

    def rows(order: Order) -> list[str]:
        lines = page(class_table(results, order)).splitlines()
        return [line[:3] for line in lines if line[:4] in ("ana ", "bea ", "cem ", "dan ")]

    assert rows(Order.NAME) == ["ana", "bea", "cem", "dan"]
    assert rows(Order.WORST) == ["bea", "dan", "ana", "cem"]
    assert rows(Order.TIME) == ["bea", "ana", "cem", "dan"]


@pytest.mark.parametrize("width", [80, 120])
def test_a_class_of_300_keeps_to_the_width(width: int) -> None:
    """Long names, reasons and scores with signs: no line is longer than the terminal."""
    results = []
    for number in range(300):
        name = f"{'Maximilian 美咲' if number % 3 else 'Ana'} Wojciechowski-Papadopoulos {number}"
        one = ten_exercises(name)
        if number % 7 == 0:
            reason = "A notebook is a JSON document in Jupyter's format. Received: something else."
            one = submission(student=name, verdict=Verdict.REJECTED, message=reason)
        results.append(one.model_copy(update={"handed_in": HandedIn(late=number % 5 == 0)}))
    text = page(class_table(results), width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.count("rejected ") >= 43
    assert "8/10L" in text
    assert "L handed in late" in text


def test_who_was_not_graded_counts_for_no_exercise() -> None:
    """How many passed an exercise is told of those whose notebook could be graded."""
    refused = submission(student="zoe", verdict=Verdict.REJECTED, message="No notebook.")
    assert "1 of 1 passed" in page(class_table([submission(passed(), student="ana"), refused]))


def test_lessons_have_tables_of_their_own() -> None:
    """Results of several lessons are several tables, in the order in which they are taught."""
    lessons = ["pooling", "unknown", "activation", "convolution"]
    text = page(class_table([submission(passed(), lesson=lesson) for lesson in lessons]))
    heads = [line for line in text.splitlines() if line in lessons]
    assert heads == ["convolution", "activation", "pooling", "unknown"]
    assert text.count("1 submission: ") == 4


def test_nothing_graded_is_said() -> None:
    """An empty class is one sentence."""
    assert page(class_table([])) == "Nothing is graded yet.\n"


def test_a_report_explains_what_failed() -> None:
    """A failed check shows its statement, call, inputs, both arrays and the diagnosis."""
    text = page(submission_report(submission(flipped())))
    assert "✘ Each value is the sum" in text
    assert "4 of 6 values differ" in text
    assert "call: convolve2d(image, kernel)" in text
    assert re.search(r"image: +kernel:", text)
    assert re.search(r"expected: +received:", text)
    assert FLIPPED in re.sub(r"\s+", " ", text)


def test_the_first_difference_is_marked_in_both_arrays() -> None:
    """Expected and received stand side by side, aligned, with the first difference in brackets."""
    text = page(submission_report(submission(flipped())))
    assert "[-4]  2   5               [ 4] -2   7" in text
    assert "[ ] marks the first difference, at [1, 0]" in text


def test_a_report_fits_its_width() -> None:
    """Arrays, statements and messages keep within 80 columns."""
    text = page(submission_report(submission(flipped(), passed())))
    assert max(map(cell_len, text.splitlines())) <= 80


def test_hostile_text_is_only_text() -> None:
    """No control, no bidi override and no markup of a student acts; they are all there to read."""
    result = submission(hostile(), student="\x1b]0;owned\x07[red]ana")
    for color in (False, True):
        for show in (class_table([result]), submission_report(result)):
            plain = OURS.sub("", page(show, width=200, color=color))
            assert not set(plain) & set("\x1b\x07\x00\x08\r\u202e\ud800")
            assert r"\x1b]0;owned\x07[red]ana" in plain
    assert "[red]bold[/red]" in plain
