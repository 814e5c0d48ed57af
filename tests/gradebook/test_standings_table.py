"""The marks of a class, readable in whatever width there is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.gradebook import gradebook_of
from grader.gradebook.standings_table import standings_table
from grader.judging.course import lesson_names
from grader.report.order import Order
from tests.gradebook.records import broken, exercise, missing, rejected, result

NAMES = ("Ana Ng", "Maximilian Wojciechowski-Papadopoulos", "美咲 Öztürk")
NOTHING = "No notebook was handed in. Nothing else was there."


def table(folder: Path, width: int, order: Order = Order.NAME) -> str:
    """What a terminal of that width shows."""
    page = io.StringIO()
    with gradebook_of(folder) as book:
        shown = standings_table(book.current(), "none", order)
    Console(file=page, width=width).print(shown)
    return page.getvalue()


def rows(text: str) -> list[str]:
    """The lines of the table itself, below its head."""
    lines = text.splitlines()
    return lines[1 : next(place for place, line in enumerate(lines) if not line.strip())]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of 300 with all lessons."""
    folder = tmp_path_factory.mktemp("class")
    records = []
    for number in range(300):
        name = f"{NAMES[number % 3]} {number:03}"
        for place, lesson in enumerate(lesson_names()):
            match (number + place) % 9:
                case 0:
                    one = missing(name, lesson=lesson).model_copy(update={"message": NOTHING})
                case 1:
                    one = rejected(name, lesson=lesson)
                case 2:
                    one = broken(name, lesson=lesson)
                case _:
                    answers = [exercise(f"e{n}", (number + n) % 3, 2) for n in range(10)]
                    one = result(name, *answers, lesson=lesson, late=number % 4 == 0)
            records.append((one, ""))
    with gradebook_of(folder, new=True) as book:
        book.keep_all(records, book.begin_run("class"))
    return folder


@pytest.mark.parametrize("width", [80, 120])
def test_seven_lessons_fit(graded: Path, width: int) -> None:
    """No line is longer than the terminal, and everybody's marks of all lessons are in one row."""
    lines = table(graded, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    [row] = [line for line in lines if line.startswith("Ana Ng 003")]
    marks = row.removeprefix("Ana Ng 003").replace("N ", "N").replace("R ", "R").split()
    assert len(marks) == len(lesson_names())


def test_short_marks_are_explained(graded: Path) -> None:
    """Where lessons have numbers, a key says which they are; what is withheld is no number."""
    text = table(graded, 80)
    assert "1 convolution, of 20" in text
    assert "? withheld for a fault of ours" in text
    [row] = [line for line in rows(text) if line.startswith("Ana Ng 000")]
    assert "N 0" in row
    assert "R 0" in row
    assert " ? " in row


def test_the_same_reason_is_said_once(graded: Path) -> None:
    """Students who handed in nothing share a line for each lesson, which says how many they are."""
    text = " ".join(table(graded, 80).split())
    assert text.count("N convolution: Nothing else was there. – ") == 1
    assert "and 22 more" in text


def test_withheld_marks_come_last_of_the_worst(graded: Path) -> None:
    """Worst first is of those whose marks are known: whoever's are withheld stands at the end."""
    ordered = rows(table(graded, 120, Order.WORST))
    known = ["withheld" not in row for row in ordered if row.startswith(NAMES)]
    assert 0 < sum(known) < len(known)
    assert known == sorted(known, reverse=True)
