"""The pages of a class and of an exercise in a real browser: what they say, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from grader.pages import class_page, exercise_page
from grader.pages.addresses import of_exercise
from grader.pages.material import Material
from tests.pages.axe import violations
from tests.pages.classes import NO_PLUS_ONE, ODD
from tests.report.samples import FLIPPED

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def pages(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the class page and the pages of all exercises."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "index.html").write_text(class_page.page(material), encoding="utf-8")
    for lesson in material.statistics:
        for one in lesson.exercises:
            path = folder / of_exercise(lesson.lesson, one.id)
            path.parent.mkdir(parents=True, exist_ok=True)
            html = exercise_page.page(material, lesson.lesson, one.id)
            path.write_text(html, encoding="utf-8")
    return folder


@pytest.fixture
def class_(pages: Path, opened: Open) -> Page:
    """The class page, open."""
    return opened(pages / "index.html")


@pytest.fixture
def exercise(pages: Path, opened: Open) -> Page:
    """The page of `feature_map_size`, open."""
    return opened(pages / of_exercise("convolution", "feature_map_size"))


def shown(page: Page, selector: str) -> list[str]:
    """The texts of what is visible."""
    return [one.inner_text() for one in page.locator(selector).all() if one.is_visible()]


def names_in(page: Page) -> list[str]:
    """The students of the table of marks, from top to bottom."""
    return shown(page, ".students tbody th a")


def test_from_a_misconception_to_who_shows_it_takes_two_clicks(class_: Page) -> None:
    """One click opens example, sentence and names; the second leads to the answer of one."""
    first = class_.locator(".cause").first
    assert "3 students" in first.locator("summary").inner_text()
    assert FLIPPED in first.locator("summary").inner_text()  # what to say needs no click
    first.locator("summary").click()
    inside = first.locator(".inside")
    expect(inside).to_be_visible()
    text = inside.inner_text()
    assert "convolve2d(image, kernel)" in text
    assert "expected" in text
    assert "received" in text
    link = inside.get_by_role("link", name="Ben Bauer")
    assert link.get_attribute("href") == "students/Ben%20Bauer/convolution.html#exercise-1"
    example = first.locator(".example").inner_text()
    assert not any(name in example for name in names_in(class_))


def test_misconceptions_are_ranked_by_students(class_: Page) -> None:
    """The most frequent cause stands first; of each list the counts never rise."""
    for number in range(2):
        counts = class_.locator("ol.causes").nth(number).locator("[data-count]")
        found = [int(one.inner_text()) for one in counts.all()]
        assert found == sorted(found, reverse=True)
        assert found


def test_no_mark_that_is_withheld_or_withdrawn_is_a_zero(class_: Page) -> None:
    """Late, by hand, withheld, withdrawn and not handed in have words or signs of their own."""
    rows = {
        row.locator("th a").inner_text(): row.locator("td").all_inner_texts()
        for row in class_.locator(".students tbody tr").all()
    }
    assert rows["Eve Ek"][1:] == ["", "withheld", "withheld"]
    assert rows["Gus Gone"][1:] == ["", "withdrawn", ""]
    assert rows["Hal Nothing"][2] == "not handed in"
    assert rows["Ben Bauer"][2].endswith("◷")
    assert rows["Dana Diaz"][2] == "6✎"
    assert rows["Hal Nothing"][3] == "1✎"
    why = class_.locator("#not-graded").inner_text()
    assert "strongest_match: withheld" in why
    assert "The judge died three times." in why
    assert "Fay Fox" in why
    assert "Gus Gone" in class_.locator("#missing").inner_text()
    assert "Explained it to me." in class_.locator("#special").inner_text()
    notes = class_.locator("figcaption").all_inner_texts()
    assert any("2 withheld" in note and "1 withdrawn" in note for note in notes)


def test_search_finds_students_and_words(class_: Page) -> None:
    """A part of a name leaves that student; a word of a misconception leaves that one."""
    search = class_.get_by_role("searchbox")
    search.fill("zoë")
    assert names_in(class_) == [ODD]
    expect(class_.locator("#found")).to_have_text("1 of 9 students")
    search.fill("how many starts")
    assert [NO_PLUS_ONE in text for text in shown(class_, ".cause summary")] == [True]
    search.fill("nobody is called so")
    assert not names_in(class_)
    expect(class_.locator(".nothing")).to_be_visible()
    search.fill("")
    assert len(names_in(class_)) == 9


def test_filters_count_again(class_: Page) -> None:
    """A section leaves its students, counts causes and pass rates anew, and shows its own chart."""
    class_.get_by_role("combobox", name="Section").select_option("Monday")
    assert names_in(class_) == ["Ada Abel", "Ben Bauer", "Gus Gone", "Hal Nothing"]
    counts = shown(class_, ".cause .count")
    assert counts[:2] == ["2 students", "1 student"]  # two in `feature_map_size`, so it goes first
    rates = shown(class_, "[data-rate]")
    assert rates[0] == "50 % · 1 of 2"
    assert "Of 2 marks" in shown(class_, "#lesson-0 ~ .pair figcaption")[0]
    class_.get_by_role("combobox", name="Lesson").select_option("pooling")
    assert shown(class_, "section.lesson h3") == ["pooling"]
    assert shown(class_, ".students thead th") == ["Student", "Section", "All", "pooling"]
    assert set(shown(class_, ".cause .what .quiet")) == {"pooling"}


def test_columns_sort_with_the_keyboard(class_: Page) -> None:
    """Enter on a heading sorts by it, again the other way; what is no number comes last."""
    head = class_.locator(".students thead th", has_text="convolution")
    head.get_by_role("button").focus()
    class_.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    marks = class_.locator(".students tbody td:nth-child(4)").all_inner_texts()
    numbers = [float(mark.strip("◷✎?")) for mark in marks if mark[:1].isdigit()]
    assert numbers == sorted(numbers)
    assert not marks[-1][:1].isdigit()
    class_.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert class_.evaluate("document.activeElement.className") == "sort"


def test_names_can_be_hidden(class_: Page) -> None:
    """For a lecture, no name can be read; everything else stays."""
    class_.locator(".cause summary").first.click()
    assert class_.locator(".names a:visible").count() > 20
    class_.get_by_label("Hide names").check()
    assert class_.locator(".names a:visible").count() == 0
    expect(class_.locator(".example").first).to_be_visible()


def test_without_a_script_all_can_be_read(pages: Path, opened: Open) -> None:
    """With scripts switched off, everything is there, and nothing that would not work."""
    page = opened(pages / "index.html", java_script_enabled=False)
    assert not page.locator(".controls").is_visible()
    assert len(names_in(page)) == 9
    page.locator(".cause summary").first.click()
    expect(page.locator(".inside").first).to_be_visible()
    assert page.locator("details.map table").first.is_visible()


def test_an_exercise_tells_what_fails_and_for_whom(exercise: Page) -> None:
    """Each statement has for whom it does not hold, with a link to their answer."""
    section = exercise.locator("#statements")
    assert "holds for 1 of 6" in section.locator("summary").inner_text()
    section.locator("summary").click()
    assert "Failed: 5" in section.inner_text()
    link = section.get_by_role("link", name="Cem Can").get_attribute("href")
    assert link == "../../students/Cem%20Can/convolution.html#exercise-3"


def test_typical_answers_are_shown_without_a_name(exercise: Page) -> None:
    """Two who compute the same are one group, with code of one, whose comment is left out."""
    answers = exercise.locator("#answers")
    text = answers.inner_text()
    assert "2 answers" in text
    assert "return n - k" in text
    assert "wrote this" not in text
    assert not any(name in text for name in ("Cem", "Dana", "Can", "Diaz"))


def test_an_exercise_tells_how_answers_moved(pages: Path, opened: Open) -> None:
    """From the first file to the one that stands: who mended what, and who kept a misconception."""
    page = opened(pages / of_exercise("convolution", "convolve2d"))
    row = page.locator("#moves tbody tr")
    assert row.locator("td").all_inner_texts()[:2] == ["flipped kernel", "→ passed"]
    row.locator("summary").click()
    assert "Ada Abel" in row.inner_text()


def test_an_address_opens_what_it_names(pages: Path, opened: Open) -> None:
    """The link from a cause to its place in the page of the exercise shows it opened."""
    page = opened(pages / "index.html")
    page.locator(".cause summary").nth(1).click()
    href = page.locator(".cause").nth(1).get_by_role("link", name="All of").get_attribute("href")
    assert href
    address, _, anchor = href.partition("#")
    page.goto(f"{(pages / address).as_uri()}#{anchor}")
    expect(page.locator(f"#{anchor} .inside")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_seriously_wrong_for_anybody(
    pages: Path, opened: Open, width: int, scheme: str
) -> None:
    """axe-core finds nothing serious, whatever is opened, and no page is wider than the window."""
    for address in ("index.html", of_exercise("convolution", "convolve2d")):
        page = opened(
            pages / address, color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
