"""The command as people and CI run it: real processes, real kernels, exit statuses."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from examples.make_class import CLASS, handed_in
from grader.cli.app import app
from grader.cli.grading import class_secret
from grader.grading.collecting.submissions import collect
from grader.judging.course import lessons
from grader.results import SubmissionResult
from tests.notebooks import RIGHT, WRONG, cells_of, write_notebook
from tests.schemas import junit_xsd

GRADER = [sys.executable, "-m", "grader"]
GOLDEN = Path(__file__).parents[1] / "golden" / "class.json"


def run(
    *arguments: str | Path, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `grader` with these arguments and wait for it."""
    command = [*GRADER, *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
        input=stdin,
        env={**os.environ, **(env or {})},
    )


def test_help_names_every_command_and_the_exit_statuses() -> None:
    """`grader --help` lists the commands and says what the exit statuses mean."""
    shown = run("--help")
    assert shown.returncode == 0
    for command in ("check", "grade", "build", "selfcheck", "doctor"):
        assert command in shown.stdout
    assert "Exit status" in shown.stdout


@pytest.mark.parametrize("command", [[], ["check"], ["grade"]])
def test_help_loads_nothing_that_reading_arguments_does_not_need(command: list[str]) -> None:
    """`--help` answers without the packages that take long to load, those of Typer included."""
    slow = {"numpy", "keras", "pydantic", "nbformat", "jupytext", "rich", "pygments"}
    code = (
        f"import sys; sys.argv = ['grader', *{command}, '--help']\n"
        f"from grader.cli import main\n"
        f"try: main()\n"
        f"except SystemExit: pass\n"
        f"print(sorted({slow} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("Usage:")
    assert shown.stdout.strip().endswith("[]")


@pytest.mark.parametrize("command", [["--help"], ["check", "--help"]])
def test_help_answers_within_ten_times_an_empty_interpreter(command: list[str]) -> None:
    """The least CPU time of several runs, in turns, so that a busy machine changes nothing."""
    empty = [sys.executable, "-I", "-c", "pass"]
    pairs = [(cpu_seconds(empty), cpu_seconds([*GRADER, *command])) for _ in range(20)]
    nothing, answer = (min(times) for times in zip(*pairs, strict=True))
    assert answer < 10 * nothing


def cpu_seconds(command: list[str]) -> float:
    """What a command takes of the processor, in seconds."""
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(pid, 0)
    assert status == 0
    return used.ru_utime + used.ru_stime


def test_every_command_is_summed_up_on_one_line() -> None:
    """In the list of commands no sentence is cut short."""
    assert "..." not in run("--help").stdout.partition("Commands:")[2]


def test_every_command_has_help_and_stands_in_the_readme() -> None:
    """Each command explains itself, and the README shows it."""
    readme = (CLASS.parent.parent / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__
        assert f"grader {command.callback.__name__}" in readme


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", "exists"),
        ("empty", "no .ipynb file"),
        ("text.txt", "an .ipynb file"),
    ],
)
def test_bad_paths_get_one_sentence(tmp_path: Path, path: str, sentence: str) -> None:
    """A path that holds no submission ends with one sentence and exit status 2."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    shown = run("grade", tmp_path / path, "--to", tmp_path / "out", "--isolation", "none")
    assert shown.returncode == 2
    assert sentence in shown.stderr
    assert len(shown.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_grading_refuses_where_there_is_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without bubblewrap nothing is run, unless that level is written out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    path = write_notebook(tmp_path / "a.ipynb", cells_of(RIGHT))
    shown = run("grade", path, "--to", tmp_path / "out")
    assert shown.returncode == 2
    assert "--isolation none" in shown.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.kernel
def test_a_students_two_notebooks_cost_nobody_else_anything(tmp_path: Path) -> None:
    """Two notebooks of one lesson are rejected as one, with a sentence; the class goes on."""
    for name in ("a", "b"):
        cells = [*cells_of(RIGHT), f"name = {name!r}"]
        write_notebook(tmp_path / "class" / "ana" / f"{name}.ipynb", cells)
    write_notebook(tmp_path / "class" / "ben" / "convolution.ipynb", cells_of(RIGHT))
    (tmp_path / "class" / "cleo").mkdir()
    shown = run(
        "grade", tmp_path / "class", "--to", tmp_path / "out", "--isolation", "none",
        "--format", "json",
    )  # fmt: skip
    assert shown.returncode == 3
    ana, ben, cleo = json.loads(shown.stdout)
    assert cleo["verdict"] == "not_handed_in"
    assert (ana["verdict"], ben["score"]) == ("rejected", 5)
    assert "one notebook a lesson" in ana["message"]
    assert ana["lesson"] == "convolution"
    assert "cleo" in shown.stderr


@pytest.mark.kernel
def test_a_rejection_takes_nobodys_grade_away(tmp_path: Path) -> None:
    """What was graded in an earlier run stands where the notebook is rejected now, and is told."""
    path = write_notebook(tmp_path / "ana" / "convolution.ipynb", cells_of(RIGHT))
    command = ("grade", path, "--to", tmp_path / "out", "--isolation", "none", "--quiet")
    assert run(*command).returncode == 1
    path.write_text("{")
    shown = run(*command)
    assert shown.returncode == 3
    assert "Cannot be graded now, but was graded before: ana/convolution." in shown.stderr
    assert "ana rejected – A notebook is a JSON document" in " ".join(shown.stdout.split())
    folder = tmp_path / "out" / "results" / "ana"
    assert SubmissionResult.from_json((folder / "convolution.json").read_bytes()).score == 5
    beside = SubmissionResult.from_json((folder / "convolution~not_graded.json").read_bytes())
    assert beside.verdict == "rejected"


@pytest.mark.kernel
def test_a_student_whose_name_is_no_text_is_graded(tmp_path: Path) -> None:
    """In warm kernels too, a folder of arbitrary bytes is a student with a name to read."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/class/Jos\xe9"))
    write_notebook(folder / "01_convolution.ipynb", cells_of(RIGHT))
    shown = run("grade", tmp_path / "class", "--to", tmp_path / "out", "--format", "json")
    [record] = json.loads(shown.stdout)
    assert (record["student"], record["score"]) == (r"Jos\udce9", 5)


