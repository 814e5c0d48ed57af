"""The page of a student's lesson: what it says of answers, marks, cells and outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from grader.errors import UsageError
from grader.pages import lesson_page
from grader.pages.material import Material
from grader.results import CellOutcome, CellStatus, FailedCell, HandedIn, ShownCurves, Verdict
from tests.gradebook import records as made
from tests.notebooks import notebook
from tests.pages.classes import ODD
from tests.pages.example_class import example_class, example_records
from tests.pages.hostile import PNG, material_of, record
from tests.pages.leaks import leaks_in, solution_lines
from tests.report.samples import FLIPPED, array, check, exercise, flipped, passed, wrong_sum

CONTENT = json.dumps(notebook([("convolve2d", "def convolve2d(): ..."), "1 / 0"])).encode()


def shown(material: Material, student: str, lesson: str = "convolution") -> BeautifulSoup:
    """The page of a student's lesson, to look into."""
    return BeautifulSoup(lesson_page.page(material, student, lesson), "html.parser")


def of_record(
    folder: Path, *exercises: Any, content: bytes = CONTENT, **more: Any
) -> BeautifulSoup:
    """The page of a record with these exercises, whose notebook was kept."""
    told = {"message": "", "failed_cells": (), "notes": ()} | more
    material = material_of(folder, [record(content, "eve", *exercises, **told)], content)
    return shown(material, "eve")


def of_cells(folder: Path, *cells: Any, **more: Any) -> BeautifulSoup:
    """The page of a notebook of these cells."""
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return of_record(folder, content=json.dumps(document).encode(), **more)


def text_of(part: Tag | None) -> str:
    """The text of a part, with single spaces."""
    assert part is not None
    return " ".join(part.get_text(" ").split())


# ------------------------------------------------------------------------------------------------
# Answers


def test_the_diagnosis_comes_first_and_then_the_statement_that_fails(tmp_path: Path) -> None:
    """Of an answer the diagnosis is on top, then the failing case as pictures, the rest folded."""
    article = of_record(tmp_path, flipped()).find(id="exercise-1")
    assert isinstance(article, Tag)
    text = text_of(article)
    assert text.index(FLIPPED) < text.index("4 of 6 values differ") < text.index("expected")
    tables = article.select("table.array")
    assert [len(table.select("tr")) for table in tables] == [3, 2, 2, 2]
    assert len(article.select("td.first")) == 2
    [folded] = article.select("details")
    assert "(passed, 1/1)" in text_of(folded)
    assert folded.select("table") == []


def test_large_arrays_and_curves_are_pictures(tmp_path: Path) -> None:
    """An array of more than 14×14 numbers is a picture with words; curves are drawn in the page."""
    large = array([[float(row * column) for column in range(28)] for row in range(28)])
    curves = ShownCurves(curves={"loss": (1.0, 0.5), "</text><b>": (2.0, 1.0)}, high=0.2)
    update = {"expected": large, "received": large, "curves": curves}
    article = of_record(tmp_path, exercise(wrong_sum().model_copy(update=update)))
    images = article.select("figure img")
    assert len(images) == 2
    assert all(str(one["src"]).startswith("data:image/png;base64,") for one in images)
    assert "28×28 values" in str(images[0]["alt"])
    [drawing] = article.select("svg.curves")
    assert "0.5 in epoch 1" in str(drawing["aria-label"])
    assert len(drawing.select("polyline")) == 2
    assert drawing.select("b") == []


def test_a_hint_is_shown_where_it_belongs(tmp_path: Path) -> None:
    """The hint of a failing check stands under it."""
    one = wrong_sum().model_copy(update={"hint": "Look at `kernel[0, 0]`."})
    page = of_record(tmp_path, exercise(one))
    assert text_of(page.select_one("#exercise-1 .hint")) == "Hint: Look at kernel[0, 0] ."


def test_it_says_where_to_begin(tmp_path: Path) -> None:
    """The page begins with a link to the first exercise that can be mended."""
    page = of_record(tmp_path, passed(), flipped())
    begin = page.select_one(".begin a")
    assert begin is not None
    assert begin["href"] == "#exercise-2"
    assert "nothing left to do" in text_of(of_record(tmp_path / "b", passed()).select_one(".begin"))


