"""Feedback in archives: through the importers of two platforms, to the right student or none."""

from __future__ import annotations

import io
import zipfile

import pytest

from grader.errors import UsageError
from grader.gradebook.exports.handing_back import Recipient, going_back, write_archive
from grader.results import HandedIn, NotebookFile, SubmissionResult
from tests.gradebook import records
from tests.gradebook.exports import importers


def handed(
    student: str, path: str, number: str = "", lesson: str = "convolution", **more: object
) -> SubmissionResult:
    """A graded record of what lay at a path, with the platform's id of the student."""
    one = records.result(student, records.exercise(), lesson=lesson)
    return one.model_copy(
        update={
            "notebook": NotebookFile(path=path, sha256="a" * 64),
            "handed_in": HandedIn(id=number),
            **more,
        }
    )


def page(student: str, lesson: str) -> str:
    """A page that says whose it is."""
    return f"<!doctype html><p>{student}: {lesson}"


def archived(
    results: list[SubmissionResult], to: Recipient, lesson: str | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """The archive, and what is said of it."""
    file = io.BytesIO()
    back = going_back(results, to, lesson)
    assert write_archive(file, back, page) == {}
    return file.getvalue(), back.said


def test_canvas_takes_the_pages_of_its_own_download() -> None:
    """Late or not, from an archive in an archive, of a name with numbers; and nobody else's."""
    results = [
        handed("Jane Doe", "/in/all.zip/doejane_LATE_12345_67890_01_convolution.ipynb", "12345"),
        handed("王小明", "all/王小明_12346_67891_link.ipynb", "12346"),
        handed("o3", "all.zip/o3_12347_67892_hw.zip/2_7_x.ipynb", "12347"),
        handed("plain", "class/plain/01_convolution.ipynb"),
        handed("other", "class/other_12348_67893_x.ipynb", "jdoe"),
        records.missing("absent"),
        records.broken("fault"),
    ]
    content, said = archived(results, Recipient.CANVAS)
    uploads = {
        "12345": {"67890": "01_convolution.ipynb"},
        "12346": {"67891": "link.ipynb"},
        "12347": {"67892": "hw.zip"},
        "12348": {"67893": "x.ipynb"},
    }
    back = importers.canvas_reupload(content, uploads)
    assert back.ignored == []
    assert {user: files[0][1].decode() for user, files in back.files.items()} == {
        "12345": page("Jane Doe", "convolution"),
        "12346": page("王小明", "convolution"),
        "12347": page("o3", "convolution"),
    }
    told = "\n".join(said)
    assert "no name of Canvas's own download tells their ids: plain, other." in told
    assert "nothing was handed in: absent." in told
    assert "withheld for a fault of ours: grade it again first: fault." in told


def test_moodle_takes_the_pages_of_its_own_download() -> None:
    """New and old names of folders, names with signs; each goes to its participant."""
    results = [
        handed("Jane Doe", "a.zip/Jane Doe_500001_assignsubmission_file_/sub/x.ipynb", "500001"),
        handed("Old", "a/Old School_500002_file_x.ipynb", "500002"),
        handed("Odd", "a/.Odd <b> Name_500003_assignsubmission_file/x.ipynb", "500003"),
    ]
    content, said = archived(results, Recipient.MOODLE)
    participants = {
        f"50000{number}": name for number, name in ((1, "jane"), (2, "old"), (3, "odd"))
    }
    back = importers.moodle_feedback(content, participants)
    assert back.ignored == []
    assert said == ()
    assert {user: [name for name, _ in files] for user, files in back.files.items()} == {
        user: ["01_convolution.html"] for user in ("jane", "old", "odd")
    }
    assert back.files["odd"][0][1].decode() == page("Odd", "convolution")


def test_who_shares_a_file_is_sent_only_their_own_page() -> None:
    """Of a team, the one whose id stands in the name; the others are named, and get nothing."""
    path = "all.zip/doejane_12345_67890_x.ipynb"
    team = [handed("Jane Doe", path, "12345"), handed("Ben Li", path, "12346")]
    content, said = archived(team, Recipient.CANVAS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = archive.namelist()
        assert archive.read(name).decode() == page("Jane Doe", "convolution")
    assert "Ben Li" in "\n".join(said)


def test_plain_has_a_folder_a_student_that_stays_inside() -> None:
    """All lessons; names that lead out or are alike make folders of their own."""
    names = ["../../etc/passwd", "Ana", "ana", "CON", "a" * 300, "<b>", "x\x1b[2J"]
    results = [
        handed(name, "x", lesson=lesson) for name in names for lesson in ("convolution", "own")
    ]
    content, said = archived(results, Recipient.PLAIN)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        places = archive.namelist()
    assert said == ()
    assert len(set(places)) == 2 * len(names)
    assert {place.count("/") for place in places} == {1}
    assert not any(place.startswith((".", "/", "CON/")) or "\x1b" in place for place in places)
    assert {place.rpartition("/")[2] for place in places} == {"01_convolution.html", "own.html"}


def test_an_archive_of_one_assignment_needs_one_lesson() -> None:
    """Several, an unknown one and nobody's pages are refused with what there is."""
    path = "a.zip/Jane Doe_500001_assignsubmission_file_/x.ipynb"
    both = [handed("Jane Doe", path, "500001", lesson) for lesson in ("convolution", "pooling")]
    with pytest.raises(UsageError, match=r"Received: convolution, pooling\. Add --lesson"):
        going_back(both, Recipient.MOODLE)
    with pytest.raises(UsageError, match=r"Received: 'dense'\. Name one of convolution, pooling"):
        going_back(both, Recipient.MOODLE, "dense")
    assert len(going_back(both, Recipient.MOODLE, "pooling").pages) == 1
    with pytest.raises(UsageError, match=r"Received: nobody's\. Left out, as no name of Canvas"):
        going_back(both, Recipient.CANVAS, "pooling")


def test_a_page_that_cannot_be_made_costs_nobody_elses() -> None:
    """It is told with its reason, and all others are there; a lone surrogate is an escape."""
    results = [handed(name, "x") for name in ("ana", "ben")]
    file = io.BytesIO()

    def failing(student: str, lesson: str) -> str:
        if student == "ana":
            raise ValueError("A fault.")
        return page(student, lesson) + "\ud800"

    back = going_back(results, Recipient.PLAIN)
    assert write_archive(file, back, failing) == {"ana": "ValueError: A fault."}
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["ben/01_convolution.html"]
        assert archive.read("ben/01_convolution.html").endswith(b"\\ud800")


def test_the_same_pages_make_the_same_archive() -> None:
    """Byte for byte, so that two of them can be compared."""
    results = [handed(name, "x") for name in ("ana", "ben")]
    assert archived(results, Recipient.PLAIN) == archived(results[::-1], Recipient.PLAIN)
