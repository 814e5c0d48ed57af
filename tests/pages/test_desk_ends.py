"""How a desk begins and ends: one sentence and the right exit status, whatever is in its way."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from grader.cli.places import alone_in
from grader.gradebook import gradebook_of
from grader.pages.addresses import of_lesson, of_student
from tests.gradebook.records import exercise, result
from tests.pages.desk import PATIENCE, open_desk, serve

ADA = f"/{quote(of_lesson('Ada Abel', 'convolution'))}"
BEN = f"/{quote(of_student('Ben Bauer'))}"


def copied(class_folder: Path, to: Path) -> Path:
    """The small class, in a folder of its own."""
    shutil.copytree(class_folder, to / "graded")
    return to / "graded"


def told(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status of a desk that does not open, and what it says; it has no address."""
    out, said = process.communicate(timeout=PATIENCE)
    assert (out, "Traceback" in said) == ("", False), said
    return process.returncode, said


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """Nothing is made in it, and nothing of it is served."""
    for folder in (tmp_path, tmp_path / "none"):
        status, said = told(serve(folder))
        assert (status, said.count("\n")) == (2, 1)
        assert said.startswith("grader: Name the folder that `grader grade … --to FOLDER` filled.")
    assert list(tmp_path.iterdir()) == []


def test_one_desk_a_folder_and_one_a_port(class_folder: Path, tmp_path: Path) -> None:
    """A second desk says where the first one is, another one at its port to choose another."""
    folder = copied(class_folder, tmp_path)
    with gradebook_of(tmp_path / "other", new=True) as book:
        book.keep(result("ana", exercise()), "a")
    with open_desk(folder) as desk:
        status, said = told(serve(folder))
        assert (status, said.count("\n")) == (2, 1)
        assert f"served at {desk.origin} already" in said
        assert desk.token not in said
        port = desk.origin.rpartition(":")[2]
        status, said = told(serve(tmp_path / "other", "--port", port))
        assert (status, said.count("\n")) == (2, 1)
        assert f"Received: port {port} of 127.0.0.1" in said
        status, said = told(serve(tmp_path / "other", "--host", "no.such.host.invalid"))
        assert (status, said.count("\n")) == (2, 1)
        assert "--host is an address of this machine" in said
        assert desk.enter().ask("/").status == 200
        desk.process.send_signal(signal.SIGTERM)
        assert desk.process.wait(PATIENCE) == 0
    with open_desk(tmp_path / "other", "--port", port) as other:  # nothing is left in its way
        assert other.origin == desk.origin
        # The token and the cookie of one desk open no other.
        assert other.ask("/", Cookie=desk.cookie).status == 403
        assert other.ask(f"/?token={desk.token}").status == 403


def test_what_others_change_is_seen(class_folder: Path, tmp_path: Path) -> None:
    """An override of another program, a damaged record and a gradebook that is gone are all told.

    Of a damaged record, nobody else's page is affected. Ctrl-C ends it with one sentence.
    """
    folder = copied(class_folder, tmp_path)
    with open_desk(folder) as desk:
        desk.enter()
        assert "4 of 6 points" in desk.ask(ADA).text
        command = [
            "override",
            str(folder),
            "Ada Abel",
            "convolution",
            "5.5",
            "--reason",
            "Well said.",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "grader", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        until(lambda: "5.5 of 6 points" in desk.ask(ADA).text)

        with gradebook_of(folder) as book:
            book.database.write(lambda c: c.execute(text(
                "UPDATE attempts SET record = 'oops' WHERE path LIKE 'Ada Abel/conv%'"
            )))  # fmt: skip
        until(lambda: "s convolution that cannot be read" in desk.ask(ADA).text)
        assert "5.5 of 6 points" in desk.ask(ADA).text  # marks do not need the record
        assert desk.ask(BEN).status == 200

        for name in ("", "-wal", "-shm"):
            (folder / f"gradebook.sqlite{name}").unlink(missing_ok=True)
        gone = desk.ask(BEN)
        assert (gone.status, "Put it back" in gone.text) == (503, True)
        status, said = desk.stop()
    assert (status, said.splitlines()[-1]) == (0, "Stopped. What was decided is kept.")
    assert "Traceback" not in said


def test_ctrl_c_while_something_is_graded_again(class_folder: Path, tmp_path: Path) -> None:
    """What waits for a run that is at work is told, asked for once, and stopped with the desk."""
    folder = copied(class_folder, tmp_path)
    with alone_in(folder), open_desk(folder) as desk:
        regrade = {"key": desk.enter().key(), "do": "regrade", "place": "convolution"}
        page = of_lesson("Ada Abel", "convolution")
        assert desk.send(**regrade, page=page).status == 303
        assert "Ada Abel, convolution: waits to be graded again." in desk.ask(ADA).text
        twice = desk.send(**regrade, page=page)
        assert (twice.status, "A lesson is graded once at a time" in twice.text) == (422, True)
        assert desk.send(**{**regrade, "place": "dense"}, page=page).status == 422
        status, said = desk.stop()
    assert status == 130
    assert "Stopped while something was graded again: Ada Abel/convolution." in said
    assert "Traceback" not in said


def test_a_damaged_record_is_told_at_the_beginning(class_folder: Path, tmp_path: Path) -> None:
    """The desk opens all the same, and says whose it is."""
    folder = copied(class_folder, tmp_path)
    with gradebook_of(folder) as book:
        book.database.write(lambda c: c.execute(text(
            "UPDATE attempts SET record = 'oops' WHERE path LIKE 'Ben Bauer/conv%'"
        )))  # fmt: skip
    with open_desk(folder) as desk:
        assert desk.enter().ask(BEN).status == 200
        said = desk.stop()[1]
    assert "Ben Bauer's convolution that cannot be read" in said


@pytest.mark.parametrize("command", ["serve", "regrade"])
def test_help_answers_without_loading_what_serves(command: str) -> None:
    """Neither the server nor the gradebook is loaded to say what a command is for."""
    program = (
        "import sys\nfrom grader.cli.app import app\nfrom grader import cli\n"
        f"try: app(['{command}', '--help'])\nexcept SystemExit: pass\n"
        "print({'uvicorn', 'starlette', 'sqlalchemy', 'pydantic', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "Example: grader" in done.stdout
    assert done.stdout.endswith("set()\n")
