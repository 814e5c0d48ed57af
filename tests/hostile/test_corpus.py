"""The whole hostile corpus in one class, behind the walls: no attack reaches what it wants."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.report import records
from grader.results import NotebookFile, SubmissionResult, Verdict
from tests.hostile.corpus import (
    GROUPS,
    SUBMISSION_SECONDS,
    Attack,
    Run,
    Trace,
    Watched,
    World,
    attacks,
    cgroups,
    grade_corpus,
    malformed,
    malformed_submissions,
    named_in,
    processes_in,
    succeeded,
    text_of,
)
from tests.hostile.rendered import HARM, plain_report, real_report
from tests.notebooks import POINTS

pytestmark = pytest.mark.kernel

ALL = sum(POINTS.values())
ATTACKS = attacks()
ON_REPORTS = [attack for attack in ATTACKS if attack.weak == "plain_report"]
ON_GRADING = [attack for attack in ATTACKS if attack.weak != "plain_report"]
MALFORMED = malformed()
WHOLE_RUN = 300.0
OURS_BYTES = 2 * 2**30


@dataclass
class Strong:
    """The strong run, and what the machine was like before and after it."""

    run: Run
    before: Trace
    after: Trace
    seen: Watched
    temporary: Path


@pytest.fixture(scope="module")
def strong(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Strong]:
    """The class, graded once. `-k forging` and the like grade only the files of that group."""
    chosen = named_in(request.session.items, ATTACKS)
    with_malformed = any("[malformed/" in item.nodeid for item in request.session.items)
    temporary = tmp_path_factory.mktemp("temporary")
    with World(tmp_path_factory.mktemp("strong")) as world, pytest.MonkeyPatch.context() as patch:
        # What the grader writes in passing goes here, where nobody else's is.
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr("tempfile.tempdir", str(temporary))
        before = Trace.take()
        with Watched() as seen:
            more = malformed_submissions() if with_malformed else []
            run = grade_corpus(chosen, world, more=more)
        _wait_until(lambda: not processes_in(seen.networks))
        yield Strong(run, before, Trace.take(), seen, temporary)


def _wait_until(done: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.1)


def test_the_corpus_is_what_was_promised() -> None:
    """At least 60 attacks of every group, twenty kinds of malformed notebooks, and no double."""
    assert len(ATTACKS) + len(MALFORMED) >= 85
    assert len(MALFORMED) >= 20
    assert {attack.path.parent.name for attack in ATTACKS} == set(GROUPS)
    assert len({attack.tries for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_it_gets_what_its_header_says(attack: Attack, strong: Strong) -> None:
    """Verdict and points of each exercise are those of the header, in the time of the header."""
    for name in attack.names:
        result = strong.run.records[name]
        found = {exercise.id: exercise for exercise in result.exercises}
        for exercise, expected in attack.expect.items():
            of = found[exercise]
            assert expected.meets(of), repr(strong.run.evidence(attack))
        assert result.seconds <= attack.seconds, (name, result.seconds)


@pytest.mark.parametrize("attack", ON_GRADING, ids=lambda attack: attack.id)
def test_it_does_not_succeed(attack: Attack, strong: Strong) -> None:
    """What is seen of it in its weakened setting is not to be seen here."""
    assert not succeeded(attack, strong.run.evidence(attack))


@pytest.mark.parametrize("attack", ON_REPORTS, ids=lambda attack: attack.id)
def test_its_text_does_harm_in_a_plain_report(attack: Attack, strong: Strong) -> None:
    """Written as it is, what it says is a script, a command or a formula to whoever reads it."""
    [result] = strong.run.evidence(attack).results
    assert HARM[attack.succeeds[1]](plain_report(result))


@pytest.mark.parametrize("attack", ON_REPORTS, ids=lambda attack: attack.id)
def test_its_text_does_no_harm_in_our_reports(attack: Attack, strong: Strong) -> None:
    """In none of the grader's own reports does it do what any of these attacks wants."""
    [result] = strong.run.evidence(attack).results
    rendered = real_report(result)
    assert [kind for kind, does in HARM.items() if does(rendered) and kind != "markup"] == []
    assert attack.succeeds[1] != "markup" or not HARM["markup"](rendered)


def test_every_record_can_be_written(strong: Strong) -> None:
    """No text that came out of a notebook keeps a record from being written and read back."""
    for result in strong.run.records.values():
        assert SubmissionResult.from_json(result.to_json()) == result, result.student


