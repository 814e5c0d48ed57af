"""Comments are kept beside the marks, whatever is graded again; changes of a gradebook are seen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from grader.errors import UsageError
from grader.gradebook import Gradebook, gradebook_of
from grader.gradebook.commenting import LONGEST
from grader.gradebook.student_table import past_table
from tests.gradebook.records import broken, exercise, result


def comments(book: Gradebook, student: str = "ana") -> list[tuple[str, str, str]]:
    """What was written to a student: the exercise, the text, and who wrote it."""
    [one] = [each for each in book.current() if each.person.name == student]
    return [(each.exercise, each.text, each.author) for each in one.comments]


def test_a_comment_stays_when_the_lesson_is_graded_again(book: Gradebook) -> None:
    """Comments of a lesson and of an exercise are there after a better and a broken result."""
    book.keep(result("ana", exercise(earned=1)), "first")
    book.comment("ana", "convolution", "Come and see me.\r\nSoon.", author="tea")
    book.comment("ana", "convolution/relu", "Look at zero.", author="tom")
    before = [("", "Come and see me.\nSoon.", "tea"), ("relu", "Look at zero.", "tom")]
    assert comments(book) == before
    book.keep(result("ana", exercise(), file="b"), "second")
    book.keep(broken("ana", file="c"), "third")
    assert comments(book) == before


def test_a_comment_is_taken_back_once(book: Gradebook) -> None:
    """It is shown no more, another student's number takes nothing back, and neither does a second.

    What was written stays in the database.
    """
    book.keep(result("ana", exercise()), "a")
    book.keep(result("bea", exercise()), "b")
    [one] = book.comment("ana", "relu", "Well done.", author="tea").comments
    with pytest.raises(UsageError, match="not there any more"):
        book.remove_comment("bea", "convolution", one.number)
    assert book.remove_comment("ana", "convolution", one.number).comments == ()
    with pytest.raises(UsageError, match="not there any more"):
        book.remove_comment("ana", "convolution", one.number)
    assert comments(book) == []


@pytest.mark.parametrize(
    ("place", "text", "said"),
    [
        ("convolution", " \r\n", "has a text"),
        ("convolution", "x" * (LONGEST + 1), "at most 10,000 characters.*10,001"),
        ("convolution/nothing", "Hm.", "no exercise of 'convolution'"),
    ],
)
def test_a_comment_that_cannot_be_kept_is_refused(
    place: str, text: str, said: str, book: Gradebook
) -> None:
    """One sentence says why, and nothing is kept."""
    book.keep(result("ana", exercise()), "a")
    with pytest.raises(UsageError, match=said):
        book.comment("ana", place, text, author="tea")
    assert comments(book) == []


def test_a_renamed_student_keeps_the_comments(book: Gradebook) -> None:
    """What was written to a student under an old name is there under the new one."""
    book.keep(result("17", exercise(), id="17"), "a", book.begin_run("class"))
    book.comment("17", "relu", "Well done.", author="tea")
    run = book.begin_run("class")
    book.keep(result("ana", exercise(), id="17", file="b"), "b", run)
    assert [one.new for one in book.rename(run)] == ["ana"]
    assert comments(book) == [("relu", "Well done.", "tea")]


def test_a_terminal_shows_comments_as_they_were_written(book: Gradebook) -> None:
    """Each line of a comment is a line; what could move a cursor or be markup is text."""
    book.keep(result("ana", exercise()), "a")
    book.comment("ana", "relu", "One.\n[red]\x1b[2J \u202e", author="t[b]\x1bea")
    page = io.StringIO()
    Console(file=page, width=200).print(past_table(book.attempts("ana"), book.current()))
    assert "One.\n" in page.getvalue().replace(" ", "").replace("\u2026", "")
    assert r"[red]\x1b[2J \u202e" in page.getvalue()
    assert r"relu, t[b]\x1bea wrote, " in page.getvalue()


def test_every_change_of_anybody_makes_another_version(book: Gradebook) -> None:
    """Results, marks, comments and settings of another program each change the version."""
    versions = [book.version()]
    with Gradebook.open(book.database.url.render_as_string(hide_password=False)) as other:
        changes = (
            lambda: other.keep(result("ana", exercise(earned=1)), "a"),
            lambda: other.keep(result("ana", exercise(earned=1), section="B"), "a"),
            lambda: other.override("ana", "relu", 2, reason="It is right.", author="tea"),
            lambda: other.remove_override("ana", "relu", reason="", author="tea"),
            lambda: other.comment("ana", "relu", "Well done.", author="tea"),
            lambda: other.remove_comment("ana", "convolution", 1),
            lambda: other.set_late("10%/day"),
            lambda: book.override("ana", "relu", 1, reason="Half.", author="tea"),
        )
        for change in changes:
            change()
            versions.append(book.version())
            assert book.version() == versions[-1]
    assert len(set(versions)) == len(versions)


def test_a_gradebook_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    """A file put in its place has another version and is read; a missing one is told."""
    with gradebook_of(tmp_path, new=True) as book:
        before = book.version()
        with Gradebook.open(str(tmp_path / "other.sqlite")) as other:
            other.keep(result("bea", exercise()), "b")
        for name in ("gradebook.sqlite-wal", "gradebook.sqlite-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / "other.sqlite").replace(tmp_path / "gradebook.sqlite")
        assert book.version() != before
        assert [one.person.name for one in book.current()] == ["bea"]
        (tmp_path / "gradebook.sqlite").unlink()
        with pytest.raises(UsageError, match="Put it back"):
            book.version()