def test_a_fault_of_ours_is_no_zero_and_says_nothing_of_the_check(tmp_path: Path) -> None:
    """What is broken reads *withheld*, and what failed inside the check is not shown."""
    broken = exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN, message="trace of our check")
    page = of_record(tmp_path, passed("zero_pad"), broken)
    text = text_of(page.main)
    assert "score withheld" in text
    assert "The fault is ours" in text
    assert "trace of our check" not in text
    assert "0 of" not in text_of(page.select_one(".mark"))


# ------------------------------------------------------------------------------------------------
# Marks


def test_what_a_mark_is_made_of_is_visible(material: Material) -> None:
    """Late marks and marks by hand are told with amount and reason, and without who gave them."""
    late = text_of(shown(material, "Ben Bauer").select_one(".mark"))
    assert "Handed in late by 1 day 10 hours" in late
    assert "Taken off for it: 1.2" in late or "Taken off for it: 1" in late
    by_hand = text_of(shown(material, "Dana Diaz").select_one(".mark"))
    assert "By hand: 2 points for feature_map_size . The reason: Explained it to me." in by_hand
    assert "Ms Lee" not in lesson_page.page(material, "Dana Diaz", "convolution")
    assert "Points by hand; graded: 0." in text_of(shown(material, "Dana Diaz").main)


@pytest.mark.parametrize(
    ("student", "lesson", "heading", "said"),
    [
        ("Eve Ek", "pooling", "withheld", "The fault is ours"),
        ("Eve Ek", "convolution", "withheld", "The fault is ours"),
        ("Fay Fox", "convolution", "0 of 6 points", "This is no notebook."),
        ("Hal Nothing", "convolution", "0 of 6 points", "There is only answers.html."),
        ("Hal Nothing", "pooling", "1 of 2 points", "The reason: Was ill."),
        ("Gus Gone", "convolution", "no mark", "withdrawn"),
    ],
)
def test_who_has_no_ordinary_mark_is_told_why(
    student: str, lesson: str, heading: str, said: str, material: Material
) -> None:
    """Withheld, rejected, not handed in and withdrawn each have their words."""
    mark = shown(material, student, lesson).select_one(".mark")
    assert mark is not None
    assert text_of(mark.h2) == heading
    assert said in text_of(mark)
    assert "three times" not in text_of(mark)


def test_an_unknown_student_has_no_page(material: Material) -> None:
    """Whoever is asked for and unknown is named in the error."""
    with pytest.raises(UsageError, match="nobody"):
        lesson_page.page(material, "nobody", "convolution")


# ------------------------------------------------------------------------------------------------
# The notebook


def test_feedback_stands_beside_the_cell_of_the_answer(tmp_path: Path) -> None:
    """The cell that carries an answer has its verdict and what is wrong with it beside it."""
    page = of_record(tmp_path, flipped().model_copy(update={"cell": 1}))
    beside = page.select_one("#cell-1 .beside")
    assert "Not there yet" in text_of(beside)
    assert FLIPPED in text_of(beside)
    assert page.select_one("#cell-2 .beside") is None
    link = page.select_one("#exercise-1 .top a")
    assert link is not None
    assert link["href"] == "#cell-1"


def test_each_cell_tells_what_it_did(tmp_path: Path) -> None:
    """Status and time of a cell stand beside it, and why it failed below."""
    cells = (
        CellOutcome(number=1, status=CellStatus.RAN, seconds=0.25),
        CellOutcome(number=2, status=CellStatus.FAILED),
    )
    failed = FailedCell(number=2, first_line="1 / 0", message="raised E", because_of=1)
    page = of_record(tmp_path, cells=cells, failed_cells=(failed,))
    assert text_of(page.select_one("#cell-1 .number")) == "Cell 1 ran in 0.2 s"
    assert text_of(page.select_one("#cell-2 .number")) == "Cell 2 stopped with an error"
    said = text_of(page.select_one("#cell-2 .failure"))
    assert said == "When it was graded, this cell raised E. That is because of cell 1."