@pytest.mark.kernel
def test_records_name_the_bytes_that_were_graded(tmp_path: Path) -> None:
    """The hash in a record is the file's own, large outputs included, and those cost no points."""
    path = write_notebook(tmp_path / "ana.ipynb", cells_of(RIGHT))
    document = json.loads(path.read_text())
    data = {"image/png": "iVBORw0KGgo=" * 3_500_000}  # 40 MiB
    shown = {"output_type": "display_data", "metadata": {}, "data": data}
    document["cells"][0]["outputs"] = [shown]
    path.write_text(json.dumps(document))
    [record] = json.loads(run("grade", path, "--to", tmp_path / "o", "--format", "json").stdout)
    assert record["score"] == 5
    assert record["notebook"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_named_for_its_lesson_belongs_to_its_folder(tmp_path: Path) -> None:
    """`ana/convolution.ipynb` is Ana's, however it is named on the command line."""
    path = write_notebook(tmp_path / "ana" / "01_convolution.ipynb", cells_of(RIGHT))
    for named in (path, path.parent, tmp_path):
        assert [found.student for found in collect([named]).submissions] == ["ana"]


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("lesson", "status", "verdict"),
    [("convolution", 1, "failed"), ("cooking", 3, "rejected"), (None, 3, "rejected")],
)
def test_exit_status_tells_what_came_of_it(
    tmp_path: Path, lesson: str | None, status: int, verdict: str
) -> None:
    """1 where points are missing, 3 where a notebook could not be graded."""
    cells = cells_of(RIGHT) if lesson else ["x = 1"]
    path = write_notebook(tmp_path / "ana.ipynb", cells, lesson)
    shown = run("grade", path, "--to", tmp_path / "out", "--isolation", "none", "--format", "json")
    assert shown.returncode == status
    [record] = json.loads(shown.stdout)
    assert (record["student"], record["verdict"]) == ("ana", verdict)


@pytest.mark.kernel
def test_check_shows_a_student_what_counts(tmp_path: Path) -> None:
    """`grader check` shows every exercise with its verdict and the diagnosis of a wrong answer."""
    wrong = "def feature_map_size(image_size, kernel_size):\n    return image_size - kernel_size"
    path = write_notebook(tmp_path / "mine.ipynb", [("feature_map_size", wrong)])
    shown = run("check", path)
    assert shown.returncode == 1
    assert "feature_map_size" in shown.stdout
    assert "where the last window starts" in " ".join(shown.stdout.split())


@pytest.mark.kernel
def test_the_same_seed_gives_the_same_record(tmp_path: Path) -> None:
    """Records of two runs with one seed differ in their times only; another seed asks others."""
    path = write_notebook(
        tmp_path / "ana.ipynb", cells_of({**RIGHT, "patch_response": WRONG["patch_response"]})
    )
    seeds = ["a" * 32, "a" * 32, "b" * 32]
    records = []
    for number, seed in enumerate(seeds):
        to = tmp_path / str(number)
        run("grade", path, "--to", to, "--isolation", "none", "--seed", "-", stdin=seed)
        text = (to / "results" / "ana" / "convolution.json").read_bytes()
        records.append(SubmissionResult.from_json(text).timeless())
    assert records[0].to_json() == records[1].to_json()
    assert records[0].to_json() != records[2].to_json()


