"""Records are written whole, each in a place of its own, and read back."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.report.records import path_of, read_all, to_json, write
from grader.results import SubmissionResult, Verdict
from tests.report.samples import HOSTILE, flipped, hostile, passed, submission

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
TRICKY = st.text(st.sampled_from("./\\~_ aAéCON\u0301\x00:\ud800"), max_size=8)
NAMES = ANY_TEXT | TRICKY | st.sampled_from(["", ".", "..", "../x", "CON", "con.txt", "x" * 300])


@given(NAMES, NAMES)
def test_no_name_leaves_the_folder(student: str, lesson: str) -> None:
    """Whatever the names, the record is two steps below `results`, with names that can be made."""
    path = path_of(Path("/there"), student, lesson)
    assert path.parent.parent == Path("/there/results")
    assert os.path.normpath(path) == str(path)
    assert all(len(os.fsencode(part)) < 150 for part in path.parts)
    assert not any(unicodedata.category(c)[0] == "C" for c in str(path))


@given(NAMES, NAMES)
def test_two_students_have_two_places(one: str, other: str) -> None:
    """Different names have different places."""
    assume(one != other)
    assert path_of(Path(), one, "a") != path_of(Path(), other, "a")
    assert path_of(Path(), "a", one) != path_of(Path(), "a", other)


@pytest.mark.parametrize("name", ["ana", "Ana Müller", "Müller, Ana_12345", "李小龙", "a.b@c.org"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    """A name that file systems keep is the name of the folder."""
    assert path_of(Path("to"), name, "convolution") == Path(f"to/results/{name}/convolution.json")


@pytest.mark.parametrize("name", ["CON", "con", "nul.txt", "COM1", "LPT9.x", "aux "])
def test_names_of_devices_are_avoided(name: str) -> None:
    """A folder is never called like a device of Windows."""
    assert path_of(Path(), name, "a").parent.name.startswith("_")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What was written is read back equal, by student."""
    second, first = submission(flipped(), student="bea"), submission(passed(), student="ana")
    for result in (second, first):
        write(result, tmp_path)
    assert read_all(tmp_path) == [first, second]


def test_a_record_is_the_same_document_as_the_result(tmp_path: Path) -> None:
    """An ordinary result stands on disk exactly as `to_json` gives it."""
    result = submission(flipped())
    assert write(result, tmp_path).read_text() == result.to_json()


def test_a_hostile_record_can_be_written_and_read(tmp_path: Path) -> None:
    """Lone surrogates, which JSON cannot hold, are kept as visible escapes; the rest is kept."""
    write(submission(hostile(), student="e\ud800\x1b[31m"), tmp_path)
    [result] = read_all(tmp_path)
    assert result.student == "e\\ud800\x1b[31m"
    assert result.exercises[0].title == HOSTILE.replace("\ud800", "\\ud800")


def test_a_record_is_safe_to_look_at(tmp_path: Path) -> None:
    """No control character or bidi override stands in the file itself."""
    text = write(submission(hostile()), tmp_path).read_text()
    assert not {c for c in text if unicodedata.category(c)[0] == "C"} - {"\n"}


def test_a_record_is_replaced(tmp_path: Path) -> None:
    """Grading again replaces the student's record and leaves nothing else behind."""
    write(submission(flipped()), tmp_path)
    path = write(submission(passed()), tmp_path)
    assert read_all(tmp_path) == [submission(passed())]
    assert list(path.parent.iterdir()) == [path]


def broken(*, exercises: bool) -> SubmissionResult:
    """A record that the grader itself failed at, before or after an exercise was judged."""
    return submission(*[passed()] * exercises, verdict=Verdict.BROKEN)


