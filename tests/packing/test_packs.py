"""Packs of the grader and the course, run as Gradescope, PrairieLearn and GitLab run them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import xmlschema
import yaml
from typer.testing import CliRunner

from grader.cli import app as cli
from grader.packing.packs import Settings, gitlab, gradescope, prairielearn, put
from grader.packing.pins import pins
from grader.packing.wheel import wheel, zipped
from tests.notebooks import POINTS, RIGHT, WRONG, cells_of, write_notebook
from tests.packing.installed import bare_environment, environment, path_with_python, run
from tests.report.services import valid
from tests.schemas import junit_xsd

COURSE = Path(__file__).resolve().parents[2]
SEED = "0123456789abcdef0123456789abcdef"

# What a submission tries, and tells in the message of its answer.
NOSY = """
    from cnn_course.data.shapes import draw_shapes
    found = [draw_shapes.__name__]
    for path in {paths!r}:
        try:
            found.append(open(path).read()[:40])
        except OSError as error:
            found.append(error.strerror)
    """
TELLS = "def patch_response(patch, kernel):\n    raise RuntimeError(repr(found))"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the zip of `grader pack gradescope`, unpacked as Gradescope does."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "own_seed").write_text(SEED, encoding="utf-8")
    to = folder / "autograder.zip"
    arguments = ["pack", "gradescope", "--to", str(to), "--seed", str(folder / "own_seed")]
    made = CliRunner().invoke(cli.app, [*arguments, "--lesson", "convolution"])
    assert made.exit_code == 0, made.output
    assert to.stat().st_mode & 0o077 == 0  # there is a secret in it
    subprocess.run(["unzip", "-q", to, "-d", folder / "source"], check=True)
    return folder / "source"


@pytest.fixture(scope="module")
def place(packed: Path) -> Iterator[Path]:
    """A folder that other users may enter, with an environment as `setup.sh` makes one."""
    with tempfile.TemporaryDirectory(prefix="service-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o755)
        environment(folder / "env", packed)
        yield folder


def graded(place: Path, packed: Path) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Run the autograder on what lies in `submission`; its results.json, held against the spec."""
    root = place / "autograder"
    for name in ("source", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
    shutil.copytree(packed, root / "source")
    (root / "results").mkdir()
    shutil.copy2(root / "source" / "run_autograder", root / "run_autograder")
    python = place / "env" / "bin" / "python"
    command: list[str | Path] = [root / "run_autograder"]
    ran = run(command, root, AUTOGRADER_ROOT=root, GRADER_PYTHON=python)
    results = root / "results" / "results.json"
    assert results.exists(), ran.stderr
    return ran, valid(results.read_text(encoding="utf-8"), "gradescope")


@pytest.fixture
def submission(place: Path) -> Path:
    """An empty folder of one submission."""
    folder = place / "autograder" / "submission"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def test_the_wheel_holds_what_its_record_says() -> None:
    """Every file of the wheel is in its record with the right hash; nothing compiled is in it."""
    name, content = wheel()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    [record] = [each for each in files if each.endswith(".dist-info/RECORD")]
    rows = {row[0]: row[1] for row in csv.reader(io.StringIO(files[record].decode()))}
    assert rows.keys() == files.keys()
    for each, told in rows.items():
        if each != record:
            digest = base64.urlsafe_b64encode(hashlib.sha256(files[each]).digest())
            assert told == f"sha256={digest.decode().rstrip('=')}"
    assert {"grader/cli/app.py", "cnn_course/lessons/01_convolution.ipynb"} <= files.keys()
    assert "grader/packing/templates/gradescope/setup.sh" in files
    assert not any("__pycache__" in each for each in files)
    assert name.endswith("-py3-none-any.whl")
    [told] = [files[each].decode() for each in files if each.endswith("/METADATA")]
    declared = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.findall("^Requires-Dist: (.+)$", told, re.MULTILINE) == declared["dependencies"]


def test_the_same_files_make_the_same_pack() -> None:
    """A pack made twice is the same, byte by byte."""
    one, other = (zipped(gradescope(Settings(), SEED)) for _ in range(2))
    assert one == other


def test_pins_are_what_is_installed_and_needed() -> None:
    """Each pin is the version that is installed here; what only tests need is not in it."""
    told = dict(line.split("==") for line in pins().splitlines())
    assert {"numpy", "keras", "jupyter-client", "sqlalchemy", "typer"} <= told.keys()
    assert not {"pytest", "hypothesis", "cnn-course-grader"} & told.keys()
    assert all(metadata.version(name) == version for name, version in told.items())


def test_another_course_is_packed_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a course of one's own, its package is in the wheel, and the scripts say which it is."""
    monkeypatch.setenv("GRADER_COURSE", "examples.own_course")
    with zipfile.ZipFile(io.BytesIO(wheel()[1])) as archive:
        names = set(archive.namelist())
    assert {"examples/__init__.py", "examples/own_course/network.py"} <= names
    assert not any(name.startswith(("cnn_course/", "examples/class")) for name in names)
    script = gradescope(Settings(), SEED)["run_autograder"][0].decode()
    assert "export GRADER_COURSE=examples.own_course\n" in script


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("github", "--course-repository", "uni/course; echo"),
        ("github", "--course-ref", 'v1" && "'),
        ("gitlab", "--course-url", "https://x/$(id)"),
        ("gitlab", "--course-ref", "--upload-pack=sh"),
        ("prairielearn", "--image", "A image"),
        ("gitlab", "--lesson", "none such"),
    ],
)
def test_what_does_not_belong_in_a_template_is_refused(
    command: str, option: str, value: str, tmp_path: Path
) -> None:
    """A name that YAML or a shell could take for something else is refused, and nothing written."""
    to = tmp_path / "made"
    arguments = ["pack", command, "--to", str(to), f"{option}={value}"]
    if command == "prairielearn" and option != "--image":
        arguments += ["--image", "x"]
    made = CliRunner().invoke(cli.app, arguments)
    assert made.exit_code == 2
    assert "Received: " in made.stderr
    assert not to.exists()