def test_cells_of_the_lesson_are_folded(tmp_path: Path) -> None:
    """What a student did not change is folded with its headings; what they wrote is not."""
    path = Path(__file__).parents[2] / "lessons" / "01_convolution.ipynb"
    document = json.loads(path.read_bytes())
    mine = {"cell_type": "markdown", "metadata": {}, "source": "This is mine."}
    document["cells"].insert(3, mine)
    page = of_record(tmp_path, content=json.dumps(document).encode(), cells=())
    folded = page.select("details.folded")
    assert "Cells 1 to 3, as the lesson has them: Lesson 1" in text_of(folded[0].summary)
    assert all("This is mine." not in text_of(one) for one in folded)
    assert "This is mine." in text_of(page.select_one("#cell-4"))
    assert "A picture of the lesson, not repeated here" in text_of(folded[1])
    assert page.select(".cell img") == []


def test_outputs_are_shown_as_they_were_saved(tmp_path: Path) -> None:
    """Text, errors, tables, pictures and formulas of a notebook are there; progress bars end."""
    printed = "1/9\b\b\b\r5/9\r9/9 \x1b[32mok\x1b[0m\n"
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": printed},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mE\x1b[0m: v"]},
        {"output_type": "execute_result", "data": {
            "text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "no"}},
        {"output_type": "display_data", "data": {"image/png": PNG + "\n", "text/plain": "no"}},
        {"output_type": "display_data", "data": {"text/latex": r"$\frac{1}{2}$"}},
        {"output_type": "display_data", "data": {"text/plain": ["two\n", "lines"]}},
    ]  # fmt: skip
    cell = {"cell_type": "code", "metadata": {}, "source": "x", "outputs": outputs}
    there = of_cells(tmp_path, cell).select_one("#cell-1 .outputs")
    assert there is not None
    assert [text_of(one) for one in there.select("pre")] == ["9/9 ok", "E : v", "two lines"]
    assert text_of(there.select_one(".ansi-green-fg")) == "ok"
    assert text_of(there.table) == "1"
    assert there.select_one("mfrac") is not None
    image = there.select_one("img")
    assert image is not None
    assert image["src"] == f"data:image/png;base64,{PNG}"


def test_what_check_showed_is_text(tmp_path: Path) -> None:
    """Under a cell that only checks, what the notebook saved is its text, not its HTML."""
    data = {"text/html": "<div>colors</div>", "text/plain": "✔ all of it"}
    output = {"output_type": "display_data", "data": data}
    cell = {"cell_type": "code", "metadata": {}, "source": 'check("relu")', "outputs": [output]}
    assert text_of(of_cells(tmp_path, cell).select_one(".outputs")) == "✔ all of it"


def test_text_cells_are_rendered(tmp_path: Path) -> None:
    """Headings, tables, formulas, code and pictures that were pasted in are shown as in Jupyter."""
    source = (
        "# Mine\n\n$a_1 < b$ and $\\unknown{x}$\n\n| a |\n|---|\n| 1 |\n\n"
        "```python\ndef f(): pass\n```\n\n![it](attachment:a.png)"
    )
    cell = {
        "cell_type": "markdown", "metadata": {}, "source": source,
        "attachments": {"a.png": {"image/png": PNG}},
    }  # fmt: skip
    page = of_cells(tmp_path, cell).select_one("#cell-1")
    assert page is not None
    assert text_of(page.h3) == "Mine"
    assert page.select_one("math msub") is not None
    assert r"\unknown{x}" in text_of(page)
    assert text_of(page.td) == "1"
    assert text_of(page.select_one(".highlight .nf")) == "f"
    image = page.img
    assert isinstance(image, Tag)
    assert image["alt"] == "it"


def test_pictures_are_left_out_beyond_some_size(tmp_path: Path) -> None:
    """A page stays small enough to be sent; a sentence stands for each picture that is left out."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><!--{'x' * 400_000}--></svg>"
    output = {"output_type": "display_data", "data": {"image/svg+xml": svg}}
    cells = [
        {"cell_type": "code", "metadata": {}, "source": str(n), "outputs": [output]}
        for n in range(9)
    ]
    page = of_cells(tmp_path, *cells)
    assert len(page.select(".outputs img")) == 2
    assert str(page).count("is left out, to keep the page small") == 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as Jupyter writes one"),
        (b"{", "cannot be read as Jupyter writes one"),
        (b"\xff\xfe\x00", "cannot be read as Jupyter writes one"),
        (b'{"cells": 3, "nbformat": 4}', "cannot be read as Jupyter writes one"),
        (b'{"cells": [1], "nbformat": 4}', "cannot be read as Jupyter writes one"),
        (b"[" * 100_000, "too large to be shown"),
        (b'{"nbformat": 4, "cells": ["' + b'","' * 2_000_000 + b'"]}', "too large to be shown"),
        (b'{"cells": [], "nbformat": 4}', "has no cells"),
        (b'{"nbformat": 99, "cells": []}', "cannot be read as Jupyter writes one"),
    ],
)
def test_a_damaged_notebook_is_said_in_a_sentence(
    content: bytes, said: str, tmp_path: Path
) -> None:
    """What cannot be shown costs nothing else of the page."""
    page = of_record(tmp_path, flipped(), content=content)
    assert said in text_of(page.main)
    assert FLIPPED in text_of(page.main)


def test_old_formats_are_shown(tmp_path: Path) -> None:
    """A notebook of Jupyter's format 3 and one with a byte order mark show their cells."""
    cell = {"cell_type": "code", "language": "python", "input": "a = 1", "outputs": []}
    old = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}).encode()
    assert "a = 1" in text_of(of_record(tmp_path / "a", content=old).select_one("#cell-1"))
    marked = b"\xef\xbb\xbf" + CONTENT
    assert of_record(tmp_path / "b", content=marked).select_one("#cell-2") is not None


