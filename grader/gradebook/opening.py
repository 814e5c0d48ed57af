"""The gradebook of a folder of results, wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.errors import UsageError
from grader.gradebook.book import Gradebook
from grader.gradebook.database import Database, file_url, url_of
from grader.gradebook.schema import bring_up_to_date
from grader.report import records
from grader.report.text import visible
from grader.report.words import counted
from grader.results import SubmissionResult

FILE = "gradebook.sqlite"
"""The name of the gradebook in its folder, where no URL is given."""


def gradebook_of(folder: Path, url: str | None = None, *, new: bool = False) -> Gradebook:
    """The gradebook of `folder`: FOLDER/gradebook.sqlite, or the database at `url`.

    Records of an older version, which kept no gradebook, are taken in the first time; `said` tells.
    With `new`, it is made where there is nothing yet; without, UsageError.
    """
    if not new:
        _refuse_nothing(folder, url)
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(file_url(folder / FILE) if url is None else url_of(url))
    bring_up_to_date(database)
    book = Gradebook(database)
    unreadable: list[str] = []

    def found() -> Iterator[tuple[SubmissionResult, float]]:
        readable, odd = records.readable(folder)
        unreadable[:] = odd
        yield from readable

    try:
        count = book.take_in(found)
    except BaseException:
        book.close()
        raise
    if not count and not unreadable:
        return book
    said = f"{counted(count or 0, 'record')} in {visible(str(folder / 'results'))} came into the "
    return replace(book, said=(f"{said}gradebook, {visible(database.name)}.", *unreadable))


def _refuse_nothing(folder: Path, url: str | None) -> None:
    if not folder.is_dir():
        raise UsageError(
            f"Name the folder that `grader grade … --to FOLDER` filled. Received: "
            f"{visible(str(folder))}, which is no folder."
        )
    if url is None and not (folder / FILE).exists() and not (folder / "results").is_dir():
        raise UsageError(
            f"Name the folder that `grader grade … --to FOLDER` filled. Received: "
            f"{visible(str(folder))}, in which nothing was graded. Correct the name, or name its "
            f"database with --gradebook."
        )