REJECTED = submission(verdict=Verdict.REJECTED, message="This is not a notebook.")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (submission(flipped()), REJECTED),
        (submission(flipped()), broken(exercises=False)),
        (submission(flipped()), broken(exercises=True)),
        (broken(exercises=True), REJECTED),
    ],
    ids=["rejected", "broken", "partly broken", "rejected after partly broken"],
)
def test_what_knows_less_replaces_nothing(
    tmp_path: Path, earlier: SubmissionResult, later: SubmissionResult
) -> None:
    """A grade stands where there is none now; the new record is beside it until there is one."""
    place = write(earlier, tmp_path)
    beside = write(later, tmp_path)
    assert (beside.parent, beside.name) == (place.parent, "convolution~not_graded.json")
    assert read_all(tmp_path) == [earlier]
    assert SubmissionResult.from_json(beside.read_bytes()) == later
    assert write(submission(passed()), tmp_path) == place
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("earlier", [REJECTED, broken(exercises=False)], ids=["rejected", "broken"])
def test_what_knows_nothing_is_replaced(tmp_path: Path, earlier: SubmissionResult) -> None:
    """A newer reason takes the place of an older one."""
    write(earlier, tmp_path)
    write(REJECTED.model_copy(update={"message": "It is too large."}), tmp_path)
    assert [record.message for record in read_all(tmp_path)] == ["It is too large."]


def test_records_are_in_the_courses_order(tmp_path: Path) -> None:
    """Records come by student, and then in the order in which lessons are taught."""
    for lesson in ("pooling", "activation", "convolution"):
        write(submission(passed(), lesson=lesson), tmp_path)
    lessons = [record.lesson for record in read_all(tmp_path)]
    assert lessons == ["convolution", "activation", "pooling"]


def test_a_write_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk is full, the record that stood there still does, and no part of a new one."""
    path = write(submission(passed()), tmp_path)

    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(submission(flipped()), tmp_path)
    assert read_all(tmp_path) == [submission(passed())]
    assert list(path.parent.iterdir()) == [path]


def test_nobody_replaces_the_record_of_another(tmp_path: Path) -> None:
    """Where a file system takes two names for one, the second student is refused."""
    path = write(submission(passed(), student="Ana"), tmp_path)
    other = path_of(tmp_path, "ana", "convolution")
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(path.read_bytes())  # what a file system that ignores case would show
    with pytest.raises(UsageError, match="Each student needs a name of their own"):
        write(submission(flipped(), student="ana"), tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"student": "ana"}', b"\xff\xfe", b'{"student": ["' + b"[" * 5000],
    ids=["empty", "cut", "list", "fields", "bytes", "deep"],
)
def test_a_record_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    """A damaged record ends in one clear sentence that names it, and can be written anew."""
    path = write(submission(passed()), tmp_path)
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"A record is what .* wrote\. Received: .*convolution"):
        read_all(tmp_path)
    write(submission(passed()), tmp_path)
    assert read_all(tmp_path) == [submission(passed())]


def test_a_record_of_another_version_is_refused(tmp_path: Path) -> None:
    """A record of a schema that this version does not know is not half understood."""
    path = write(submission(passed()), tmp_path)
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(UsageError, match="schema 2"):
        read_all(tmp_path)


def test_nothing_graded_yet_is_an_empty_list(tmp_path: Path) -> None:
    """A folder without results has none; a folder that is not there is a mistake."""
    assert read_all(tmp_path) == []
    with pytest.raises(UsageError, match="which is no folder"):
        read_all(tmp_path / "nowhere")


def test_json_is_one_array(tmp_path: Path) -> None:
    """`to_json` gives one document: the records in the order given."""
    results = [submission(passed(), student="b"), submission(flipped(), student="a")]
    records = json.loads(to_json(results))
    assert [json.loads(result.to_json()) for result in results] == records
    assert json.loads(to_json([])) == []


def test_json_is_safe_to_print() -> None:
    """Printed, it moves no cursor and commands no GitHub runner; read, it is the same text."""
    document = to_json([submission(hostile(), student="a\x9b31m")])
    assert not {c for c in document if unicodedata.category(c)[0] == "C"} - {"\n"}
    assert "##[" not in document
    assert not any(line.lstrip().startswith("::") for line in document.splitlines())
    [record] = json.loads(document)
    assert record["student"] == "a\x9b31m"
    assert "##[error]" in record["exercises"][0]["title"]
