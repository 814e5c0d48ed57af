"""A gradebook is opened wherever it is, with what was graded before; no password is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.gradebook import Gradebook, gradebook_of
from grader.gradebook.database import shown, url_of
from grader.report import records
from tests.databases import Server
from tests.gradebook.records import broken, exercise, missing, rejected, result

SECRET = "s3cr3t-w0rd"


def test_records_of_an_older_version_are_taken_in_once(tmp_path: Path) -> None:
    """A folder that was graded before there were gradebooks has them all in it; it is said once."""
    for one in (result("ana", exercise(), id="7"), rejected("bea"), broken("cyn"), missing("dan")):
        records.write(one, tmp_path)
    records.write(rejected("ana"), tmp_path)  # beside her grade, which stands
    with gradebook_of(tmp_path) as book:
        [line] = book.said
        assert line.startswith("4 records in ")
        assert [one.verdict.value for one in book.current()] == [
            "passed",
            "rejected",
            "broken",
            "not_handed_in",
        ]
        assert book.current()[0].person.number == "7"
        book.keep(result("eve", exercise()), "key")
    with gradebook_of(tmp_path) as book:
        assert book.said == ()
        assert len(book.current()) == 5


def test_a_record_that_cannot_be_read_keeps_nobody_out(tmp_path: Path) -> None:
    """One damaged record is named; the others are taken in."""
    records.write(result("ana", exercise()), tmp_path)
    records.write(result("bea", exercise()), tmp_path).write_text("{")
    with gradebook_of(tmp_path) as book:
        assert [one.person.name for one in book.current()] == ["ana"]
        assert any("bea" in line and "Remove it" in line for line in book.said)


def test_a_gradebook_that_has_results_takes_none_in(tmp_path: Path, server: Server) -> None:
    """Records beside a database that was kept all along are in it already."""
    url = server.new_database()
    with gradebook_of(tmp_path / "graded", url, new=True) as book:
        book.keep(result("ana", exercise()), "key")
    records.write(result("bea", exercise()), tmp_path / "graded")
    with gradebook_of(tmp_path / "graded", url) as book:
        assert book.said == ()
        assert [one.person.name for one in book.current()] == ["ana"]


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """Nothing is made where somebody only wants to look."""
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UsageError, match="Name the folder"):
            gradebook_of(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgresql://ana@localhost/class", "postgresql+psycopg"),
        ("postgres://ana@localhost/class", "postgresql+psycopg"),
        ("postgresql+psycopg://ana@localhost/class", "postgresql+psycopg"),
        ("sqlite:///class.sqlite", "sqlite"),
        ("some where/class.sqlite", "sqlite"),
    ],
)
def test_urls_are_understood(text: str, driver: str) -> None:
    """A URL as people write it, or the path of a file, names the database."""
    assert url_of(text).drivername == driver


@pytest.mark.parametrize(
    "text", ["mysql://ana@localhost/class", "http://localhost", "", "a://b:c:d"]
)
def test_other_databases_are_refused(text: str) -> None:
    """The rule says which there are."""
    with pytest.raises(UsageError, match="SQLite file or a PostgreSQL database"):
        url_of(text)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ana:{SECRET}@localhost:1/class",
        f"postgresql://ana@localhost:1/class?password={SECRET}",
        f"postgresql://ana:{SECRET}@localhost:port/class",
        f"mysql://ana:{SECRET}@localhost/class",
        f"post gres://ana:{SECRET}@localhost/class",
    ],
)
def test_no_password_is_ever_shown(url: str) -> None:
    """Whatever is wrong with a URL, the sentence about it holds no password."""
    with pytest.raises(UsageError) as told:
        Gradebook.open(url)
    assert SECRET not in str(told.value)
    assert "Received" in str(told.value)


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    """Neither the database's own words nor its name give a password away."""
    url = server.new_database().replace("grader@", f"nobody:{SECRET}@")
    with pytest.raises(UsageError, match="nobody") as told:
        Gradebook.open(url)
    assert SECRET not in str(told.value)
    assert shown(url_of(f"postgresql://a:{SECRET}@b/c?password={SECRET}")) == (
        "postgresql+psycopg://a:***@b/c"
    )


def test_what_is_no_gradebook_is_told(tmp_path: Path) -> None:
    """A file of another kind is refused in one sentence, and stays as it is."""
    other = tmp_path / "gradebook.sqlite"
    other.write_bytes(b"This is a text, and it is longer than a header of SQLite's." * 50)
    with pytest.raises(UsageError, match="not a database"):
        gradebook_of(tmp_path)
    assert other.read_bytes().startswith(b"This is a text")
    with pytest.raises(UsageError, match="unable to open"):
        Gradebook.open(str(tmp_path / "no folder" / "gradebook.sqlite"))


def test_what_sqlite_promises_is_asked_for(tmp_path: Path) -> None:
    """A write-ahead log, flushed at each commit, and foreign keys that hold."""
    with Gradebook.open(str(tmp_path / "book")) as book:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            asked = f"PRAGMA {pragma}"
            assert book.database.read(lambda c, q=asked: c.exec_driver_sql(q).scalar()) == value  # type: ignore[misc]