def test_what_a_record_does_not_have_is_said(tmp_path: Path) -> None:
    """Older records, and notebooks that were not kept, are told of in a sentence."""
    older = of_record(tmp_path / "a", flipped(), cells=())
    assert "What each cell did when it was graded is not in this record." in str(older)
    failed = FailedCell(number=7, first_line="1 / 0", message="raised E")
    lost = record(CONTENT, "eve", flipped(), failed_cells=(failed,), message="", notes=())
    page = shown(material_of(tmp_path / "b", [lost]), "eve")
    assert "The notebook was not kept with the results" in str(page)
    assert "Cell 7 ( 1 / 0 ): raised E" in text_of(page.main)


# ------------------------------------------------------------------------------------------------
# What is sent


def test_what_is_sent_links_to_nothing(material: Material) -> None:
    """The self-contained page is the same without links to other pages, for every kind of name."""
    for student in ("Ben Bauer", ODD):
        html = lesson_page.self_contained(material, student, "convolution")
        links = [str(one["href"]) for one in BeautifulSoup(html, "html.parser").select("a")]
        assert [link for link in links if not link.startswith("#")] == []
        linked = lesson_page.page(material, student, "convolution")
        assert "The class</a>" in linked
        assert html.partition("<h1>")[2] == linked.partition("<h1>")[2]


def test_nobody_else_is_named(class_folder: Path) -> None:
    """No page of the small class names another student, a place of this machine, or the seed."""
    count, found = leaks_in(class_folder)
    assert count > 10
    assert found == []


def test_nobody_of_the_example_class_is_told_too_much(tmp_path: Path) -> None:
    """No page of the example class tells another name, a path, or a line of a solution."""
    count, found = leaks_in(example_class(tmp_path))
    assert count == len(example_records())
    assert found == []


def test_a_leak_is_found(tmp_path: Path) -> None:
    """The search for leaks finds another's name, a path, a seed and a line of a solution."""
    line = solution_lines("convolution")[0]
    (tmp_path / "seed").write_text("c0ffee")
    said = f"As bob has it in {tmp_path}/a: c0ffee {line}"
    mine = record(CONTENT, "eve", flipped(), message=said, notes=(), failed_cells=())
    material_of(tmp_path, [mine, made.result("bob")], CONTENT)
    _, found = leaks_in(tmp_path)
    assert {one.partition(" '")[0] for one in found} == {
        "eve, convolution: says", "eve, convolution: path",
        "eve, convolution: solution",
    }  # fmt: skip
    assert sum("says" in one for one in found) == 3


def test_a_group_is_told_without_names(tmp_path: Path) -> None:
    """Of who handed in together only the number is told."""
    together = HandedIn(group=("eve", "bob Builder", "cem"))
    page = of_record(tmp_path, passed(), handed_in=together)
    assert "a group of 3" in text_of(page.select_one(".facts"))
    assert "bob" not in str(page)