def test_scripts_are_bash() -> None:
    """Bash can read each script of the packs."""
    files = gradescope(Settings("dense", 30), SEED) | prairielearn(Settings(), SEED, "uni/image")
    scripts = [text for text, mode in files.values() if mode == 0o755]
    assert len(scripts) == 3
    for text in scripts:
        subprocess.run(["bash", "-n"], input=text, check=True)


@pytest.mark.slow
@pytest.mark.kernel
def test_gradescope_grades_a_submission(place: Path, packed: Path, submission: Path) -> None:
    """A notebook gets its points, check by check, from the autograder as Gradescope runs it."""
    answers = {**RIGHT, "feature_map_size": WRONG["feature_map_size"]}
    write_notebook(submission / "my lesson.ipynb", cells_of(answers))
    ran, document = graded(place, packed)
    assert ran.returncode == 0, ran.stderr
    assert document["score"] == POINTS["patch_response"]
    [told] = document["extra_data"]["submissions"]
    assert (told["lesson"], told["isolation"]) == ("convolution", "user")
    statuses = {test["status"] for test in document["tests"] if "patch_response" in test["tags"]}
    assert statuses == {"passed"}


@pytest.mark.slow
@pytest.mark.kernel
def test_gradescope_s_files_are_not_for_student_code(
    place: Path, packed: Path, submission: Path
) -> None:
    """A submission reads the lesson's data, but no secret, no rubric and no file of others."""
    root = place / "autograder"
    [course] = (place / "env" / "lib").glob("python3*/site-packages/cnn_course")
    paths = [
        root / "source" / "seed",
        root / "submission" / "nosy.ipynb",
        root / "results" / "results.json",
        course / "convolution.py",
    ]
    nosy = NOSY.format(paths=list(map(str, paths)))
    write_notebook(submission / "nosy.ipynb", [nosy, ("patch_response", TELLS)])
    _, document = graded(place, packed)
    seen = "".join(test["output"] for test in document["tests"])
    assert repr(["draw_shapes", *["Permission denied"] * 4]) in seen


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("answers.html", "<p>", "No notebook was handed in. Found: answers.html."),
        ("01_convolution.ipynb", "{", "A notebook is a JSON document"),
        ("02_conv_layer.ipynb", "lesson", "No notebook was handed in. Found: 02_conv_layer.ipynb"),
    ],
)
@pytest.mark.slow
@pytest.mark.kernel
def test_gradescope_says_why_there_are_no_points(
    place: Path, packed: Path, submission: Path, name: str, content: str, words: str
) -> None:
    """No notebook, a broken one and one of another lesson are zero points, with the reason."""
    if content == "lesson":
        write_notebook(submission / name, ["x = 1"], "conv_layer")
    else:
        (submission / name).write_text(content, encoding="utf-8")
    _, document = graded(place, packed)
    assert document["score"] == 0
    assert words in document["output"]


