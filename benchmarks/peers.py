"""Other graders at the same assignment: set up in environments of their own, timed, checked.

Each function grades a class of solved notebooks and returns when each one was done, in seconds; the
grades must be the full ones, or nothing was measured.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.assignment.notebooks import write_for_nbgrader, write_for_otter

CHECKOUT = Path(__file__).resolve().parent.parent
RELEASES = {"nbgrader": "nbgrader==0.9.6", "otter-grader": "otter-grader==7.0.0"}
"""The newest releases when this was measured."""

# What both sides compute with, in the versions of our own tests.
_SHARED = ("tensorflow-cpu", "keras", "numpy", "scipy", "scikit-learn", "matplotlib", "ipykernel")


def environment(name: str) -> Path:
    """The `bin` folder of the environment of a peer, made when it is asked for the first time."""
    folder = CHECKOUT / "build" / "benchmarks" / name
    made = folder / "made"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        same = folder / "constraints.txt"
        same.write_text("\n".join(line for line in lines if line.split("==")[0] in _SHARED))
        wanted = [RELEASES[name], *(package for package in _SHARED if package != "scipy"), "scipy"]
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "-c", str(same), *wanted])
        made.touch()
    return folder / "bin"


def nbgrader(folder: Path, lesson: str, count: int, processes: int = 1) -> list[float]:
    """`nbgrader autograde` of `count` submissions, by so many processes with a course each."""
    tools = environment("nbgrader")
    courses = [_course(folder / str(number), lesson, tools) for number in range(processes)]
    for number in range(count):
        course = courses[number % processes]
        copy = course / "submitted" / f"student{number}" / "ps1" / "assignment.ipynb"
        copy.parent.mkdir(parents=True)
        shutil.copy(course / "source" / "ps1" / "assignment.ipynb", copy)
    running = [
        subprocess.Popen(
            [str(tools / "nbgrader"), "autograde", "ps1"],
            cwd=course,
            env=_with(tools),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for course in courses
    ]
    for process in running:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    for course in courses:
        _all_points(course / "gradebook.db")
    done = [
        path.stat().st_mtime for course in courses for path in course.glob("autograded/*/*/*.ipynb")
    ]
    assert len(done) == count
    return sorted(done)


def _course(folder: Path, lesson: str, tools: Path) -> Path:
    write_for_nbgrader(folder / "source" / "ps1" / "assignment.ipynb", lesson)
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "course"\n', encoding="ascii"
    )
    _run([str(tools / "nbgrader"), "generate_assignment", "ps1"], cwd=folder, env=_with(tools))
    return folder


def _all_points(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        [(missing,)] = connection.execute(
            "select count(*) from grade where auto_score is null or auto_score = 0"
        ).fetchall()
        [(count,)] = connection.execute("select count(*) from grade").fetchall()
    assert count > 0
    assert missing == 0, f"{missing} of {count} grades have no points"


def otter(folder: Path, lesson: str, count: int) -> list[float]:
    """`otter run` of `count` submissions, one after the other; the first time is the start."""
    tools = environment("otter-grader")
    source = write_for_otter(folder / "assignment.ipynb", lesson)
    _run([str(tools / "otter"), "assign", str(source), "dist"], cwd=folder, env=_with(tools))
    [grader] = (folder / "dist" / "autograder").glob("*.zip")
    solved = folder / "dist" / "autograder" / "assignment.ipynb"
    done = [perf_counter()]
    for number in range(count):
        place = folder / f"student{number}"
        place.mkdir()
        shutil.copy(solved, place / "assignment.ipynb")
        command = [str(tools / "otter"), "run", "-a", str(grader), "assignment.ipynb"]
        _run(command, cwd=place, env=_with(tools))
        results = json.loads((place / "results.json").read_text(encoding="utf-8"))
        assert all(test.get("status", "passed") == "passed" for test in results["tests"]), results
        done.append(perf_counter())
    return done


def _with(tools: Path) -> dict[str, str]:
    """The environment variables with which a peer finds its own Python and kernel."""
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "VIRTUAL_ENV": str(tools.parent),
    }


def _run(command: Sequence[str], **settings: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