def test_no_record_is_written_elsewhere(strong: Strong, tmp_path: Path) -> None:
    """Each student's record is a file of its own below the folder, whatever the name."""
    paths = {records.write(result, tmp_path) for result in strong.run.records.values()}
    assert len(paths) == len(strong.run.records)
    assert all(path.resolve().is_relative_to(tmp_path) for path in paths)
    assert len(records.read_all(tmp_path)) == len(paths)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_nothing_is_withheld_for_it(attack: Attack, strong: Strong) -> None:
    """No attack passes for a fault of ours, which would keep its score open."""
    for name in attack.names:
        result = strong.run.records[name]
        verdicts = [result.verdict, *(exercise.verdict for exercise in result.exercises)]
        assert Verdict.BROKEN not in verdicts, result.message


@pytest.mark.parametrize("name", [f"malformed/{name}" for name in MALFORMED])
def test_a_malformed_notebook_is_told_why(name: str, strong: Strong) -> None:
    """It is rejected with a sentence that says what is wrong, or graded all the same."""
    expected = MALFORMED[name.removeprefix("malformed/")]
    result = strong.run.records[name.replace("/", "-")]
    assert result.seconds <= 15
    if "score" in expected:
        assert (result.verdict, result.score) != (Verdict.REJECTED, None)
        assert result.score == expected["score"], result
    else:
        assert result.verdict is Verdict.REJECTED
        assert re.search(expected["rejected"], result.message), result.message


def test_every_honest_submission_is_graded_as_if_alone(strong: Strong) -> None:
    """Between, before and after the attacks, right answers get full marks and the same record."""
    honest = strong.run.honest()
    assert [result.score for result in honest] == [ALL] * len(honest), [
        (result.student, exercise.verdict, exercise.message)
        for result in honest
        for exercise in result.exercises
        if exercise.id in POINTS and exercise.verdict is not Verdict.PASSED
    ]
    assert len({_lasting(result) for result in honest}) == 1


def _lasting(result: SubmissionResult) -> str:
    """A record without what differs between two students."""
    changes = {"student": "", "notebook": NotebookFile(path="", sha256="")}
    return result.timeless().model_copy(update=changes).to_json()


def test_nothing_secret_is_in_any_record(strong: Strong) -> None:
    """No planted secret, no other submission, no line of the solutions stands in a record."""
    world = strong.run.world
    for result in strong.run.records.values():
        text = text_of(result)
        told = [kind for kind, secret in world.secrets.items() if secret in text]
        assert told == [], result.student
        assert world.secrets["seed"].encode().hex() not in text


def test_nothing_on_this_machine_was_reached(strong: Strong) -> None:
    """No server was connected to, no victim killed, no file changed."""
    world = strong.run.world
    assert {server for server, _ in world.arrivals} == set()
    assert not world.is_dead("victim")
    assert not world.is_dead("target")
    assert world.writable_file.read_text() == "ana 3\n"


def test_no_process_is_left(strong: Strong) -> None:
    """No process of a submission, a kernel, a fork server or a worker runs any more."""
    assert strong.seen.networks, "the sandboxes were not seen"
    assert processes_in(strong.seen.networks) == []
    assert strong.run.world.left_processes() == []
    assert strong.after.children <= strong.before.children


def test_no_file_is_left(strong: Strong) -> None:
    """Nothing carries a submission's mark, and what the grader wrote in passing is gone."""
    assert strong.run.world.left_files() == []
    assert list(strong.temporary.iterdir()) == []


def test_nothing_else_is_left(strong: Strong) -> None:
    """Descriptors, mounts, shared memory and cgroups are as they were before."""
    assert strong.after.descriptors <= strong.before.descriptors
    assert strong.after.mounts == strong.before.mounts
    assert strong.run.world.left_segments() == []
    assert cgroups() == []


def test_no_process_of_ours_grew_without_bound(strong: Strong) -> None:
    """Whatever a submission sent, no process of the grader's own took more than 2 GiB for it."""
    assert 0 < strong.seen.peak < OURS_BYTES


def test_the_run_takes_its_time_and_no_more(strong: Strong) -> None:
    """The whole class is graded within its time, and each submission within its own."""
    assert strong.run.seconds < WHOLE_RUN
    assert all(result.seconds < SUBMISSION_SECONDS + 20 for result in strong.run.records.values())