@pytest.mark.kernel
def test_a_drawn_seed_is_kept_for_the_owner_only(tmp_path: Path) -> None:
    """Without --seed one is drawn, readable by its owner, and it stands in no record."""
    path = write_notebook(tmp_path / "ana.ipynb", cells_of(WRONG))
    run("grade", path, "--to", tmp_path / "out", "--isolation", "none", "--quiet")
    seed = tmp_path / "out" / "seed"
    assert seed.stat().st_mode & 0o077 == 0
    record = (tmp_path / "out" / "results" / "ana" / "convolution.json").read_text()
    assert seed.read_text().strip() not in record


@pytest.mark.parametrize("left", [None, ""])
def test_an_interrupted_start_does_not_block_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str | None
) -> None:
    """A seed is there as a whole or not at all, and an empty one from before is drawn anew."""
    seed = tmp_path / "out" / "seed"
    if left is not None:
        seed.parent.mkdir()
        seed.write_text(left)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            class_secret(None, seed.parent)
    assert (seed.read_text() if seed.exists() else None) == left
    assert [path.name for path in seed.parent.iterdir()] == ([] if left is None else ["seed"])
    secret = class_secret(None, seed.parent)
    assert len(secret) == 64
    assert class_secret(None, seed.parent) == secret
    assert seed.stat().st_mode & 0o777 == 0o600


@pytest.mark.kernel
def test_ctrl_c_keeps_what_is_done(tmp_path: Path, ctrl_c: None) -> None:
    """Interrupted, the command keeps the results it has and leaves no process behind."""
    write_notebook(tmp_path / "class" / "ana.ipynb", cells_of(RIGHT))
    for number in range(4):
        write_notebook(
            tmp_path / "class" / f"loop{number}.ipynb", [*cells_of(RIGHT), "while True:\n    pass"]
        )
    command = ["grade", tmp_path / "class", "--to", tmp_path / "out", "--isolation", "none"]
    running = subprocess.Popen(
        [*GRADER, *map(str, command), "--jobs", "1", "--timeout", "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    done = tmp_path / "out" / "results" / "ana" / "convolution.json"
    for _ in range(600):
        if done.exists():
            break
        time.sleep(0.1)
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Stopped" in errors
    assert SubmissionResult.from_json(done.read_bytes()).score == 5
    left = subprocess.run(["pgrep", "-s", str(running.pid)], capture_output=True, check=False)
    assert left.stdout == b""


@pytest.mark.kernel
def test_the_example_class_is_graded_as_its_script_intends(
    tmp_path: Path, *, update_golden: bool
) -> None:
    """Every student's score, and every exercise's verdict and diagnosis, is the golden one."""
    shown = run(
        "grade", CLASS, "--to", tmp_path, "--format", "console,junit", "--quiet",
    )  # fmt: skip
    assert shown.returncode == 3  # one notebook is rejected
    summary = {
        f"{record.student}/{record.lesson}": _summary(record)
        for path in sorted((tmp_path / "results").rglob("*.json"))
        for record in [SubmissionResult.from_json(path.read_bytes())]
    }
    assert set(summary) == {f"{who}/{one.name}" for one in lessons() for who in handed_in(one)}
    if update_golden:
        GOLDEN.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    assert summary == json.loads(GOLDEN.read_text(encoding="utf-8"))
    import xmlschema

    xmlschema.XMLSchema(str(junit_xsd())).validate(str(tmp_path / "junit.xml"))


def _summary(record: SubmissionResult) -> dict[str, object]:
    return {
        "verdict": record.verdict.value,
        "score": record.score,
        "message": record.message,
        "exercises": {
            exercise.id: " ".join(
                [
                    f"{exercise.verdict.value} {exercise.score}/{exercise.max_score}",
                    *([exercise.diagnosis.misconception] if exercise.diagnosis else []),
                ]
            )
            for exercise in record.exercises
        },
    }


def test_the_example_class_is_what_its_script_writes() -> None:
    """`examples/class` follows the lesson's source."""
    command = [sys.executable, "-m", "examples.make_class", "--check"]
    subprocess.run(command, check=True, cwd=CLASS.parent.parent, env={**os.environ})


def test_selfcheck_proves_lessons_side_by_side_and_says_what_is_wrong() -> None:
    """A sound lesson is said to be sound, another one's fault is named, and the status says so."""
    course = Path(__file__).parents[1] / "two_lessons"
    shown = run(
        *("selfcheck", "--seeds", "2", "--quiet", "--isolation", "none", "--course", course),
        env={"GRADER_COURSE": "tests.two_lessons"},
    )
    assert shown.returncode == 1, shown.stderr
    assert "twice: sound. 1 exercises, 1 misconceptions, 2 seeds." in shown.stdout
    assert "thrice: The solution does not pass `multiplies`" in shown.stdout
    assert "thrice: In a kernel the solution of `thrice` reads failed" in shown.stdout
    assert "thrice: sound" not in shown.stdout
