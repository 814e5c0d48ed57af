"""What the desk has of a class: read again when it has changed, and only what has changed of it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from grader.desk.shelf import Records, Shelf
from grader.gradebook import Gradebook, gradebook_of
from grader.pages.addresses import CLASS, of_exercise, of_lesson, of_student
from tests.gradebook.records import exercise, result
from tests.pages.desk import PATIENCE

ADA, BEN = of_lesson("Ada Abel", "convolution"), of_lesson("Ben Bauer", "convolution")


@pytest.fixture
def book(class_folder: Path, tmp_path: Path) -> Iterator[Gradebook]:
    """The gradebook of a small class, in a folder of its own."""
    shutil.copytree(class_folder, tmp_path / "graded")
    with gradebook_of(tmp_path / "graded") as opened:
        yield opened


@pytest.fixture
def shelf(book: Gradebook, tmp_path: Path) -> Iterator[Shelf]:
    """What the desk has of it."""
    opened = Shelf(tmp_path / "graded", book)
    yield opened
    opened.close()


def settled(shelf: Shelf, book: Gradebook) -> None:
    """Wait until all that has changed is read."""
    end = time.monotonic() + PATIENCE
    while shelf.present().version != book.version():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_page_is_made_once_until_something_changes(shelf: Shelf, book: Gradebook) -> None:
    """The same page is the same object; after a change it is another one, with what is new."""
    settled(shelf, book)
    before = shelf.present().page(ADA)
    assert shelf.present().page(ADA) is before
    book.override("Ada Abel", "convolution", 5.5, reason="Well said.", author="me")
    settled(shelf, book)
    after = shelf.present().page(ADA)
    assert "5.5 of 6 points" in after.html
    assert after.digest != before.digest


def test_what_changed_for_one_leaves_the_pages_of_others(shelf: Shelf, book: Gradebook) -> None:
    """A page that shows what it showed before is known as the same: nobody has to load it again."""
    before = shelf.present().page(BEN).digest
    book.override("Ada Abel", "convolution", 5.5, reason="Well said.", author="me")
    settled(shelf, book)
    assert shelf.present().page(BEN).digest == before


def test_a_decision_is_shown_at_once(shelf: Shelf, book: Gradebook) -> None:
    """While the class is being read, which may take long, its page has it, and keeps having it."""
    settled(shelf, book)
    whole = shelf.present().page(CLASS)
    goes_on = threading.Event()
    shelf._readers.submit(goes_on.wait, PATIENCE)
    decided = book.override("Ada Abel", "convolution", 5.5, reason="Well said.", author="me")
    shelf.put(decided.lesson)
    began = time.monotonic()
    present = shelf.present()
    took = time.monotonic() - began
    assert "5.5 of 6 points" in present.page(ADA).html
    assert present.page(CLASS) is whole  # that of all is made anew beside this
    goes_on.set()
    settled(shelf, book)
    assert "5.5 of 6 points" in shelf.present().page(ADA).html
    assert shelf.present().page(CLASS) is not whole
    assert took < 1


def test_there_are_pages_of_what_there_is_only(shelf: Shelf) -> None:
    """Every link of a page leads to one, and no other address is any."""
    spots = shelf.present().spots
    assert {CLASS, of_student("Hal Nothing"), of_exercise("pooling", "max_pool"), ADA} <= set(spots)
    assert not {"", "../seed", of_student("Nobody"), of_lesson("Ada Abel", "dense")} & set(spots)
    assert all(shelf.present().page(address).html for address in spots)


def test_only_records_that_changed_are_read_again(book: Gradebook) -> None:
    """The others are the same objects; a damaged one is left out and told, until it is mended."""
    records = Records()
    first = {one.student: one for one in book.results(records.read)}
    book.keep(result("Ada Abel", exercise(), file="e"), "new")
    second = {(one.student, one.lesson): one for one in book.results(records.read)}
    ben = ("Ben Bauer", "pooling")
    assert second[ben] is first["Ben Bauer"]
    assert second["Ada Abel", "convolution"].notebook.sha256 == "e" * 64
    damage = text("UPDATE attempts SET record = 'oops' WHERE path LIKE 'Ben Bauer/pool%'")
    book.database.write(lambda c: c.execute(damage))
    records.begin()
    assert ben not in {(one.student, one.lesson) for one in book.results(records.read)}
    [said] = records.said
    assert "Ben Bauer's pooling that cannot be read" in said