@pytest.mark.slow
@pytest.mark.kernel
def test_prairielearn_grades_a_submission(place: Path, tmp_path: Path) -> None:
    """The entry point of the image writes a share of the points, for the lesson of the question."""
    files = prairielearn(Settings(), SEED, "uni/image")
    put(files, tmp_path)
    question = json.loads((tmp_path / "questions" / "convolution" / "info.json").read_text())
    entry, lesson = question["externalGradingOptions"]["entrypoint"]
    root = place / "grade"
    shutil.copytree(tmp_path / "serverFilesCourse", root / "serverFilesCourse")
    name = "01_convolution.ipynb"
    assert f'file-names="{name}"' in (tmp_path / "questions/convolution/question.html").read_text()
    write_notebook(root / "student" / name, cells_of(RIGHT))
    script = root / Path(entry).relative_to("/grade")
    python = place / "env" / "bin" / "python"
    ran = run([script, lesson], root, GRADE_ROOT=root, GRADER_PYTHON=python)
    assert ran.returncode == 0, ran.stderr
    text = (root / "results" / "results.json").read_text(encoding="utf-8")
    document = valid(text, "prairielearn")
    assert 0 < document["score"] < 1  # other exercises of the lesson are not answered
    assert sum(test["points"] for test in document["tests"]) == sum(POINTS.values())


@pytest.mark.slow
@pytest.mark.kernel
def test_gitlab_grades_a_push(tmp_path: Path) -> None:
    """The pipeline's script fetches the course at its tag, installs it, and leaves the reports."""
    course = tmp_path / "course.git"
    for name in ("grader", "cnn_course", "lessons"):
        shutil.copytree(COURSE / name, course / name)
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(COURSE / name, course / name)
    git = ["git", "-C", str(course), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "-m", "x"],
        ["tag", "v1"],
    ):
        subprocess.run([*git, *words], check=True)
    with tempfile.TemporaryDirectory(prefix="gitlab-", dir="/tmp") as made:
        place = Path(made)
        place.chmod(0o755)
        bare_environment(place / "home" / "env")
        answers = {**RIGHT, "feature_map_size": WRONG["feature_map_size"]}
        write_notebook(place / "project" / "01_convolution.ipynb", cells_of(answers))
        job = yaml.safe_load(gitlab(Settings(), f"file://{course}", "v1"))["grade"]
        variables = {**job["variables"], "GRADER_HOME": str(place / "home")}
        variables |= {"PIP_CACHE_DIR": str(place / "pip"), "PATH": path_with_python(place)}
        script = "set -eo pipefail\n" + "\n".join(job["script"])
        ran = run(
            ["bash", "-c", script],
            place / "project",
            CI_PROJECT_DIR=place / "project",
            GITLAB_USER_LOGIN="ana",
            GRADER_SEED=SEED,
            **variables,
        )
        assert ran.returncode == 1, ran.stderr  # points are missing
        reports = job["artifacts"]["reports"]
        found = (place / "project" / reports["codequality"]).read_text(encoding="utf-8")
        findings = valid(found, "gitlab")
        junit = place / "project" / reports["junit"]
        xmlschema.XMLSchema(str(junit_xsd())).validate(str(junit))
    by_exercise = {finding["check_name"]: finding for finding in findings}
    assert "convolution.patch_response" not in by_exercise
    found_in = by_exercise["convolution.feature_map_size"]["location"]["path"]
    assert found_in == "01_convolution.ipynb"
